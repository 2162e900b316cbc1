"""The name of one entry of a Program: the unit that blame and edits speak of, and that has a line in the module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tprog.ir.domains import Value
from tprog.ir.entries import ClauseOf, EntryPart, TableKey, WeightsOf, picked

Part: TypeAlias = EntryPart | Literal["weights", "wiring", "self rule", "names"]


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        node: the node's name, or ``readout``, or ``program``.
        part: ``row`` of a head's predicate, ``cell`` of a lookup, ``word`` of an embedding, ``coefficient`` or
            constant of a sum, row of ``weights`` of the readout, or the ``wiring`` of a node: what it reads and under
            which mask; or the ``self rule``, which holds for all heads; or the ``names`` of an embedding's values.
        at: a row's query value; a cell's input values (levels, where the input is numeric); a word; a weight row's
            variable and, if that is categorical, value; a coefficient's variable; nothing for a constant or wiring.
        clause: of which alternative, and which clause in it, a row is, both 0-based; None where its head has only one.
    """

    node: str
    part: Part
    at: tuple[Value, ...] = ()
    clause: tuple[int, int] | None = None

    @property
    def table(self) -> TableKey | None:
        """The table that it is an entry of; a wiring or a rule is of none."""
        match self.part:
            case "row" | "cell" | "word" | "coefficient":
                return self.node if self.clause is None else ClauseOf(self.node, *self.clause)
            case "weights":
                return WeightsOf(str(self.at[0]))
            case "wiring" | "self rule" | "names":
                return None

    @property
    def within(self) -> str:
        """Which entry of its node it is, in words; empty where the node's name says all."""
        match self.part:
            case "row" | "cell" | "word" | "coefficient":
                within = picked(self.part, self.at)
                return within if self.clause is None else f"clause {self.clause[0]}.{self.clause[1]}, {within}"
            case "weights":
                return str(self)
            case "wiring" | "self rule" | "names":
                return ""

    def __str__(self) -> str:
        match self.part:
            case "row" | "cell" | "word" | "coefficient":
                return f"{self.table}, {picked(self.part, self.at)}"
            case "weights":
                variable, *value = self.at
                return f"{WeightsOf(str(variable))}" + (f" = {value[0]!r}" if value else "")
            case "wiring" | "names":
                return f"{self.part} of {self.node}"
            case "self rule":
                return "self rule"


def entry_of(table: TableKey, part: EntryPart, at: tuple[Value, ...]) -> Entry:
    """The entry of a table that these values pick; of weights, beside the variable whose they are."""
    match table:
        case str():
            return Entry(table, part, at)
        case ClauseOf():
            return Entry(table.head, part, at, (table.alternative, table.clause))
        case WeightsOf():
            return Entry("readout", "weights", (table.variable, *at))
