"""Answers that are a sum over what stands at each place: for classes whose heads only copy.

Each head copies what stands at one position; where the input is shorter, it copies ``<s>``. Either a lookup of oneself
and that symbol adds its share to a number, found row by row in least squares and rounded; or the readout weighs the
symbols themselves, which is a convex problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tprog.ir.domains import END
from trainer.search.solution import Solution, numerals
from trainer.search.terms import Term, Workshop

RIDGE = 1e-6
"""Of the least squares: it only chooses among equal solutions."""

EXACT = 1e-3
"""What is left of a sum of whole numbers that is right."""


def by_places(shop: Workshop) -> Iterator[Solution]:
    """A number that is a sum over the places, and then a readout of the places that is still to be fitted."""
    if not shop.language.copies:
        return
    places = _places(shop)
    numbers = numerals(shop.examples.classes)
    if numbers is not None and shop.language.tables[1]:
        for own in (shop.tokens, shop.positions):
            if solution := _summed(shop, own, places, numbers):
                yield solution
    yield unfitted(shop, "a readout of what stands at each place, alike for all", [shop.positions, *places], "shared")
    yield unfitted(shop, "a readout of what stands at each place", [shop.positions, shop.tokens, *places], "apart")
    if shop.language.numbers:
        totals = [_total(shop, code) for code in range(shop.tokens.size) if code not in shop.examples.marks]
        yield unfitted(
            shop, "a readout of how often each symbol stands there", [shop.positions, shop.tokens, *totals], "apart"
        )
        if length := _length(shop):
            # One head fewer says the same: the symbol that is not counted is what the others leave of the length.
            yield unfitted(
                shop,
                "a readout of the length and of how often each symbol but one stands there",
                [shop.positions, shop.tokens, length, *totals[:-1]],
                "apart",
            )


def unfitted(shop: Workshop, how: str, terms: list[Term], weighed: Literal["apart", "shared"]) -> Solution:
    """A readout of variables whose weights are still 0."""
    classes = len(shop.examples.classes)
    weights = [(term, np.zeros((1 if term.numeric else term.size, classes), dtype=np.int64)) for term in terms]
    return Solution(how, tuple(weights), np.zeros(classes, dtype=np.int64), weighed=weighed)


def _places(shop: Workshop) -> list[Term]:
    size, found = shop.positions.size, list[Term]()
    for place in range(1, size):
        accepts = np.broadcast_to(np.arange(size) == place, (size, size))
        found.append(shop.copy(shop.positions, shop.positions, shop.tokens, accepts, "all"))
    return found


def _total(shop: Workshop, code: int) -> Term:
    size = shop.tokens.size
    return shop.count(shop.tokens, shop.tokens, np.broadcast_to(np.arange(size) == code, (size, size)), "all")


def _length(shop: Workshop) -> Term | None:
    """The position of the end, where inputs have one that each position sees."""
    if END not in shop.examples.vocabulary or shop.examples.causal:
        return None
    size, end = shop.tokens.size, shop.examples.vocabulary.index(END)
    accepts = np.broadcast_to(np.arange(size) == end, (size, size))
    return shop.copy(shop.tokens, shop.tokens, shop.positions, accepts, "all")


def _summed(shop: Workshop, own: Term, places: list[Term], numbers: NDArray[np.int64]) -> Solution | None:
    """The class's number as a sum of tables over oneself and the symbol at each place."""
    graded, size = shop.examples.graded, shop.tokens.size
    rows, wanted = own.codes[graded], numbers[shop.examples.answers[graded]].astype(float)
    # What an absent place adds is 0, so its symbol, which is <s>, has no column.
    first = shop.examples.marks[0]
    shown = [np.eye(size)[place.codes[graded]] for place in places]
    columns = np.concatenate(shown, axis=1)
    columns[:, first::size] = 0
    shares = np.zeros((own.size, columns.shape[1]), dtype=np.int64)
    for row in np.unique(rows).tolist():
        here, target = columns[rows == row], wanted[rows == row]
        solved = np.linalg.solve(here.T @ here + RIDGE * np.eye(here.shape[1]), here.T @ target)
        shares[row] = np.rint(solved)
        if np.abs(here @ shares[row] - target).max() > EXACT:
            return None
    weights = []
    for place, table in zip(places, np.split(shares, len(places), axis=1), strict=True):
        amounts = np.unique(table)
        if len(amounts) > shop.language.symbols:
            return None
        added = shop.table((own, place), np.searchsorted(amounts, table), len(amounts))
        if not shop.fits(added):
            return None
        weights.append((added, 2 * amounts[:, None] * numbers))
    return Solution("a sum over what stands at each place", tuple(weights), -(numbers**2))
