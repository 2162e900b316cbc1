"""A cell of a lookup: what it answers to one combination of input values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, replaced, shown
from tprog.edits.entry import Entry
from tprog.errors import BadUsage
from tprog.ir.program import Lookup, Node, Number, Program, Value, cell_keys


@dataclass(frozen=True)
class CellEdit(NodeEdit):
    """A lookup's cell at the input values (or levels) `at` becomes `answer`; None makes it a hole."""

    kind = "lookup"

    node: str
    at: tuple[Value, ...]
    answer: Value | None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("many", (1,), "yes"), "many, input 1: answer 'yes'", "many, input 1: answer 'no'"),
            Example(cls("sum", ("a", 1), 5), "sum, input 'a', 1: answer 5", "sum, input 'a', 1: answer 1"),
            Example(cls("sum", ("b", 0), None), "sum, input 'b', 0: answer a hole", "sum, input 'b', 0: answer 0"),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[CellEdit]:
        """A cell gets each other answer of its domain; one that holds a number, each other number of its table."""
        if node.kind != "lookup":
            return
        answers: Sequence[Value] = node.symbols or sorted(_numbers_in(node))
        for at, old in zip(cell_keys(program, node), node.cells, strict=True):
            if reached(Entry(node.name, "cell", at)):
                yield from (cls(node.name, at, new) for new in answers if new != old)

    @classmethod
    def beyond(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[CellEdit]:
        """Numbers that a table does not hold yet: 0, 1, -1 and the neighbours of those that it holds."""
        if node.kind != "lookup" or not node.answers_numbers:
            return
        known, step = _numbers_in(node), Fraction(1, program.numbers(node.name).denominator)
        near: set[Number] = {0, 1, -1, *(cell + step for cell in known), *(cell - step for cell in known)}
        numbers = [int(number) if number == int(number) else number for number in sorted(near - known)]
        for at in cell_keys(program, node):
            if reached(Entry(node.name, "cell", at)):
                yield from (cls(node.name, at, number) for number in numbers)

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "cell", self.at)

    @property
    def yields(self) -> Value | None:
        return self.answer

    def code(self, program: Program) -> int:
        axes, code = self._lookup(program).entries.axes(program.variables), 0
        if len(axes) != len(self.at) or any(value not in values for value, values in zip(self.at, axes, strict=True)):
            raise BadUsage(f"node {self.node!r} has no cell at {self.at!r}")
        for values, value in zip(axes, self.at, strict=True):
            code = code * len(values) + values.index(value)
        return code

    def edited_node(self, program: Program) -> Node:
        lookup = self._lookup(program)
        return replace(lookup, cells=replaced(lookup.cells, self.code(program), self.answer))

    def undo(self, program: Program) -> CellEdit:
        return replace(self, answer=self._lookup(program).cells[self.code(program)])

    def becomes(self) -> str:
        return f"answer {shown(self.answer)}"

    def size(self, program: Program) -> Fraction:
        return Fraction(1)

    def recodes(self, program: Program) -> bool:
        node = self._lookup(program)
        return node.symbols is None and self.answer is not None and self.answer not in node.cells

    def _lookup(self, program: Program) -> Lookup:
        node = any_node(program, self.node)
        if node.kind != "lookup":
            raise BadUsage(f"node {self.node!r} is not a lookup, so it has no cells")
        return node


def _numbers_in(node: Lookup) -> set[Number]:
    """The numbers that a lookup answers."""
    return {cell for cell in node.cells if cell is not None and not isinstance(cell, str)}
