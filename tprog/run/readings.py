"""What a readout reads for each prediction, and the weights of least loss that are pulled to the ones as they are.

The logits are linear in the weights, so a readout is a multinomial logistic regression on what it reads. The weights of
`Readings.fitted` minimise

    sum_i loss_i(W) + strength / 2 |W - W0|^2

over the predictions i, with the logistic loss and the old weights W0, which is convex, and solved by L-BFGS. The pull
keeps what the predictions say little about as it was. Pooled logits are means over positions.

Nothing is believed of this arithmetic in floating point: whole weights come of it, and a caller executes them.

Letters in shapes: P predictions, p places that are read for them (pooled, several each), v variables, R rows of weights
one below the other, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tprog.ir.program import Program, Symbols
from tprog.minimise import lbfgs
from tprog.run.batch import Array, Batch, Bools
from tprog.run.logits import read_out_at

ITERATIONS = 30
"""Of L-BFGS; most fits begin at the solution of a stronger pull."""


@dataclass(frozen=True, eq=False)
class Readings:
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

    @classmethod
    def of(
        cls, program: Program, batch: Batch, values: Mapping[str, Array], expected: Array, graded: Bools
    ) -> Readings:
        """From an execution.

        Args:
            values: variable -> [input, position], as an execution gives them.
            expected: [input, position] class codes, pooled [input, 1].
            graded: of the same shape, which of them count.
        """
        if program.readout.pooled:
            judged = np.asarray(graded.any(axis=1))
            read = read_out_at(program, batch) & judged[:, None]
            counts = read.sum(axis=1)[judged]
            firsts = np.cumsum(counts) - counts
        else:
            read, firsts = graded, np.arange(int(graded.sum()))
        rows, factors = _rows(program, {name: values[name][read] for name in program.readout.reads})
        return cls(rows, factors, firsts, expected[graded].astype(np.intp), np.nonzero(graded)[0])

    @property
    def places(self) -> Array:
        """[P] how many places each prediction has."""
        counts: Array = np.diff(np.append(self.firsts, len(self.rows)))
        return counts

    def chosen(self, which: Bools) -> Readings:
        """Those of the chosen predictions [P] alone."""
        at, places = np.repeat(which, self.places), self.places[which]
        factors = None if self.factors is None else self.factors[at]
        firsts = np.cumsum(places) - places
        return Readings(self.rows[at], factors, firsts, self.wanted[which], self.inputs[which])

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

    def predicted(self, weights: Array) -> Array:
        """[P] the class of each prediction; ties go to the first."""
        found: Array = self.logits(weights).argmax(axis=1)
        return found

    def wrong(self, weights: Array) -> Bools:
        """[P] which predictions are wrong."""
        found: Bools = self.predicted(weights) != self.wanted
        return found

    def fitted(self, old: Array, start: Array, strength: float, iterations: int = ITERATIONS) -> Array:
        """[R, C] the weights of least loss, pulled to the old ones, from a first guess."""
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

        found: Array = lbfgs(objective, start.ravel(), iterations).reshape(old.shape)
        return found


def stacked_weights(program: Program) -> Array:
    """[R, C] the weights of all variables one below the other; a row that is a hole, which nothing reads, is 0."""
    none = (0,) * len(program.written_classes)
    rows = [row or none for term in program.readout.terms for row in term.rows]
    return np.array(rows, dtype=np.float64) / program.readout.scale


def parted_weights(program: Program, stacked: Array) -> list[Array]:
    """Stacked rows, those of each variable that is read by itself, in the order of the readout."""
    starts = np.cumsum([len(term.rows) for term in program.readout.terms])[:-1]
    return np.split(stacked, starts)


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
