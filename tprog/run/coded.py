"""A Program as plain tables of codes: what an executor in another language needs, and nothing that it must work out.

All values are those of `tprog.run.execute`: symbols are codes, numbers are numerators over the denominator of their
domain, or codes of quotients, logits are numerators over `Program.logit_scale`. A whole number that a float of 64 bits
may not hold is written as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, assert_never

from tprog.escape import spelled
from tprog.ir.answering import VariableKind
from tprog.ir.domains import Domain, Numbers, Quotients, Symbols
from tprog.ir.entries import TableKey
from tprog.ir.numeric import unit_of
from tprog.ir.program import (
    AttentionHead,
    Clause,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Weights,
)
from tprog.ir.values import Value, as_number, shown, spelling
from tprog.run.attention import mask_word
from tprog.run.evaluate import level_starts, numerator_share

EXACT_LIMIT = 2**53
"""Whole numbers below it are exact in a float of 64 bits, which is all that some languages have for numbers."""

Plain: TypeAlias = dict[str, Any]
"""What JSON can hold."""


def coded(program: Program) -> Plain:
    """The tables of a program, as types of JSON.

    Variables go by their number: ``tokens`` 0, ``positions`` 1, ``ones`` 2, then one a node, in execution order.
    ``big`` says that some number, on some input, may be 2**53 or more: arithmetic must then be that of whole numbers
    without bound.
    """
    place = {name: at for at, name in enumerate(program.variables)}
    domains: dict[Domain, int] = {}
    of = [domains.setdefault(variable.domain, len(domains)) for variable in program.variables.values()]
    kinds: list[VariableKind] = ["input", "input", "input", *(node.kind for node in program.nodes)]
    return {
        "vocabulary": program.vocabulary,
        "classes": program.classes,
        "max_length": program.max_length,
        "self_rule": program.self_rule,
        "unknown_rule": program.unknown_rule,
        "begins": program.marks.begins,
        "ends": program.marks.ends,
        "big": _is_big(program),
        "domains": [_domain(domain, program) for domain in domains],
        "variables": [
            {"name": name, "kind": kind, "domain": at}
            for (name, kind, at) in zip(program.variables, kinds, of, strict=True)
        ],
        "nodes": [_node(node, program, place) for node in program.nodes],
        "outputs": [_output(name, program, place) for name in program.outputs],
        "readout": None if program.readout.implied else _readout(program, place),
    }


def _domain(domain: Domain, program: Program) -> Plain:
    """Symbols as they are spelled; None where these are the words of the vocabulary, which may be many thousands."""
    match domain:
        case Symbols():
            symbols = shown_apart(domain.values)
            return {"symbols": None if symbols == list(program.vocabulary) else symbols}
        case Numbers():
            return {"denominator": _whole(domain.denominator)}
        case Quotients():
            return {"unit": _whole(domain.unit), "most": domain.most}
        case _:
            assert_never(domain)


def shown_apart(values: Sequence[Value]) -> list[str]:
    """Values as a person reads them: in their spelling; where two are spelled alike, words in quotes."""
    words = list(map(spelling, values))
    alike = len(set(words)) < len(words)
    return [spelled(shown(value) if alike else word) for value, word in zip(values, words, strict=True)]


def _node(node: Node, program: Program, place: dict[str, int]) -> Plain:
    domain = program.variables[node.name].domain
    match node:
        case Embedding():
            return {"table": _codes(node.table, domain)}
        case Head():
            by = None if node.by is None else place[node.by]
            default = None if node.default is None else program.symbols(node.value).codes[node.default]
            return {**_selection(node, program, place), "attend": node.attend, "by": by, "default": default}
        case NumericHead():
            return {**_selection(node, program, place), **_reduced(node, program)}
        case Lookup():
            return _lookup(node, program, place)
        case Linear():
            return _linear(node, program, place)
        case _:
            assert_never(node)


def _selection(node: AttentionHead, program: Program, place: dict[str, int]) -> Plain:
    return {
        "value": place[node.value],
        "mask": mask_word(node, program),
        "skip_first": node.skip_first,
        "alternatives": [
            [_clause(key, node.clauses[key], program, place) for key in keys] for keys in node.by_alternative
        ],
    }


def _clause(table: TableKey, clause: Clause, program: Program, place: dict[str, int]) -> Plain:
    """Its rows as numbers of key sets, -1 for a hole; each set of keys is listed once."""
    codes = program.symbols(clause.key).codes
    sets: dict[tuple[int, ...], int] = {}
    rows = [
        -1 if row is None else sets.setdefault(tuple(codes[key] for key in row), len(sets)) for row in clause.predicate
    ]
    return {"table": str(table), "query": place[clause.query], "key": place[clause.key], "rows": rows, "sets": [*sets]}


def _reduced(node: NumericHead, program: Program) -> Plain:
    """How sums become what a head yields: times ``over``, divided by the count if it is a mean."""
    if node.reduce == "sum":
        return {"mean": False}
    domain, added = program.numeric(node.name), program.numbers(node.value)
    assert node.default is not None
    whole = domain.denominator if isinstance(domain, Numbers) else domain.unit
    return {"mean": True, "over": _whole(whole // added.denominator), "default": _whole(domain.code(node.default))}


def _lookup(node: Lookup, program: Program, place: dict[str, int]) -> Plain:
    axes: list[Plain] = []
    for name, levels in zip(node.inputs, node.levels, strict=True):
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            axes.append({"variable": place[name], "size": len(domain)})
        else:
            assert levels is not None
            starts = [_whole(start) for start in level_starts(levels, domain).tolist()]
            axes.append(
                {"variable": place[name], "size": len(levels), "starts": starts, "levels": list(map(str, levels))}
            )
    return {"axes": axes, "listed": node.listed, "cells": _codes(node.cells, program.variables[node.name].domain)}


def _linear(node: Linear, program: Program, place: dict[str, int]) -> Plain:
    """Each term's share of the numerator; where its variable is a quotient, of that over the unit."""
    domain = program.numeric(node.name)
    terms = list(zip(node.inputs, node.coefficients, strict=True))
    if isinstance(domain, Quotients):
        shares = [int(Fraction(times) * domain.unit / unit_of(program.numeric(name))) for name, times in terms]
        constant = int(node.constant * domain.unit)
    else:
        shares = [numerator_share(times, program.numbers(name), domain) for name, times in terms]
        constant = domain.code(node.constant)
    made = [{"variable": place[name], "share": _whole(share)} for (name, _), share in zip(terms, shares, strict=True)]
    return {"terms": made, "constant": _whole(constant)}


def _output(name: str, program: Program, place: dict[str, int]) -> Plain:
    """One output: the readout, or a variable, each of whose codes has a place among the classes.

    ``from`` are the variables that it comes of, directly or not.
    """
    read = set(program.read_out if name not in program.returned else [name])
    for node in reversed(program.nodes):
        read |= {*node.reads} if node.name in read else set()
    told = {"name": name, "variable": place.get(name), "from": sorted(place[variable] for variable in read)}
    if name not in program.returned:
        return told | {"variable": None}
    codes = list(map(_whole, program.returned[name].codes))
    return told | {"codes": codes, "outcomes": program.outcome_codes[name]}


def _readout(program: Program, place: dict[str, int]) -> Plain:
    readout = program.readout
    return {
        "classes": len(program.written_classes),
        "terms": [_term(term, program, place) for term in readout.terms],
        "scale": _whole(program.logit_scale),
        "pooled": readout.pooled,
        "forced": [program.vocabulary.index(word) for word in readout.forced],
        "everywhere": readout.rows_needed == "everywhere",
    }


def _term(term: Weights, program: Program, place: dict[str, int]) -> Plain:
    domain = program.variables[term.variable].domain
    unit = program.logit_scale // program.readout.scale
    if isinstance(domain, Numbers):
        unit //= domain.denominator
    rows = [None if row is None else [_whole(weight * unit) for weight in row] for row in term.rows]
    return {"variable": place[term.variable], "number": not isinstance(domain, Symbols), "rows": rows}


def _codes(column: Iterable[Value | None], domain: Domain) -> list[int | str | None]:
    if isinstance(domain, Symbols):
        return [None if value is None else domain.codes[value] for value in column]
    return [None if value is None else _whole(domain.code(as_number(value))) for value in column]


def _whole(number: int) -> int | str:
    return number if abs(number) < EXACT_LIMIT else str(number)


def _is_big(program: Program) -> bool:
    """Whether an executor may meet a whole number of 2**53 or more, intermediate results among them."""
    return program.logit_bound >= EXACT_LIMIT or any(_largest(node, program) >= EXACT_LIMIT for node in program.nodes)


def _largest(node: Node, program: Program) -> int:
    """A bound on the whole numbers that evaluating a node takes; all of its domain are among them."""
    domain = program.variables[node.name].domain
    if isinstance(domain, Symbols):
        return 0
    if isinstance(domain, Quotients):
        return EXACT_LIMIT  # they are rare, and their intermediate results large
    match node:
        case NumericHead():
            return max(domain.bound, program.numeric(node.value).bound) * program.max_length
        case Linear():
            terms = zip(node.inputs, node.coefficients, strict=True)
            read = [(program.numbers(name), times) for name, times in terms]
            shares = (abs(numerator_share(times, of, domain)) * max(of.bound, 1) for of, times in read)
            return max(domain.bound, abs(domain.code(node.constant)) + sum(shares))
        case Embedding() | Head() | Lookup():
            return domain.bound
        case _:
            assert_never(node)
