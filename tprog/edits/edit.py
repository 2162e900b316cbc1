"""Edits: the kinds that there are, each in a module of its own, and what is done with edits of any kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import assert_never

from tprog.edits.attended import AttendEdit
from tprog.edits.change import Change, Edit, NodeEdit, ReadoutEdit
from tprog.edits.coefficient import CoefficientEdit
from tprog.edits.embedding_word import WordEdit
from tprog.edits.lookup_cell import CellEdit
from tprog.edits.predicate_row import RowEdit
from tprog.edits.renaming import RenameEdit
from tprog.edits.self_rule import SelfRuleEdit
from tprog.edits.weights import WeightEdit, WeightRowEdit, weight_row
from tprog.edits.wiring import MaskEdit, ReadEdit, read_by
from tprog.ir.entries import EntryPart
from tprog.ir.entry import Entry
from tprog.ir.program import Node, Program

__all__ = [
    "KINDS",
    "AttendEdit",
    "CellEdit",
    "Change",
    "CoefficientEdit",
    "Edit",
    "MaskEdit",
    "NodeEdit",
    "ReadEdit",
    "ReadoutEdit",
    "RenameEdit",
    "RowEdit",
    "SelfRuleEdit",
    "WeightEdit",
    "WeightRowEdit",
    "WordEdit",
    "apply",
    "candidates",
    "read_by",
    "weight_row",
]

OF_NODES: tuple[type[NodeEdit], ...] = (WordEdit, RowEdit, CellEdit, CoefficientEdit, ReadEdit, MaskEdit, AttendEdit)
"""The kinds that change a node, in the order in which its small edits are listed: its entries, then its wiring."""

KINDS: tuple[type[Change], ...] = (*OF_NODES, WeightEdit, WeightRowEdit, SelfRuleEdit, RenameEdit)
"""All kinds of edits."""


def apply(program: Program, *edits: Change) -> Program:
    """The program after some edits, one after the other.

    Raises:
        BadUsage: an edit names a node, value or variable that is not there, or re-wires to another domain.
        BadProgram, NotExact: the program would not be well-formed.
    """
    for edit in edits:
        program = edit.apply(program)
    return program


def candidates(
    program: Program, node: Node, reached: Callable[[Entry], bool] = lambda entry: True
) -> Iterator[NodeEdit]:
    """Every small edit of a node, in a fixed order: its entries in order, then its wiring.

    Args:
        reached: which entries to edit.
    """
    part = next(iter(node.tables.values())).part  # the same in all of them
    for kind in (_entry_kind(part), ReadEdit, MaskEdit, AttendEdit):
        yield from kind.near(program, node, reached)


def _entry_kind(part: EntryPart) -> type[NodeEdit]:
    """The kind of edits that change an entry."""
    match part:
        case "word":
            return WordEdit
        case "row":
            return RowEdit
        case "cell":
            return CellEdit
        case "coefficient":
            return CoefficientEdit
        case _:
            assert_never(part)
