"""A Program with another part in place of one, or with only those parts that something reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tprog.ir.program import Node, Program, Weights


def with_node(program: Program, node: Node) -> Program:
    """The program with one node exchanged for another of the same name and domain."""
    return replace(program, nodes=tuple(node if old.name == node.name else old for old in program.nodes))


def with_terms(program: Program, terms: Sequence[Weights]) -> Program:
    """The program with another readout."""
    return replace(program, readout=replace(program.readout, terms=tuple(terms)))


def pruned(program: Program) -> Program:
    """The program without readout terms that tell no classes apart, and without nodes that nothing reads."""
    terms = tuple(term for term in program.weights if any(row is None or len(set(row)) > 1 for row in term.rows))
    read = {*(term.variable for term in terms), *program.variables_out}
    kept: list[Node] = []
    for node in reversed(program.nodes):
        if node.name in read:
            kept.append(node)
            read.update(node.reads)
    readout = replace(program.readout, terms=terms)
    return replace(program, nodes=tuple(reversed(kept)), readout=readout, sources=program.sources_of(kept))


def closure(program: Program, variables: Sequence[str]) -> set[str]:
    """The nodes that variables are computed from, themselves included."""
    read = set(variables)
    for node in reversed(program.nodes):
        if node.name in read:
            read.update(node.reads)
    return {node.name for node in program.nodes if node.name in read}
