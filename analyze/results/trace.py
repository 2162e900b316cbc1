"""What `trace` shows: each variable at each position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyze.record import Result
from analyze.results.checked import Checked
from tprog.ir.answering import VariableKind
from tprog.ir.places import ByOutput
from tprog.ir.provenance import SourceLine
from tprog.ir.values import Value
from tprog.text.tokens import JOINED, Spacing


@dataclass(frozen=True)
class TraceRow:
    """One variable on one input.

    Attributes:
        kind: input, embedding, head, numeric head or lookup.
        values: one a position; None from the first hole on.
    """

    variable: str
    kind: VariableKind
    reading: str
    line: int | None
    values: tuple[Value | None, ...]


@dataclass(frozen=True)
class TraceTable:
    """All variables on one input.

    Attributes:
        predicted: what the program answers at each position (pooled: one), None at a hole.
        expected: the right answers, None where nothing is graded; None altogether if no task is known.
        wrong: the graded positions that are wrong. Each of the three is by output where there are several.
        hole: the hole that the input reaches, or None.
    """

    tokens: tuple[str, ...]
    rows: tuple[TraceRow, ...]
    predicted: ByOutput[str | None]
    expected: ByOutput[str | None] | None
    wrong: ByOutput[int]
    hole: str | None


@dataclass(frozen=True)
class Contrast:
    """A right input beside a wrong one.

    Attributes:
        table: the right input: of those of the same length (else of the nearest length), the one that differs in the
            fewest positions, the first in order of enumeration.
        distance: in how many positions the two differ.
        parts_at: the first node, in execution order, whose values differ at a position where both inputs hold the
            same token, so that the difference has left the tokens; else the first that differs at all; else None. With
            several outputs, of the nodes to which those that are wrong lead back.
        positions: the positions at which it differs: those with the same token, if there are any.
        checked: the inputs among which the right one was looked for.
    """

    table: TraceTable
    distance: int
    parts_at: str | None
    positions: tuple[int, ...]
    checked: Checked


@dataclass(frozen=True)
class TraceResult(Result):
    """Each variable's value at each position.

    Attributes:
        note: why there is no contrast, where one was asked for.
        sources: where the nodes of a written program were written.
    """

    verb: ClassVar[str] = "trace"
    schema_version: ClassVar[int] = 2

    program: str
    table: TraceTable
    contrast: Contrast | None
    note: str
    spaced: Spacing = JOINED
    sources: tuple[SourceLine, ...] = ()
