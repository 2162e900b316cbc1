"""One or two variables as the cells of a table, and answers that are a table of them.

Letters: B inputs of width n, K cells that occur in the sample, m components.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tprog.run.batch import Array, Bools
from trainer.search.terms import Codes, Term, Workshop, head_stage, lookup_stage

FAR = 1000
"""How far different symbols are from each other, in steps of a number: symbols have no order."""

SOONEST = 256
"""Places on which a table is tried before all others: most tables are refuted there."""


def _flat(codes: tuple[Codes, ...], inputs: tuple[Term, ...]) -> NDArray[np.int64]:
    """Values of one variable or two as cells."""
    first = codes[0].astype(np.int64)
    return first if len(inputs) == 1 else first * inputs[1].size + codes[1]


@dataclass(frozen=True, eq=False)
class Cells:
    """The values of one variable, or the pairs of values of two of one kind.

    Attributes:
        shop: whose sample the variables are known on.
    """

    shop: Workshop
    inputs: tuple[Term, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(term.size for term in self.inputs)

    @cached_property
    def flat(self) -> NDArray[np.int64]:
        """[B, n] the cell at each position."""
        return _flat(tuple(term.codes for term in self.inputs), self.inputs)

    @cached_property
    def _found(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        counted = np.bincount(self.flat[self.shop.present], minlength=int(np.prod(self.sizes)))
        seen = np.flatnonzero(counted)
        index = np.zeros(len(counted), dtype=np.int64)
        index[seen] = np.arange(len(seen))
        return seen, index

    @property
    def seen(self) -> NDArray[np.int64]:
        """[K] the cells that occur, ascending."""
        return self._found[0]

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """[B, n] the cell at each position, as its place in `seen`."""
        found: NDArray[np.int64] = self._found[1][self.flat]
        return found

    def components(self, cells: Array | None = None) -> NDArray[np.int64]:
        """[cell, m] the values that cells stand for; all cells there are unless they are given."""
        every = np.arange(int(np.prod(self.sizes))) if cells is None else cells
        return np.stack(np.unravel_index(every, self.sizes), axis=1)

    @cached_property
    def marked(self) -> Bools:
        """[all cells] where only ``<s>`` and ``</s>`` were seen: no symbol shares the cell."""
        shop = self.shop
        at_mark = np.isin(shop.tokens.codes, shop.examples.marks) & shop.present
        size = int(np.prod(self.sizes))
        marks = np.bincount(self.flat[at_mark], minlength=size)
        others = np.bincount(self.flat[shop.present & ~at_mark], minlength=size)
        found: Bools = (marks > 0) & (others == 0)
        return found

    @property
    def stage(self) -> int:
        """The earliest at which a head can compare the cells."""
        if len(self.inputs) == 1 and not self.inputs[0].numeric:
            return head_stage(self.inputs[0])
        return lookup_stage(*self.inputs) + 1

    @property
    def cost(self) -> tuple[int, int]:
        """Fewer cells first, then what is said sooner."""
        return len(self.seen), sum(term.cost for term in self.inputs)


def apart(cells: Cells, some: Array, others: Array) -> NDArray[np.int64]:
    """[some, others] how far cells are from each other: numbers by their difference."""
    total = np.zeros((len(some), len(others)), dtype=np.int64)
    first, second = cells.components(some), cells.components(others)
    for which, term in enumerate(cells.inputs):
        off = np.abs(first[:, which, None] - second[:, which])
        total += off if term.numeric else FAR * (off > 0)
    return total


def nearest(cells: Cells, known: Array, answers: Array) -> Array:
    """[all cells] the answers of the known cells, and elsewhere that of the nearest known one."""
    every = np.arange(int(np.prod(cells.sizes)))
    found: Array = answers[apart(cells, every, known).argmin(axis=1)]
    return found


def decided(cells: Cells, at: Bools, labels: Array) -> Array | None:
    """[all cells] the label of each cell, if no cell stands for two of them.

    Args:
        at: [B, n] where something is asked.
        labels: [B, n] what.
    """
    where, wanted = cells.flat[at], labels[at]
    table = np.full(int(np.prod(cells.sizes)), -1, dtype=np.int64)
    table[where] = wanted
    if (table[where] != wanted).any():
        return None
    known = np.flatnonzero(table >= 0)
    return nearest(cells, known, table[known])


def conflicting(cells: Cells, places: NDArray[np.int64], wanted: Array) -> bool:
    """Whether some cell would have to answer two labels; cheaper than `decided`.

    Args:
        places: where something is asked, as indices of the flattened sample.
        wanted: the label at each of them.
    """
    cells.shop.on_time()
    table = np.zeros(int(np.prod(cells.sizes)), dtype=wanted.dtype)
    for some in (slice(SOONEST), slice(None)):  # the first few refute nearly all there is to refute
        here, label = places[some], wanted[some]
        where = _flat(tuple(term.codes.ravel()[here] for term in cells.inputs), cells.inputs)
        table[where] = label
        if (table[where] != label).any():
            return True
    return False


def deciding(
    shop: Workshop, singles: Sequence[Term], pairs: Iterator[tuple[Term, Term]], at: Bools, labels: Array
) -> Iterator[tuple[Cells, Array]]:
    """The variables, and then the pairs of them, whose values decide the labels; of each the one of fewest cells first.

    Yields:
        cells and the label of each, as `decided`.
    """
    places = np.flatnonzero(at)
    wanted = labels.ravel()[places]
    found = [cells for term in singles if not conflicting(cells := Cells(shop, (term,)), places, wanted)]
    for cells in sorted(found, key=lambda cells: cells.cost):
        yield cells, _table(cells, at, labels)
    found = [cells for pair in pairs if not conflicting(cells := Cells(shop, pair), places, wanted)]
    for cells in sorted(found, key=lambda cells: cells.cost):
        yield cells, _table(cells, at, labels)


def _table(cells: Cells, at: Bools, labels: Array) -> Array:
    table = decided(cells, at, labels)
    assert table is not None
    return table
