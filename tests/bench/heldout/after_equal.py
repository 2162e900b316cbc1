"""A task: what followed the last time this letter stood here? A blank if it did not."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c", "d")
CLASSES = ("a", "b", "c", "d", "-")
LONGEST = 8
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers = []
    for place, token in enumerate(tokens):
        before = [other for other in range(place) if tokens[other] == token]
        answers.append(tokens[before[-1] + 1] if before else "-")
    return answers
