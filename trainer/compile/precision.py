"""What a floating-point type computes exactly, and the margins that are left to it.

Every weight and every score is a whole number below the type's limit, so that sums of them are exact in any order; a
gap between two scores is so wide that the softmax of the lower one is 0. What remains are the quotients that a softmax
makes of k equal scores, and sums of them: thresholds lie so far from them that no rounding crosses one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np

from tprog.errors import NotExact

DtypeName: TypeAlias = Literal["float32", "float64"]


@dataclass(frozen=True)
class Precision:
    """A floating-point type.

    Attributes:
        gap: between two scores, so that exp(-gap) is 0: below the half of the least number above 0.
        limit: below it, all whole numbers are exact.
        unit: the largest relative error of one rounding.
        softmax: the largest relative error of a softmax that is assumed, 64 roundings.
    """

    name: DtypeName
    gap: int
    limit: int
    unit: Fraction
    softmax: Fraction

    @property
    def numpy(self) -> type[np.floating]:
        return np.float32 if self.name == "float32" else np.float64

    def cast(self, value: float) -> Fraction:
        """The number that a weight becomes."""
        return Fraction(float(self.numpy(value)))


FLOAT32 = Precision("float32", 128, 2**24, Fraction(1, 2**24), Fraction(1, 2**18))
FLOAT64 = Precision("float64", 768, 2**53, Fraction(1, 2**53), Fraction(1, 2**47))

PRECISIONS: dict[DtypeName, Precision] = {"float32": FLOAT32, "float64": FLOAT64}


@dataclass(frozen=True)
class Margin:
    """How much wider something is than it must be.

    Attributes:
        node: of the Program; ``readout`` for its output.
        what: in words.
        times: at least 1 where it holds.
    """

    node: str
    what: str
    times: float


class TooNarrow(NotExact):
    """A margin that does not hold."""


def checked(margin: Margin, precision: Precision) -> Margin:
    """The margin, if it holds.

    Raises:
        TooNarrow: it does not; the message names the node.
    """
    if margin.times < 1:
        raise TooNarrow(
            f"node {margin.node!r} cannot be compiled to {precision.name}: {margin.what} leave a margin of "
            f"{max(margin.times, 0):.3g} times what is needed; expected 1 at least"
        )
    return margin


def tightest(margins: Iterable[Margin]) -> list[Margin]:
    """The tightest of each kind that each node has, the tightest of all first."""
    found: dict[tuple[str, str], Margin] = {}
    for margin in sorted(margins, key=lambda margin: margin.times):
        found.setdefault((margin.node, margin.what), margin)
    return list(found.values())
