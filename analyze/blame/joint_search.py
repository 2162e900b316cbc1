"""All small edits of a program against all its failing inputs, which share the executions."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from analyze.blame.effects import Effect, KnownAnswers, order_key
from analyze.blame.single_edits import node_edits, stays_exact, weight_edits
from analyze.blame.weights import Bend, Bends, weight_rows
from analyze.outcome import Ground, Rows, spread, take
from analyze.reached_entries import reached
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit
from tprog.edits.entry import Entry
from tprog.ir.entries import WeightsOf
from tprog.run.batch import Array

_PARTS = (128, 1024, 4096)
"""Other inputs counted before an edit is weighed against the others again; then all the rest."""

_WORK = 40_000_000
"""Inputs times nodes to execute before the ranking is cut off: some ten seconds."""

_Key: TypeAlias = tuple[int, int, Fraction, int]
"""- net, whether of the readout, size, order of the entries. Less is better."""


@dataclass(eq=False)
class Contender:
    """An edit as far as its effect is known.

    Attributes:
        mends: the failing inputs, as indices in `JointSearch.rows`, whose prediction in question it makes right.
        part: how many parts of the other inputs it is counted on; None if its effect is known.
    """

    edit: Edit
    tie: tuple[int, Fraction, int]
    mends: Rows
    mended: int
    broken: int
    part: int | None

    def key(self, left: int = 0) -> _Key:
        """What it is ranked by if it mends `left` more."""
        return (-(self.mended - self.broken + left), *self.tie)


class JointSearch:
    """The edits that mend any of the failing inputs, with their effect on these.

    Attributes:
        on: the intact program on the inputs with right answers.
        rows: the failing inputs looked at.
        places: [row] the first wrong place of each: the prediction in question.
        contenders: in the order of the entries, weights last.
    """

    def __init__(self, on: Ground, most: int) -> None:
        self.on, self.domain = on, KnownAnswers(on)
        failing = np.flatnonzero(np.logical_or.reduce(self.domain.wrong, axis=1))
        self.rows: Rows = failing[spread(len(failing), most)]
        self.places: Array = self.domain.wrong[self.rows].argmax(axis=1)
        self._index = np.full(len(self.domain.wrong), -1)
        self._index[self.rows] = np.arange(len(self.rows))
        self.contenders: list[Contender] = []
        if len(self.rows):
            for found in (self._node_edits(), self._filled_rows(), self._bent_weights()):
                for contender in found:
                    self.contenders.append(contender)

    def _contender(self, edit: Edit, mends: Rows, mended: int, broken: int, part: int | None) -> Contender:
        tie = int(isinstance(edit, ReadoutEdit)), edit.size(self.on.program), len(self.contenders)
        return Contender(edit, tie, mends, mended, broken, part)

    def _node_edits(self) -> Iterator[Contender]:
        on, domain = self.on, self.domain
        failing = take(on.intact, self.rows)
        near = {where for where, count in reached(failing).items() if count}
        for node in on.program.nodes:

            def consulted(where: Entry) -> bool:
                return where.part == "wiring" or where in near

            edits = list(node_edits(on.program, node, consulted))
            for at, rows, found in domain.after(edits, self.rows):
                now = found == domain.expected[rows]
                mended = int((now & domain.wrong[rows]).sum())
                if mended:
                    indices = self._index[rows]
                    mends = indices[now[np.arange(len(rows)), self.places[indices]]]
                    broken = int((~now & domain.right[rows]).sum())
                    yield self._contender(edits[at], mends, mended, broken, 0)

    def _filled_rows(self) -> Iterator[Contender]:
        """Weight rows that are missing, with the least weight that makes the prediction right which runs into them."""
        seen: set[Edit] = set()
        for index, row in enumerate(self.rows.tolist()):
            if not any(isinstance(table, WeightsOf) and at[row].any() for table, at in self.on.intact.holed.items()):
                continue
            place, run = int(self.places[index]), take(self.on.intact, np.array([row]))
            for edit in weight_edits(run, place, int(self.domain.expected[row, place])):
                if edit not in seen and stays_exact(self.on.program, edit):
                    seen.add(edit)
                    effect = self.domain.weigh(edit)
                    yield self._contender(edit, np.array([index]), effect.mended, effect.broken, None)

    def _bent_weights(self) -> Iterator[Contender]:
        """The best bend of each weight row, and the best one for each failing input."""
        program = self.on.program
        at_place = np.full(self.domain.wrong.shape, -1)
        at_place[self.rows, self.places] = np.arange(len(self.rows))
        asked: Array = at_place.ravel()
        best: list[tuple[tuple[int, int], Bend, int] | None] = [None] * len(self.rows)
        bends = Bends(self.on)
        for variable, value in weight_rows(program):
            of_row: tuple[tuple[int, int], Bend, int] | None = None
            for bend in bends.of(variable, value):
                amounts, nets = bend.best_from()
                for index, amount, net in zip(
                    asked[bend.places].tolist(), amounts.tolist(), nets.tolist(), strict=True
                ):
                    key = (-net, amount)
                    if index >= 0:
                        held = best[index]
                        if held is None or key < held[0]:
                            best[index] = key, bend, amount
                    if of_row is None or key < of_row[0]:
                        of_row = key, bend, amount
            if of_row is not None:
                yield from self._bent(of_row[1], of_row[2], asked)
        chosen = {(id(held[1]), held[2]): held for held in best if held is not None}
        for _, bend, amount in chosen.values():
            yield from self._bent(bend, amount, asked)

    def _bent(self, bend: Bend, amount: int, asked: Array) -> Iterator[Contender]:
        edit = bend.edit(amount)
        if stays_exact(self.on.program, edit):
            indices = asked[bend.places[: int(np.searchsorted(bend.mended, amount, side="right"))]]
            mended, broken = bend.effect(amount)
            yield self._contender(edit, indices[indices >= 0], mended, broken, None)


class Race:
    """The contenders of a search, counted on the other inputs until the best are known.

    Attributes:
        ranked: the best edit of each entry, best first, at most `limit` of them, and only those with a net gain.
        top: [row] the best edit that mends each failing input, None where none does.
        proven: whether no other edit ranks above these.
    """

    def __init__(self, search: JointSearch, limit: int) -> None:
        self.search, self.limit, self.domain = search, limit, search.domain
        others = search.domain.order[~np.isin(search.domain.order, search.rows)]
        ends = sorted({0, *(end for end in _PARTS if end < len(others)), len(others)})
        self.parts = [others[start:end] for start, end in pairwise(ends)]
        self.left = [int(sum(self.domain.wrong[p].sum() for p in self.parts[done:])) for done in range(len(ends))]
        self.ranked: list[Effect] = []
        self.top: list[Edit | None] = [None] * len(search.rows)
        self.proven = True
        self._known: set[Entry] = set()
        mendable = {int(index) for contender in search.contenders for index in contender.mends}
        self._open = len(mendable)

    def run(self) -> None:
        """Fill in the answers."""
        queue = [(self._bound(contender), contender) for contender in self.search.contenders]
        heapq.heapify(queue)  # keys differ in their last item, so contenders are never compared
        self.domain.work = 0
        while queue and not self._answered(queue[0][0][0]):
            if self.domain.work > _WORK:
                self._cut_off([contender for _, contender in queue])
                return
            _, contender = heapq.heappop(queue)
            if self._complete(contender):
                self._note(contender)
            else:
                self._go_on(contender)
                heapq.heappush(queue, (self._bound(contender), contender))

    def _answered(self, bound: int) -> bool:
        """Whether no contender with this bound matters any more."""
        return not self._open and (bound >= 0 or len(self.ranked) == self.limit)

    def _complete(self, contender: Contender) -> bool:
        return contender.part is None or contender.part == len(self.parts)

    def _bound(self, contender: Contender) -> _Key:
        """The best key that an edit may still get: it mends no more than what is wrong among the inputs left."""
        return contender.key(0 if contender.part is None else self.left[contender.part])

    def _go_on(self, contender: Contender) -> None:
        edit = contender.edit
        assert isinstance(edit, NodeEdit)
        assert contender.part is not None
        ((mended, broken),) = self.domain.tally([edit], self.parts[contender.part])
        contender.part, contender.mended = contender.part + 1, contender.mended + mended
        contender.broken += broken

    def _note(self, contender: Contender) -> None:
        """A contender that is known to come next."""
        where = contender.edit.entry
        gains = contender.mended > contender.broken
        if gains and where not in self._known and len(self.ranked) < self.limit and self._complete(contender):
            self.ranked.append(Effect(contender.edit, contender.mended, contender.broken))
        self._known.add(where)
        for index in contender.mends.tolist():
            if self.top[index] is None:
                self.top[index] = contender.edit
                self._open -= 1

    def _cut_off(self, rest: list[Contender]) -> None:
        """Complete the entries that promise the most, and give each failing input that is left what promises the most.

        What an edit promises is its net effect if it breaks as many of the inputs left as of those looked at.
        """
        self.proven = False
        rest.sort(key=lambda contender: (-self._promise(contender), contender.tie))
        completed = 0
        for contender in rest:
            if contender.edit.entry not in self._known and completed < 2 * self.limit:
                while not self._complete(contender):
                    self._go_on(contender)
                completed += 1
            self._note(contender)
        program = self.search.on.program
        self.ranked.sort(key=lambda effect: order_key(program, effect))

    def _promise(self, contender: Contender) -> float:
        counted = sum(map(len, self.parts[: contender.part])) if contender.part else 0
        others = sum(map(len, self.parts))
        if self._complete(contender) or not counted:
            return contender.mended - contender.broken
        return contender.mended - contender.broken * others / counted
