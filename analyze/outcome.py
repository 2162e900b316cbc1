"""What a program answers on stated inputs, as all analyses compare it: by the outcomes of `tprog.run.outcome`.

Only *graded* positions count: those with a known right answer, or, where no task says which, all that are read out.
Shapes: [input, place], see `tprog.run.outcome`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analyze.results.checked import Checked
from tprog.errors import BadUsage
from tprog.ir.entries import TableKey
from tprog.ir.entry import Entry
from tprog.ir.program import Program, Symbols
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import Execution, execute
from tprog.run.groups import tallied
from tprog.run.outcome import by_place, outcomes
from tprog.run.pieces import LARGEST, cached_at_once, held_at_once, held_bytes, inputs_at_once, slices
from tprog.tasks.builtin import Inputs

Rows: TypeAlias = NDArray[np.intp]
"""Indices of inputs in a batch."""


def hole_order(program: Program) -> dict[TableKey, int]:
    """The keys of `Execution.holed` -> their place in execution order, counted from 0; a node has that of its last."""
    order = {table: index for index, table in enumerate(program.tables)}
    return order | {node.name: max(order[table] for table in node.tables) for node in program.nodes}


def checked_on(inputs: Inputs) -> Checked:
    """Inputs as evidence."""
    return Checked(len(inputs.batch), inputs.exhaustive, inputs.description, inputs.noun)


class _Asked:
    """A program and the inputs of an analysis."""

    program: Program
    inputs: Inputs

    @property
    def batch(self) -> Batch:
        return self.inputs.batch

    @property
    def checked(self) -> Checked:
        """The inputs as evidence."""
        return checked_on(self.inputs)

    @cached_property
    def expected(self) -> Array | None:
        """[input, place] codes of the right classes, `UNGRADED` elsewhere; None if no task says."""
        return None if self.inputs.expected is None else by_place(self.inputs.expected)

    @cached_property
    def graded(self) -> Bools:
        """[input, place]: whether a prediction counts there."""
        return self.inputs.graded(self.program)


@dataclass(frozen=True, eq=False)
class Ground(_Asked):
    """The intact program on the inputs of an analysis: what every intervention is compared with.

    It holds all values of all nodes. Where there may be millions of inputs, see `Survey`.
    """

    program: Program
    inputs: Inputs
    intact: Execution

    @cached_property
    def outcomes(self) -> Array:
        """[input, place] outcomes of the intact program."""
        return outcomes(self.intact)

    @cached_property
    def _order(self) -> dict[TableKey, int]:
        return hole_order(self.program)

    @cached_property
    def first_hole(self) -> Rows:
        """[input]: the place, in `hole_order`, of the first hole that the input reaches; beyond all if it has none."""
        order = self._order
        first = np.full(len(self.batch), len(order), dtype=np.intp)
        for name, at in self.intact.holed.items():
            first[at.any(axis=1)] = np.minimum(first[at.any(axis=1)], order[name])
        return first

    def computed(self, variable: str) -> Bools:
        """[input, position]: where the intact program computes the variable: up to an input's first hole."""
        if not self.intact.holed or variable not in self._order:
            return self.batch.present
        return self.batch.present & (self.first_hole > self._order[variable])[:, None]

    def mode(self, variable: str) -> int:
        """The most frequent code (or numerator) of a variable; ties: the smallest; if none is computed, the first."""
        found, counts = tallied(self.intact.values[variable][self.computed(variable)])
        return found[counts.index(max(counts))] if found else _first(self.program, variable)

    def after(self, program: Program) -> Ground:
        """An edited program on the same inputs: only what lies downstream of the edits is computed anew."""
        base = self.intact if program.self_rule == self.program.self_rule else None
        return Ground(program, self.inputs, execute(program, self.batch, base=base))

    def same(self, execution: Execution, rows: Rows) -> Bools:
        """[row]: whether all graded outcomes of `execution`, of the inputs `rows`, are those of the intact program."""
        unlike = (outcomes(execution) != self.outcomes[rows]) & self.graded[rows]
        kept: Bools = ~unlike.any(axis=1)
        return kept


def ground(program: Program, inputs: Inputs) -> Ground:
    """The intact program, executed.

    Raises:
        BadUsage: what it computes on so many inputs does not fit in `LARGEST`.
    """
    width = inputs.batch.tokens.shape[1]
    if (taken := len(inputs.batch) * held_bytes(program, width)) > LARGEST:
        what = f"{len(program.nodes)} nodes and {len(program.classes)} classes on {len(inputs.batch):,} {inputs.noun}s"
        raise BadUsage(
            f"the values of {what} of {width} tokens take {taken // 10**6:,} MB; ask for a --sample of at most "
            f"{held_at_once(program, width, LARGEST):,}"
        )
    return Ground(program, inputs, execute(program, inputs.batch))


def evaluated_at_once(program: Program, batch: Batch) -> int:
    """How many inputs to execute at once: [input, query, key] arrays of them stay inside a core's cache."""
    width = batch.tokens.shape[1]
    return inputs_at_once(program, width, cached_at_once(width, least=256))


@dataclass(frozen=True, eq=False)
class Survey(_Asked):
    """What the intact program answers on the inputs of an analysis, without the values of its nodes.

    Attributes:
        outcomes: [input, place], as `Ground.outcomes`.
        in_hole: [input]: whether the input reaches a hole.
        modes: node -> its most frequent code (or numerator), as `Ground.mode`.
    """

    program: Program
    inputs: Inputs
    outcomes: Array
    in_hole: Bools
    modes: Mapping[str, int]


def survey(program: Program, inputs: Inputs) -> Survey:
    """The intact program, executed on a part of the inputs after the other: memory does not grow with its nodes."""
    batch = inputs.batch
    found = np.empty((len(batch), program.places.count(batch.tokens.shape[1])), dtype=np.int32)
    in_hole = np.zeros(len(batch), dtype=np.bool_)
    counts: dict[str, Counter[int]] = {name: Counter() for name in program.by_name}
    for rows in slices(len(batch), evaluated_at_once(program, batch)):
        part = inputs.take(rows)
        on = Ground(program, part, execute(program, part.batch))
        found[rows], in_hole[rows] = on.outcomes, on.intact.in_hole
        for name, counted in counts.items():
            for code, many in zip(*tallied(on.intact.values[name][on.computed(name)]), strict=True):
                counted[code] += many
    modes = {
        # Ties: the smallest. A node that is nowhere computed has the first value of its domain.
        name: min(counted, key=lambda code: (-counted[code], code)) if counted else _first(program, name)
        for name, counted in counts.items()
    }
    return Survey(program, inputs, found, in_hole, modes)


def _first(program: Program, variable: str) -> int:
    """The smallest code (or numerator) of a variable."""
    domain = program.variables[variable].domain
    return 0 if isinstance(domain, Symbols) else domain.ends[0]


def spread(count: int, most: int) -> Rows:
    """At most `most` of `count` indices, evenly spaced, ascending: a sample that holds short and long inputs."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp)) if count else np.zeros(0, np.intp)


def node_line(lines: Mapping[Entry, int] | None, node: str) -> int | None:
    """The line at which a node is assigned, if its program has a file."""
    return None if lines is None else lines.get(Entry(node, "wiring"))


def entry_line(lines: Mapping[Entry, int] | None, where: Entry | None) -> int | None:
    """The line of an entry, if its program has a file and it has one there.

    A combination that a lookup does not list is answered in the line of all others.
    """
    if where is None or lines is None:
        return None
    return lines.get(where, lines.get(Entry(where.node, where.part)))


def label(program: Program, name: str | None) -> str:
    """How results call a program: the given name, else its task's."""
    return name or program.task or "program"
