"""What every node answers of itself, so that a pass need not know its kind.

A kind that lacks an answer is abstract: nothing can make it, and the type checker says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from tprog.ir.domains import Domain, Symbol
from tprog.ir.entries import Answer, Entries, Read, TableKey
from tprog.ir.values import HOLE

if TYPE_CHECKING:
    from tprog.ir.nodes import AttentionHead, Node

Kind: TypeAlias = Literal["embedding", "head", "numeric head", "lookup", "linear"]
"""What a node is, in a word or two: the names of its kind in results, pictures and messages."""

VariableKind: TypeAlias = Kind | Literal["input"]
"""What makes a variable: a node of that kind, or nothing but the input."""


PREDICATE, LOOKUP = "predicate_", "lookup_"
"""How the names of an emitted module's functions begin; see `Answering.functions`."""


@dataclass(frozen=True, eq=False)
class Proven:
    """The domain of a node, and from what it was proven."""

    given: tuple[object, ...]
    domain: Domain


class Answering(ABC):
    """What every node answers of itself.

    Attributes:
        proven: its domain in the last program that it was checked for; it says nothing of what the node is.
    """

    name: str
    proven: Proven | None = None

    @property
    @abstractmethod
    def kind(self) -> Kind: ...

    @property
    @abstractmethod
    def roles(self) -> tuple[Read, ...]:
        """All that it reads, and as what, in a fixed order."""

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The variables that it reads, in the order of `roles`."""
        return tuple(read.variable for read in self.roles)

    @abstractmethod
    def with_read(self, read: Read) -> Node:
        """A copy that reads `read.variable` in that role and place instead of what it reads there.

        Raises:
            ValueError: it has no such read, or it is fixed.
        """

    @property
    @abstractmethod
    def tables(self) -> Mapping[TableKey, Entries]:
        """The tables that it carries, as they are consulted: one, and several only for a head of several clauses."""

    @property
    def entries(self) -> Entries:
        """The table that it carries, if it is only one."""
        (only,) = self.tables.values()
        return only

    @abstractmethod
    def with_answers(self, answers: tuple[Answer | None, ...], table: TableKey | None = None) -> Node:
        """A copy whose entries have other answers, one an entry and in their order.

        Args:
            table: which of its tables; may be left out where it has only one.
        """

    def with_answer(self, at: int, answer: Answer | None, table: TableKey | None = None) -> Node:
        """A copy with another answer at one entry, None for a hole."""
        old = (self.entries if table is None else self.tables[table]).answers
        return self.with_answers((*old[:at], answer, *old[at + 1 :]), table)

    @cached_property
    def partial(self) -> bool:
        """Whether it has a hole."""
        return any(HOLE in entries.answers for entries in self.tables.values())

    @property
    @abstractmethod
    def declares(self) -> tuple[Symbol, ...] | None:
        """The symbols that it says it may answer; None where its domain follows from what it reads or from numbers."""

    @abstractmethod
    def renamed(self, names: Mapping[Symbol, Symbol]) -> Node:
        """A copy that declares other symbols: old -> new, in their new order; what is left out is in no entry.

        Raises:
            ValueError: it declares none.
        """

    @property
    @abstractmethod
    def selection(self) -> AttentionHead | None:
        """By what it selects the positions that it looks at; None if it looks at its own position alone."""

    @property
    @abstractmethod
    def words(self) -> tuple[Symbol | None, ...] | None:
        """Its answer for each word of the vocabulary, None for a hole, if it is an embedding; else None."""

    @property
    @abstractmethod
    def layer(self) -> int | None:
        """The 0-based layer in which it was learned, as its name tells; None if that tells none."""

    @property
    @abstractmethod
    def answers_numbers(self) -> bool:
        """Whether its entries hold numbers: they alone prove its domain, which is another where they change."""

    @property
    @abstractmethod
    def functions(self) -> Mapping[TableKey, str]:
        """The functions that an emitted module has for it, one a table; none if its entries stand there as data."""

    @property
    @abstractmethod
    def ablatable(self) -> bool:
        """Whether a circuit can do without it: it is a head or lookup of the network, not a spelling of its input."""

    def no_read(self, read: Read) -> ValueError:
        """That it has no such read, or none that can be another."""
        return ValueError(f"node {self.name!r}, of the kind {self.kind}, has no {read.role} {read.place} to rewire")

    def no_symbols(self) -> ValueError:
        """That it declares none."""
        return ValueError(f"node {self.name!r}, of the kind {self.kind}, declares no symbols to rename")
