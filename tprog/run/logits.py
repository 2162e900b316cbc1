"""Logits: what the readout adds up of the variables that it reads, and where it lacks a row.

They are whole multiples of 1 / `Program.logit_scale`, in int64, or in int32 where a program's proven bound says that
nothing is lost: they are most of what an execution moves in memory. Shapes: [input, position, class], or [input, class]
if pooled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.program import Program, Symbols, Weights
from tprog.run.batch import Array, Batch, Bools

_TOGETHER = 512
"""Combinations of values that are looked up together: their logits stay in a core's nearest cache."""

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
    totals = _nothing(batch, program, _kind(program))
    _add_symbols(totals, program, values)
    _add_numbers(totals, program, values)
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
    kind = np.result_type(_kind(program, base.program), base.totals)
    totals = _nothing(batch, program, kind) if program.readout.pooled else base.totals.astype(kind, order="C")
    for name in old_terms | terms:
        same = old_terms.get(name) == terms.get(name)
        if same and name not in changed:
            continue
        if same and (program is base.program or program.variables[name].domain == base.program.variables[name].domain):
            _add_change(totals, program, terms[name], values[name], base.values[name])
            continue
        if name in terms:
            _add_term(totals, program, terms[name], values[name])
        if name in old_terms:
            _add_term(totals, base.program, old_terms[name], base.values[name], sign=-1)
    return base.totals + _pooled(program, batch, totals) if program.readout.pooled else totals


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


def _kind(*programs: Program) -> np.dtype[Any]:
    """The type that holds the logits of these programs."""
    return np.dtype(np.int32 if all(program.logit_bound < _NARROW for program in programs) else np.int64)


def _nothing(batch: Batch, program: Program, kind: np.dtype[Any]) -> Array:
    """[input, position, class] zeros."""
    return np.zeros((*batch.tokens.shape, len(program.written_classes)), dtype=kind)


def _add_symbols(totals: Array, program: Program, values: Mapping[str, Array]) -> None:
    """Add the shares of all categorical variables to totals [input, position, class].

    Those of variables with few values are looked up together, in a table of all combinations: a look-up costs much more
    than an addition.
    """
    table, codes = np.zeros((1, 1), dtype=totals.dtype), None
    for term in program.readout.terms:
        if not isinstance(program.variables[term.variable].domain, Symbols):
            continue
        rows, more = _symbol_rows(program, term, totals.dtype), values[term.variable]
        if codes is not None and len(table) * len(rows) <= min(_TOGETHER, codes.size):  # else more is made than is read
            table = (table[:, None] + rows).reshape(len(table) * len(rows), -1)
            codes = codes.astype(np.int16) * len(rows) + more
            continue
        if codes is not None:
            totals += table.take(codes, axis=0)
        table, codes = rows, more
    if codes is not None:
        totals += table.take(codes, axis=0)


def _add_numbers(totals: Array, program: Program, values: Mapping[str, Array]) -> None:
    """Add the shares of all numbers to totals [input, position, class], which are many, and so outermost meanwhile."""
    apart: Array | None = None
    for term in program.readout.terms:
        if not isinstance(program.variables[term.variable].domain, Symbols):
            row = _number_row(program, term, totals.dtype)
            share = np.multiply.outer(row, values[term.variable].astype(totals.dtype))
            apart = share if apart is None else np.add(apart, share, out=apart)
    if apart is not None:
        totals += np.moveaxis(apart, 0, -1)


def _add_term(totals: Array, program: Program, term: Weights, values: Array, sign: int = 1) -> None:
    """Add one variable's share to totals [input, position, class]."""
    totals += _share(totals, program, term, values, sign)


def _add_change(totals: Array, program: Program, term: Weights, values: Array, old: Array) -> None:
    """Add what one variable's share has changed by: at few positions, mostly, and only there it is looked at."""
    at = np.flatnonzero(values != old)
    values, old = values.ravel().take(at), old.ravel().take(at)
    if isinstance(program.variables[term.variable].domain, Symbols):
        rows = _symbol_rows(program, term, totals.dtype)
        share = rows.take(values, axis=0) - rows.take(old, axis=0)
    else:
        moved = values.astype(totals.dtype) - old.astype(totals.dtype)
        share = np.multiply.outer(moved, _number_row(program, term, totals.dtype))
    totals.reshape(-1, totals.shape[2])[at] += share


def _share(totals: Array, program: Program, term: Weights, values: Array, sign: int = 1) -> Array:
    """[..., class]: what one variable adds where it has these values [...], in the type of the totals."""
    if isinstance(program.variables[term.variable].domain, Symbols):
        found: Array = _symbol_rows(program, term, totals.dtype, sign).take(values, axis=0)
        return found
    product: Array = np.multiply.outer(values.astype(totals.dtype), _number_row(program, term, totals.dtype, sign))
    return product


def _symbol_rows(program: Program, term: Weights, kind: np.dtype[Any], sign: int = 1) -> Array:
    """[code, class]: what each value of a categorical variable adds."""
    rows: Array = (term.array * (sign * program.logit_scale // program.readout.scale)).astype(kind, copy=False)
    return rows


def _number_row(program: Program, term: Weights, kind: np.dtype[Any], sign: int = 1) -> Array:
    """[class]: what each unit of a variable's numerators adds.

    A number too large for the type of the logits has the weight 0, so what it is cut to does not matter.
    """
    unit = sign * program.logit_scale // program.readout.scale // program.numbers(term.variable).denominator
    row: Array = (term.array[0] * unit).astype(kind, copy=False)
    return row


def _pooled(program: Program, batch: Batch, totals: Array) -> Array:
    """[input, position, class] as it is, or [input, class] summed over positions if the program is pooled."""
    if not program.readout.pooled:
        return totals
    summed: Array = np.where(batch.present[:, :, None], totals, 0).sum(axis=1)
    return summed
