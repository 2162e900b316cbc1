"""Text as words, by a regular expression that is stated."""

from __future__ import annotations

import re

NAME = r"runs of letters and digits (with ' or - inside), numbers, and every other sign by itself"
"""What the tokenizer does, in words."""

PATTERN = r"\d+(?:[.,]\d+)*|\w+(?:['\u2019-]\w+)*|[^\w\s]"
"""A word of text: the regular expression, of Python's `re`, whose matches are the words."""

_WORD = re.compile(PATTERN)


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in order."""
    return tuple(_WORD.findall(text))
