"""A task: the most frequent letter, of equally frequent ones the one that occurs last; told at every token."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("a", "b", "c", "d")
LONGEST = 8


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    last = {token: place for place, token in enumerate(tokens)}
    return [max(last, key=lambda token: (tokens.count(token), last[token]))] * len(tokens)
