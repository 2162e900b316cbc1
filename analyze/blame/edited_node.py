"""What single edits of one node make that node yield, on many inputs: only where they consult the edited entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyze.outcome import Rows, evaluated_at_once
from tprog.edits.edit import NodeEdit, ReadEdit
from tprog.edits.wiring import Role
from tprog.ir.domains import Domain
from tprog.ir.entries import TableKey
from tprog.ir.program import Symbols, Value
from tprog.ir.values import as_number
from tprog.run.batch import Array, Batch, Bools, any_position
from tprog.run.evaluate import any_missing, entry_codes, evaluate
from tprog.run.execute import Execution


@dataclass(frozen=True, eq=False)
class Output:
    """What an edited node yields on some inputs.

    Attributes:
        rows: the inputs, of those asked for, on which that differs from what the intact node yields.
        values: [row, position].
        lost: [row] whether the input now runs into a hole at the node.
    """

    rows: Rows
    values: Array
    lost: Bools


class EditedNode:
    """One node of a program on some inputs, under one edit after the other."""

    def __init__(self, intact: Execution, node: str, rows: Rows) -> None:
        self.program, self.rows = intact.program, rows
        self.node = self.program.by_name[node]
        self.batch: Batch = intact.batch.take(rows)
        self._intact = intact
        self._reads = {read: intact.values[read].take(rows, axis=0) for read in self.node.reads}
        self._old: Array = intact.values[node].take(rows, axis=0)
        self._was_lost = any_of(intact.lost_at(node)[rows], len(rows))
        self._last: tuple[tuple[TableKey, int], tuple[Rows, Bools]] | None = None

    @cached_property
    def _consulted(self) -> Mapping[TableKey, Array]:
        """Table -> [input, position] the entries consulted, -1 behind the end of an input."""
        return {
            table: np.where(self.batch.present, entry_codes(entries, self.program, self._reads), -1)
            for table, entries in self.node.tables.items()
        }

    def _consulting(self, table: TableKey, code: int) -> tuple[Rows, Bools]:
        """The inputs that consult an entry, and [input, position] where; the edits of one entry follow each other."""
        if self._last is None or self._last[0] != (table, code):
            at = self._consulted[table] == code
            which = np.flatnonzero(any_of(at, len(at)))
            self._last = (table, code), (which, at.take(which, axis=0))
        return self._last[1]

    def outputs(self, edits: Sequence[NodeEdit]) -> Iterator[tuple[NodeEdit, Output]]:
        """What each of some edits, which keep the node's coding, makes the node yield, in their order."""
        found = self._of_reads(edits)
        for edit in edits:
            output = found.get(edit)
            yield edit, self.output(edit) if output is None else output

    def _of_reads(self, edits: Sequence[NodeEdit]) -> Mapping[NodeEdit, Output]:
        """The outputs of edits by which the node reads other variables, as far as several are evaluated at once.

        On few and short inputs calling NumPy takes longer than what it computes.
        """
        alike: dict[tuple[Role, Domain], list[ReadEdit]] = {}
        for edit in edits:
            if isinstance(edit, ReadEdit):
                alike.setdefault((edit.role, self.program.variables[edit.variable].domain), []).append(edit)
        found: dict[NodeEdit, Output] = {}
        most = evaluated_at_once(self.program, self.batch)
        for several in alike.values():
            # One edit lends its node: what it reads then stands for what each of them reads, and for nothing else.
            lent = next((edit for edit in several if edit.variable not in self.node.reads), None)
            if lent is not None and len(several) > 1 and 0 < len(several) * len(self.rows) <= most:
                found |= zip(several, self._of_one_read(several, lent), strict=True)
        return found

    def _of_one_read(self, edits: Sequence[ReadEdit], lent: ReadEdit) -> Iterator[Output]:
        """The outputs of edits of one read, by variables of one domain, evaluated as one node on the inputs of each."""
        made, count, every = lent.edited_node(self.program), len(self.rows), np.arange(len(self.rows))
        batch = self.batch.take(np.tile(every, len(edits)))
        reads = {
            name: np.concatenate(
                [
                    self._intact.values[edit.variable if name == lent.variable else name].take(self.rows, axis=0)
                    for edit in edits
                ]
            )
            for name in made.reads
        }
        values, missing = evaluate(made, self.program, batch, reads)
        lost = any_missing(missing, batch)
        for start in range(0, len(batch), count):
            yield self._compared(values[start : start + count], lost[start : start + count], every)

    def output(self, edit: NodeEdit) -> Output:
        """What the edit, which keeps the node's coding, makes the node yield."""
        code = edit.code(self.program)
        if code is None:
            return self._evaluated(edit, np.arange(len(self.rows)))
        table = edit.entry.table
        assert table is not None
        which, here = self._consulting(table, code)
        new = edit.yields
        if new is None or self.node.tables[table].answers[code] is None:
            return self._evaluated(edit, which)
        old = self._old.take(which, axis=0)
        values = np.where(here, self._coded(new), old)
        differs = np.flatnonzero(any_position(values != old))
        return Output(self.rows[which[differs]], values[differs], self._was_lost[which[differs]])

    def _coded(self, value: Value) -> int:
        domain = self.program.variables[self.node.name].domain
        if isinstance(domain, Symbols):
            return domain.codes[value]
        return domain.code(as_number(value))

    def _evaluated(self, edit: NodeEdit, which: Rows) -> Output:
        """By evaluating the edited node on the rows `which` of those asked for."""
        made, rows = edit.edited_node(self.program), self.rows[which]
        batch = self.batch.take(which)
        reads = {read: self._intact.values[read].take(rows, axis=0) for read in made.reads}
        values, missing = evaluate(made, self.program, batch, reads)
        return self._compared(values, any_missing(missing, batch), which)

    def _compared(self, values: Array, lost: Bools, which: Rows) -> Output:
        """What the node yields on the rows `which` of those asked for, where that is not what the intact one does."""
        changed = (values != self._old.take(which, axis=0)) & self.batch.present.take(which, axis=0)
        differs = np.logical_or(any_of(changed, len(which)), lost != self._was_lost[which])
        return Output(self.rows[which[differs]], values[differs], lost[differs])


def any_of(at: Bools | None, count: int) -> Bools:
    """[input]: whether any position of each of `count` inputs is marked; None marks none."""
    return np.zeros(count, dtype=np.bool_) if at is None else any_position(at)
