"""The vectorised meaning, against a slow evaluator of its own (`tests/slow.py`) and against what the words say."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

import tprog.run.pieces
from tests.programs import PROGRAMS
from tests.slow import Reached, Slow, slow_run
from tests.strategies import programs, some_inputs
from tprog.errors import BadInput, NotExact
from tprog.ir.program import (
    BEGIN,
    END,
    IMPLIED,
    UNKNOWN,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Mask,
    Node,
    Numbers,
    NumericHead,
    Program,
    Readout,
    SelfRule,
    Symbols,
    Value,
    Weights,
)
from tprog.ir.values import as_number
from tprog.run.batch import BEHIND_END, Batch, encode
from tprog.run.evaluate import _listed_codes
from tprog.run.execute import FORCED, Execution, execute, predict
from tprog.run.pieces import CHUNK, PIECE, chunks, inputs_at_once
from tprog.tasks.builtin import inputs_for

# Two evaluators #######################################################################################################


def _slow(program: Program, tokens: list[str]) -> Slow | Reached:
    try:
        return slow_run(program, tokens)
    except Reached as hole:
        return hole


def _agree(program: Program, inputs: list[list[str]]) -> None:
    """Every value, domain, logit, bound, output and hole."""
    run = execute(program, encode(program, inputs))
    for row, tokens in enumerate(inputs):
        slow = _slow(program, tokens)
        assert bool(run.in_hole[row]) == isinstance(slow, Reached)
        if isinstance(slow, Reached):
            assert str(run.hole(row)) == str(slow), tokens
            with pytest.raises(LookupError, match="hole at"):
                run.outputs(row)
            continue
        assert run.hole(row) is None
        for name, values in slow.values.items():
            assert [run.value(name, row, i) for i in range(len(tokens))] == values, (name, tokens)
            assert all(_within(program, name, value) for value in values), name
        for i, logits in slow.logits.items():
            at = run.totals[row] if program.readout.pooled else run.totals[row, i]
            unit = program.logit_scale * (len(tokens) if program.readout.pooled else 1)
            assert [Fraction(int(total), unit) for total in at] == logits
            assert np.abs(at).max() <= program.logit_bound
        assert run.outputs(row) == slow.outputs


def _within(program: Program, name: str, value: Value) -> bool:
    """Whether a value lies in the domain that was proven for its variable."""
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return value in domain.values
    return domain.holds(as_number(value))


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_shared_programs_mean_what_the_design_says(name: str) -> None:
    program = PROGRAMS[name].program
    batch = inputs_for(program, sample=60, seed=1).batch
    _agree(program, [*(batch.words(program, row) for row in range(len(batch))), *some_inputs(program, 40)])


@settings(max_examples=150, deadline=None)
@given(programs())
def test_random_programs_mean_what_the_design_says(program: Program) -> None:
    _agree(program, some_inputs(program, 25))


@pytest.mark.parametrize("name", [name for name, case in PROGRAMS.items() if case.wrong is not None])
def test_the_programs_with_a_task_are_right_on_its_whole_domain(name: str) -> None:
    program, wrong = PROGRAMS[name].program, PROGRAMS[name].wrong
    inputs = inputs_for(program)
    predictions, in_hole = predict(program, inputs.batch)
    assert inputs.exhaustive
    assert inputs.expected is not None
    assert not in_hole.any()
    graded = inputs.expected >= 0
    assert ((predictions != inputs.expected) & graded).any(axis=1).sum() == wrong


# Attention ############################################################################################################

LETTERS = (BEGIN, "a", "b", "c")
POSITIONS = tuple(range(6))


def _attends(
    text: str,
    accepts: dict[str, Keys | None],
    *,
    mask: Mask = "all",
    skip_first: bool = False,
    default: int | None = None,
    causal: bool = False,
    self_rule: SelfRule = "last",
) -> list[Value]:
    """The position that each letter of `<s>` + text attends to; query and key are the letters."""
    predicate = tuple(accepts.get(letter, ()) for letter in LETTERS)
    head = Head("head", "tokens", "tokens", "positions", predicate, mask, skip_first, default)
    program = Program(LETTERS, ("x",), 6, (head,), Readout(()), causal=causal, self_rule=self_rule)
    run = execute(program, encode(program, [[BEGIN, *text]]))
    if hole := run.hole(0):
        raise LookupError(str(hole))
    return [run.value("head", 0, i) for i in range(len(text) + 1)]


def test_a_tie_goes_to_the_left() -> None:
    assert _attends("bab", {"a": ("b",)})[2] == 1


def test_the_nearest_match_is_attended() -> None:
    assert _attends("bbacb", {"a": ("b",), "c": ("b",)})[3:5] == [2, 5]


def test_a_position_attends_itself_only_if_nothing_else_matches() -> None:
    assert _attends("acca", {"a": ("a",)})[1] == 4
    assert _attends("accb", {"a": ("a",)})[1] == 1


def test_in_modules_of_the_research_code_a_self_match_is_as_far_as_there_are_matches() -> None:
    assert _attends("aba", {"a": ("a",)}, self_rule="match-count") == [0, 1, 0, 1]  # 2 matches, 2 apart: left
    assert _attends("accca", {"a": ("a",)}, self_rule="match-count")[1] == 1
    assert _attends("aaacc", {"a": ("a",)}, self_rule="match-count")[1:4] == [2, 1, 2]


def test_without_a_match_position_0_is_attended() -> None:
    assert _attends("abc", {}) == [0, 0, 0, 0]


def test_without_a_match_a_stated_default_is_the_value() -> None:
    assert _attends("abc", {"a": ("c",)}, default=5) == [5, 3, 5, 5]


def test_masks_limit_what_is_seen() -> None:
    every: dict[str, Keys | None] = dict.fromkeys(LETTERS, LETTERS)
    assert _attends("abc", every, mask="before", default=5) == [5, 0, 1, 2]
    assert _attends("abc", every, mask="after", default=5) == [1, 2, 3, 5]
    assert _attends("abc", every, mask="before", skip_first=True, default=5) == [5, 5, 1, 2]
    assert _attends("abc", every, skip_first=True) == [1, 2, 1, 2]


def test_a_causal_program_does_not_look_ahead() -> None:
    assert _attends("abca", {"a": ("a", "c")}, causal=True)[1:] == [1, 0, 0, 3]
    assert _attends("abca", {"a": ("a", "c")})[1:] == [3, 0, 0, 3]


def test_a_missing_row_is_a_hole_only_where_something_is_seen() -> None:
    with pytest.raises(LookupError, match="hole at head, query 'b'"):
        _attends("ab", {"b": None}, mask="before")
    assert _attends("bab", {"c": None, BEGIN: None}, mask="before") == [0, 0, 0, 0]
    with pytest.raises(LookupError, match="hole at head, query '<s>'"):
        _attends("bab", {BEGIN: None})


# Numbers ##############################################################################################################


def _fraction(text: str, default: Fraction) -> list[Value]:
    """The mean of 1 for a, 1/3 for b and -2 for c over the positions before."""
    worth = Lookup("worth", ("tokens",), (None,), None, (0, 1, Fraction(1, 3), -2))
    head = NumericHead(
        "mean", "tokens", "tokens", "worth", (LETTERS,) * 4, "before", True, reduce="mean", default=default
    )
    program = Program(LETTERS, ("x",), 6, (worth, head), Readout(()))
    run = execute(program, encode(program, [[BEGIN, *text]]))
    return [run.value("mean", 0, i) for i in range(len(text) + 1)]


def test_means_are_exact() -> None:
    default = Fraction(1, 7)
    assert _fraction("abcaa", default) == [
        default,
        default,
        1,
        Fraction(2, 3),
        Fraction(-2, 9),
        Fraction(1, 12),
    ]


@pytest.mark.parametrize(
    ("levels", "read"),
    [
        ((0, 1, 2), [0, 1, 2, 2, 2]),  # a cap
        ((1, 3), [1, 1, 1, 3, 3]),  # below all of them: the lowest
        ((0, Fraction(1, 2), Fraction(5, 2)), [0, Fraction(1, 2), Fraction(1, 2), Fraction(5, 2), Fraction(5, 2)]),
        ((-(10**30), 2, 10**30), [-(10**30), -(10**30), 2, 2, 2]),
    ],
)
def test_a_number_reads_as_the_largest_level_that_does_not_exceed_it(
    levels: tuple[int | Fraction, ...], read: list[Value]
) -> None:
    count = NumericHead("count", "tokens", "tokens", "ones", (("a",),) * 4)
    level = Lookup("level", ("count",), (levels,), tuple(range(len(levels))), tuple(range(len(levels))))
    program = Program(LETTERS, ("x",), 6, (count, level), Readout(()))
    run = execute(program, encode(program, [[BEGIN, *("a" * n), *("b" * (5 - n))] for n in range(5)]))
    assert [levels[int(run.values["level"][n, 0])] for n in range(5)] == read


@pytest.mark.parametrize("size", [127, 128, 129, 130, 300])
def test_values_at_the_edge_of_an_integer_type_do_not_wrap_around(size: int) -> None:
    vocabulary = (BEGIN, *(f"w{i}" for i in range(1, size)))
    same = tuple((word,) for word in vocabulary)
    program = Program(
        vocabulary,
        ("x", "y"),
        size,
        (
            Head("echo", "tokens", "tokens", "tokens", same),
            NumericHead("all", "tokens", "tokens", "ones", (vocabulary,) * size),
            Head("far", "tokens", "tokens", "positions", (vocabulary[1:2],) * size),
        ),
        Readout((Weights("all", ((0, 1),)),)),
    )
    tokens = [BEGIN, *vocabulary[1:]]
    run = execute(program, encode(program, [tokens]))
    assert [run.value("echo", 0, i) for i in range(size)] == tokens
    assert run.value("all", 0, 0) == size
    assert run.value("far", 0, size - 1) == 1
    assert run.totals[0, 1].tolist() == [0, size]
    lonely = execute(program, encode(program, [[BEGIN, "w1", *["w2"] * (size - 2)]]))
    assert {lonely.value("far", 0, i) for i in range(size)} == {1}


def test_numbers_that_could_leave_the_exact_range_are_refused() -> None:
    grow = [Lookup("step", ("tokens",), (None,), None, (0, 2 * 10**9, 0, 0))]
    heads = [NumericHead("a", "tokens", "tokens", "step", (("a",),) * 4)]
    heads.append(NumericHead("b", "tokens", "tokens", "a", (LETTERS,) * 4))
    assert Program(LETTERS, ("x",), 2000, (*grow, *heads), Readout(()))
    heads.append(NumericHead("c", "tokens", "tokens", "b", (LETTERS,) * 4))
    with pytest.raises(NotExact, match="node 'c' can reach 16000000000000000000 "):
        Program(LETTERS, ("x",), 2000, (*grow, *heads), Readout(()))


# Readout ##############################################################################################################


def test_ties_go_to_the_first_class_and_forced_positions_to_themselves() -> None:
    program = PROGRAMS["no_nodes"].program
    run = execute(program, encode(program, [[BEGIN, "a", "b"]]))
    assert run.outputs(0) == [BEGIN, "second", "first"]
    assert run.predictions.tolist() == [[FORCED, 1, 0]]


def test_a_pooled_program_gives_one_class() -> None:
    program = PROGRAMS["question_type"].program
    inputs = {"who is the king": "person", "where is the city": "place", "how many": "number", "how": "manner"}
    run = execute(program, encode(program, [[BEGIN, *text.split()] for text in inputs]))
    assert [run.outputs(row) for row in range(4)] == list(inputs.values())


def test_the_first_missing_row_in_the_order_of_execution_is_the_hole() -> None:
    program = PROGRAMS["partial"].program
    wanted = {
        "aab": "None",
        "eda": "hole at kind, word 'd'",
        "ae": "hole at like, query 'e'",
        "ea": "hole at plain_ahead, query 'e'",
        "bc": "hole at pair, input 'c', 'b'",
        "aaaa": "hole at ahead, input 3",
        "ca": "hole at readout, pair = 2",
    }
    run = execute(program, encode(program, [[BEGIN, *text, END] for text in wanted]))
    assert [str(run.hole(row)) for row in range(len(wanted))] == list(wanted.values())
    assert run.in_hole.tolist() == [text != "aab" for text in wanted]
    hole = run.hole(1)
    assert hole is not None
    assert (hole.node, hole.position) == ("kind", 2)
    assert np.argwhere(run.lost_at("kind")).tolist() == [[1, 2]]


def test_what_comes_out_downstream_of_a_hole_may_be_no_value_that_can_come_out() -> None:
    """A hole has the code 0 while others are computed, here above all that the variable holds."""
    debt = Lookup("debt", ("tokens",), (None,), None, (-3, -2, None))
    owed = Linear("owed", ("debt",), (2,))
    program = Program((BEGIN, "a", "b"), (), 4, (debt, owed), IMPLIED, outputs=("owed",))
    run = execute(program, encode(program, [[BEGIN, "a"], [BEGIN, "b"], [BEGIN, "a", "a"]]))
    assert [str(run.hole(row)) for row in range(3)] == ["None", "hole at debt, input 'b'", "None"]
    assert [run.outputs(0), run.outputs(2)] == [[-6, -4], [-6, -4, -4]]
    told = [program.classes.index(spelled) for spelled in ("-6", "-4")]
    assert run.predictions[[0, 2]].tolist() == [[*told, FORCED], [*told, told[1]]]


@pytest.mark.parametrize("sizes", [(3, 2, 4), (2**21,) * 4, (2**31, 2**31, 3, 2**31), (2, 2**61, 2**30, 9 * 2**27)])
def test_a_listed_combination_is_found_however_many_there_could_be(sizes: tuple[int, ...]) -> None:
    chance = random.Random(0)

    def drawn() -> tuple[int, ...]:  # few values of each, so that combinations share beginnings and ends
        return tuple(chance.choice((0, 1, size // 2, size - 1)) for size in sizes)

    listed = tuple(sorted({drawn() for _ in range(60)}))
    asked = [*listed, *(drawn() for _ in range(200))]
    found = _listed_codes(listed, [(column, size) for column, size in zip(np.array(asked).T, sizes, strict=True)])
    assert found.tolist() == [listed.index(one) if one in listed else len(listed) for one in asked]
    assert len(listed) in found


# Batches ##############################################################################################################


def test_inputs_of_different_length_share_a_batch() -> None:
    program = PROGRAMS["sort"].program
    batch = encode(program, [[BEGIN, "b", "a", END], [BEGIN, "e", END]])
    assert batch.tokens.tolist() == [[0, 2, 1, 6], [0, 5, 6, BEHIND_END]]
    assert batch.lengths.tolist() == [4, 3]
    assert batch.words(program, 1) == [BEGIN, "e", END]
    assert len(batch.take(np.array([1]))) == 1


def test_words_outside_the_vocabulary_read_as_unknown_or_are_refused() -> None:
    words = PROGRAMS["question_type"].program
    assert encode(words, [[BEGIN, "zebra"]]).words(words, 0) == [BEGIN, UNKNOWN]
    with pytest.raises(BadInput, match="token 1 is 'zebra'; expected one of 'a'"):
        encode(PROGRAMS["hist"].program, [[BEGIN, "zebra"]])


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_input_alone_means_the_same_as_among_longer_ones(name: str) -> None:
    program = PROGRAMS[name].program
    inputs = some_inputs(program, 30)  # one of them is as long as can be
    together = execute(program, encode(program, inputs))
    for row, tokens in enumerate(inputs):
        alone = execute(program, encode(program, [tokens]))
        assert str(alone.hole(0)) == str(together.hole(row))
        if alone.hole(0) is None:
            assert alone.outputs(0) == together.outputs(row)
            for node in program.nodes:
                assert alone.values[node.name][0].tolist() == together.values[node.name][row, : len(tokens)].tolist()


def test_an_empty_batch_has_no_predictions() -> None:
    for case in PROGRAMS.values():
        run = execute(case.program, encode(case.program, []))
        assert len(run.predictions) == len(run.in_hole) == 0


@pytest.mark.parametrize("name", ["sort", "question_type", "partial"])
def test_predictions_alone_equal_those_of_a_whole_execution(name: str) -> None:
    program = PROGRAMS[name].program
    batch = inputs_for(program, sample=2 * CHUNK + 100).batch
    whole, done, seen = execute(program, batch), list[int](), list[int]()
    predictions, in_hole = predict(program, batch, done.append, lambda run: seen.append(len(run.batch)))
    assert np.array_equal(predictions, whole.predictions)
    assert np.array_equal(in_hole, whole.in_hole)
    assert done == [*range(CHUNK, len(batch), CHUNK), len(batch)]
    assert sum(seen) == len(batch)
    assert [len(piece) for _, piece in chunks(batch, 1000)][:-1] == [1000] * ((len(batch) - 1) // 1000)


# Overrides and reuse ##################################################################################################


def test_an_override_replaces_a_node_and_what_lies_downstream() -> None:
    program = PROGRAMS["reverse"].program
    batch = encode(program, [[BEGIN, "a", "b", "c", END]])
    symbols = program.symbols("source").codes
    run = execute(program, batch, overrides={"source": symbols[1]})
    assert run.outputs(0) == [BEGIN, "a", "a", "a", END]
    each = np.array([[symbols[v] for v in (0, 2, 1, 3, 0)]])
    assert execute(program, batch, overrides={"source": each}).outputs(0) == [BEGIN, "b", "a", "c", END]
    assert run.values["last"].tolist() == execute(program, batch).values["last"].tolist()


def test_an_overridden_node_is_not_evaluated_and_reaches_no_hole() -> None:
    program = PROGRAMS["partial"].program
    batch = encode(program, [[BEGIN, "d", END]])
    assert str(execute(program, batch).hole(0)) == "hole at kind, word 'd'"
    assert execute(program, batch, overrides={"kind": 1}).hole(0) is None


def _turned(program: Program, which: int) -> Program:
    """The program with the table of one node, or of one readout term, turned by one place."""
    if which < len(program.nodes):
        node = program.nodes[which]
        nodes: list[Node] = list(program.nodes)
        match node:
            case Embedding():
                nodes[which] = replace(node, table=node.table[1:] + node.table[:1])
            case Head() | NumericHead():
                table, clause = [*node.clauses.items()][-1]
                turned = clause.predicate[1:] + clause.predicate[:1]
                nodes[which] = node.with_clause(table, replace(clause, predicate=turned))
            case Lookup():
                nodes[which] = replace(node, cells=node.cells[1:] + node.cells[:1])
            case Linear():
                nodes[which] = replace(node, constant=node.constant + 1)
        return replace(program, nodes=tuple(nodes))
    terms = list(program.readout.terms)
    term = terms[which - len(program.nodes)]
    rows = tuple(row[1:] + row[:1] if row and len(term.rows) == 1 else row for row in term.rows)
    terms[which - len(program.nodes)] = replace(term, rows=rows[1:] + rows[:1])
    return replace(program, readout=replace(program.readout, terms=tuple(terms)))


def _same(one: Execution, other: Execution) -> None:
    assert list(one.values) == list(other.values)
    for name, values in one.values.items():
        assert np.array_equal(values, other.values[name]), name
    assert list(one.holed) == list(other.holed)
    assert all(np.array_equal(at, other.holed[name]) for name, at in one.holed.items())
    assert np.array_equal(one.totals, other.totals)


def _reuse(program: Program) -> None:
    batch = encode(program, some_inputs(program, 40))
    base = execute(program, batch)
    _same(execute(program, batch, base=base), base)
    for which in range(len(program.nodes) + len(program.readout.terms)):
        edited = _turned(program, which)
        _same(execute(edited, batch, base=base), execute(edited, batch))
    for node in program.nodes:
        overrides = {node.name: 0 if isinstance(program.variables[node.name].domain, Symbols) else 1}
        _same(execute(program, batch, overrides=overrides, base=base), execute(program, batch, overrides=overrides))
    if program.nodes:
        without = replace(program.readout, terms=program.readout.terms[:-1])
        rest = replace(program, readout=without)
        _same(execute(rest, batch, base=base), execute(rest, batch))


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_edited_program_may_start_from_the_execution_before(name: str) -> None:
    _reuse(PROGRAMS[name].program)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_a_random_program_may_start_from_the_execution_before(program: Program) -> None:
    _reuse(program)


def test_a_program_with_another_scale_starts_its_logits_anew() -> None:
    halves = Lookup("half", ("tokens",), (None,), None, (0, Fraction(1, 2), 1))
    tokens, number = Weights("tokens", ((1, 0), (0, 1), (3, 2))), Weights("half", ((1, 2),))
    program = Program((BEGIN, "a", "b"), ("x", "y"), 4, (halves,), Readout((tokens, number)))
    rescaled = replace(program, readout=Readout((tokens,), scale=2))
    assert program.logit_scale == rescaled.logit_scale == 2
    batch = encode(program, some_inputs(program, 20))
    _same(execute(rescaled, batch, base=execute(program, batch)), execute(rescaled, batch))


def test_a_number_of_another_denominator_is_read_anew_though_its_codes_are_the_same() -> None:
    worth = Lookup("worth", ("tokens",), (None,), None, (0, 1))
    high = Lookup("high", ("worth",), ((0, 1),), ("no", "yes"), ("no", "yes"))
    program = Program(("a", "b"), (), 3, (worth, high), IMPLIED, outputs=("high",))
    halved = replace(program, nodes=(replace(worth, cells=(0, Fraction(1, 2))), high))
    batch = encode(program, [["a", "b"]])
    found = execute(halved, batch, base=execute(program, batch))
    assert found.outputs(0) == execute(halved, batch).outputs(0) == ["no", "no"]


def test_a_program_with_more_classes_starts_its_logits_anew() -> None:
    program = PROGRAMS["sort"].program
    rows = {term.variable: tuple(None if row is None else (*row, 7) for row in term.rows) for term in program.weights}
    readout = replace(program.readout, terms=tuple(Weights(name, found) for name, found in rows.items()))
    wider = replace(program, classes=(*program.classes, "another"), readout=readout)
    batch = encode(program, some_inputs(program, 30))
    _same(execute(wider, batch, base=execute(program, batch)), execute(wider, batch))
    _same(execute(program, batch, base=execute(wider, batch)), execute(program, batch))


@pytest.mark.parametrize("bound", [2**29 - 1, 2**29, 2**31 - 1, 2**31, 2**62])
def test_logits_at_the_edge_of_an_integer_type_do_not_wrap_around(bound: int) -> None:
    echo = Head("echo", "tokens", "tokens", "tokens", (("a",),) * 3)
    tokens, one = Weights("tokens", ((0, 0), (-1, bound - 1), (1 - bound, 1))), Weights("ones", ((-1, 1),))
    program = Program((BEGIN, "a", "b"), ("x", "y"), 3, (echo,), Readout((tokens, one)))
    assert program.logit_bound == bound
    batch = encode(program, [[BEGIN, "a", "b"]])
    run, none = execute(program, batch), execute(replace(program, readout=Readout((one,))), batch)
    assert run.totals[0, 1:].tolist() == [[-2, bound], [-bound, 2]]
    _same(execute(program, batch, base=none), run)
    _same(execute(none.program, batch, base=run), none)
    turned = replace(program, readout=Readout((replace(tokens, rows=((0, 0), (1, 1 - bound), (bound - 1, -1))), one)))
    _same(execute(turned, batch, base=run), execute(turned, batch))


def test_very_many_inputs_reach_the_holes_that_each_reaches() -> None:
    program = PROGRAMS["partial"].program
    few = encode(program, some_inputs(program, 50))
    times = -(-(2 * PIECE + 1) // len(few))
    many = Batch(np.tile(few.tokens, (times, 1)), np.tile(few.lengths, times))
    one, other = execute(program, few), execute(program, many)
    assert one.holed
    assert [*other.holed] == [*one.holed]
    for table, at in one.holed.items():
        assert np.array_equal(other.holed[table], np.tile(at, (times, 1)))
    assert np.array_equal(other.in_hole, np.tile(one.in_hole, times))
    assert np.array_equal(other.predictions[: len(few)][~one.in_hole], one.predictions[~one.in_hole])


def test_what_changes_in_pieces_of_a_large_batch_is_changed_in_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    program = PROGRAMS["sort"].program
    batch = encode(program, some_inputs(program, 50))
    base, fixed = execute(program, batch), {"rank": 0}
    whole = execute(program, batch, overrides=fixed, base=base)
    assert not np.array_equal(whole.predictions, base.predictions)
    monkeypatch.setattr(tprog.run.pieces, "MEMORY", 20_000)
    assert inputs_at_once(program, batch.tokens.shape[1]) < len(batch) / 4
    _same(execute(program, batch, overrides=fixed, base=base), whole)


def test_what_did_not_change_is_not_computed_again() -> None:
    program = PROGRAMS["most_freq"].program
    batch = encode(program, some_inputs(program, 50))
    base = execute(program, batch)
    edited = _turned(program, [node.name for node in program.nodes].index("distinct"))
    again = execute(edited, batch, base=base)
    kept = [name for name, values in again.values.items() if values is base.values[name]]
    assert kept == ["tokens", "positions", "ones", "count", "seen", "score", "above", "ties", "rank"]


def test_numbers_of_another_denominator_are_decoded_as_such() -> None:
    program = PROGRAMS["rationals"].program
    domain = program.variables["mean_drift"].domain
    assert isinstance(domain, Numbers)
    assert domain.denominator == 15 * 420  # fifteenths; means over up to 7 positions
