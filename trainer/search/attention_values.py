"""What a head could see, whatever its predicate: for each key, the sum it would add or the position it would attend.

Letters: B inputs of width n, P graded positions, Q rows, K keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Lookup, Program
from tprog.minimise import Floats
from tprog.run.batch import Array, Bools
from trainer.search.regression import Graded


def cell_codes(program: Program, node: Lookup, values: Mapping[str, Array]) -> tuple[NDArray[np.int64], int]:
    """[B, n] the cell of a lookup that each position reads, and how many cells there are."""
    flat, count = np.zeros(1, dtype=np.int64), 1
    for name, levels in zip(node.inputs, node.levels, strict=True):
        codes, size = values[name].astype(np.int64), len(levels or ())
        if levels is None:
            size = len(program.symbols(name))
        else:  # consecutive whole numbers, as `ProgramClass.levels` makes them
            codes = np.clip(codes // program.numbers(name).denominator - int(levels[0]), 0, size - 1)
        flat, count = flat * size + codes, count * size
    return flat, count


def key_sums(keys: Array, count: int, values: Array | None, window: Bools, graded: Graded) -> Floats:
    """[P, K] what a numeric head would add for each key: the sum of the values at the positions that hold the key.

    Args:
        keys: [B, n] codes below `count`.
        values: [B, n] numbers, or None for ``ones``.
        window: [query, key] the positions that the mask shows.
    """
    held = (keys[:, :, None] == np.arange(count)) & graded.batch.present[:, :, None]
    shown = held.astype(np.float32) if values is None else held * values[:, :, None].astype(np.float32)
    summed = np.matmul(window.astype(np.float32), shown)  # [query, key] @ [B, key, K]
    found: Floats = summed.reshape(-1, count)[graded.at]
    return found


def key_ranks(keys: Array, count: int, window: Bools, order: Array, graded: Graded) -> Array:
    """[P, K] the preference for the nearest position that holds each key, 0 where none does.

    Args:
        order: as `tprog.run.attention.preference`; of the positions that match, that of the largest rank is attended.
    """
    n = keys.shape[1]
    every, held = np.arange(len(keys)), np.where(graded.batch.present, keys, count)
    best = np.zeros((len(keys), n, count + 1), dtype=order.dtype)
    for i in range(n):
        for j in np.argsort(order[i]):
            if window[i, j]:
                best[every, i, held[:, j]] = order[i, j]
    return best[:, :, :count].reshape(-1, count)[graded.at]


def copied(ranks: Array, values: Array, order: Array, default: int | None, graded: Graded) -> Array:
    """[P] or [P, K] the value at the position of each rank; where the rank is 0, the default or that at position 0.

    Args:
        values: [B, n] codes.
    """
    place = np.zeros((len(order), int(order.max()) + 1), dtype=np.int64)
    for i, ranked in enumerate(order):
        place[i, ranked] = np.arange(len(order))
    place[:, 0] = 0
    inputs, positions = graded.inputs, graded.positions
    if ranks.ndim == 2:
        inputs, positions = inputs[:, None], positions[:, None]
    found: Array = values[inputs, place[positions, ranks]]
    return found if default is None else np.where(ranks > 0, found, default)


@dataclass(frozen=True, eq=False)
class Copies:
    """What a categorical head would copy, whatever its predicate.

    Attributes:
        ranks: [P, K] as `key_ranks`.
        values: [B, n] codes of the value, below `count`.
    """

    ranks: Array
    values: Array
    count: int
    order: Array
    default: int | None
    graded: Graded

    def of(self, ranks: Array) -> Array:
        """The copied codes for the ranks of the best match."""
        return copied(ranks, self.values, self.order, self.default, self.graded)

    def each(self) -> Array:
        """[P, K] what is copied if a row accepts key k alone."""
        return self.of(self.ranks)

    def table(self, table: Bools, rows: Array) -> Array:
        """[P] what is copied by a predicate [Q, K]."""
        return self.of((self.ranks * table[rows]).max(axis=1))
