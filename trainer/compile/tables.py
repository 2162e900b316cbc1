"""Tables as hidden units: boxes of combinations with the same answer, and one unit a box.

A unit adds up 1 for each input whose value lies in the box, less one than there are inputs: it is 1 in the box and 0
elsewhere, exactly. Values with the same row share a box, so a table of two inputs takes no more units than there are
pairs of a value of the one and a different answer in its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from tprog.run.batch import Array
from trainer.compile.lowering import always
from trainer.compile.stream import Feature, Perceptron, View, nothing


@dataclass(frozen=True)
class Box:
    """Combinations with the same answer: for each input the columns of its values; all others are outside."""

    sides: tuple[tuple[int, ...], ...]
    answer: int


FEW_CELLS = 20_000
"""Cells of a table up to which all orders of its inputs are tried."""


def boxes(table: Array) -> list[Box]:
    """The boxes of a table of answers, one axis an input: every cell lies in one. Of the orders tried, the fewest."""
    orders = list(permutations(range(table.ndim))) if table.ndim <= 4 and table.size <= FEW_CELLS else []
    natural = tuple(range(table.ndim))
    best: list[Box] | None = None
    for order in orders or [natural, natural[::-1]]:
        found = _boxes(np.ascontiguousarray(table.transpose(order)))
        if best is None or len(found) < len(best):
            back = [order.index(axis) for axis in natural]
            best = [Box(tuple(box.sides[at] for at in back), box.answer) for box in found]
    assert best is not None
    return best


def _boxes(table: Array) -> list[Box]:
    if table.ndim == 0:
        return [Box((), int(table))]
    groups: dict[bytes, list[int]] = {}
    for at, part in enumerate(table):
        groups.setdefault(part.tobytes(), []).append(at)
    return [
        Box((tuple(places), *box.sides), box.answer)
        for places in groups.values()
        for box in _boxes(np.asarray(table[places[0]]))
    ]


def merged(found: list[Box]) -> list[Box]:
    """Fewer boxes: those with the same answer that differ in one side alone become one, input by input."""
    for axis in range(len(found[0].sides) if found else 0):
        groups: dict[tuple[object, ...], set[int]] = {}
        for box in found:
            others = (box.sides[:axis], box.sides[axis + 1 :], box.answer)
            groups.setdefault(others, set()).update(box.sides[axis])
        found = [
            Box((*before, tuple(sorted(side)), *behind), answer)  # type: ignore[misc, arg-type]
            for (before, behind, answer), side in groups.items()
        ]
    return found


def conjunctions(
    name: str, node: str | None, views: Sequence[View], found: Sequence[Box], written: Mapping[Feature, Array]
) -> Perceptron:
    """Hidden units that are 1 in a box each.

    Args:
        views: [column] of each input, 1 at its value.
        written: feature -> [box, dimension].
    """
    hidden = nothing(len(found))
    needed = np.zeros(len(found))
    for axis, view in enumerate(views):
        inside = np.zeros((view.width, len(found)))
        for at, box in enumerate(found):
            if len(box.sides[axis]) < view.width:
                inside[list(box.sides[axis]), at] = 1
                needed[at] += 1
        hidden = hidden + view @ inside
    # Without any side, a box holds all there is.
    return Perceptron(name, node, hidden + always() @ (1 - needed)[None, :], written)
