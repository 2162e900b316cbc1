"""The wiring of a node: which variables it reads, and under which mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar, TypeAlias, assert_never

from tprog.edits.change import Example, NodeEdit, any_node
from tprog.edits.predicate_row import head_of
from tprog.edits.sample import COMPARING
from tprog.errors import BadProgram, BadUsage, NotExact
from tprog.ir.domains import coded_alike, masks
from tprog.ir.entries import Read, ordinal
from tprog.ir.entry import Entry
from tprog.ir.program import (
    Mask,
    Node,
    Program,
    Symbols,
    domain_of,
)

Role: TypeAlias = str
"""``query``, ``key`` (of several clauses, ``key of clause_0_1_of_name``), ``value``, ``by``; ``first input``, ``second
input`` ... of a lookup; ``term 1`` ... of a sum."""


class Wiring(NodeEdit):
    """A change of what a node reads and how; it counts as two entries."""

    kind = "wiring"
    counts_as: ClassVar[int] = 2

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "wiring")

    @property
    def subject(self) -> str:
        return self.node

    def size(self, program: Program) -> Fraction:
        return Fraction(2)

    def recodes(self, program: Program) -> bool:
        """Whether the numbers of a node, whose bounds follow from what it reads, may become others."""
        return not program.by_name[self.node].answers_numbers and leaves_domain(program, self)


def leaves_domain(program: Program, edit: NodeEdit) -> bool:
    """Whether a node after an edit has numbers that its proven domain does not hold."""
    old = program.variables[edit.node].domain
    if isinstance(old, Symbols):
        return False
    known = {name: variable for name, variable in program.variables.items() if name != edit.node}
    try:
        new = domain_of(edit.edited_node(program), known, program)
    except (BadProgram, NotExact):
        return True
    assert not isinstance(new, Symbols)
    return not coded_alike(new, old) or new.low < old.low or new.high > old.high


@dataclass(frozen=True)
class ReadEdit(Wiring):
    """A node's query, key, value, `by`, lookup input or term of a sum becomes `variable`.

    A categorical read is re-wired only to a variable of exactly the same domain (the same symbols in the same order); a
    numeric read, whose readers have levels of their own or weigh the number, to any numeric variable; and `by`, which
    is only compared with itself, to any variable.
    """

    node: str
    role: Role
    variable: str

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("count", "key", "same"), "count: key becomes same", "count: key becomes tokens"),
            Example(cls("often", "by", "ones"), "often: by becomes ones", "often: by becomes count", COMPARING),
            Example(
                cls("many", "first input", "ones"), "many: first input becomes ones", "many: first input becomes count"
            ),
            Example(
                cls("sum", "second input", "ones"), "sum: second input becomes ones", "sum: second input becomes count"
            ),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[ReadEdit]:
        """A read moves to each other variable that it may."""
        if not reached(Entry(node.name, "wiring")):
            return
        earlier = before(program, node.name)
        for role, read in roles(node):
            for new in earlier:
                if new not in ((read.variable,) if read.role != "term" else node.reads) and may_replace(
                    program, role, read.variable, new
                ):
                    yield cls(node.name, role, new)

    def edited_node(self, program: Program) -> Node:
        read = _read(program, self.node, self.role)
        old = read.variable
        if self.variable not in before(program, self.node):
            raise BadUsage(f"node {self.node!r} cannot read {self.variable!r}: nothing before it provides that")
        if not may_replace(program, self.role, old, self.variable):
            raise BadUsage(f"node {self.node!r} cannot read {self.variable!r} instead of {old!r}: the domains differ")
        return program.by_name[self.node].with_read(replace(read, variable=self.variable))

    def undo(self, program: Program) -> ReadEdit:
        return replace(self, variable=read_by(program, self.node, self.role))

    def becomes(self) -> str:
        return f"{self.role} becomes {self.variable}"

    def recodes(self, program: Program) -> bool:
        read = _read(program, self.node, self.role)
        if read.role not in ("value", "term"):
            return False
        # Numbers of one domain for others: the node's own are proven by nothing else.
        return not _of_one_domain(program, read.variable, self.variable) and super().recodes(program)


@dataclass(frozen=True)
class MaskEdit(Wiring):
    """A head's mask becomes `mask` and `skip_first`."""

    node: str
    mask: Mask
    skip_first: bool

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("same", "before", False), "same: mask becomes before", "same: mask becomes all"),
            Example(
                cls("count", "all", True),
                "count: mask becomes all, without position 0",
                "count: mask becomes all",
            ),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[MaskEdit]:
        """The mask changes, or whether it skips position 0."""
        head = node.selection
        if head is not None and reached(Entry(node.name, "wiring")):
            others = (mask for mask in masks(program.causal) if mask != head.mask)
            yield from (cls(node.name, mask, head.skip_first) for mask in others)
            yield cls(node.name, head.mask, not head.skip_first)

    def edited_node(self, program: Program) -> Node:
        return replace(head_of(program, self.node), mask=self.mask, skip_first=self.skip_first)

    def undo(self, program: Program) -> MaskEdit:
        head = head_of(program, self.node)
        return MaskEdit(head.name, head.mask, head.skip_first)

    def becomes(self) -> str:
        return f"mask becomes {self.mask}{', without position 0' if self.skip_first else ''}"


def read_by(program: Program, node: str, role: Role) -> str:
    """The variable that a node reads in a role.

    Raises:
        BadUsage: it has no such role.
    """
    return _read(program, node, role).variable


def _read(program: Program, node: str, role: Role) -> Read:
    for found, read in roles(any_node(program, node)):
        if found == role:
            return read
    raise BadUsage(f"node {node!r} has no {role}")


def roles(node: Node) -> list[tuple[Role, Read]]:
    """The reads of a node that can be others, by the words that edits have for them."""
    clauses = [] if node.selection is None else [*node.selection.clauses]
    found: list[tuple[Role, Read]] = []
    for read in node.roles:
        match read.role:
            case "value" | "by":
                found.append((read.role, read))
            case "query" | "key":
                several = node.selection is not None and not node.selection.alone
                found.append((f"{read.role} of {clauses[read.place]}" if several else read.role, read))
            case "input":
                found.append((f"{ordinal(read.place)} input", read))
            case "term":
                found.append((f"term {read.place + 1}", read))
            case "word":
                pass  # it is fixed
            case _:
                assert_never(read.role)
    return found


def may_replace(program: Program, role: Role, old: str, new: str) -> bool:
    """Whether a read of `old` may become a read of `new`: see `ReadEdit`."""
    if role == "by":
        return True
    was, becomes = program.variables[old].domain, program.variables[new].domain
    if isinstance(was, Symbols) or isinstance(becomes, Symbols):
        return was == becomes
    return True


def _of_one_domain(program: Program, one: str, other: str) -> bool:
    known = program.variables
    return one in known and other in known and known[one].domain == known[other].domain


def before(program: Program, node: str) -> list[str]:
    """The variables that stand before a node."""
    names = list(program.variables)
    return names[: names.index(node)]
