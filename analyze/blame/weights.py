"""Single weights of the readout bent by any amount, and what that does to all predictions, without executing anything.

A weight of class c that rises makes predictions become c one after the other, and each stays c from there on; one that
falls makes predictions of c become the runner-up. So each prediction has one threshold, and how many are mended and
broken by an amount is a count of thresholds up to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        self._logits: dict[int, tuple[Bools, Array, Array, Array]] = {}
        self._moved: dict[tuple[str, Symbol | None], tuple[Array, Array]] = {}

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
        here, units = self._adding(variable, value)
        if only_useful and not self.wrong.ravel()[here].any():
            return
        for output, name in enumerate(program.written_classes):
            for sign in (1, -1):
                bend = self._bend(here, sign * units, output)
                if bend is not None:
                    yield Bend(variable, value, name, row[output], sign, *bend)

    def bend(self, variable: str, value: Symbol | None, output: int, sign: int) -> Bend | None:
        """One weight one way; None if that mends nothing."""
        program = self.on.program
        row = weight_row(program, variable, value)
        assert row is not None
        if (variable, value) not in self._moved:
            self._moved[variable, value] = self._adding(variable, value)
        here, units = self._moved[variable, value]
        bend = self._bend(here, sign * units, output)
        return (
            None if bend is None else Bend(variable, value, program.written_classes[output], row[output], sign, *bend)
        )

    def _adding(self, variable: str, value: Symbol | None) -> tuple[Array, Array]:
        """The readout's predictions to which a row adds, as flat indices, and how often it does."""
        moved = shares(self.on.intact, variable, value)
        here = np.flatnonzero((moved != 0) & self.predicted)
        return here, moved.ravel()[here].astype(np.int64)

    def _bend(self, here: Array, units: Array, output: int) -> tuple[Array, Array, Array] | None:
        """Amounts that mend, the predictions that they mend, and amounts that break; None if nothing is mended."""
        own, rival, up, down = self._others(output)
        moves = (units > 0) != own.take(here)  # up to the class, or down from it
        wrong = self._flat_wrong.take(here)
        mends = np.flatnonzero(moves & wrong)
        becomes = np.where(units[mends] > 0, output, rival[here[mends]])
        mends = mends[becomes == self.expected.ravel()[here[mends]]]
        if not len(mends):
            return None
        amounts = _amounts(here[mends], units[mends], up, down)
        order = np.argsort(amounts, kind="stable")
        breaks = np.flatnonzero(moves & ~wrong)
        places = here[mends][order] * self._each + self._first  # among those of all outputs
        return amounts[order], places, _amounts(here.take(breaks), units.take(breaks), up, down)

    @cached_property
    def _flat_wrong(self) -> Bools:
        return self.wrong.ravel()

    def _others(self, output: int) -> tuple[Bools, Array, Array, Array]:
        """[prediction]: whether it is the class, the best of the other classes, and by how much the logit of the class
        must rise until it is, or fall until it is no more."""
        if output not in self._logits:
            totals = self.on.intact.totals
            best, rival = rivals(totals, output)
            above = best - totals[..., output]  # in int64: a weight may move it beyond the type of the totals
            up, down = above + (rival < output), (output < rival) - above
            self._logits[output] = self.outcomes.ravel() == output, rival.ravel(), up.ravel(), down.ravel()
        return self._logits[output]


def _amounts(here: Array, units: Array, up: Array, down: Array) -> Array:
    """By how much a weight must move until these predictions become others."""
    rises = units > 0
    if rises.all() or not rises.any():  # as of all weights but those of numbers of both signs
        needed = (up if len(rises) and rises[0] else down).take(here)
    else:
        needed = np.where(rises, up.take(here), down.take(here))
    amounts: Array = -(-needed // np.abs(units))
    return amounts


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
