"""What a program answers on a batch, in the one form in which two runs are compared.

An *outcome* is the predicted class, or the hole that the whole input runs into. Two runs have the same outcome at a
position if both predict the same class there, or if both inputs first reach the same hole: the same missing row, of
the same node, at the same position. A *right* outcome is the class that somebody expects there; an input that reaches
a hole has none. Shapes: [input, place], where a pooled program has one place and any other one place a position, or,
with several outputs, one for each of them (`tprog.ir.places`).
"""

from __future__ import annotations

from threading import Lock
from typing import Final

import numpy as np

from tprog.ir.entries import TableKey
from tprog.ir.program import Program
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import Execution, Hole
from tprog.run.logits import read_out_at

UNGRADED = -1
"""The expected code where nothing is expected: at positions that a task does not grade, and behind an input's end."""

NOT_GRADED: Final = None
"""The same among words: no answer is expected. The value of nothing, NOTHING, may well be."""

SOME_HOLE = -2
"""A hole that nobody names; those that are named lie below, forced and absent positions are -1, classes 0 and above."""

_known: dict[Hole, int] = {}
_knowing = Lock()


def _code(hole: Hole | None) -> int:
    """The outcome that a hole is, the same in all runs of all programs as long as this process lives."""
    assert hole is not None
    with _knowing:
        return _known.setdefault(hole, SOME_HOLE - 1 - len(_known))


def by_place(codes: Array) -> Array:
    """[input, place] codes, of predictions or right classes that are [input] where a program is pooled."""
    return codes[:, None] if codes.ndim == 1 else codes


def outcomes(run: Execution) -> Array:
    """[input, place] outcomes: class codes, -1 where nothing is predicted, numbers below `SOME_HOLE` for holes."""
    found = by_place(run.predictions)
    if not run.holed:
        return found
    found = found.astype(np.int64)
    going = np.ones(len(run.batch), dtype=np.bool_)  # [input]: has met no hole so far
    for table, at in run.holed.items():
        rows = np.flatnonzero(at.any(axis=1) & going)
        if not len(rows):
            continue
        going[rows] = False
        alike, first = _missing_rows(run, table, rows, at[rows].argmax(axis=1))
        codes = np.array([_code(run.hole(int(row))) for row in rows[first]])
        found[rows] = codes[alike][:, None]
    return found


def _missing_rows(run: Execution, table: TableKey, rows: Array, positions: Array) -> tuple[Array, Array]:
    """For each of the inputs `rows`, which of the different holes of one table it reaches; for each hole, one of them.

    Args:
        positions: [row] where each first reaches the table's missing rows.
    """
    kinds, first = np.zeros(len(rows), dtype=np.int64), np.zeros(1, dtype=np.int64)
    for column in (positions, *(run.values[read][rows, positions] for read in run.asked(table))):
        values, code = np.unique(column, return_inverse=True)
        _, first, kinds = np.unique(kinds * len(values) + code.ravel(), return_index=True, return_inverse=True)
    return kinds, first


def is_hole(found: Array) -> Bools:
    """Where outcomes are holes."""
    return np.asarray(found <= SOME_HOLE)


def graded_at(program: Program, batch: Batch, expected: Array | None) -> Bools:
    """[input, place]: whether an outcome counts there: where a class is expected, or, if none is known, one is read.

    Args:
        expected: codes of the right classes, `UNGRADED` elsewhere; None if no task says.
    """
    if expected is not None:
        return np.asarray(by_place(expected) != UNGRADED)
    if program.readout.pooled:
        return np.ones((len(batch), 1), dtype=np.bool_)
    if not program.places.several:
        return read_out_at(program, batch)
    at = [batch.present if name in program.returned else read_out_at(program, batch) for name in program.outputs]
    return np.stack(at, axis=-1).reshape(len(batch), -1)


def wrong_at(predictions: Array, in_hole: Bools, expected: Array) -> Bools:
    """[input, place]: whether the outcome is not the expected one: another class, or any hole.

    Args:
        predictions, in_hole: as `tprog.run.execute.predict` returns them.
        expected: codes of the right classes, `UNGRADED` elsewhere.
    """
    wanted = by_place(expected)
    wrong: Bools = ((by_place(predictions) != wanted) | in_hole[:, None]) & (wanted != UNGRADED)
    return wrong
