"""The inputs whose intermediate values are held in memory while edits are tried: all of them, or a part of many.

What is counted over the rest is counted part by part, so that memory does not grow with the inputs, and cost no faster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analyze.blame.effects import Effect, KnownAnswers
from analyze.outcome import Ground, Rows, ground, spread
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit
from tprog.ir.program import Program
from tprog.run.execute import predict
from tprog.run.outcome import wrong_at
from tprog.run.pieces import KEPT, held_at_once, pieces_of
from tprog.tasks.builtin import Inputs

PART = 50_000
"""Inputs held of more than fit there: enough to choose edits on, which are then counted on all."""


@dataclass(frozen=True, eq=False)
class Held:
    """A program on the inputs with known answers.

    Attributes:
        on: the intact program on the inputs that are held.
        inputs: all inputs.
        rows: [held] their rows in all inputs, ascending.
        wrong: wrong predictions over all inputs.
        failing: inputs with a wrong prediction, of all.
    """

    on: Ground
    inputs: Inputs
    rows: Rows
    wrong: int
    failing: int

    @property
    def whole(self) -> bool:
        """Whether all inputs are held."""
        return len(self.on.batch) == len(self.inputs.batch)


def hold(program: Program, inputs: Inputs, always: Sequence[int] = (), memory: int = KEPT) -> Held:
    """Execute a program on the inputs, or, where there are too many, on some of them.

    Args:
        inputs: with known answers.
        always: rows of inputs to hold in any case.
        memory: bytes to stay under. If they do not suffice, half of the inputs held are failing ones, if there are as
            many, and the others are spread evenly over the rest.
    """
    assert inputs.expected is not None
    most = held_at_once(program, inputs.batch.tokens.shape[1], memory)
    if len(inputs.batch) <= most:
        on = ground(program, inputs)
        assert on.expected is not None
        wrong = (on.outcomes != on.expected) & on.graded
        return Held(on, inputs, np.arange(len(inputs.batch)), int(wrong.sum()), int(wrong.any(axis=1).sum()))
    most = min(most, PART)
    predictions, in_hole = predict(program, inputs.batch)
    wrong = wrong_at(predictions, in_hole, inputs.expected)
    fails = np.logical_or.reduce(wrong, axis=1)
    failing, passing = np.flatnonzero(fails), np.flatnonzero(~fails)
    some = failing[spread(len(failing), int(max(most // 2, most - len(passing))))]
    others = passing[spread(len(passing), int(most - len(some)))]
    rows = np.unique(np.concatenate([some, others, np.array(always, dtype=np.intp)]))
    part = inputs.take(rows, f"{len(rows):,} of {inputs.description}")
    return Held(ground(program, part), inputs, rows, int(wrong.sum()), len(failing))


def effects_over_all(held: Held, edits: Sequence[Edit]) -> list[Effect]:
    """What edits do to all predictions with known answers, held or not; in the order given."""
    counts = dict.fromkeys(edits, (0, 0))
    by_node: dict[str, list[NodeEdit]] = {}
    for edit in counts:
        if isinstance(edit, NodeEdit):
            by_node.setdefault(edit.node, []).append(edit)
    for domain in _parts(held):
        every = np.arange(len(domain.on.batch))
        for alike in by_node.values():
            for edit, (mended, broken) in zip(alike, domain.tally(alike, every), strict=True):
                counts[edit] = counts[edit][0] + mended, counts[edit][1] + broken
        for edit in counts:
            if isinstance(edit, ReadoutEdit):
                effect = domain.weigh(edit)
                counts[edit] = counts[edit][0] + effect.mended, counts[edit][1] + effect.broken
    return [Effect(edit, *counts[edit]) for edit in edits]


def _parts(held: Held) -> Iterator[KnownAnswers]:
    if held.whole:
        yield KnownAnswers(held.on)
        return
    program, inputs = held.on.program, held.inputs
    for rows, _ in pieces_of(program, inputs.batch):
        yield KnownAnswers(ground(program, inputs.take(rows)))
