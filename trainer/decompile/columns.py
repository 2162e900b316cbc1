"""What a readout may read.

The variables that the readout or the MLPs before it read become columns: symbols that heads copy, counts of symbols
that they select, how many they select, pairs of symbols where these have few values. The plainer cost less.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.plain import plainness
from trainer.decompile.symbols import (
    Copied,
    Counts,
    Facts,
    Number,
    Ordinal,
    Pair,
    Symbolic,
    Tokens,
)
from trainer.decompile.terms import Column

MOST_NUMBERED = 30
"""Values of a pair of which one is a number."""


MOST_OFFERED = 400
"""Columns at most, the plainest; and pairs of them."""


@dataclass(frozen=True)
class Offered:
    """A column that a readout may read.

    Attributes:
        cost: the simpler, the less.
    """

    column: Column
    cost: float


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
    moved = [variable for variable in read_by_readout(edges) if isinstance(variable, Moved)]
    found: list[Column] = [Tokens()]
    known: dict[tuple[int, int], list[Hard]] = {}
    for variable in moved:
        head = (variable.layer, variable.head)
        if head not in known:
            is_hard = head in hardened and not hardened[head].soft
            known[head] = [hardened[head]] if is_hard else list(candidates(paths, made, edges, facts, head, hardened))
        carried = symbols_of(variable.what, edges, hardened, facts)
        for hard in known[head]:
            found += _brought(hard, carried, facts)
    if any(map(is_place, moved)):
        found += [Ordinal(modulus) for modulus in MODULI]
    columns = [Offered(column, plainness(column)) for column in dict.fromkeys(found)]
    return sorted(columns, key=lambda one: (one.cost, isinstance(one.column, Counts)))[:MOST_OFFERED]


def _brought(hard: Hard, carried: Sequence[Symbolic], facts: Facts) -> Iterator[Column]:
    """What a hard head tells: the symbols that it copies; or how many it selects, and how many of each symbol.

    In a large vocabulary numbers of symbols are offered as one column, and of heads alone that select alike for all.
    """
    if hard.copies:
        yield from (Copied(hard.where, symbol) for symbol in carried)
        return
    if carried:
        yield Number(hard.where, None, 0, MOST_COUNTED)
        yield Counts(hard.where, None, (0,))
    small = facts.vocabulary <= LARGE
    for symbol in carried:
        codes = tuple(int(code) for code in np.unique(facts.codes(symbol)[facts.inputs.present]))
        if small or hard.where.query is None:
            yield Counts(hard.where, symbol, codes)
        if small and hard.where.plain:
            yield from (Number(hard.where, symbol, code, MOST_COUNTED) for code in codes)


def paired(columns: Sequence[Offered], facts: Facts) -> list[Offered]:
    """Two symbols at once, where they have few values; with a number among them, very few: its rows look all alike."""
    plain = [one.column for one in columns if not isinstance(one.column, Counts)]
    found = []
    for one, other in combinations(plain, 2):
        pair = Pair(one, other)
        numbers = isinstance(one, Number) or isinstance(other, Number)
        if facts.size(pair) <= (MOST_NUMBERED if numbers else MOST_PAIRED):
            found.append(Offered(pair, plainness(pair)))
    return sorted(found, key=lambda one: one.cost)[:MOST_OFFERED]
