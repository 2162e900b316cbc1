"""The fewest columns of which a readout will do.

Sets of columns are tried by size and plainness. Of those that match alike, one that agrees with the network clearly
more often on random strings is preferred: so what is found is the network's way rather than the task's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from trainer.decompile.attend import LARGE
from trainer.decompile.columns import Offered, paired
from trainer.decompile.examples import Cells, Examples, Relations, Trials
from trainer.decompile.readout import PENALTIES, Linear, fit
from trainer.decompile.symbols import Counts
from trainer.decompile.terms import Column

EASE = 0.003
"""How much match a simpler set of columns may cost."""

BEAM = 10
"""Sets of columns that are extended."""

MOST_COLUMNS = 4

FITS, FITS_OF_MANY = 40, 8
"""Sets of columns of one size that are fitted, the simplest; of many classes a fit takes long."""

ENOUGH = 0.99
"""A match from which on one more column is tried, and no further ones."""

RIVALS = 5
"""Sets of columns that are tried behind the first that will do."""

CLEARLY = 0.02
"""How much more often a rival must agree on random strings to be taken."""


Chosen = tuple[Offered, ...]
"""A set of columns."""


def fewest(pool: Sequence[Offered], trials: Trials, wanted: float, tell: Callable[[str], object]) -> Linear:
    """A readout over the fewest and simplest columns with which it matches, or the best found."""
    fitted, elsewhere = trials.fitted, trials.elsewhere
    everywhere = Cells(fitted + elsewhere)
    kept = different(pool, everywhere)
    kept = sorted(different([*kept, *paired(kept, fitted.facts[0])], everywhere), key=lambda one: one.cost)
    search = _Search(kept, trials, wanted, tell)
    for size in range(1, MOST_COLUMNS + 1):
        sets = search.extended()
        if not sets:
            break
        good = search.fitted(sets, size)
        if good:
            return _closest(good, elsewhere)
        if search.enough(size):
            break
        search.narrow(sets, size)
    assert search.best is not None
    return search.best[1]


def different(pool: Sequence[Offered], cells: Cells) -> list[Offered]:
    """Of columns that tell the same apart on all examples the simplest."""
    kept: dict[bytes, Offered] = {}
    for one in pool:
        kept.setdefault(cells.of(one.column)[0].tobytes(), one)
    return list(kept.values())


@dataclass(frozen=True)
class _Tried:
    """A set of columns.

    Attributes:
        undecided: what the best function of them gets wrong.
        cost: how much there is to say of them.
    """

    undecided: float
    cost: float
    chosen: Chosen


@dataclass(eq=False)
class _Search:
    """The search for columns, set by set.

    Attributes:
        beam: the sets that are extended next.
        fits: the match of each set of the last size that was fitted.
        best: the best match so far, and its readout.
    """

    pool: Sequence[Offered]
    trials: Trials
    wanted: float
    tell: Callable[[str], object]
    beam: list[Chosen] = field(default_factory=lambda: [()])
    fits: list[tuple[float, Chosen]] = field(default_factory=list)
    best: tuple[float, Linear] | None = None
    _tried: set[frozenset[Column]] = field(default_factory=set)

    def __post_init__(self) -> None:
        many = self.trials.classes.many
        self._few = len(self.trials.classes.labels) <= LARGE
        self._sight = Relations(self.trials.fitted, self.trials.classes) if many else Cells(self.trials.fitted)

    def extended(self) -> list[_Tried]:
        """Sets of columns with one more each than the beam's."""
        found: list[_Tried] = []
        for chosen in self.beam:
            for one in self.pool:
                some = (*chosen, one)
                columns = frozenset(each.column for each in some)
                if one in chosen or columns in self._tried:
                    continue
                self._tried.add(columns)
                undecided = self._sight.undecided([each.column for each in some])
                found.append(_Tried(undecided, sum(each.cost for each in some), some))
        return found

    def fitted(self, sets: Sequence[_Tried], size: int) -> list[Linear]:
        """Readouts over the simplest of the sets that leave little undecided: those that will do."""
        bound = min(one.undecided for one in sets)
        able = [one for one in sets if one.undecided <= max(1 - self.wanted, bound + EASE)]
        good: list[Linear] = []
        rivals, self.fits = 0, []
        for one in sorted(able, key=lambda one: one.cost)[: FITS if self._few else FITS_OF_MANY]:
            self.tell(f"readout of {', '.join(str(each.column) for each in one.chosen)}")
            linear = self.trials.fit([each.column for each in one.chosen])
            match = self.trials.judged.match(linear)
            self.fits.append((match, one.chosen))
            if self.best is None or match > self.best[0] + (EASE if size > len(self.best[1].columns) else 1e-9):
                self.best = match, linear
            if match >= self.wanted:
                good.append(linear)
            rivals += bool(good)
            if rivals > (RIVALS if self._few else 0):
                break
        return good

    def enough(self, size: int) -> bool:
        """Whether one more column has been tried behind a match that is nearly all."""
        return self.best is not None and self.best[0] >= ENOUGH and size > len(self.best[1].columns)

    def narrow(self, sets: Sequence[_Tried], size: int) -> None:
        """Keep the sets that are worth a further column."""
        hopeful = [chosen for _, chosen in sorted(self.fits, key=lambda fit: -fit[0])][:BEAM]
        others = [one.chosen for one in sorted(sets, key=lambda one: (one.undecided, one.cost))]
        self.beam = list(dict.fromkeys([*hopeful, *others[: BEAM if size > 1 else FITS]]))


def _closest(good: Sequence[Linear], elsewhere: Examples) -> Linear:
    """The first, unless another agrees clearly more often elsewhere."""
    shares = [elsewhere.match(linear) for linear in good]
    best = max(shares)
    return good[0] if best < shares[0] + CLEARLY else good[shares.index(best)]


def trimmed(linear: Linear, trials: Trials, tell: Callable[[str], object]) -> Linear:
    """Without the counts that it can do without."""
    least = trials.judged.match(linear), trials.elsewhere.match(linear) - CLEARLY
    for column in [c for c in linear.columns if isinstance(c, Counts) and len(c.codes) <= 12]:
        linear = _without_counts(linear, column, least, trials, tell)
    return linear


def _without_counts(
    linear: Linear, column: Counts, least: tuple[float, float], trials: Trials, tell: Callable[[str], object]
) -> Linear:
    """Without the counts of a column that it can do without.

    Args:
        least: the match that is kept, and that elsewhere.
    """
    current = column
    for code in column.codes:
        tell(f"readout without the count of {code}")
        fewer = replace(current, codes=tuple(c for c in current.codes if c != code))
        columns = [fewer if c == current else c for c in linear.columns if fewer.codes or c != current]
        if not columns:  # it is all that there is
            continue
        tried = trials.fit(columns)
        if trials.judged.match(tried) >= least[0] and trials.elsewhere.match(tried) >= least[1]:
            linear, current = tried, fewer
    return linear


def polished(linear: Linear, trials: Trials, tell: Callable[[str], object]) -> Linear:
    """The same columns with the best weights of several fits: by match, then by agreement elsewhere, then small."""
    if len(trials.classes.labels) > LARGE:
        return linear
    fitted, elsewhere = trials.fitted, trials.elsewhere
    facts, answers = (*fitted.facts, *elsewhere.facts[:1]), (*fitted.answers, *elsewhere.answers[:1])

    def worth(one: Linear) -> tuple[float, float, int]:
        largest = max(int(np.abs(w).max(initial=0)) for w in one.weights)
        return round(trials.judged.match(one), 4), round(elsewhere.match(one), 2), -largest

    rivals = [linear]
    for penalty in PENALTIES:
        tell(f"readout with weights that cost {penalty:g}")
        rivals.append(fit(fitted.facts, linear.columns, fitted.answers, trials.classes, penalty))
        rivals.append(fit(facts, linear.columns, answers, trials.classes, penalty))
    return max(rivals, key=worth)
