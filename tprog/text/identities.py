"""Identity readouts: each value of a variable weighs for the class that is written as it is, and for no other.

Or for the one after that class, or before it, as a program says that counts on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tprog.ir.domains import Symbol
from tprog.text.relations import LEAST_SAID

MOST_WEIGHTS = 4_000_000
"""Weights that one identity may stand for: a line of a module must not fill the memory of who reads it."""


@dataclass(frozen=True)
class Identity:
    """What most rows of weights are.

    Attributes:
        weight: that of the one class that a value weighs for.
        exceptions: the places of the values whose rows are others, or missing, ascending.
        step: how many places that class lies behind the one that is written as the value.
    """

    weight: int
    exceptions: tuple[int, ...]
    step: int = 0


STEPS = (0, 1, -1)
"""The places that a class may lie behind the one that is written as the value, in the order in which they are tried."""


def turned(classes: Sequence[str], step: int) -> Sequence[str]:
    """At each class's place the one that lies some places before it, around the end."""
    return (*classes[-step:], *classes[:-step]) if step else classes


def identity_row(value: Symbol, classes: Sequence[str], weight: int) -> tuple[int, ...]:
    """The weights of one value.

    Args:
        classes: as `turned` gives them.
    """
    return tuple(weight * (label == str(value)) for label in classes)


def plain_symbols(values: Sequence[Symbol]) -> bool:
    """Whether all are words and whole numbers, which Python writes as classes are."""
    return all(type(value) in (str, int) for value in values)


def identity(
    values: Sequence[Symbol], classes: Sequence[str], rows: Sequence[tuple[int, ...] | None]
) -> Identity | None:
    """The identity that `LEAST_SAID` rows at least are, each with a class of its own; None if they are none."""
    if not LEAST_SAID <= len(rows) <= MOST_WEIGHTS // len(classes) or not plain_symbols(values):
        return None
    return next((found for step in STEPS if (found := _identity_at(values, classes, rows, step)) is not None), None)


def _identity_at(
    values: Sequence[Symbol], classes: Sequence[str], rows: Sequence[tuple[int, ...] | None], step: int
) -> Identity | None:
    """The identity whose classes lie so many places behind."""
    classes = turned(classes, step)
    weight = _weight_of_own(values, classes, rows)
    if weight is None:
        return None
    follows = [row == identity_row(value, classes, weight) for value, row in zip(values, rows, strict=True)]
    labels = frozenset(classes)
    if sum(one and str(value) in labels for one, value in zip(follows, values, strict=True)) < LEAST_SAID:
        return None
    return Identity(weight, tuple(place for place, one in enumerate(follows) if not one), step)


def _weight_of_own(
    values: Sequence[Symbol], classes: Sequence[str], rows: Sequence[tuple[int, ...] | None]
) -> int | None:
    """The weight that most rows have for the class which is written as their value, 0 not counted."""
    at = {label: place for place, label in enumerate(classes)}
    pairs = zip(values, rows, strict=True)
    own = [row[at[str(value)]] for value, row in pairs if row is not None and str(value) in at]
    weights = Counter(weight for weight in own if weight)
    return weights.most_common(1)[0][0] if weights else None
