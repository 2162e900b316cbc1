"""A task: neighbours change places two by two; a last letter without a neighbour stays."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("a", "b", "c", "d", "e")
LONGEST = 7


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    swapped = list(tokens)
    for place in range(0, len(tokens) - 1, 2):
        swapped[place], swapped[place + 1] = tokens[place + 1], tokens[place]
    return swapped
