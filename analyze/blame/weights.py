"""Single weights of the readout bent by any amount, and what that does to all predictions, without executing anything.

A weight of class c that rises makes predictions become c one after the other, and each stays c from there on; one that
falls makes predictions of c become the runner-up. So each prediction has one threshold, and how many are mended and
broken by an amount is a count of thresholds up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyze.blame.effects import Effect
from analyze.blame.single_edits import rivals, shares
from analyze.outcome import Ground
from tprog.edits.edit import Edit, WeightEdit, weight_row
from tprog.ir.program import Program, Symbol, Symbols
from tprog.run.batch import Array, Bools


@dataclass(frozen=True, eq=False)
class Bend:
    """One weight moved one way.

    Attributes:
        sign: 1 for up, -1 for down.
        mended: ascending amounts, in units of 1 / `Classify.scale`, at each of which one wrong prediction is mended.
        places: the indices of these predictions in [input, place], flattened.
        broken: amounts, in no order, at each of which one right prediction becomes wrong: there are very many.
    """

    variable: str
    value: Symbol | None
    output: str
    weight: int
    sign: int
    mended: Array
    places: Array
    broken: Array

    def edit(self, amount: int) -> WeightEdit:
        return WeightEdit(self.variable, self.value, self.output, self.weight + self.sign * amount)

    def effect(self, amount: int) -> tuple[int, int]:
        """(mended, broken) predictions."""
        return int(np.searchsorted(self.mended, amount, side="right")), int(np.count_nonzero(self.broken <= amount))

    def best_from(self) -> tuple[Array, Array]:
        """For each of the amounts `mended`: the best one that is not less, the smallest of equals; its net effect."""
        upto = np.searchsorted(self.mended, self.mended, side="right")
        breaking = np.bincount(np.searchsorted(self.mended, self.broken), minlength=len(upto) + 1)
        nets = upto - np.cumsum(breaking[:-1])
        greatest = np.maximum.accumulate(nets[::-1])[::-1]
        count = len(nets)
        reached = np.where(nets == greatest, np.arange(count), count)
        at = np.minimum.accumulate(reached[::-1])[::-1]
        return self.mended[at], greatest

    def midway(self, amount: int) -> int:
        """An amount with the same effect, as far from the next prediction that breaks as from the last that mends."""
        later = self.broken[self.broken > amount]
        return (amount + int(later.min())) // 2 if len(later) else amount


class Bends:
    """All that bending a weight can do, on the inputs of an analysis."""

    def __init__(self, on: Ground) -> None:
        """`on` has right answers."""
        assert on.expected is not None
        # Of several outputs, those of the readout: what no weight moves is left out.
        mine = on.program.of_readout
        self._first, self._each = mine.start, mine.step
        self.on, self.expected, self.outcomes = on, on.expected[:, mine], on.outcomes[:, mine]
        self.predicted: Bools = on.graded[:, mine] & (self.outcomes >= 0)
        self.wrong: Bools = self.predicted & (self.outcomes != self.expected)
        self._moves: dict[tuple[int, bool], tuple[Array, Array]] = {}
        self._moved: dict[tuple[str, Symbol | None], list[_Share]] = {}

    def of(self, variable: str, value: Symbol | None, only_useful: bool = True) -> Iterator[Bend]:
        """The bends of each weight of a row, those that mend nothing left out.

        Args:
            only_useful: leave out at once a row that no wrong prediction adds up.
        """
        on = self.on
        program = on.program
        row = weight_row(program, variable, value)
        if row is None:
            return
        moved = self._adding(variable, value)
        if only_useful and not any(self._flat_wrong.take(share.here).any() for share in moved):
            return
        for output, name in enumerate(program.written_classes):
            for sign in (1, -1):
                bend = self._bend(moved, output, sign)
                if bend is not None:
                    yield Bend(variable, value, name, row[output], sign, *bend)

    def bend(self, variable: str, value: Symbol | None, output: int, sign: int) -> Bend | None:
        """One weight one way; None if that mends nothing."""
        program = self.on.program
        row = weight_row(program, variable, value)
        assert row is not None
        if (variable, value) not in self._moved:
            self._moved[variable, value] = self._adding(variable, value)
        bend = self._bend(self._moved[variable, value], output, sign)
        return (
            None if bend is None else Bend(variable, value, program.written_classes[output], row[output], sign, *bend)
        )

    def _adding(self, variable: str, value: Symbol | None) -> list[_Share]:
        """The readout's predictions to which a row adds: those where it adds more than 0, and those where less."""
        moved = shares(self.on.intact, variable, value)
        here = np.flatnonzero((moved != 0) & self.predicted)
        units = moved.ravel().take(here).astype(np.int64, copy=False)
        rises = units > 0
        if rises.all():
            return [_Share(here, units, 1)]
        return [_Share(here[rises], units[rises], 1), _Share(here[~rises], -units[~rises], -1)]

    def _bend(self, moved: Sequence[_Share], output: int, sign: int) -> tuple[Array, Array, Array] | None:
        """Amounts that mend, the predictions that they mend, and amounts that break; None if nothing is mended."""
        whole = [(share, *self._moving(output, rises=share.sign == sign)) for share in moved]
        becomes = [moves.take(share.here) for share, moves, _ in whole]
        mends, breaks = ([np.flatnonzero(found == kind) for found in becomes] for kind in (_MENDED, _BROKEN))
        if not any(map(len, mends)):
            return None
        places = np.concatenate([share.here[at] for (share, _, _), at in zip(whole, mends, strict=True)])
        amounts, broken = (
            np.concatenate([share.amounts(needed, at) for (share, _, needed), at in zip(whole, found, strict=True)])
            for found in (mends, breaks)
        )
        order = np.lexsort((places, amounts))
        return amounts[order], places[order] * self._each + self._first, broken  # among the places of all outputs

    @cached_property
    def _flat_wrong(self) -> Bools:
        return self.wrong.ravel()

    def _moving(self, output: int, *, rises: bool) -> tuple[Array, Array]:
        """[prediction]: what becomes of it when the logit of a class rises, or falls, far enough; and how far that is.

        It becomes that class if it is another, or the runner-up if it is that class.
        """
        if (output, rises) not in self._moves:
            best, rival = rivals(self.on.intact.totals, output)
            own = self.on.intact.totals[..., output]
            above = (best - own).ravel()  # in int64: a weight may move it beyond the type of the totals
            rival, expected, here = rival.ravel(), self.expected.ravel(), self.outcomes.ravel() == output
            for up in (True, False):
                mended = expected == (output if up else rival)
                found = np.where(self._flat_wrong, np.where(mended, _MENDED, _SAME), _BROKEN).astype(np.uint8)
                found[here if up else ~here] = _SAME
                needed = above + (rival < output) if up else (output < rival) - above
                self._moves[output, up] = found, needed
        return self._moves[output, rises]


_SAME, _MENDED, _BROKEN = range(3)
"""What becomes of a prediction: still right or wrong; right; wrong."""


@dataclass(frozen=True, eq=False)
class _Share:
    """Where a weight adds to predictions with one sign.

    Attributes:
        here: their flat indices, ascending.
        units: how often it adds there, without the sign.
    """

    here: Array
    units: Array
    sign: int

    def amounts(self, needed: Array, at: Array) -> Array:
        """By how much the weight must move until those at these places of `here` become others.

        Args:
            needed: [prediction] how far the logit must move.
        """
        moved: Array = -(-needed.take(self.here.take(at)) // self.units.take(at))
        return moved


def weight_rows(program: Program) -> Iterator[tuple[str, Symbol | None]]:
    """(variable, value) of each weight row."""
    for term in program.weights:
        domain = program.variables[term.variable].domain
        for value in domain.values if isinstance(domain, Symbols) else (None,):
            yield term.variable, value


def best_bends(on: Ground, edits: Iterable[Edit]) -> dict[Edit, Effect]:
    """What weight edits do, each of which is the least that mends some prediction of the inputs; and the best edits of
    the same weights the same way that are not less, with room for predictions that were not seen."""
    bends = Bends(on)
    found: dict[Edit, Effect] = {}
    for edit in edits:
        if not isinstance(edit, WeightEdit) or (row := weight_row(on.program, edit.variable, edit.value)) is None:
            continue
        output = on.program.written_classes.index(edit.output)
        change = edit.weight - row[output]
        bend = bends.bend(edit.variable, edit.value, output, 1 if change > 0 else -1) if change else None
        if bend is None:
            continue
        found[edit] = Effect(edit, *bend.effect(abs(change)))
        at = int(np.searchsorted(bend.mended, abs(change)))
        if at < len(bend.mended):
            best = bend.midway(int(bend.best_from()[0][at]))
            found.setdefault(bend.edit(best), Effect(bend.edit(best), *bend.effect(best)))
    return found
