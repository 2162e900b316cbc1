"""A kind of edit as one class: where it applies, how to make it, undo it and say it, and examples, which are its tests.

Blame proposes edits, repair applies them, the fault benchmark plants them. An edit says what its entry *becomes*, so
its inverse is an edit that says what the entry was. Edits never change a node's domain in a way that would make the
tables that read it meaningless; whatever else a Program requires, its own checks refuse.

A new kind of edit is one module beside these and one name in `tprog.edits.edit.KINDS`. The abstract methods say what it
must answer; an analysis asks them, and no analysis lists the kinds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, Literal, Self, TypeAlias, TypeVar

from tprog.edits.sample import SAMPLE
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Node, Program, Symbol, Symbols, Value

EditKind: TypeAlias = Literal["predicate", "lookup", "embedding", "linear", "wiring", "readout"]
"""The kind of an edit of one entry, by what the entry belongs to."""

ChangeKind: TypeAlias = EditKind | Literal["self rule", "names"]

T = TypeVar("T")


@dataclass(frozen=True)
class Example:
    """An edit of a sample, what it says, and what the edit says that undoes it."""

    edit: Change
    says: str
    undone: str
    of: Program = SAMPLE


class Change(ABC):
    """A change of one entry, or of what holds for the whole program.

    Attributes:
        kind: the name of its kind in results.
        counts_as: how many entries it is charged for.
    """

    kind: ClassVar[ChangeKind]
    counts_as: ClassVar[int] = 1

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[Example, ...]:
        """Edits of this kind of a sample, each of which differs from what stands there."""

    @property
    @abstractmethod
    def entry(self) -> Entry:
        """The entry that it changes."""

    @abstractmethod
    def apply(self, program: Program) -> Program:
        """The program after it; see `tprog.edits.edit.apply`."""

    @abstractmethod
    def undo(self, program: Program) -> Change:
        """The edit that takes the program after this one back to `program`.

        Raises:
            BadUsage: as `apply`.
        """

    @property
    def subject(self) -> str:
        """Of what `describe` says that it becomes another."""
        return str(self.entry)

    @abstractmethod
    def becomes(self) -> str:
        """What the entry becomes, in words: ``accept 'b'``."""

    def becomes_in(self, program: Program) -> str:
        """As `becomes`, with weights as the numbers that they stand for in a program, before and after."""
        return self.becomes()

    def beside_entry(self, program: Program | None = None) -> str:
        """What it says where its entry's name stands beside it: with its own subject, if that is another.

        Args:
            program: as for `becomes_in`; left out: weights as they are stored.
        """
        becomes = self.becomes() if program is None else self.becomes_in(program)
        return becomes if self.subject == str(self.entry) else f"{self.subject}: {becomes}"

    def describe(self) -> str:
        """The entry and what it becomes, in words, on one line."""
        return f"{self.subject}: {self.becomes()}"

    def told(self, program: Program) -> str:
        """As `describe`, of `becomes_in`."""
        return f"{self.subject}: {self.becomes_in(program)}"

    @abstractmethod
    def size(self, program: Program) -> Fraction:
        """How large it is: 1 for a cell or word, or a key changed; 2 for a wiring; for weights the change in logits."""


class Edit(Change):
    """A change of one entry."""

    kind: ClassVar[EditKind]

    @abstractmethod
    def undo(self, program: Program) -> Edit: ...


class NodeEdit(Edit):
    """A change of one entry of a node, or of its wiring.

    Attributes:
        node: its name.
    """

    node: str

    @classmethod
    @abstractmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[Self]:
        """The small edits of this kind that a node has, in a fixed order, of the entries that are `reached`."""

    @abstractmethod
    def edited_node(self, program: Program) -> Node:
        """The node that the edit makes; `program` itself says what stands before it.

        Raises:
            BadUsage: as `apply`.
        """

    def apply(self, program: Program) -> Program:
        node = self.edited_node(program)
        return replace(program, nodes=tuple(node if old.name == node.name else old for old in program.nodes))

    def code(self, program: Program) -> int | None:
        """The index of the entry in its node's table; None for a wiring or a coefficient, which every
        position consults, and for an entry that the table does not have yet.

        Raises:
            BadUsage: there is no such node or entry.
        """
        return None

    @property
    def yields(self) -> Value | None:
        """What the node yields wherever it consults the entry; None at a hole, or where that is not the entry alone."""
        return None

    def recodes(self, program: Program) -> bool:
        """Whether it may take a node's values out of the domain that is proven for it, and so of its coding."""
        return False


class ReadoutEdit(Edit):
    """A change of weights of the readout, in one row.

    Attributes:
        variable: that the row belongs to.
        value: the value whose row it is, None for a numeric variable.
    """

    kind = "readout"
    variable: str
    value: Symbol | None

    @property
    def entry(self) -> Entry:
        return Entry("readout", "weights", (self.variable, *(() if self.value is None else (self.value,))))

    @property
    @abstractmethod
    def weights(self) -> tuple[int, ...]:
        """The weights that it puts there, in units of 1 / `Classify.scale`."""


# What the kinds share #################################################################################################


def any_node(program: Program, name: str) -> Node:
    """The node of a name.

    Raises:
        BadUsage: there is none.
    """
    if name not in program.by_name:
        raise BadUsage(f"the program has no node {name!r}; expected one of {', '.join(program.by_name)}")
    return program.by_name[name]


def code_in(domain: object, value: Symbol, where: object) -> int:
    """The code of a value.

    Raises:
        BadUsage: it is not in the domain; the message names `where`.
    """
    assert isinstance(domain, Symbols)
    if not domain.holds(value):
        raise BadUsage(f"{where}: {value!r} is not a value there; expected one of {domain.values!r}")
    return domain.codes[value]


def replaced(column: Sequence[T], at: int, value: T) -> tuple[T, ...]:
    """A column with another value at one place."""
    return (*column[:at], value, *column[at + 1 :])
