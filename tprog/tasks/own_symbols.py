"""A program's own symbols in the order of a task: one of the original research code sorts digits, not letters."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tprog.errors import BadUsage
from tprog.listing import counted

BRACKETS = (("(", ")"), ("{", "}"), ("[", "]"), ("<", ">"))
"""Pairs that a program over brackets may have, in the order of their types."""

_NUMERAL = re.compile("0|[1-9][0-9]{0,17}")

LISTED = 6


def in_order(words: Sequence[str]) -> tuple[str, ...]:
    """Symbols in the order that `sort` sorts by: that of the program, if it ascends as numbers; else as text.

    The original code sorts text, so that "10" comes before "2", and lists the weights of tokens in that order.
    """
    return tuple(words) if words and _ascend_as_numbers(words) else tuple(sorted(words))


def _ascend_as_numbers(words: Sequence[str]) -> bool:
    if not all(_NUMERAL.fullmatch(word) for word in words):
        return False
    numbers = [int(word) for word in words]
    return numbers == sorted(numbers)


def told_order(words: Sequence[str]) -> str | None:
    """The order of symbols in words, where numbers and text are ordered differently; None elsewhere."""
    if not all(_NUMERAL.fullmatch(word) for word in words) or sorted(words) == sorted(words, key=int):
        return None
    shown = " < ".join(words[:LISTED]) + " < ..." * (len(words) > LISTED)
    if list(words) == sorted(words):
        return f"symbols are ordered as text, as the original code sorts them: {shown}"
    return f"symbols are ordered as numbers, as its weights list them: {shown}"


def brackets_of(name: str, words: Sequence[str], pairs: int) -> tuple[str, ...]:
    """Brackets, each closing one behind its opening one.

    Raises:
        BadUsage: the symbols are not `pairs` pairs of brackets.
    """
    found = [pair for pair in BRACKETS if set(pair) <= set(words)]
    if len(found) != pairs or len(words) != 2 * pairs:
        known = " ".join(map("".join, BRACKETS))
        raise BadUsage(f"{name} has {counted(pairs, 'pair')} of brackets, of {known}; found {_some(words)}")
    return tuple(bracket for pair in found for bracket in pair)


def letters_and_digits(name: str, words: Sequence[str]) -> tuple[str, ...]:
    """Letters, then as many numerals, each in their order.

    Raises:
        BadUsage: the symbols are not that.
    """
    numerals = sorted((word for word in words if _NUMERAL.fullmatch(word)), key=int)
    letters = [word for word in words if not _NUMERAL.fullmatch(word)]
    if len(letters) != len(numerals) or not letters:
        raise BadUsage(f"{name} has as many letters as numerals; found {_some(words)}")
    return (*in_order(letters), *numerals)


def _some(words: Sequence[str]) -> str:
    return " ".join(words[:12]) + " ..." * (len(words) > 12)
