"""A linear classifier with small whole weights that is right on every pattern, if the search finds one.

A *pattern* is the values of some variables at a position, beside the class that they must give. A categorical value is
a feature of its own, a number is a feature that is multiplied. The search is the perceptron's: it finds a separating
classifier if there is one and the budget suffices; it cannot prove that there is none.

Source: Collins, "Discriminative training methods for hidden Markov models", EMNLP 2002, section 2 (the multi-class
perceptron); its bound on the number of mistakes is Novikoff's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tprog.run.batch import Array
from tprog.run.groups import contradictory, firsts, groups, scattered

ROUNDS = 40
"""How often all patterns are looked at."""

UPDATES = 3_000
"""Corrections after which patterns that the perceptron works on count as inseparable."""

_ADDED, _HARD = 150, 1000
"""How many wrong patterns one look at all adds to those that the perceptron works on; and the most of these."""

LOWERED = 500_000
"""Patterns times variables up to which weights are lowered one by one: beyond, no readout is pleasant to read."""

_SOME = 4096
"""Patterns that weights must suit before all are looked at: most weights fail on some of them."""

_NEVER = np.iinfo(np.int64).min // 2
"""Below every logit."""

_BYTE = 255
"""The largest number in a byte."""

_NARROW = 2**28
"""Logits below this, and all by which the perceptron moves them, are held in int32, which is twice as fast."""


@dataclass(frozen=True, eq=False)
class Patterns:
    """Distinct patterns.

    Attributes:
        columns: one array [pattern] a variable: codes, or numbers.
        sizes: one a variable: how many codes it has; None for a number.
        wanted: [pattern] class codes.
        classes: how many classes there are.
    """

    columns: Sequence[Array]
    sizes: Sequence[int | None]
    wanted: Array
    classes: int

    def logits(self, weights: Sequence[Array]) -> Array:
        """[pattern, class]; `weights` are [code, class] for each variable, [1, class] for a number."""
        total = np.zeros((self.classes, len(self.wanted)), dtype=np.int64)
        for column, size, rows in zip(self.columns, self.sizes, weights, strict=True):
            for label in range(self.classes):
                if rows[:, label].any():
                    share = rows[0, label] * column if size is None else rows[:, label].take(column)
                    total[label] += share
        return total.T

    def wrong(self, weights: Sequence[Array], ties: bool = False) -> Array:
        """[pattern]: whether the wanted class does not stand alone at the top.

        Args:
            ties: it need not stand alone, but come first among those at the top.
        """
        return not_on_top(self.logits(weights), self.wanted, ties)

    def take(self, rows: Array) -> Patterns:
        return Patterns([column[rows] for column in self.columns], self.sizes, self.wanted[rows], self.classes)

    def of(self, which: Sequence[int]) -> Patterns:
        """The same, in some of the variables."""
        return replace(self, columns=[self.columns[i] for i in which], sizes=[self.sizes[i] for i in which])

    def some(self, most: int) -> Patterns:
        """So many of the patterns, or all if they are no more, evenly spaced."""
        count = len(self.wanted)
        return self if count <= most else self.take(np.linspace(0, count - 1, most).astype(np.intp))

    def tell(self, which: Sequence[int]) -> bool:
        """Whether the class follows from some of the variables: no pattern of these would have to give two."""
        columns, marks = [self.columns[i] for i in which], [self._scattered[i] for i in which]
        return not contradictory(columns, marks, self.wanted)

    @cached_property
    def _scattered(self) -> list[Array]:
        return scattered(self.columns)

    def only(self, which: Sequence[int]) -> Patterns | None:
        """The patterns of some of the variables, or None if these do not tell the class."""
        if not self.tell(which):
            return None
        first = firsts(groups([self.columns[i] for i in which], len(self.wanted)))
        return self.of(which).take(first)


def not_on_top(logits: Array, wanted: Array, ties: bool = False) -> Array:
    """[pattern]: whether another class wins over the wanted one; see `Patterns.wrong`."""
    rows = np.arange(len(logits))
    if ties:  # the earlier of two classes gains what is less than any difference
        logits = logits * logits.shape[1] - np.arange(logits.shape[1])
    own = logits[rows, wanted]
    others = logits.copy(order="K")  # class by class, as they are added up: to compare five classes is slow otherwise
    others[rows, wanted] = _NEVER
    reached: Array = own <= others.max(axis=1, initial=_NEVER)
    return reached


def separate(
    patterns: Patterns, start: Sequence[Array] | None = None, hard: Array | None = None
) -> tuple[list[Array] | None, Array]:
    """Whole weights under which every pattern gets its class alone, and the patterns that were hard.

    Args:
        start: weights to start from; left out: none.
        hard: patterns known to be hard, to begin with.

    Returns:
        None for the weights if the search ends without.
    """
    weights = [np.zeros((size or 1, patterns.classes), dtype=np.int64) for size in patterns.sizes]
    if start is not None:
        weights = [rows.copy() for rows in start]
    step = max(1, max([0, *(int(np.abs(rows).max(initial=0)) for rows in weights)]) // 64)
    hard = np.zeros(0, dtype=np.intp) if hard is None else hard
    for _ in range(ROUNDS):
        if len(hard) and not _learn(patterns.take(hard), weights, step):
            return None, hard
        wrong = np.flatnonzero(patterns.wrong(weights))
        if not len(wrong):
            return weights, hard
        hard = np.union1d(hard, wrong[:: max(1, len(wrong) // _ADDED)][:_ADDED])
        if len(hard) > _HARD:
            return None, hard[::2]
    return None, hard


def _learn(patterns: Patterns, weights: Sequence[Array], step: int) -> bool:
    """The perceptron: at a wrong pattern, what speaks for its class gains and what speaks for the best other loses.

    It runs on the patterns' inner products, in which one correction is two additions.

    Returns:
        whether it came to an end; if not, the weights are as they were.
    """
    wanted, every, labels = patterns.wanted, np.arange(len(patterns.wanted)), range(patterns.classes)
    alike, logits = _inner_products(patterns) * step, patterns.logits(weights).T
    most = UPDATES + len(wanted)  # corrections: the last look at all patterns is not cut short
    narrow = int(np.abs(logits).max(initial=0)) + most * int(np.abs(alike).max(initial=0)) < _NARROW
    kind, never = (np.int32, -4 * _NARROW) if narrow else (np.int64, _NEVER)
    alike, rivals = alike.astype(kind), np.array(logits, dtype=kind, order="C")  # [class, pattern]
    # The class that a pattern must give stands apart from its rivals, so that the two compare at once.
    own: Array = rivals[wanted, every]
    rivals[wanted, every] = never  # far enough from the least number there is to be moved like a logit
    rows = list(rivals)
    gives = [(wanted == label).astype(kind) for label in labels]
    swaps = [[gives[label] - gives[rival] for rival in labels] for label in labels]
    blamed = [[0] * len(wanted) for _ in labels]
    updates, must = 0, wanted.tolist()
    while updates < UPDATES:
        waiting = own <= rivals.max(axis=0, initial=never)
        if not waiting.any():
            break
        row, still = int(waiting.argmax()), True
        while still:
            label, rival = must[row], int(rivals[:, row].argmax())
            shares = alike[row]
            own += shares * swaps[label][rival]
            rows[label] += shares
            rows[rival] -= shares
            blamed[label][row] += step
            blamed[rival][row] -= step
            updates += 1
            # Most corrections mend more than one pattern: of those that were wrong, the next that is so still.
            behind = waiting[row + 1 :] & (own[row + 1 :] <= np.maximum.reduce(rivals[:, row + 1 :], axis=0))
            further = int(behind.argmax()) if len(behind) else 0
            still = len(behind) > 0 and bool(behind[further])
            row += 1 + further
    if updates >= UPDATES:
        return False
    _correct(weights, patterns, np.array(blamed, dtype=np.int64).reshape(rivals.shape))
    return True


def _correct(weights: Sequence[Array], patterns: Patterns, blame: Array) -> None:
    """Add to the weights what the patterns have been corrected by: [class, pattern]."""
    for column, size, table in zip(patterns.columns, patterns.sizes, weights, strict=True):
        for label, amounts in enumerate(blame):
            if size is None:
                table[0, label] += int((amounts * column).sum())
            else:
                np.add.at(table[:, label], column, amounts)


def _inner_products(patterns: Patterns) -> Array:
    """[pattern, pattern]: in how many categorical values two are alike, plus the products of their numbers."""
    count = len(patterns.wanted)
    both = np.zeros((count, count), dtype=np.int64)
    alike = np.zeros((count, count), dtype=np.uint8)
    added = 0
    for column, size in zip(patterns.columns, patterns.sizes, strict=True):
        if size is None:
            wide = column.astype(np.int64)
            both += np.multiply.outer(wide, wide)
            continue
        alike += column[:, None] == column
        added += 1
        if added == _BYTE:  # one byte a pair is several times as fast as eight, and holds no more
            both, alike, added = both + alike, np.zeros_like(alike), 0
    return both + alike


def smaller(patterns: Patterns, weights: Sequence[Array]) -> list[Array]:
    """Weights that do the same and are nearer to 0: in larger units, and then each lowered as far as it goes.

    Weights that separate strictly go on to; others may go on to rely on ties.
    """
    ties = bool(patterns.wrong(weights).any())
    found = _coarser(patterns, [_shifted(rows) for rows in weights], ties)
    if len(patterns.wanted) * len(found) > LOWERED:
        return found
    logits = patterns.logits(found)
    for column, size, rows in zip(patterns.columns, patterns.sizes, found, strict=True):
        for at in range(len(rows)):
            touched = np.arange(len(column)) if size is None else np.flatnonzero(column == at)
            factor = column.astype(np.int64) if size is None else np.ones(len(touched), dtype=np.int64)
            part, wanted = logits[touched], patterns.wanted[touched]
            for label in range(patterns.classes):
                rows[at, label] = _lowered(part, wanted, factor, label, int(rows[at, label]), ties)
            logits[touched] = part
    return [_shifted(rows) for rows in found]


def _coarser(patterns: Patterns, weights: list[Array], ties: bool) -> list[Array]:
    """The weights in the largest units of a few in which they do the same."""
    largest = max((int(np.abs(rows).max(initial=0)) for rows in weights), default=0)
    some = patterns.some(_SOME)
    for largest_then in (*range(1, 13), 15, 20, 25, 30, 40, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 2000):
        if largest_then >= largest:
            break
        coarse = [np.rint(rows * (largest_then / largest)).astype(np.int64) for rows in weights]
        if not some.wrong(coarse, ties).any() and not patterns.wrong(coarse, ties).any():
            return coarse
    return weights


def _lowered(part: Array, wanted: Array, factor: Array, label: int, old: int, ties: bool) -> int:
    """The weight nearest to 0 of a few that keeps every pattern right; `part` is brought up to date."""
    before = part[:, label].copy()
    sign = 1 if old > 0 else -1
    for size in dict.fromkeys((0, abs(old) // 4, abs(old) // 2, abs(old) * 3 // 4, abs(old) - 1)) if old else ():
        part[:, label] = before + (sign * size - old) * factor
        if not not_on_top(part, wanted, ties).any():
            return sign * size
    part[:, label] = before
    return old


def _shifted(rows: Array) -> Array:
    """Each row minus its most frequent weight, which changes no argmax: most weights are 0 then."""
    shifted = rows.copy()
    for at, row in enumerate(rows):
        found, counts = np.unique(row, return_counts=True)
        shifted[at] -= found[counts.argmax()]
    return shifted
