"""What a prediction depends on: the entries that its computation consults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np

from tprog.ir.entries import Entries, TableKey
from tprog.ir.entry import Entry, entry_of
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbols,
    Value,
    Weights,
)
from tprog.ir.values import as_number
from tprog.run.attention import visible
from tprog.run.execute import Execution
from tprog.run.logits import read_out_at


def reached_entries(run: Execution) -> set[Entry]:
    """The rows, cells and words that the one input of `run` consults, and the wiring of every node."""
    program, n = run.program, int(run.batch.lengths[0])
    found: set[Entry] = set()
    for node in program.nodes:
        found.add(Entry(node.name, "wiring"))
        for position in range(n):
            found.update(entries_at(run, node, position) if consults(run, node, position) else ())
    return found


def seen(run: Execution, head: AttentionHead, position: int) -> range:
    """The positions that a head may attend to from one position of the one input of `run`."""
    return visible(head, run.program, position, int(run.batch.lengths[0]))


def consults(run: Execution, node: Node, position: int) -> bool:
    """Whether a node consults an entry at one position: a head does only if it may see anything from there."""
    head = node.selection
    return head is None or bool(seen(run, head, position))


def entries_at(run: Execution, node: Node, position: int) -> list[Entry]:
    """What a node consults at one position of the one input of `run`: a row a clause, a cell, a word, all of a sum."""
    return [where for table in node.tables for where in _entries_of(run, node, table, position)]


def _entries_of(run: Execution, node: Node, table: TableKey, position: int) -> list[Entry]:
    entries = node.tables[table]
    if entries.named is not None:
        return [entry_of(table, entries.part, key) for key in entries.named]
    at = asked_at(run, entries, 0, position)
    if entries.listed is not None and at not in set(entries.keys(run.program.variables)):
        at = ()
    return [entry_of(table, entries.part, at)]


def asked_at(run: Execution, entries: Entries, row: int, position: int) -> tuple[Value, ...]:
    """The values, or levels, by which an entry of a table is picked at one position."""
    at: list[Value] = []
    for read, levels in zip(entries.asked, entries.levels, strict=True):
        value = run.value(read, row, position)
        if levels is not None:
            number = as_number(value)
            value = max((level for level in levels if level <= number), default=levels[0])
        at.append(value)
    return tuple(at)


def dynamic_slice(run: Execution, place: int) -> list[Entry]:
    """The rows, cells, words and weight rows that a prediction for the one input of `run` consults.

    A head consults its queries there, the keys at all positions that it may see, and its value at those that it
    attends to or could; where it may see nothing, it consults neither. What can run into a hole decides about the
    whole output, so a table with a missing entry counts at every position.

    Source: Korel and Laski, "Dynamic program slicing", Information Processing Letters 29 (1988), over the data flow.

    Returns:
        entries in execution order, within a node by position.
    """
    program, n = run.program, int(run.batch.lengths[0])
    position, output = program.places.position(place), program.places.output(place) or program.outputs[0]
    places: Sequence[int] = range(n) if program.readout.pooled else (position,)
    wanted: dict[str, set[int]] = {variable: set() for variable in program.variables}
    if output in program.returned:
        wanted[output].add(position)
        places = ()
    for term in program.weights:
        wanted[term.variable] |= set(_places(run, term, places))
    found = _consulted(run, wanted)
    for term in program.weights:
        found += [
            weights_entry(program, term.variable, run.value(term.variable, 0, position))
            for position in _places(run, term, places)
        ]
    return list(dict.fromkeys(found))


def _consulted(run: Execution, wanted: dict[str, set[int]]) -> list[Entry]:
    """What nodes consult for the positions at which they are wanted, and those at which nodes are that they read."""
    program, n = run.program, int(run.batch.lengths[0])
    consulted: list[list[Entry]] = []
    for node in reversed(program.nodes):
        positions = sorted(range(n) if node.partial else wanted[node.name])
        consulted.append([where for p in positions if consults(run, node, p) for where in entries_at(run, node, p)])
        for position in positions:
            _demand(run, node, position, wanted)
    return [where for entries in reversed(consulted) for where in entries]


def weights_entry(program: Program, variable: str, value: Value | None) -> Entry:
    """The weight row that a value of a variable reads; a numeric variable has one for all."""
    categorical = isinstance(program.variables[variable].domain, Symbols)
    return Entry("readout", "weights", (variable, value) if categorical and value is not None else (variable,))


def _places(run: Execution, term: Weights, places: Sequence[int]) -> Sequence[int]:
    """The positions at which a readout term decides about a prediction at `places`."""
    if not term.partial:
        return places
    everywhere = run.program.readout.rows_needed == "everywhere"
    read_at = run.batch.present if everywhere else read_out_at(run.program, run.batch)
    return [int(position) for position in np.flatnonzero(read_at[0])]


def _demand(run: Execution, node: Node, position: int, wanted: dict[str, set[int]]) -> None:
    """Note what a node reads to yield its value at one position."""
    match node:
        case Embedding() | Lookup() | Linear():
            for read in node.reads:
                wanted[read].add(position)
        case Head() | NumericHead():
            window = seen(run, node, position)
            for clause in node.clauses.values():
                if window:
                    wanted[clause.query].add(position)
                wanted[clause.key] |= set(window)
            wanted[node.value] |= set(window)
            if node.kind == "head" and node.by is not None:
                wanted[node.by] |= set(window)
            if node.kind == "head" and node.copies_first:
                wanted[node.value].add(0)  # what a head copies where nothing matches
        case _:
            assert_never(node)
