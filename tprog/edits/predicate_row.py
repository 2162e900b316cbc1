"""A row of a predicate: the keys that one query value accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, code_in, replaced
from tprog.edits.entry import Entry
from tprog.errors import BadUsage
from tprog.ir.program import AttentionHead, Keys, Node, Program, Symbol


@dataclass(frozen=True)
class RowEdit(NodeEdit):
    """A predicate's row for one query value becomes `keys`; None makes it a hole."""

    kind = "predicate"

    node: str
    query: Symbol
    keys: Keys | None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("same", "a", ("a", "b")), "same, query 'a': accept 'a' or 'b'", "same, query 'a': accept 'a'"),
            Example(cls("same", "a", ()), "same, query 'a': accept nothing", "same, query 'a': accept 'a'"),
            Example(cls("count", "b", None), "count, query 'b': accept a hole", "count, query 'b': accept 'b'"),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[RowEdit]:
        """A row gains or loses one key, or has one key replaced; a row that is a hole gets one key."""
        head = node.selection
        if head is None:
            return
        keys = program.symbols(head.key).values
        for query, row in zip(program.symbols(head.query), head.predicate, strict=True):
            if reached(Entry(node.name, "row", (query,))):
                yield from (cls(node.name, query, new) for new in _other_rows(row, keys))

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "row", (self.query,))

    def code(self, program: Program) -> int:
        return code_in(program.symbols(head_of(program, self.node).query), self.query, self)

    def edited_node(self, program: Program) -> Node:
        head = head_of(program, self.node)
        return replace(head, predicate=replaced(head.predicate, self.code(program), self.keys))

    def undo(self, program: Program) -> RowEdit:
        return replace(self, keys=head_of(program, self.node).predicate[self.code(program)])

    def becomes(self) -> str:
        return f"accept {'a hole' if self.keys is None else ' or '.join(map(repr, self.keys)) or 'nothing'}"

    def size(self, program: Program) -> Fraction:
        """The number of keys changed, where one put in the place of another counts once."""
        old, new = set(self.undo(program).keys or ()), set(self.keys or ())
        return Fraction(max(1, len(new - old), len(old - new)))


def head_of(program: Program, name: str) -> AttentionHead:
    """The head of a name.

    Raises:
        BadUsage: there is none.
    """
    head = any_node(program, name).selection
    if head is None:
        raise BadUsage(f"node {name!r} is not a head, so it has no predicate and no mask")
    return head


def _other_rows(row: Keys | None, keys: Sequence[Symbol]) -> Iterator[Keys]:
    if row is None:
        yield from ((key,) for key in keys)
        return
    inside = set(row)
    outside = [key for key in keys if key not in inside]

    def ordered(accepted: set[Symbol]) -> Keys:
        return tuple(key for key in keys if key in accepted)

    for gone in row:
        yield from (ordered(inside - {gone} | {new}) for new in outside)
    yield from (ordered(inside | {new}) for new in outside)
    yield from (ordered(inside - {gone}) for gone in row)
