"""Lookups and embeddings: tables as hidden units, and as rows of the token embedding."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from tprog.errors import NotExact
from tprog.ir.nodes import Embedding, Lookup
from tprog.ir.values import HOLE, Number, Value, as_number
from tprog.run.batch import Array
from trainer.compile.attainable import Attained, symbols
from trainer.compile.lowering import Encoded, Lowering, always, labelled, one_hot, size_of
from trainer.compile.stream import Feature, all_of
from trainer.compile.tables import Box, boxes, conjunctions, merged

MOST_CELLS = 1_000_000
"""Cells of a lookup that are looked at."""

MOST_UNITS = 20_000
"""Hidden units of a lookup."""

OF_HOLE = -1
"""The answer of a cell that is missing."""


def embedding(lowering: Lowering, node: Embedding) -> Encoded:
    """A table of words: its values stand in the token embedding."""
    values = symbols(lowering.attained[node.name])
    feature = Feature(node.name, labelled(values), node.name)
    lowering.given[feature] = np.array(
        [[float(HOLE is not found and _alike(found, value)) for value in values] for found in node.table]
    )
    if node.partial:
        hole = Feature(f"{node.name}.hole", ("",), node.name)
        lowering.given[hole] = np.array([[float(found is HOLE)] for found in node.table])
        lowering.holes.append(all_of(hole))
    return Encoded(values, all_of(feature))


def _alike(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def lookup(lowering: Lowering, node: Lookup) -> Encoded:
    """A table, as hidden units; what it answers most is what is left where none is 1."""
    values = lowering.attained[node.name]
    assert values is not None, node.name
    found, rest = _boxes(lowering, node, _coded(node, values))
    answers = [at for at in range(len(values)) if at != rest]
    feature = Feature(node.name, labelled([_value(values, at) for at in answers]), node.name)
    written = {feature: _written(found, answers)}
    hole = Feature(f"{node.name}.hole", ("",), node.name)
    if any(box.answer == OF_HOLE for box in found):
        written[hole] = _written(found, [OF_HOLE])
        lowering.holes.append(all_of(hole))
    views = [lowering.encoded[name].columns for name in node.inputs]
    lowering.think(conjunctions(node.name, node.name, views, found, written))
    encoded = one_hot(feature, values, rest if rest != OF_HOLE else None)
    if rest == OF_HOLE:  # where no unit is 1 there is a hole
        lowering.holes.append(always() + all_of(feature) @ -np.ones((len(values), 1)))
    if node.symbols is None:
        numbers = [Fraction(as_number(value)) for value in values]
        return Encoded(tuple(numbers), encoded.view, size_of(numbers, encoded.columns, lowering.precision))
    return encoded


def _boxes(lowering: Lowering, node: Lookup, coded: Array) -> tuple[list[Box], int]:
    """The boxes that become hidden units, and the answer where there is none."""
    places = [_places(lowering, node, which) for which in range(len(node.inputs))]
    found, rest = _dense(lowering, node, coded, places) if node.listed is None else _listed(node, coded, places)
    if len(found) > MOST_UNITS:
        sizes = " x ".join(str(len(place)) for place in places)
        raise NotExact(
            f"node {node.name!r} cannot be compiled: its table takes {len(found):,} hidden units; expected at most "
            f"{MOST_UNITS:,}: bring its inputs, of {sizes} values, to fewer"
        )
    return found, rest


def _value(values: Attained, at: int) -> Value:
    assert values is not None
    return values[at]


def _coded(node: Lookup, values: Attained) -> Array:
    """The place of each cell's answer among the values that there can be."""
    assert values is not None
    places: dict[Value, int] = {value: at for at, value in enumerate(values)}
    return np.array([OF_HOLE if cell is HOLE else places[cell] for cell in node.cells], dtype=np.int64)


def _places(lowering: Lowering, node: Lookup, which: int) -> list[int]:
    """For each column of an input, the place of its value, or level, along the axis of the cells."""
    levels, read = node.levels[which], lowering.encoded[node.inputs[which]]
    if levels is None:
        codes = lowering.program.symbols(node.inputs[which]).codes
        return [codes[value] for value in read.values]
    return [level_of(as_number(start), levels) for start in read.values]


def level_of(number: Number, levels: Sequence[Number]) -> int:
    """The place of the largest level that does not exceed a number, of the lowest if all do."""
    return max((at for at, level in enumerate(levels) if level <= number), default=0)


def _dense(lowering: Lowering, node: Lookup, coded: Array, places: list[list[int]]) -> tuple[list[Box], int]:
    if math.prod(map(len, places)) > MOST_CELLS:
        raise NotExact(
            f"node {node.name!r} cannot be compiled: its inputs make {math.prod(map(len, places)):,} cells; "
            f"expected at most {MOST_CELLS:,}: bring them to fewer values"
        )
    sizes = [len(values) for values in node.entries.axes(lowering.program.variables)]
    return _without_the_most(boxes(coded.reshape(sizes)[np.ix_(*places)]))


def _without_the_most(found: list[Box]) -> tuple[list[Box], int]:
    """The boxes but for those of the answer that has most of them, and that answer."""
    ((rest, _),) = Counter(box.answer for box in found).most_common(1)
    return [box for box in found if box.answer != rest], rest


def _columns_of(place: list[int]) -> list[tuple[int, ...]]:
    """Place on an axis -> the columns of the variable that stand for it."""
    return [tuple(at for at, found in enumerate(place) if found == wanted) for wanted in range(max(place) + 1)]


def _listed(node: Lookup, coded: Array, places: list[list[int]]) -> tuple[list[Box], int]:
    """The boxes of the combinations that are listed with another answer than all others have."""
    assert node.listed is not None
    rest = int(coded[-1])
    columns = [_columns_of(place) for place in places]
    found = []
    for key, answer in zip(node.listed, coded[:-1], strict=True):
        sides = tuple(of[at] if at < len(of) else () for of, at in zip(columns, key, strict=True))
        if int(answer) != rest and all(sides):
            found.append(Box(sides, int(answer)))
    return merged(found), rest


def _written(found: Sequence[Box], answers: Sequence[int]) -> Array:
    place = {answer: at for at, answer in enumerate(answers)}
    written = np.zeros((len(found), len(answers)))
    for at, box in enumerate(found):
        if box.answer in place:
            written[at, place[box.answer]] = 1
    return written
