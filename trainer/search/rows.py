"""Sums of counts whose predicates no rule says: each row solved by itself, as whole numbers in least squares.

What a row accepts is a vector t of zeros and ones with [before, after] t = what is wanted. It is solved in real numbers
with a small ridge and rounded; then one entry, or two at once, are flipped as long as the squared error falls, which is
read off the Gram matrix without looking at the examples again. A table is known only where it was seen, so this comes
after the rules.

Letters: B inputs of width n, K cells that occur, P positions of a row, F columns: a mask and a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Mask
from tprog.run.batch import Array, Bools
from trainer.search.cells import Cells
from trainer.search.counts import FREE, Wanted
from trainer.search.merging import counted
from trainer.search.terms import Count

MOST_ROWS = 32
"""Cells whose tables are solved for: a row of more keys than that is seldom seen often enough."""

RIDGES = (1e-6, 1e-3, 1e-1, 1.0)
"""Where columns depend on each other, rounding starts from different solutions, one a ridge."""

LEAST_SHARE = 1.0
"""Positions a row must have been seen at, in units of its columns; fewer fit anything."""


@dataclass(frozen=True, eq=False)
class TableSum:
    """Counts whose predicates are tables, and a constant.

    Attributes:
        rows: [K] which rows give what is wanted.
        tables: a mask, and [K, K] which keys each row accepts.
    """

    cells: Cells
    rows: Bools
    tables: tuple[tuple[Mask, Bools], ...]
    constant: int

    def heads(self, others: bool) -> list[Count] | None:
        """The numeric heads; rows that are not right accept everything or nothing, as `others` says."""
        size = int(np.prod(self.cells.sizes))
        found: list[tuple[Bools, Mask]] = []
        for mask, table in self.tables:
            accepts = np.full((size, size), others)
            kept = self.cells.seen[self.rows]
            accepts[kept] = False
            accepts[np.ix_(kept, self.cells.seen)] = table[self.rows]
            found.append((accepts, mask))
        return counted(self.cells, found)


def table_sums(cells: Cells, wanted: Wanted) -> Iterator[TableSum]:
    """The tables that meet all demands, if there are any."""
    shop, count = cells.shop, len(cells.seen)
    if count > MOST_ROWS:
        return
    masks: list[Mask] = [mask for mask in ("before", "after") if mask in set(shop.visible_masks())]
    if not masks:
        return
    at = (wanted.number != FREE) & shop.present
    held = (cells.index[:, :, None] == np.arange(count)) & shop.present[:, :, None]
    shown = [np.matmul(shop.windows[mask].astype(np.float32), held.astype(np.float32))[at] for mask in masks]
    columns = np.concatenate(shown, axis=1).astype(float)
    rows, targets, demands = cells.index[at], wanted.number[at].astype(float), wanted.demand[at]
    for constant in (1, 0):
        solved = np.zeros((count, columns.shape[1]), dtype=np.bool_)
        right = np.zeros(count, dtype=np.bool_)
        for row in np.unique(rows).tolist():
            here = rows == row
            if here.sum() < LEAST_SHARE * columns.shape[1]:
                continue
            found = zero_one(columns[here], targets[here] - constant)
            if found is not None:
                solved[row], right[row] = found, True
        met = right[rows] & (demands >= 0)
        if len(np.unique(demands[met])) == wanted.demands:
            parts = np.split(solved, len(masks), axis=1)
            yield TableSum(cells, right, tuple(zip(masks, parts, strict=True)), constant)


def zero_one(columns: NDArray[np.float64], target: NDArray[np.float64]) -> Bools | None:
    """[F] zeros and ones t with columns [P, F] t = target [P]; None if none is found."""
    gram, slope, least = columns.T @ columns, columns.T @ target, float(target @ target)
    for ridge in RIDGES:
        solved = np.linalg.solve(gram + ridge * np.eye(len(gram)), slope)
        taken = _flipped(gram, slope, solved > 0.5)
        if taken @ gram @ taken - 2 * slope @ taken + least < 0.5:  # whole numbers: the error is 0
            return taken > 0
    return None


def _flipped(gram: NDArray[np.float64], slope: NDArray[np.float64], start: Bools) -> NDArray[np.float64]:
    """Entries flipped, one or two at once, as long as that lowers the squared error."""
    taken = start.astype(float)
    diagonal = np.diag(gram)
    for _ in range(4 * len(taken)):
        sign = 1 - 2 * taken
        single = diagonal - 2 * sign * (slope - gram @ taken)
        double: Array = single[:, None] + single + 2 * sign[:, None] * sign * gram
        np.fill_diagonal(double, single)
        best = np.unravel_index(int(double.argmin()), double.shape)
        if double[best] > -0.5:
            break
        for entry in set(best):
            taken[entry] = 1 - taken[entry]
    return taken
