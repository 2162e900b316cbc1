"""A refit of the readout that is pulled to the weights as they are, as hard as held-out inputs ask for.

The sentences of a corpus stand for others like them, and a refit that is right on all that it is shown
(`analyze.repair.refit`) learns them by heart. This one is that of `tprog.run.readings`. Its strength is that with which
the fewest predictions are wrong of inputs that the weights were not fitted on: every other input is held out, and then
the others. If with none the gain there is more than its standard error (the root of how many predictions changed
sides), there is no refit. Pooled programs have one too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyze.outcome import Ground
from analyze.repair.refit import row_edits
from tprog.edits.edit import WeightRowEdit
from tprog.run.batch import Array, Bools
from tprog.run.readings import Readings, parted_weights, stacked_weights

STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Tried from the strongest on, until two in turn leave more wrong than the best."""


@dataclass(frozen=True, eq=False)
class PulledRefit:
    """New weights.

    Attributes:
        edits: one a row that changes, in the order of the readout.
        weights: how many weights differ from the old ones.
        held_out: wrong predictions with the old weights, and with new ones that were not fitted on them.
    """

    edits: tuple[WeightRowEdit, ...]
    weights: int
    held_out: tuple[int, int]


def pulled_refit(on: Ground) -> PulledRefit | None:
    """New readout weights that are right on more predictions of held-out inputs; None if there are none.

    Args:
        on: inputs with right answers.
    """
    program = on.program
    if program.readout.implied or not program.weights:
        return None
    readings = readings_of(on)
    if not len(readings.wanted):
        return None
    old = stacked_weights(program)
    wrong = readings.wrong(old)
    strength, left = _strength(readings, old, wrong)
    if strength is None:
        return None
    best = old
    for each in STRENGTHS[: STRENGTHS.index(strength) + 1]:
        best = readings.fitted(old, best, each)
    scale = program.readout.scale
    whole, was = (np.rint(rows * scale).astype(np.int64) for rows in (best, old))
    edits = row_edits(program, parted_weights(program, was), parted_weights(program, whole))
    return PulledRefit(edits, int((whole != was).sum()), (int(wrong.sum()), left))


def _strength(readings: Readings, old: Array, before: Bools) -> tuple[float | None, int]:
    """The strength with which the fewest predictions of held-out inputs are wrong, and how many; None: none helps.

    Args:
        before: [P] which are wrong with the old weights.
    """
    second = readings.inputs % 2 == 1
    halves = [readings.chosen(~second), readings.chosen(second)]
    weights, best, fewest, worse = [old, old], None, int(before.sum()), 0
    for strength in STRENGTHS:
        weights = [half.fitted(old, start, strength) for half, start in zip(halves, weights, strict=True)]
        wrong = np.zeros_like(before)
        wrong[second], wrong[~second] = halves[1].wrong(weights[0]), halves[0].wrong(weights[1])
        mended, broken = int((before & ~wrong).sum()), int((wrong & ~before).sum())
        better = wrong.sum() < fewest and (mended - broken) ** 2 > mended + broken
        worse = 0 if better else worse + (best is not None)
        if better:
            best, fewest = strength, int(wrong.sum())
        if worse == 2:
            break
    return best, fewest


def readings_of(on: Ground) -> Readings:
    """What is read for the graded predictions of inputs that run into no hole."""
    assert on.expected is not None
    program, run = on.program, on.intact
    wanted: Array = on.expected[:, program.of_readout]
    known: Bools = wanted < len(program.written_classes)
    graded: Bools = on.graded[:, program.of_readout] & known & ~run.in_hole[:, None]
    return Readings.of(program, on.batch, run.values, wanted, graded)
