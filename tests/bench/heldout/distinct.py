"""A task: the letters of the input without repetition, in the order in which they first occur; then blanks."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("a", "b", "c", "d", "e", "-")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    first = list(dict.fromkeys(tokens))
    return first + ["-"] * (len(tokens) - len(first))
