"""A task: is this letter there an even number of times?"""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("no", "yes")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return ["yes" if tokens.count(token) % 2 == 0 else "no" for token in tokens]
