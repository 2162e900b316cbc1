"""What the search comes to: variables, and the weights that a readout gives them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tprog.run.batch import Array
from trainer.search.terms import Examples, Term, needed


@dataclass(frozen=True, eq=False)
class Solution:
    """A readout of variables.

    Attributes:
        how: in words, which way of reasoning led to it.
        weights: of each variable [value, class] whole numbers; of a number one row, which multiplies it.
        constant: [class] what is added.
        scale: what weights are divided by to give logits.
        weighed: how the weights are found: they are ``given``; or still to be fitted, each ``apart``, or ``shared`` by
            all variables but the first (`trainer.search.fitting`).
    """

    how: str
    weights: tuple[tuple[Term, NDArray[np.int64]], ...]
    constant: NDArray[np.int64]
    scale: int = 1
    weighed: Literal["given", "apart", "shared"] = "given"

    @property
    def terms(self) -> list[Term]:
        """All variables that are needed, what is read first."""
        return needed(*(term for term, _ in self.weights))

    def wrong(self, examples: Examples) -> int:
        """How many graded answers of the sample that the terms are known on are wrong."""
        logits = np.zeros((*examples.answers.shape, len(examples.classes)), dtype=np.int64) + self.constant
        for term, table in self.weights:
            logits += term.codes[:, :, None] * table[0] if term.numeric else table[term.codes]
        return int(((logits.argmax(axis=2) != examples.answers) & examples.graded).sum())


def spelled(how: str, term: Term, said: Array, classes: int) -> Solution:
    """The answer is a symbol's: `said` has a class for each of its values."""
    weights = np.zeros((term.size, classes), dtype=np.int64)
    weights[np.arange(term.size), said] = 1
    return Solution(how, ((term, weights),), np.zeros(classes, dtype=np.int64))


def numbered(how: str, terms: Sequence[tuple[Term, int]], constant: int, numbers: Array) -> Solution:
    """The class whose number is nearest to a sum of numbers, each times a factor: 2cx - c^2 is largest for c = x.

    Args:
        numbers: [class] what each stands for.
    """
    weights = tuple((term, 2 * factor * numbers[None]) for term, factor in terms)
    return Solution(how, weights, 2 * constant * numbers - numbers**2)


def numerals(classes: Sequence[str]) -> NDArray[np.int64] | None:
    """The whole numbers that classes are written as; None if one is not."""
    try:
        return np.array([int(word) for word in classes], dtype=np.int64)
    except ValueError:
        return None
