"""The intact program on many inputs, piece by piece: what an analysis holds at once does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator

from analyze.outcome import Ground, Rows, ground
from tprog.ir.program import Program
from tprog.run.pieces import CACHED, KEPT, cached_at_once, held_at_once, inputs_at_once, slices
from tprog.tasks.builtin import Inputs


class Pieces:
    """Stated inputs in pieces, each with the intact program executed on it.

    Attributes:
        starts: the index, among all inputs, of the first of each piece.
        most: how many inputs can be held at once.
    """

    def __init__(self, program: Program, inputs: Inputs) -> None:
        self.program, self.inputs = program, inputs
        width = inputs.batch.tokens.shape[1]
        # Half of `CACHED`: what is tried on a piece stands beside the intact program on it.
        size = inputs_at_once(program, width, cached_at_once(width, CACHED // 2))
        self._pieces = list(slices(len(inputs.batch), size))
        self.most = held_at_once(program, width)
        self.starts = [rows.start for rows in self._pieces]
        self._kept: list[Ground | None] = [None] * len(self._pieces)
        self._keeps: bool | None = None

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> Ground:
        kept = self._kept[index]
        if kept is not None:
            return kept
        on = self.some(self._pieces[index])
        if self._keeps is None:
            size = on.intact.totals.nbytes + sum(values.nbytes for values in on.intact.values.values())
            whole = size / max(on.batch.tokens.size, 1) * self.inputs.batch.tokens.size
            self._keeps = whole <= KEPT
        if self._keeps:
            self._kept[index] = on
        return on

    def __iter__(self) -> Iterator[Ground]:
        return (self[index] for index in range(len(self)))

    def some(self, rows: Rows | slice) -> Ground:
        """The chosen inputs, in the chosen order."""
        return ground(self.program, self.inputs.take(rows).cut())


def around(count: int) -> Iterator[int]:
    """0 to `count` - 1 over and over; nothing if there is none."""
    while count:
        yield from range(count)
