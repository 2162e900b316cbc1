"""What a head attends to, as a selection: candidates from its weights, the simplest first.

A score is a sum of products of queries and keys. Those that read no places give a table over symbols
(`trainer.decompile.tables`); what reads places is tried as a distance, or as its remainder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, product

import numpy as np

from trainer.decompile.edges import CONSTANTS, PLACES, TOKENS, Answered, Edges, Feed, Moved, Score, Variable
from trainer.decompile.network import Floats
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.plain import plainness
from trainer.decompile.symbols import FIRST, Copied, Facts, Number, Pair, Place, Selection, Symbolic, Tokens, key_order
from trainer.decompile.tables import SPREADS, Table, ordered, related, table_of, tiers

MOST_PAIRED = 100
"""Values of a pair of symbols that tables are made over."""

MOST_BACK = 12
"""The longest fixed distance."""

MODULI = (2, 3, 4, 5, 6)

LARGE = 40
"""Values of a variable from which on its symbols are not told apart one by one, and weights are tied."""

RELATED = 8
"""Symbols from which on relations between them are looked for; of fewer a table says it as well."""

MOST_TABLES = 100
"""Tables of a head at most, the plainest."""

OWN = 0.05
"""What a head that never looks at its own position may have there, of its attention."""

FEW = 8
"""Symbols at most whose numbers are told apart one by one."""

MOST_COUNTED = 12
"""The largest number that is told apart as a symbol, larger ones being that."""


@dataclass(frozen=True)
class Hard:
    """A head as it will be.

    Attributes:
        copies: whether it attends to the last selected position alone; else to all of them alike.
        soft: it stays as it is in the network, and does only mostly what is said of it. Its shares are no numbers, but
            who reads them may tell from them how many positions there are.
    """

    where: Selection
    copies: bool
    soft: bool = False

    def __str__(self) -> str:
        if self.soft:
            mostly = f", mostly at the last of {self.where}" if self.copies else ""
            return f"shares that tell how many there are{mostly}"
        one = "first" if self.where.first else "last"
        return f"the {one} of {self.where}" if self.copies and self.where != FIRST else str(self.where)


Hardened = dict[tuple[int, int], Hard]


def pattern(facts: Facts, hard: Hard) -> Floats:
    """[B, n, n] how a hard head attends; where it selects nothing, to the first position."""
    chosen = facts.selected(hard.where)
    if hard.copies:
        at = facts.at(hard.where)
        last: Floats = (np.arange(chosen.shape[2]) == at[:, :, None]).astype(np.float32)
        return last
    none = ~chosen.any(axis=2)
    if none.any():
        chosen = chosen.copy()
        chosen[..., 0] |= none
    made: Floats = chosen / chosen.sum(axis=2, keepdims=True, dtype=np.float32)
    return made


# What reaches a place #################################################################################################


def is_place(variable: Variable) -> bool:
    """Whether it tells of places alone."""
    while isinstance(variable, Moved):
        variable = variable.what
    return variable == PLACES


def symbols_of(variable: Variable, edges: Edges, hardened: Hardened, facts: Facts) -> list[Symbolic]:
    """The symbols that a variable carries, each once.

    A share of a set tells how large the set is: the first mark's share of all positions is the place. Of few tokens it
    tells how many there are of each.
    """
    match variable:
        case Answered(layer):
            fed = sorted((e for e in edges if isinstance(e, Feed) and e.layer == layer), key=str)
            return list(dict.fromkeys(x for edge in fed for x in symbols_of(edge.what, edges, hardened, facts)))
        case Moved(layer, head, what):
            hard = hardened.get((layer, head))
            return [] if hard is None else _told(hard, symbols_of(what, edges, hardened, facts), facts)
    if variable == PLACES:
        return [Place()] if facts.places else []
    return [Tokens()] if variable == TOKENS else []


def _told(hard: Hard, carried: Sequence[Symbolic], facts: Facts) -> list[Symbolic]:
    """What a head tells that moves some symbols."""
    copied: list[Symbolic] = [Copied(hard.where, x) for x in carried] if hard.copies else []
    return copied if hard.copies and not hard.soft else [*_numbers(hard, carried, facts), *copied]


def _numbers(hard: Hard, carried: Sequence[Symbolic], facts: Facts) -> list[Symbolic]:
    """What the shares of a head that looks at a set tell."""
    where = Selection() if hard.soft else hard.where
    numbers: list[Symbolic] = [Number(where, None, 0, MOST_COUNTED)] if carried else []
    if list(carried) == [Tokens()] and facts.symbols <= FEW:
        numbers += [Number(where, Tokens(), code, MOST_COUNTED) for code in range(facts.symbols)]
    return numbers


def sides(symbols: Sequence[Symbolic], facts: Facts) -> list[Symbolic]:
    """What a side of a table may be over: one symbol, or two of few values."""
    pairs = [Pair(one, other) for one, other in combinations(symbols, 2)]
    return [*symbols, *(pair for pair in pairs if facts.size(pair) <= MOST_PAIRED)]


# Candidates ###########################################################################################################


def candidates(
    paths: Paths, made: PathRun, edges: Edges, facts: Facts, head: tuple[int, int], hardened: Hardened
) -> Iterator[Hard]:
    """What a head may be, the simplest first, each once."""
    scores = [e for e in sorted(edges, key=str) if isinstance(e, Score) and (e.layer, e.head) == head]
    attended = made.patterns[head]
    never_own = _own_share(attended, paths) < OWN
    ramps = any(is_place(score.key) for score in scores)  # the earlier, the more, it may be
    by_tables = (
        each
        for table in _tables(paths, made, edges, facts, hardened, scores)
        for hard in _by_table(table, facts)
        for each in _variants(hard, ramps, never_own)
    )
    found: set[Hard] = set()
    for hard in chain(_plain(attended, paths, never_own), by_tables):
        if hard not in found:
            found.add(hard)
            yield hard


def _plain(attended: Floats, paths: Paths, never_own: bool) -> Iterator[Hard]:
    """What says nothing of symbols."""
    yield Hard(Selection(), copies=False)
    if never_own:
        yield Hard(Selection(before=True), copies=False)
    yield Hard(FIRST, copies=True)
    yield from _distances(attended, paths)


def _tables(
    paths: Paths, made: PathRun, edges: Edges, facts: Facts, hardened: Hardened, scores: list[Score]
) -> Iterator[Table]:
    """What the scores of a head say of symbols."""
    for some in _alike(scores, bool(facts.places)):
        queries, keys = (_carried(some, part, edges, hardened, facts) for part in (0, 1))
        factors = paths.factors(some, made.values)
        for query, key in tabled(queries, keys, facts):
            table = table_of(factors, facts, query, key)
            yield table
            besides = table.unmarked(facts.symbols) if key == Tokens() and len(some) < len(scores) else None
            if besides is not None:
                yield besides


def _variants(hard: Hard, ramps: bool, never_own: bool) -> Iterator[Hard]:
    """A candidate by a table, and what else a head that scores so may do, by what its scores say of places."""
    yield hard
    if ramps and hard.copies and hard.where.tiers == 1 and not hard.where.others:
        yield replace(hard, where=replace(hard.where, first=True))
    if never_own:
        yield replace(hard, where=replace(hard.where, others=False, before=True))


def tabled(
    queries: Sequence[Symbolic], keys: Sequence[Symbolic], facts: Facts
) -> list[tuple[Symbolic | None, Symbolic]]:
    """What tables are made over: of too many the plainest, in their order all the same."""
    # The plainest pairs have no side but the plainest: of many symbols there are far more pairs than can be made.
    asked, looked = _plainest(sides(queries, facts)), _plainest(sides(keys, facts))
    found = [(query, key) for query in [None, *asked] for key in looked]

    def much(at: int) -> float:
        return sum(plainness(side) for side in found[at] if side is not None)

    return [found[at] for at in sorted(sorted(range(len(found)), key=much)[:MOST_TABLES])]


def _plainest(some: Sequence[Symbolic]) -> list[Symbolic]:
    """Of too many the plainest, in their order all the same."""
    return [some[at] for at in sorted(sorted(range(len(some)), key=lambda at: plainness(some[at]))[:MOST_TABLES])]


def _alike(scores: Sequence[Score], places: bool) -> list[list[Score]]:
    """The scores that a table may be of: those that read no places; and, where these say something, those that do."""
    plain = [s for s in scores if not any(is_place(v) or v == CONSTANTS for v in s.reads)]
    of_places = [s for s in scores if places and all(is_place(v) for v in s.reads)]
    return [some for some in (plain, of_places) if some or some is plain]


def _carried(scores: Sequence[Score], part: int, edges: Edges, hardened: Hardened, facts: Facts) -> list[Symbolic]:
    """The symbols that the queries of scores carry, or their keys.

    Args:
        part: 0: queries, 1: keys.
    """
    read = (score.query if part == 0 else score.key for score in scores)
    return list(dict.fromkeys(x for v in read if v is not None for x in symbols_of(v, edges, hardened, facts)))


def _own_share(attended: Floats, paths: Paths) -> float:
    """How much of its attention a head has at its own position, behind the first."""
    at = np.arange(1, attended.shape[1])
    return float(attended[:, at, at][paths.inputs.present[:, 1:]].mean()) if len(at) else 1.0


def _by_table(table: Table, facts: Facts) -> Iterator[Hard]:
    query, key, scores, symbols = table.query, table.key, table.scores, facts.symbols
    square = query is not None and scores.shape[0] == scores.shape[1] > symbols >= RELATED
    if square and (ranks := ordered(table, facts)) is not None:
        yield Hard(Selection(query, key, ranks), copies=True)
    for most, spread in product((1, 2, 3), SPREADS):
        ranks = tiers(scores, spread, most, table.asked, table.seen)
        if all(rank == most for row in ranks for rank in row):
            continue
        if most == 1:
            # What of the table is no relation is noise, or too little to learn.
            regular = related(ranks, symbols) if square else None
            yield from _of_one_tier(Selection(query, key, ranks if regular is None else regular))
        elif key_order(where := Selection(query, key, ranks)) is not None:
            yield Hard(where, copies=True)


def _of_one_tier(where: Selection) -> Iterator[Hard]:
    """What a head may do with positions that are all alike to it."""
    yield Hard(where, copies=True)
    yield Hard(replace(where, others=True), copies=True)
    yield Hard(where, copies=False)


def _distances(attended: Floats, paths: Paths) -> Iterator[Hard]:
    """Fixed distances, and distances that leave a remainder, by how much the head attends there."""
    present = paths.inputs.present
    width = present.shape[1]
    share = np.zeros(width)
    for back in range(width):
        rows = np.arange(back, width)
        seen = present[:, back:]
        if seen.any():
            share[back] = attended[:, rows, rows - back][seen].mean()
    for back in sorted(range(min(MOST_BACK, width)), key=lambda b: -share[b])[:3]:
        yield Hard(Selection(step=back), copies=True)
    distance = np.arange(width)[:, None] - np.arange(width)[None, :]
    for modulus in MODULI:
        masses = [
            float((attended * (distance % modulus == rest)).sum(axis=2)[present].mean()) for rest in range(modulus)
        ]
        best = int(np.argmax(masses))
        if masses[best] > 1.5 / modulus:
            yield Hard(Selection(step=best, modulus=modulus), copies=False)
