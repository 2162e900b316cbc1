"""Variables become nodes at the places that the class has, each in the first layer that has room for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tprog.ir.program import Classify, Head, Keys, Node, NumericHead, Program, Symbols, Weights
from tprog.run.batch import Array
from trainer.search.program_class import ProgramClass, bare, layer, lookups_of
from trainer.search.solution import Solution
from trainer.search.terms import Copy, Count, Given, Language, Table, Term

WIDEST_HEAD_LAYER = 2
"""Stages a layer has: its heads, then its lookups."""


def language_of(program_class: ProgramClass, program: Program) -> Language | None:
    """What the class of a program can say; None if its places are not named after layers, or tokens are embedded."""
    found = [(name, layer(name)) for name in program_class.learnable]
    if not found or any(where is None for _, where in found) or len(program_class.learnable) < len(program_class.nodes):
        return None
    kinds = {kind_of_place(name) for name in program_class.learnable}
    symbols = min(program_class.answers, default=program.max_length)
    layers = 1 + max(where[0] for _, where in found if where)
    return Language(
        layers,
        program_class.sets,
        program_class.masks,
        symbols,
        "num_attn" in kinds,
        "attn" in kinds,
        ("num_mlp" in kinds, "mlp" in kinds),
    )


def kind_of_place(name: str) -> str:
    """``attn``, ``num_attn``, ``mlp`` or ``num_mlp``."""
    return name.rsplit("_", 2)[0]


def _kind(term: Term) -> str:
    match term:
        case Count():
            return "num_attn"
        case Copy():
            return "attn"
        case Table():
            return "num_mlp" if term.inputs[0].numeric else "mlp"
    raise AssertionError(f"{type(term).__name__} has no place")


@dataclass(frozen=True)
class NoRoom:
    """The class has no place for a variable."""

    kind: str

    def __str__(self) -> str:
        return f"not in this class: no free place of the kind {self.kind} in a layer that is late enough"


def placed(solution: Solution, program_class: ProgramClass, program: Program) -> Program | NoRoom:
    """The Program of a solution.

    Args:
        program: of the class; its nodes and readout are not used.
    """
    terms = [term for term in solution.terms if not isinstance(term, Given)]
    latest = _latest(terms, program_class)
    names: dict[int, str] = {}
    stages: dict[int, int] = {}
    free = list(program_class.learnable)
    for term in sorted(terms, key=lambda term: (latest[id(term)], term.stage)):
        earliest = max([-1, *(stages.get(id(read), -1) for read in term.reads)]) + 1
        place = _place(free, _kind(term), earliest, latest[id(term)])
        if place is None:
            return NoRoom(_kind(term))
        free.remove(place)
        names[id(term)], stages[id(term)] = place, _stage(place)
    grown = dataclasses.replace(bare(program), nodes=())
    known = {id(term): term for term in terms}
    for place in program_class.nodes:
        for key, name in names.items():
            if name == place:
                node = _node(known[key], program_class.nodes[place], names, program_class, grown)
                grown = dataclasses.replace(grown, nodes=(*grown.nodes, node))
    return _read_out(grown, solution, names)


def _stage(place: str) -> int:
    where = layer(place)
    assert where is not None
    return WIDEST_HEAD_LAYER * where[0] + where[1]


def _latest(terms: list[Term], program_class: ProgramClass) -> dict[int, int]:
    """The last stage at which each term may stand, for all that read it to have one."""
    last = max(_stage(place) for place in program_class.learnable) | 1
    latest = {id(term): last for term in terms}
    for term in reversed(terms):
        own = latest[id(term)]
        if _kind(term) in ("attn", "num_attn"):
            own -= own % WIDEST_HEAD_LAYER  # heads stand at even stages
        else:
            own -= 1 - own % WIDEST_HEAD_LAYER
        latest[id(term)] = own
        for read in term.reads:
            if id(read) in latest:
                latest[id(read)] = min(latest[id(read)], own - 1)
    return latest


def _place(free: list[str], kind: str, earliest: int, latest: int) -> str | None:
    for place in free:
        if kind_of_place(place) == kind and earliest <= _stage(place) <= latest:
            return place
    return None


def _name(term: Term, names: Mapping[int, str]) -> str:
    return term.name if isinstance(term, Given) else names[id(term)]


def _node(term: Term, there: Node, names: Mapping[int, str], program_class: ProgramClass, grown: Program) -> Node:
    """The node of a term at a place, in the symbols of the place."""
    if isinstance(term, Table):
        (lookup,) = lookups_of([there])
        assert lookup.symbols is not None
        inputs = tuple(_name(read, names) for read in term.inputs)
        levels = tuple(program_class.levels(grown, name) for name in inputs)
        cells = term.cells
        for axis, (name, known) in enumerate(zip(inputs, levels, strict=True)):
            size = len(grown.symbols(name)) if known is None else len(known)
            cells = cells.take(np.minimum(np.arange(size), cells.shape[axis] - 1), axis=axis)
        answers = tuple(lookup.symbols[code] for code in cells.ravel().tolist())
        return dataclasses.replace(lookup, inputs=inputs, levels=levels, cells=answers)
    assert isinstance(term, Count | Copy)
    query, key = _name(term.query, names), _name(term.key, names)
    rows = _rows(term.accepts, grown, query, key)
    if isinstance(term, Copy):
        value = _name(term.value, names)
        return Head(there.name, query, key, value, rows, term.mask)
    return NumericHead(there.name, query, key, "ones", rows, term.mask)


def _rows(accepts: Array, grown: Program, query: str, key: str) -> tuple[Keys, ...]:
    """The predicate; symbols that the term has not are accepted by no row, and their rows are the last there is."""
    keys, queries = grown.symbols(key).values, len(grown.symbols(query))
    rows = [tuple(value for value, accepted in zip(keys, row, strict=False) if accepted) for row in accepts.tolist()]
    return tuple((*rows, *[rows[-1]] * queries)[:queries])


def _read_out(grown: Program, solution: Solution, names: Mapping[int, str]) -> Program:
    """The Program with the solution's weights."""
    rows: dict[str, list[list[int]]] = {}
    for term, table in solution.weights:
        name = _name(term, names)
        here = table.tolist()
        domain = grown.variables[name].domain
        if isinstance(domain, Symbols):
            here = (here + [[0] * len(grown.classes)] * len(domain))[: len(domain)]
        if name in rows:
            here = [[a + b for a, b in zip(*both, strict=True)] for both in zip(rows[name], here, strict=True)]
        rows[name] = here
    if solution.constant.any():
        rows["ones"] = [solution.constant.tolist()]
    terms = tuple(Weights(name, tuple(map(tuple, rows[name]))) for name in grown.variables if name in rows)
    readout = grown.readout
    return dataclasses.replace(grown, readout=Classify(terms, solution.scale, readout.pooled, readout.forced))
