"""The residual stream: named features, affine readings of them, and the two operations that write some.

A feature is a group of dimensions with names: mostly one a value, 1 where the variable has it. An operation reads
views, which are linear in features, and writes features of its own; so all that a compiled Transformer computes is
known before a dimension has a place. Three features are given: `REAL` is 1 at the tokens of an input, `SINK` at the
position in front of them, to which a head looks that finds nothing, and `PAD` behind their end.
Letters: f a feature's size, w a view's width, h hidden units.

Source: the subspaces and blocks of Tracr (Lindner et al. 2023, arXiv 2301.05062), section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from tprog.run.batch import Array


@dataclass(frozen=True, eq=False)
class Feature:
    """A group of dimensions of the residual stream.

    Attributes:
        name: what the names of its dimensions begin with.
        labels: one a dimension.
        node: the node of the Program that it belongs to; None for the inputs of the Transformer.
        at_sink: [f] its values at the sink; None for zeros.
        bound: its largest absolute value at any token.
        exclusive: whether at most one of its dimensions is not 0 at a token.
        whole: whether its values are whole numbers, exactly.
    """

    name: str
    labels: tuple[str, ...]
    node: str | None = None
    at_sink: Array | None = None
    bound: float = 1
    exclusive: bool = True
    whole: bool = True

    @property
    def size(self) -> int:
        return len(self.labels)


REAL, SINK, PAD = (Feature(name, ("",)) for name in ("real", "sink", "pad"))


@dataclass(frozen=True, eq=False)
class View:
    """A linear reading of the stream: what it reads of each feature, [f, w]; 0 at the sink, whatever stands there."""

    parts: Mapping[Feature, Array]
    width: int

    def __matmul__(self, matrix: Array) -> View:
        """Read through one more matrix [w, w']."""
        return View({feature: part @ matrix for feature, part in self.parts.items()}, matrix.shape[1])

    def __add__(self, other: View) -> View:
        parts = dict(self.parts)
        for feature, part in other.parts.items():
            parts[feature] = parts[feature] + part if feature in parts else part
        return View(parts, self.width)

    @property
    def bounds(self) -> Array:
        """[w] the largest absolute values at any token, whatever the order in which they are added up."""
        total = np.zeros(self.width)
        for feature, part in self.parts.items():
            sizes = np.abs(part)
            total += feature.bound * (sizes.max(axis=0, initial=0) if feature.exclusive else sizes.sum(axis=0))
        return total

    @property
    def whole(self) -> bool:
        """Whether all that it reads and all its weights are whole numbers."""
        return all(feature.whole and bool((part == np.rint(part)).all()) for feature, part in self.parts.items())


def all_of(feature: Feature) -> View:
    """A feature as it stands."""
    return View({feature: np.eye(feature.size)}, feature.size)


def constant(values: Sequence[float] | Array, of: Feature = REAL) -> View:
    """Constants at every token, or at the sink alone."""
    row = np.asarray(values, dtype=np.float64)[None, :]
    return View({of: row}, row.shape[1])


def nothing(width: int) -> View:
    return View({}, width)


def beside(views: Sequence[View]) -> View:
    """Views side by side, as one."""
    width = sum(view.width for view in views)
    parts: dict[Feature, Array] = {}
    at = 0
    for view in views:
        for feature, part in view.parts.items():
            whole = parts.setdefault(feature, np.zeros((feature.size, width)))
            whole[:, at : at + view.width] = part
        at += view.width
    return View(parts, width)


# Operations ###########################################################################################################


@dataclass(frozen=True, eq=False)
class Score:
    """A share of a head's scores: query [w] times key [w], of which `most` is the largest absolute value."""

    query: View
    key: View
    most: float


@dataclass(frozen=True, eq=False)
class Attend:
    """An attention head.

    Attributes:
        name: the component, as the ground truth calls it.
        scores: what is added up to its scores; the sink's and the mask's among them.
        copied: what it copies, and where to.
        at_sink: feature -> [f] what it copies from the sink.
    """

    name: str
    node: str | None
    scores: tuple[Score, ...]
    copied: Mapping[Feature, View]
    at_sink: Mapping[Feature, Array] = field(default_factory=dict)

    @property
    def reads(self) -> set[Feature]:
        views = [view for score in self.scores for view in (score.query, score.key)]
        return {feature for view in (*views, *self.copied.values()) for feature in view.parts}

    @property
    def writes(self) -> tuple[Feature, ...]:
        return tuple(self.copied)


@dataclass(frozen=True, eq=False)
class Perceptron:
    """Some hidden units of an MLP.

    Attributes:
        hidden: what the units read, [h]: each is max(0, this).
        written: feature -> [h, f].
    """

    name: str
    node: str | None
    hidden: View
    written: Mapping[Feature, Array]

    @property
    def reads(self) -> set[Feature]:
        return set(self.hidden.parts)

    @property
    def writes(self) -> tuple[Feature, ...]:
        return tuple(self.written)


Operation: TypeAlias = Attend | Perceptron
