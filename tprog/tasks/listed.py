"""Input domains that are lists: inputs that somebody wrote down, or that a function gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tprog.tasks.input_domain import NOTHING, InputDomain
from tprog.tasks.rules import UNGRADED, Array


@dataclass(frozen=True, eq=False)
class Listed(InputDomain):
    """The inputs that somebody wrote down, or that a function gives."""

    every: Callable[[], Array]

    @cached_property
    def _rows(self) -> Array:
        return self.every()

    @property
    def size(self) -> int:
        return len(self._rows)

    def enumerate(self) -> Array:
        return self._rows

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Different inputs; all, if `count` are not there."""
        return self._rows[rng.permutation(len(self._rows))[:count]]


@dataclass(frozen=True, eq=False)
class Sentences(InputDomain):
    """Sentences that are listed, each with answers of its own: two that read alike may have others.

    Attributes:
        rows: [sentence, place] symbol codes, `NOTHING` behind the end.
        answers: [sentence, place] answer codes, `UNGRADED` where there is none.
    """

    rows: Array
    answers: Array

    @property
    def size(self) -> int:
        return len(self.rows)

    def enumerate(self) -> Array:
        return self.rows

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        return self.rows[self.drawn(count, rng)]

    def drawn(self, count: int, rng: np.random.Generator) -> Array:
        """Which sentences are drawn, by their number; all, if `count` are not there."""
        return rng.permutation(len(self.rows))[:count]

    def shortened(self, most: int) -> Sentences:
        """Those of at most `most` symbols."""
        fits = (self.rows != NOTHING).sum(axis=1) <= most
        return replace(self, most=most, rows=self.rows[fits][:, :most], answers=self.answers[fits][:, :most])


def looked_up(table: Mapping[tuple[int, ...], Sequence[int]], x: Array, count: int, each: int = 1) -> Array:
    """The answers of the inputs that are known, `UNGRADED` everywhere for the others: a task's rule.

    Args:
        each: answers a place, side by side.
    """
    width = x.shape[1] * each
    unknown = [UNGRADED] * width
    return np.array([table.get(tuple(row), unknown) for row in x.tolist()], dtype=np.int64).reshape(len(x), width)


def rectangle(rows: Iterable[Sequence[int]], most: int, behind: int = NOTHING) -> Array:
    """Codes as [input, place], `behind` behind the end of each."""
    listed = list(rows)
    filled = np.full((len(listed), most), behind, dtype=np.int32)
    for at, row in enumerate(listed):
        filled[at, : len(row)] = row
    return filled
