"""What is known of a published module while its `run` is being read."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tprog.ir.entries import ReadRole
from tprog.ir.entry import Entry
from tprog.ir.nodes import Node
from tprog.ir.program import Program, Variable
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.published.embeddings import Words
from tprog.text.dialects.published.functions import Members
from tprog.text.dialects.published.helpers import Helpers
from tprog.text.dialects.published.side import Table
from tprog.text.dialects.subset import Source
from tprog.text.emit import Block

Span: TypeAlias = tuple[int, int, int, int]
"""First line (1-based), column in bytes (0-based), last line, column behind the end: as in a syntax tree."""


def span(node: ast.expr | ast.stmt) -> Span:
    """Where a syntax node stands."""
    end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset
    return node.lineno, node.col_offset, end_line, node.col_offset if end_column is None else end_column


@dataclass(frozen=True)
class Chained:
    """A predicate or lookup as it stands in the module, for whoever adds a branch to it.

    Attributes:
        first: the line of its first test or return; a branch can be put before it.
        indent: the columns before that line.
        names: the arguments; a lookup's `key`, if it has one, is `key`.
        key: the name of the tuple of all arguments, or None.
    """

    first: int
    indent: int
    names: tuple[str, ...]
    key: str | None


@dataclass(frozen=True)
class Selection:
    """A pattern: what `select` or `select_closest` was called with, until a value is read through it."""

    closest: bool
    key: ast.expr
    query: ast.expr
    function: str


@dataclass(frozen=True)
class Term:
    """Scores: the rows of one feature at the values of a variable, or one row times a number."""

    variable: str
    feature: str
    times: str | None
    at: ast.expr


@dataclass(eq=False)
class Scope:
    """The names of `run` so far.

    Attributes:
        tokens: the name of `run`'s argument.
        variables: local name -> the Program's name of that variable.
        places: what a patch rewrites: (node, role of a read, its place) -> its span.
        side_lines: entry -> side file and line (1-based), for what stands in a side file.
        scored: the local names whose rows `run` looks up.
        embed_df, embeddings: the local names of the embedding's CSV and of the tokens' rows in it, once they are there.
        columns: embedding -> its column in the CSV (0-based), and the enum that its number names a member of.
        features: variable -> the feature under which its weights stand.
        undefined: the names in `run` that nothing defines, so that it raises NameError there.
    """

    source: Source
    members: Members
    helpers: Helpers
    weights: Table
    words: Words | None
    frame: Program
    tokens: str
    known: dict[str, Variable]
    variables: dict[str, str]
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    patterns: dict[str, Selection] = field(default_factory=dict)
    scores: dict[str, Term] = field(default_factory=dict)
    tables: dict[str, ast.expr] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    lines: dict[Entry, int] = field(default_factory=dict)
    side_lines: dict[Entry, tuple[str, int]] = field(default_factory=dict)
    blocks: dict[Block, tuple[int, int]] = field(default_factory=dict)
    places: dict[tuple[str, ReadRole, int], Span] = field(default_factory=dict)
    chains: dict[str, Chained] = field(default_factory=dict)
    defects: list[Defect] = field(default_factory=list)
    features: dict[str, str] = field(default_factory=dict)
    columns: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    scored: frozenset[str] = frozenset()
    undefined: frozenset[str] = frozenset()
    embed_df: str | None = None
    embeddings: str | None = None

    def variable(self, node: ast.expr) -> str:
        """The Program's variable that an expression names."""
        if isinstance(node, ast.Name) and node.id in self.variables:
            return self.variables[node.id]
        self.check_defined(node)
        self.source.unexpected(node, "the name of an earlier variable")

    def check_defined(self, node: ast.expr) -> None:
        """Refuse a name that nothing defines: the fault is the file's own, whoever runs it."""
        if isinstance(node, ast.Name) and node.id in self.undefined:
            found = f"`{node.id}`, which nothing defines, so that the file itself raises NameError when `run` is called"
            advice = "the original code leaves it out of models whose numbers are not all ones"
            own = advice if re.fullmatch(r"num_var\d+_embeddings?(_scores)?", node.id) else ""
            self.source.refuse(node, found, "the name of an earlier variable", own)

    def taken(self, name: str) -> bool:
        """Whether a local name already stands for something."""
        groups: tuple[Mapping[str, object], ...] = (
            self.variables, self.functions, self.patterns, self.scores, self.tables
        )  # fmt: skip
        return any(name in group for group in groups) or name in self.used
