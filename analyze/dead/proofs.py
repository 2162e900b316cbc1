"""Verdicts on nodes that hold for every input that a program accepts, proven from its structure and its static ranges.

*Unread*: every path of reads from the node ends in weights that do not tell classes apart. *Constant*: its range is one
value. *Inert* at a constant: with it, no reader of the node, nor anything that they flow into, can come out different
(a reader does not where its table says the same for all that the node can be). *Mergeable*: an earlier variable is
computed alike from the same variables, as far as any input consults the tables; or a table answers what it is asked.

A node that can reach a missing entry is none of these: taking it out would take the hole away.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from analyze.abstract.ranges import Ranges, ranges
from analyze.dataflow import deciding, reached_from
from analyze.dead.changes import Changes
from analyze.dead.equals import equals
from analyze.reached_entries import holes_of
from tprog.ir.program import Program


class Proofs:
    """What holds of a program for every input."""

    def __init__(self, program: Program, found: Ranges | None = None) -> None:
        self.program = program
        self.ranges = ranges(program) if found is None else found
        self._holes = holes_of(program)

    @cached_property
    def unread(self) -> set[str]:
        """The nodes from which every path ends in weights that do not tell classes apart, and in no hole."""
        return unread(self.program)

    def constant(self, name: str) -> int | None:
        """The one code (or numerator) of a node, or None if that is not proven."""
        return None if self.may_hole(name) else self.ranges.of[name].only

    def may_hole(self, node: str) -> bool:
        """Whether an input may reach a missing entry of a node."""
        tables = self.program.by_name[node].tables
        return any(bool((self._holes[table] & self.ranges.reachable[table]).any()) for table in tables)

    def inert_at(self, name: str, code: int) -> bool:
        """Whether a node fixed at a code (or numerator) is proven to change no prediction and no hole."""
        if self.may_hole(name):
            return False
        changes = Changes(self.ranges, name, code)
        for node in self.program.nodes:
            if node.name != name and changes.reach(node):
                if node.partial:
                    return False
                changes.pass_through(node)
        return not changes.come_out()

    @cached_property
    def mates(self) -> dict[str, str]:
        """node -> the first variable that is proven equal to it; nodes without one are left out."""
        return equals(self.ranges, {node.name for node in self.program.nodes if self.may_hole(node.name)})


def unread(program: Program) -> set[str]:
    """The nodes from which every path ends in weights that do not tell classes apart, and in no hole."""
    telling = telling_variables(program)
    return {node.name for node in program.nodes if telling.isdisjoint(reached_from(program, [node.name]))}


def telling_variables(program: Program) -> set[str]:
    """The variables whose own weights, or missing entries, can decide about an outcome."""
    return {*deciding(program)} | {node.name for node in program.nodes if node.partial}


def needed_without(program: Program, gone: Collection[str], mates: Collection[str]) -> set[str]:
    """The variables that still matter once the nodes `gone` are taken out; `mates` stand for some of them."""
    needed = telling_variables(program) - set(gone) | set(mates)
    for node in reversed(program.nodes):
        if node.name in needed and node.name not in gone:
            needed |= set(node.reads)
    return needed
