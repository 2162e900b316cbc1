"""Entity scores by the CoNLL rule: of exact spans, precision, recall and F1, overall and by type.

A span counts as found if one of the same type begins and ends where it does. Spans are read as the scorer of the shared
task (conlleval, Tjong Kim Sang and De Meulder 2003) reads them: one begins at ``B-`` and ``S-``, and at any tag whose
type is not that of the tag before; so tags that no scheme has in that order are spans as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.words.tag_schemes import OUTSIDE, is_span_tag, parts

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True)
class SpanScore:
    """Spans of one type, or of all.

    Attributes:
        kind: the type; empty for all types together.
        right: spans that are predicted exactly.
        predicted, expected: spans that are predicted, and that are there.
    """

    kind: str
    right: int
    predicted: int
    expected: int

    @property
    def precision(self) -> float:
        """Right of those predicted, in [0, 1]; 0 if none is."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Right of those expected, in [0, 1]; 0 if none is."""
        return self.right / self.expected if self.expected else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both, in [0, 1]."""
        return 2 * self.right / (self.predicted + self.expected) if self.predicted + self.expected else 0.0


@dataclass(frozen=True)
class EntityScores:
    """All types together, and each of them, in the order of their names."""

    all: SpanScore
    by_kind: tuple[SpanScore, ...]


def are_span_tags(classes: Sequence[str]) -> bool:
    """Whether classes are tags of spans: each of a scheme, and not ``O`` alone."""
    return all(map(is_span_tag, classes)) and any(tag != OUTSIDE for tag in classes)


def entity_scores(classes: Sequence[str], expected: Array, predicted: Array, *, strict: bool = False) -> EntityScores:
    """The scores of predicted tags.

    Args:
        classes: the tags.
        expected, predicted: [sentence, place] codes of tags; where there is none, negative, and read as ``O``. What is
            predicted where nothing is expected does not count.
        strict: a span that does not begin at ``B-`` is none, as seqeval counts IOB2 in its mode ``strict``.
    """
    kinds = sorted({kind for tag in classes if (kind := parts(tag)[1])})
    letters = np.array([*("OBIES".index(parts(tag)[0]) for tag in classes), 0], dtype=np.int8)
    types = np.array([*(kinds.index(kind) if (kind := parts(tag)[1]) else -1 for tag in classes), -1], dtype=np.int32)
    outside = len(classes)
    right_tags = np.where(expected < 0, outside, expected)
    told_tags = np.where((expected < 0) | (predicted < 0), outside, predicted)
    wanted, wanted_ends = _spans(letters[right_tags], types[right_tags], strict)
    told, told_ends = _spans(letters[told_tags], types[told_tags], strict)
    right = wanted & told & (types[right_tags] == types[told_tags]) & (wanted_ends == told_ends)

    def count(begins: Array, tags: Array) -> list[int]:
        return [*map(int, np.bincount(types[tags][begins], minlength=len(kinds)))]

    rows = zip(kinds, count(right, right_tags), count(told, told_tags), count(wanted, right_tags), strict=True)
    scores = tuple(SpanScore(*row) for row in rows)
    whole = SpanScore("", int(right.sum()), int(told.sum()), int(wanted.sum()))
    return EntityScores(whole, scores)


def scores_of_tags(
    expected: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]], *, strict: bool = False
) -> EntityScores:
    """The scores of predicted tags, written out: those of each sentence; `strict` as of `entity_scores`."""
    classes = sorted({tag for rows in (expected, predicted) for row in rows for tag in row})
    code = {tag: at for at, tag in enumerate(classes)}
    width = max(map(len, expected), default=0)

    def coded(rows: Sequence[Sequence[str]]) -> Array:
        filled = [[*map(code.__getitem__, row), *[-1] * (width - len(row))] for row in rows]
        return np.array(filled, dtype=np.int64).reshape(len(rows), width)

    if [*map(len, expected)] != [*map(len, predicted)]:
        raise ValueError("expected as many predicted tags as right ones, in each sentence")
    return entity_scores(classes, coded(expected), coded(predicted), strict=strict)


def _spans(letters: Array, types: Array, strict: bool) -> tuple[Array, Array]:
    """[sentence, place]: whether a span begins there, and, where one does, the place behind its end."""
    goes_on = np.zeros(letters.shape, dtype=np.bool_)
    before, here = letters[:, :-1], letters[:, 1:]
    goes_on[:, 1:] = (
        ((here == 2) | (here == 3)) & ((before == 1) | (before == 2)) & (types[:, 1:] == types[:, :-1])  # I, E; B, I
    )
    begins = (letters == 1 if strict else letters != 0) & ~goes_on
    width = letters.shape[1]
    stops = np.where(goes_on, width, np.arange(width))  # [sentence, place]
    ends = np.full(letters.shape, width)
    ends[:, :-1] = np.minimum.accumulate(stops[:, :0:-1], axis=1)[:, ::-1]
    return begins, ends
