"""A coefficient of a sum, or its constant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Example, NodeEdit, any_node, replaced
from tprog.edits.wiring import leaves_domain
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Linear, Node, Number, Program
from tprog.ir.values import shown


@dataclass(frozen=True)
class CoefficientEdit(NodeEdit):
    """A sum's coefficient of `variable` becomes `number`; where that is None, its constant does."""

    kind = "linear"

    node: str
    variable: str | None
    number: Number

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(
                cls("excess", "count", Fraction(1, 2)),
                "excess, coefficient of count: becomes 1/2",
                "excess, coefficient of count: becomes 2",
            ),
            Example(cls("excess", None, 0), "excess, constant: becomes 0", "excess, constant: becomes 3"),
        )

    @classmethod
    def near(cls, program: Program, node: Node, reached: Callable[[Entry], bool]) -> Iterator[CoefficientEdit]:
        """A number becomes 0, its negative, one more or less, or another of the same sum."""
        if node.kind != "linear":
            return
        every = (*node.coefficients, node.constant)
        for variable, old in zip((*node.inputs, None), every, strict=True):
            edit = cls(node.name, variable, old)
            if reached(edit.entry):
                yield from (
                    replace(edit, number=new) for new in sorted({0, -old, old + 1, old - 1, *every}) if new != old
                )

    @property
    def entry(self) -> Entry:
        return Entry(self.node, "coefficient", () if self.variable is None else (self.variable,))

    def edited_node(self, program: Program) -> Node:
        node = self._linear(program)
        if self.variable is None:
            return replace(node, constant=self.number)
        return replace(node, coefficients=replaced(node.coefficients, self._place(node), self.number))

    def undo(self, program: Program) -> CoefficientEdit:
        node = self._linear(program)
        old = node.constant if self.variable is None else node.coefficients[self._place(node)]
        return replace(self, number=old)

    def becomes(self) -> str:
        return f"becomes {shown(self.number)}"

    def size(self, program: Program) -> Fraction:
        return Fraction(1)

    def recodes(self, program: Program) -> bool:
        return leaves_domain(program, self)

    def _linear(self, program: Program) -> Linear:
        node = any_node(program, self.node)
        if node.kind != "linear":
            raise BadUsage(f"node {self.node!r} is not a sum, so it has no coefficients")
        return node

    def _place(self, node: Linear) -> int:
        if self.variable is None or self.variable not in node.inputs:
            raise BadUsage(f"node {self.node!r} does not add {self.variable!r}; expected {', '.join(node.inputs)}")
        return node.inputs.index(self.variable)
