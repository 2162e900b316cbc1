"""The convex half of a Program: the best readout for given variables, and its rounding to whole numbers.

Given the variables, the readout is a multinomial logistic regression, so its best weights can be found exactly. A
training run stops short of them, because it moved the variables and the readout at the same time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import NotExact
from tprog.ir.program import Classify, Program, Symbols, Weights
from tprog.minimise import Floats, lbfgs
from tprog.run.batch import Array, Batch
from tprog.run.logits import read_out_at
from tprog.tasks.builtin import UNGRADED

Readings: TypeAlias = Mapping[str, Floats]
"""variable -> weights [value, class]; a number has one row, which multiplies it."""

FLOAT32_LIMIT = 2**24
"""Whole numbers up to this are exact in float32; as in extraction, the proven bound on the logits stays below it."""

RIDGE = 1e-5
"""Of the mean logistic loss; it only keeps the weights of separable data finite."""

DEPENDENT = 1e-4
"""Added to the Gram matrix of the columns: those of two variables depend on each other, as each has one for every
symbol."""


@dataclass(frozen=True, eq=False)
class Graded:
    """The predictions that a Program is judged by.

    Attributes:
        batch: B inputs, in the codes of the Program's vocabulary; n is its width.
        at: [P] the graded positions as indices in the flattened [B, n].
        labels: [P] the right classes' codes.
    """

    batch: Batch
    at: NDArray[np.int64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, program: Program, batch: Batch, expected: Array) -> Graded:
        """What is graded of a batch: all that the task grades and the Program's readout decides.

        Args:
            expected: [B, n] class codes, `UNGRADED` elsewhere.
        """
        wanted = (np.asarray(expected) != UNGRADED) & read_out_at(program, batch)
        at = np.flatnonzero(wanted)
        return cls(batch, at, np.asarray(expected).ravel()[at].astype(np.int64))

    @cached_property
    def inputs(self) -> NDArray[np.int64]:
        """[P] the input in which each graded position stands."""
        found: NDArray[np.int64] = self.at // self.batch.tokens.shape[1]
        return found

    @cached_property
    def positions(self) -> NDArray[np.int64]:
        """[P] the position within its input."""
        found: NDArray[np.int64] = self.at % self.batch.tokens.shape[1]
        return found

    def take(self, inputs: Array) -> Graded:
        """The chosen inputs alone, in the chosen order."""
        n = self.batch.tokens.shape[1]
        place = np.full(self.batch.tokens.shape, UNGRADED, dtype=np.int64)
        place.ravel()[self.at] = self.labels
        at = np.flatnonzero(place[inputs] != UNGRADED)
        batch = Batch(np.ascontiguousarray(self.batch.tokens[inputs]), self.batch.lengths[inputs])
        assert batch.tokens.shape[1] == n
        return Graded(batch, at, place[inputs].ravel()[at])


def read_variables(program: Program) -> tuple[str, ...]:
    """What a readout may read: everything but ``ones``, which the rows of any symbol express already."""
    return tuple(name for name in program.variables if name != "ones")


def columns(program: Program, values: Mapping[str, Array], graded: Graded) -> dict[str, Array]:
    """variable -> [P] its codes (or numerators) at the graded positions."""
    return {name: values[name].ravel()[graded.at] for name in read_variables(program)}


def logits(program: Program, read: Mapping[str, Array], weights: Readings) -> Floats:
    """[P, class] what float weights make of the variables."""
    first = next(iter(read.values()))
    total = np.zeros((len(first), len(program.classes)), dtype=np.float32)
    for name, table in weights.items():
        total += contribution(program, name, read[name], table)
    return total


def contribution(program: Program, name: str, codes: Array, table: Floats) -> Floats:
    """[P, class] one variable's share of the logits."""
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return table.astype(np.float32)[codes]
    return (codes / np.float32(program.numbers(name).denominator)).astype(np.float32)[:, None] * table.astype(
        np.float32
    )


def losses(scores: Floats, labels: Array) -> Floats:
    """[..., P] the logistic loss of scores [..., P, class]."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    right = np.take_along_axis(shifted, np.broadcast_to(labels[..., None], (*scores.shape[:-1], 1)), axis=-1)[..., 0]
    each: Floats = np.log(np.exp(shifted).sum(axis=-1)) - right
    return each


def probabilities(scores: Floats) -> Floats:
    """[..., class] the softmax."""
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


# Fitting ##############################################################################################################


@dataclass(frozen=True, eq=False)
class Fit:
    """A readout in floating point.

    Attributes:
        weights: see `Readings`.
        loss: mean logistic loss, without the ridge.
    """

    weights: Readings
    loss: float


def fit_readout(
    program: Program,
    read: Mapping[str, Array],
    labels: Array,
    start: Readings | None = None,
    iterations: int = 60,
    ridge: float = RIDGE,
) -> Fit:
    """The readout of least logistic loss for given variables.

    Args:
        read: variable -> [P] codes or numerators, as `columns` gives them.
        labels: [P] the right classes' codes.
        start: weights to begin from; a variable without any begins at 0.
        iterations: of L-BFGS.
        ridge: weight of half the squared norm of the weights.
    """
    kept, counts = _distinct(read, labels)
    design = _design(program, {name: codes[kept] for name, codes in read.items()})
    labels, share = labels[kept], (counts / counts.sum()).astype(np.float32)
    # Correlated columns make plain L-BFGS slow; in the basis in which they are uncorrelated it is not.
    gram = (design * share[:, None]).T @ design
    basis = np.linalg.inv(np.linalg.cholesky(gram + DEPENDENT * np.eye(len(gram)))).T.astype(np.float32)
    whitened = design @ basis
    classes = len(program.classes)

    def objective(x: Floats) -> tuple[float, Floats]:
        turned = x.reshape(-1, classes)
        weights = basis @ turned
        scores = whitened @ turned
        scores -= scores.max(axis=1, keepdims=True)
        raised = np.exp(scores)
        total = raised.sum(axis=1)
        each = np.log(total) - scores[np.arange(len(labels)), labels]
        raised /= total[:, None]
        raised[np.arange(len(labels)), labels] -= 1
        raised *= share[:, None]
        slope = whitened.T @ raised + ridge * (basis.T @ weights)
        return float(each @ share) + ridge / 2 * float((weights**2).sum()), slope.ravel()

    begin = np.zeros((len(gram), classes), dtype=np.float32)
    if start:
        begin = np.linalg.solve(basis, _stack(program, list(read), start, classes)).astype(np.float32)
    found = basis @ lbfgs(objective, begin.ravel(), iterations).reshape(-1, classes)
    weights = _unstack(program, list(read), found)
    each = losses(design @ found, labels)
    return Fit(weights, float(each @ share))


def _distinct(read: Mapping[str, Array], labels: Array) -> tuple[Array, Array]:
    """One index for each distinct row of variables and label, and how often it occurs."""
    rng = np.random.default_rng(0)
    mixed = labels.astype(np.uint64) * rng.integers(2**63, dtype=np.uint64)
    for codes in read.values():
        mixed = mixed + codes.astype(np.uint64) * (rng.integers(2**63, dtype=np.uint64) * np.uint64(2) + np.uint64(1))
        mixed ^= mixed >> np.uint64(29)
    _, kept, counts = np.unique(mixed, return_index=True, return_counts=True)
    return kept, counts


def _unit(program: Program, name: str) -> float:
    """What a number is divided by to be of the size of an indicator."""
    domain = program.variables[name].domain
    return 1.0 if isinstance(domain, Symbols) else float(max(domain.bound, 1)) / program.numbers(name).denominator


def _design(program: Program, read: Mapping[str, Array]) -> Floats:
    """[P, feature] indicators of symbols, and numbers in units of their bound."""
    blocks = []
    for name, codes in read.items():
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            block = np.zeros((len(codes), len(domain)), dtype=np.float32)
            block[np.arange(len(codes)), codes] = 1
        else:
            block = (codes / np.float32(max(domain.bound, 1))).astype(np.float32)[:, None]
        blocks.append(block)
    return np.concatenate(blocks, axis=1)


def _rows(program: Program, name: str) -> int:
    domain = program.variables[name].domain
    return len(domain) if isinstance(domain, Symbols) else 1


def _stack(program: Program, names: Sequence[str], weights: Readings, classes: int) -> Floats:
    """The weights below each other; rows that a variable has no weights for (its domain may have grown) are 0."""
    blocks = []
    for name in names:
        block, known = np.zeros((_rows(program, name), classes)), weights.get(name, np.zeros((0, classes)))
        shared = min(len(block), len(known))
        block[:shared] = known[:shared] * _unit(program, name)
        blocks.append(block)
    return np.concatenate(blocks)


def _unstack(program: Program, names: Sequence[str], stacked: Floats) -> dict[str, Floats]:
    weights, start = {}, 0
    for name in names:
        rows = _rows(program, name)
        weights[name] = stacked[start : start + rows] / _unit(program, name)
        start += rows
    return weights


# Rounding #############################################################################################################


def round_weights(program: Program, weights: Readings, finest: int = 1000) -> Program:
    """The Program with float weights as its readout, in whole multiples of 1 / scale.

    Args:
        finest: the largest scale to use, a power of ten; it is lowered until the bound on the logits allows it.

    Raises:
        NotExact: even whole weights are too large.
    """
    names = [name for name in program.variables if name in weights]
    # A constant that all classes share changes no prediction, but takes room below the bound.
    centred = {name: weights[name] - weights[name].mean(axis=1, keepdims=True) for name in names}
    scale = finest
    while True:
        terms = tuple(
            Weights(name, tuple(tuple(int(w) for w in row) for row in np.rint(centred[name] * scale).tolist()))
            for name in names
        )
        readout = Classify(terms, scale, program.readout.pooled, program.readout.forced)
        rounded = dataclasses.replace(program, readout=readout)
        if rounded.logit_bound < FLOAT32_LIMIT:
            return rounded
        if scale == 1:
            raise NotExact(f"the refitted logits can reach {rounded.logit_bound}; expected less than 2**24")
        scale //= 10
