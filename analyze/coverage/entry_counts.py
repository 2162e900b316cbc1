"""How many inputs reach each entry of a program, and each line that holds entries, by outcome and by class predicted.

coverage.py sees lines that Python runs. Rows of a set, a table or a readout are data to Python, so what reaches them is
derived from the executor (`analyze.reached_entries`), exactly and for every input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analyze.reached_entries import Consulted, consulted, entries_of
from tprog.ir.entries import TableKey
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import Execution, execute
from tprog.run.outcome import by_place, wrong_at
from tprog.run.pieces import pieces_of
from tprog.tasks.builtin import Inputs

Codes: TypeAlias = NDArray[np.int64]

JUDGED = ("right", "wrong", "hole")
"""What can become of an input whose right answers are known: all graded predictions are right, or one is wrong; or a
row is missing, and there is no prediction."""

UNJUDGED = ("answered", "hole")
"""The same where they are not."""

CLASSES = 64
"""Classes beyond so many are not told apart."""


@dataclass(frozen=True, eq=False)
class EntryCounts:
    """Counts of inputs; the columns are `outcomes` and then `classes`.

    Attributes:
        member: [input, column] whether the input counts there: for its outcome, and for each class that it predicts at
            a graded position (at a hole, none).
        tables: table (see `analyze.reached_entries`) -> [entry, column].
        lines: line -> [column] inputs that reach an entry of the line, a wiring included.
        firsts: indices of inputs that together reach every entry that any reaches, with every outcome that it has.
        noun: what one of the inputs is, in a word.
    """

    outcomes: tuple[str, ...]
    classes: tuple[str, ...]
    member: Bools
    tables: Mapping[TableKey, Array]
    lines: Mapping[int, tuple[int, ...]]
    firsts: frozenset[int]
    noun: str = "input"

    def by_entry(self, program: Program) -> dict[Entry, tuple[int, ...]]:
        """entry -> counts, in execution order; wirings are not among them."""
        return {
            entry: tuple(self.tables[table][place].tolist())
            for table, entries in entries_of(program).items()
            for place, entry in enumerate(entries)
        }


def entry_counts(program: Program, inputs: Inputs, lines: Mapping[Entry, int] | None = None) -> EntryCounts:
    """Count over all inputs.

    Args:
        lines: entry -> its line, if the program has a file.
    """
    outcomes = UNJUDGED if inputs.expected is None else JUDGED
    classes = program.classes if len(program.classes) <= CLASSES else ()
    columns = len(outcomes) + len(classes)
    places = entries_of(program)
    tables = {table: np.zeros((len(entries), columns), dtype=np.int64) for table, entries in places.items()}
    line_of = {table: _lines(entries, lines or {}) for table, entries in places.items()}
    by_line = np.zeros((1 + max((lines or {}).values(), default=0), columns), dtype=np.int64)
    member, firsts = np.zeros((len(inputs.batch), columns), dtype=np.bool_), set[int]()
    for rows, piece in pieces_of(program, inputs.batch):
        run = execute(program, piece)
        here = member[rows]
        here[...] = _member(run, inputs.take(rows).cut(), len(outcomes), len(classes))
        at_lines = [_wirings(run, lines or {}, len(by_line))]
        for found in consulted(run):
            reached, entry = _pairs(found)
            counts = tables[found.table]
            fresh = counts[:, : len(outcomes)] == 0
            _add(counts, entry, here[reached])
            firsts |= _firsts(fresh, entry, reached, here[:, : len(outcomes)], rows.start)
            at_lines.append(np.unique(reached * len(by_line) + line_of[found.table][entry]))
        flat = np.unique(np.concatenate(at_lines))
        _add(by_line, flat % len(by_line), here[flat // len(by_line)])
    held = {line: tuple(by_line[line].tolist()) for line in sorted(set((lines or {}).values()))}
    return EntryCounts(outcomes, classes, member, tables, held, frozenset(firsts), inputs.noun)


def _lines(entries: Sequence[Entry], lines: Mapping[Entry, int]) -> Codes:
    """[entry] its line, 0 if it has none."""
    return np.array([lines.get(entry, 0) for entry in entries], dtype=np.int64)


def _member(run: Execution, inputs: Inputs, outcomes: int, classes: int) -> Bools:
    """[input, column] of one execution."""
    predictions, graded, expected = by_place(run.predictions), inputs.graded(run.program), inputs.expected
    found = np.zeros((len(predictions), outcomes + classes), dtype=np.bool_)
    found[:, outcomes - 1] = run.in_hole
    if expected is None:
        found[:, 0] = ~run.in_hole
    else:
        wrong = wrong_at(predictions, run.in_hole, expected).any(axis=1)
        found[:, 0], found[:, 1] = ~run.in_hole & ~wrong, ~run.in_hole & wrong
    for code in range(classes):
        found[:, outcomes + code] = ((predictions == code) & graded).any(axis=1) & ~run.in_hole
    return found


def _pairs(found: Consulted) -> tuple[Codes, Codes]:
    """The different (input, entry) pairs of a table, by input."""
    where = np.broadcast_to(found.where, np.broadcast_shapes(found.where.shape, found.at.shape))
    at = np.broadcast_to(found.at, where.shape).astype(np.int64)
    inputs = np.nonzero(where)[0]
    flat = np.unique(inputs * found.size + at[where])
    return flat // found.size, flat % found.size


def _add(counts: Array, entry: Codes, member: Bools) -> None:
    for column in range(counts.shape[1]):
        counts[:, column] += np.bincount(entry[member[:, column]], minlength=len(counts))


def _firsts(fresh: Bools, entry: Codes, reached: Codes, outcome: Bools, start: int) -> set[int]:
    """For each entry and outcome not met before, the first input of this piece that has both."""
    chosen: set[int] = set()
    for column in range(fresh.shape[1]):
        new = fresh[entry, column] & outcome[reached, column]
        first = np.unique(entry[new], return_index=True)[1]
        chosen |= set((reached[new][first] + start).tolist())
    return chosen


def _wirings(run: Execution, lines: Mapping[Entry, int], width: int) -> Codes:
    """input * width + line, for each node that an input gets to."""
    going = np.ones(len(run.batch), dtype=np.bool_)
    found = []
    for node in run.program.nodes:
        if line := lines.get(Entry(node.name, "wiring")):
            found.append(np.flatnonzero(going) * width + line)
        going = going & ~run.lost_at(node.name).any(axis=1)
    return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
