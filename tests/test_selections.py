"""Heads that select by several clauses: what they mean, how they are built, written, read, edited and told."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from analyze.dead import find_dead
from tests.interventions import listed
from tests.programs import apart, dyck2, equal, nearest_class
from tests.strategies import some_inputs
from tprog.edits.edit import ReadEdit, RowEdit, apply
from tprog.errors import BadProgram, BadSource, BadUsage
from tprog.ir.entries import ClauseOf
from tprog.ir.program import BEGIN, Clause, Head, NumericHead, Program, Readout, Value
from tprog.ir.selections import all_of, any_of, none_of
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.simplify import simplify
from tprog.text.emit import emit
from tprog.text.patch import diff, patched
from tprog.text.read import read_source

LETTERS = (BEGIN, "a", "b")
SAME = Clause("tokens", "tokens", equal(LETTERS, LETTERS))
ONLY_A = Clause("tokens", "tokens", (("a",),) * 3)
EARLY = Clause("positions", "positions", ((0, 1),) * 5)
LACKING = Clause("tokens", "tokens", (("a",), ("a",), None))


def _counting(*alternatives: tuple[Clause, ...], name: str = "count") -> Program:
    """How many positions one of the alternatives selects."""
    count = NumericHead(name, "tokens", "tokens", "ones", ()).selecting(alternatives)
    return Program(LETTERS, ("a",), 5, (count,), Readout((), forced=()))


def _counts(program: Program, word: str) -> list[Value]:
    run = execute(program, encode(program, [[BEGIN, *word]]))
    return [run.value("count", 0, i) for i in range(len(word) + 1)]


# Meaning ##############################################################################################################


def test_all_clauses_of_an_alternative_must_hold() -> None:
    assert _counts(_counting((SAME, EARLY)), "aba") == [1, 1, 0, 1]


def test_one_alternative_suffices_and_a_position_counts_once() -> None:
    assert _counts(_counting((SAME,), (ONLY_A,)), "aba") == [3, 2, 3, 2]


def _verdicts(word: str) -> str:
    """What a stack says of each prefix."""
    stack, said = [""], ""
    for bracket in word:
        if stack and bracket in "({":
            stack.append(bracket)
        elif stack and (stack.pop() + bracket) not in ("()", "{}"):
            stack = []
        said += "F" if not stack else "T" if len(stack) == 1 else "P"
    return said


def test_the_three_clauses_of_dyck2_find_the_matching_opener() -> None:
    program = dyck2(6)
    words = ["".join(word) for n in range(1, 7) for word in product("(){}", repeat=n)]
    run = execute(program, encode(program, [[BEGIN, *word] for word in words]))
    for row, word in enumerate(words):
        assert "".join(run.spelled(row)[1:]) == _verdicts(word), word


def test_and_or_and_not_of_selections_mean_what_they_say() -> None:
    program = apart()
    for (_, *word), n in ((tokens, len(tokens)) for tokens in some_inputs(program, 200)):
        tokens = [BEGIN, *word]
        values = execute(program, encode(program, [tokens]))
        for i in range(n):
            same, near = ([tokens[j] == tokens[i] for j in range(n)], [abs(j - i) <= 1 for j in range(n)])
            chosen = [j for j in range(1, n) if same[j] == near[j]]
            others = [j for j in chosen if j != i] or chosen or [0]
            assert values.value("apart", 0, i) == min((abs(i - j), j) for j in others)[1]


def test_a_selection_keeps_a_hole_whatever_it_is_made_of() -> None:
    domains = {"tokens": LETTERS}
    assert none_of(((LACKING,),), domains) == ((Clause("tokens", "tokens", ((BEGIN, "b"), (BEGIN, "b"), None)),),)
    assert all_of(((LACKING,),), ((SAME,),)) == ((Clause("tokens", "tokens", ((), ("a",), None)),),)
    assert any_of(((SAME,),), ((LACKING,),), ((SAME,),)) == ((SAME,), (LACKING,))


@pytest.mark.parametrize("alternatives", [((EARLY, LACKING),), ((LACKING, EARLY),), ((EARLY,), (LACKING,))])
def test_a_missing_row_is_a_hole_in_whatever_order_clauses_stand(alternatives: tuple[tuple[Clause, ...], ...]) -> None:
    # Whether or not another clause, or another alternative, has decided already.
    program = _counting(*alternatives)
    hole = execute(program, encode(program, [[BEGIN, "a", "b"]])).hole(0)
    assert hole is not None
    assert (hole.position, hole.what) == (2, "query 'b'")
    head = program.nodes[0].selection
    assert head is not None
    (table,) = (table for table, clause in head.clauses.items() if clause == LACKING)
    assert str(hole) == f"hole at {table}, query 'b'"


# Records ##############################################################################################################


def test_one_clause_alone_is_the_head_that_it_always_was() -> None:
    head = Head("seen", "tokens", "tokens", "tokens", SAME.predicate)
    assert head.alone
    assert list(head.tables) == ["seen"]
    assert head.selecting(((SAME,),)) == head
    two = head.selecting(((SAME, EARLY), (ONLY_A,)))
    assert (two.also, two.instead) == ((EARLY,), ((ONLY_A,),))
    assert list(two.tables) == [ClauseOf("seen", 0, 0), ClauseOf("seen", 0, 1), ClauseOf("seen", 1, 0)]


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        (replace(SAME, predicate=((),)), "clause_0_1_of_count, its predicate has 1 rows; 'tokens' has 3 values"),
        (replace(SAME, key="ones"), "its key 'ones' is numeric"),
        (replace(SAME, query="later"), "reads 'later', which no earlier node"),
    ],
)
def test_each_clause_is_checked(clause: Clause, message: str) -> None:
    with pytest.raises(BadProgram, match=message):
        _counting((SAME, clause))


def test_an_alternative_without_a_clause_is_refused() -> None:
    with pytest.raises(BadProgram, match="one of its alternatives has no clause"):
        _counting((SAME,), ())


def test_no_node_may_have_the_name_of_another_ones_function() -> None:
    program = _counting((SAME, EARLY))
    taken = NumericHead("clause_0_1_of_count", "tokens", "tokens", "ones", SAME.predicate)
    with pytest.raises(BadProgram, match="'predicate_clause_0_1_of_count' has the name of one of node 'count'"):
        replace(program, nodes=(*program.nodes, taken))


# Text #################################################################################################################


def test_a_module_says_each_clause_in_a_function_of_its_own() -> None:
    text = emit(_counting((SAME, EARLY), (ONLY_A,))).text
    assert "# count: counts positions with equal token and position = f(positi..." in text
    assert "# clause_0_0_of_count: equal token\ndef predicate_clause_0_0_of_count(q_token, k_token):" in text
    assert (
        "count = selector_width(select(positions, positions, _any("
        "[select(tokens, tokens, predicate_clause_0_0_of_count), "
        "select(positions, positions, predicate_clause_0_1_of_count)], "
        "[select(tokens, tokens, predicate_clause_1_0_of_count)])))"
    ) in text
    assert "_any" not in emit(_counting((SAME,))).text


_LAST = "select(tokens, tokens, predicate_clause_1_0_of_count)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f"[{_LAST}]", f"({_LAST},)", r"expected a list of `select\(...\)`"),
        (f"[{_LAST}]", "[]", r"expected a list of `select\(...\)`"),
        (f"[{_LAST}]", "[tokens]", "`select\\(keys, queries, predicate_clause_1_0_of_count\\)`"),
        ("(positions, positions, _any", "(positions, tokens, _any", "`positions`, which `_any` is a predicate of"),
        (_LAST, f'{_LAST[:-1]}, mask="before")', "one mask for all of them"),
        (_LAST, _LAST.replace("clause_1_0_of_", ""), "`predicate_clause_1_0_of_count`: each node has a function"),
        ("_any([", "_all([", "expected `_any"),
    ],
)
def test_what_a_person_may_break_in_a_selection_is_told_by_name(old: str, new: str, message: str) -> None:
    text = emit(_counting((SAME, EARLY), (ONLY_A,))).text
    at = text.rindex(old)
    with pytest.raises(BadSource, match=message):
        read_source(text[:at] + new + text[at + len(old) :])


def test_one_clause_among_brackets_is_refused() -> None:
    text = emit(_counting((SAME, EARLY))).text
    text = text.replace(", select(positions, positions, predicate_clause_0_1_of_count)]", "]")
    with pytest.raises(BadSource, match="one clause alone"):
        read_source(text)


# Edits and analyses ###################################################################################################


def test_an_edit_names_alternative_and_clause_and_changes_that_function_alone() -> None:
    program = dyck2(6)
    module = read_source(emit(program).text, "dyck2.py")
    edit = RowEdit("opener", 3, (3,), (0, 1))
    assert edit.describe() == "clause_0_1_of_opener, query 3: accept 3"
    edit = replace(edit, keys=(2, 3))
    after = apply(program, edit)
    assert apply(after, edit.undo(program)) == program
    assert read_source(patched(module, after)).program == after
    changed = [line for line in diff(module, after).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == [
        "-# opener: nearest earlier position with token = f(token) and equal...",
        "+# opener: nearest earlier position with token = f(token) and depth...",
        "-# clause_0_1_of_opener: equal depth",
        "+# clause_0_1_of_opener: depth = f(depth)",
        "+    if q_depth == 3:",
        "+        return k_depth in {2, 3}",
    ]


def test_an_edit_of_a_clause_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadUsage, match="node 'opener' has no clause_1_0_of_opener; expected one of clause_0_0_of"):
        apply(dyck2(6), RowEdit("opener", BEGIN, (), (1, 0)))


def test_the_read_of_one_clause_is_rewired() -> None:
    edit = ReadEdit("apart", "key of clause_1_0_of_apart", "tokens")
    assert edit.describe() == "apart: key of clause_1_0_of_apart becomes tokens"
    assert apply(apart(), edit) == apart()


def test_dead_rows_are_told_of_each_clause() -> None:
    program = dyck2(4)
    words = [[BEGIN, *word] for n in range(1, 5) for word in product("(){}", repeat=n)]
    found = find_dead(program, listed(program, words))
    of_opener = [table for table in found.tables if "opener" in table.table]
    assert [table.table for table in of_opener] == [f"clause_0_{place}_of_opener" for place in range(3)]
    # Depths go from -3 to 4, and nine are in the table; a bracket is at most the fifth at its depth, beside <s>.
    assert [(table.entries, table.dead) for table in of_opener] == [(5, 1), (9, 1), (6, 1)]
    (deepest,) = (dead for dead in found.dead_entries if dead.clause == (0, 1))
    assert (deepest.entry, deepest.node, deepest.at) == ("clause_0_1_of_opener, query -4", "opener", (-4,))
    assert type(found).from_json(found.to_json()) == found


def test_simplifying_drops_a_clause_and_an_alternative_that_change_nothing() -> None:
    everything = Clause("positions", "positions", ((0, 1, 2, 3, 4),) * 5)
    program = _counting((SAME, everything), (SAME, EARLY))
    classes = ("0", "1", "2", "3")
    program = replace(program, classes=classes, readout=Readout(nearest_class("count", classes), forced=()))
    inputs = listed(program, [[BEGIN, *word] for n in range(1, 5) for word in product("ab", repeat=n)])
    (count,) = simplify(program, inputs).program.nodes
    assert count.selection is not None
    assert count.selection.alone
