"""What one variable can be, at each position of inputs of each length: a set of symbols or numbers, or an interval; and
how such are joined and added up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyze.abstract.transfer import composed
from tprog.ir.program import Numeric, Quotients
from tprog.run.batch import Array, Bools

MOST_NUMBERS = 512
"""A numeric variable with more possible values than this has an interval instead of a set."""


@dataclass(frozen=True, eq=False)
class Range:
    """What one variable can be.

    Attributes:
        support: the codes (or numerators) that `possible` is about, ascending; None for an interval.
        possible: [group, position, support] whether it can be that there; None for an interval.
        low, high: [group, position] the least and the largest code (or numerator); 0 where `some` is false.
        some: [group, position] whether any input has a value there: the position is within it, and no hole before.
    """

    support: Array | None
    possible: Bools | None
    low: Array
    high: Array
    some: Bools

    @cached_property
    def anywhere(self) -> Array | None:
        """The codes (or numerators) that it can be at any position of any input, ascending; None for an interval."""
        if self.support is None or self.possible is None:
            return None
        found: Array = self.support[any_at(self.possible, (0, 1))]
        return found

    @cached_property
    def only(self) -> int | None:
        """The one code (or numerator) that it can be anywhere, or None."""
        if not self.some.any():
            return None
        low, high = int(self.low[self.some].min()), int(self.high[self.some].max())
        return low if low == high else None

    @property
    def bounds(self) -> tuple[int, int]:
        """The least and the largest code (or numerator) anywhere; (0, -1) if there is none."""
        return (int(self.low[self.some].min()), int(self.high[self.some].max())) if self.some.any() else (0, -1)


def few_codes(domain: Numeric) -> Array | None:
    """The codes (or numerators) of a domain; None where they are too many for a set."""
    if isinstance(domain, Quotients):
        few = domain.codes is not None and len(domain.codes) <= MOST_NUMBERS
        return np.array(domain.codes, dtype=np.int64) if few else None
    start, stop = domain.ends
    return np.arange(start, stop + 1) if stop - start < MOST_NUMBERS else None


def any_at(at: Bools, axis: int | tuple[int, ...]) -> Bools:
    found: Bools = np.logical_or.reduce(at, axis=axis)
    return found


def of_set(support: Array, possible: Bools) -> Range:
    some = any_at(possible, 2)
    if not len(support):
        nothing = np.zeros(some.shape, dtype=np.int64)
        return Range(support, possible, nothing, nothing, some)
    low = np.where(some, support[possible.argmax(axis=2)], 0)
    high = np.where(some, support[len(support) - 1 - possible[:, :, ::-1].argmax(axis=2)], 0)
    return Range(support, possible, low, high, some)


def times(read: Range, share: int) -> Range:
    """A set of numbers, each times a whole one; an interval stays one, of no bounds yet."""
    if read.support is None or read.possible is None:
        return read
    return all_sums(read.support * share, read.possible)


def plus(one: Range, other: Range) -> Range:
    """The sums of two sets of numbers; an interval, of no bounds yet, where they would be too many."""
    wide = Range(None, None, one.low, one.high, one.some)
    if one.support is None or one.possible is None or other.support is None or other.possible is None:
        return wide
    if len(one.support) * len(other.support) > MOST_NUMBERS:
        return wide
    sums = one.support[:, None] + other.support
    both = one.possible[:, :, :, None] & other.possible[:, :, None, :]
    return all_sums(sums.ravel(), both.reshape(*both.shape[:2], -1))


def all_sums(numbers: Array, possible: Bools) -> Range:
    """The range of numbers that may be listed more than once and in any order."""
    support, place = np.unique(numbers, return_inverse=True)
    return of_set(support, composed(possible, place.reshape(-1)[:, None] == np.arange(len(support))))


def interval(least: Array, most: Array, here: Bools) -> Range:
    """The hull over rows: all [group, row, position]."""
    some, extreme = any_at(here, 1), np.iinfo(np.int64).max
    low = np.where(some, np.where(here, least, extreme).min(axis=1), 0)
    high = np.where(some, np.where(here, most, -extreme).max(axis=1), 0)
    return Range(None, None, low, high, some)
