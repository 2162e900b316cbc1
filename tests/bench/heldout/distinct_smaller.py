"""A task: how many different letters of the input come before this one in the alphabet?"""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("0", "1", "2", "3", "4")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return [str(sum(letter < token for letter in set(tokens))) for token in tokens]
