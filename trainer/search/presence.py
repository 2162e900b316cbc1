"""Witness of an answer that depends on whether something stands there: a class holds where an event is seen.

A value that is seen by anyone whose answer is another class is no event of this class; every other value may be one. If
then everyone whose answer the class is sees an event, a head that counts events decides the class. What is left are
positions with the other classes, a smaller task of the same sort (a decision list: Rivest, "Learning decision lists",
Machine Learning 2, 1987).

Letters: B inputs of width n, A graded positions, K values of a variable, Q of a query.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Mask
from tprog.run.batch import Bools
from trainer.search.cells import Cells
from trainer.search.merging import as_one
from trainer.search.solution import Solution
from trainer.search.terms import Count, Term, Workshop

MOST_CLASSES: Final = 5
"""Classes that presence decides one after the other: each needs a head."""

WAYS: Final = 4
"""Events that are tried as the first one of a list, the simplest."""


@dataclass(frozen=True, eq=False)
class Event:
    """A class holds where the head counts any key."""

    code: int
    head: Count
    cost: int


class Presence:
    """The events of a sample; what is asked shrinks from class to class."""

    def __init__(self, shop: Workshop, keys: Sequence[Cells], queries: Sequence[Term | None]) -> None:
        self.shop, self.keys, self.queries = shop, keys, queries
        self.rows, self.asks = np.nonzero(shop.examples.graded)
        self.answers = shop.examples.answers[self.rows, self.asks]

    def solutions(self) -> Iterator[Solution]:
        """Lists of events, one for each simple way to begin."""
        shop, every = self.shop, np.ones(len(self.answers), dtype=np.bool_)
        found = np.unique(self.answers)
        if not shop.language.numbers or not shop.language.sets or not 2 <= len(found) <= MOST_CLASSES:
            return
        for first in self._events(every)[:WAYS]:
            events, left = [first], every & (self.answers != first.code)
            while len(np.unique(self.answers[left])) > 1 and (more := self._events(left)):
                events.append(more[0])
                left = left & (self.answers != more[0].code)
            rest = np.unique(self.answers[left])
            if len(rest) == 1:
                yield self._listed(events, int(rest[0]))

    def _listed(self, events: Sequence[Event], rest: int) -> Solution:
        """A readout in which an earlier event outweighs all later ones."""
        shop, weights, weight = self.shop, [], 1
        classes = len(shop.examples.classes)
        constant = np.zeros(classes, dtype=np.int64)
        constant[rest] = weight
        for event in reversed(events):
            weight = 2 * weight * (1 if event is events[-1] else shop.examples.longest + 1)
            table = np.zeros((1, classes), dtype=np.int64)
            table[0, event.code] = weight
            weights.append((event.head, table))
        return Solution("what stands there decides", tuple(reversed(weights)), constant)

    def _events(self, left: Bools) -> list[Event]:
        """What decides a class among the positions that are left, the simplest first."""
        found = [event for key in self.keys for event in self._of(key, left)]
        return sorted(found, key=lambda event: event.cost)

    def _of(self, key: Cells, left: Bools) -> Iterator[Event]:
        shop, size = self.shop, len(key.seen)
        shop.on_time()
        holds = (key.index[:, :, None] == np.arange(size)) & shop.present[:, :, None]
        classes = np.unique(self.answers[left])
        for mask in shop.visible_masks():
            window = shop.windows[mask].astype(np.float32)
            seen = (np.matmul(window, holds.astype(np.float32))[self.rows[left], self.asks[left]]) > 0
            for query in self.queries:
                codes = np.zeros(int(left.sum()), dtype=np.int64)
                if query is not None:
                    codes = query.codes[self.rows[left], self.asks[left]].astype(np.int64)
                for code in classes.tolist():
                    here = self.answers[left] == code
                    event = _never(seen, codes, ~here, 1 if query is None else query.size)
                    if not (seen[here] & event[codes[here]]).any(axis=1).all():
                        continue
                    event &= _ever(seen, codes, here, len(event))
                    if (head := self._head(query, key, event, mask)) is not None:
                        yield Event(code, head, size * len(event) + head.cost)

    def _head(self, query: Term | None, key: Cells, event: Bools, mask: Mask) -> Count | None:
        shop, asked = self.shop, query or self.shop.positions
        accepts = np.zeros((asked.size, int(np.prod(key.sizes))), dtype=np.bool_)
        accepts[:, key.seen] = event
        if (one := as_one(shop, key, accepts)) is None:
            return None
        head = shop.count(asked, *one, mask)
        return head if shop.fits(head) else None


def _never(seen: Bools, codes: NDArray[np.int64], at: Bools, size: int) -> Bools:
    """[Q, K] what no one of these sees."""
    found: Bools = ~_ever(seen, codes, at, size)
    return found


def _ever(seen: Bools, codes: NDArray[np.int64], at: Bools, size: int) -> Bools:
    """[Q, K] what someone of these sees."""
    found = np.zeros((size, seen.shape[1]), dtype=np.bool_)
    np.logical_or.at(found, codes[at], seen[at])
    return found
