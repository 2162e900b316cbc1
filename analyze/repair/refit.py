"""The convex half of a program: a readout for given variables that is right on more predictions.

A *pattern* is what the readout reads at a graded position, beside the class that it must give: the value of each
variable that has weights. Predictions with the same pattern get the same answer from every readout, so those of them
whose answers differ are *unavoidable* errors. For the others new weights W are sought, near the old ones W0:

    minimise 1/2 |W - W0|^2 + C sum_i sum_r max(0, margin - (W_y - W_r) x_i)        over patterns i and rivals r of y.

That is a support vector machine with one hinge a rival class, solved in its dual, one multiplier after the other, on
the patterns that constrain it: they are collected in rounds, as in a cutting plane. Weights that turn out not to be
needed get their old values back. Nothing is believed of this arithmetic in floating point: whole weights come of it,
and a caller executes them.

Sources: Weston and Watkins, "Support vector machines for multi-class pattern recognition", ESANN 1999, section 3 (one
hinge a rival); Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML 2008, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyze.outcome import Ground
from tprog.edits.edit import WeightRowEdit
from tprog.ir.program import Program, Symbols
from tprog.run.batch import Array
from tprog.run.groups import firsts, groups

MARGIN = 0.01
"""By how much the right class should lead, in parts of the median lead."""

WIDER = (0.1, 0.03)
"""Margins that are better, if they are to be had: predictions that were not looked at keep more of a distance."""

PENALTY, LOWER, HIGHER = 120.0, 12.0, 1e5
"""C, for a margin of 1 and vectors of length 1; one that gives errors up sooner, where some must be; and one that
hardly gives any up, where the weights have a long way to go."""

MANY = 20_000
"""Patterns above which `HIGHER` is not tried."""

ROUNDS, UPDATES = 40, 20_000
"""How often all patterns are looked at, and how many multipliers are brought up to date between two looks."""

ADDED, WORKING = 120, 1600
"""Patterns that one look adds at most, and the most that constrain."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """The distinct patterns of the graded predictions of a program, without those of inputs that run into a hole.

    Attributes:
        names: the variables that have weights.
        columns: one array [pattern] a variable: codes, or numbers as whole multiples of 1 / denominator.
        sizes: one a variable: how many codes it has; None for a number.
        counts: [pattern, class] how many predictions have the pattern and must give the class.
    """

    names: Sequence[str]
    columns: Sequence[Array]
    sizes: Sequence[int | None]
    counts: Array

    @property
    def wanted(self) -> Array:
        """[pattern]: the class that most of its predictions must give, the first of several."""
        best: Array = self.counts.argmax(axis=1)
        return best

    @property
    def unavoidable(self) -> int:
        """Predictions that every readout of these variables gets wrong."""
        return int(self.counts.sum() - self.counts.max(axis=1, initial=0).sum())

    def wrong(self, logits: Array) -> int:
        """Predictions that are wrong at such logits [pattern, class]; ties go to the first class."""
        found = logits.argmax(axis=1)
        return int(self.counts.sum() - self.counts[np.arange(len(found)), found].sum())


def patterns_of(on: Ground) -> Patterns:
    """The patterns of a program whose readout is not pooled, on inputs with right answers."""
    assert on.expected is not None
    program, run = on.program, on.intact
    expected, classes = on.expected[:, program.of_readout], len(program.written_classes)
    at = on.graded[:, program.of_readout] & ~run.in_hole[:, None] & (expected < classes)
    names = list(program.readout.reads)
    columns = [run.values[name][at] for name in names]
    domains = [program.variables[name].domain for name in names]
    sizes = [len(domain) if isinstance(domain, Symbols) else None for domain in domains]
    wanted = expected[at].astype(np.intp)
    group = groups(columns, len(wanted))
    first = firsts(group)
    counts = np.bincount(group * classes + wanted, minlength=len(first) * classes)
    return Patterns(names, [column[first] for column in columns], sizes, counts.reshape(len(first), classes))


@dataclass(frozen=True, eq=False)
class Refit:
    """New weights.

    Attributes:
        edits: one a row that changes, in the order of the readout.
        weights: how many weights differ from the old ones.
        wrong: predictions of the patterns that are wrong then, in exact arithmetic.
        unavoidable: those that every readout of these variables would get wrong.
    """

    edits: tuple[WeightRowEdit, ...]
    weights: int
    wrong: int
    unavoidable: int


def refit(on: Ground, patterns: Patterns | None = None, quick: bool = False) -> Refit | None:
    """New readout weights near the old ones that are right on more of the predictions, or None if none are found.

    A pooled program has none: its patterns are sums over positions, of which no two need be alike.

    Args:
        patterns: those of `on`, if they are known.
        quick: take the first weights that come of it.
    """
    if on.program.readout.pooled or not on.program.weights:
        return None
    patterns = patterns_of(on) if patterns is None else patterns
    if not len(patterns.counts):
        return None
    space = _Space(on.program, patterns)
    before, least = patterns.wrong(space.exact(space.old)), patterns.unavoidable
    if before == least:
        return None
    found, wrong = _solved(space, space.margin(MARGIN), PENALTY)
    solution = _Solution(found, wrong, MARGIN)
    if not quick:
        solution = _better(space, patterns, solution)
    if solution.wrong == before:
        return None
    best = _restored(space, solution.weights, space.margin(solution.margin))
    return Refit(space.edits(best), space.changed(best), patterns.wrong(space.exact(best)), least)


@dataclass(frozen=True, eq=False)
class _Solution:
    """Weights, the predictions that are wrong with them, and the part of the margin that they were sought with."""

    weights: list[Array]
    wrong: int
    margin: float


def _better(space: _Space, patterns: Patterns, solution: _Solution) -> _Solution:
    """What other margins and penalties come to: fewer errors, or none that can be avoided by a wider margin."""
    least = patterns.unavoidable
    for part, penalty in _others(avoided=solution.wrong == least):
        if penalty == HIGHER and len(patterns.counts) > MANY:
            continue  # the work would be long, and in vain where errors have to be given up
        found, wrong = _solved(space, space.margin(part), penalty)
        if wrong < solution.wrong or (wrong == least and part > solution.margin):
            solution = _Solution(found, wrong, part)
        if wrong == least and part > MARGIN:
            break
    return solution


def _others(avoided: bool) -> list[tuple[float, float]]:
    """What is tried after the first margin and penalty: wider margins, if every error that can be avoided is."""
    return [(part, PENALTY) for part in WIDER] if avoided else [(MARGIN, LOWER), (WIDER[-1], PENALTY), (MARGIN, HIGHER)]


def leads(logits: Array, wanted: Array) -> Array:
    """[pattern]: the logit of the wanted class less the best other one; a tie that the wanted class loses counts as
    the least lag."""
    rows = np.arange(len(logits))
    others = logits.copy()
    lowest = np.iinfo(others.dtype).min if others.dtype.kind == "i" else -np.inf
    others[rows, wanted] = lowest
    lead: Array = logits[rows, wanted] - others.max(axis=1, initial=lowest)
    loses = (lead == 0) & (others.argmax(axis=1) < wanted)
    return np.where(loses, -1 if others.dtype.kind == "i" else 0.0, lead)


class _Space:
    """The patterns of a program as vectors.

    A vector holds 1 for each value that is there, and each number divided by the root mean square of its variable.
    Weights are one array [code, class] a variable, [1, class] for a number, in units of 1 / `Classify.scale`; those of
    a row that is a hole are 0, and nothing reads them.
    """

    def __init__(self, program: Program, patterns: Patterns) -> None:
        self.program, self.patterns, self.wanted = program, patterns, patterns.wanted
        none = (0,) * len(program.written_classes)
        self.old = [np.array([row or none for row in term.rows], dtype=np.int64) for term in program.readout.terms]
        self.numbers: list[Array | None] = []
        self.spread = []
        for name, column in zip(patterns.names, patterns.columns, strict=True):
            domain = program.variables[name].domain
            if isinstance(domain, Symbols):
                self.numbers.append(None)
                self.spread.append(1.0)
            else:
                number = column / program.numbers(name).denominator
                self.spread.append(max(float(np.sqrt((number**2).mean())), 1e-9))
                self.numbers.append(number / self.spread[-1])

    def exact(self, weights: Sequence[Array]) -> Array:
        """[pattern, class] logits over `Program.logit_scale`."""
        program = self.program
        total = np.zeros((len(program.written_classes), len(self.wanted)), dtype=np.int64)
        for name, column, rows in zip(self.patterns.names, self.patterns.columns, weights, strict=True):
            self.add(total, name, column, rows)
        return total.T

    def add(self, total: Array, name: str, column: Array, rows: Array) -> None:
        """Add one variable's share to [class, pattern] logits."""
        domain, unit = self.program.variables[name].domain, self.program.logit_scale // self.program.readout.scale
        for label in range(len(total)):
            if not rows[:, label].any():
                continue
            if isinstance(domain, Symbols):
                total[label] += (rows[:, label] * unit).take(column)
            else:
                total[label] += column.astype(np.int64) * (
                    rows[0, label] * (unit // self.program.numbers(name).denominator)
                )

    def margin(self, part: float) -> float:
        """A part of the median distance of the right class from the best other one, as a logit; at least so much that
        rounding the weights cannot undo it."""
        distance = float(np.median(np.abs(leads(self.exact(self.old), self.wanted)))) / self.program.logit_scale
        largest = sum(
            1.0 if number is None else float(np.abs(number).max(initial=0)) * spread
            for number, spread in zip(self.numbers, self.spread, strict=True)
        )
        return max(part * distance, largest / self.program.readout.scale)

    def inner(self, rows: Array) -> Array:
        """[row, row] inner products of patterns."""
        total = np.zeros((len(rows), len(rows)))
        for column, number in zip(self.patterns.columns, self.numbers, strict=True):
            if number is None:
                total += column[rows][:, None] == column[rows]
            else:
                total += np.multiply.outer(number[rows], number[rows])
        return total

    def moved(self, rows: Array, by: Array) -> list[Array]:
        """The old weights plus `by` [row, class] times the vectors of the patterns `rows`, rounded."""
        found = []
        for at, old in enumerate(self.old):
            more, number = np.zeros(old.shape), self.numbers[at]
            if number is None:
                np.add.at(more, self.patterns.columns[at][rows], by)
            else:
                more[0] = number[rows] @ by / self.spread[at]
            found.append(old + np.rint(more * self.program.readout.scale).astype(np.int64))
        return found

    def changed(self, weights: Sequence[Array]) -> int:
        return sum(int((rows != old).sum()) for rows, old in zip(weights, self.old, strict=True))

    def edits(self, weights: Sequence[Array]) -> tuple[WeightRowEdit, ...]:
        return row_edits(self.program, self.old, weights)


def row_edits(program: Program, old: Sequence[Array], new: Sequence[Array]) -> tuple[WeightRowEdit, ...]:
    """The edits of the rows of weights that differ; one array [row, class] a variable, in the order of the readout."""
    found = []
    for name, was, rows in zip(program.readout.reads, old, new, strict=True):
        domain = program.variables[name].domain
        for at in np.flatnonzero((rows != was).any(axis=1)).tolist():
            value = domain.values[at] if isinstance(domain, Symbols) else None
            found.append(WeightRowEdit(name, value, tuple(rows[at].tolist())))
    return tuple(found)


def _solved(space: _Space, margin: float, penalty: float) -> tuple[list[Array], int]:
    """Weights of the convex problem, rounded: of all rounds, those with the fewest wrong predictions; and how many."""
    scale, patterns = space.program.logit_scale, space.patterns
    working: Array = np.zeros(0, dtype=np.intp)
    multipliers = np.zeros((0, len(space.program.written_classes)))
    start = logits = space.exact(space.old)
    best, fewest = space.old, patterns.wrong(start)
    for _ in range(ROUNDS):
        lead = leads(logits, space.wanted) / scale
        short = np.setdiff1d(np.flatnonzero(lead < 0.9 * margin), working)
        if not len(short) or len(working) >= WORKING or fewest <= patterns.unavoidable:
            break
        short = short[np.argsort(lead[short], kind="stable")][:ADDED]
        working = np.concatenate([working, short])
        multipliers = np.concatenate([multipliers, np.zeros((len(short), multipliers.shape[1]))])
        inner = space.inner(working)
        most = penalty * margin / max(float(inner.diagonal().mean()), 1e-9)
        by = _ascend(inner, start[working] / scale, space.wanted[working], multipliers, margin, most)
        weights = space.moved(working, by)
        logits = space.exact(weights)
        if (wrong := patterns.wrong(logits)) < fewest:
            best, fewest = weights, wrong
    return best, fewest


def _ascend(inner: Array, start: Array, wanted: Array, multipliers: Array, margin: float, most: float) -> Array:
    """Coordinate ascent in the dual, on some patterns.

    Args:
        start: [pattern, class] logits of the old weights.
        multipliers: [pattern, rival], brought up to date.
        most: the largest that a multiplier may be.

    Returns:
        [pattern, class]: how often the vector of each pattern is added to the weights of each class.
    """
    every = np.arange(len(wanted))
    moves = inner.diagonal() > 0  # [pattern]: no weight moves the logits of one that reads nothing but 0
    by = -multipliers
    by[every, wanted] += multipliers.sum(axis=1)
    logits = np.ascontiguousarray((start + inner @ by).T)  # [class, pattern]
    updates = 0
    while updates < UPDATES:
        gaps = logits[wanted, every] - logits
        gaps[wanted, every] = np.inf
        owed = (gaps < 0.999 * margin) & (multipliers < most).T
        owed |= (gaps > 1.001 * margin) & (multipliers > 0).T
        owed &= moves
        if not owed.any():
            break
        due = np.argwhere(owed).tolist()
        updates += len(due)
        for label, row in due:
            own = wanted[row]
            gap = logits[own, row] - logits[label, row]
            new = min(max(multipliers[row, label] + (margin - gap) / (2 * inner[row, row]), 0.0), most)
            step = new - multipliers[row, label]
            if step:
                multipliers[row, label] = new
                by[row, own] += step
                by[row, label] -= step
                logits[own] += step * inner[row]
                logits[label] -= step * inner[row]
    return by


def _restored(space: _Space, weights: list[Array], margin: float) -> list[Array]:
    """The weights with the rows as they were that need not change, those that changed least first.

    A row may go back if no pattern's lead falls below half the margin for it, or falls at all where it is below.
    """
    weights = [rows.copy() for rows in weights]
    half = int(margin / 2 * space.program.logit_scale)
    logits = np.ascontiguousarray(space.exact(weights).T)
    rows = [
        (int(np.abs(new[at] - old[at]).sum()), which, at)
        for which, (new, old) in enumerate(zip(weights, space.old, strict=True))
        for at in np.flatnonzero((new != old).any(axis=1)).tolist()
    ]
    for _, which, at in sorted(rows):
        column, size = space.patterns.columns[which], space.patterns.sizes[which]
        touched = np.arange(len(column)) if size is None else np.flatnonzero(column == at)
        part, wanted = logits[:, touched], space.wanted[touched]
        back = np.zeros_like(weights[which])
        back[at] = space.old[which][at] - weights[which][at]
        changed = part.copy()
        space.add(changed, space.patterns.names[which], column[touched], back)
        before, after = leads(part.T, wanted), leads(changed.T, wanted)
        if (after >= np.minimum(before, half)).all():
            weights[which][at] = space.old[which][at]
            logits[:, touched] = changed
    return weights
