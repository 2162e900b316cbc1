"""The weights of an emitted module: one line a value, so that a weight has a line, but for an identity readout."""

from __future__ import annotations

from collections.abc import Sequence

from tprog.ir.program import Numbers, Program, Symbols, Weights
from tprog.text.builder import Builder, literal, tuple_end
from tprog.text.identities import Identity, identity

TURNED = {0: "CLASSES", 1: "CLASSES[-1:] + CLASSES[:-1]", -1: "CLASSES[1:] + CLASSES[:1]"}
"""Step of an identity -> how a module writes the classes that its values are looked for among."""


def readout_lines(out: Builder, program: Program, side_name: str | None) -> None:
    """READOUT: the weights of each variable, a row a value, or as an identity where that replaces many."""
    if not program.readout.terms:
        out.line("READOUT = {}")
        return
    out.line("# For each value of each variable, its weight for each of CLASSES; w stands for w / SCALE.")
    out.line("# A number has one line, which it multiplies.")
    with out.block("READOUT = {"):
        for term in program.readout.terms:
            name = literal(term.variable)
            if isinstance(program.variables[term.variable].domain, Numbers):
                out.line(f"{name}: {weights_literal(term.rows[0])},")
            elif side_name and term.variable == "tokens":
                out.line(f'{name}: TABLES["READOUT"][{name}],')
            elif (found := identity_of(program, term)) is not None:
                _say_identity(out, program, term, found)
            else:
                with out.block(f"{name}: {{"):
                    for line in _rows(program, term, range(len(term.rows))):
                        out.line(line)
                out.line("},")
    out.line("}")


def _rows(program: Program, term: Weights, places: Sequence[int]) -> list[str]:
    values = program.symbols(term.variable).values
    return [f"{literal(values[at])}: {weights_literal(row)}," for at in places if (row := term.rows[at]) is not None]


def identity_of(program: Program, term: Weights) -> Identity | None:
    """The identity that a module says in place of the rows of a term."""
    domain = program.variables[term.variable].domain
    return identity(domain.values, program.written_classes, term.rows) if isinstance(domain, Symbols) else None


def _say_identity(out: Builder, program: Program, term: Weights, found: Identity) -> None:
    """The rows that are exceptions, and what all others are."""
    name, values = literal(term.variable), program.symbols(term.variable).values
    arguments = [values_named(program, term.variable), TURNED[found.step], str(found.weight)]
    if not found.exceptions:
        out.line(f"{name}: _identity({', '.join(['{}', *arguments])}),")
        return
    with out.block(f"{name}: _identity("):
        with out.block("{"):
            for at in found.exceptions:
                out.line(
                    f"{literal(values[at])}: {'None' if (row := term.rows[at]) is None else weights_literal(row)},"
                )
        out.line("},")
        for argument in arguments:
            out.line(f"{argument},")
    out.line("),")


def weights_literal(row: Sequence[int] | None) -> str:
    """A weight row: always one line, and never a range, because its numbers are weights."""
    return "(" + ", ".join(map(str, row or ())) + tuple_end(row or ())


def values_named(program: Program, variable: str) -> str:
    """How a module names the values of a categorical variable, in their order."""
    while variable in program.by_name and (node := program.by_name[variable]).kind == "head":
        variable = node.value  # a head has the domain of what it copies
    given = {"tokens": "VOCABULARY", "positions": "range(MAX_LENGTH)"}
    return given.get(variable, f"DOMAINS[{literal(variable)}]")
