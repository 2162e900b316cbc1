"""What a head selects, in two forms that answer the same questions: how many positions, their sum, the preferred one.

`Pairs` compares every query with every key: the definition, for any input. `Sets` is for many short inputs: the
positions that a query selects are a set in one number, whose bit j is position j. Of few positions there are few sets,
so what is made of each is a table, which `Pairs` fills. That takes a fifth of the time. Letters: n positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tprog.ir.domains import Attend, SelfRule
from tprog.ir.program import AttentionHead, Program
from tprog.run.attention import accepted, accepting, preference, selected, window
from tprog.run.batch import Array, Batch, Bools
from tprog.run.pieces import slices

MOST_POSITIONS = 10
"""Positions up to which a set is a number: the largest table has 10 * 2**10 cells."""

LEAST_INPUTS = 64
"""Inputs below which calling NumPy takes longer than what it computes, and sets save nothing."""

_AT_ONCE = 1024
"""Inputs of which all pairs of positions are compared in one call: of more, what is between leaves a core's cache."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """M as [input, query, key] truth values."""

    matches: Bools

    def none(self) -> Bools:
        """[input, query]: whether it selects nothing."""
        found: Bools = np.logical_not(np.logical_or.reduce(self.matches, axis=2))
        return found

    def counts(self) -> Array:
        """[input, query]: how many positions it selects."""
        found: Array = np.count_nonzero(self.matches, axis=2)
        return found

    def sums(self, values: Array) -> Array:
        """[input, query]: the sum of [input, position] values over what it selects, in int64."""
        found: Array = np.einsum("bqk,bk->bq", self.matches, values.astype(np.int64))
        return found

    def best_by(self, by: Array, *, largest: bool) -> Pairs:
        """The matches where a variable [input, position] is largest, or smallest, of those of a query."""
        size = by if largest else -by
        lowest = np.iinfo(size.dtype).min  # below all codes and numerators, whose type holds -largest - 1
        found = np.where(self.matches, size[:, None, :], lowest)
        return Pairs(self.matches & (found == found.max(axis=2, keepdims=True)))

    def preferred(self, attend: Attend, self_rule: SelfRule) -> Array:
        """[input, query]: the position that a head prefers of them, 0 where nothing matches."""
        if attend == "nearest" and self_rule == "match-count":
            return self._closest_by_count()
        found: Array = (self.matches * preference(self.matches.shape[2], attend)).argmax(axis=2)
        return found

    def _closest_by_count(self) -> Array:
        """The nearest, where a match of a position with itself counts as far away as there are matches."""
        n = self.matches.shape[2]
        kind, own = np.min_scalar_type(-2 * n - 1), np.arange(n)
        apart = np.abs(own[:, None] - own).astype(kind)
        distance = np.where(self.matches, apart, kind.type(2 * n))
        counts = np.count_nonzero(self.matches, axis=2).astype(kind)
        distance[:, own, own] = np.where(self.matches[:, own, own], counts, kind.type(2 * n))
        found: Array = distance.argmin(axis=2)
        return found

    def copied(self, values: Array, attend: Attend, self_rule: SelfRule) -> Array:
        """[input, query]: the values [input, position] at the preferred positions."""
        return np.take_along_axis(values, self.preferred(attend, self_rule), axis=1)


@dataclass(frozen=True, eq=False)
class Sets:
    """M as sets [query, input]: along the inputs, of which there are many, NumPy is fastest."""

    sets: Array

    def none(self) -> Bools:
        """As `Pairs.none`."""
        found: Bools = self.sets.T == 0
        return found

    def counts(self) -> Array:
        """As `Pairs.counts`."""
        found: Array = _sizes(len(self.sets)).take(self.sets.T)
        return found

    def sums(self, values: Array) -> Array:
        """As `Pairs.sums`."""
        # Up to ten numbers: their sum fits in a type twice as wide, which is several times as fast as int64.
        kind = np.dtype(f"i{min(8, 2 * values.dtype.itemsize)}")
        added, powers = np.ascontiguousarray(values.T, dtype=kind), _powers(len(self.sets))[:, None, None]
        total = np.zeros(self.sets.shape, dtype=kind)
        for some in slices(self.sets.shape[1], _AT_ONCE):
            shares = ((self.sets[:, some] & powers) != 0) * added[:, None, some]
            np.add.reduce(shares, axis=0, dtype=kind, out=total[:, some])
        return np.ascontiguousarray(total.T, dtype=np.int64)

    def copied(self, values: Array, attend: Attend, self_rule: SelfRule) -> Array:
        """As `Pairs.copied`."""
        n, inputs = self.sets.shape
        attended = _attended(n, attend, self_rule)
        sources = attended.ravel().take(self.sets + np.arange(n, dtype=np.intp)[:, None] * attended.shape[1])
        found: Array = values.ravel().take((sources + np.arange(0, inputs * n, n)).T)
        return found


def pairs_of(node: AttentionHead, program: Program, batch: Batch, values: Mapping[str, Array]) -> Pairs:
    """What a head selects on a batch."""
    found = {
        table: accepted(
            accepting(clause.predicate, program.symbols(clause.key)), values[clause.query], values[clause.key]
        )
        for table, clause in node.clauses.items()
    }
    matches = selected(node, found)
    seen = window(node, program, batch.tokens.shape[1])
    if not seen.all():
        matches &= seen
    if (batch.lengths < batch.tokens.shape[1]).any():
        matches &= batch.present[:, None, :]
    return Pairs(matches)


def matches_of(node: AttentionHead, program: Program, batch: Batch, values: Mapping[str, Array]) -> Pairs | Sets:
    """What a head selects on a batch, in the form that is quickest for so many inputs of this length."""
    inputs, n = batch.tokens.shape
    if inputs < LEAST_INPUTS or not 0 < n <= MOST_POSITIONS:
        return pairs_of(node, program, batch, values)
    found = {
        table: accepted_sets(
            accepting(clause.predicate, program.symbols(clause.key)), values[clause.query], values[clause.key]
        )
        for table, clause in node.clauses.items()
    }
    return Sets(selected(node, found) & _within(node, program, batch))


def accepted_sets(table: Bools, query: Array, key: Array) -> Array:
    """[query, input]: the positions whose key the row [query code] of a table [query code, key code] accepts.

    Args:
        query, key: [input, position] codes.
    """
    # A variable of many values has few on short inputs: positions above all.
    n, width = key.shape[1], min(table.shape[1], int(key.max(initial=0)) + 1)
    found = np.zeros((n, len(key)), dtype=_kind(n))
    if width <= 64:
        # A row as a set of keys as well: then one `and` compares all queries with a key.
        bit = _bits(width)
        asked, powers = (table[:, :width] @ bit).take(query.T), _powers(n)[:, None, None]
        has = np.left_shift(bit[:1], np.ascontiguousarray(key.T).astype(bit.dtype, copy=False))
        for some in slices(len(key), _AT_ONCE):
            accepts = (has[:, None, some] & asked[:, some]) != 0
            np.bitwise_or.reduce(accepts * powers, axis=0, out=found[:, some])
    else:
        cells, starts, keys = table.ravel(), query.T.astype(np.intp) * table.shape[1], key.T.astype(np.intp)
        for position, power in enumerate(_powers(n)):
            found |= cells.take(starts + keys[position]) * power
    return found


def _within(node: AttentionHead, program: Program, batch: Batch) -> Array:
    """[query, input]: the positions that a head may attend to, those of the input itself."""
    n = batch.tokens.shape[1]
    found: Array = (window(node, program, n) @ _powers(n))[:, None] & _prefixes(n).take(batch.lengths)
    return found


def _kind(n: int) -> np.dtype[Any]:
    """The type of a set of n positions."""
    return np.dtype(np.uint8) if n <= 8 else np.dtype(np.uint16)


@cache
def _powers(n: int) -> Array:
    """[position]: the set that holds it alone; read-only."""
    found: Array = np.left_shift(np.ones(n, dtype=_kind(n)), np.arange(n, dtype=_kind(n)))
    found.setflags(write=False)
    return found


@cache
def _prefixes(n: int) -> Array:
    """[length]: the set of the positions of an input; read-only."""
    found: Array = np.concatenate([np.zeros_like(_powers(n)[:1]), np.cumsum(_powers(n), dtype=_kind(n))])
    found.setflags(write=False)
    return found


@cache
def _bits(width: int) -> Array:
    """[key code]: the set of up to 64 keys that holds it alone; read-only."""
    kind = np.dtype(f"u{next(bits for bits in (8, 16, 32, 64) if width <= bits) // 8}")
    found: Array = np.left_shift(np.ones(width, dtype=kind), np.arange(width, dtype=kind))
    found.setflags(write=False)
    return found


def _every(n: int) -> Pairs:
    """All sets of n positions as inputs, the same for each query."""
    held = (np.arange(2**n)[:, None] & _powers(n)) != 0
    return Pairs(np.repeat(held[:, None, :], n, axis=1))


@cache
def _sizes(n: int) -> Array:
    """[set]: how many positions it holds; read-only."""
    found: Array = _every(n).counts()[:, 0]
    found.setflags(write=False)
    return found


@cache
def _attended(n: int, attend: Attend, self_rule: SelfRule) -> Array:
    """[query, set]: the position of the set that a head prefers; read-only."""
    found: Array = np.ascontiguousarray(_every(n).preferred(attend, self_rule).T.astype(np.int8))
    found.setflags(write=False)
    return found
