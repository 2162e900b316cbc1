"""What single edits of a program do to all predictions with known answers, and which edits are the best.

Only inputs on which the edited node's output changes are executed. All edits are first tried on a few inputs; from
there on, an edit is carried on as long as it may still rank among the best: no edit mends more than what is wrong among
the inputs left. That proves the ranking without executing everything. Where too much is wrong for the bound to help,
the work is cut off, and the edits that did best on the few inputs are completed instead (`Ranking.proven`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias

import numpy as np

from analyze.blame.edited_node import EditedNode, Output, any_of
from analyze.blame.single_edits import rivals, shares
from analyze.outcome import Ground, Rows, take
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit, WeightEdit, weight_row
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import execute
from tprog.run.outcome import SOME_HOLE, outcomes

_FIRST_PART = 128
"""Inputs on which every edit is tried, half of them wrong ones where there are as many."""

_PARTS = (1024, 4096)
"""Inputs looked at before an edit is weighed against the others again; then all the rest."""

_TOGETHER = 16_384
"""Inputs, counted once an edit, that are executed at once."""

_WORK = 12_000_000
"""Inputs times nodes to execute before the ranking is cut off: a few seconds."""


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


@dataclass(frozen=True)
class Ranking:
    """The best edits, in order, each with its exact effect.

    Attributes:
        proven: whether no other edit ranks above the last of them.
    """

    effects: tuple[Effect, ...]
    proven: bool


class KnownAnswers:
    """The intact program over the inputs with known answers, for counting what edits do.

    Attributes:
        order: the inputs, so that the first `_FIRST_PART` stand for all: wrong and right ones, then the other wrong
            ones, then the other right ones.
        work: inputs times nodes executed so far.
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
        half = _FIRST_PART // 2
        self.order: Rows = np.concatenate([failing[:half], passing[:half], failing[half:], passing[half:]])
        self._rivals: dict[int, tuple[Array, Array]] = {}
        self._place = {name: index for index, name in enumerate(on.program.by_name)}

    @cached_property
    def _fails(self) -> Bools:
        """[input]: whether a prediction is wrong."""
        return any_of(self.wrong, len(self.wrong))

    def scale_up(self, mended: int, broken: int) -> float:
        """The net effect over all inputs to expect from the effect on the first part."""
        first, every = self.order[:_FIRST_PART], int(self._fails.sum())
        failing = int(self._fails[first].sum())
        passing = len(first) - failing
        up, other_up = every / max(failing, 1), (len(self.order) - every) / max(passing, 1)
        return mended * up - broken * other_up

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
        waiting: list[tuple[int, Output]] = []
        for index, output in self._outputs(edits, rows):
            if isinstance(output, Output):
                if waiting and sum(len(w.rows) for _, w in waiting) + len(output.rows) > _TOGETHER:
                    yield from self._finished(edits[0].node, waiting)
                    waiting = []
                waiting.append((index, output))
            else:
                yield index, rows, output
        if waiting:
            yield from self._finished(edits[0].node, waiting)

    def _outputs(self, edits: Sequence[NodeEdit], rows: Rows) -> Iterator[tuple[int, Output | Array]]:
        """The changed outputs of the edits' node; or at once the outcomes, where an edit changes the node's coding."""
        node = EditedNode(self.on.intact, edits[0].node, rows) if edits else None
        for index, edit in enumerate(edits):
            assert node is not None
            if edit.recodes(self.on.program):
                self._spend(edit.node, len(rows))
                base = take(self.on.intact, rows)
                yield index, outcomes(execute(edit.apply(self.on.program), base.batch, base=base))
            else:
                output = node.output(edit)
                if len(output.rows):
                    yield index, output

    def _finished(self, node: str, waiting: Sequence[tuple[int, Output]]) -> Iterator[tuple[int, Rows, Array]]:
        """Execute what stands behind the node, for several edits at once."""
        touched = np.concatenate([output.rows for _, output in waiting])
        self._spend(node, len(touched))
        base = take(self.on.intact, touched)
        values = np.concatenate([output.values for _, output in waiting])
        found = outcomes(execute(self.on.program, base.batch, overrides={node: values}, base=base)).copy()
        found[np.concatenate([output.lost for _, output in waiting])] = SOME_HOLE
        start = 0
        for index, output in waiting:
            yield index, output.rows, found[start : start + len(output.rows)]
            start += len(output.rows)

    def weigh(self, edit: ReadoutEdit) -> Effect:
        """The effect of a readout edit, over all inputs at once."""
        on, every = self.on, np.arange(len(self.on.batch))
        program = on.program
        row = weight_row(program, edit.variable, edit.value)
        if not isinstance(edit, WeightEdit) or row is None or on.intact.holed:
            changed = execute(edit.apply(program), on.batch, base=on.intact)
            return Effect(edit, *self._compare(outcomes(changed), every))
        output = program.classes.index(edit.output)
        if output not in self._rivals:
            self._rivals[output] = rivals(on.intact.totals, output)
        best, rival = self._rivals[output]
        own = on.intact.totals[..., output]
        if program.readout.pooled:
            own, best, rival = own[:, None], best[:, None], rival[:, None]
        own = own + shares(on.intact, edit.variable, edit.value) * (edit.weight - row[output])
        found = np.where((own > best) | ((own == best) & (output < rival)), output, rival)
        found = np.where(on.outcomes >= 0, found, on.outcomes)  # a forced output stays
        return Effect(edit, *self._compare(found, every))

    def _compare(self, found: Array, rows: Rows) -> tuple[int, int]:
        """(mended, broken) predictions, from new [row, place] outcomes of the inputs `rows`."""
        now = found == self.expected[rows]
        return int((now & self.wrong[rows]).sum()), int((~now & self.right[rows]).sum())

    def _spend(self, node: str, rows: int) -> None:
        self.work += rows * (len(self._place) - self._place[node])


# Ranking ##############################################################################################################

_Key: TypeAlias = tuple[int, int, Fraction, int]
"""What edits are ranked by: - net, whether of the readout, size, order of the entries. Less is better."""


@dataclass(eq=False)
class _Contender:
    """An edit as far as its effect is known: on the first `part` parts of the inputs."""

    edit: Edit
    tie: tuple[int, Fraction, int]
    part: int = 0
    mended: int = 0
    broken: int = 0
    promise: float = 0.0


def best_edits(
    domain: KnownAnswers, edits: Sequence[Edit], limit: int, known: Mapping[Edit, Effect] | None = None
) -> Ranking:
    """The best edits, by net effect, then those of the readout last, then smaller ones, then in the order given.

    Args:
        known: the effects of readout edits that need not be counted again.
    """
    return _Race(domain, edits, known or {}).run(limit)


def order_key(program: Program, effect: Effect) -> tuple[int, int, Fraction]:
    """What edits are ordered by: net effect, then those of the readout last, then smaller ones. Less is better."""
    return -effect.net, int(isinstance(effect.edit, ReadoutEdit)), effect.edit.size(program)


class _Race:
    """Edits competing for the first places."""

    def __init__(self, domain: KnownAnswers, edits: Sequence[Edit], known: Mapping[Edit, Effect]) -> None:
        self.domain, self.known, count = domain, known, len(domain.order)
        starts = sorted({0, *(end for end in (_FIRST_PART, *_PARTS) if end < count)})
        self.parts = [domain.order[start:end] for start, end in zip(starts, [*starts[1:], count], strict=True)]
        wrong = [int(domain.wrong[rows].sum()) for rows in self.parts]
        self.left = [sum(wrong[done:]) for done in range(len(wrong) + 1)]
        program = domain.on.program
        self.contenders = [
            _Contender(edit, (int(isinstance(edit, ReadoutEdit)), edit.size(program), at))
            for at, edit in enumerate(edits)
        ]

    def run(self, limit: int) -> Ranking:
        self._first_part()
        queue = [(self._bound(contender), contender) for contender in self.contenders]
        heapq.heapify(queue)  # keys differ in their last item, so contenders are never compared
        found: list[_Contender] = []
        self.domain.work = 0
        while queue and len(found) < limit:
            if self.domain.work > _WORK:
                return self._finish(found, [contender for _, contender in queue], limit)
            _, contender = heapq.heappop(queue)
            if contender.part == len(self.parts):
                found.append(contender)
            else:
                self._go_on(contender)
                heapq.heappush(queue, (self._bound(contender), contender))
        return Ranking(tuple(Effect(c.edit, c.mended, c.broken) for c in found), True)

    def _first_part(self) -> None:
        """Readout edits are counted to the end; the others on the first part, those of one node together."""
        by_node: dict[str, list[_Contender]] = {}
        for contender in self.contenders:
            if isinstance(contender.edit, ReadoutEdit):
                effect = self.known.get(contender.edit) or self.domain.weigh(contender.edit)
                contender.part, contender.mended, contender.broken = len(self.parts), effect.mended, effect.broken
            elif isinstance(contender.edit, NodeEdit):
                by_node.setdefault(contender.edit.node, []).append(contender)
        for alike in by_node.values():
            edits = [c.edit for c in alike if isinstance(c.edit, NodeEdit)]
            for contender, (mended, broken) in zip(alike, self.domain.tally(edits, self.parts[0]), strict=True):
                contender.part, contender.mended, contender.broken = 1, mended, broken
                contender.promise = self.domain.scale_up(mended, broken)

    def _bound(self, contender: _Contender) -> _Key:
        """The best key that an edit may still get: it mends no more than what is wrong among the inputs left."""
        return (-(contender.mended - contender.broken + self.left[contender.part]), *contender.tie)

    def _go_on(self, contender: _Contender) -> None:
        assert isinstance(contender.edit, NodeEdit)
        ((mended, broken),) = self.domain.tally([contender.edit], self.parts[contender.part])
        contender.part, contender.mended = contender.part + 1, contender.mended + mended
        contender.broken += broken

    def _finish(self, found: list[_Contender], rest: list[_Contender], limit: int) -> Ranking:
        """The best of the complete edits, after completing those that promise the most."""
        complete = found + [c for c in rest if c.part == len(self.parts)]
        open_ones = sorted((c for c in rest if c.part < len(self.parts)), key=lambda c: (-c.promise, c.tie))
        for contender in open_ones[:limit]:
            while contender.part < len(self.parts):
                self._go_on(contender)
        best = sorted([*complete, *open_ones[:limit]], key=self._bound)[:limit]
        proven = all(self._bound(c) > self._bound(best[-1]) for c in open_ones[limit:])
        return Ranking(tuple(Effect(c.edit, c.mended, c.broken) for c in best), proven)
