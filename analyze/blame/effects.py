"""What single edits of a program do to all predictions with known answers.

Only inputs on which the edited node's output changes are executed. Which edits are the best is told by `race`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from analyze.blame.edited_node import EditedNode, Output, any_of
from analyze.blame.single_edits import changed_by, rivals, shares
from analyze.outcome import Ground, Rows, evaluated_at_once
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit, WeightEdit, weight_row
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import execute, some_of
from tprog.run.matches import MOST_POSITIONS
from tprog.run.outcome import SOME_HOLE, outcomes
from tprog.run.pieces import slices

FIRST_PART = 128
"""Inputs on which every edit is tried, half of them wrong ones where there are as many."""

SHORT = 8
"""Positions of the inputs for which the bounds of work are made."""

_NODES = 64
"""Nodes on parts of the inputs that are kept for the edits to come: one edit after the other is tried there."""

_TOGETHER = 16_384
"""Inputs, counted once an edit, that are executed at once."""


@dataclass(frozen=True)
class Effect:
    """What an edit does over all predictions with known answers."""

    edit: Edit
    mended: int
    broken: int

    @property
    def net(self) -> int:
        return self.mended - self.broken

    def restores(self, wrong: int) -> bool:
        """Whether it mends all of so many wrong predictions and breaks none."""
        return self.mended == wrong and not self.broken


class KnownAnswers:
    """The intact program over the inputs with known answers, for counting what edits do.

    Attributes:
        order: the inputs, so that the first `FIRST_PART` stand for all: wrong and right ones, then the other wrong
            ones, then the other right ones.
        work: what has been executed so far, in inputs of `SHORT` positions times nodes: heads compare all pairs of
            positions.
    """

    def __init__(self, on: Ground) -> None:
        """`on` has right answers."""
        assert on.expected is not None
        self.on = on
        self.expected = on.expected
        self.right: Bools = (on.outcomes == on.expected) & on.graded
        self.wrong: Bools = ~self.right & on.graded
        self.work = 0
        failing, passing = (np.flatnonzero(which) for which in (self._fails, ~self._fails))
        # A fixed shuffle, so that the first of each stand for all of them.
        shuffle = np.random.default_rng(0).permutation
        failing, passing = shuffle(failing), shuffle(passing)
        half = FIRST_PART // 2
        self.order: Rows = np.concatenate([failing[:half], passing[:half], failing[half:], passing[half:]])
        self._rivals: dict[int, tuple[Array, Array]] = {}
        self._nodes: dict[tuple[str, int], EditedNode] = {}
        self._place = {name: index for index, name in enumerate(on.program.by_name)}
        # Up to ten positions heads take all pairs at once (`tprog.run.matches`): such inputs cost what short ones do.
        longer = on.batch.lengths[on.batch.lengths > MOST_POSITIONS].astype(np.float64)
        more = float(((longer / SHORT) ** 2 - 1).sum())
        self._dearer = 1 + more / max(len(on.batch), 1)

    @cached_property
    def _fails(self) -> Bools:
        """[input]: whether a prediction is wrong."""
        return any_of(self.wrong, len(self.wrong))

    @cached_property
    def _every(self) -> Rows:
        return np.arange(len(self.wrong))

    def scale_up(self, mended: int, broken: int) -> float:
        """The net effect over all inputs to expect from the effect on the first part."""
        first, every = self.order[:FIRST_PART], int(self._fails.sum())
        failing = int(self._fails[first].sum())
        passing = len(first) - failing
        up, other_up = every / max(failing, 1), (len(self.order) - every) / max(passing, 1)
        return mended * up - broken * other_up

    def effect(self, edit: Edit) -> Effect:
        """The effect of an edit over all inputs."""
        if isinstance(edit, ReadoutEdit):
            return self.weigh(edit)
        assert isinstance(edit, NodeEdit)
        return Effect(edit, *self.tally([edit], self._every)[0])

    def tally(self, edits: Sequence[NodeEdit], rows: Rows) -> list[tuple[int, int]]:
        """(mended, broken) predictions on the inputs `rows`, for edits of one node, executed together."""
        counts = [(0, 0)] * len(edits)
        for index, changed, found in self.after(edits, rows):
            counts[index] = self._compare(found, changed)
        return counts

    def after(self, edits: Sequence[NodeEdit], rows: Rows) -> Iterator[tuple[int, Rows, Array]]:
        """What edits of one node make of the inputs `rows`.

        Yields:
            the index of each edit that changes what its node makes of any of them; those inputs, and their [input,
            place] outcomes.
        """
        waiting, count = list[tuple[int, Output]](), 0
        for index, output in self._outputs(edits, rows):
            if isinstance(output, Output):
                if waiting and count + len(output.rows) > _TOGETHER:
                    yield from self._finished(edits[0].node, waiting)
                    waiting, count = [], 0
                waiting.append((index, output))
                count += len(output.rows)
            else:
                yield index, rows, output
        if waiting:
            yield from self._finished(edits[0].node, waiting)

    def _outputs(self, edits: Sequence[NodeEdit], rows: Rows) -> Iterator[tuple[int, Output | Array]]:
        """The changed outputs of the edits' node; or at once the outcomes, where an edit changes the node's coding.

        Edits that a Program refuses are left out.
        """
        if not edits:
            return
        recoding = [edit.recodes(self.on.program) for edit in edits]
        kept = [edit for edit, recodes in zip(edits, recoding, strict=True) if not recodes]
        outputs = self._node(edits[0].node, rows).outputs(kept)
        for index, (edit, recodes) in enumerate(zip(edits, recoding, strict=True)):
            if recodes:
                if (changed := changed_by(self.on.program, [edit])) is not None:
                    self._spend(edit.node, len(rows))
                    base = some_of(self.on.intact, rows)
                    yield index, outcomes(execute(changed, base.batch, base=base))
            else:
                _, output = next(outputs)
                if len(output.rows):
                    yield index, output

    def _node(self, name: str, rows: Rows) -> EditedNode:
        """A node on some inputs, the same for the next edit that is tried on the same part of them."""
        found = self._nodes.get((name, id(rows)))
        if found is None or found.rows is not rows:
            if len(self._nodes) >= _NODES:
                self._nodes.clear()
            found = self._nodes[name, id(rows)] = EditedNode(self.on.intact, name, rows)
        return found

    def _finished(self, node: str, waiting: Sequence[tuple[int, Output]]) -> Iterator[tuple[int, Rows, Array]]:
        """Execute what stands behind the node, for several edits at once."""
        touched = np.concatenate([output.rows for _, output in waiting])
        self._spend(node, len(touched))
        found = self._overridden(node, touched, np.concatenate([output.values for _, output in waiting]))
        found[np.concatenate([output.lost for _, output in waiting])] = SOME_HOLE
        start = 0
        for index, output in waiting:
            yield index, output.rows, found[start : start + len(output.rows)]
            start += len(output.rows)

    def _overridden(self, node: str, rows: Rows, values: Array) -> Array:
        """[row, place] outcomes of the inputs `rows` where a node yields `values` [row, position] instead.

        Inputs of about one length are executed together, each as wide as the longest of them: heads compare all pairs
        of positions, and most sentences are far shorter than the longest.
        """
        lengths = self.on.batch.lengths[rows]
        found = self.on.outcomes.take(rows, axis=0).astype(np.int64, copy=False)  # what is behind an input's end stays
        order = lengths.argsort(kind="stable")
        for some in slices(len(rows), evaluated_at_once(self.on.program, self.on.batch)):
            part = order[some]
            base = some_of(self.on.intact, rows[part], cut=True)
            given = {node: values.take(part, axis=0)[:, : base.batch.tokens.shape[1]]}
            made = outcomes(execute(self.on.program, base.batch, overrides=given, base=base))
            found[part, : made.shape[1]] = made
        return found

    def weigh(self, edit: ReadoutEdit) -> Effect:
        """The effect of a readout edit, over all inputs at once."""
        on, every = self.on, np.arange(len(self.on.batch))
        program = on.program
        row = weight_row(program, edit.variable, edit.value)
        if not isinstance(edit, WeightEdit) or row is None or on.intact.holed:
            changed = execute(edit.apply(program), on.batch, base=on.intact)
            return Effect(edit, *self._compare(outcomes(changed), every))
        output = program.written_classes.index(edit.output)
        if output not in self._rivals:
            self._rivals[output] = rivals(on.intact.totals, output)
        best, rival = self._rivals[output]
        own = on.intact.totals[..., output]
        if program.readout.pooled:
            own, best, rival = own[:, None], best[:, None], rival[:, None]
        own = own + shares(on.intact, edit.variable, edit.value) * (edit.weight - row[output])
        made = np.where((own > best) | ((own == best) & (output < rival)), output, rival)
        found = on.outcomes[:, program.of_readout]
        made = np.where(found >= 0, made, found)  # a forced output stays
        if program.places.several:
            whole = on.outcomes.copy()
            whole[:, program.of_readout] = made
            made = whole
        return Effect(edit, *self._compare(made, every))

    def _compare(self, found: Array, rows: Rows) -> tuple[int, int]:
        """(mended, broken) predictions, from new [row, place] outcomes of the inputs `rows`."""
        now = found == self.expected.take(rows, axis=0)
        wrong, right = self.wrong.take(rows, axis=0), self.right.take(rows, axis=0)
        return int(np.count_nonzero(now & wrong)), int(np.count_nonzero(~now & right))

    def _spend(self, node: str, rows: int) -> None:
        self.work += int(rows * (len(self._place) - self._place[node]) * self._dearer)


def order_key(program: Program, effect: Effect) -> tuple[int, int, Fraction]:
    """What edits are ordered by: net effect, then those of the readout last, then smaller ones. Less is better."""
    return -effect.net, int(isinstance(effect.edit, ReadoutEdit)), effect.edit.size(program)
