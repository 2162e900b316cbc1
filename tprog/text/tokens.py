"""Inputs as a person types them, and outputs as a person reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from tprog.errors import BadInput
from tprog.escape import spelled
from tprog.ir.program import BEGIN, END, UNKNOWN, Program

_MARKS = re.compile(f"({BEGIN}|{END}|{UNKNOWN})")


def parse_input(text: str, program: Program) -> list[str]:
    """An input text as a whole token sequence, to which ``<s>`` and ``</s>`` are added where the program wants them.

    The text is one symbol a character (``abbc``), words separated by spaces (``the cat``) or a JSON list
    (``["a", "b"]``); marks that are already there stay. One word without a space is that word if the program's
    symbols are words of several characters, or if it is a symbol itself.

    Raises:
        BadInput: the message names the token, its index (0-based, marks counted) and what is allowed.
    """
    listed = _json_list(text, program)
    tokens = _split(text, program) if listed is None else listed
    if program.marks.begins and tokens[:1] != [BEGIN]:
        tokens = [BEGIN, *tokens]
    if program.marks.ends and tokens[-1:] != [END]:
        tokens = [*tokens, END]
    try:
        program.read_tokens(tokens)
    except ValueError as error:
        raise BadInput(str(error)) from None
    return tokens


@dataclass(frozen=True)
class Spacing:
    """Whether blanks stand between the tokens of a program's inputs, and between its answers, where they are shown."""

    inputs: bool = False
    outputs: bool = False


JOINED = Spacing()


def spacing(program: Program) -> Spacing:
    """How a program's inputs and outputs are shown: so that they can be typed, and all of them alike."""
    return Spacing(is_spaced(program.vocabulary), any(len(name) > 1 for name in program.classes))


def is_spaced(vocabulary: Sequence[str]) -> bool:
    """Whether a symbol that is no mark has several characters, so that symbols run together could not be told apart."""
    return any(len(word) > 1 and not _MARKS.fullmatch(word) for word in vocabulary)


def show_outputs(outputs: Sequence[str | None], tokens: Sequence[str], spaced: bool) -> str:
    """What is answered to an input as text, without what is answered at its marks: as the program's module prints it.

    Args:
        outputs: one a token of the input, None where there is none; or one for the whole input.
        spaced: as `show_tokens`.
    """
    inner = list(outputs)
    if len(outputs) == len(tokens):
        inner = inner[int(tokens[0] == BEGIN) : len(tokens) - int(tokens[-1] == END)]
    return spelled((" " if spaced else "").join(output for output in inner if output is not None))


def show_tokens(tokens: Sequence[str], spaced: bool) -> str:
    """Tokens as text, without the marks at the ends.

    Args:
        spaced: blanks stand between them, as `spacing` says of their program.
    """
    inner = list(tokens)
    if inner[:1] == [BEGIN]:
        inner = inner[1:]
    if inner[-1:] == [END]:
        inner = inner[:-1]
    return spelled((" " if spaced else "").join(inner))


def _json_list(text: str, program: Program) -> list[str] | None:
    """The tokens if the text is a JSON list, or can only be meant as one."""
    if not text.lstrip().startswith("["):
        return None
    try:
        found = json.loads(text)
        wrong = next((index for index, token in enumerate(found) if not isinstance(token, str)), None)
        if wrong is None:
            return [str(token) for token in found]
        reason = f"item {wrong} is {json.dumps(found[wrong])}; expected strings in double quotes"
    except (ValueError, RecursionError) as error:
        reason = str(error)
    if any(word.startswith("[") for word in program.vocabulary):
        return None
    shown = text if len(text) <= 60 else text[:60] + "..."
    raise BadInput(f"the input {shown!r} is not a JSON list of tokens: {reason}")


def _split(text: str, program: Program) -> list[str]:
    words = text.split()
    if len(words) != 1 or words[0] in program.vocabulary:
        return words
    by_letter = not is_spaced(program.vocabulary)
    return [
        token
        for piece in _MARKS.split(words[0])
        for token in ([piece] if not by_letter or _MARKS.fullmatch(piece) else piece)
        if token
    ]
