"""Outcomes: two runs agree where they predict the same class, or first reach the same missing row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import programs, some_inputs
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
from tprog.run.outcome import outcomes


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
