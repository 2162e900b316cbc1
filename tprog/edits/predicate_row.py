"""A row of a predicate: the keys that one query value accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, code_in, replaced
from tprog.errors import BadUsage
from tprog.ir.entry import Entry, entry_of
from tprog.ir.program import AttentionHead, Clause, Keys, Node, Program, Symbol


@dataclass(frozen=True)
class RowEdit(NodeEdit):
    """A predicate's row for one query value becomes `keys`; None makes it a hole.

    Attributes:
        clause: as of `Entry`.
    """

    kind = "predicate"

    node: str
    query: Symbol
    keys: Keys | None
    clause: tuple[int, int] | None = None

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
        for table, clause in head.clauses.items():
            keys = program.symbols(clause.key).values
            for query, row in zip(program.symbols(clause.query), clause.predicate, strict=True):
                where = entry_of(table, "row", (query,))
                if reached(where):
                    yield from (cls(node.name, query, new, where.clause) for new in _other_rows(row, keys))

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "row", (self.query,), self.clause)

    def code(self, program: Program) -> int:
        return code_in(program.symbols(self._clause(program).query), self.query, self)

    def edited_node(self, program: Program) -> Node:
        clause, head = self._clause(program), head_of(program, self.node)
        rows = replaced(clause.predicate, self.code(program), self.keys)
        assert self.entry.table is not None
        return head.with_clause(self.entry.table, replace(clause, predicate=rows))

    def undo(self, program: Program) -> RowEdit:
        return replace(self, keys=self._clause(program).predicate[self.code(program)])

    def _clause(self, program: Program) -> Clause:
        head, table = head_of(program, self.node), self.entry.table
        for other, clause in head.clauses.items():
            if other == table:
                return clause
        raise BadUsage(f"node {self.node!r} has no {table}; expected one of {', '.join(map(str, head.clauses))}")

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
