"""The readout: what adds up weights into logits, of which the best is the prediction. No node reads it.

It is a record beside the nodes of a Program; `IMPLIED` stands where a variable comes out as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.ir.domains import BEGIN, RowsNeeded
from tprog.ir.values import HOLE

READOUT = "readout"
"""The output of a learned or published program."""


@dataclass(frozen=True)
class Weights:
    """The readout weights of one variable.

    Attributes:
        rows: a categorical variable has one row a value, in the order of its domain, None being a hole; a numeric
            variable has exactly one row, which multiplies its number. A row has one whole number a class; a weight w
            stands for w / `Classify.scale`.
    """

    variable: str
    rows: tuple[tuple[int, ...] | None, ...]

    @cached_property
    def partial(self) -> bool:
        """Whether it has a hole."""
        return HOLE in self.rows

    @cached_property
    def width(self) -> int | None:
        """How many whole numbers each row has; None where rows differ, or hold something else."""
        widths = {len(row) if all(type(w) is int for w in row) else None for row in self.rows if row is not None}
        return widths.pop() if len(widths) == 1 else None

    @cached_property
    def largest(self) -> int:
        """The largest absolute weight."""
        return max((abs(weight) for row in self.rows if row is not None for weight in row), default=0)

    @cached_property
    def array(self) -> NDArray[np.int64]:
        """[row, class], 0 in a hole, or [row, 1] if all are holes; read-only. Of a term whose weights fit in int64."""
        nothing = (0,) * (self.width or 1)
        found = np.array([nothing if row is None else row for row in self.rows], dtype=np.int64)
        found.setflags(write=False)
        return found


@dataclass(frozen=True)
class Classify:
    """The linear classifier: logit_c = sum w[variable, value, c] + sum w[variable, c] * number; ties: first class.

    It comes last, for nothing reads it; a Program holds it apart from the nodes that passes take one by one, since it
    is never ablated, merged or counted. Its classes are those of the Program, or, if variables come out too, the first.

    Attributes:
        terms: the weights, at most one entry a variable, in the order of the variables.
        scale: what weights are divided by to give logits.
        pooled: average the logits over all positions and predict one class for the whole input.
        forced: which of ``<s>`` and ``</s>`` predict themselves, whatever the logits say. Their positions are read out
            only if `pooled`, which forces nothing.
        rows_needed: where a value without a row of weights is a hole: ``free``, at the positions that are read out, or
            ``everywhere``, at those with a forced output too, as modules of the original research code have it.
        name: the output that it is; learned and published programs have it as ``readout``.
        implied: whether it stands for outputs that are variables, and says no more than that they are read: its terms
            have no rows, and no module prints it.
        among: where variables come out beside it, how many of the Program's classes are its own, the first of all; the
            Program fills it in. None: all of them.
    """

    terms: tuple[Weights, ...]
    scale: int = 1
    pooled: bool = False
    forced: tuple[str, ...] = (BEGIN,)
    rows_needed: RowsNeeded = "free"
    name: str = READOUT
    implied: bool = False
    among: int | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The variables that it reads, in the order of its terms, which is that in which it reaches holes."""
        return tuple(term.variable for term in self.terms)


IMPLIED = Classify((), forced=(), name="", implied=True)
"""The readout of a program whose outputs are variables: the Program fills in which."""

Readout: TypeAlias = Classify
"""The name that learned and published programs give it, as a constructor."""
