"""What a head attends to, as a selection: candidates from its weights, the simplest first.

A score is a sum of products of queries and keys. Those that read no places give a *table* over symbols, from the mean
query and the mean key of each symbol: so pairs that no input has come out right too. A table becomes *tiers*: keys
within `spread` of the best of a query are alike. What reads places is tried as a distance, or as its remainder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from trainer.decompile.edges import CONSTANTS, PLACES, TOKENS, Answered, Edges, Feed, Moved, Score, Variable
from trainer.decompile.network import Bools, Floats, Ints
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.plain import plainness
from trainer.decompile.symbols import FIRST, Copied, Facts, Number, Pair, Place, Selection, Symbolic, Tokens, key_order

SPREADS = (1.0, 2.0, 4.0)
"""Nats by which scores of one tier may differ."""

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

REGULAR = 0.5
"""The share of symbols that must follow a relation for all to be taken to."""

ORDERLY = 0.9
"""The share of pairs of keys that scores must put in an order for it to be taken for theirs."""


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
            found: list[Symbolic] = []
            fed = sorted((e for e in edges if isinstance(e, Feed) and e.layer == layer), key=str)
            for edge in fed:
                found += symbols_of(edge.what, edges, hardened, facts)
            return list(dict.fromkeys(found))
        case Moved(layer, head, what):
            hard = hardened.get((layer, head))
            if hard is None:
                return []
            carried = symbols_of(what, edges, hardened, facts)
            copied: list[Symbolic] = [Copied(hard.where, x) for x in carried] if hard.copies else []
            return copied if hard.copies and not hard.soft else [*_numbers(hard, carried, facts), *copied]
    if variable == PLACES:
        return [Place()] if facts.places else []
    return [Tokens()] if variable == TOKENS else []


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


# Tables and profiles ##################################################################################################


def _means(codes: Ints, size: int, values: Floats, present: np.ndarray) -> tuple[Floats, np.ndarray]:
    """[size, d] the mean of values by code, and which codes are seen."""
    flat = codes[present]
    counts = np.bincount(flat, minlength=size)
    order = np.argsort(flat, kind="stable")
    sums = np.zeros((size, values.shape[-1]), dtype=np.float64)
    seen = np.flatnonzero(counts)
    starts = np.cumsum(counts[seen]) - counts[seen]
    if len(seen):
        sums[seen] = np.add.reduceat(values[present][order].astype(np.float64), starts, axis=0)
    return (sums / np.maximum(counts, 1)[:, None]).astype(np.float32), counts > 0


@dataclass(frozen=True, eq=False)
class Table:
    """Mean scores by symbol.

    Attributes:
        query, key: what it is over; without a query it has one row.
        scores: [queries, keys].
        asked, seen: [queries] and [keys] which of them there are.
    """

    query: Symbolic | None
    key: Symbolic
    scores: Floats
    asked: Bools
    seen: Bools

    def unmarked(self, symbols: int) -> Table | None:
        """Without the marks among its keys, where these are tokens and a mark may be selected by some query; else None.

        What else a head scores may keep it from that mark.
        """
        if len(self.seen) <= symbols or not self.seen[:symbols].any():
            return None
        known = np.where(self.seen, self.scores, -np.inf)[self.asked]
        if not (known[:, symbols:].max(axis=1) >= known.max(axis=1) - max(SPREADS)).any():
            return None
        return replace(self, seen=self.seen & (np.arange(len(self.seen)) < symbols))


def table_of(
    paths: Paths, made: PathRun, scores: Sequence[Score], facts: Facts, query: Symbolic | None, key: Symbolic
) -> Table:
    """The table of some scores over a symbol of queries, or none, and one of keys."""
    present = facts.inputs.present
    rows = 1 if query is None else facts.size(query)
    table = np.zeros((rows, facts.size(key)), dtype=np.float32)
    asked_seen = np.ones(rows, dtype=np.bool_)
    for score in scores:
        asked, keys = paths.products(score, made.values)
        key_means, key_seen = _means(facts.codes(key), facts.size(key), keys, present)
        if asked.ndim == 1:
            table += asked @ key_means.T
            continue
        if query is None:
            table += asked[present].mean(axis=0) @ key_means.T
            continue
        query_means, asked_seen = _means(facts.codes(query), rows, asked, present)
        table += query_means @ key_means.T
    if not scores:
        key_seen = np.bincount(facts.codes(key)[present], minlength=facts.size(key)) > 0
    return Table(query, key, table, asked_seen, key_seen)


def tiers(
    table: Floats, spread: float, most: int, seen_rows: np.ndarray, seen_keys: np.ndarray
) -> tuple[tuple[int, ...], ...]:
    """Ranks of keys by query: the best tier has the rank `most`, the worst that is kept 1, the others 0."""
    rows = []
    for row, seen in zip(table, seen_rows, strict=True):
        ranks = np.zeros(len(row), dtype=np.int64)
        if seen:
            rank, top = most, None
            for at in np.argsort(-row, kind="stable"):
                if not seen_keys[at]:
                    continue
                if top is None:
                    top = row[at]
                elif top - row[at] > spread:
                    rank, top = rank - 1, row[at]
                    if rank == 0:
                        break
                ranks[at] = rank
        rows.append(tuple(int(rank) for rank in ranks))
    return tuple(rows)


# Candidates ###########################################################################################################


def candidates(
    paths: Paths, made: PathRun, edges: Edges, facts: Facts, head: tuple[int, int], hardened: Hardened
) -> Iterator[Hard]:
    """What a head may be, the simplest first, each once."""
    scores = [e for e in sorted(edges, key=str) if isinstance(e, Score) and (e.layer, e.head) == head]
    found: set[Hard] = set()
    for hard in _all(paths, made, edges, facts, head, hardened, scores):
        if hard not in found:
            found.add(hard)
            yield hard


def _all(
    paths: Paths,
    made: PathRun,
    edges: Edges,
    facts: Facts,
    head: tuple[int, int],
    hardened: Hardened,
    scores: list[Score],
) -> Iterator[Hard]:
    attended = made.patterns[head]
    never_own = _own_share(attended, paths) < OWN
    yield Hard(Selection(), copies=False)
    if never_own:
        yield Hard(Selection(before=True), copies=False)
    yield Hard(FIRST, copies=True)
    yield from _distances(attended, paths)
    ramps = any(is_place(score.key) for score in scores)  # the earlier, the more, it may be
    for some in _alike(scores, bool(facts.places)):
        queries, keys = (_carried(some, part, edges, hardened, facts) for part in (0, 1))
        for query, key in tabled(queries, keys, facts):
            table = table_of(paths, made, some, facts, query, key)
            besides = table.unmarked(facts.symbols) if key == Tokens() and len(some) < len(scores) else None
            for one in (table, *(() if besides is None else (besides,))):
                for hard in _by_table(one, facts.symbols):
                    yield hard
                    if ramps and hard.copies and hard.where.tiers == 1 and not hard.where.others:
                        yield replace(hard, where=replace(hard.where, first=True))
                    if never_own:
                        yield replace(hard, where=replace(hard.where, others=False, before=True))


def tabled(
    queries: Sequence[Symbolic], keys: Sequence[Symbolic], facts: Facts
) -> list[tuple[Symbolic | None, Symbolic]]:
    """What tables are made over: of too many the plainest, in their order all the same."""
    found = [(query, key) for query in [None, *sides(queries, facts)] for key in sides(keys, facts)]

    def much(at: int) -> float:
        return sum(plainness(side) for side in found[at] if side is not None)

    return [found[at] for at in sorted(sorted(range(len(found)), key=much)[:MOST_TABLES])]


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


def _by_table(table: Table, symbols: int) -> Iterator[Hard]:
    query, key, scores = table.query, table.key, table.scores
    square = query is not None and scores.shape[0] == scores.shape[1] > symbols >= RELATED
    if square and (ranks := ordered(scores, table.seen, symbols)) is not None:
        yield Hard(Selection(query, key, ranks), copies=True)
    for most in (1, 2, 3):
        for spread in SPREADS:
            ranks = tiers(scores, spread, most, table.asked, table.seen)
            if all(rank == most for row in ranks for rank in row):
                continue
            if square and most == 1 and (regular := related(ranks, symbols)) is not None:
                yield Hard(Selection(query, key, regular), copies=True)
                yield Hard(Selection(query, key, regular, others=True), copies=True)
                yield Hard(Selection(query, key, regular), copies=False)
                continue  # what of the table is no relation is noise, or too little to learn
            where = Selection(query, key, ranks)
            if most == 1 or key_order(where) is not None:
                yield Hard(where, copies=True)
            if most == 1:
                yield Hard(replace(where, others=True), copies=True)
                yield Hard(where, copies=False)


def related(ranks: tuple[tuple[int, ...], ...], symbols: int) -> tuple[tuple[int, ...], ...] | None:
    """A table of one tier in which all symbols accept the key at one distance, as most of them do; the marks stay."""
    table = np.array(ranks)
    for step in (0, 1, -1):
        regular = np.eye(symbols, k=step, dtype=np.int64)
        if (table[:symbols, :symbols] == regular).all(axis=1).mean() >= REGULAR:
            made = table.copy()
            common = table[:symbols, symbols:].mean(axis=0) >= REGULAR
            made[:symbols] = np.concatenate([regular, np.tile(common, (symbols, 1))], axis=1)
            return tuple(tuple(int(rank) for rank in row) for row in made)
    return None


def ordered(table: Floats, seen_keys: Bools, symbols: int) -> tuple[tuple[int, ...], ...] | None:
    """Ranks that say "the least key that is greater", or the like, where scores follow such an order; else None.

    A mark as a query accepts every symbol, and none as a key is accepted.
    """
    random = np.random.default_rng(0)
    keys = np.flatnonzero(seen_keys[:symbols])
    if len(keys) < 3:
        return None
    asked = random.integers(symbols, size=4000)
    one, other = random.choice(keys, size=(2, 4000))
    seen = np.sign(table[asked, one] - table[asked, other])
    at = np.arange(symbols)
    best: tuple[float, NDArray[np.int64]] | None = None
    for compare in (np.greater, np.greater_equal, np.less, np.less_equal):
        accepted = compare(at[None, :], at[:, None])
        for order in (at + 1, symbols - at):
            ranks = accepted * order
            first, second = ranks[asked, one], ranks[asked, other]
            told = first != second
            alike = float((np.sign(first - second) == seen)[told].mean())
            if best is None or alike > best[0] + 1e-3:
                whole = np.zeros(table.shape, dtype=np.int64)
                whole[:symbols, :symbols], whole[symbols:, :symbols] = ranks, order
                best = alike, whole
    if best is None or best[0] < ORDERLY:
        return None
    return tuple(tuple(int(rank) for rank in row) for row in best[1])


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
