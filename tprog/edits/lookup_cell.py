"""A cell of a lookup: what it answers to one combination of input values, or to all that have no cell of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, replaced
from tprog.edits.sample import LISTING
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Lookup, Node, Number, Numbers, Program, Value, cell_keys
from tprog.ir.values import HOLE, shown


@dataclass(frozen=True)
class CellEdit(NodeEdit):
    """A lookup's cell at the input values (or levels) `at` becomes `answer`; None makes it a hole.

    Of a lookup that lists combinations, one that is not listed gets a cell of its own; at nothing is the answer to all
    others.

    Attributes:
        own: whether the combination has a cell of its own then; where not, it is answered as all others.
    """

    kind = "lookup"

    node: str
    at: tuple[Value, ...]
    answer: Value | None
    own: bool = True

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(cls("many", (1,), "yes"), "many, input 1: answer 'yes'", "many, input 1: answer 'no'"),
            Example(cls("sum", ("a", 1), 5), "sum, input 'a', 1: answer 5", "sum, input 'a', 1: answer 1"),
            Example(cls("sum", ("b", 0), None), "sum, input 'b', 0: answer a hole", "sum, input 'b', 0: answer 0"),
            Example(cls("pair", (), 2), "pair, otherwise: answer 2", "pair, otherwise: answer 0", LISTING),
            Example(
                cls("pair", ("b", "b", 1), 2),
                "pair, input 'b', 'b', 1: answer 2",
                "pair, input 'b', 'b', 1: answer as otherwise",
                LISTING,
            ),
            Example(
                cls("pair", ("a", "a", 1), None, own=False),
                "pair, input 'a', 'a', 1: answer as otherwise",
                "pair, input 'a', 'a', 1: answer 1",
                LISTING,
            ),
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
        domain = program.numeric(node.name)
        known, step = _numbers_in(node), Fraction(1, domain.denominator if isinstance(domain, Numbers) else domain.unit)
        near: set[Number] = {0, 1, -1, *(cell + step for cell in known), *(cell - step for cell in known)}
        numbers = [int(number) if number == int(number) else number for number in sorted(near - known)]
        for at in cell_keys(program, node):
            if reached(Entry(node.name, "cell", at)):
                yield from (cls(node.name, at, number) for number in numbers)

    @classmethod
    def apart(cls, program: Program, name: str, combinations: Iterable[tuple[Value, ...]]) -> Iterator[CellEdit]:
        """Combinations that a lookup answers as all others get each other answer of its table."""
        node = lookup_of(program, name)
        answers: Sequence[Value] = node.symbols or sorted(_numbers_in(node))
        for at in combinations:
            yield from (cls(node.name, at, new) for new in answers if new != node.cells[-1])

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "cell", self.at)

    @property
    def yields(self) -> Value | None:
        return self.answer

    def code(self, program: Program) -> int | None:
        lookup = lookup_of(program, self.node)
        if lookup.listed is not None and not self.at:
            return len(lookup.listed)
        key = self._key(program)
        if lookup.listed is not None:
            return lookup.listed.index(key) if key in lookup.listed else None
        code = 0
        for values, place in zip(lookup.entries.axes(program.variables), key, strict=True):
            code = code * len(values) + place
        return code

    def _key(self, program: Program) -> tuple[int, ...]:
        """The place of each of the values."""
        axes = lookup_of(program, self.node).entries.axes(program.variables)
        if len(axes) != len(self.at) or any(value not in values for value, values in zip(self.at, axes, strict=True)):
            raise BadUsage(f"node {self.node!r} has no cell at {self.at!r}")
        return tuple(values.index(value) for value, values in zip(self.at, axes, strict=True))

    def edited_node(self, program: Program) -> Node:
        lookup, code = lookup_of(program, self.node), self.code(program)
        if code is not None and self.own:
            return replace(lookup, cells=replaced(lookup.cells, code, self.answer))
        if lookup.listed is None or not self.at:
            raise BadUsage(f"node {self.node!r} has a cell at {self.at!r} in any case")
        cells = dict(zip(lookup.listed, lookup.cells, strict=False))
        cells.pop(key := self._key(program), None)
        if self.own:
            cells[key] = self.answer
        listed = tuple(sorted(cells))
        return replace(lookup, listed=listed, cells=(*(cells[each] for each in listed), lookup.cells[-1]))

    def undo(self, program: Program) -> CellEdit:
        code = self.code(program)
        if code is None:
            return replace(self, answer=None, own=False)
        return replace(self, answer=lookup_of(program, self.node).cells[code], own=True)

    def becomes(self) -> str:
        return f"answer {shown(self.answer)}" if self.own else "answer as otherwise"

    def size(self, program: Program) -> Fraction:
        return Fraction(1)

    def recodes(self, program: Program) -> bool:
        node = lookup_of(program, self.node)
        return node.answers_numbers and self.answer is not HOLE and self.answer not in node.cells


def lookup_of(program: Program, name: str) -> Lookup:
    """The lookup of that name."""
    node = any_node(program, name)
    if node.kind != "lookup":
        raise BadUsage(f"node {name!r} is not a lookup, so it has no cells")
    return node


def _numbers_in(node: Lookup) -> set[Number]:
    """The numbers that a lookup answers."""
    return {cell for cell in node.cells if isinstance(cell, int | Fraction)}
