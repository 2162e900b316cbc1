"""A task: all letters, the most frequent ones first; equally frequent ones by the alphabet."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("a", "b", "c", "d")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return sorted(tokens, key=lambda token: (-tokens.count(token), token))
