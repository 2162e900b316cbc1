"""The cells of a lookup while it is made: what it answers for the values, or levels, of its inputs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from tprog.ir.values import Number, Symbol, as_number
from tprog.rasp.expressions import SOp
from tprog.rasp.lower.held import Held, NotLowered
from tprog.rasp.values import Value


@dataclass(frozen=True)
class Axis:
    """One input of a lookup.

    Attributes:
        variable: which.
        levels: of a numeric one; None of a categorical one.
        classes: place -> the class of the symbol, or of all numbers from this level to the next.
        merged: whether one place stands for several numbers.
    """

    variable: str
    levels: tuple[Number, ...] | None
    classes: tuple[int, ...]
    merged: bool = False

    @classmethod
    def of(cls, variable: str, classes: Mapping[Symbol, int], numeric: bool) -> Axis:
        """The axis of a variable whose values are of these classes, in the order of its domain."""
        if not numeric:
            return cls(variable, None, tuple(classes.values()))
        levels: list[Number] = []
        kept: list[int] = []
        for number, each in classes.items():
            if not kept or kept[-1] != each:
                levels.append(as_number(number))
                kept.append(each)
        return cls(variable, tuple(levels), tuple(kept), len(levels) < len(classes))

    def place(self, held: Held, value: Value) -> int:
        """Where a value of the variable falls."""
        if self.levels is None:
            symbol = held.symbol(value)
            assert symbol is not None, value
            return list(held.values).index(symbol)
        number = next(number for number, meant in held.values.items() if any(value == each for each in meant))
        return max(bisect_right(self.levels, number) - 1, 0)  # type: ignore[type-var]  # all are numbers


@dataclass(frozen=True)
class Cells:
    """All cells.

    Attributes:
        roots: the s-ops that the inputs hold.
        axes: one an input.
        answers: the places on the axes -> the values that the cell stands for, all equal; None is a hole. Once
            `answered`, the one symbol or number.
    """

    roots: tuple[SOp, ...]
    axes: tuple[Axis, ...]
    answers: Mapping[tuple[int, ...], object]

    def pairs(self) -> Iterator[tuple[tuple[int, ...], Value]]:
        """Each cell with each value that it stands for."""
        for key, values in self.answers.items():
            for value in values or ():  # type: ignore[attr-defined]  # not answered yet
                yield key, value

    def answered(self, node: SOp, spell: Callable[[Value], Symbol]) -> Cells:
        """The same with one symbol or number a cell.

        Raises:
            NotLowered: a cell stands for values that differ.
        """
        made: dict[tuple[int, ...], Symbol | None] = {}
        for key, values in self.answers.items():
            if values is None:
                made[key] = None
                continue
            found = {spell(value) for value in values}  # type: ignore[attr-defined]  # not answered yet
            if len(found) > 1:
                told = " and ".join(map(repr, found))
                raise NotLowered(node, f"of values that are equal, it tells some apart and gives {told}")
            (made[key],) = found
        return replace(self, answers=made)

    def answer(self, key: tuple[int, ...]) -> Symbol | None:
        """The answer of a cell."""
        return self.answers[key]  # type: ignore[return-value]  # answered

    def over(self, variable: str, values: Sequence[object]) -> Cells:
        """A constant as a function of a variable."""
        assert self.axes == ()
        one = self.answers[()]
        axis = Axis(variable, None, tuple(range(len(values))))
        return replace(self, axes=(axis,), answers={(place,): one for place in range(len(values))})

    def merged(self) -> Cells:
        """The same with neighbouring levels joined where all their cells answer alike."""
        found = self
        for place in range(len(self.axes)):
            if found.axes[place].levels is not None:
                found = found._merged_at(place)
        return found

    def _merged_at(self, place: int) -> Cells:
        axis = self.axes[place]
        assert axis.levels is not None
        slices: dict[int, list[object]] = {at: [] for at in range(len(axis.classes))}
        for key in product(*(range(len(each.classes)) for each in self.axes)):
            slices[key[place]].append(self.answers[key])
        kept = [at for at in slices if at == 0 or slices[at] != slices[at - 1]]
        if len(kept) == len(slices):
            return self
        now = {at: new for new, at in enumerate(kept)}
        new_axis = Axis(
            axis.variable, tuple(axis.levels[at] for at in kept), tuple(axis.classes[at] for at in kept), merged=True
        )
        answers = {
            (*key[:place], now[key[place]], *key[place + 1 :]): answer
            for key, answer in self.answers.items()
            if key[place] in now
        }
        return replace(self, axes=(*self.axes[:place], new_axis, *self.axes[place + 1 :]), answers=answers)
