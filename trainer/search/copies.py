"""Witness of a copy: which label each holder of an answer must have, so that those who ask for it find it.

The last node is a head that looks, with a query that is known, for a key that is not: its *label*. A position j can
have the label q if all that ask with q, in the same input, want the value that j holds. Several ways of giving labels
out are tried; each is a task of its own, where a label may be a number (`trainer.search.counts`) or a table.

Letters: B inputs of width n.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.run.batch import Array
from trainer.search.cells import Cells, deciding
from trainer.search.counts import FREE, Sum, Sums, Wanted
from trainer.search.rows import TableSum, table_sums
from trainer.search.solution import Solution, spelled
from trainer.search.terms import Term, Workshop, kind_of

Matching: TypeAlias = Literal["in order", "mirrored", "from behind", "certain"]
"""Who serves whom among the holders of a value and those that want it: the k-th the k-th, both counted from the left;
the k-th from the right the k-th from the left; or both counted from the right. Where one asks, all holders serve it;
``certain`` leaves all others open."""

TRIED = 16
"""Sums over the same cells that are tried, the simplest: they differ in rows and keys that the sample lacks."""

MATCHINGS: tuple[Matching, ...] = ("in order", "mirrored", "from behind", "certain")


def classes_of(shop: Workshop, value: Term) -> tuple[NDArray[np.int64], int] | None:
    """[code] the class that a copied value says, negative if it is none; and that of a copy of position 0.

    Words say the class of their name, places that of their number. What is copied where nothing matches is ``<s>``; it
    says the class of that name, or the one class that nothing else says.
    """
    classes = shop.examples.classes
    match kind_of(value):
        case "word":
            names, first = shop.examples.vocabulary, shop.examples.marks[0]
        case "place":
            names, first = tuple(map(str, range(value.size))), 0
        case _:
            return None
    said = np.array([classes.index(word) if word in classes else -1 for word in names])
    unsaid = [code for code in range(len(classes)) if code not in said]
    if said[first] < 0 and len(unsaid) == 1:
        said[first] = unsaid[0]
    return None if (said < 0).all() else (said, int(said[first]))


@dataclass(frozen=True, eq=False)
class Asked:
    """A head that copies `value` to those that ask with `query`, from holders whose labels are to be found."""

    shop: Workshop
    query: Term
    value: Term
    said: NDArray[np.int64]

    @cached_property
    def _holds(self) -> NDArray[np.int64]:
        """[B, n] the class that each position holds; position 0 serves those who find nothing."""
        held = np.where(self.shop.present, self.said[self.value.codes], -1)
        held[:, 0] = -1
        return held

    @cached_property
    def _wants(self) -> NDArray[np.int64]:
        """[B, n] the class that each position wants of a holder; negative if it wants none or position 0 serves it."""
        examples = self.shop.examples
        fallback = self.said[self.value.codes[:, 0]]
        asks = examples.graded & (examples.answers != fallback[:, None])
        return np.where(asks, examples.answers, -1)

    @cached_property
    def feasible(self) -> bool:
        """Whether all that ask alike want the same, and someone holds it."""
        wants, holds = self._wants, self._holds
        each = wants[:, :, None] == holds[:, None, :]
        if not (each.any(axis=2) | (wants < 0)).all():
            return False
        table = np.full((len(wants), self.query.size), -2, dtype=np.int64)
        rows = np.broadcast_to(np.arange(len(wants))[:, None], wants.shape)
        graded = self.shop.examples.graded
        table[rows[graded], self.query.codes[graded]] = wants[graded]
        return bool((table[rows[graded], self.query.codes[graded]] == wants[graded]).all())

    def labelled(self, matching: Matching) -> Wanted | None:
        """The label that each holder must have; None if some that ask are left without a holder."""
        wants, holds, queries = self._wants, self._holds, self.query.codes
        label = np.full(holds.shape, FREE, dtype=np.int64)
        demand = np.full(holds.shape, -1, dtype=np.int64)
        count = 0
        for row in range(len(wants)):
            for wanted in np.unique(wants[row][wants[row] >= 0]).tolist():
                holders = np.flatnonzero(holds[row] == wanted)
                labels = list(dict.fromkeys(queries[row, wants[row] == wanted].tolist()))
                if len(labels) > len(holders):
                    return None
                if len(labels) == 1:
                    label[row, holders], demand[row, holders] = labels[0], count
                elif matching == "certain":
                    continue
                else:
                    some = _matched(holders, len(labels), matching)
                    label[row, some], demand[row, some] = labels, np.arange(count, count + len(labels))
                count += len(labels)
        return Wanted(label, demand, count)

    @cached_property
    def nobody(self) -> int:
        """A label that no one asks for."""
        asked = set(np.unique(self.query.codes[self.shop.examples.graded]).tolist())
        spare = [code for code in range(self.shop.language.symbols) if code not in asked]
        return spare[0] if spare else self.shop.language.symbols - 1

    def answered(self, label: Term, how: str) -> Solution | None:
        """The head that finds its label, if it is right on the sample."""
        shop = self.shop
        accepts = np.arange(self.query.size)[:, None] == np.arange(label.size)
        if label.size > self.nobody:
            accepts[:, self.nobody] = False
        copy = shop.copy(self.query, label, self.value, accepts, "all")
        if not shop.fits(copy):
            return None
        solution = spelled(how, copy, np.maximum(self.said, 0), len(shop.examples.classes))
        return solution if not solution.wrong(shop.examples) else None


def _matched(holders: Array, count: int, matching: Matching) -> Array:
    match matching:
        case "in order":
            return holders[:count]
        case "mirrored":
            return holders[::-1][:count]
        case _:
            return holders[len(holders) - count :]


def by_sums(asked: Asked, wanted: Wanted, cells: Cells) -> Iterator[Solution]:
    """Labels that are the sum of two counts over these cells."""
    if cells.stage + 2 >= 2 * asked.shop.language.layers:
        return  # no layer is left for the head that copies
    for found in islice(Sums(cells, wanted).found(), TRIED):
        for others in (True, False):
            label = label_of(asked, found, others)
            if label is not None and (solution := asked.answered(label, "copies by labels that are sums of counts")):
                yield solution


def by_tables(asked: Asked, wanted: Wanted, cells: Cells) -> Iterator[Solution]:
    """Labels that are the sum of two counts which no rule says."""
    if cells.stage + 2 < 2 * asked.shop.language.layers:
        for found in table_sums(cells, wanted):
            for others in (True, False):
                label = label_of(asked, found, others)
                if label is not None and (solution := asked.answered(label, "copies by labels from tables of counts")):
                    yield solution


def label_of(asked: Asked, found: Sum | TableSum, others: bool) -> Term | None:
    """The lookup that adds the counts up to a label."""
    shop = asked.shop
    heads = found.heads(others)
    if heads is None or not shop.language.tables[0]:
        return None
    total = np.zeros(tuple(head.size for head in heads), dtype=np.int64) + found.constant
    for axis, head in enumerate(heads):
        total += np.arange(head.size).reshape([-1 if axis == other else 1 for other in range(len(heads))])
    most = min(shop.language.symbols, asked.query.size)
    total[(total < 0) | (total >= most)] = asked.nobody
    return shop.table(tuple(heads), total)


def by_table(
    asked: Asked, wanted: Wanted, singles: Sequence[Term], pairs: Iterator[tuple[Term, Term]]
) -> Iterator[Solution]:
    """Labels that are a table of one or two variables."""
    shop, at = asked.shop, wanted.number != FREE
    for cells, table in deciding(shop, singles, pairs, at, wanted.number):
        label = shop.table(cells.inputs, table.reshape(cells.sizes))
        if solution := asked.answered(label, "copies by labels in a table"):
            yield solution
