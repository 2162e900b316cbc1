"""Which entries inputs reach: the rows, cells, words and weight rows that a program consults, counted over a batch.

An entry is *consulted* at (input, position) if the emitted module looks it up there:

- a head, its query's row, of each of its clauses, where it may see any position (a window without positions asks
  the predicate nothing);
- a lookup its cell and an embedding its word, at every position, and a sum all its coefficients;
- the readout a variable's weight row (a number's one row too), where a class is predicted: not at forced outputs,
  unless `Classify.rows_needed` says everywhere; in a pooled program, at every position.

An input stops at its first hole, in execution order and there at the first position: that missing entry is the last one
it consults. What is read for nothing (by a node that no weight reads) is consulted all the same. Wirings are not
counted: each node's is consulted by every input that gets there.

Entries belong to *tables*, named as `Execution.holed` names them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from tprog.ir.entries import Entries, TableKey, WeightsOf
from tprog.ir.entry import Entry, entry_of
from tprog.ir.program import (
    Program,
    Symbols,
    Weights,
)
from tprog.run.attention import sees
from tprog.run.batch import Array, Batch, Bools
from tprog.run.evaluate import entry_codes
from tprog.run.execute import Execution, execute
from tprog.run.logits import read_out_at
from tprog.run.pieces import pieces_of

Unit: TypeAlias = Literal["positions", "inputs"]
"""What is counted: (input, position) pairs, or inputs that consult an entry at one position at least."""


# Tables ###############################################################################################################


def entries_of(program: Program) -> dict[TableKey, tuple[Entry, ...]]:
    """table -> its entries, missing ones included, both in execution order; within a table in the order of the record
    (`Head.predicate`, `Lookup.cells`, `Embedding.table`, `Weights.rows`)."""
    found: dict[TableKey, tuple[Entry, ...]] = {}
    for node in program.nodes:
        for table, entries in node.tables.items():
            found[table] = tuple(entry_of(table, entries.part, at) for at in entries.keys(program.variables))
    for term in program.weights:
        domain = program.variables[term.variable].domain
        if isinstance(domain, Symbols):
            rows = tuple(Entry("readout", "weights", (term.variable, value)) for value in domain)
        else:
            rows = (Entry("readout", "weights", (term.variable,)),)
        found[WeightsOf(term.variable)] = rows
    return found


def holes_of(program: Program) -> dict[TableKey, Bools]:
    """table -> [entry]: which of its entries are missing."""

    def missing(table: tuple[object, ...]) -> Bools:
        return np.array([row is None for row in table], dtype=np.bool_)

    found: dict[TableKey, Bools] = {
        table: missing(entries.answers) for node in program.nodes for table, entries in node.tables.items()
    }
    return found | {WeightsOf(term.variable): missing(term.rows) for term in program.weights}


# What one execution consults ##########################################################################################


@dataclass(frozen=True, eq=False)
class Consulted:
    """What inputs consult in one table.

    Attributes:
        table: which it is.
        size: how many entries it has.
        at: [input, position] index of the entry in the table; meaningless where `where` is false.
        where: [input, position] whether one is consulted.
    """

    table: TableKey
    size: int
    at: Array
    where: Bools


def consulted(execution: Execution) -> Iterator[Consulted]:
    """What each input of an execution without overrides consults, table by table, in execution order.

    A sum, which consults all its entries at once, comes once for each.
    """
    program, batch = execution.program, execution.batch
    going = np.ones(len(batch), dtype=np.bool_)  # [input]: has met no hole so far
    for node in program.nodes:
        where = batch.present
        if node.selection is not None:
            where = where & sees(node.selection, program, batch)
        for table, entries in node.tables.items():
            runs = where & _until(execution, table, going)
            for at in _places(entries, execution):
                yield Consulted(table, len(entries), at, runs)
            going = _still(execution, table, going)
    everywhere = program.readout.rows_needed == "everywhere"
    read_at = batch.present if everywhere else read_out_at(program, batch)
    for term in program.weights:
        table = WeightsOf(term.variable)
        at = weight_codes(program, term, execution.values[term.variable])
        yield Consulted(table, len(term.rows), at, read_at & _until(execution, table, going))
        going = _still(execution, table, going)


def _places(entries: Entries, execution: Execution) -> Iterator[Array]:
    """[input, position] which entry of a table is consulted: the one that is picked, or all, one after the other."""
    if entries.named is None:
        yield entry_codes(entries, execution.program, execution.values)
    else:
        shape = execution.batch.tokens.shape
        yield from (np.broadcast_to(np.int64(at), shape) for at in range(len(entries)))


def _until(execution: Execution, table: TableKey, going: Bools) -> Bools:
    """[input, position], or [input, 1]: the positions at which an input still runs, its first hole included."""
    if table not in execution.holed:
        return going[:, None]
    at = execution.holed[table]
    first: Bools = np.cumsum(at, axis=1) - at == 0
    return going[:, None] & first


def _still(execution: Execution, table: TableKey, going: Bools) -> Bools:
    return going & ~execution.holed[table].any(axis=1) if table in execution.holed else going


def weight_codes(program: Program, term: Weights, values: Array) -> Array:
    """[...]: the index, among the rows of a readout term, of the one for each value; a number has one row."""
    return values if isinstance(program.variables[term.variable].domain, Symbols) else np.zeros_like(values)


# Counts ###############################################################################################################


def reached(execution: Execution, *, inputs: Bools | None = None, unit: Unit = "positions") -> dict[Entry, int]:
    """How often each entry of a program is consulted.

    Args:
        execution: of the intact program, without overrides.
        inputs: [input] the inputs that count; left out: all.
        unit: whether to count (input, position) pairs or inputs.

    Returns:
        every entry of the program but the wirings, missing ones included, in execution order; 0 where none reaches it.
    """
    groups = np.zeros(len(execution.batch), dtype=np.int64) if inputs is None else np.where(inputs, 0, -1)
    counts = Counts(execution.program, 1, unit)
    counts.add(execution, groups)
    return {entry: int(by_group[0]) for entry, by_group in counts.by_entry().items()}


class Counts:
    """How often each entry is consulted, by groups of inputs, summed up execution by execution.

    ``Counts(program, 2)`` and ``add(execution, wrong)``, with [input] 0 or 1, count apart for right and wrong inputs.

    Attributes:
        tables: table -> [entry, group] counts; the entries are those of `entries_of`.
    """

    def __init__(self, program: Program, groups: int = 1, unit: Unit = "positions") -> None:
        self.program, self.groups, self.unit = program, groups, unit
        sizes: dict[TableKey, int] = {
            table: len(entries) for node in program.nodes for table, entries in node.tables.items()
        }
        sizes |= {WeightsOf(term.variable): len(term.rows) for term in program.weights}
        self.tables: dict[TableKey, Array] = {
            table: np.zeros((size, groups), dtype=np.int64) for table, size in sizes.items()
        }

    def add(self, execution: Execution, groups: Array | None = None) -> None:
        """Count one execution without overrides.

        Args:
            groups: the group of each input, 0-based, -1 for none; [input], or [input, position] where the unit is
                positions. Left out: all are in group 0.
        """
        for found in consulted(execution):
            where, at = found.where, found.at.astype(np.int64)
            group = np.zeros(at.shape, np.int64) if groups is None else _wide(groups, at.shape)
            where = where & (group >= 0)
            flat = at[where] * self.groups + group[where]
            if self.unit == "inputs":
                rows = np.broadcast_to(np.arange(len(at))[:, None], at.shape)[where]
                flat = np.unique(rows * (found.size * self.groups) + flat) % (found.size * self.groups)
            self.tables[found.table] += np.bincount(flat, minlength=found.size * self.groups).reshape(-1, self.groups)

    def by_entry(self) -> dict[Entry, Array]:
        """entry -> [group] counts, in execution order."""
        found = entries_of(self.program)
        return {
            entry: self.tables[table][place] for table, entries in found.items() for place, entry in enumerate(entries)
        }


def _wide(groups: Array, shape: tuple[int, ...]) -> Array:
    wide = groups.astype(np.int64)
    return np.broadcast_to(wide[:, None] if wide.ndim == 1 else wide, shape)


def count_reached(program: Program, batch: Batch, *, groups: Array | None = None, unit: Unit = "positions") -> Counts:
    """`Counts` over any number of inputs, executed in pieces: memory does not grow with them.

    Args:
        groups: [input] the group of each, 0-based, -1 for none; left out: one group.
    """
    number = 1 if groups is None else int(groups.max(initial=0)) + 1
    counts = Counts(program, number, unit)
    for rows, piece in pieces_of(program, batch):
        counts.add(execute(program, piece), None if groups is None else groups[rows])
    return counts
