"""Ablation: a program with only some of its heads and lookups kept, on the inputs of a sub-problem.

An ablated node yields a *baseline* instead of what it computes: its most frequent value, or a named constant. Whether a
set of nodes *suffices* for a sub-problem is decided by executing the program on every one of its inputs, a part after
the other. `TriedSets.few` are inputs that stand for all meanwhile: a set that fails on them fails, and a set that
passes is put to all inputs, of which those that refute it join the few.

With *resampling*, an ablated node yields what it computes on another input. That depends on the draw, so it is told as
a statistic: the share of predictions that stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

import numpy as np

from analyze.circuits.margins import REMEMBERED, FewInputs, ablatable
from analyze.outcome import Rows, Survey, evaluated_at_once, spread
from analyze.results.circuits import Resampled
from tprog.errors import BadUsage
from tprog.ir.program import Numbers, Numeric, Program, Symbols, Value
from tprog.ir.values import named
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import execute
from tprog.run.outcome import outcomes
from tprog.tasks.builtin import Inputs

FIRST_FEW = 48
"""Inputs that stand for all before any has refuted a set."""

REFUTING = 16
"""The most inputs that one failed check adds to the few."""

HELD = 2**16
"""Up to so many inputs of a sub-problem, what its nodes yield is remembered from one check to the next."""

_LONGEST_NUMBER = 40  # characters

_FIRST_PART = 512
"""Inputs of the first part of a check; later ones are larger. A set that fails is given up early."""


def constants_of(on: Survey, named: Mapping[str, Value]) -> dict[str, int]:
    """Node -> the code (or numerator) that it yields when ablated: as named, else its most frequent one.

    Raises:
        BadUsage: a name that is no head or lookup, or a value that is not one of its node.
    """
    nodes = ablatable(on.program)
    for asked in named:
        if asked not in nodes:
            shown = ", ".join(nodes) or "none"
            raise BadUsage(
                f"the baseline names {asked!r}, which is no head or lookup of the program; these are: {shown}"
            )
    return {n: _code(on.program, n, named[n]) if n in named else on.modes[n] for n in nodes}


def parse_baseline(program: Program, text: str) -> tuple[str, Value]:
    """``node=value``, as a person types it.

    Raises:
        BadUsage: it has another form, or names no head or lookup.
    """
    node, equals, value = (part.strip() for part in text.partition("="))
    if not equals or node not in ablatable(program):
        listed = ", ".join(ablatable(program)) or "none"
        raise BadUsage(f"--baseline {text!r}: expected NODE=VALUE, where NODE is one of {listed}")
    domain = program.variables[node].domain
    if isinstance(domain, Symbols):
        meant = named(value, domain)
        return node, value if meant is None else meant
    return node, _number(value)


def _number(text: str) -> Value:
    """A number as it is typed; what is none stays as it is."""
    try:
        number = Fraction(text if len(text) <= _LONGEST_NUMBER and "e" not in text.lower() else "")
    except (ValueError, ZeroDivisionError):
        return text
    return int(number) if number.denominator == 1 else number


def _code(program: Program, node: str, value: Value) -> int:
    domain = program.variables[node].domain
    if isinstance(domain, Symbols):
        if value in domain.codes:
            return domain.codes[value]
        expected = ", ".join(map(repr, domain.values[:20])) + (", ..." if len(domain) > 20 else "")
    else:
        if isinstance(value, int | Fraction) and domain.holds(value):
            return domain.code(value)
        expected = f"{_in_words(domain)} from {domain.low} to {domain.high}"
    raise BadUsage(f"the baseline {value!r} is not a value of {node!r}; these are {expected}")


def _in_words(domain: Numeric) -> str:
    """What the numbers of a domain are."""
    if isinstance(domain, Numbers):
        return "whole numbers" if domain.denominator == 1 else f"multiples of 1/{domain.denominator}"
    return ("whole numbers" if domain.unit == 1 else f"multiples of 1/{domain.unit}") + f" over 1 to {domain.most},"


@dataclass(eq=False)
class TriedSets:
    """A sub-problem, and the sets of nodes tried on it so far. A set is an int, see `analyze.circuits.margins`.

    Attributes:
        on: its inputs alone.
        pairs: [input, place] its pairs.
        constants: node -> what it yields when ablated.
        few: the inputs that stand for all, in the order in which they were added.
        refuted: sets that failed somewhere.
        confirmed: sets that keep every pair.
    """

    on: Survey
    pairs: Bools
    constants: Mapping[str, int]
    few: list[int]
    refuted: set[int] = field(default_factory=set)
    confirmed: set[int] = field(default_factory=set)
    _held: dict[int, FewInputs] = field(default_factory=dict)

    @cached_property
    def on_few(self) -> FewInputs:
        return FewInputs(self.on, self.pairs, self.constants, np.array(self.few, dtype=np.intp))

    def passes(self, kept: int) -> bool:
        """Whether a set keeps every pair of the few inputs."""
        if kept in self.confirmed:
            return True
        if kept in self.refuted:
            return False
        if not self.on_few.keeps(kept):
            self.refuted.add(kept)
            return False
        return True

    def suffices(self, kept: int) -> bool:
        """Whether a set keeps every pair of all inputs; if not, inputs that refute it join the few."""
        if kept in self.confirmed:
            return True
        if not self.passes(kept):
            return False
        for at, part in enumerate(self._parts):
            failing = part[self._on_part(at).failing(kept)] if self._remembers else self.failing(kept, part)
            if len(failing):
                self._refute(kept, failing)
                return False
        self.confirmed.add(kept)
        return True

    def failing(self, kept: int, rows: Rows) -> Rows:
        """The inputs, among `rows`, of which a pair does not keep its prediction, by plain execution."""
        ablated: dict[str, Array | int] = {
            name: code for bit, (name, code) in enumerate(self.constants.items()) if not kept >> bit & 1
        }
        run = execute(self.on.program, _cut(self.on.batch, rows), overrides=ablated)
        found = outcomes(run)
        places = slice(found.shape[1])
        unlike = (found != self.on.outcomes[rows, places]) & self.pairs[rows, places]
        return np.compress(unlike.any(axis=1), rows)

    @cached_property
    def _remembers(self) -> bool:
        """Whether there are so few inputs that the values of their nodes may be held, and their margins too."""
        margins = int(self.pairs.sum()) * 8 * (3 + 2 * max(1, len(self.on.program.written_classes)))
        return len(self.on.batch) <= HELD and margins <= REMEMBERED

    def _on_part(self, at: int) -> FewInputs:
        if at not in self._held:
            rows = self._parts[at]
            share = REMEMBERED // len(self._parts)
            self._held[at] = FewInputs(self.on, self.pairs, self.constants, rows, share, remember_shares=False)
        return self._held[at]

    @cached_property
    def _parts(self) -> list[Rows]:
        """All inputs in parts, each of which holds short and long ones; those of a part stand by length."""
        count = len(self.on.batch)
        parts = []
        for lot in _lots(count):
            lot = lot[np.argsort(self.on.batch.lengths[lot], kind="stable")]
            parts += np.array_split(lot, -(-len(lot) // evaluated_at_once(self.on.program, self.on.batch)))
        return parts

    def _refute(self, kept: int, failing: Rows) -> None:
        known = set(self.few)
        fresh = [row for row in failing[spread(len(failing), REFUTING)].tolist() if row not in known]
        assert fresh, "a set passed inputs that refute it"
        self.few += fresh
        self.refuted.add(kept)
        del self.on_few


def _lots(count: int) -> list[Rows]:
    """All of `count` inputs: a first few, spread over all; then the rest."""
    first = spread(count, _FIRST_PART)
    rest = np.setdiff1d(np.arange(count), first)
    return [lot for lot in (first, rest) if len(lot)]


def _cut(batch: Batch, rows: Rows) -> Batch:
    """The chosen inputs, as wide as the longest of them."""
    width = int(batch.lengths[rows].max(initial=0))
    return Batch(batch.tokens[rows, :width], batch.lengths[rows])


def trial_of(on: Survey, pairs: Bools, constants: Mapping[str, int], description: str) -> TriedSets:
    """A sub-problem of which nothing is known yet."""
    rows = np.flatnonzero(pairs.any(axis=1))
    alone = Inputs(on.batch.take(rows), None, False, description, on.inputs.noun)
    kept = Survey(on.program, alone, on.outcomes[rows], on.in_hole[rows], on.modes)
    return TriedSets(kept, pairs[rows], constants, spread(len(rows), FIRST_FEW).tolist())


# Resampling ###########################################################################################################


def resampled(on: Survey, trial: TriedSets, members: Sequence[str], draws: int, seed: int) -> Resampled:
    """The share of a sub-problem's predictions that stay when all but the members are resampled.

    For each draw, each input gets another input of the same length at random, of those in `on` that reach no hole, and
    every ablated node yields at each position what the intact program computes there on that other input.

    Args:
        on: the inputs to draw from.
        draws: how many.
        seed: of the draws.

    Raises:
        BadUsage: `on` has no input of the length of one of the sub-problem.
    """
    rng = np.random.default_rng(seed)
    stay, without, lonely = [], [], 0
    for _ in range(draws):
        donors, alone = _donors(on, trial, rng)
        lonely = int(trial.pairs[alone].sum())
        stay.append(_staying(on, trial, donors, [name for name in trial.constants if name not in members]))
        without.append(_staying(on, trial, donors, list(trial.constants)))
    return Resampled(draws, seed, int(trial.pairs.sum()), tuple(stay), tuple(without), lonely)


def _staying(on: Survey, trial: TriedSets, donors: Rows, ablated: Sequence[str]) -> int:
    """How many predictions stay with these nodes resampled."""
    staying = 0
    for part in np.array_split(np.arange(len(donors)), -(-len(donors) // evaluated_at_once(on.program, on.batch))):
        other = execute(on.program, on.batch.take(donors[part]))
        batch = Batch(_as_wide(trial.on.batch.tokens[part], other.batch.tokens), trial.on.batch.lengths[part])
        run = outcomes(execute(on.program, batch, overrides={name: other.values[name] for name in ablated}))
        places = slice(min(run.shape[1], trial.pairs.shape[1]))
        alike = run[:, places] == trial.on.outcomes[part, places]
        staying += int((alike & trial.pairs[part, places]).sum())
    return staying


def _as_wide(tokens: Array, like: Array) -> Array:
    """Tokens, with as many columns as others have; what is cut or added lies behind the end of every input."""
    wide = np.full((len(tokens), like.shape[1]), -1, dtype=tokens.dtype)
    width = min(tokens.shape[1], like.shape[1])
    wide[:, :width] = tokens[:, :width]
    return wide


def _donors(on: Survey, trial: TriedSets, rng: np.random.Generator) -> tuple[Rows, Rows]:
    """For each input of the trial one of `on`; and the inputs that have to make do with themselves or one like it."""
    donors = np.empty(len(trial.on.batch), dtype=np.intp)
    alone = []
    lengths = trial.on.batch.lengths
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        pool = np.flatnonzero((on.batch.lengths == length) & ~on.in_hole)
        if not len(pool):  # an input that was named, longer than all given
            raise BadUsage(f"there is no other input of {length} tokens to resample from; ask for more inputs")
        drawn = rng.integers(0, len(pool), size=len(rows))
        same = _equal(on.batch, pool[drawn], trial.on.batch, rows)
        # The next one instead, which differs, as inputs do.
        drawn[same] = (drawn[same] + 1) % len(pool)
        donors[rows] = pool[drawn]
        if len(pool) == 1:
            alone += rows.tolist()
    return donors, np.array(alone, dtype=np.intp)


def _equal(one: Batch, rows: Rows, other: Batch, other_rows: Rows) -> Bools:
    width = min(one.tokens.shape[1], other.tokens.shape[1])
    same: Bools = (one.tokens[rows, :width] == other.tokens[other_rows, :width]).all(axis=1)
    return same
