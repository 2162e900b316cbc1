"""Rows of whole numbers, grouped or told apart: by counting, which is several times as fast as sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tprog.run.batch import Array

_DENSE = 2**16
"""Numbers that are always few enough to be counted, however few the rows."""


def groups(columns: Sequence[Array], count: int) -> Array:
    """[row]: a number from 0 up for each different row of some columns, in the order of the rows' values.

    Args:
        columns: [row] each, the first weighing most.
        count: rows.
    """
    group, width = np.zeros(count, dtype=np.int64), 1
    few = max(8 * count, _DENSE)
    for column in columns:
        low = int(column.min(initial=0))
        span = int(column.max(initial=0)) - low + 1
        if width * span > few:
            group = _ranked(group, width, few)
            width = int(group.max(initial=0)) + 1
        group = group * span + (column.astype(np.int64) - low)
        width *= span
    return _ranked(group, width, few)


def _ranked(group: Array, width: int, few: int) -> Array:
    """[row]: the rank of each of the numbers below `width` among those that there are."""
    if width > few:
        ranked: Array = np.unique(group, return_inverse=True)[1]
        return ranked
    there = np.zeros(width, dtype=np.bool_)
    there[group] = True
    return (np.cumsum(there) - 1)[group]


def tallied(codes: Array) -> tuple[list[int], list[int]]:
    """The different whole numbers, ascending, and how often each occurs."""
    if not len(codes):
        return [], []
    low, high = int(codes.min()), int(codes.max())
    if high - low >= max(len(codes), _DENSE):
        found, often = np.unique(codes, return_counts=True)
        return found.tolist(), often.tolist()
    many = np.bincount(codes.astype(np.int64) - low)
    present = np.flatnonzero(many)
    return (present + low).tolist(), many[present].tolist()


def firsts(group: Array) -> Array:
    """[group]: the first row of each."""
    found = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.intp)
    # Of rows that go to one place, the last written stays.
    found[group[::-1]] = np.arange(len(group) - 1, -1, -1)
    return found
