"""The call graph of a file: who calls or passes whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Result

MODULE = "<module>"
"""The name of a module's own top level, as Python's tracebacks print it."""


@dataclass(frozen=True)
class CallNode:
    """A function (or ``<module>``, the top level) of a source file.

    Attributes:
        defined: whether this file defines it; others are builtins and imported names.
    """

    name: str
    line: int | None
    defined: bool


@dataclass(frozen=True)
class CallEdge:
    """`source` calls `target`, or passes it as an argument, at these lines."""

    source: str
    target: str
    kind: Literal["calls", "passes"]
    lines: tuple[int, ...]


@dataclass(frozen=True)
class CallDifference:
    """An edge that only one engine finds, and why, where that is known."""

    source: str
    target: str
    only: str
    reason: str


@dataclass(frozen=True)
class CallGraphResult(Result):
    """Who calls or passes whom. `differences` is None unless a cross-check was asked for."""

    verb: ClassVar[str] = "calls"

    program: str
    engine: str
    nodes: tuple[CallNode, ...]
    edges: tuple[CallEdge, ...]
    differences: tuple[CallDifference, ...] | None
