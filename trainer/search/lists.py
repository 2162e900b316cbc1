"""Answers decided by a list of variables: the first one that has something to say decides.

A value of a variable has something to say where all positions that have it want one answer. What is left is asked the
next variable. Greedy, and never wrong to be so: a variable that could decide some positions still can when fewer are
left (Rivest, "Learning decision lists", Machine Learning 2, 1987). So three and more variables decide together that no
lookup has room for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.search.solution import Solution
from trainer.search.terms import Term, Workshop

LONGEST: Final = 6
"""Variables of a list: the weights double from one to the one before."""

PRICES: Final = (1, 4, 16)
"""What a value that says something must decide, in positions, to be worth a line; several lists, one a price."""


def by_lists(shop: Workshop, symbols: Sequence[Term]) -> Iterator[Solution]:
    """One list for each price."""
    if len(shop.examples.classes) > np.iinfo(np.int16).max or not shop.examples.graded.any():
        return
    for price in PRICES:
        if found := _list(shop, symbols, price):
            yield found


def _list(shop: Workshop, symbols: Sequence[Term], price: int) -> Solution | None:
    graded, classes = shop.examples.graded, len(shop.examples.classes)
    answers = shop.examples.answers[graded].astype(np.int64)
    codes = [term.codes[graded] for term in symbols]
    left, lines = np.ones(len(answers), dtype=np.bool_), list[tuple[Term, NDArray[np.int64]]]()
    while left.any() and len(lines) < LONGEST:
        shop.on_time()
        some = answers[left]
        worth = [_worth(each[left], term.size, some, classes, price) for each, term in zip(codes, symbols, strict=True)]
        best = int(np.argmax(worth))
        if worth[best] <= 0:
            return None
        said = _said(codes[best][left], symbols[best].size, answers[left], classes)
        lines.append((symbols[best], said))
        left = left & (said[codes[best]] < 0)
    if left.any():
        return None
    weights = []
    for at, (term, said) in enumerate(lines):
        table = np.zeros((term.size, classes), dtype=np.int64)
        says = np.flatnonzero(said >= 0)
        table[says, said[says]] = 2 ** (len(lines) - 1 - at)
        weights.append((term, table))
    return Solution(
        "a list of variables, of which the first decides", tuple(weights), np.zeros(classes, dtype=np.int64)
    )


def _counts(codes: NDArray[np.int16], size: int, answers: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    return np.bincount(codes.astype(np.int64) * classes + answers, minlength=size * classes).reshape(size, classes)


def _worth(codes: NDArray[np.int16], size: int, answers: NDArray[np.int64], classes: int, price: int) -> int:
    """Positions that a variable decides, less the price of each value that does."""
    counts = _counts(codes, size, answers, classes)
    total = counts.sum(axis=1)
    pure = (counts.max(axis=1) == total) & (total > 0)
    return int(total[pure].sum()) - price * int(pure.sum())


def _said(codes: NDArray[np.int16], size: int, answers: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """[value] the answer of all that have it; negative if they want several, or none has it."""
    counts = _counts(codes, size, answers, classes)
    pure = (counts.max(axis=1) == counts.sum(axis=1)) & (counts.sum(axis=1) > 0)
    return np.where(pure, counts.argmax(axis=1), -1)
