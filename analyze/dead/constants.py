"""The constants at which a node may be inert: fixed at one, it changes no prediction on the inputs tried so far."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from analyze.dataflow import reached_from
from analyze.outcome import Ground, Rows, spread
from analyze.piecewise import Pieces
from tprog.ir.domains import INT64_LIMIT
from tprog.ir.program import Program, Quotients, Symbols
from tprog.run.execute import Execution, execute
from tprog.run.groups import tallied
from tprog.run.pieces import slices

MOST_VALUES = 1024
"""A numeric node with more possible values than this is tried only at those that it takes."""

_FEWEST, FIRST_SAMPLE, SECOND_SAMPLE = 4, 48, 1024
"""Inputs on which a constant is tried before all of them: most constants fall on a few."""

_REFUTED_AT_ONCE = 2**14
"""A node with no more possible values than this is tried at all of them on a few inputs, before anybody asks which of
them it takes on all inputs: most often none stands, and nobody has to."""


def standing_constants(pieces: Pieces, pilot: Ground, names: Sequence[str]) -> dict[str, list[int]]:
    """node -> the constants at which a few inputs do not refute that it is inert, the most frequent one first.

    A node with very many possible values is tried at those that it takes over all inputs.
    """
    program = pieces.program
    found: dict[str, list[int]] = {}
    counted = []
    for name in names:
        if _values_possible(program, name) <= _REFUTED_AT_ONCE:
            found[name] = _inert_on(pilot, name, pieces.most, _all_codes(program, name))
        if name not in found or (is_wide(program, name) and {*found[name]} - {pilot.mode(name)}):
            counted.append(name)
    for name, taken in _values_taken(pieces, counted).items():
        if name in found:
            tried = taken | {pilot.mode(name)}
            found[name] = [code for code in found[name] if code in tried]
        else:
            found[name] = _inert_on(pilot, name, pieces.most, sorted(taken))
    return found


def is_wide(program: Program, name: str) -> bool:
    """Whether a node is tried only at the values that it takes."""
    return not isinstance(program.variables[name].domain, Symbols) and _values_possible(program, name) > MOST_VALUES


def _values_possible(program: Program, name: str) -> int:
    """How many values the domain of a variable has."""
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return len(domain)
    if isinstance(domain, Quotients):
        return INT64_LIMIT if domain.codes is None else len(domain.codes)
    return domain.ends[1] - domain.ends[0] + 1


def _all_codes(program: Program, name: str) -> Iterable[int]:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return range(len(domain))
    if isinstance(domain, Quotients):
        return domain.codes or ()
    return range(domain.ends[0], domain.ends[1] + 1)


def _values_taken(pieces: Pieces, names: Sequence[str]) -> dict[str, set[int]]:
    """The codes (or numerators) that variables take over the inputs."""
    taken: dict[str, set[int]] = {name: set() for name in names}
    for on in pieces if names else ():
        for name in names:
            taken[name].update(tallied(on.intact.values[name][on.computed(name)])[0])
    return taken


def _inert_on(on: Ground, name: str, at_once: int, tried: Iterable[int]) -> list[int]:
    """The constants at which fixing the node changes no prediction on these inputs, its mode first; `at_once` inputs
    can be held."""
    mode = on.mode(name)
    codes = [mode, *(code for code in tried if code != mode)]
    for most in (_FEWEST, FIRST_SAMPLE, SECOND_SAMPLE):
        rows = spread(len(on.batch), most)
        size = max(1, min(8 * SECOND_SAMPLE, at_once) // max(len(rows), 1))
        codes = [code for part in slices(len(codes), size) for code in surviving(on, name, codes[part], rows)]
    return codes


def surviving(on: Ground, name: str, codes: Sequence[int], rows: Rows) -> list[int]:
    """The constants at which fixing the node changes no prediction on the inputs `rows`: all tried in one execution."""
    if not len(rows) or not codes:
        return list(codes)
    tiled = np.tile(rows, len(codes))
    fixed = np.broadcast_to(np.repeat(codes, len(rows))[:, None], (len(tiled), on.batch.tokens.shape[1]))
    base = _base(on, name, tiled)
    run = execute(on.program, base.batch, overrides={name: fixed}, base=base)
    stays = on.same(run, tiled).reshape(len(codes), len(rows))
    return [code for code, kept in zip(codes, stays, strict=True) if kept.all()]


def _base(on: Ground, name: str, rows: Rows) -> Execution:
    """The intact execution of the chosen inputs, as far as anything downstream of the node reads it."""
    intact, downstream = on.intact, reached_from(on.program, [name])
    read = downstream.union(*(node.reads for node in on.program.nodes if node.name in downstream))
    read |= {term.variable for term in on.program.weights if term.partial} | {*on.program.variables_out}
    read = read.union(*(intact.asked(name) for name in intact.holed))
    nothing = np.broadcast_to(np.int8(0), (len(rows), on.batch.tokens.shape[1]))
    values = {n: codes[rows] if n in read else nothing for n, codes in intact.values.items()}
    holed = {n: at[rows] for n, at in intact.holed.items()}
    return Execution(on.program, on.batch.take(rows), values, holed, intact.totals[rows])


def failing(on: Ground, name: str, code: int) -> Rows:
    """The inputs on which fixing the node at the code changes an outcome."""
    touched = ((on.intact.values[name] != code) & on.batch.present).any(axis=1)
    touched |= on.intact.lost_at(name).any(axis=1)
    rows = np.flatnonzero(touched)
    if not len(rows):
        return rows
    base = _base(on, name, rows) if len(rows) < len(touched) else on.intact
    run = execute(on.program, base.batch, overrides={name: code}, base=base)
    return rows[~on.same(run, rows)]
