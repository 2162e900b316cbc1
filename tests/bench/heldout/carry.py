"""A task: two binary numbers, the sum of two digits a token, the lowest first; the digits of their sum."""

from collections.abc import Sequence

VOCABULARY = ("0", "1", "2")
CLASSES = ("0", "1")
LONGEST = 9
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers, carry = [], 0
    for token in tokens:
        total = int(token) + carry
        answers.append(str(total % 2))
        carry = total // 2
    return answers
