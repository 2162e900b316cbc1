"""A lookup whose variables are read by way of others: its combinations and cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from operator import mul

from tprog.ir.entries import Listed
from tprog.ir.program import Lookup, Program, Value

MOST_LISTED = 100_000
"""Combinations that a lookup may come to list where it reads other variables."""


class Inexpressible(Exception):
    """A reader has no form in which it could read what stands in for a variable."""


def read_through(
    program: Program, node: Lookup, places: Sequence[Sequence[int]], fixed: Sequence[bool]
) -> tuple[Listed | None, tuple[Value | None, ...]]:
    """The combinations that a lookup lists and its cells, where it reads other variables.

    Args:
        places: for each input, and each value or level of what is read instead, the place that it stands for.
        fixed: whether that is but one value, which is not read any more.
    """
    if node.listed is None:
        sizes = [len(values) for values in node.entries.axes(program.variables)]
        strides = [prod(sizes[which + 1 :]) for which in range(len(sizes))]
        at = (sum(map(mul, picked, strides)) for picked in product(*places))
        return None, tuple(node.cells[index] for index in at)
    found = _listed_through(node.listed, node.cells, [_standing(stands_for) for stands_for in places], fixed)
    if all(fixed) and found:
        return (), tuple(found.values())
    listed = tuple(sorted(found))
    return listed, (*(found[key] for key in listed), node.cells[-1])


def _standing(stands_for: Sequence[int]) -> dict[int, list[int]]:
    """Each old place and the new ones that stand for it."""
    standing: dict[int, list[int]] = {}
    for new, old in enumerate(stands_for):
        standing.setdefault(old, []).append(new)
    return standing


def _listed_through(
    listed: Listed, cells: Sequence[Value | None], standing: Sequence[Mapping[int, list[int]]], fixed: Sequence[bool]
) -> dict[tuple[int, ...], Value | None]:
    """The combinations of new places, those of fixed inputs left out, and their cells."""
    found: dict[tuple[int, ...], Value | None] = {}
    for key, cell in zip(listed, cells, strict=False):
        new_keys = [stand.get(old, []) for stand, old in zip(standing, key, strict=True)]
        if len(found) + prod(map(len, new_keys)) > MOST_LISTED:
            raise Inexpressible
        for new_key in product(*new_keys):
            found[tuple(place for place, gone in zip(new_key, fixed, strict=True) if not gone)] = cell
    return found
