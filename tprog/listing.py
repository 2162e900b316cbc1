"""Counts and lists in words; what is too long for one line of a message or a table is cut, with what was left out."""

from __future__ import annotations

from collections.abc import Sequence

LONGEST_LINE = 1200
"""Characters of a line of text that a person still reads; all of it is in JSON and in files for machines."""

_LISTED = 20
_WORD = 40
_VALUE = 70


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 input``, ``2 inputs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def every_one(number: int, noun: str, plural: str = "") -> str:
    """``the only input``, ``all 2 inputs``.

    Args:
        noun: it may go on: ``sentence of ner``; its plural is then to be given.
    """
    return f"the only {noun}" if number == 1 else f"all {counted(number, noun, plural)}"


def bounded(text: str, most: int = LONGEST_LINE) -> str:
    """The text; where it is longer than `most`, its beginning and its end, which in a message says what to do."""
    if len(text) <= most:
        return text
    end = most // 4
    left_out = len(text) - most
    return f"{text[: most - end]} ... ({left_out:,} characters left out) ... {text[-end:]}"


def listing(words: Sequence[str]) -> str:
    """The first of some words, quoted, long ones cut, and how many more there are."""
    shown = ", ".join(
        map(repr, (word if len(word) <= _WORD else f"{word[: _WORD - 3]}..." for word in words[:_LISTED]))
    )
    return shown + (f", ... ({len(words) - _LISTED:,} more)" if len(words) > _LISTED else "")


def difference(wanted: Sequence[str], found: Sequence[str]) -> str:
    """Words that were expected, and those that are there: all of them if they are few, else what is not in both."""
    if len(wanted) <= _LISTED and len(found) <= _LISTED:
        return f"{listing(wanted)}; found {listing(found)}"
    here, there = set(found), set(wanted)
    missing, more = [word for word in wanted if word not in here], [word for word in found if word not in there]
    lacks = f"lacks {listing(missing)}" if missing else "lacks none"
    return f"{len(wanted):,} words; of these it {lacks}" + (f", and it has {listing(more)} besides" if more else "")


def shortened(value: object) -> str:
    """A value as Python writes it, its end cut where it is long."""
    text = repr(value)
    return text if len(text) <= _VALUE else text[: _VALUE - 10] + " ..."
