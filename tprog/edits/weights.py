"""Weights of the readout: one of a row, or a whole row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.edits.change import Edit, Example, ReadoutEdit, code_in, replaced
from tprog.errors import BadUsage
from tprog.ir.program import Program, Symbol, Symbols
from tprog.listing import listing


@dataclass(frozen=True)
class WeightEdit(ReadoutEdit):
    """One readout weight becomes `weight`, in units of 1 / `Classify.scale`; the others of a missing row become 0.

    Attributes:
        output: the class.
    """

    variable: str
    value: Symbol | None
    output: str
    weight: int

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(
                cls("many", "yes", "b", 7),
                "readout of many = 'yes': weight of 'b' becomes 7",
                "readout of many = 'yes': weight of 'b' becomes 1",
            ),
            Example(
                cls("many", "no", "b", 7),
                "readout of many = 'no': weight of 'b' becomes 7",
                "readout of many = 'no': weights become a hole",
            ),
        )

    @property
    def weights(self) -> tuple[int, ...]:
        return (self.weight,)

    def apply(self, program: Program) -> Program:
        old = weight_row(program, self.variable, self.value) or (0,) * len(program.written_classes)
        return with_row(program, self, replaced(old, _class(program, self.output), self.weight))

    def undo(self, program: Program) -> Edit:
        row = weight_row(program, self.variable, self.value)
        if row is None:
            return WeightRowEdit(self.variable, self.value, None)
        return replace(self, weight=row[_class(program, self.output)])

    def becomes(self) -> str:
        return f"weight of {self.output!r} becomes {self.weight}"

    def becomes_in(self, program: Program) -> str:
        scale, row = program.readout.scale, weight_row(program, self.variable, self.value)
        old = "" if row is None else f"{row[_class(program, self.output)] / scale:.6g} -> "
        return f"weight of {self.output!r} {old}{self.weight / scale:.6g}"

    def size(self, program: Program) -> Fraction:
        row = weight_row(program, self.variable, self.value) or (0,) * len(program.written_classes)
        return Fraction(abs(self.weight - row[_class(program, self.output)]), program.readout.scale)


@dataclass(frozen=True)
class WeightRowEdit(ReadoutEdit):
    """A whole readout row becomes `row`: one weight a class, in units of 1 / `Classify.scale`; None makes it a hole."""

    variable: str
    value: Symbol | None
    row: tuple[int, ...] | None

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        return (
            Example(
                cls("sum", None, (1, 2)),
                "readout of sum: weights become (1, 2)",
                "readout of sum: weights become (3, 0)",
            ),
            Example(
                cls("many", "yes", None),
                "readout of many = 'yes': weights become a hole",
                "readout of many = 'yes': weights become (0, 1)",
            ),
        )

    @property
    def weights(self) -> tuple[int, ...]:
        return self.row or ()

    def apply(self, program: Program) -> Program:
        return with_row(program, self, self.row)

    def undo(self, program: Program) -> WeightRowEdit:
        return replace(self, row=weight_row(program, self.variable, self.value))

    def becomes(self) -> str:
        return f"weights become {'a hole' if self.row is None else self.row}"

    def becomes_in(self, program: Program) -> str:
        if self.row is None:
            return self.becomes()
        return f"weights become {', '.join(f'{w / program.readout.scale:.6g}' for w in self.row)}"

    def size(self, program: Program) -> Fraction:
        return Fraction(sum(map(abs, self.weights)), program.readout.scale)


def weight_row(program: Program, variable: str, value: Symbol | None) -> tuple[int, ...] | None:
    """The readout's weights for a variable and, if it is categorical, value; None at a hole.

    Raises:
        BadUsage: there is no such row.
    """
    for term in program.weights:
        if term.variable == variable:
            return term.rows[_row_at(program, variable, value)]
    raise BadUsage(f"the readout does not read {variable!r}")


def with_row(program: Program, edit: ReadoutEdit, row: tuple[int, ...] | None) -> Program:
    """The program in which the row that an edit is about is another.

    Raises:
        BadUsage: there is no such row.
    """
    weight_row(program, edit.variable, edit.value)
    at = _row_at(program, edit.variable, edit.value)
    terms = tuple(
        replace(term, rows=replaced(term.rows, at, row)) if term.variable == edit.variable else term
        for term in program.weights
    )
    return replace(program, readout=replace(program.readout, terms=terms))


def _row_at(program: Program, variable: str, value: Symbol | None) -> int:
    domain = program.variables[variable].domain
    if isinstance(domain, Symbols) != (value is not None):
        raise BadUsage(f"the readout of {variable!r} has one row a value exactly if {variable!r} is categorical")
    return 0 if value is None else code_in(domain, value, f"the readout of {variable!r}")


def _class(program: Program, name: str) -> int:
    if name not in program.written_classes:
        raise BadUsage(f"{name!r} is not a class; expected one of {listing(program.written_classes)}")
    return program.written_classes.index(name)
