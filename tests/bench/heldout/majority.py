"""A task: are there more a than b in the input? Told at every token."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c")
CLASSES = ("no", "tie", "yes")
LONGEST = 9


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    a, b = tokens.count("a"), tokens.count("b")
    return ["yes" if a > b else "tie" if a == b else "no"] * len(tokens)
