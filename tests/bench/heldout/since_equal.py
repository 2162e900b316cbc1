"""A task: how many places back does the same letter stand? 0 if it does not."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("0", "1", "2", "3", "4", "5", "6", "7")
LONGEST = 8
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers = []
    for place, token in enumerate(tokens):
        back = [place - other for other in range(place) if tokens[other] == token]
        answers.append(str(min(back, default=0)))
    return answers
