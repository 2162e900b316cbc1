"""What is known while a Program is lowered to operations: how each variable stands in the stream, what holes there are.

A variable is read through views. A categorical one has one column a value that it can take, 1 where it has it. Of a
numeric one there is what readers ask of it: columns for ranges of numbers, and its size, in whole multiples of a unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from tprog.errors import NotExact
from tprog.ir.domains import Numeric, Symbol
from tprog.ir.program import Program
from tprog.ir.values import as_number, shown
from tprog.run.batch import Array
from trainer.compile.attainable import Attained
from trainer.compile.precision import Margin, Precision, checked
from trainer.compile.resolution import UNREAD, Resolution
from trainer.compile.stream import REAL, Attend, Feature, Operation, Perceptron, View, all_of, constant, nothing


@dataclass(frozen=True, eq=False)
class Size:
    """A number as a linear reading.

    Attributes:
        view: [1] the number over the unit.
        unit: what 1 stands for.
        error: by how much what is read may differ from the number over the unit; 0 where it is exact.
    """

    view: View
    unit: Fraction
    error: Fraction = Fraction(0)


@dataclass(frozen=True, eq=False)
class Encoded:
    """How a variable stands in the stream.

    Attributes:
        values: what each column of `view` stands for: a symbol, or all numbers from this one to below the next.
        view: one column a value, 1 where the variable has it; None where nobody asks.
        size: of a numeric variable, where somebody asks.
    """

    values: tuple[Symbol, ...] | tuple[Fraction, ...]
    view: View | None
    size: Size | None = None

    @property
    def columns(self) -> View:
        assert self.view is not None
        return self.view

    def place(self, value: Symbol) -> int | None:
        """The column of a symbol; None if the variable never has it."""
        return self.values.index(value) if value in self.values else None

    def pick(self, values: Iterable[Symbol]) -> Array:
        """[column, symbol]: 1 where the column is that of the symbol."""
        wanted = list(values)
        found = np.zeros((len(self.values), len(wanted)))
        for at, value in enumerate(wanted):
            if (place := self.place(value)) is not None:
                found[place, at] = 1
        return found


@dataclass
class Lowering:
    """A Program on its way to operations, in the order of its nodes."""

    program: Program
    precision: Precision
    attained: Mapping[str, Attained]
    asked: Mapping[str, Resolution]
    first: Mapping[str, Symbol]
    operations: list[Operation] = field(default_factory=list)
    given: dict[Feature, Array] = field(default_factory=dict)
    placed: dict[Feature, Array] = field(default_factory=dict)
    encoded: dict[str, Encoded] = field(default_factory=dict)
    holes: list[View] = field(default_factory=list)
    margins: list[Margin] = field(default_factory=list)

    def resolution(self, name: str) -> Resolution:
        return self.asked.get(name, UNREAD)

    def margin(self, node: str | None, what: str, times: float) -> None:
        self.margins.append(checked(Margin(node or "readout", what, times), self.precision))

    def within(self, node: str | None, what: str, bound: float) -> None:
        """That whole numbers up to a bound are exact."""
        self.margin(node, what, self.precision.limit / max(bound, 1))

    def attend(self, head: Attend) -> None:
        self.operations.append(head)

    def think(self, units: Perceptron) -> None:
        if units.hidden.whole:
            self.within(units.node, "the whole numbers of its MLP", float(units.hidden.bounds.max(initial=0)))
        self.operations.append(units)

    def positions(self) -> View:
        """[position] 1 at the token's own."""
        return self.encoded["positions"].columns

    def listed(self, name: str) -> tuple[Fraction, ...]:
        """All numbers of a variable that readers tell apart.

        Raises:
            NotExact: they are too many.
        """
        values = self.attained[name]
        if values is None:
            raise NotExact(
                f"node {name!r} cannot be compiled: each of its numbers needs a dimension, and there are more than "
                f"4,096; let a lookup bring it to the values that matter"
            )
        return tuple(Fraction(as_number(value)) for value in values)

    def numeric(self, name: str) -> Numeric:
        return self.program.numeric(name)


def labelled(values: Sequence[object]) -> tuple[str, ...]:
    return tuple(shown(value) if not isinstance(value, str) else value for value in values)  # type: ignore[arg-type]


def one_hot(feature: Feature, values: tuple[Symbol, ...] | tuple[Fraction, ...], rest: int | None = None) -> Encoded:
    """A variable whose values have a dimension each; but for one, `rest`, which it has where no other is 1."""
    count = len(values)
    if rest is None:
        return Encoded(values, all_of(feature))
    matrix = np.zeros((feature.size, count))
    matrix[:, rest] = -1
    others = [at for at in range(count) if at != rest]
    matrix[range(len(others)), others] = 1
    base = np.zeros(count)
    base[rest] = 1
    return Encoded(values, View({feature: matrix}, count) + constant(base))


def steps(view: View, starts: tuple[Fraction, ...]) -> View:
    """[range] 1 at the range of a number, of a view [range - 1] that is 1 from the start of each but the first on."""
    count = len(starts)
    matrix = np.zeros((count - 1, count))
    at = np.arange(count - 1)
    matrix[at, at + 1] = 1
    matrix[at, at] = -1
    base = np.zeros(count)
    base[0] = 1
    return (view @ matrix if count > 1 else nothing(1)) + constant(base)


def size_of(values: Sequence[Fraction], view: View, precision: Precision) -> Size:
    """The size of a variable with a column for each of its numbers: exact where a common denominator allows it."""
    unit = math.lcm(*(value.denominator for value in values))
    wholes = [value * unit for value in values]
    if max(map(abs, wholes)) < precision.limit:
        column = np.array([[float(whole)] for whole in wholes])
        return Size(view @ column, Fraction(1, unit))
    column = np.array([[float(value)] for value in values])
    largest = max(map(abs, values))
    return Size(view @ column, Fraction(1), 4 * len(values) * precision.unit * largest)


def always(width: int = 1) -> View:
    """[w] 1 at every token."""
    return View({REAL: np.ones((1, width))}, width)
