"""What `run` prints of an input, a line each: the answer of a program, and what a loop appended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from analyze.record import WHERE_TOLD, Told
from tprog.run.generate import Ending

Row: TypeAlias = tuple[str | None, ...]
"""[position] what comes out there, spelled; None where nothing does."""


@dataclass(frozen=True)
class RunResult(Told):
    """The answer to an input.

    Attributes:
        tokens: the whole input.
        prediction: a row; of a pooled program one class; of several outputs name -> row. None at a hole.
        outputs: of RASP source, name -> row of each expression that it gives.
        hole: the hole that the input runs into, if it does.
    """

    verb: ClassVar[str] = "run"
    signed: ClassVar[bool] = False

    tokens: tuple[str, ...]
    prediction: Row | dict[str, Row] | str | None
    outputs: dict[str, Row] | None = field(default=None, metadata=WHERE_TOLD)
    hole: str | None = None


@dataclass(frozen=True)
class RunLoopResult(Told):
    """What a program in a loop made of a prompt.

    Attributes:
        prompt: the whole input that it began with.
        generated: what was appended; the stop class is none of it.
        ended: why it went no further.
        hole: the hole that it ran into, if it did.
    """

    verb: ClassVar[str] = "run-loop"
    signed: ClassVar[bool] = False

    prompt: tuple[str, ...]
    generated: tuple[str, ...]
    ended: Ending
    hole: str | None
