"""Right answers as a person types them: what ``--expect`` means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from tprog.errors import BadInput
from tprog.ir.places import ByOutput
from tprog.ir.program import BEGIN, END, Program
from tprog.listing import listing, shortened


def parse_answer(
    text: str, program: Program, tokens: Sequence[str], position: int | None = None, output: str | None = None
) -> ByOutput[str | None]:
    """The right class at each position (pooled: one class), None where none is given.

    The text is one class a character (``abbc``), classes separated by spaces, or a JSON list in which ``null`` gives
    none. It has one class a position, one a position whose output is not forced (of a variable: that is no mark), or
    one a symbol; with `position` it may also be the one class that is right there. Of several outputs it answers
    `output`; without that it is a JSON object, name -> such a text or list, and what it leaves out is not known.

    Args:
        tokens: the whole input that it answers, ``<s>`` and ``</s>`` included.
        position: 0-based, ``<s>`` being 0.

    Raises:
        BadInput: the message names the item, its index (0-based) and what is allowed.
    """
    if not program.places.several:
        return _row(text, program, tokens, position, program.outputs[0])
    found: dict[str, tuple[str | None, ...]] = {name: (None,) * len(tokens) for name in program.outputs}
    for name, told in _by_name(text, program, output).items():
        found[name] = _row(told, program, tokens, position, name)
    return found


def _by_name(text: str, program: Program, output: str | None) -> dict[str, str]:
    """Output -> the text of its answers."""
    names = listing(program.outputs)
    if output is not None:
        if output not in program.outputs:
            raise BadInput(f"there is no output {output!r}; expected one of {names}")
        return {output: text}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not set(found) <= set(program.outputs):
        raise BadInput(
            f"the expected output {shortened(text)} is no JSON object; expected one with some of {names}, or the "
            "answers to one of them, which --of names"
        )
    return {name: told if isinstance(told, str) else json.dumps(told) for name, told in found.items()}


def _row(
    text: str, program: Program, tokens: Sequence[str], position: int | None, output: str
) -> tuple[str | None, ...]:
    """The answers to one output."""
    if position is not None and position >= len(tokens):
        raise BadInput(f"there is no position {position}; the input's last is {len(tokens) - 1}")
    forced = _forced(program, tokens, output)
    free = _free(program, tokens, output, forced)
    answers = _items(text, program, 1 if position is not None else len(free))
    pooled, whole = program.readout.pooled, range(len(forced))
    symbols = whole if pooled else [place for place in whole if tokens[place] not in (BEGIN, END)]
    at = _places(len(answers), (free, whole, symbols), None if pooled else position)
    if at is None:
        raise BadInput(f"the expected output {text!r} has {len(answers)} items; expected {len(free)}, one a prediction")
    given = dict(zip(at, answers, strict=True))
    _check_classes(program, given, forced)
    return tuple(None if is_forced else given.get(place) for place, is_forced in enumerate(forced))


def _free(program: Program, tokens: Sequence[str], output: str, forced: Sequence[bool]) -> list[int]:
    """The places at which somebody need say what is right: not at the marks, if a variable comes out."""
    left_out = [token in (BEGIN, END) for token in tokens] if output in program.variables_out else forced
    return [place for place, is_left_out in enumerate(left_out) if not is_left_out]


def _check_classes(program: Program, given: Mapping[int, str | None], forced: Sequence[bool]) -> None:
    """Refuse an answer that no output can be."""
    for index, (place, answer) in enumerate(given.items()):
        if answer not in (None, *program.classes) and not forced[place]:
            raise BadInput(
                f"item {index} of the expected output is {answer!r}; expected one of {listing(program.classes)}"
            )


def _forced(program: Program, tokens: Sequence[str], output: str) -> list[bool]:
    """[place]: whether the output is forced there."""
    if program.readout.pooled:
        return [False]
    forced = () if output in program.variables_out else program.readout.forced
    return [token in forced for token in tokens]


def _places(count: int, choices: Iterable[Sequence[int]], position: int | None) -> Sequence[int] | None:
    """What so many answers are given for: the one position, or the first of the choices of places that fits."""
    if position is not None and count == 1:
        return [position]
    return next((places for places in choices if len(places) == count), None)


def _items(text: str, program: Program, count: int) -> list[str | None]:
    """The text cut into classes; `count` decides whether one word is one class or one a character."""
    if text.lstrip().startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadInput(f"the expected output {text[:60]!r} is not a JSON list: {reason}") from None
        if not all(item is None or isinstance(item, str) for item in found):
            raise BadInput(f"the expected output {text!r} must hold strings in double quotes, or null")
        return list(found)
    words = text.split()
    if len(words) == 1 and not (count == 1 and words[0] in program.classes):
        return list(words[0])
    return list(words)
