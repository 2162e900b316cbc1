"""Logits: what the readout adds up of the variables that it reads, and where it lacks a row.

They are whole multiples of 1 / `Program.logit_scale`, in int64, or in int32 where a program's proven bound says that
nothing is lost: they are most of what an execution moves in memory. Shapes: [input, position, class], or [input, class]
if pooled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.program import Program, Symbols, Weights
from tprog.run.batch import Array, Batch, Bools

_NARROW = 2**29
"""Logits below this are held in int32: so are the difference of two, and what is left when one is taken away."""


class Summed(Protocol):
    """An execution whose logits are known."""

    @property
    def program(self) -> Program: ...
    @property
    def values(self) -> Mapping[str, Array]: ...
    @property
    def totals(self) -> Array: ...


def read_out_at(program: Program, batch: Batch) -> Bools:
    """[input, position]: whether logits are read there: within the input and, unless pooled, not forced."""
    if program.readout.pooled or not program.readout.forced:
        return batch.present
    read = batch.present.copy()
    for word in program.readout.forced:
        read &= batch.tokens != program.vocabulary.index(word)
    return read


def summed_up(program: Program, batch: Batch, values: Mapping[str, Array]) -> Array:
    """The logits' numerators."""
    if program.readout.implied:
        return np.zeros((*batch.tokens.shape, 0), dtype=np.int64)
    totals = _nothing(batch, program)
    for term in program.readout.terms:
        _add_term(totals, program, term, values[term.variable])
    return _pooled(program, batch, totals)


def totals_on_top(
    program: Program, batch: Batch, values: Mapping[str, Array], changed: set[str], base: Summed
) -> Array:
    """The same, from those of an earlier execution: only the terms that differ are added up.

    Args:
        changed: the variables whose values, or whose domains, are not those of the earlier execution.
    """
    if program.readout.implied or not _summed_alike(program, base.program):
        return summed_up(program, batch, values)
    terms = {term.variable: term for term in program.readout.terms}
    old_terms = {term.variable: term for term in base.program.readout.terms}
    alike = program.readout is base.program.readout
    if alike and changed.isdisjoint(terms):
        return base.totals
    difference = _nothing(batch, program, base.program)
    for name in old_terms | terms:
        if name not in changed and (alike or old_terms.get(name) == terms.get(name)):
            continue
        if name in terms:
            _add_term(difference, program, terms[name], values[name])
        if name in old_terms:
            _add_term(difference, base.program, old_terms[name], base.values[name], sign=-1)
    return base.totals + _pooled(program, batch, difference)


def _summed_alike(program: Program, other: Program) -> bool:
    """Whether the logits of two programs are of the same classes, in the same unit."""
    return (
        program.logit_scale == other.logit_scale
        and program.readout.scale == other.readout.scale
        and len(program.written_classes) == len(other.written_classes)
    )


def missing_rows(program: Program, batch: Batch, values: Mapping[str, Array]) -> dict[TableKey, Bools]:
    """Where the readout reaches missing rows of its terms."""
    found: dict[TableKey, Bools] = {}
    if not (partial := [term for term in program.weights if term.partial]):
        return found
    read_at = batch.present if program.readout.rows_needed == "everywhere" else read_out_at(program, batch)
    for term in partial:
        absent = np.array([row is None for row in term.rows])
        if (missing := absent[values[term.variable]] & read_at).any():
            found[WeightsOf(term.variable)] = missing
    return found


def _nothing(batch: Batch, *programs: Program) -> Array:
    """[input, position, class] zeros, of a type that holds the logits of these programs."""
    narrow = all(program.logit_bound < _NARROW for program in programs)
    shape = (*batch.tokens.shape, len(programs[0].written_classes))
    return np.zeros(shape, dtype=np.int32 if narrow else np.int64)


def _add_term(totals: Array, program: Program, term: Weights, values: Array, sign: int = 1) -> None:
    """Add one variable's share to totals [input, position, class]."""
    domain = program.variables[term.variable].domain
    unit = sign * program.logit_scale // program.readout.scale
    if isinstance(domain, Symbols):
        totals += (term.array * unit).astype(totals.dtype, copy=False).take(values, axis=0)
    else:
        row = term.array[0] * (unit // program.numbers(term.variable).denominator)
        # A number too large for the logits' type has the weight 0, so what it is cut to does not matter.
        totals += np.multiply(values[:, :, None], row, dtype=totals.dtype)


def _pooled(program: Program, batch: Batch, totals: Array) -> Array:
    """[input, position, class] as it is, or [input, class] summed over positions if the program is pooled."""
    if not program.readout.pooled:
        return totals
    summed: Array = np.where(batch.present[:, :, None], totals, 0).sum(axis=1)
    return summed
