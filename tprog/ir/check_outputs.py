"""What makes the outputs and the readout of a Program well-formed."""

from __future__ import annotations

from collections.abc import Mapping

from tprog.errors import BadProgram, NotExact
from tprog.ir.check import Frame
from tprog.ir.domains import BEGIN, END, Domain, Numbers, Numeric, Quotients, Symbols, Variable
from tprog.ir.readout import Weights
from tprog.listing import listing


def check_outputs(program: Frame, variables: Mapping[str, Variable]) -> None:
    """Refuse outputs that are neither the readout nor variables, each once, and a readout that does not come out."""
    outputs, readout = program.outputs, program.readout
    named = () if readout.implied else (readout.name,)
    if not outputs:
        raise BadProgram("there are no outputs; expected one at least")
    if len(set(outputs)) != len(outputs):
        raise BadProgram(f"the outputs {outputs!r} name one twice; expected each once")
    if unknown := [name for name in outputs if name not in variables and name not in named]:
        known = listing((*variables, *named))
        raise BadProgram(
            f"the outputs {outputs!r} have {unknown[0]!r}, which is neither a variable nor the readout; expected some "
            f"of {known}"
        )
    if named:
        _check_beside(program, variables)


def _check_beside(program: Frame, variables: Mapping[str, Variable]) -> None:
    """Refuse a readout that does not come out, that has no name of its own, or that answers for an input as a whole
    where others answer for each position."""
    outputs, readout = program.outputs, program.readout
    if readout.name not in outputs:
        raise BadProgram(f"the outputs are {outputs!r}; expected the readout {readout.name!r} among them")
    if readout.name in variables or not readout.name.isidentifier() or not readout.name.isascii():
        what = "the name of a variable" if readout.name in variables else "no plain Python identifier"
        raise BadProgram(f"the readout is called {readout.name!r}, {what}; expected another name")
    if len(outputs) > 1 and readout.pooled:
        raise BadProgram(f"the outputs are {outputs!r}; a pooled readout, with one answer an input, comes out alone")


def check_readout(program: Frame, variables: Mapping[str, Variable]) -> None:
    readout = program.readout
    if not program.written_classes:
        raise BadProgram("there are no classes; expected at least one")
    if readout.scale < 1:
        raise BadProgram(f"the readout's scale is {readout.scale}; expected a whole number of at least 1")
    if unforceable := [word for word in readout.forced if word not in (BEGIN, END) or word not in program.vocabulary]:
        raise BadProgram(f"the readout forces {unforceable!r}; only {BEGIN!r} and {END!r}, if present, can be forced")
    if readout.rows_needed not in ("free", "everywhere"):
        raise BadProgram(f"rows_needed is {readout.rows_needed!r}; expected 'free' or 'everywhere'")
    if readout.pooled and readout.forced:
        raise BadProgram("a pooled readout predicts one class for the whole input, so it forces no position")
    _check_terms(program, variables)


def _check_terms(program: Frame, variables: Mapping[str, Variable]) -> None:
    """Refuse terms of the readout that are not of the variables, each once and in their order."""
    order = {name: index for index, name in enumerate(variables)}
    previous = -1
    for term in program.readout.terms:
        if term.variable not in variables:
            raise BadProgram(f"the readout reads {term.variable!r}, which is not a variable")
        if order[term.variable] <= previous:
            raise BadProgram(
                f"the readout's term {term.variable!r} is out of order; expected the order of the variables"
            )
        previous = order[term.variable]
        _check_rows(term, variables[term.variable].domain, len(program.written_classes))


def _check_rows(term: Weights, domain: Domain, classes: int) -> None:
    """Refuse a term of the readout without one row for each value, or one for a number, of one weight a class."""
    expected = len(domain) if isinstance(domain, Symbols) else 1
    if len(term.rows) != expected:
        raise BadProgram(f"the readout has {len(term.rows)} rows for {term.variable!r}; expected {expected}")
    if not isinstance(domain, Symbols):
        _check_weighable(term, domain)
    if term.width == classes:
        return
    for row in term.rows:
        if row is not None and (len(row) != classes or any(type(w) is not int for w in row)):
            raise BadProgram(
                f"the readout of {term.variable!r} has the row {row!r}; expected {classes} whole numbers, one a class"
            )


def _check_weighable(term: Weights, domain: Numeric) -> None:
    """Refuse to weigh numbers without a common unit, or by no weights."""
    if isinstance(domain, Quotients):
        raise NotExact(
            f"the readout weighs {term.variable!r}, whose numbers have no common denominator below 2**63; read it by a "
            "lookup first"
        )
    if isinstance(domain, Numbers) and term.rows[0] is None:
        raise BadProgram(f"the readout of the number {term.variable!r} has no row; leave the term out instead")
