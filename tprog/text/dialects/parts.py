"""What is known of a tpdebug module while it is being read."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tprog.errors import BadProgram, NotExact
from tprog.ir.entry import Entry
from tprog.ir.program import Program, Variable
from tprog.text.dialects.subset import Source
from tprog.text.emit import Block

Built = TypeVar("Built")


@dataclass(eq=False)
class Parts:
    """The module's parts, and what reading has found so far.

    Attributes:
        constants, functions: the top level, name -> syntax.
        tables: the side file's content; empty without one.
        frame: the Program without nodes and weights.
        known: the variables so far.
        lines: entry -> the line that holds it (1-based).
        blocks: block -> its first and last line (1-based, both included).
        called: the primitives called so far.
    """

    source: Source
    constants: Mapping[str, ast.expr]
    functions: Mapping[str, ast.FunctionDef]
    tables: Mapping[str, Any]
    frame: Program
    known: dict[str, Variable]
    lines: dict[Entry, int] = field(default_factory=dict)
    blocks: dict[Block, tuple[int, int]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)


def built(source: Source, at: ast.AST, build: Callable[[], Built]) -> Built:
    """What `build` returns; what a record refuses is reported at `at`."""
    try:
        return build()
    except (BadProgram, NotExact) as error:
        source.refuse(at, f"a contradiction: {error}", "a program that is whole", "")
