"""What `dead` found: verdicts on nodes, and the entries and lines that nothing reaches, with their evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

from analyze.record import WHERE_TOLD, Result
from analyze.results.checked import Checked
from tprog.ir.answering import Kind
from tprog.ir.values import Value

Proof: TypeAlias = Literal["static", "enumerated", "sampled"]
"""``static``: proven from the program alone, for every input that it accepts; ``enumerated``: tried on all inputs of
the domain that `DeadResult.checked` names; ``sampled``: not refuted by the sample that it names, which is no proof."""


@dataclass(frozen=True)
class Verdict:
    """One reason why a node is dead.

    Attributes:
        kind: ``unread``: every path from it ends in weights that do not tell classes apart; ``constant``: one value;
            ``inert``: fixed at `constant`, no prediction changes; ``mergeable``: equal to the variable `mate`.
        evidence: in words.
    """

    kind: Literal["unread", "constant", "inert", "mergeable"]
    evidence: str
    proof: Proof
    constant: Value | None = None
    mate: str | None = None


@dataclass(frozen=True)
class DeadNode:
    """A dead node and all its verdicts, in the order unread, constant, inert, mergeable."""

    name: str
    kind: Kind
    reading: str
    line: int | None
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class Removal:
    """How one node of the jointly removable set goes: fixed at `constant`, or replaced by `mate`."""

    name: str
    constant: Value | None
    mate: str | None


@dataclass(frozen=True)
class DeadEntry:
    """A row, cell, word or weight row that no input reaches.

    Attributes:
        entry: in words.
        node, part, at, clause: the same as data, as `tprog.ir.entry.Entry` has it; of weights, the node is
            ``readout``.
    """

    entry: str
    node: str
    part: Literal["row", "cell", "word", "coefficient", "weights"]
    at: tuple[Value, ...]
    line: int | None
    proof: Proof
    clause: tuple[int, int] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class DeadLine:
    """A line of the module all of whose entries are dead; `proof` is the weakest of theirs."""

    line: int
    entries: tuple[str, ...]
    proof: Proof


@dataclass(frozen=True)
class TableCount:
    """The entries of one node, or of the readout of one variable, counted.

    Attributes:
        table: the node's name, or ``readout of VARIABLE``.
        part: what its entries are.
        line: the first that holds one of them; without any, where the node is assigned.
        entries: how many it has, without the missing ones.
        dead: how many of these no input reaches.
        static: how many of the dead ones are proven so for every input.
        missing: how many entries a partial program lacks here.
        missing_reached: how many of the missing ones an input runs into.
    """

    table: str
    part: Literal["row", "cell", "word", "coefficient", "weights"]
    line: int | None
    entries: int
    dead: int
    static: int
    missing: int
    missing_reached: int


@dataclass(frozen=True)
class DeadResult(Result):
    """The dead nodes, entries and lines of a program.

    Attributes:
        nodes: how many nodes the program has.
        dead: each judged alone, in execution order.
        removable: a set removed together without any change of a prediction over the inputs checked.
        untried: numeric nodes with too many possible values to try all: only those that they take were tried.
        tables: in execution order.
        dead_entries: in execution order.
        lines_with_entries: how many lines of the module hold entries; 0 where the program has no file.
        dead_lines: ascending.
        notes: what the module is known to do otherwise than its network did, one line each.
        read: how the sentences of a corpus were read, one line each.
    """

    verb: ClassVar[str] = "dead"
    schema_version: ClassVar[int] = 2

    program: str
    checked: Checked
    nodes: int
    dead: tuple[DeadNode, ...]
    removable: tuple[Removal, ...]
    untried: tuple[str, ...]
    tables: tuple[TableCount, ...]
    dead_entries: tuple[DeadEntry, ...]
    lines_with_entries: int
    dead_lines: tuple[DeadLine, ...]
    notes: tuple[str, ...] = ()
    read: tuple[str, ...] = field(default=(), metadata=WHERE_TOLD)
