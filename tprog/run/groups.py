"""Rows of whole numbers, grouped or told apart: by counting, which is several times as fast as sorting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tprog.run.batch import Array

_DENSE = 2**16
"""Numbers that are always few enough to be counted, however few the rows."""

_ODD = 0x9E3779B1
"""Near 2**32 divided by the golden ratio, whose multiples lie far apart (Knuth, TAOCP 3, section 6.4)."""

_FEW = 512
"""Rows that are looked at first, where one that contradicts another is looked for."""


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


def scattered(columns: Sequence[Array]) -> list[Array]:
    """Each column [row] times a large odd number of its own: sums of these tell rows apart that differ, nearly always.

    They are whole numbers modulo 2**32.
    """
    odd = [np.uint32(pow(_ODD, which + 1, 2**32)) for which in range(len(columns))]
    return [column.astype(np.uint32) * factor for column, factor in zip(columns, odd, strict=True)]


def contradictory(columns: Sequence[Array], marks: Sequence[Array], labels: Array) -> bool:
    """Whether two rows that are alike in some columns have different labels.

    Rows are thrown into slots by the sum of their marks. Only those that meet another label in a slot are compared: few
    do by chance.

    Args:
        marks: what `scattered` makes of the columns.
    """
    if not columns:
        return bool((labels != labels[:1]).any())
    if len(labels) >= 2 * _FEW:  # few of them show most contradictions
        apart = slice(None, None, len(labels) // _FEW)
        if contradictory([each[apart] for each in columns], [each[apart] for each in marks], labels[apart]):
            return True
    total = marks[0].copy()
    for mark in marks[1:]:
        total += mark
    bits = min(len(labels).bit_length() + 3, 24)
    slots = (total >> np.uint32(32 - bits)).astype(np.intp)
    last = np.empty(2**bits, dtype=np.uint32)
    last[slots] = np.arange(len(labels), dtype=np.uint32)
    unlike = np.flatnonzero(labels[last.take(slots)] != labels)
    if not len(unlike):
        return False
    met = last[slots[unlike[0]]]
    if all(column[unlike[0]] == column[met] for column in columns):
        return True
    shared = np.zeros(2**bits, dtype=np.bool_)
    shared[slots[unlike]] = True
    rows = np.flatnonzero(shared.take(slots))
    group, own = groups([column[rows] for column in columns], len(rows)), labels[rows]
    return bool((own[firsts(group)][group] != own).any())


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
