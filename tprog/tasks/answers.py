"""Right answers as a person types them: what ``--expect`` means."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tprog.errors import BadInput
from tprog.ir.program import Program
from tprog.listing import listing


def parse_answer(
    text: str, program: Program, tokens: Sequence[str], position: int | None = None
) -> tuple[str | None, ...]:
    """The right class at each position (pooled: one class), None where none is given.

    The text is one class a character (``abbc``), classes separated by spaces, or a JSON list in which ``null`` gives
    none. It has one class a position, or one a position whose output is not forced; with `position` it may also be the
    one class that is right there.

    Args:
        tokens: the whole input that it answers, ``<s>`` and ``</s>`` included.
        position: 0-based, ``<s>`` being 0.

    Raises:
        BadInput: the message names the item, its index (0-based) and what is allowed.
    """
    if position is not None and position >= len(tokens):
        raise BadInput(f"there is no position {position}; the input's last is {len(tokens) - 1}")
    forced = _forced(program, tokens)
    free = [place for place, is_forced in enumerate(forced) if not is_forced]
    answers = _items(text, program, 1 if position is not None else len(free))
    at = _places(len(answers), free, len(forced), None if program.readout.pooled else position)
    if at is None:
        raise BadInput(f"the expected output {text!r} has {len(answers)} items; expected {len(free)}, one a prediction")
    given = dict(zip(at, answers, strict=True))
    for index, (place, answer) in enumerate(given.items()):
        if answer not in (None, *program.classes) and not forced[place]:
            raise BadInput(
                f"item {index} of the expected output is {answer!r}; expected one of {listing(program.classes)}"
            )
    return tuple(None if is_forced else given.get(place) for place, is_forced in enumerate(forced))


def _forced(program: Program, tokens: Sequence[str]) -> list[bool]:
    """[place]: whether the output is forced there."""
    return [False] if program.readout.pooled else [token in program.readout.forced for token in tokens]


def _places(count: int, free: Sequence[int], every: int, position: int | None) -> Sequence[int] | None:
    """What so many answers are given for: the one position, the free places or all of them; None if for neither."""
    if position is not None and count == 1:
        return [position]
    return next((places for places in (free, range(every)) if len(places) == count), None)


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
