"""Cells that no training input reaches answer as the nearest one that is reached."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tprog.ir.program import Lookup, Program
from tprog.run.batch import Array
from trainer.search.attention_values import cell_codes
from trainer.search.program_class import lookups_of

FAR = 1000.0
"""How far different symbols are from each other, in steps of a number: further than any two numbers of a lookup."""


def filled(program: Program, values: Mapping[str, Array]) -> Program:
    """The Program with such cells filled; itself where all are reached.

    Numbers are near each other as they differ; symbols have no order, so that a number gives way first.

    Args:
        values: variable -> [P] what it is on all inputs.
    """
    for node in lookups_of(program.nodes):
        reached = np.unique(cell_codes(program, node, values)[0])
        nearest = reached[_distances(program, node, reached).argmin(axis=1)]
        full = dataclasses.replace(node, cells=tuple(node.cells[cell] for cell in nearest.tolist()))
        nodes = tuple(full if other is node else other for other in program.nodes)
        program = dataclasses.replace(program, nodes=nodes)
    return program


def _distances(program: Program, node: Lookup, reached: Array) -> Array:
    """[cell, reached cell] how far they are apart."""
    known = zip(node.inputs, node.levels, strict=True)
    sides = [len(program.symbols(name)) if levels is None else len(levels) for name, levels in known]
    places = np.stack(np.unravel_index(np.arange(len(node.cells)), sides))
    apart = np.zeros((len(node.cells), len(reached)))
    for place, levels in zip(places, node.levels, strict=True):
        off = np.abs(place[:, None] - place[reached])
        apart += off if levels is not None else FAR * (off > 0)
    return apart
