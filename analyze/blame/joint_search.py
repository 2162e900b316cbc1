"""All small edits of a program against all its failing inputs, which share the executions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from analyze.blame.effects import Effect, KnownAnswers, order_key
from analyze.blame.race import KNOWN, Contender, Race, tie
from analyze.blame.single_edits import node_edits, stays_exact, weight_edits
from analyze.blame.weights import Bend, Bends, weight_rows
from analyze.outcome import Ground, Rows, spread
from analyze.reached_entries import reached
from tprog.edits.edit import Edit
from tprog.ir.entry import Entry
from tprog.run.batch import Array
from tprog.run.execute import some_of

_MANY, _AHEAD, _FIRST_PARTS = 4096, 32, 2
"""Edits from which on they go over the first parts of the inputs together, and then so many at a time: of a vocabulary
of thousands of words most edits touch a few inputs, and trying one takes longer than what it executes."""

_WORK = 40_000_000
"""Inputs times nodes to execute before the ranking is cut off: some ten seconds."""


@dataclass(eq=False)
class Mender(Contender):
    """An edit that mends some of the failing inputs, counted on these and on parts of the others.

    Attributes:
        mends: the failing inputs, as indices in `JointSearch.rows`, whose prediction in question it makes right.
    """

    mends: Rows


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
        self.contenders: list[Mender] = []
        if len(self.rows):
            for found in (self._node_edits(), self._filled_rows(), self._bent_weights()):
                for contender in found:
                    self.contenders.append(contender)

    def _contender(self, edit: Edit, mends: Rows, mended: int, broken: int, part: int) -> Mender:
        return Mender(edit, tie(self.on.program, edit, len(self.contenders)), part, mended, broken, mends)

    def _node_edits(self) -> Iterator[Mender]:
        on, domain = self.on, self.domain
        failing = some_of(on.intact, self.rows)
        near = {where for where, count in reached(failing).items() if count}
        for node in on.program.nodes:

            def consulted(where: Entry) -> bool:
                return where.part == "wiring" or where in near

            edits = list(node_edits(failing, node, consulted))
            for at, rows, found in domain.after(edits, self.rows):
                now = found == domain.expected[rows]
                mended = int((now & domain.wrong[rows]).sum())
                if mended:
                    indices = self._index[rows]
                    mends = indices[now[np.arange(len(rows)), self.places[indices]]]
                    broken = int((~now & domain.right[rows]).sum())
                    yield self._contender(edits[at], mends, mended, broken, 0)

    def _filled_rows(self) -> Iterator[Mender]:
        """Weight rows that are missing, with the least weight that makes the prediction right which runs into them."""
        seen: set[Edit] = set()
        for index, row in enumerate(self.rows.tolist()):
            if not self.on.intact.in_hole[row]:
                continue
            place, run = int(self.places[index]), some_of(self.on.intact, np.array([row]))
            for edit in weight_edits(run, place, int(self.domain.expected[row, place])):
                if edit not in seen and stays_exact(self.on.program, edit):
                    seen.add(edit)
                    effect = self.domain.weigh(edit)
                    yield self._contender(edit, np.array([index]), effect.mended, effect.broken, KNOWN)

    def _bent_weights(self) -> Iterator[Mender]:
        """The best bend of each weight row, and the best one for each failing input."""
        program = self.on.program
        at_place = np.full(self.domain.wrong.shape, -1)
        at_place[self.rows, self.places] = np.arange(len(self.rows))
        asked: Array = at_place.ravel()
        best: dict[int, _Amount] = {}
        bends = Bends(self.on)
        for variable, value in weight_rows(program):
            amounts = [one for bend in bends.of(variable, value) for one in _amounts(bend, asked)]
            for index, found in amounts:
                if index >= 0:
                    best[index] = min(best.get(index, found), found, key=_rank)
            if amounts:
                _, bend, amount = min((found for _, found in amounts), key=_rank)
                yield from self._bent(bend, amount, asked)
        chosen = {(id(bend), amount): (bend, amount) for _, (_, bend, amount) in sorted(best.items())}
        for bend, amount in chosen.values():
            yield from self._bent(bend, amount, asked)

    def _bent(self, bend: Bend, amount: int, asked: Array) -> Iterator[Mender]:
        edit = bend.edit(amount)
        if stays_exact(self.on.program, edit):
            indices = asked[bend.places[: int(np.searchsorted(bend.mended, amount, side="right"))]]
            mended, broken = bend.effect(amount)
            yield self._contender(edit, indices[indices >= 0], mended, broken, KNOWN)


_Amount: TypeAlias = tuple[tuple[int, int], Bend, int]
"""What a bend by an amount is ranked by (- net, the amount); the bend; the amount."""


def _rank(found: _Amount) -> tuple[int, int]:
    return found[0]


def _amounts(bend: Bend, asked: Array) -> Iterator[tuple[int, _Amount]]:
    """For each prediction that a bend mends: which of those in question it is, -1 for none; and the best amount."""
    amounts, nets = bend.best_from()
    for index, amount, net in zip(asked[bend.places].tolist(), amounts.tolist(), nets.tolist(), strict=True):
        yield index, ((-net, amount), bend, amount)


class BestOfEach:
    """The best edits of a search, and the best one for each failing input: those that win a race on the other inputs.

    Attributes:
        ranked: the best edit of each entry, best first, at most `limit` of them, and only those with a net gain.
        top: [row] the best edit that mends each failing input, None where none does.
        proven: whether no other edit ranks above these.
    """

    def __init__(self, search: JointSearch, limit: int) -> None:
        self.search, self.limit = search, limit
        self.ranked: list[Effect] = []
        self.top: list[Edit | None] = [None] * len(search.rows)
        self._known: set[Entry] = set()
        mendable = {int(index) for contender in search.contenders for index in contender.mends}
        self._open = len(mendable)
        order = search.domain.order
        many = len(search.contenders) > _MANY
        self._race = Race[Mender](search.domain, order[~np.isin(order, search.rows)], ahead=_AHEAD if many else 0)
        if many:
            self._race.count_all(search.contenders, _FIRST_PARTS)
        for contender in self._race.run(search.contenders, _WORK, self._answered):
            self._note(contender)
        self.proven = not self._race.waiting
        if not self.proven:
            self._cut_off(self._race.waiting)

    def _answered(self, net: int) -> bool:
        """Whether no contender that may get this net effect matters any more."""
        return not self._open and (net <= 0 or len(self.ranked) == self.limit)

    def _note(self, contender: Mender) -> None:
        """A contender that is known to come next."""
        where = contender.edit.entry
        gains = contender.mended > contender.broken and self._race.is_known(contender)
        if gains and where not in self._known and len(self.ranked) < self.limit:
            self.ranked.append(contender.effect)
        self._known.add(where)
        for index in contender.mends.tolist():
            if self.top[index] is None:
                self.top[index] = contender.edit
                self._open -= 1

    def _cut_off(self, rest: list[Mender]) -> None:
        """Complete the entries that promise the most, and give each failing input that is left what promises the most.

        What an edit promises is its net effect if it breaks as many of the inputs left as of those looked at.
        """
        rest.sort(key=lambda contender: (-self._promise(contender), contender.tie))
        completed = 0
        for contender in rest:
            if contender.edit.entry not in self._known and completed < 2 * self.limit:
                self._race.complete(contender)
                completed += 1
            self._note(contender)
        program = self.search.on.program
        self.ranked.sort(key=lambda effect: order_key(program, effect))

    def _promise(self, contender: Mender) -> float:
        counted = sum(map(len, self._race.parts[: contender.part]))
        others = sum(map(len, self._race.parts))
        if self._race.is_known(contender) or not counted:
            return contender.mended - contender.broken
        return contender.mended - contender.broken * others / counted
