"""From what a softmax computes to exact numbers: thresholds midway between the numbers that there can be.

Of a number that is read inexactly, a first unit is 0 from the threshold on and at least 1 below it, whatever the
rounding; a second one makes 1 and 0 of that, exactly. A whole number that is read exactly needs only the second step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from trainer.compile.attainable import neighbours
from trainer.compile.lowering import Encoded, Lowering, Size, always, size_of, steps
from trainer.compile.stream import Feature, Perceptron, View, all_of, constant


@dataclass(frozen=True, eq=False)
class Between:
    """A threshold of a number that is read inexactly, over the unit of the reading: `low` lies below, `high` above."""

    low: Fraction
    high: Fraction

    @property
    def slope(self) -> Fraction:
        return 4 / (self.high - self.low)

    @property
    def middle(self) -> Fraction:
        return (self.low + self.high) / 2


def below(lowering: Lowering, name: str, node: str, size: Size, thresholds: Sequence[Between]) -> View:
    """[threshold] 0 where a number is above a threshold, at least 1 where it is below: units of their own."""
    count = len(thresholds)
    slopes = np.array([[float(-one.slope) for one in thresholds]])
    hidden = size.view @ slopes + constant([float(one.slope * one.middle) for one in thresholds])
    labels = tuple(f"< {float(one.high * size.unit):g}" for one in thresholds)
    bound = float(hidden.bounds.max(initial=0)) + 2
    feature = Feature(f"{name}.below", labels, node, bound=bound, exclusive=False, whole=False)
    terms = sum(part.shape[0] for part in hidden.parts.values())
    for one, total in zip(thresholds, hidden.bounds, strict=True):
        _check(lowering, node, one, size.error, (terms + 4) * Fraction(float(total)))
    lowering.think(Perceptron(feature.name, node, hidden, {feature: np.eye(count)}))
    return all_of(feature)


def _check(lowering: Lowering, node: str, one: Between, error: Fraction, rounded: Fraction) -> None:
    """That the unit, with the weights as they are rounded, is at most 0 above and at least 1 below."""
    precision = lowering.precision
    slope, offset = precision.cast(float(-one.slope)), precision.cast(float(one.slope * one.middle))
    off = abs(slope) * error + precision.unit * rounded
    room = min(slope * one.low + offset - 1, -(slope * one.high + offset))
    lowering.margin(node, "the thresholds between its numbers", float(room / off))


def ranges(lowering: Lowering, name: str) -> tuple[tuple[Fraction, ...], list[tuple[Fraction, Fraction]]]:
    """The first number of each range that readers tell apart, and of each but the first: the number before, and it.

    The first range begins at the least number.
    """
    asked, values, domain = lowering.resolution(name), lowering.attained[name], lowering.numeric(name)
    if asked.every:
        listed = lowering.listed(name)
        return listed, list(pairwise(listed))
    starts: list[Fraction] = []
    pairs: list[tuple[Fraction, Fraction]] = []
    for threshold in sorted(asked.thresholds):
        found = neighbours(values, domain, threshold)
        if found is not None and found not in pairs:
            pairs.append(found)
            starts.append(found[1])
    least = Fraction(values[0]) if values else domain.low  # type: ignore[arg-type]
    return (least, *starts), pairs


def from_steps(lowering: Lowering, name: str, view: View, starts: tuple[Fraction, ...], size: Size | None) -> Encoded:
    """A number of which each range's start is known to be reached or not: [range - 1]."""
    columns = steps(view, starts)
    if size is None and lowering.resolution(name).size:
        size = size_of(starts, columns, lowering.precision)
    return Encoded(starts, columns, size)


def reached(under: View) -> View:
    """[threshold] 1 where `below` is 0, and 0 where it is at least 1: what hidden units are to read."""
    return always() @ np.ones((1, under.width)) + under @ -np.eye(under.width)


def of_size(lowering: Lowering, node: str, size: Size) -> Encoded:
    """The ranges of a number that is known by its size."""
    starts, pairs = ranges(lowering, node)
    if not pairs:
        return Encoded(starts, constant([1.0]), size)
    feature = Feature(f"{node}.steps", tuple(f">= {start}" for start in starts[1:]), node, exclusive=False)
    if size.error == 0:
        _reach_whole(lowering, node, feature, size, [math.ceil(high / size.unit) for _, high in pairs])
    else:
        thresholds = [Between(low / size.unit, high / size.unit) for low, high in pairs]
        under = below(lowering, node, node, size, thresholds)
        lowering.think(Perceptron(feature.name, node, reached(under), {feature: np.eye(len(pairs))}))
    return Encoded(starts, steps(all_of(feature), starts), size)


def _reach_whole(lowering: Lowering, node: str, feature: Feature, size: Size, wholes: Sequence[int]) -> None:
    """Of a whole number s, whether s >= t, as max(0, s - t + 1) - max(0, s - t)."""
    count = len(wholes)
    offsets = [float(1 - whole) for whole in wholes] + [float(-whole) for whole in wholes]
    hidden = size.view @ np.ones((1, 2 * count)) + constant(offsets)
    written = np.concatenate([np.eye(count), -np.eye(count)])
    lowering.think(Perceptron(feature.name, node, hidden, {feature: written}))
