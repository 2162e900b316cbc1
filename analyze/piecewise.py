"""The intact program on many inputs, piece by piece: what an analysis holds at once does not grow with their number."""

from __future__ import annotations

from collections.abc import Iterator

from analyze.outcome import Ground, Rows, ground
from tprog.ir.program import Program
from tprog.run.batch import CHUNK, Batch
from tprog.run.execute import HELD, held_bytes, pieces_of
from tprog.tasks.builtin import Inputs

_KEPT = 200_000_000
"""Bytes of executions that are kept; beyond, a piece is executed anew each time that it is asked for."""

_CELLS = 2**19
"""Cells of the [input, query, key] arrays of a piece: they stay inside a core's cache."""


class Pieces:
    """Stated inputs in pieces, each with the intact program executed on it.

    Attributes:
        starts: the index, among all inputs, of the first of each piece.
        most: how many inputs can be held at once.
    """

    def __init__(self, program: Program, inputs: Inputs) -> None:
        self.program, self.inputs = program, inputs
        width = inputs.batch.tokens.shape[1]
        size = min(CHUNK, max(1, _CELLS // max(1, width) ** 2))
        self._pieces = list(pieces_of(program, inputs.batch, size))
        self.most = max(1, HELD // held_bytes(program, width))
        self.starts = [rows.start for rows, _ in self._pieces]
        self._kept: list[Ground | None] = [None] * len(self._pieces)
        self._keeps: bool | None = None

    def __len__(self) -> int:
        return len(self._pieces)

    def __getitem__(self, index: int) -> Ground:
        kept = self._kept[index]
        if kept is not None:
            return kept
        rows, batch = self._pieces[index]
        on = self._ground(rows, batch)
        if self._keeps is None:
            size = on.intact.totals.nbytes + sum(values.nbytes for values in on.intact.values.values())
            whole = size / max(batch.tokens.size, 1) * self.inputs.batch.tokens.size
            self._keeps = whole <= _KEPT
        if self._keeps:
            self._kept[index] = on
        return on

    def __iter__(self) -> Iterator[Ground]:
        return (self[index] for index in range(len(self)))

    def some(self, rows: Rows) -> Ground:
        """The chosen inputs, in the chosen order."""
        batch = self.inputs.batch.take(rows)
        width = int(batch.lengths.max(initial=0))
        return self._ground(rows, Batch(batch.tokens[:, :width], batch.lengths))

    def _ground(self, rows: Rows | slice, batch: Batch) -> Ground:
        expected = self.inputs.expected
        if expected is not None:
            expected = expected[rows]
            if expected.ndim == 2 and not self.program.readout.pooled:
                expected = expected[:, : batch.tokens.shape[1]]
        return ground(self.program, Inputs(batch, expected, self.inputs.exhaustive, self.inputs.description))


def around(count: int) -> Iterator[int]:
    """0 to `count` - 1 over and over; nothing if there is none."""
    while count:
        yield from range(count)
