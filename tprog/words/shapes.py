"""Words that a vocabulary does not hold, told apart by their shape: ``<Unk>`` for a capitalised one.

A vocabulary says itself how unknown words are read: with `SHAPES` in it, a word is looked up as it is written, then in
another case (``BERLIN`` as ``Berlin``, then as ``berlin``; ``Although`` as ``although``), and else it is read as its
shape. With ``<unk>`` alone, every unknown word is that, as published.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tprog.ir.domains import UNKNOWN

_SHAPES = (
    ("<@>", re.compile(r"[^A-Za-z]*[0-9@][^A-Za-z]*"), "numbers, without letters"),
    ("<unk@>", re.compile(r".*[0-9@].*"), "letters with digits"),
    ("<.>", re.compile(r"[^\w]+"), "signs alone"),
    ("<U.>", re.compile(r"[A-Z]|([A-Z]\.)+[A-Z]?"), "initials"),
    ("<UNK>", re.compile(r"[^a-z]*"), "capitals alone"),
    ("<Unk-unk>", re.compile(r"[A-Z].*-.*"), "a capital first, and a hyphen"),
    ("<UnK>", re.compile(r"[A-Z].*[A-Z].*"), "a capital first, and more of them"),
    ("<Unk>", re.compile(r"[A-Z].*"), "a capital first"),
    ("<unk-unk>", re.compile(r".*-.*"), "a hyphen"),
)

SHAPES = tuple(name for name, _, _ in _SHAPES)
"""What stands in a vocabulary for the unknown words of each shape, but for those that are `UNKNOWN` still."""


def shape_of(word: str) -> str:
    """The shape of a word: the first that fits; `UNKNOWN` where none does."""
    return next((name for name, pattern, _ in _SHAPES if pattern.fullmatch(word)), UNKNOWN)


def stand_in(word: str, vocabulary: Collection[str]) -> str:
    """What a word that a vocabulary does not hold is read as, among what it holds; `UNKNOWN` if nothing else."""
    if shape_of(word) not in vocabulary:
        return UNKNOWN
    return next((other for other in _other_cases(word) if other in vocabulary), shape_of(word))


def _other_cases(word: str) -> Iterator[str]:
    """The word in the cases in which it may be known."""
    if len(word) < 2 or not word[0].isupper():
        return
    if word.isupper():
        yield word.title()
    yield word.lower()
    if not word.isupper():
        yield word.upper()
