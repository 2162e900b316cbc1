"""What a published module does otherwise than its network did: named when it is read, and reproduced exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from tprog.ir.domains import Symbol

DefectKind: TypeAlias = Literal[
    "falls-through", "self-match", "missing-row", "out-of-range", "missing-value", "duplicate-rows", "lost-path"
]


@dataclass(frozen=True)
class Defect:
    """One defect of a published module. The Program that is read from it has the same one.

    Attributes:
        kind: ``falls-through``: no branch of a predicate lists a query value, so it selects nothing.
            ``self-match``: `select_closest` counts a match of a position with itself as far away as there are matches.
            ``missing-row``: a value has no row of weights, or a word no embedding, and `run` raises KeyError there.
            ``out-of-range``: a lookup can read larger numbers than it was written for; they get its default.
            ``missing-value``: pandas reads a weight as missing, and a sum counts it as 0.
            ``duplicate-rows``: rows of weights that stand several times; nothing reaches them.
            ``lost-path``: a path that Python reads without its backslashes, so that `run` finds no file by itself.
        where: the name of the node, or ``readout``.
        file: the side file that `line` counts in; None is the module itself.
        line: 1-based.
        text: the defect in words.
        reads: of ``out-of-range``, the variable that may be too large; of ``falls-through``, the query.
        largest: of ``out-of-range``, the largest number that the lookup was written for.
        layers: the same by the longest input: as many times its length, less one; 0 where that says nothing.
        subject: how the text of ``out-of-range`` begins: which lookup was written for which variable.
        open: of ``falls-through``, the values that no branch lists.
    """

    kind: DefectKind
    where: str
    file: str | None
    line: int
    text: str
    reads: str | None = None
    largest: int = 0
    layers: int = 0
    subject: str = ""
    open: tuple[Symbol, ...] = ()

    def __str__(self) -> str:
        return f"{'line' if self.file is None else self.file} {self.line}: {self.text}"

    def met(self, largest: int, longest: int | None, where: str) -> Defect:
        """An ``out-of-range`` after inputs were run.

        Args:
            largest: the largest number that the lookup read.
            longest: the longest input, marks included, that training is taken to have used; None if all positions.
            where: on which inputs, in words.
        """
        known = self.largest if longest is None or not self.layers else longest * self.layers - 1
        written = f"{self.subject} from 0 to {known}"
        found = f"it is at most {largest} on {where}"
        if largest > known:
            found = f"on {where} it reaches {largest}, and larger numbers get its default"
        return replace(self, text=f"{written}; {found}")
