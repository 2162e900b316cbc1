"""Witness of a number: what two counts, of which it is the sum, would have to accept.

The queries and keys are the values of one variable, or pairs of values of two. For one value of the query, its row,
what is wanted is linear in what the row accepts:

    wanted = sum over masks and keys k of accepted[mask, k] * (how often k stands within the mask) + a constant

so a rule is right for a row if the sum over its keys is what is wanted at every position of the row. Instead of these
vectors their products with one random vector are compared, which are equal by chance once in 2^30 times; as a product
is linear, one number a mask, row and key is enough to judge all rules.

Letters: B inputs of width n, K cells that occur, R rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Mask
from tprog.run.batch import Array, Bools
from trainer.search.cells import Cells
from trainer.search.merging import counted
from trainer.search.rules import Only, Rule, accepted, onlys, rules
from trainer.search.terms import Count

FREE = -(2**15)
"""Where any number will do."""

CONSTANTS = (0, 1, 2, -1)
"""Whether marks are counted, and oneself, moves a sum by one each; simple ones first."""

MOST_CELLS = 90
"""Cells that occur; of more, most are seen too seldom to refute a rule."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a number should be.

    Attributes:
        number: [B, n] `FREE` where any will do.
        demand: [B, n] which of `demands` is met by a position that has its number; negative where none is.
        demands: how many there are. All must be met, each somewhere.
    """

    number: NDArray[np.int64]
    demand: NDArray[np.int64]
    demands: int


@dataclass(frozen=True, eq=False)
class Sum:
    """Two counts, or one, and a constant, which give what is wanted in the rows that are `only`.

    Attributes:
        second: None where one count is enough.
    """

    cells: Cells
    only: Only
    first: tuple[Rule, Mask]
    second: tuple[Rule, Mask] | None
    constant: int

    @property
    def cost(self) -> int:
        heads = [self.first] if self.second is None else [self.first, self.second]
        return sum(1 + rule.cost for rule, _ in heads) + abs(self.constant)

    def heads(self, others: bool) -> list[Count] | None:
        """The numeric heads.

        Args:
            others: what all other rows accept, those of marks among them: everything or nothing.
        """
        values = self.cells.components()
        needed = self.only.holds(values) & ~self.cells.marked
        found: list[tuple[Bools, Mask]] = []
        for rule, mask in [self.first] if self.second is None else [self.first, self.second]:
            accepts = rule.accepts(values, values)
            if rule.relations is not None:
                accepts[:, self.cells.marked] = False
            accepts[~needed] = others
            found.append((accepts, mask))
        return counted(self.cells, found)


class Sums:
    """All sums of counts over the same cells."""

    def __init__(self, cells: Cells, wanted: Wanted) -> None:
        self.cells, self.wanted = cells, wanted
        shop = cells.shop
        shop.on_time()
        self.asked = (wanted.number != FREE) & shop.present
        self.values = cells.components(cells.seen)
        self.keys = np.flatnonzero(~cells.marked[cells.seen])
        rng = np.random.default_rng(len(cells.seen))
        self._chance = rng.integers(1, 2**30, size=self.asked.shape) * self.asked

    def found(self) -> Iterator[Sum]:
        """The sums that meet all demands; the simplest first among those with the same rows."""
        rows = self.cells.index
        for only in onlys(len(self.cells.inputs)):
            chosen = only.holds(self.values)
            met = self.asked & chosen[rows] & (self.wanted.demand >= 0)
            if len(np.unique(self.wanted.demand[met])) < self.wanted.demands:
                continue
            weight = np.bincount(rows[self.asked], minlength=len(self.values))
            heavy_first = [row for row in np.argsort(-weight, kind="stable") if chosen[row] and weight[row]]
            found = [each for form in self._forms() for each in self._right(only, form, heavy_first)]
            yield from sorted(found, key=lambda each: each.cost)

    def _forms(self) -> Iterator[tuple[Mask, Mask | None]]:
        masks = list(self.cells.shop.visible_masks())
        for mask in masks:
            yield mask, None
        if "before" in masks and "after" in masks:
            yield "before", "after"

    def _right(self, only: Only, form: tuple[Mask, Mask | None], heavy_first: list[int]) -> Iterator[Sum]:
        """The rules that are right in all the rows."""
        said = rules(len(self.cells.inputs))
        right: Bools | None = None
        for row in heavy_first:
            first = self._products(form[0])[row]
            taken = self._accepted(row)
            one = taken @ first[self.keys]
            need = self._target[row] - np.array(CONSTANTS)[:, None] * self._mass[row] - one
            if form[1] is None:
                here = need == 0
            else:
                two = taken @ self._products(form[1])[row][self.keys]
                here = need[:, :, None] == two
            right = here if right is None else right & here
            if not right.any():
                return
        if right is None:
            return
        for at in zip(*np.nonzero(right), strict=True):
            second = None if form[1] is None else (said[at[2]], form[1])
            if second is not None and (second[0].relations is None or said[at[1]].relations is None):
                continue  # one count is a form of its own
            yield Sum(self.cells, only, (said[at[1]], form[0]), second, CONSTANTS[at[0]])

    def _accepted(self, row: int) -> Bools:
        """[R, key] which keys each rule accepts in a row."""
        if row not in self._rows:
            self._rows[row] = accepted(self.values[row], self.values[self.keys])
        return self._rows[row]

    @cached_property
    def _rows(self) -> dict[int, Bools]:
        return {}

    # Products with the random vector

    @cached_property
    def _target(self) -> NDArray[np.int64]:
        """[K] that of what is wanted in each row."""
        return self._summed(self._chance * np.where(self.asked, self.wanted.number, 0))

    @cached_property
    def _mass(self) -> NDArray[np.int64]:
        """[K] that of 1."""
        return self._summed(self._chance)

    def _summed(self, amounts: Array) -> NDArray[np.int64]:
        found = np.bincount(self.cells.index.ravel(), amounts.ravel().astype(float), len(self.values))
        return found.astype(np.int64)  # exact: whole numbers below 2^53

    def _products(self, mask: Mask) -> NDArray[np.int64]:
        """[K, K] those of how often each key stands within the mask, by row."""
        if mask not in self._by_mask:
            shop, index, count = self.cells.shop, self.cells.index, len(self.values)
            at, query, key = np.nonzero(shop.windows[mask] & shop.present[:, None, :] & self.asked[:, :, None])
            pair = index[at, query] * count + index[at, key]
            summed = np.bincount(pair, self._chance[at, query].astype(float), count * count)
            self._by_mask[mask] = summed.astype(np.int64).reshape(count, count)
        return self._by_mask[mask]

    @cached_property
    def _by_mask(self) -> dict[Mask, NDArray[np.int64]]:
        return {}
