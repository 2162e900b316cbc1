"""A refit of the readout that is pulled to the weights as they are, as hard as held-out inputs ask for.

The sentences of a corpus stand for others like them, and a refit that is right on all that it is shown
(`analyze.repair.refit`) learns them by heart. This one minimises

    sum_i loss_i(W) + strength / 2 |W - W0|^2

over the predictions i, with the logistic loss and the old weights W0: a multinomial logistic regression with a ridge,
which is convex, and solved by L-BFGS. The strength is that with which the fewest predictions are wrong of inputs that
the weights were not fitted on: every other input is held out, and then the others. If with none the gain there is more
than its standard error (the root of how many predictions changed sides), there is no refit. Pooled programs have one
too: their logits are means over positions.

Nothing is believed of this arithmetic in floating point: whole weights come of it, and a caller executes them.

Letters in shapes: P predictions, p places that are read for them (pooled, several each), v variables, R rows of weights
one below the other, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyze.outcome import Ground
from analyze.repair.refit import row_edits
from tprog.edits.edit import WeightRowEdit
from tprog.ir.program import Program, Symbols
from tprog.minimise import lbfgs
from tprog.run.batch import Array, Bools
from tprog.run.logits import read_out_at

STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Tried from the strongest on, until two in turn leave more wrong than the best."""

ITERATIONS = 30
"""Of L-BFGS; from the solution of the strength before."""


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
    starts = np.cumsum([len(term.rows) for term in program.readout.terms])[:-1]
    edits = row_edits(program, np.split(was, starts), np.split(whole, starts))
    return PulledRefit(edits, int((whole != was).sum()), (int(wrong.sum()), left))


def _strength(readings: _Readings, old: Array, before: Bools) -> tuple[float | None, int]:
    """The strength with which the fewest predictions of held-out inputs are wrong, and how many; None: none helps.

    Args:
        before: [P] which are wrong with the old weights.
    """
    second = readings.inputs % 2 == 1
    halves = [readings.of(~second), readings.of(second)]
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


@dataclass(frozen=True, eq=False)
class _Readings:
    """What the readout reads for each prediction.

    Attributes:
        rows: [p, v] the row of weights.
        factors: [p, v] what it is multiplied by: 1, or the number that is read; None where all are 1.
        firsts: [P] the first place of each prediction.
        wanted: [P] the right class.
        inputs: [P] the input.
    """

    rows: Array
    factors: Array | None
    firsts: Array
    wanted: Array
    inputs: Array

    @property
    def places(self) -> Array:
        """[P] how many places each prediction has."""
        counts: Array = np.diff(np.append(self.firsts, len(self.rows)))
        return counts

    def of(self, chosen: Bools) -> _Readings:
        """Those of the chosen predictions [P] alone."""
        at, places = np.repeat(chosen, self.places), self.places[chosen]
        factors = None if self.factors is None else self.factors[at]
        firsts = np.cumsum(places) - places
        return _Readings(self.rows[at], factors, firsts, self.wanted[chosen], self.inputs[chosen])

    def logits(self, weights: Array) -> Array:
        """[P, C] from weights [R, C]."""
        total = np.zeros((len(self.rows), weights.shape[1]))
        for at in range(self.rows.shape[1]):
            share = weights.take(self.rows[:, at], axis=0)
            total += share if self.factors is None else share * self.factors[:, at, None]
        if len(self.firsts) == len(self.rows):
            return total
        means: Array = np.add.reduceat(total, self.firsts, axis=0) / self.places[:, None]
        return means

    def wrong(self, weights: Array) -> Bools:
        """[P] which predictions are wrong; ties go to the first class."""
        found: Bools = self.logits(weights).argmax(axis=1) != self.wanted
        return found

    def fitted(self, old: Array, start: Array, strength: float) -> Array:
        """[R, C] the weights of least loss, from a first guess."""
        every, pooled = np.arange(len(self.wanted)), len(self.firsts) != len(self.rows)

        def objective(flat: Array) -> tuple[float, Array]:
            weights = flat.reshape(old.shape)
            scores = self.logits(weights)
            scores -= scores.max(axis=1, keepdims=True)
            raised = np.exp(scores)
            total = raised.sum(axis=1)
            loss = float((np.log(total) - scores[every, self.wanted]).sum())
            raised /= total[:, None]
            raised[every, self.wanted] -= 1
            if pooled:
                raised = np.repeat(raised / self.places[:, None], self.places, axis=0)
            slope = strength * (weights - old)
            for label in range(old.shape[1]):
                shares = np.broadcast_to(raised[:, label, None], self.rows.shape)
                shares = shares if self.factors is None else shares * self.factors
                slope[:, label] += np.bincount(self.rows.ravel(), shares.ravel(), minlength=len(old))
            return loss + strength / 2 * float(((weights - old) ** 2).sum()), slope.ravel()

        found: Array = lbfgs(objective, start.ravel(), ITERATIONS).reshape(old.shape)
        return found


def stacked_weights(program: Program) -> Array:
    """[R, C] the weights of all variables one below the other; a row that is a hole, which nothing reads, is 0."""
    none = (0,) * len(program.written_classes)
    rows = [row or none for term in program.readout.terms for row in term.rows]
    return np.array(rows, dtype=np.float64) / program.readout.scale


def readings_of(on: Ground) -> _Readings:
    """What is read for the graded predictions of inputs that run into no hole."""
    assert on.expected is not None
    program, run = on.program, on.intact
    wanted: Array = on.expected[:, program.of_readout]
    known: Bools = wanted < len(program.written_classes)
    graded: Bools = on.graded[:, program.of_readout] & known & ~run.in_hole[:, None]
    if program.readout.pooled:
        judged = np.asarray(graded.any(axis=1))
        read = read_out_at(program, on.batch) & judged[:, None]
        counts = read.sum(axis=1)[judged]
        firsts = np.cumsum(counts) - counts
    else:
        read, firsts = graded, np.arange(int(graded.sum()))
    rows, factors = _rows(program, {name: run.values[name][read] for name in program.readout.reads})
    return _Readings(rows, factors, firsts, wanted[graded].astype(np.intp), np.nonzero(graded)[0])


def _rows(program: Program, values: dict[str, Array]) -> tuple[Array, Array | None]:
    """The row of weights of each value [p, v], and its factor."""
    rows: list[Array] = []
    factors: list[Array] = []
    start, numbers = 0, False
    for term, (name, codes) in zip(program.readout.terms, values.items(), strict=True):
        if isinstance(program.variables[name].domain, Symbols):
            rows.append(start + codes.astype(np.intp))
            factors.append(np.ones(len(codes)))
        else:
            numbers = True
            rows.append(np.full(len(codes), start, dtype=np.intp))
            factors.append(codes / program.numbers(name).denominator)
        start += len(term.rows)
    return np.stack(rows, axis=1), np.stack(factors, axis=1) if numbers and not _all_ones(factors) else None


def _all_ones(factors: Sequence[Array]) -> bool:
    return all(bool((each == 1).all()) for each in factors)
