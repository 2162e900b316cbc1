"""A task: the last vowel up to here, a blank if there is none."""

from collections.abc import Sequence

VOCABULARY = ("a", "e", "b", "c", "d")
CLASSES = ("a", "e", "-")
LONGEST = 7
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers, vowel = [], "-"
    for token in tokens:
        vowel = token if token in "ae" else vowel
        answers.append(vowel)
    return answers
