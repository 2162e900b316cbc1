"""What is dead in a program, by taking it away: slow, plain, and without any code of the analyses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeVar

import numpy as np

from analyze.results.dead import Removal
from tests.interventions import frozen
from tprog.ir.entries import TableKey, WeightsOf, owner
from tprog.ir.program import Lookup, Node, Numbers, Program, Quotients, Symbols, Value
from tprog.run.batch import Array, Batch
from tprog.run.execute import Execution, execute
from tprog.tasks.builtin import Inputs
from tprog.tasks.input_domain import InputDomain, framed, symbols_of

T = TypeVar("T")

MOST_INPUTS = 4000
"""A domain with more inputs is cut to the lengths that have no more together."""

MOST_VALUES = 1024
"""Nodes with more values than this are not replaced by each of them."""


def domain_of(program: Program) -> Inputs:
    """All inputs of a program, or those of up to so many symbols that there are at most `MOST_INPUTS`."""
    symbols = symbols_of(program.vocabulary)
    longest = program.max_length - (len(program.vocabulary) - len(symbols))
    most = next(n for n in range(longest, 0, -1) if InputDomain(len(symbols), 1, n).size <= MOST_INPUTS or n == 1)
    batch = framed(InputDomain(len(symbols), 1, most).enumerate(), symbols, program.vocabulary)
    which = "all" if most == longest else f"all of up to {most} symbols:"
    return Inputs(batch, None, True, f"{which} {len(batch)} inputs")


def answers(program: Program, batch: Batch) -> Array:
    """[input, place]: the class predicted, -1 where none is; for an input in a hole, a number below for where it is."""
    run = execute(program, batch)
    found = run.predictions[:, None] if program.readout.pooled else run.predictions
    found = found.astype(np.int64)
    for row in np.flatnonzero(run.in_hole).tolist():
        hole = run.hole(row)
        found[row] = _holes.setdefault(f"{hole} at {hole and hole.position}", -2 - len(_holes))
    return found


_holes: dict[str, int] = {}
"""A hole in words, with its position -> its number."""


def _stays(program: Program, batch: Batch, before: Array, few: Array) -> bool:
    """Whether a changed program answers as before; tried on a few inputs first."""
    part = batch.take(few)
    return bool((answers(program, part) == before[few]).all() and (answers(program, batch) == before).all())


def values_of(program: Program, name: str) -> list[Value] | None:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return list(domain.values)
    low, high = domain.ends
    if isinstance(domain, Quotients):
        return None
    return [Fraction(n, domain.denominator) for n in range(low, high + 1)] if high - low < MOST_VALUES else None


@dataclass
class Truth:
    """What brute force finds of one node: kinds of deadness, and the constants at which it is inert (None: untried)."""

    kinds: set[str]
    inert_at: list[Value] | None


def truths(program: Program, inputs: Inputs) -> dict[str, Truth]:
    """What holds of each node over the inputs."""
    batch, run = inputs.batch, execute(program, inputs.batch)
    before = answers(program, batch)
    few = np.unique(np.linspace(0, len(batch) - 1, 60).astype(int))
    unread = _unread(program)
    found = {}
    for node in program.nodes:
        name, kinds = node.name, set()
        values = values_of(program, name)
        inert = (
            None if values is None else [v for v in values if _stays(frozen(program, {name: v}), batch, before, few)]
        )
        seen = _decoded(run, name)
        if seen is not None and len(set(seen)) == 1:
            kinds.add("constant")
        if seen is not None and any(_decoded(run, other, name) == seen for other in _earlier(program, name)):
            kinds.add("mergeable")
        if inert:
            kinds.add("inert")
        if name in unread:
            kinds.add("unread")
        found[name] = Truth(kinds, inert)
    return found


def _earlier(program: Program, name: str) -> list[str]:
    names, own = list(program.variables), isinstance(program.variables[name].domain, Symbols)
    return [n for n in names[: names.index(name)] if isinstance(program.variables[n].domain, Symbols) == own]


def _decoded(run: Execution, variable: str, at: str | None = None) -> list[object] | None:
    """The values of a variable wherever `at` (itself) is computed; None if a hole or nothing is met there."""
    at = at or variable
    if at in map(owner, run.holed):
        return None
    order, stopped = list(run.program.by_name), np.zeros(len(run.batch), dtype=bool)
    for holed, holes in run.holed.items():
        node = owner(holed)
        if node is not None and order.index(node) < order.index(at):
            stopped |= holes.any(axis=1)
    codes = run.values[variable][run.batch.present & ~stopped[:, None]].tolist()
    domain = run.program.variables[variable].domain
    table: dict[int, object] = {
        code: domain.values[code] if isinstance(domain, Symbols) else Fraction(domain.number(code))
        for code in set(codes)
    }
    return [table[code] for code in codes] or None


def _unread(program: Program) -> set[str]:
    """The nodes that can tell nothing: no weights that differ by class and value, no hole, no such reader."""
    telling = {name for name, codes in program.outcome_codes.items() if len(codes) > 1}
    for term in program.weights:
        rows = [row for row in term.rows if row is not None]
        numeric = not isinstance(program.variables[term.variable].domain, Symbols)
        spread = {tuple(w - row[0] for w in row) for row in rows} | (
            {(0,) * len(program.written_classes)} if numeric else set()
        )
        if None in term.rows or len(spread) > 1:
            telling.add(term.variable)
    for node in reversed(program.nodes):
        if node.name in telling or node.partial:
            telling |= {node.name, *node.reads}
    return {node.name for node in program.nodes} - telling


def without(program: Program, removable: Sequence[Removal]) -> Program:
    """The program with a set of nodes taken out: tables of constants, and tables that pass their mate on."""
    constants: dict[str, Value] = {}
    for removal in removable:
        if removal.mate is None:
            assert removal.constant is not None
            constants[removal.name] = removal.constant
    program = frozen(program, constants)
    for removal in removable:
        if removal.mate is None:
            continue
        domain, theirs = program.variables[removal.name].domain, program.variables[removal.mate].domain
        if isinstance(domain, Symbols) and isinstance(theirs, Symbols):
            cells = tuple(value if value in domain.codes else None for value in theirs)
            table = Lookup(removal.name, (removal.mate,), (None,), domain.values, cells)
        else:
            assert isinstance(theirs, Numbers)
            low, high = theirs.ends
            levels = tuple(Fraction(n, theirs.denominator) for n in range(low, high + 1))
            table = Lookup(removal.name, (removal.mate,), (levels,), None, levels)
        program = replace(program, nodes=tuple(table if n.name == removal.name else n for n in program.nodes))
    return program


def lacking(program: Program, entries: Sequence[tuple[TableKey, int]]) -> Program:
    """The program without entries, given as (table, index) of `analyze.reached_entries.entries_of`."""
    gone: dict[TableKey, set[int]] = {}
    for table, index in entries:
        gone.setdefault(table, set()).add(index)

    def holes(table: TableKey, rows: tuple[T | None, ...]) -> tuple[T | None, ...]:
        return tuple(None if index in gone.get(table, ()) else row for index, row in enumerate(rows))

    def lesser(node: Node) -> Node:
        for table, entries in node.tables.items():
            node = node.with_answers(holes(table, entries.answers), table)
        return node

    terms = tuple(replace(t, rows=holes(WeightsOf(t.variable), t.rows)) for t in program.readout.terms)
    return replace(program, nodes=tuple(map(lesser, program.nodes)), readout=replace(program.readout, terms=terms))
