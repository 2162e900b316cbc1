"""A task: does the same letter stand as far from the other end?"""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("no", "yes")
LONGEST = 8


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return ["yes" if token == other else "no" for token, other in zip(tokens, reversed(tokens), strict=True)]
