"""What `coverage` found: which lines, branches and entries the inputs run, by outcome and by class predicted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

from analyze.record import Result
from analyze.results.checked import Checked
from analyze.results.source import AnnotatedSource
from tprog.ir.values import Value


@dataclass(frozen=True)
class CoverageContext:
    """A group of inputs, and how much of the module they run. An input may be in several.

    Attributes:
        name: an outcome, or a class.
        kind: an input has one outcome, and every class that it predicts at a graded position.
        inputs: how many of `CoverageResult.checked`.
        lines: lines of the program that those of them run, of `CoverageResult.own_lines`; None where classes were not
            told apart.
        entries: entries that they reach.
    """

    name: str
    kind: Literal["outcome", "class"]
    inputs: int
    lines: int | None
    entries: int


@dataclass(frozen=True)
class Tally:
    """How many of how many."""

    reached: int
    whole: int


@dataclass(frozen=True)
class CoveredFunction:
    """A function of the module that ran.

    Attributes:
        own: whether it belongs to the program: a predicate, a lookup or `run`; the primitives are the same in every
            module.
        line: where it begins, in the module that ran.
    """

    name: str
    own: bool
    line: int
    lines: Tally
    branches: Tally
    entries: Tally


@dataclass(frozen=True)
class CoveredLine:
    """A line that Python can run, in the module that ran; 1-based.

    Attributes:
        contexts: indices in `CoverageResult.contexts` of those that run it; empty also where loading alone does.
        ran: whether anything runs it.
    """

    number: int
    ran: bool
    contexts: tuple[int, ...]


@dataclass(frozen=True)
class UntakenBranch:
    """A way on from a line that runs, which no input takes.

    Attributes:
        line: in the module that ran.
        function: that it stands in.
        text: the line's source.
        never: in words.
    """

    line: int
    function: str
    text: str
    never: str


@dataclass(frozen=True)
class CoveredEntry:
    """An entry, and how many of the inputs checked reach it.

    Attributes:
        node, part, at, clause: see `tprog.ir.entry.Entry`.
        line: in the user's file; None for an entry in a side file.
        missing: whether the program has no such row: what reaches it is a hole.
        counts: inputs that reach it, one a context, in the order of `CoverageResult.contexts`.
    """

    node: str
    part: str
    at: tuple[Value, ...]
    text: str
    line: int | None
    missing: bool
    counts: tuple[int, ...]
    clause: tuple[int, int] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class CoverageResult(Result):
    """Which parts of a program inputs run.

    Attributes:
        checked: the inputs over which entries are counted.
        ran: the inputs that the module was run on; their answers were those that reading it predicts.
        converted: whether not the file itself ran, but what `tpdebug emit` makes of it: lines, branches and functions
            are then those of the conversion, entries those of the file.
        lacking: limits that this platform does not set on a child process.
        version: of coverage.py.
        own_lines, own_branches: of the program: its predicates, lookups and `run`.
        lines, branches: of the whole module, the primitives included.
        entries: those that the program has; reached: by any input.
        contexts: the outcomes first, then the classes.
        entry_counts: every entry, in execution order.
        source: the user's file with notes, if it was asked for; conversion: what ran instead, likewise.
    """

    verb: ClassVar[str] = "coverage"
    schema_version: ClassVar[int] = 2

    program: str
    checked: Checked
    ran: Checked
    converted: bool
    lacking: tuple[str, ...]
    version: str
    own_lines: Tally
    own_branches: Tally
    lines: Tally
    branches: Tally
    entries: Tally
    contexts: tuple[CoverageContext, ...]
    functions: tuple[CoveredFunction, ...]
    line_contexts: tuple[CoveredLine, ...]
    untaken: tuple[UntakenBranch, ...]
    entry_counts: tuple[CoveredEntry, ...]
    source: AnnotatedSource | None
    conversion: AnnotatedSource | None
