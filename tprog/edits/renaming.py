"""The name of a value of an embedding, wherever it is read: what a person calls the words that have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Change, Example, any_node, code_in
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Keys, Node, Program, Symbol
from tprog.ir.values import shown, spelling


@dataclass(frozen=True)
class RenameEdit(Change):
    """A value of an embedding becomes `name`, in its table and wherever heads, lookups and readout read it.

    Every table keeps its shape and what it answers at each place, and values are compared by their places alone. So
    no prediction changes, on any input.
    """

    kind = "names"

    node: str
    value: Symbol
    name: Symbol

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        says, undone = "names of kind: 'vowel' becomes 'loud'", "names of kind: 'loud' becomes 'vowel'"
        return (Example(cls("kind", "vowel", "loud"), says, undone),)

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "names")

    def apply(self, program: Program) -> Program:
        embedding = self._checked(program)
        assert embedding.declares is not None
        names = {value: self.name if value == self.value else value for value in embedding.declares}
        has = {self.node}
        nodes: list[Node] = []
        for node in program.nodes:
            if node.name == self.node:
                nodes.append(node.renamed(names))
            else:
                nodes.append(_reading(node, has, names))
                if node.kind == "head" and node.value in has:
                    has.add(node.name)
        if out := [name for name in program.variables_out if name in has]:
            raise BadUsage(f"{out[0]} comes out of the program, so another name would be another answer")
        return replace(program, nodes=tuple(nodes))

    def undo(self, program: Program) -> RenameEdit:
        self._checked(program)
        return RenameEdit(self.node, self.name, self.value)

    def becomes(self) -> str:
        return f"{shown(self.value)} becomes {shown(self.name)}"

    def size(self, program: Program) -> Fraction:
        return Fraction(1)

    def _checked(self, program: Program) -> Node:
        """The embedding, in which the value is and its new name is not."""
        node = any_node(program, self.node)
        if node.kind != "embedding":
            raise BadUsage(f"node {self.node!r} is not an embedding; only values of embeddings get other names")
        code_in(program.symbols(self.node), self.value, self)
        same = [value for value in node.symbols if value != self.value and spelling(value) == spelling(self.name)]
        if same or not spelling(self.name):
            taken = f"{shown(self.name)} is the name of another value" if same else "an empty name says nothing"
            raise BadUsage(f"{self.node}: {taken}; choose another")
        return node


def _reading(node: Node, renamed: set[str], names: Mapping[Symbol, Symbol]) -> Node:
    """A node that names values of variables by their new names: keys that rows accept, and a head's default."""
    if node.selection is None:
        return node
    for table, clause in node.selection.clauses.items():
        if clause.key in renamed:
            rows: tuple[Keys | None, ...] = tuple(
                None if row is None else tuple(names[key] for key in row) for row in clause.predicate
            )
            node = node.with_answers(rows, table)
    if node.kind == "head" and node.value in renamed and node.default is not None:
        node = replace(node, default=names[node.default])
    return node
