"""Outcomes: two runs agree where they predict the same class, or first reach the same missing row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.ir.program import BEGIN, Embedding, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.run.evaluate import any_missing, evaluate
from tprog.run.execute import Execution, execute, some_of
from tprog.run.outcome import SOME_HOLE, UNGRADED, graded_at, is_hole, outcomes, wrong_at


def _answer(run: Execution, row: int, place: int) -> object:
    """The outcome in words, from the definition."""
    return run.hole(row) or int(run.predictions[row] if run.program.readout.pooled else run.predictions[row, place])


def _agree(one: Execution, other: Execution) -> None:
    found, its = outcomes(one), outcomes(other)
    for row, place in np.ndindex(*found.shape):
        alike = _answer(one, row, place) == _answer(other, row, place)
        assert (found[row, place] == its[row, place]) == alike, (row, place)


def _inputs(program: Program) -> Sequence[Sequence[str]]:
    return some_inputs(program, 12)


@given(programs(max_nodes=4), st.data())
def test_outcomes_of_an_intact_and_a_changed_run_are_equal_where_their_answers_are(
    program: Program, data: st.DataObject
) -> None:
    intact = execute(program, encode(program, _inputs(program)))
    changed = intact
    if program.nodes:
        name = data.draw(st.sampled_from([node.name for node in program.nodes]))
        values = intact.values[name]
        changed = execute(program, intact.batch, overrides={name: values[::-1]}, base=intact)
    _agree(intact, changed)


@given(programs(max_nodes=4))
def test_outcomes_of_different_inputs_are_equal_where_their_answers_are(program: Program) -> None:
    inputs = _inputs(program)
    widest = max(map(len, inputs))
    same = [tokens for tokens in inputs if len(tokens) == widest]
    _agree(*(execute(program, encode(program, lot)) for lot in (same, same[::-1])))


def _with_two_holes() -> Program:
    """`first` knows neither a nor b, and `second`, computed after it, does not know c."""
    vocabulary = (BEGIN, "a", "b", "c", "d")
    embedded = (
        Embedding("first", (0,), tuple(None if word in ("a", "b") else 0 for word in vocabulary)),
        Embedding("second", (0,), tuple(None if word == "c" else 0 for word in vocabulary)),
    )
    return Program(vocabulary, ("x", "y"), 4, embedded, Readout((Weights("ones", ((0, 0),)),), forced=(BEGIN,)))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("ac", "bc", False),  # the same hole last, at another node than the first
        ("ab", "bb", False),  # the same hole last, at the same node
        ("ab", "ac", True),
        ("ab", "ad", True),
        ("dc", "dc", True),
        ("da", "ad", False),
    ],
)
def test_the_outcome_of_an_input_is_its_first_hole_not_a_later_one(one: str, other: str, alike: bool) -> None:
    run = execute(_with_two_holes(), encode(_with_two_holes(), [[BEGIN, *one], [BEGIN, *other]]))
    found = outcomes(run)
    assert is_hole(found).all()
    assert (found[0, 0] == found[1, 0]) == alike
    assert (run.hole(0) == run.hole(1)) == alike


def test_a_hole_that_nobody_names_is_a_hole_and_what_is_forced_or_predicted_is_none() -> None:
    assert is_hole(np.array([SOME_HOLE - 1, SOME_HOLE, -1, 0, 1])).tolist() == [True, True, False, False, False]


def test_what_is_expected_counts_and_what_is_read_out_counts_where_nothing_is() -> None:
    program = _with_two_holes()
    batch = encode(program, [[BEGIN, "d", "d"], [BEGIN, "d"]])
    assert graded_at(program, batch, None).tolist() == [[False, True, True], [False, True, False]]
    expected = np.array([[UNGRADED, UNGRADED, 1], [UNGRADED, 0, UNGRADED]])
    assert graded_at(program, batch, expected).tolist() == [[False, False, True], [False, True, False]]
    pooled = replace(program, readout=replace(program.readout, pooled=True, forced=()))
    assert graded_at(pooled, batch, None).tolist() == [[True], [True]]
    assert graded_at(pooled, batch, np.array([1, UNGRADED])).tolist() == [[True], [False]]


def test_an_input_in_a_hole_is_wrong_wherever_a_class_is_expected_whatever_was_computed_there() -> None:
    in_hole, predictions = np.array([False, True]), np.array([[0, 1], [0, 1]])
    expected = np.array([[0, 0], [0, UNGRADED]])
    assert wrong_at(predictions, in_hole, expected).tolist() == [[False, True], [True, False]]
    assert wrong_at(predictions[:, 0], in_hole, expected[:, 0]).tolist() == [[False], [True]]  # pooled


@given(programs(max_nodes=4))
def test_an_input_misses_a_row_of_a_node_where_it_is_said_to_be_lost(program: Program) -> None:
    batch = encode(program, _inputs(program))
    run = execute(program, batch)
    for node in program.nodes:
        _, missing = evaluate(node, program, batch, run.values)
        assert any_missing(missing, batch).tolist() == run.lost_at(node.name).any(axis=1).tolist()
        assert any_missing(missing, batch).shape == (len(batch),)


@given(programs(max_nodes=3))
def test_some_inputs_of_an_execution_cut_to_the_longest_are_those_executed_alone(program: Program) -> None:
    words = _inputs(program)
    run = execute(program, encode(program, words))
    rows = np.flatnonzero(run.batch.lengths == run.batch.lengths.min())
    cut, alone = some_of(run, rows, cut=True), execute(program, encode(program, [words[row] for row in rows.tolist()]))
    assert cut.totals.shape == alone.totals.shape
    assert np.array_equal(outcomes(cut), outcomes(alone))


@pytest.mark.parametrize("cut", [False, True])
def test_where_no_input_is_looked_at_there_are_no_outcomes_though_others_meet_a_hole(cut: bool) -> None:
    program = PROGRAMS["partial"].program
    run = execute(program, encode(program, _inputs(program)))
    assert run.holed
    none = some_of(run, slice(0, 0), cut=cut)
    assert outcomes(none).shape == none.batch.tokens.shape == (0, 0 if cut else run.batch.tokens.shape[1])
