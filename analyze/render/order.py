"""The order of the nodes within each column of a picture, so that few edges cross.

Method: the layered drawing of Sugiyama, Tagawa and Toda (1981, "Methods for Visual Understanding of Hierarchical System
Structures", section 4). An edge that spans several columns gets a waypoint in each column between; then the columns are
swept to and fro, each node going to the mean place of its neighbours in the column before.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

SWEEPS = 24
"""Sweeps over all columns; the best order of all of them is kept, and it comes early."""

_Waypoint: TypeAlias = tuple[str, str, int]
_Item: TypeAlias = str | _Waypoint
_Links: TypeAlias = Mapping[_Item, Sequence[_Item]]


def with_few_crossings(columns: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The columns with their nodes in an order that lessens crossings.

    Args:
        columns: the nodes of each column, from left to right. Ties, and nodes that do not take part, keep this order;
            those without edges go to the end.
        edges: (source, target), each from a column to one further right.
    """
    items, before, after = _with_waypoints(columns, edges)
    best, fewest = items, _crossings(items, after)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        links = before if forward else after
        order = list(items)
        for index in range(1, len(items)) if forward else range(len(items) - 2, -1, -1):
            order[index] = _by_neighbours(order[index], order[index - 1 if forward else index + 1], links)
        items = order
        if (found := _crossings(items, after)) < fewest:
            best, fewest = items, found
    linked = before.keys() | after.keys()
    named = [[item for item in column if isinstance(item, str)] for column in best]
    return [sorted(column, key=lambda name: name not in linked) for column in named]


def _with_waypoints(
    columns: Sequence[Sequence[str]], edges: Iterable[tuple[str, str]]
) -> tuple[list[list[_Item]], _Links, _Links]:
    """The columns with waypoints at their ends; item -> its neighbours in the column before, and in that behind."""
    items: list[list[_Item]] = [list(column) for column in columns]
    place = {name: index for index, column in enumerate(columns) for name in column}
    before: dict[_Item, list[_Item]] = defaultdict(list)
    after: dict[_Item, list[_Item]] = defaultdict(list)
    for source, target in dict.fromkeys(edges):
        between: list[_Item] = [(source, target, index) for index in range(place[source] + 1, place[target])]
        for index, waypoint in enumerate(between, place[source] + 1):
            items[index].append(waypoint)
        path: list[_Item] = [source, *between, target]
        for one, other in pairwise(path):
            after[one].append(other)
            before[other].append(one)
    return items, before, after


def _by_neighbours(column: Sequence[_Item], fixed: Sequence[_Item], links: _Links) -> list[_Item]:
    """A column, sorted by the mean place of each item's neighbours in `fixed`; without neighbours it stays put."""
    place = {item: index for index, item in enumerate(fixed)}
    scale = len(fixed) / max(1, len(column))

    def mean(index: int) -> float:
        found = [place[item] for item in links.get(column[index], ())]
        return sum(found) / len(found) if found else index * scale

    return [column[index] for index in sorted(range(len(column)), key=mean)]


def _crossings(columns: Sequence[Sequence[_Item]], after: _Links) -> int:
    """How many pairs of edges cross between neighbouring columns."""
    crossings = 0
    for column, following in pairwise(columns):
        place = {item: index for index, item in enumerate(following)}
        seen: list[int] = []  # where the edges of the items above end, ascending
        for item in column:
            ends = [place[end] for end in after.get(item, ())]
            crossings += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return crossings
