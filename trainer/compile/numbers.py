"""Heads that count, add up and average, and sums of numbers.

*A count.* The sink is always one more match, and carries a 1: a head that attends to c matches and the sink alike reads
u = 1 / (c + 1). *A sum* counts, for each bit of what it adds up, the matches that have the bit. *A mean* attends to the
matches alone, and to the sink where there are none.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from tprog.ir.nodes import Linear, NumericHead
from tprog.ir.numeric import mean_domain
from tprog.ir.values import as_number
from trainer.compile.alternatives import disjoint, selected
from trainer.compile.attainable import longest_window, means_of, neighbours
from trainer.compile.levels import Between, below, from_steps, of_size, ranges, reached
from trainer.compile.lowering import Encoded, Lowering, Size
from trainer.compile.resolution import UNREAD
from trainer.compile.scores import Selected, head, scores
from trainer.compile.stream import Feature, Perceptron, View, all_of, beside, constant, nothing


def numeric_head(lowering: Lowering, node: NumericHead) -> Encoded:
    """A head that counts, adds up or averages."""
    if node.reduce == "mean":
        return _mean(lowering, node)
    return _count(lowering, node) if node.value == "ones" else _sum(lowering, node)


# Counts ###############################################################################################################


def counted(lowering: Lowering, name: str, node: str, found: Selected, counts: Sequence[int]) -> View:
    """[count]: at least 1 where fewer positions are selected than a count of at least 1, else 0."""
    gap = lowering.precision.gap
    share = Feature(f"{name}.share", ("1/(count+1)",), node, at_sink=np.ones(1), whole=False)
    head(
        lowering, name, node, scores(lowering, found, gap, None), gap * found.count, {share: nothing(1)},
        {share: np.ones(1)},
    )  # fmt: skip
    # Falls from 1 / count to 1 / (count + 1) where the count is reached.
    read = Size(all_of(share), Fraction(1), 2 * lowering.precision.softmax)
    negated = Size(read.view @ np.array([[-1.0]]), Fraction(1), read.error)
    thresholds = [Between(-Fraction(1, count), -Fraction(1, count + 1)) for count in counts]
    return below(lowering, name, node, negated, thresholds)


def _count(lowering: Lowering, node: NumericHead) -> Encoded:
    found, most = disjoint(lowering, node), longest_window(lowering.program, node)
    if len(found) != 1:
        return _added(lowering, node, [(1, each) for each in found], Fraction(1))
    asked = lowering.resolution(node.name)
    starts, pairs = ranges(lowering, node.name)
    if asked.size:
        starts = tuple(map(Fraction, range(most + 1)))
        pairs = list(pairwise(starts))
    counts = [int(high) for _, high in pairs]
    if not counts:
        return Encoded(starts, constant([1.0]))
    under = counted(lowering, node.name, node.name, found[0], counts)
    feature = Feature(f"{node.name}.steps", tuple(f">= {count}" for count in counts), node.name, exclusive=False)
    lowering.think(Perceptron(feature.name, node.name, reached(under), {feature: np.eye(len(counts))}))
    size = Size(all_of(feature) @ np.ones((len(counts), 1)), Fraction(1)) if asked.size else None
    return from_steps(lowering, node.name, all_of(feature), starts, size)


# Sums #################################################################################################################


def _sum(lowering: Lowering, node: NumericHead) -> Encoded:
    found, added = disjoint(lowering, node), lowering.encoded[node.value]
    values = [Fraction(as_number(value)) for value in added.values]
    unit = Fraction(1, math.lcm(*(value.denominator for value in values)))
    parts = []
    for weight, has in _parts([int(value / unit) for value in values]):
        has_it = added.columns @ np.array(has, dtype=np.float64)[:, None]
        parts += [(weight, each if all(has) else each.also(has_it)) for each in found]
    return _added(lowering, node, parts, unit)


def _added(lowering: Lowering, node: NumericHead, parts: Sequence[tuple[int, Selected]], unit: Fraction) -> Encoded:
    """The sum of some counts, each times a weight, in multiples of a unit."""
    most = longest_window(lowering.program, node)
    if not parts:
        return of_size(lowering, node.name, Size(nothing(1), unit))
    hidden, weights = [], []
    for at, (weight, among) in enumerate(parts):
        hidden.append(reached(counted(lowering, f"{node.name}.{at}", node.name, among, range(1, most + 1))))
        weights.append(np.full((most, 1), float(weight)))
    bound = sum(float(np.abs(column).sum()) for column in weights)
    lowering.within(node.name, "the sums of its head", bound)
    total = Feature(f"{node.name}.sum", ("",), node.name, bound=bound)
    lowering.think(Perceptron(total.name, node.name, beside(hidden), {total: np.concatenate(weights)}))
    return of_size(lowering, node.name, Size(all_of(total), unit))


def _parts(wholes: Sequence[int]) -> list[tuple[int, list[bool]]]:
    """Weights, and which of the numbers have them, so that the weights of a number add up to it: as few as may be."""
    by_value = [(value, [whole == value for whole in wholes]) for value in sorted(set(wholes)) if value]
    least = min(wholes)
    step = math.gcd(*(whole - least for whole in wholes))
    bits = max((whole - least) // step for whole in wholes).bit_length() if step else 0
    by_bit = [(least, [True] * len(wholes))] if least else []
    by_bit += [(step << bit, [bool((whole - least) // step >> bit & 1) for whole in wholes]) for bit in range(bits)]
    return min(by_value, by_bit, key=len)


# Means ################################################################################################################


def _mean(lowering: Lowering, node: NumericHead) -> Encoded:
    precision, default = lowering.precision, Fraction(node.default or 0)
    read = lowering.encoded[node.value].size
    assert read is not None
    found, most = selected(lowering, node), longest_window(lowering.program, node)
    domain = lowering.numeric(node.value)
    low, high = domain.low / read.unit, domain.high / read.unit
    # Nothing selected reads as a number below all that are, and is told from them by a flag of its own.
    lowest = low - 1
    largest = max(abs(lowest), abs(high))
    average = Feature(f"{node.name}.mean", ("",), node.name, np.array([float(lowest)]), float(largest), whole=False)
    none = Feature(f"{node.name}.none", ("",), node.name, at_sink=np.ones(1))
    height = 2 * precision.gap
    head(
        lowering, node.name, node.name, scores(lowering, found, height, None),
        height * found.count - precision.gap,
        {average: read.view, none: nothing(1)},
        {average: np.array([float(lowest)]), none: np.ones(1)},
    )  # fmt: skip
    error = largest * (precision.softmax + (most + 4) * precision.unit) + read.error
    size = Size(all_of(average), read.unit, error)
    starts, pairs = ranges(lowering, node.name)
    feature = Feature(f"{node.name}.steps", tuple(f">= {start}" for start in starts[1:]), node.name, exclusive=False)
    thresholds = _among_means(lowering, node, [start for _, start in pairs], lowest * read.unit)
    if any(thresholds):
        under = below(
            lowering, node.name, node.name, size,
            [Between(one[0] / read.unit, one[1] / read.unit) for one in thresholds if one],
        )  # fmt: skip
        written = np.eye(len(pairs))[[at for at, one in enumerate(thresholds) if one]]
        lowering.think(Perceptron(feature.name, node.name, reached(under), {feature: written}))
    at_none = np.array([[float(default >= start) for _, start in pairs]])
    over = all_of(feature) if any(thresholds) else nothing(len(pairs))
    rounded = None
    if lowering.resolution(node.name).size and not lowering.resolution(node.name).every:
        instead = float(default / read.unit - lowest)
        error += 2 * precision.unit * abs(default / read.unit - lowest)
        rounded = Size(all_of(average) + all_of(none) @ np.array([[instead]]), read.unit, error)
    return from_steps(lowering, node.name, over + all_of(none) @ at_none, starts, rounded)


def _among_means(
    lowering: Lowering, node: NumericHead, starts: Sequence[Fraction], lowest: Fraction
) -> list[tuple[Fraction, Fraction] | None]:
    """For each start the mean before it and the first from it on; `lowest` before all; None if no mean reaches it.

    The default is none of them: it may lie closer to a mean than any other does.
    """
    most = longest_window(lowering.program, node)
    values = lowering.attained[node.value]
    means = None if values is None else means_of([Fraction(as_number(value)) for value in values], most)
    domain = mean_domain(node.name, lowering.numeric(node.value), most, lowering.numeric(node.value).low)
    found: list[tuple[Fraction, Fraction] | None] = []
    for start in starts:
        if means is None:
            near = neighbours(None, domain, start)
            found.append(near or ((lowest, domain.low) if start <= domain.low else None))
        else:
            at = bisect_left(means, start)
            found.append((means[at - 1] if at else lowest, means[at]) if at < len(means) else None)
    return found


# Sums of variables ####################################################################################################


def linear(lowering: Lowering, node: Linear) -> Encoded:
    """A sum of variables: a reading of what it reads, and ranges of it where somebody asks."""
    asked = lowering.resolution(node.name)
    if asked == UNREAD:  # at most a lookup that tells none of its numbers apart
        return Encoded((lowering.numeric(node.name).low,), constant([1.0]))
    sizes = [lowering.encoded[name].size for name in node.inputs]
    shares = [
        (Fraction(coefficient) * size.unit, size)
        for coefficient, size in zip(node.coefficients, sizes, strict=True)
        if size is not None and coefficient
    ]
    size = _exact(lowering, node, shares) or _rounded(lowering, node, shares)
    return of_size(lowering, node.name, size)


def _exact(lowering: Lowering, node: Linear, shares: Sequence[tuple[Fraction, Size]]) -> Size | None:
    """The sum in whole multiples of a unit; None if they are not all exact."""
    if any(size.error for _, size in shares):
        return None
    steps = [share for share, _ in shares] + [Fraction(node.constant)]
    over = math.lcm(*(step.denominator for step in steps))
    unit = Fraction(math.gcd(*(int(step * over) for step in steps)) or 1, over)
    view = constant([float(node.constant / unit)])
    for share, size in shares:
        view = view + size.view @ np.array([[float(share / unit)]])
    return Size(view, unit) if view.bounds[0] < lowering.precision.limit // 4 else None


def _rounded(lowering: Lowering, node: Linear, shares: Sequence[tuple[Fraction, Size]]) -> Size:
    """The sum as it is rounded."""
    view, error = constant([float(node.constant)]), Fraction(0)
    for share, size in shares:
        view = view + size.view @ np.array([[float(share)]])
        error += abs(share) * size.error
    terms = 4 + sum(part.shape[0] for part in view.parts.values())
    return Size(view, Fraction(1), error + terms * lowering.precision.unit * Fraction(float(view.bounds[0])))
