"""A task: has there been a b since the last a before here? Asked at an a; elsewhere the answer is a blank."""

from collections.abc import Sequence

VOCABULARY = ("a", "b", "c")
CLASSES = ("-", "no", "yes")
LONGEST = 9
CAUSAL = True


def oracle(tokens: Sequence[str]) -> list[str]:
    """The right answers to an input, one a token."""
    answers = []
    for place, token in enumerate(tokens):
        before = [other for other in range(place) if tokens[other] == "a"]
        asked = token == "a" and before
        answers.append(("yes" if "b" in tokens[before[-1] : place] else "no") if asked else "-")
    return answers
