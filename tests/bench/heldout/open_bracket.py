"""A task: which bracket would have to be closed next? A blank if none is open or one was closed wrongly."""

from collections.abc import Sequence

VOCABULARY = ("(", "[", ")", "]")
CLASSES = ("-", "(", "[")
LONGEST = 8
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers: list[str] = []
    stack: list[str] = []
    broken = False
    for token in tokens:
        if token in "([":
            stack.append(token)
        elif stack and stack[-1] + token in ("()", "[]"):
            stack.pop()
        else:
            broken = True
        answers.append("-" if broken or not stack else stack[-1])
    return answers
