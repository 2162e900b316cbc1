"""Entities counted by the CoNLL rule: a span counts as right if its type and both of its ends are.

A span begins at ``B-``, and at ``I-`` where no span of its type stands right before it, as in the scorer of the shared
task (conlleval; Tjong Kim Sang and De Meulder, CoNLL 2003).

Letters in shapes: B sentences, n positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.integer]

OUTSIDE = "O"


@dataclass(frozen=True)
class Spans:
    """How many spans were predicted, how many there are, and how many of them are the same."""

    right: int
    predicted: int
    there: int

    @property
    def precision(self) -> float:
        """In [0, 1]."""
        return self.right / max(self.predicted, 1)

    @property
    def recall(self) -> float:
        """In [0, 1]."""
        return self.right / max(self.there, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall, in [0, 1]."""
        return 2 * self.right / max(self.predicted + self.there, 1)

    def __str__(self) -> str:
        return f"entities F1 {self.f1:.2%} (precision {self.precision:.2%}, recall {self.recall:.2%})"


def tells_spans(classes: Sequence[str]) -> bool:
    """Whether the classes are tags of spans, in IOB2."""
    return OUTSIDE in classes and any(tag[:2] == "B-" for tag in classes) and all(map(_is_tag, classes))


def _is_tag(tag: str) -> bool:
    return tag == OUTSIDE or (tag[:2] in ("B-", "I-") and len(tag) > 2)


def counted(classes: Sequence[str], predicted: Array, expected: Array) -> Spans:
    """The spans of sentences [B, n] of class codes; negative ones are outside of all spans.

    Args:
        classes: tags, as `tells_spans`.
    """
    types = {kind: code for code, kind in enumerate(dict.fromkeys(tag[2:] for tag in classes if tag != OUTSIDE), 1)}
    # The last entry stands for negative codes.
    kind_of = np.array([*(types.get(tag[2:], 0) if tag != OUTSIDE else 0 for tag in classes), 0])
    goes_on = np.array([*(tag[:2] == "I-" for tag in classes), False])
    (kinds, begins, ends), (their_kinds, their_begins, their_ends) = (
        _spans(kind_of[np.maximum(codes, -1)], goes_on[np.maximum(codes, -1)]) for codes in (predicted, expected)
    )
    same = begins & their_begins & (kinds == their_kinds) & (ends == their_ends)
    return Spans(int(same.sum()), int(begins.sum()), int(their_begins.sum()))


def _spans(kinds: Array, inside: NDArray[np.bool_]) -> tuple[Array, NDArray[np.bool_], Array]:
    """Of types [B, n], 0 outside: the types, where a span begins, and the last position of the span there."""
    on = np.zeros(kinds.shape, dtype=np.bool_)
    on[:, 1:] = inside[:, 1:] & (kinds[:, 1:] == kinds[:, :-1]) & (kinds[:, 1:] > 0)
    ends = np.broadcast_to(np.arange(kinds.shape[1]), kinds.shape).copy()
    for at in range(kinds.shape[1] - 2, -1, -1):
        ends[:, at] = np.where(on[:, at + 1], ends[:, at + 1], at)
    return kinds, (kinds > 0) & ~on, ends
