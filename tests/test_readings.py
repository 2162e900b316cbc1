"""What a readout reads, and the weights of least loss: against execution, and against the loss itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from tests.small_programs import small
from tprog.ir.program import BEGIN, Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import Execution, execute
from tprog.run.pieces import CHUNK, MEMORY, cached_at_once, held_at_once, held_bytes, inputs_at_once
from tprog.run.readings import Readings, parted_weights, stacked_weights
from tprog.tasks.builtin import inputs_for


def _read(seed: int) -> tuple[Program, Execution, Array, Bools, Readings]:
    """A small program, pooled or with an output that is forced, and what it reads where half of all are graded."""
    program = small(seed)
    pooled, forced = seed % 4 == 0, tuple(word for word in program.vocabulary if word == BEGIN)
    readout = replace(program.readout, pooled=pooled, forced=() if pooled else forced, scale=(1, 2, 4)[seed % 3])
    program = replace(program, readout=readout)
    run = execute(program, inputs_for(program).batch)
    draw = np.random.default_rng(seed)
    shape = (len(run.batch), 1) if pooled else run.batch.tokens.shape
    wanted = draw.integers(0, len(program.classes), shape)
    graded = draw.random(shape) < 0.5
    if not pooled:
        graded &= run.predictions >= 0
    return program, run, wanted, graded, Readings.of(program, run.batch, run.values, wanted, graded)


SEEDS = range(0, 48, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_logits_of_what_is_read_are_those_of_the_execution(seed: int) -> None:
    program, run, wanted, graded, readings = _read(seed)
    rows, places = np.nonzero(graded)
    lengths = run.batch.lengths[rows]
    pooled = program.readout.pooled
    assert readings.inputs.tolist() == rows.tolist()
    assert readings.wanted.tolist() == wanted[graded].tolist()
    assert readings.places.tolist() == (lengths.tolist() if pooled else [1] * len(rows))
    totals = run.totals[rows] / lengths[:, None] if pooled else run.totals[rows, places]
    weights = stacked_weights(program)
    assert np.allclose(readings.logits(weights), totals / program.logit_scale)
    predicted = run.predictions[rows] if pooled else run.predictions[rows, places]
    assert readings.predicted(weights).tolist() == predicted.tolist()
    assert readings.wrong(weights).tolist() == (predicted != wanted[graded]).tolist()
    parts = parted_weights(program, weights)
    assert [(part * program.readout.scale).tolist() for part in parts] == [
        [list(row or (0,) * len(program.classes)) for row in term.rows] for term in program.readout.terms
    ]
    which = np.arange(len(rows)) % 3 == 0
    some = readings.chosen(which)
    assert np.array_equal(some.logits(weights), readings.logits(weights)[which])
    assert some.wanted.tolist() == readings.wanted[which].tolist()
    assert some.inputs.tolist() == readings.inputs[which].tolist()


def _loss(readings: Readings, weights: Array, old: Array, strength: float) -> float:
    """As it is defined, one prediction after the other."""
    total = strength / 2 * float(((weights - old) ** 2).sum())
    for logits, wanted in zip(readings.logits(weights).tolist(), readings.wanted.tolist(), strict=True):
        total += log(sum(map(exp, logits))) - logits[wanted]
    return total


def _nearby(weights: Array) -> Iterator[Array]:
    """Weights of which one is a little more or less."""
    for at in np.ndindex(*weights.shape):
        for by in (0.02, -0.02):
            other = weights.copy()
            other[at] += by
            yield other


@pytest.mark.parametrize("seed", SEEDS[:8])
def test_weights_that_are_fitted_have_the_least_loss_and_stay_the_nearer_to_the_old_ones_the_more_they_are_pulled(
    seed: int,
) -> None:
    program, _, _, _, readings = _read(seed)
    old, far = stacked_weights(program), []
    for strength in (0.1, 1.0, 100.0):
        found = readings.fitted(old, old, strength, 200)
        least = _loss(readings, found, old, strength)
        assert least <= _loss(readings, old, old, strength)
        assert all(least <= _loss(readings, other, old, strength) for other in _nearby(found))
        far.append(float(((found - old) ** 2).sum()))
    assert far == sorted(far, reverse=True)


def test_as_many_inputs_are_worked_on_at_once_as_memory_holds_and_one_in_any_case() -> None:
    program = small(2)
    for width in (1, 3, 100, 10**6):
        each = held_bytes(program, width)
        assert held_at_once(program, width, 10 * each) == 10
        assert held_at_once(program, width, each - 1) == 1
        assert inputs_at_once(program, width, 3) == (3 if width < 1000 else 1)
        assert inputs_at_once(program, width) * each <= max(MEMORY, each)
    assert held_bytes(program, 0) == held_bytes(program, 1)
    assert [cached_at_once(width) for width in (0, 1, 512, 10**4)] == [CHUNK, CHUNK, 4, 1]
    assert [cached_at_once(width, least=256) for width in (1, 512, 10**4)] == [CHUNK, 256, 256]
    assert cached_at_once(4, cells=160) == 10
