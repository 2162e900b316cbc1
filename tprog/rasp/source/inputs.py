"""Inputs of a source as a person types them, and its values as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction

from tprog.errors import BadInput, BadUsage
from tprog.rasp.evaluate import checked_input
from tprog.rasp.values import Value, spelled_values


def parse_tokens(text: str) -> list[Value]:
    """A text as the tokens of an input: one a character, words between blanks, or a JSON list of words and numbers.

    Raises:
        BadInput: there are none, or the list is none.
    """
    if text.lstrip().startswith("[") and text.rstrip().endswith("]"):
        try:
            return checked_input(json.loads(text, parse_float=Fraction))
        except (ValueError, RecursionError) as error:
            if isinstance(error, BadInput):
                raise
            if '"' in text or "," in text:
                raise BadInput(f"the input is no JSON list of tokens: {error}") from None
    words = text.split()
    return checked_input(words if len(words) != 1 else list(words[0]))


def vocabulary_of(text: str) -> list[Value]:
    """The tokens that the option ``--vocabulary`` names, written like an input.

    Raises:
        BadUsage: it names none.
    """
    try:
        return parse_tokens(text)
    except BadInput as error:
        raise BadUsage(f"--vocabulary is written like an input, as abc or a JSON list of tokens: {error}") from None


def joined(values: Sequence[Value]) -> str:
    """Values in one line: without blanks where each is one character, as inputs are typed."""
    spelled = spelled_values(values)
    return ("" if all(len(word) == 1 for word in spelled) else " ").join(spelled)
