"""The cells of a lookup while it is made: what it answers for the values, or levels, of its inputs."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
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

    def at(self, kept: Sequence[int]) -> Axis:
        """The same with these of its levels alone, each of which stands for those up to the next as well."""
        assert self.levels is not None
        levels, classes = tuple(self.levels[at] for at in kept), tuple(self.classes[at] for at in kept)
        return replace(self, levels=levels, classes=classes, merged=True)

    def places(self, held: Held) -> dict[Value, int]:
        """Where each value of the variable falls."""
        found: dict[Value, int] = {}
        for at, (symbol, meant) in enumerate(held.values.items()):
            place = at if self.levels is None else max(bisect_right(self.levels, symbol) - 1, 0)  # type: ignore[type-var]  # all are numbers
            found |= dict.fromkeys(meant, place)
        return found


@dataclass(frozen=True)
class Cells:
    """All cells.

    Attributes:
        roots: the s-ops that the inputs hold.
        axes: one an input.
        answers: the places on the axes -> the values that the cell stands for, all equal; None is a hole. Once
            `answered`, the one symbol or number.
        unreached: the places that never occur, whose answers are None too.
    """

    roots: tuple[SOp, ...]
    axes: tuple[Axis, ...]
    answers: Mapping[tuple[int, ...], object]
    unreached: frozenset[tuple[int, ...]] = frozenset()

    @property
    def holed(self) -> bool:
        """Whether a cell that may occur has no answer."""
        return any(answer is None and key not in self.unreached for key, answer in self.answers.items())

    @property
    def otherwise(self) -> Symbol | None:
        """What a sparse lookup need not list: the answer of two cells of five or more, if there is one, else none."""
        reached = [self.answer(key) for key in self.answers if key not in self.unreached]
        ((most, count),) = Counter(reached).most_common(1) or [(None, 0)]
        return most if 5 * count >= 2 * len(reached) else None

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

    def copies(self, symbols: Sequence[Symbol]) -> bool:
        """Whether the cells of one axis answer each of its symbols by itself, where they answer."""
        copied = all(self.answer((at,)) in (None, symbol) for at, symbol in enumerate(symbols))
        return copied and len(self.answers) == len(symbols)

    def tells_apart(self, place: int, uniform: bool) -> bool:
        """Whether equal answers come from one place on an axis: if the others are `uniform`, for each place there."""
        of: dict[object, set[int]] = {}
        for key, answer in self.answers.items():
            if answer is not None:
                rest = (*key[:place], *key[place + 1 :]) if uniform else ()
                of.setdefault((rest, answer), set()).add(key[place])
        return all(len(keys) == 1 for keys in of.values())

    def over(self, variable: str, values: Sequence[object]) -> Cells:
        """A constant as a function of a variable."""
        assert self.axes == ()
        one = self.answers[()]
        axis = Axis(variable, None, tuple(range(len(values))))
        return replace(self, axes=(axis,), answers={(place,): one for place in range(len(values))})

    def merged(self) -> Cells:
        """The same with neighbouring levels joined where all their cells answer alike, and without the axes on which no
        answer depends. A cell that never occurs is like any other."""
        found = self
        for place in reversed(range(len(self.axes))):
            if found.axes[place].levels is not None or len(found.axes) > 1:
                found = found._merged_at(place)
        return found

    def _merged_at(self, place: int) -> Cells:
        axis = self.axes[place]
        slices: list[dict[tuple[int, ...], object]] = [{} for _ in axis.classes]
        for key, answer in self.answers.items():
            if key not in self.unreached:
                slices[key[place]][*key[:place], *key[place + 1 :]] = answer
        if len(self.axes) > 1 and (one := _joined(slices)) is not None:
            return self._without(place, one)
        if axis.levels is None:
            return self
        made, kept = _neighbours_joined(slices)
        if len(kept) == len(slices):
            return self
        new_axis = axis.at(kept)
        answers = {
            (*rest[:place], at, *rest[place:]): answer for at, one in enumerate(made) for rest, answer in one.items()
        }
        return self._filled((*self.axes[:place], new_axis, *self.axes[place + 1 :]), answers)

    def _without(self, place: int, answers: Mapping[tuple[int, ...], object]) -> Cells:
        """The same without an axis."""
        fewer = replace(self, roots=(*self.roots[:place], *self.roots[place + 1 :]))
        return fewer._filled((*self.axes[:place], *self.axes[place + 1 :]), answers)

    def _filled(self, axes: tuple[Axis, ...], answers: Mapping[tuple[int, ...], object]) -> Cells:
        """These answers, and all other cells as such that never occur."""
        keys = list(product(*(range(len(each.classes)) for each in axes)))
        unreached = frozenset(key for key in keys if key not in answers)
        return replace(self, axes=axes, answers={key: answers.get(key) for key in keys}, unreached=unreached)


def _neighbours_joined(
    slices: Sequence[dict[tuple[int, ...], object]],
) -> tuple[list[dict[tuple[int, ...], object]], list[int]]:
    """Slices with those joined that answer alike and follow on each other; and where each of them begins."""
    made, kept = [slices[0]], [0]
    for at in range(1, len(slices)):
        if (one := _joined([made[-1], slices[at]])) is None:
            made.append(slices[at])
            kept.append(at)
        else:
            made[-1] = one
    return made, kept


def _joined(slices: Sequence[Mapping[tuple[int, ...], object]]) -> dict[tuple[int, ...], object] | None:
    """All answers of some slices, if no two of them answer differently; else None."""
    joined: dict[tuple[int, ...], object] = {}
    for each in slices:
        for key, answer in each.items():
            if joined.setdefault(key, answer) != answer:
                return None
    return joined
