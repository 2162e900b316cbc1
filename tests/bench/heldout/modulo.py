"""A task: the a up to here less the b up to here, modulo three."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c")
CLASSES = ("0", "1", "2")
LONGEST = 9
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers, total = [], 0
    for token in tokens:
        total += (token == "a") - (token == "b")
        answers.append(str(total % 3))
    return answers
