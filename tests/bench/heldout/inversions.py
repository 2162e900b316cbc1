"""A task: how many letters before this one come later in the alphabet?"""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d", "e")
CLASSES = ("0", "1", "2", "3", "4", "5", "6")
LONGEST = 7
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    return [str(sum(before > token for before in tokens[:place])) for place, token in enumerate(tokens)]
