"""What `report` puts into its page: a program that can be executed, and what the other verbs find of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from analyze.record import Result
from analyze.results.blame import BlameAllResult
from analyze.results.checked import Checked
from analyze.results.circuits import CircuitResult
from analyze.results.dead import DeadResult
from analyze.results.graph import GraphResult
from analyze.results.verify import VerifyResult


@dataclass(frozen=True)
class EntriesReached:
    """How often inputs consult each entry of a table, in the order of its entries; of a partial program also holes."""

    table: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class ReportLine:
    """One line of the module.

    Attributes:
        number: 1-based.
        node: the variable whose function, assignment or weights stand there.
        reached: how often inputs consult an entry that stands there; None where none does.
        dead: whether all its entries are dead.
        mends: how many wrong predictions the best edit of an entry of this line would mend; 0 if blame was not asked.
        folded: whether it belongs to a helper that is the same in all modules.
    """

    number: int
    text: str
    node: str | None
    reached: int | None
    dead: bool
    mends: int
    folded: bool


@dataclass(frozen=True)
class Tried:
    """Which inputs were looked at, so that a page may know of an input that it is one of them.

    Attributes:
        regular: whether they are all sequences of some symbols of some lengths, shorter ones first, then in the order
            of their codes.
        symbols: those codes, ascending.
        least, most: how many symbols an input has.
        listed: where they are not regular, the first of them as codes.
        whole: whether `regular` or `listed` tells all of them.
    """

    regular: bool
    symbols: tuple[int, ...]
    least: int
    most: int
    listed: tuple[tuple[int, ...], ...]
    whole: bool


@dataclass(frozen=True)
class ReportResult(Result):
    """All that a page tells of a program.

    Attributes:
        path: the module's file.
        tables: the program as `tprog.run.coded` says it.
        checked: the inputs that were looked at.
        verify: None where no task says what is right. It may list fewer wrong inputs than it counts.
        blame: None where it was not asked for, or nothing is wrong.
        divided: the inputs, as codes, that stand for several whose right answers differ, as the program does not know
            the words by which these do.
        reached: by table, in execution order.
        example: an input, as codes.
        looped: whether the program can be fed its own output, and `stop`, the class that ends that.
        notes: how the program is judged, one line each.
    """

    verb: ClassVar[str] = "report"

    program: str
    path: str
    task: str | None
    tables: dict[str, Any]
    checked: Checked
    tried: Tried
    verify: VerifyResult | None
    dead: DeadResult
    circuits: CircuitResult
    graph: GraphResult
    blame: BlameAllResult | None
    divided: tuple[tuple[int, ...], ...]
    reached: tuple[EntriesReached, ...]
    lines: tuple[ReportLine, ...]
    example: tuple[int, ...]
    looped: bool
    stop: str | None
    notes: tuple[str, ...] = ()
