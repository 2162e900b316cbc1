"""A task: the letter in the middle of the sorted input (of two, the first), told at every token."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("a", "b", "c", "d", "e")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return [sorted(tokens)[(len(tokens) - 1) // 2]] * len(tokens)
