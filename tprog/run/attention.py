"""What a head attends to: the window of its mask, its predicates as tables, its preference among matches; each once.

`tprog.primitives` defines all three on lists; here they are arrays, read-only and shared. Letters: n positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache, reduce
from typing import assert_never

import numpy as np

from tprog import primitives
from tprog.ir.domains import Attend
from tprog.ir.entries import TableKey
from tprog.ir.program import AttentionHead, Keys, Program, Symbols
from tprog.run.batch import Array, Batch, Bools


def mask_word(node: AttentionHead, program: Program) -> str:
    """The mask as the primitives name it: in a causal program, ``all`` that a position sees is ``causal``."""
    return "causal" if program.causal and node.mask == "all" else node.mask


def visible(node: AttentionHead, program: Program, position: int, n: int) -> range:
    """The positions that a head may attend to from one position of an input of n tokens."""
    window: range = primitives.visible(position, n, mask_word(node, program), node.skip_first)
    return window


def window(node: AttentionHead, program: Program, n: int) -> Bools:
    """[query, key]: whether a head may attend to the key's position from the query's."""
    return windows(n, mask_word(node, program), node.skip_first)


@cache
def windows(n: int, mask: str, skip_first: bool = False) -> Bools:
    """[query, key] windows, by the primitives' word for the mask; read-only."""
    allowed = np.zeros((n, n), dtype=np.bool_)
    for i in range(n):
        allowed[i, list(primitives.visible(i, n, mask, skip_first))] = True
    allowed.setflags(write=False)
    return allowed


def sees(node: AttentionHead, program: Program, batch: Batch) -> Bools:
    """[input, position]: whether a head may attend to anything at all from there, whatever its predicate."""
    within = window(node, program, batch.tokens.shape[1])
    if not within.size:
        return np.zeros(batch.tokens.shape, dtype=np.bool_)
    # An input is a prefix of the positions, so it holds a visible one if it holds the first.
    found: Bools = within.any(axis=1) & (within.argmax(axis=1) < batch.lengths[:, None])
    return found


# Cached, since analyses execute a program thousands of times, and most of its predicates stay.
@lru_cache(maxsize=1024)
def accepting(rows: tuple[Keys | None, ...], keys: Symbols) -> Bools:
    """[row, key code]: whether a row of a predicate accepts the key; a missing row accepts none. Read-only."""
    table = np.zeros((len(rows), len(keys)), dtype=np.bool_)
    for at, row in enumerate(rows):
        table[at, [keys.codes[key] for key in row or ()]] = True
    table.setflags(write=False)
    return table


def accepted(table: Bools, query: Array, key: Array) -> Bools:
    """[input, query, key]: whether the row [query code] of a table [query code, key code] accepts the key.

    Args:
        query, key: [input, position] codes.
    """
    width = table.shape[1]
    bits = next((bits for bits in (8, 16, 32, 64) if width <= bits), None)
    if bits is None:
        flat = query.astype(np.intp)[:, :, None] * width + key[:, None, :]
        gathered: Bools = table.ravel().take(flat)
        return gathered
    # A row as a bit set: one byte a pair where there are eight keys, and no gathering of single truth values.
    kind = np.dtype(f"u{bits // 8}")
    bit = np.left_shift(np.ones(width, dtype=kind), np.arange(width, dtype=kind))
    rows = np.where(table, bit, np.zeros_like(bit)).sum(axis=1, dtype=kind)
    found: Bools = (rows.take(query)[:, :, None] & bit.take(key)[:, None, :]) != 0
    return found


def selected(node: AttentionHead, found: Mapping[TableKey, Array]) -> Array:
    """[...]: what the clauses of a head say together of what each says [...]: any alternative, all of its clauses."""
    if len(found) == 1:
        (only,) = found.values()
        return only
    made = [reduce(np.bitwise_and, [found[table] for table in tables]) for tables in node.by_alternative]
    return reduce(np.bitwise_or, made)


@cache
def by_preference(n: int, attend: Attend = "nearest") -> Array:
    """[query, rank]: all positions in the order in which a query prefers them as matches; read-only.

    The ``nearest`` first, left before right at equal distance, oneself last: the order of `self_rule` ``last``. The
    ``first`` or ``last`` first. And of those that compare a variable, the order among equals: the nearest first,
    oneself before all.
    """
    own = np.arange(n)
    key, query = own, own[:, None]
    near = 2 * np.abs(query - key) + (key > query)  # an order of 2 * distance, with 1 more to the right
    match attend:
        case "nearest":
            far = np.where(key == query, 2 * n, near)
        case "first":
            far = np.broadcast_to(key, (n, n))
        case "last":
            far = np.broadcast_to(-key, (n, n))
        case "largest" | "smallest":
            far = near
        case _:
            assert_never(attend)
    order = far.argsort(axis=1)
    order.setflags(write=False)
    return order


@cache
def preference(n: int, attend: Attend = "nearest") -> Array:
    """[query, key] ranks of the matches: n for the one that `by_preference` names first, 1 for the last; read-only.

    In the smallest type that holds them, so that the attended position is ``(matches * preference(n)).argmax(axis=-1)``
    and 0 is left for what does not match.
    """
    ranks = np.zeros((n, n), dtype=np.min_scalar_type(-n - 1))
    np.put_along_axis(ranks, by_preference(n, attend), np.arange(n, 0, -1)[None, :].astype(ranks.dtype), axis=1)
    ranks.setflags(write=False)
    return ranks
