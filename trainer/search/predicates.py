"""Witness of a predicate: for a head whose query, key and value are known, the keys that each query value may accept.

A head copies from the nearest accepted key. Begin by accepting every key from every query value. Where the nearest one
then holds a wrong answer, its pair of query value and key cannot be accepted: all that is nearer was given up already,
each for such a reason. So giving up pairs until nobody attends a wrong position leads to the widest predicate that is
right, or shows that none is (a greatest fixed point). Who finds nothing copies position 0, which may be right too.

Letters: B inputs of width n, A graded positions, Q query codes, K key codes.
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
from trainer.search.rules import RELATIONS
from trainer.search.solution import Solution, spelled
from trainer.search.terms import Copy, Term, Workshop, kind_of

SOON: Final = 200
"""Positions on which a key is tried before all others: most keys are refuted there."""

MOST_PAIRS: Final = 0.2
"""Entries of a predicate, in units of the positions that are graded; more would fit anything."""


@dataclass(frozen=True, eq=False)
class Holders:
    """Who asks, and what they see, the nearest first.

    Attributes:
        rows, asks: [A] input and position of each that asks.
        seen: [A, n] the positions that it sees.
        visible: [A, n] which of them there are.
        right: [A, n] whether that position holds the answer.
        alone: [A] whether the answer is what is copied where nothing is accepted.
        said: [code] the class that a copied value says, negative if none.
    """

    value: Term
    mask: Mask
    said: NDArray[np.int64]
    rows: NDArray[np.int64]
    asks: NDArray[np.int64]
    seen: NDArray[np.int64]
    visible: Bools
    right: Bools
    alone: Bools

    @classmethod
    def of(cls, shop: Workshop, value: Term, said: NDArray[np.int64], mask: Mask) -> Holders:
        examples = shop.examples
        rows, asks = np.nonzero(examples.graded)
        nearest = np.argsort(np.where(shop.windows[mask], -shop.nearness.astype(np.int64), 1), axis=1, kind="stable")
        seen = nearest[asks]
        visible = shop.windows[mask][asks[:, None], seen] & shop.present[rows[:, None], seen]
        wanted = examples.answers[rows, asks]
        right = said[value.codes[rows[:, None], seen]] == wanted[:, None]
        return cls(value, mask, said, rows, asks, seen, visible, right, said[value.codes[rows, 0]] == wanted)

    @property
    def feasible(self) -> bool:
        """Whether everyone sees the answer, or needs nothing; and someone needs something."""
        return bool(((self.right & self.visible).any(axis=1) | self.alone).all()) and not self.alone.all()

    def pairs(self, query: NDArray[np.integer] | None, key: NDArray[np.int64], size: int) -> NDArray[np.int64]:
        """[A, n] the entry of the predicate that decides whether a position is accepted; without query, one row.

        Args:
            query, key: [B, n] codes; those of keys are below `size`.
        """
        keys = key[self.rows[:, None], self.seen].astype(np.int64)
        return keys if query is None else query[self.rows, self.asks].astype(np.int64)[:, None] * size + keys

    def widest(self, pairs: NDArray[np.int64], entries: int) -> Bools | None:
        """[entries] what may be accepted and was seen; None if no predicate is right."""
        accepted = np.ones(entries, dtype=np.bool_)
        for some in (slice(SOON), slice(None)):
            if not self._narrowed(accepted, pairs[some], some):
                return None
        seen = np.zeros(entries, dtype=np.bool_)
        seen[pairs[self.visible]] = True
        return accepted & seen

    def _narrowed(self, accepted: Bools, pairs: NDArray[np.int64], some: slice) -> bool:
        """Give up what cannot be accepted; whether a predicate is left that is right."""
        visible, right, alone, every = self.visible[some], self.right[some], self.alone[some], np.arange(len(pairs))
        while True:
            taken = accepted[pairs] & visible
            first = taken.argmax(axis=1)
            found = taken[every, first]
            if not (found | alone).all():
                return False
            bad = found & ~right[every, first]
            if not bad.any():
                return True
            accepted[pairs[bad, first[bad]]] = False

    def served(self, accepted: Bools, pairs: NDArray[np.int64]) -> bool:
        """Whether a predicate is right."""
        taken = accepted[pairs] & self.visible
        first = taken.argmax(axis=1)
        every = np.arange(len(pairs))
        return bool(np.where(taken[every, first], self.right[every, first], self.alone).all())


def by_predicate(
    shop: Workshop, values: Sequence[tuple[Term, NDArray[np.int64]]], queries: Sequence[Term], keys: Sequence[Cells]
) -> Iterator[Solution]:
    """Heads with the widest predicate that is never wrong, or a relation that is not.

    Args:
        values: what may be copied, and the class that each of its codes says, negative if none.
        keys: what may be compared with the query, simple ones first.
    """
    if not shop.language.sets or not shop.language.copies:
        return
    every = [Holders.of(shop, value, said, mask) for value, said in values for mask in shop.visible_masks()]
    holders = [each for each in every if each.feasible]
    for key in keys if holders else ():
        shop.on_time()
        for each in holders:
            for query in (None, *queries):
                if copy := _right(shop, each, query, key):
                    yield spelled(
                        "copies what every accepted key holds",
                        copy,
                        np.maximum(each.said, 0),
                        len(shop.examples.classes),
                    )


def _right(shop: Workshop, holders: Holders, query: Term | None, key: Cells) -> Copy | None:
    """The head, if there is one with this query and key."""
    size = len(key.seen)
    pairs = holders.pairs(None if query is None else query.codes, key.index, size)
    rows = 1 if query is None else query.size
    if rows * size > max(SOON, MOST_PAIRS * len(pairs)):
        return None
    widest = holders.widest(pairs, rows * size)
    if widest is None or not widest.any():
        return None
    accepts = np.zeros((rows, int(np.prod(key.sizes))), dtype=np.bool_)
    accepts[:, key.seen] = widest.reshape(rows, size)
    if query is not None and len(key.inputs) == 1 and kind_of(query) == kind_of(key.inputs[0]) != "other":
        for relation in RELATIONS[1:]:
            table = relation.holds(np.arange(query.size)[:, None], np.arange(key.sizes[0]))
            if holders.served(table[:, key.seen].ravel(), pairs):
                accepts = table
                break
    return _head(shop, holders, query or shop.positions, key, accepts)


def _head(shop: Workshop, holders: Holders, query: Term, key: Cells, accepts: Bools) -> Copy | None:
    """The node; of two variables the key is a lookup of both, in which keys that are accepted alike are one symbol."""
    if (one := as_one(shop, key, accepts)) is None:
        return None
    term, accepts = one
    if len(accepts) == 1:
        accepts = np.broadcast_to(accepts, (query.size, accepts.shape[1]))
    copy = shop.copy(query, term, holders.value, accepts, holders.mask)
    return copy if shop.fits(copy) else None
