"""Heads that copy: from the nearest position that they select, the first, the last, or the best by a variable.

Every position that is selected has another score, at least a gap from the next, so that the softmax is 1 at one of them
and 0 at all others. The sink stands half a condition below: it wins where nothing is selected, and holds the default.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tprog.ir.domains import Symbol, Symbols
from tprog.ir.nodes import Head
from tprog.run.attention import preference
from tprog.run.batch import Array
from trainer.compile.alternatives import selected, selects_itself
from trainer.compile.attainable import longest_window, symbols
from trainer.compile.lowering import Encoded, Lowering, always, labelled
from trainer.compile.numbers import counted
from trainer.compile.scores import Selected, head, score, scores
from trainer.compile.stream import SINK, Feature, Perceptron, Score, View, all_of, beside, constant, nothing


@dataclass(frozen=True, eq=False)
class Fallback:
    """What a head answers where it selects nothing.

    Attributes:
        fixed: [value] the default, or what the variable always is at position 0; None where it is not known.
        copied: [value] else, the value at position 0.
    """

    fixed: Array | None
    copied: View | None = None


def copying_head(lowering: Lowering, node: Head) -> Encoded:
    """A head that copies."""
    values = symbols(lowering.attained[node.name])
    read = lowering.encoded[node.value]
    copied = read.columns @ read.pick(values)
    fallback = _fallback(lowering, node, values, copied)
    if lowering.program.self_rule == "match-count":
        itself = selects_itself(lowering, node, f"{node.name}.itself")
        if itself is not None:
            return _by_count(lowering, node, values, copied, fallback, itself)
    feature = Feature(node.name, labelled(values), node.name, fallback.fixed)
    none = Feature(f"{node.name}.none", ("",), node.name, at_sink=np.ones(1))
    at_sink = {feature: np.zeros(len(values)) if fallback.fixed is None else fallback.fixed}
    written = {feature: copied}
    if fallback.fixed is None:
        written[none], at_sink[none] = nothing(1), np.ones(1)
    found, (ranks, more) = selected(lowering, node), _preferred(lowering, node)
    highest = int(0 if ranks is None else ranks.max()) + int(sum(share.most for share in more))
    height = 2 * (highest + lowering.precision.gap)
    level = height * found.count - height // 2
    head(lowering, node.name, node.name, scores(lowering, found, height, ranks, more), level, written, at_sink)
    view = all_of(feature)
    if fallback.copied is not None:
        view = view + _filled(lowering, node, values, all_of(none), fallback.copied)
    return Encoded(values, view)


# What is attended to ##################################################################################################


def _preferred(lowering: Lowering, node: Head) -> tuple[Array, list[Score]]:
    """[query, key] by how much a position is preferred for where it is, and what a variable adds to that."""
    n, gap = lowering.program.max_length, lowering.precision.gap
    ranks = gap * (preference(n, node.attend).astype(np.float64) - 1)
    if node.by is None:
        return ranks, []
    by = lowering.encoded[node.by]
    domain = lowering.program.variables[node.by].domain
    codes = [domain.codes[value] for value in by.values] if isinstance(domain, Symbols) else range(len(by.values))
    order = {code: rank for rank, code in enumerate(sorted(codes))}
    best = [order[code] if node.attend == "largest" else len(order) - 1 - order[code] for code in codes]
    return ranks, [score(always(), by.columns, np.array([best], dtype=np.float64) * (gap * n))]


# Where nothing is selected ############################################################################################


def _fallback(lowering: Lowering, node: Head, values: tuple[Symbol, ...], copied: View) -> Fallback:
    known = lowering.first.get(node.value) if node.default is None else node.default
    if known is not None:
        return Fallback(np.array([float(value == known and type(value) is type(known)) for value in values]))
    feature = Feature(f"{node.name}.first", labelled(values), node.name)
    gap = lowering.precision.gap
    at_first = np.zeros((lowering.program.max_length, 1))
    at_first[0] = 2 * gap
    shares = [Score(always(), lowering.positions() @ at_first, 2 * gap)]
    head(lowering, feature.name, node.name, shares, gap, {feature: copied}, {feature: np.zeros(len(values))})
    return Fallback(None, all_of(feature))


def _filled(lowering: Lowering, node: Head, values: tuple[Symbol, ...], where: View, what: View) -> View:
    """[value] a one-hot variable where a view [1] is 1, nothing elsewhere."""
    feature = Feature(f"{node.name}.filled", labelled(values), node.name)
    width = len(values)
    hidden = what + where @ np.ones((1, width)) + constant([-1.0] * width)
    lowering.think(Perceptron(feature.name, node.name, hidden, {feature: np.eye(width)}))
    return all_of(feature)


# The self rule of published modules ###################################################################################


def _by_count(
    lowering: Lowering, node: Head, values: tuple[Symbol, ...], copied: View, fallback: Fallback, itself: View
) -> Encoded:
    """A position that matches itself counts as far away as there are matches.

    The head looks at all others, and the sink stands for the position itself: its score is that of the count. Then an
    MLP copies the position's own value where the sink has won for it.
    """
    found, n, gap = selected(lowering, node), lowering.program.max_length, lowering.precision.gap
    most = longest_window(lowering.program, node)
    counts = Feature(f"{node.name}.count", tuple(map(str, range(1, most + 1))), node.name)
    under = counted(lowering, f"{node.name}.counting", node.name, found, range(1, most + 1))
    # Reached, and the next not: where the position matches itself, exactly one of them.
    hidden = itself @ np.ones((1, most)) + under @ -np.eye(most)
    written = np.eye(most) - np.eye(most, k=-1)
    lowering.think(Perceptron(counts.name, node.name, hidden, {counts: written}))
    # At distance d: to the left 3d, itself 3 times the count and 1, to the right 3d + 2; the least is nearest.
    own = np.arange(n)
    far = 3 * np.abs(own - own[:, None]) + 2 * (own > own[:, None])
    farthest = 3 * n + 3
    others: Selected = found.but_itself(n)
    height = 2 * gap * (farthest + 1)
    level = height * others.count - height // 2
    near = height * others.count + gap * (farthest - 3 * np.arange(1, most + 1) - 1) - level
    query = all_of(counts) @ near.astype(np.float64)[:, None]
    share = Score(query, View({SINK: np.ones((1, 1))}, 1), float(near.max()))
    feature = Feature(f"{node.name}.other", labelled(values), node.name)
    none = Feature(f"{node.name}.none", ("",), node.name, at_sink=np.ones(1))
    ranks = gap * (farthest - far).astype(np.float64)
    head(
        lowering, node.name, node.name, scores(lowering, others, height, ranks, [share]), level,
        {feature: copied, none: nothing(1)}, {feature: np.zeros(len(values)), none: np.ones(1)},
    )  # fmt: skip
    return Encoded(values, all_of(feature) + _itself_or_none(lowering, node, values, copied, fallback, itself, none))


def _itself_or_none(
    lowering: Lowering,
    node: Head,
    values: tuple[Symbol, ...],
    copied: View,
    fallback: Fallback,
    itself: View,
    none: Feature,
) -> View:
    """[value] the position's own where the sink stood for it, else the fallback; nothing where the sink has not won."""
    width = len(values)
    ones = np.ones((1, width))
    feature = Feature(f"{node.name}.own", labelled(values), node.name)
    own = copied + all_of(none) @ ones + itself @ ones + constant([-2.0] * width)
    if fallback.copied is not None:
        other = fallback.copied + all_of(none) @ ones + itself @ -ones + constant([-1.0] * width)
        written = np.concatenate([np.eye(width), np.eye(width)])
    else:
        assert fallback.fixed is not None
        other = all_of(none) + itself @ np.array([[-1.0]])
        written = np.concatenate([np.eye(width), fallback.fixed[None, :]])
    lowering.think(Perceptron(feature.name, node.name, beside([own, other]), {feature: written}))
    return all_of(feature)
