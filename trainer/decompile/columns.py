"""What a readout may read, and the fewest of it that will do.

The variables that the readout or the MLPs before it read become columns: symbols that heads copy, counts of symbols
that they select, pairs of symbols where these have few values. Sets of columns are tried by size and plainness. Of
those that match alike, one that agrees with the network clearly more often on random strings is preferred: so what is
found is the network's way rather than the task's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from trainer.decompile.attend import (
    LARGE,
    MODULI,
    MOST_COUNTED,
    MOST_PAIRED,
    Hard,
    Hardened,
    candidates,
    is_place,
    symbols_of,
)
from trainer.decompile.edges import Answered, Edges, Feed, Moved, Read, Variable
from trainer.decompile.network import Ints
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.readout import PENALTIES, Classes, Column, Linear, fit
from trainer.decompile.symbols import (
    Copied,
    Counts,
    Facts,
    Number,
    Ones,
    Ordinal,
    Pair,
    Place,
    Selection,
    Symbolic,
    Tokens,
)

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


@dataclass(frozen=True)
class Offered:
    """A column that a readout may read.

    Attributes:
        cost: the simpler, the less.
    """

    column: Column
    cost: float


def plainness(what: Column) -> float:
    """How much there is to say of a variable."""
    match what:
        case Ones():
            return 0.0
        case Tokens() | Place():
            return 1.0
        case Ordinal():
            return 6.0
        case Pair(one, other):
            return plainness(one) + plainness(other) + 1
        case Copied(where, inner):
            return 1 + _plainness_of(where) + plainness(inner)
        case Number(where, inner, _, _):
            return 3.5 + _plainness_of(where) + (0 if inner is None else plainness(inner))
        case Counts(where, inner, _):
            return 2 + _plainness_of(where) + (0 if inner is None else plainness(inner))


def _plainness_of(where: Selection) -> float:
    cost = 0.0 if where.step is None else 0.5 + where.step / 10
    if where.modulus > 0:
        cost += 0.5
    if where.others or where.before:
        cost += 0.1
    if where.key is not None:
        cost += plainness(where.key) + 0.5 * where.tiers + (0 if where.query is None else plainness(where.query))
    return cost


def read_by_readout(edges: Edges) -> list[Variable]:
    """The variables that the readout reads, directly or through MLPs."""
    found: list[Variable] = []
    waiting = sorted((edge.what for edge in edges if isinstance(edge, Read)), key=str)
    while waiting:
        variable = waiting.pop(0)
        if variable in found:
            continue
        found.append(variable)
        if isinstance(variable, Answered):
            waiting += sorted((e.what for e in edges if isinstance(e, Feed) and e.layer == variable.layer), key=str)
    return found


def offered(paths: Paths, made: PathRun, edges: Edges, facts: Facts, hardened: Hardened) -> list[Offered]:
    """The columns that the variables which the readout reads may become, simplest first."""
    symbols: list[Symbolic] = [Tokens()]
    counts: list[Counts] = []
    places = False
    for variable in read_by_readout(edges):
        if not isinstance(variable, Moved):
            continue
        if is_place(variable):
            places = True
        head = (variable.layer, variable.head)
        carried = symbols_of(variable.what, edges, hardened, facts)
        known: Iterable[Hard] = candidates(paths, made, edges, facts, head, hardened)
        if head in hardened and not hardened[head].soft:
            known = [hardened[head]]
        for hard in known:
            if not hard.copies and carried:
                symbols.append(Number(hard.where, None, 0, MOST_COUNTED))
                counts.append(Counts(hard.where, None, (0,)))
            for symbol in carried:
                if hard.copies:
                    symbols.append(Copied(hard.where, symbol))
                    continue
                codes = tuple(int(code) for code in np.unique(facts.codes(symbol)[facts.inputs.present]))
                if facts.vocabulary <= LARGE or hard.where.query is None:
                    counts.append(Counts(hard.where, symbol, codes))
                if facts.vocabulary <= LARGE and hard.where.plain:
                    symbols += [Number(hard.where, symbol, code, MOST_COUNTED) for code in codes]
    if places:
        symbols += [Ordinal(modulus) for modulus in MODULI]
    found: list[Column] = list(dict.fromkeys([*symbols, *counts]))
    return sorted((Offered(column, plainness(column)) for column in found), key=lambda one: one.cost)


def different(pool: Sequence[Offered], cells: _Cells) -> list[Offered]:
    """Of columns that tell the same apart on all examples the simplest."""
    kept: dict[bytes, Offered] = {}
    for one in pool:
        kept.setdefault(cells.of(one.column)[0].tobytes(), one)
    return list(kept.values())


def paired(columns: Sequence[Offered], facts: Facts) -> Iterator[Offered]:
    """Two symbols at once, where they have few values."""
    plain = [one.column for one in columns if not isinstance(one.column, Counts)]
    for one, other in combinations(plain, 2):
        pair = Pair(one, other)
        if facts.size(pair) <= MOST_PAIRED:
            yield Offered(pair, plainness(pair))


# The fewest ###########################################################################################################


@dataclass(frozen=True, eq=False)
class Examples:
    """Graded inputs and what the network predicts of them.

    Attributes:
        facts: of some batches.
        answers: [B, n] the classes, for each of them.
    """

    facts: tuple[Facts, ...]
    answers: tuple[Ints, ...]

    def match(self, linear: Linear) -> float:
        """The share of graded positions that a readout predicts alike."""
        right = total = 0
        for some, classes in zip(self.facts, self.answers, strict=True):
            graded = some.inputs.graded
            right += int((linear.predict(some) == classes[graded]).sum())
            total += int(graded.sum())
        return right / max(total, 1)


class _Cells:
    """The columns as one number a graded position, to see quickly what a function of them could decide."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.answers = np.concatenate(
            [a[f.inputs.graded] for f, a in zip(examples.facts, examples.answers, strict=True)]
        )
        self._of: dict[Column, tuple[Ints, int]] = {}

    def of(self, column: Column) -> tuple[Ints, int]:
        """[graded positions] which of its values each has, and how many there are."""
        if column not in self._of:
            values = np.concatenate([facts.graded(column) for facts in self.examples.facts])
            values = values if values.ndim == 2 else values[:, None]
            values = np.ascontiguousarray(values.astype(np.int16)).view(f"V{2 * values.shape[1]}")
            _, at = np.unique(values, return_inverse=True)
            at = at.reshape(-1)
            self._of[column] = at, int(at.max(initial=0)) + 1
        return self._of[column]

    def undecided(self, columns: Sequence[Column]) -> float:
        """The share that the best function of the columns gets wrong."""
        at = np.zeros(len(self.answers), dtype=np.int64)
        for column in columns:
            codes, size = self.of(column)
            at = at * size + codes
            if len(at) and at.max() > 2**40:
                _, at = np.unique(at, return_inverse=True)
        _, at = np.unique(at, return_inverse=True)
        pairs, times = np.unique(at.reshape(-1) * (self.answers.max(initial=0) + 1) + self.answers, return_counts=True)
        best: Ints = np.zeros(int(at.max(initial=0)) + 1, dtype=np.int64)
        np.maximum.at(best, pairs // (self.answers.max(initial=0) + 1), times)
        return 1 - float(best.sum()) / max(len(self.answers), 1)


@dataclass(frozen=True, eq=False)
class Trials:
    """What readouts are fitted to and judged by.

    Attributes:
        fitted, judged: inputs like those that the network was trained on.
        elsewhere: random strings.
    """

    fitted: Examples
    judged: Examples
    elsewhere: Examples
    classes: Classes

    def fit(self, columns: Sequence[Column]) -> Linear:
        """A readout over some columns; beside numbers alone, with what classes have of their own."""
        if all(isinstance(column, Counts) for column in columns):
            columns = [*columns, Ones()]
        return fit(self.fitted.facts, columns, self.fitted.answers, self.classes)


def fewest(pool: Sequence[Offered], trials: Trials, wanted: float, tell: Callable[[str], object]) -> Linear:
    """A readout over the fewest and simplest columns with which it matches, or the best found."""
    fitted, judged = trials.fitted, trials.judged
    cells = _Cells(fitted)
    everywhere = _Cells(
        Examples((*fitted.facts, *trials.elsewhere.facts), (*fitted.answers, *trials.elsewhere.answers))
    )
    kept = different(pool, everywhere)
    kept = sorted(different([*kept, *paired(kept, fitted.facts[0])], everywhere), key=lambda one: one.cost)
    few = len(trials.classes.labels) <= LARGE
    best: tuple[float, Linear] | None = None
    beam: list[tuple[Offered, ...]] = [()]
    tried: set[frozenset[Column]] = set()
    for size in range(1, MOST_COLUMNS + 1):
        sets = _extended(beam, kept, cells, tried)
        if not sets:
            break
        bound = min(lost for lost, _, _ in sets)
        able = sorted((s for s in sets if s[0] <= max(1 - wanted, bound + EASE)), key=lambda s: s[1])
        fits: list[tuple[float, tuple[Offered, ...]]] = []
        good: list[Linear] = []
        rivals = 0
        for _, _, some in able[: FITS if few else FITS_OF_MANY]:
            tell(f"readout of {', '.join(str(c.column) for c in some)}")
            linear = trials.fit([c.column for c in some])
            match = judged.match(linear)
            fits.append((match, some))
            if best is None or match > best[0] + (EASE if size > len(best[1].columns) else 1e-9):
                best = match, linear
            if match >= wanted:
                good.append(linear)
            rivals += bool(good)
            if rivals > (RIVALS if few else 0):
                break
        if good:
            return _closest(good, trials.elsewhere)
        if best is not None and best[0] >= ENOUGH and size > len(best[1].columns):
            break
        hopeful = [some for _, some in sorted(fits, key=lambda f: -f[0])][:BEAM]
        others = [some for _, _, some in sorted(sets, key=lambda s: (s[0], s[1]))]
        beam = list(dict.fromkeys([*hopeful, *others[: BEAM if size > 1 else FITS]]))
    assert best is not None
    return best[1]


def _closest(good: Sequence[Linear], elsewhere: Examples) -> Linear:
    """The first, unless another agrees clearly more often elsewhere."""
    shares = [elsewhere.match(linear) for linear in good]
    best = max(shares)
    return good[0] if best < shares[0] + CLEARLY else good[shares.index(best)]


def _extended(
    beam: Sequence[tuple[Offered, ...]], pool: Sequence[Offered], cells: _Cells, tried: set[frozenset[Column]]
) -> list[tuple[float, float, tuple[Offered, ...]]]:
    """Sets of columns with one more each: what they leave undecided, what they cost, and they."""
    found: list[tuple[float, float, tuple[Offered, ...]]] = []
    for chosen in beam:
        for one in pool:
            some = (*chosen, one)
            columns = frozenset(each.column for each in some)
            if one in chosen or columns in tried:
                continue
            tried.add(columns)
            found.append((cells.undecided([each.column for each in some]), sum(each.cost for each in some), some))
    return found


def trimmed(linear: Linear, trials: Trials, tell: Callable[[str], object]) -> Linear:
    """Without the counts that it can do without."""
    match = trials.judged.match(linear)
    agreed = trials.elsewhere.match(linear)
    for column in [c for c in linear.columns if isinstance(c, Counts) and len(c.codes) <= 12]:
        current = column
        for code in column.codes:
            tell(f"readout without the count of {code}")
            codes = tuple(c for c in current.codes if c != code)
            fewer = Counts(current.where, current.what, codes)
            columns = [fewer if c == current else c for c in linear.columns if codes or c != current]
            if not columns:
                continue
            tried = trials.fit(columns)
            if trials.judged.match(tried) >= match and trials.elsewhere.match(tried) >= agreed - CLEARLY:
                linear, current = tried, fewer
            if not codes:
                break
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
