"""Chains of heads and lookups over one or more layers, found whole: what relations derive, and the nodes of it.

That a chain pays is seen only at its end, so one node at a time does not find it. Chains are enumerated
(`trainer.search.relations`), and ranked by what they tell about the answers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import assert_never

import numpy as np

from tprog.ir.program import Embedding, Head, Linear, Lookup, Node, Numbers, NumericHead, Program, Symbols
from tprog.run.attention import window
from tprog.run.batch import Array
from tprog.run.execute import execute
from trainer.search.attention_values import cell_codes
from trainer.search.coordinate_descent import Learned, learn_lookup
from trainer.search.fitted import Fitted, Proposal
from trainer.search.program_class import ProgramClass, heads_of, layer, lookups_of
from trainer.search.regression import Graded
from trainer.search.relations import Feature, Relations
from trainer.search.wirings import with_cells, with_rows

FIRST_WEIGHT = 4.0
"""Of a class whose symbol a new lookup answers, before it is learned: sure, and still to be outvoted by two others."""


def best_chain(state: Fitted, places: ProgramClass, few: Graded, rng: np.random.Generator) -> Proposal | None:
    """The best variable found that heads with relations as predicates count or copy, over one or more layers.

    It is read by the readout, or with another one by a new lookup whose cells are then learned.

    Args:
        few: the first inputs of the state, on which chains are compared.
    """
    relations = relations_of(state, places, few)
    if relations is None:
        return None
    relations.derive(1 + max(at[0] for name in places.learnable if (at := layer(name))), rng)
    said = state.scores[: len(few.at)].argmax(axis=1)
    if all(node.words is not None for node in state.program.nodes):
        said = np.zeros_like(said)  # what tokens and positions say alone belongs to the chain
    found = []
    for feature in relations.telling(few, said, len(state.program.classes)):
        nodes = chain_nodes(places, state.program, feature)
        if nodes is not None:
            found.append(_proposed(state, places, nodes, feature.unlearned, rng))
    return min(found, key=lambda proposal: proposal.rank, default=None)


def relations_of(state: Fitted, places: ProgramClass, few: Graded) -> Relations | None:
    """The variables that a program has, and no derived ones yet; None if no place is of a layer, or none for a head."""
    heads = heads_of(places.nodes.values())
    if not heads or not all(map(layer, places.learnable)):
        return None
    n = few.batch.tokens.shape[1]
    shown = {mask: window(dataclasses.replace(heads[0], mask=mask), state.program, n) for mask in places.masks}
    most = max(places.answers, default=0)
    return Relations(_given(state, places, len(few.batch)), shown, few.batch.present, most, places.sets)


def _given(state: Fitted, places: ProgramClass, few: int) -> list[Feature]:
    """The variables that are symbols or whole numbers from 0, on the first inputs."""
    found = []
    for name in places.readable(state.program, places.learnable[-1]):
        domain, codes = state.program.variables[name].domain, state.run.values[name][:few].astype(np.int64)
        level = layer(name) or (-1, 1)
        if isinstance(domain, Symbols):
            found.append(Feature(name, codes, len(domain), False, level))
        elif name != "ones" and isinstance(domain, Numbers) and domain.low >= 0 and domain.denominator == 1:
            found.append(Feature(name, codes, int(domain.high) + 1, True, level))
    return found


def _proposed(
    state: Fitted, places: ProgramClass, nodes: tuple[Node, ...], learn: bool, rng: np.random.Generator
) -> Proposal:
    """The program with new nodes; the last is a lookup whose cells are learned, if `learn`."""
    program, graded, start = places.put(state.program, *nodes), state.graded, dict(state.weights)
    if learn:
        (last,) = lookups_of(nodes[-1:])
        values = execute(program, graded.batch, base=state.run).values
        cells, count = cell_codes(program, last, values)
        answers, classes = len(last.symbols or ()), len(program.classes)
        begin = None
        if answers >= classes:  # a symbol for each class, to begin with
            begin = Learned(np.zeros(0), FIRST_WEIGHT * np.eye(answers, classes), np.inf)
        learned = learn_lookup(state.scores, cells.ravel()[graded.at], count, answers, graded.labels, rng, begin)
        nodes = (*nodes[:-1], with_cells(last, learned.table))
        program = places.put(state.program, *nodes)
        start[last.name] = learned.weights
    return Proposal(Fitted(program, graded, start, near=state), nodes)


# From variables to nodes ##############################################################################################


def chain_nodes(places: ProgramClass, program: Program, feature: Feature) -> tuple[Node, ...] | None:
    """The nodes that a derived variable needs, itself last, at the first free places; None if there is no room."""
    nodes: dict[str, Node] = {}  # by the variable's name

    def visit(wanted: Feature) -> bool:
        if not wanted.kind or wanted.name in nodes:
            return True
        if not all(visit(read) for read in wanted.reads):
            return False
        names = [nodes[read.name].name if read.kind else read.name for read in wanted.reads]
        grown = places.put(program, *nodes.values())
        for place in places.free(grown):
            if place.rsplit("_", 2)[0] == wanted.kind and set(names) <= set(places.readable(grown, place)):
                nodes[wanted.name] = _node(places, grown, place, wanted, names)
                return True
        return False

    return tuple(nodes.values()) if visit(feature) else None


def _node(places: ProgramClass, program: Program, place: str, feature: Feature, names: Sequence[str]) -> Node:
    """The node of a derived variable, which reads variables of these names."""
    node, table = places.nodes[place], feature.table
    assert table is not None
    match node:
        case Lookup():
            return _lookup(node, places, program, table, names)
        case Head() | NumericHead():
            query, key, value = (*names, "ones")[:3]  # a head that counts has no name for its value
            wired = dataclasses.replace(node, query=query, key=key, value=value, mask=feature.mask)
            return with_rows(wired, program, table[: len(program.symbols(query))])
        case Embedding() | Linear():
            raise AssertionError("embeddings and sums are learned nowhere")
        case _:
            assert_never(node)


def _lookup(node: Lookup, places: ProgramClass, program: Program, table: Array, names: Sequence[str]) -> Lookup:
    """A lookup with the table's answers; beyond its sides, those at their ends."""
    reading = places.reading(program, node, names)
    sides = [
        np.arange(len(program.symbols(name))) if known is None else np.array(known)
        for name, known in zip(names, reading.levels, strict=True)
    ]
    within = [np.clip(side, 0, size - 1) for side, size in zip(sides, table.shape, strict=True)]
    return with_cells(reading, table[np.ix_(*within)].ravel())
