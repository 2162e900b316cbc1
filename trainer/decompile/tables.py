"""Tables of a head's scores over symbols, and what they say: tiers of keys that are nearly alike, relations, orders.

A table comes from the mean query and the mean key of each symbol: so pairs that no input has come out right too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trainer.decompile.network import Bools, Floats, Ints
from trainer.decompile.symbols import Facts, Symbolic

SPREADS = (1.0, 2.0, 4.0)
"""Nats by which scores of one tier may differ."""

REGULAR = 0.5
"""The share of symbols that must follow a relation for all to be taken to."""

ORDERLY = 0.9
"""The share of queries for which scores must pick the key that an order picks for it to be taken for theirs."""

OFTEN = 0.5
"""The share of queries for which an order must pick some key."""

MOST_LOOKED = 2_000
"""Queries at most by which an order is judged."""


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


def table_of(factors: Sequence[tuple[Floats, Floats]], facts: Facts, query: Symbolic | None, key: Symbolic) -> Table:
    """The table of scores over a symbol of queries, or none, and one of keys.

    Args:
        factors: queries and keys whose products they are, as `Paths.factors` gives them.
    """
    present = facts.inputs.present
    rows = 1 if query is None else facts.size(query)
    table = np.zeros((rows, facts.size(key)), dtype=np.float32)
    asked_seen = np.ones(rows, dtype=np.bool_)
    for asked, keys in factors:
        key_means, key_seen = _means(facts.codes(key), facts.size(key), keys, present)
        if asked.ndim == 1:
            table += asked @ key_means.T
            continue
        if query is None:
            table += asked[present].mean(axis=0) @ key_means.T
            continue
        query_means, asked_seen = _means(facts.codes(query), rows, asked, present)
        table += query_means @ key_means.T
    if not factors:
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


def ordered(table: Table, facts: Facts) -> tuple[tuple[int, ...], ...] | None:
    """Ranks that say "the least key that is greater", or the like, where scores follow such an order; else None.

    They follow it where, of the keys that a query has before it, they pick the one that the order picks: what they say
    of keys far from it, beside which there is always a better one, is noise. Looked at where predictions count, and,
    if nothing is found there, everywhere. A mark as a query accepts every symbol, and none as a key is accepted.
    """
    for where in (facts.inputs.graded, facts.inputs.present):
        if (ranks := _order_of(table, facts, where)) is not None:
            return tuple(tuple(int(rank) for rank in row) for row in ranks)
    return None


def _order_of(table: Table, facts: Facts, where: Bools) -> NDArray[np.int64] | None:
    """[queries, keys] ranks of the order that scores follow at some positions, or None."""
    assert table.query is not None
    symbols, size = facts.symbols, len(table.seen)
    rows, ends = np.nonzero(where)
    if len(rows) > MOST_LOOKED:
        some = np.random.default_rng(0).choice(len(rows), MOST_LOOKED, replace=False)
        rows, ends = rows[some], ends[some]
    asked, keys = facts.codes(table.query)[rows, ends], facts.codes(table.key)[rows]
    open_ = (np.arange(keys.shape[1]) <= ends[:, None]) & (keys < symbols)
    scores = np.where(open_, table.scores[asked[:, None], keys], -np.inf)
    picked = np.take_along_axis(keys, scores.argmax(axis=1)[:, None], axis=1)[:, 0]
    at = np.arange(symbols)
    best: tuple[float, NDArray[np.int64]] | None = None
    for compare in (np.greater, np.greater_equal, np.less, np.less_equal):
        accepted = compare(at[None, :], at[:, None])
        for order in (at + 1, symbols - at):
            whole = np.zeros((size, size), dtype=np.int64)
            whole[:symbols, :symbols], whole[symbols:, :symbols] = accepted * order, order
            ranks = np.where(open_, whole[asked[:, None], keys], 0)
            told = ranks.max(axis=1, initial=0) > 0
            if told.sum() < OFTEN * len(told):
                continue
            by_order = np.take_along_axis(keys, ranks.argmax(axis=1)[:, None], axis=1)[:, 0]
            alike = float((by_order == picked)[told].mean())
            if best is None or alike > best[0] + 1e-3:
                best = alike, whole
    return None if best is None or best[0] < ORDERLY else best[1]
