"""How a word is read before it is looked up in a vocabulary."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

DIGITS = "@"
"""What a run of digits reads as in the published experiments (arXiv 2306.01128, section 5, and their code)."""

_RUN = re.compile("[0-9]+")
_DIGIT = re.compile("[0-9]")


@dataclass(frozen=True)
class WordForm:
    """A normal form of words.

    Attributes:
        digits: whether digits are kept; else each run of them is `DIGITS`.
        lower: whether letters are read as small ones.
    """

    digits: bool = False
    lower: bool = False

    def of(self, word: str) -> str:
        """The word as it is looked up."""
        read = word.lower() if self.lower else word
        return read if self.digits else _RUN.sub(DIGITS, read)

    @classmethod
    def known_by(cls, vocabulary: Iterable[str]) -> Self:
        """The form that all words of a vocabulary have: it is the one in which others must be looked up."""
        words = tuple(vocabulary)
        return cls(any(map(_DIGIT.search, words)), all(word == word.lower() for word in words))

    def __str__(self) -> str:
        digits = "digits as they are" if self.digits else f"each run of digits as {DIGITS!r}"
        return f"{digits}, {'letters in lower case' if self.lower else 'letters as they are'}"
