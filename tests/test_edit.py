"""Edits: what they change, that they can be undone, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tests.strategies import programs
from tprog.edits.change import Change, Example
from tprog.edits.edit import (
    KINDS,
    AttendEdit,
    CellEdit,
    CoefficientEdit,
    Edit,
    MaskEdit,
    NodeEdit,
    ReadEdit,
    RenameEdit,
    RowEdit,
    SelfRuleEdit,
    WeightEdit,
    WeightRowEdit,
    WordEdit,
    apply,
    candidates,
    read_by,
)
from tprog.edits.sample import COMPARING, LISTING, SAMPLE
from tprog.errors import BadProgram, BadUsage, NotExact
from tprog.ir.entries import ClauseOf, WeightsOf
from tprog.ir.entry import Entry
from tprog.ir.program import Head, Linear, Lookup, NumericHead, Program, Symbols, cell_keys

SORT = PROGRAMS["sort"].program
QUESTION = PROGRAMS["question_type"].program


@st.composite
def edits(draw: st.DrawFn, program: Program) -> Edit:
    """Any edit: a candidate of some node, a hole, a weight or a weight row."""
    made: list[Edit] = []
    for node in program.nodes:
        found = list(candidates(program, node))
        made += draw(st.lists(st.sampled_from(found), max_size=2)) if found else []
        if isinstance(node, Lookup):
            made.append(CellEdit(node.name, next(iter(cell_keys(program, node))), None))
    for term in program.weights:
        domain = program.variables[term.variable].domain
        value = draw(st.sampled_from(domain.values)) if isinstance(domain, Symbols) else None
        made.append(
            WeightEdit(term.variable, value, draw(st.sampled_from(program.written_classes)), draw(st.integers(-3, 3)))
        )
        if value is not None:
            row = tuple(draw(st.integers(-3, 3)) for _ in program.written_classes)
            made.append(WeightRowEdit(term.variable, value, draw(st.sampled_from([None, row]))))
    assume(made)
    return draw(st.sampled_from(made))


@given(st.data())
def test_undoing_an_edit_gives_the_program_back(data: st.DataObject) -> None:
    program = data.draw(programs())
    edit = data.draw(edits(program))
    try:
        changed = apply(program, edit)
    except (BadProgram, NotExact):
        return  # well-formed edits of which the program's own checks refuse the result, such as too large a sum
    inverse = edit.undo(program)
    assert apply(changed, inverse) == program
    assert inverse.entry == edit.entry
    assert "\n" not in edit.describe()


@pytest.mark.parametrize(
    ("edit", "told", "size"),
    [
        (WeightEdit("many", "yes", "b", 7), "readout of many = 'yes': weight of 'b' 0.5 -> 3.5", 3),
        (WeightEdit("many", "no", "b", -7), "readout of many = 'no': weight of 'b' -3.5", Fraction(7, 2)),
        (WeightRowEdit("sum", None, (1, -2)), "readout of sum: weights become 0.5, -1", Fraction(3, 2)),
        (WeightRowEdit("many", "yes", None), "readout of many = 'yes': weights become a hole", 0),
    ],
)
def test_an_edit_of_weights_is_told_and_measured_in_logits(
    edit: WeightEdit | WeightRowEdit, told: str, size: Fraction
) -> None:
    halves = replace(SAMPLE, readout=replace(SAMPLE.readout, scale=2))
    assert (edit.told(halves), edit.size(halves)) == (told, size)


@pytest.mark.parametrize(
    ("edit", "recodes"),
    [
        (CellEdit("sum", ("a", 0), 5), True),
        (CellEdit("sum", ("a", 0), 2), False),  # a number that another cell has
        (CellEdit("sum", ("a", 0), None), False),
        (CellEdit("many", (0,), "yes"), False),
        (ReadEdit("total", "value", "sum"), True),  # sums of 0 to 2, where each was 1
        (ReadEdit("total", "key", "positions"), False),
        (ReadEdit("same", "value", "kind"), False),
        (RowEdit("same", "a", ("b",)), False),
        (AttendEdit("same", "last"), False),
        (CoefficientEdit("excess", "count", 5), True),
        (CoefficientEdit("excess", "count", 1), False),  # sums within those that were possible
    ],
)
def test_an_edit_recodes_where_numbers_come_that_a_node_could_not_have(edit: NodeEdit, recodes: bool) -> None:
    ones = NumericHead("total", "tokens", "tokens", "ones", (("a",), ("a",), ("b",)))
    assert edit.recodes(replace(SAMPLE, nodes=(*SAMPLE.nodes, ones))) == recodes


def test_an_edit_to_numbers_that_a_node_could_have_anyway_does_not_recode() -> None:
    sums = NumericHead("total", "tokens", "tokens", "sum", (("a",), ("a",), ("b",)))
    assert not ReadEdit("total", "value", "ones").recodes(replace(SAMPLE, nodes=(*SAMPLE.nodes, sums)))


@pytest.mark.parametrize(
    ("edit", "size"),
    [
        (CellEdit("sum", ("a", 0), 5), 1),
        (WordEdit("kind", "a", "vowel"), 1),
        (RowEdit("same", "a", ("a", "b")), 1),
        (RowEdit("same", "a", ("b",)), 1),  # one key in the place of another
        (RowEdit("same", "a", ("<s>", "b")), 2),
        (RowEdit("same", "a", None), 1),
        (ReadEdit("total", "value", "sum"), 2),
        (SelfRuleEdit("match-count"), 2),
        (CoefficientEdit("excess", "count", 5), 1),
        (RenameEdit("kind", "vowel", "loud"), 1),
    ],
)
def test_the_size_of_an_edit_counts_what_it_changes(edit: Change, size: int) -> None:
    assert edit.size(SAMPLE) == size


def test_a_cell_of_numbers_gets_others_of_its_table_or_near_them_but_no_hole() -> None:
    lookup = SAMPLE.by_name["sum"].with_answer(0, None)
    program = replace(SAMPLE, nodes=(*SAMPLE.nodes[:-1], lookup))
    near, beyond = ([*edits(program, lookup, lambda entry: True)] for edits in (CellEdit.near, CellEdit.beyond))
    assert {edit.answer for edit in near} == {edit.yields for edit in near} == {0, 1, 2}
    assert {edit.answer for edit in beyond} == {-1, 3}
    halves = replace(program, nodes=(*SAMPLE.nodes[:-1], lookup.with_answer(1, Fraction(1, 2))))
    beyond = [*CellEdit.beyond(halves, halves.nodes[-1], lambda where: where.at == ("a", 0))]
    assert [edit.answer for edit in beyond] == [-1, Fraction(-1, 2), Fraction(3, 2), Fraction(5, 2)]


def test_a_number_of_a_sum_becomes_nothing_its_negative_a_neighbour_or_another_of_its_numbers() -> None:
    found = CoefficientEdit.near(SAMPLE, SAMPLE.by_name["excess"], lambda where: where.at == ("count",))  # of 2, -1, 3
    assert [edit.number for edit in found] == [-2, -1, 0, 1, 3]


def test_a_term_of_a_sum_becomes_another_number_that_the_sum_does_not_add_yet() -> None:
    more = Linear("more", ("count", "sum"), (1, 1))
    sample = replace(SAMPLE, nodes=(*SAMPLE.nodes, more))
    found = [*ReadEdit.near(sample, more, lambda where: True)]
    assert [(edit.role, edit.variable) for edit in found] == [
        (f"term {term}", name) for term in (1, 2) for name in ("ones", "excess")
    ]
    assert read_by(apply(sample, found[0]), "more", "term 1") == "ones"


def test_a_combination_without_a_cell_gets_each_answer_but_that_to_all_others() -> None:
    found = CellEdit.apart(LISTING, "pair", [("b", "b", 1)])
    assert [(edit.at, edit.answer) for edit in found] == [(("b", "b", 1), 1), (("b", "b", 1), 2)]
    with pytest.raises(BadUsage, match=r"has a cell at \(\) in any case"):
        apply(LISTING, CellEdit("pair", (), 1, own=False))
    with pytest.raises(BadUsage, match=r"has a cell at \('a', 0\) in any case"):
        apply(SAMPLE, CellEdit("sum", ("a", 0), 1, own=False))


def test_a_new_name_reaches_heads_that_copy_the_value_from_heads() -> None:
    copy = Head("copy", "tokens", "tokens", "kind", (("a",), ("a",), ("b",)), default="vowel")
    again = replace(copy, name="again", value="copy")
    renamed = apply(replace(SAMPLE, nodes=(*SAMPLE.nodes, copy, again)), RenameEdit("kind", "vowel", "loud"))
    assert [node.default for node in renamed.nodes if isinstance(node, Head)] == [None, "loud", "loud"]


def test_an_edit_says_what_its_node_yields_wherever_it_is_consulted() -> None:
    assert WordEdit("kind", "a", "other").yields == "other"
    assert CellEdit("sum", ("a", 0), 5).yields == 5
    assert RowEdit("same", "a", ("b",)).yields is None


def test_an_entry_knows_its_table_and_its_place_in_it() -> None:
    weights, row = Entry("readout", "weights", ("many", "yes")), Entry("same", "row", ("a",), (0, 1))
    assert (weights.table, row.table) == (WeightsOf("many"), ClauseOf("same", 0, 1))
    assert (weights.within, row.within) == ("readout of many = 'yes'", "clause 0.1, query 'a'")
    assert replace(row, clause=None).within == "query 'a'"


@given(st.data())
def test_every_candidate_changes_its_node_and_nothing_else(data: st.DataObject) -> None:
    program = data.draw(programs())
    assume(program.nodes)
    node = data.draw(st.sampled_from(program.nodes))
    found = list(candidates(program, node))
    assert len(set(found)) == len(found)
    assume(found)
    edit = data.draw(st.sampled_from(found))
    try:
        changed = apply(program, edit)
    except NotExact:
        return
    assert [new.name for new in changed.nodes if new != program.by_name[new.name]] == [node.name]
    assert changed.readout == program.readout


def test_candidates_keep_to_the_entries_asked_for() -> None:
    only = Entry("less", "row", ("b",))
    found = list(candidates(SORT, SORT.by_name["less"], lambda where: where == only))
    assert {edit.entry for edit in found} == {only}
    # The row accepts only 'a': six other keys in its place, six beside it, or none.
    assert len(found) == 6 + 6 + 1


def test_a_row_that_is_a_hole_gets_one_key() -> None:
    program = PROGRAMS["partial"].program
    only = Entry("like", "row", ("e",))
    found = list(candidates(program, program.by_name["like"], lambda where: where == only))
    assert found == [RowEdit("like", "e", (word,)) for word in program.vocabulary]


def test_a_read_moves_only_to_a_variable_of_the_same_domain() -> None:
    wirings = [e for e in candidates(SORT, SORT.by_name["sorted"]) if isinstance(e, ReadEdit)]
    assert wirings == []  # positions, ranks and tokens differ, and nothing else stands before
    with pytest.raises(BadUsage, match="the domains differ"):
        apply(SORT, ReadEdit("sorted", "query", "tokens"))
    moved = apply(SORT, ReadEdit("rank", "second input", "less"))
    assert read_by(moved, "rank", "second input") == "less"


def test_a_head_in_a_causal_program_is_never_made_to_look_ahead() -> None:
    dyck = PROGRAMS["dyck1"].program
    masks = [e for e in candidates(dyck, dyck.by_name["opened"]) if isinstance(e, MaskEdit)]
    assert masks == [MaskEdit("opened", "before", False), MaskEdit("opened", "all", True)]


def test_each_kind_of_edit_says_what_it_does() -> None:
    told = {
        RowEdit("less", "b", ("a", "c")).describe(): "less, query 'b': accept 'a' or 'c'",
        RowEdit("less", "b", ()).describe(): "less, query 'b': accept nothing",
        RowEdit("less", "b", None).describe(): "less, query 'b': accept a hole",
        CellEdit("rank", (1, 3), 5).describe(): "rank, input 1, 3: answer 5",
        CellEdit("pair", ("a", "b"), "x").describe(): "pair, input 'a', 'b': answer 'x'",
        WordEdit("emb_0", "how", "amount").describe(): "emb_0, word 'how': value 'amount'",
        WeightEdit("tokens", "a", "b", 3).describe(): "readout of tokens = 'a': weight of 'b' becomes 3",
        WeightRowEdit("count", None, (1, 2)).describe(): "readout of count: weights become (1, 2)",
        ReadEdit("rank", "first input", "same").describe(): "rank: first input becomes same",
        MaskEdit("less", "before", True).describe(): "less: mask becomes before, without position 0",
    }
    assert list(told) == list(told.values())


EXAMPLES = [pytest.param(example, id=example.says) for kind in KINDS for example in kind.examples()]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_of_a_kind_says_what_it_does_and_is_undone(example: Example) -> None:
    edit, sample = example.edit, example.of
    after = apply(sample, edit)
    inverse = edit.undo(sample)
    assert (edit.describe(), inverse.describe()) == (example.says, example.undone)
    beside = edit.beside_entry()
    assert example.says == (beside if edit.kind == "wiring" else f"{edit.entry}: {beside}")
    assert after != sample
    assert apply(after, inverse) == sample
    assert inverse.entry == edit.entry
    changed = [node.name for node, old in zip(after.nodes, sample.nodes, strict=True) if node != old]
    assert changed == ([edit.node] if isinstance(edit, NodeEdit | RenameEdit) else [])


def test_a_program_whose_heads_all_attend_to_the_nearest_keeps_to_its_class() -> None:
    assert not [edit for node in SAMPLE.nodes for edit in AttendEdit.near(SAMPLE, node, lambda where: True)]
    often = COMPARING.by_name["often"]
    assert [(edit.attend, edit.by) for edit in AttendEdit.near(COMPARING, often, lambda where: True)] == [
        ("nearest", None),
        ("first", None),
        ("last", None),
        ("smallest", "count"),
    ]


def test_only_a_categorical_head_attends_to_one_position_and_compares_only_what_stands_before_it() -> None:
    with pytest.raises(BadUsage, match="'count' is no categorical head"):
        apply(COMPARING, AttendEdit("count", "last"))
    with pytest.raises(BadUsage, match="cannot compare 'many'"):
        apply(COMPARING, AttendEdit("often", "largest", "many"))
    with pytest.raises(BadProgram, match="attends to the last; with the self rule 'match-count'"):
        apply(SAMPLE, SelfRuleEdit("match-count"), AttendEdit("same", "last"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if issubclass(kind, NodeEdit)])
def test_a_kind_finds_its_small_edits_in_the_sample_and_only_of_the_entries_reached(kind: type[NodeEdit]) -> None:
    sample = kind.examples()[0].of
    found = [edit for node in sample.nodes for edit in kind.near(sample, node, lambda where: True)]
    assert found
    assert {type(edit) for edit in found} == {kind}
    only = found[0].entry
    of_it = [edit for node in sample.nodes for edit in kind.near(sample, node, lambda where: where == only)]
    assert of_it == [edit for edit in found if edit.entry == only]


def test_a_kind_of_edit_that_leaves_a_question_open_cannot_be_made() -> None:
    class Unfinished(NodeEdit):
        node = "same"

    with pytest.raises(TypeError, match="abstract"):
        Unfinished()  # type: ignore[abstract]  # so Python must refuse it too


def test_numbers_beyond_those_of_a_table_are_near_them() -> None:
    node = SAMPLE.by_name["sum"]
    found = [edit.answer for edit in CellEdit.beyond(SAMPLE, node, lambda where: where.at == ("a", 0))]
    assert found == [-1, 3]  # 0, 1 and 2 stand in the table
    assert list(CellEdit.beyond(SAMPLE, SAMPLE.by_name["many"], lambda where: True)) == []


def test_a_weight_in_a_missing_row_fills_the_row_and_undo_makes_it_missing_again() -> None:
    program = PROGRAMS["partial"].program
    edit = WeightEdit("pair", 2, "no", 7)
    changed = apply(program, edit)
    (term,) = (term for term in changed.readout.terms if term.variable == "pair")
    assert term.rows[2] == (0, 7)
    assert apply(changed, edit.undo(program)) == program


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (RowEdit("nowhere", "a", ()), "no node 'nowhere'"),
        (RowEdit("rank", "a", ()), "'rank' is not a head"),
        (RowEdit("less", "z", ()), "'z' is not a value"),
        (CellEdit("less", (0,), 1), "'less' is not a lookup"),
        (CellEdit("rank", (0, 99), 1), "has no cell at"),
        (WordEdit("less", "a", "b"), "'less' is not an embedding"),
        (MaskEdit("rank", "before", False), "'rank' is not a head"),
        (ReadEdit("rank", "query", "less"), "has no query"),
        (ReadEdit("less", "key", "sorted"), "nothing before it provides"),
        (WeightEdit("tokens", "a", "b", 1), "does not read 'tokens'"),
        (WeightEdit("sorted", "z", "b", 1), "'z' is not a value"),
        (WeightEdit("sorted", None, "b", 1), "one row a value"),
        (WeightEdit("sorted", "a", "z", 1), "'z' is not a class"),
        (WeightRowEdit("tokens", "a", None), "does not read 'tokens'"),
        (CoefficientEdit("less", None, 1), "'less' is not a sum"),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused(edit: Edit, message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        apply(SORT, edit)
    if not isinstance(edit, ReadEdit):  # what it reads now is known, whatever it should read
        with pytest.raises(BadUsage, match=message):
            edit.undo(SORT)


@pytest.mark.parametrize("variable", ["tokens", "count"])
def test_a_coefficient_of_what_a_sum_does_not_add_is_refused(variable: str) -> None:
    sample = replace(SAMPLE, nodes=(*SAMPLE.nodes, Linear("more", ("ones",), (1,), 0)))
    with pytest.raises(BadUsage, match=f"'more' does not add '{variable}'; expected ones"):
        apply(sample, CoefficientEdit("more", variable, 1))


def test_a_row_that_a_program_cannot_have_is_refused_by_its_own_checks() -> None:
    with pytest.raises(BadProgram, match="accepts 'z'"):
        apply(SORT, RowEdit("less", "a", ("z",)))


def test_an_embedding_word_can_be_edited() -> None:
    changed = apply(QUESTION, WordEdit("emb_0", "many", "human"))
    assert changed != QUESTION
    assert apply(changed, WordEdit("emb_0", "many", "human").undo(QUESTION)) == QUESTION
    assert isinstance(apply(QUESTION, ReadEdit("asked_before", "value", "emb_0")).by_name["asked_before"], Head)
