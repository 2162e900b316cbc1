"""A race of edits: counted on one part of the inputs after another, each only while it may still be among the best.

No edit mends more than what is wrong among the inputs left. That bound proves the ranking without executing everything.
Where too much is wrong for it to help, the work is cut off, and those that promise the most are completed instead.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Generic, TypeAlias, TypeVar

from analyze.blame.effects import FIRST_PART, Effect, KnownAnswers
from analyze.outcome import Rows
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit
from tprog.ir.program import Program

PARTS = (FIRST_PART, 1024, 4096)
"""Inputs looked at before an edit is weighed against the others again; then all the rest."""

_SMALL_PARTS = (FIRST_PART, 1024, 2048, 4096, 8192)
"""The same where few edits are wanted: the others are left behind sooner."""

_AHEAD = 12
"""How many contenders behind the first go on together with it, where few are wanted and they are edits of its node:
that takes less time than one by one, even if some would have been overtaken."""

KNOWN = 2**31
"""More parts than there are."""

_WORK = 12_000_000
"""Inputs times nodes to execute before the ranking is cut off: a few seconds."""

_Key: TypeAlias = tuple[int, int, Fraction, int]
"""What edits are ranked by: - net, whether of the readout, size, order of the entries. Less is better."""


@dataclass(eq=False)
class Contender:
    """An edit as far as its effect is known.

    Attributes:
        tie: what decides where the net effects are equal: whether it is of the readout, its size, its place among all.
        part: on how many parts of the inputs it is counted; `KNOWN` if its effect was known at the start.
    """

    edit: Edit
    tie: tuple[int, Fraction, int]
    part: int
    mended: int
    broken: int

    @property
    def effect(self) -> Effect:
        """Its effect, once it is known."""
        return Effect(self.edit, self.mended, self.broken)


def tie(program: Program, edit: Edit, place: int) -> tuple[int, Fraction, int]:
    """What decides between an edit and others of the same net effect; `place` is its own among all of them."""
    return int(isinstance(edit, ReadoutEdit)), edit.size(program), place


Entrant = TypeVar("Entrant", bound=Contender)

_Queued: TypeAlias = tuple[int, int, int, Entrant]
"""The first item of its bound, its place by what decides between equals, its part, and the contender."""


class Race(Generic[Entrant]):
    """Contenders on their way through the inputs.

    Attributes:
        parts: the inputs, part by part.
        left: [part] wrong predictions in the parts from there on.
        waiting: once the work was cut off, those whose place is not known.
    """

    def __init__(self, answers: KnownAnswers, rows: Rows, ends: Sequence[int] = PARTS, ahead: int = 0) -> None:
        """`ends` are those of the parts; of `ahead` contenders behind the first, those go with it that can."""
        ends = sorted({0, *(end for end in ends if end < len(rows)), len(rows)})
        self.ahead = ahead
        self.answers = answers
        self.parts = [rows[start:end] for start, end in pairwise(ends)]
        wrong = [int(answers.wrong[part].sum()) for part in self.parts]
        self.left = [sum(wrong[done:]) for done in range(len(wrong) + 1)]
        self.waiting: list[Entrant] = []
        self._place: dict[int, int] = {}

    def run(self, contenders: Sequence[Entrant], work: int, enough: Callable[[int], bool]) -> Iterator[Entrant]:
        """Contenders whose effect is known and whom no other can precede, the best first.

        Args:
            work: inputs times nodes to execute before it is cut off; then `waiting` is filled.
            enough: told the largest net effect that any of the rest may have, whether they matter no more.
        """
        ordered = sorted(contenders, key=lambda contender: contender.tie)  # once, since fractions are slow to compare
        self._place = {id(contender): place for place, contender in enumerate(ordered)}
        queue = [self._queued(contender) for contender in contenders]
        heapq.heapify(queue)
        self.answers.work = 0
        while queue:
            most, _, part, contender = queue[0]
            if part != contender.part:  # it went on together with another, and stands in the queue again
                heapq.heappop(queue)
                continue
            if enough(-most):
                return
            if self.answers.work > work:
                self.waiting = _once(queue)
                return
            heapq.heappop(queue)
            if self.is_known(contender):
                yield contender
                continue
            for moved in self._go_on(contender, heapq.nsmallest(self.ahead, queue)):
                heapq.heappush(queue, self._queued(moved))

    def _queued(self, contender: Entrant) -> _Queued[Entrant]:
        """How a contender stands in the queue, in the order of `bound`; places differ, so contenders are not compared.

        It may stand there more than once, each time at another part.
        """
        return self.bound(contender)[0], self._place[id(contender)], contender.part, contender

    def is_known(self, contender: Entrant) -> bool:
        """Whether it is counted on all inputs."""
        return contender.part >= len(self.parts)

    def bound(self, contender: Entrant) -> _Key:
        """The best key that it may still get: it mends no more than what is wrong among the inputs left."""
        left = 0 if self.is_known(contender) else self.left[contender.part]
        return (-(contender.mended - contender.broken + left), *contender.tie)

    def complete(self, contender: Entrant) -> None:
        """Count it on all the inputs left."""
        while not self.is_known(contender):
            self.count([contender])

    def _go_on(self, first: Entrant, others: Sequence[_Queued[Entrant]]) -> list[Entrant]:
        """Count a contender on the next part, and with it those edits of its node that stand there too."""
        node = first.edit.entry.node
        moved = [first]
        for _, _, part, other in others:
            if part == other.part == first.part and other.edit.entry.node == node:
                moved.append(other)
        self.count(moved)
        return moved

    def count_all(self, contenders: Sequence[Entrant], parts: int) -> None:
        """Count edits of nodes on the first parts, those of one node together."""
        by_node: dict[str, list[Entrant]] = {}
        for contender in contenders:
            if contender.part == 0:
                by_node.setdefault(contender.edit.entry.node, []).append(contender)
        for _ in self.parts[:parts]:
            for alike in by_node.values():
                self.count(alike)

    def count(self, contenders: Sequence[Contender]) -> None:
        """Count edits of one node on the next part, at which all of them stand."""
        edits = [contender.edit for contender in contenders if isinstance(contender.edit, NodeEdit)]
        counts = self.answers.tally(edits, self.parts[contenders[0].part])
        for contender, (mended, broken) in zip(contenders, counts, strict=True):
            contender.part, contender.mended = contender.part + 1, contender.mended + mended
            contender.broken += broken


def _once(queue: Sequence[_Queued[Entrant]]) -> list[Entrant]:
    """The contenders of a queue, each where it stands now."""
    return [contender for _, _, part, contender in queue if part == contender.part]


# The best of given edits ##############################################################################################


@dataclass(frozen=True)
class Ranking:
    """The best edits, in order, each with its exact effect.

    Attributes:
        proven: whether no other edit ranks above the last of them.
    """

    effects: tuple[Effect, ...]
    proven: bool


def best_edits(
    domain: KnownAnswers, edits: Sequence[Edit], limit: int, known: Mapping[Edit, Effect] = MappingProxyType({})
) -> Ranking:
    """The best edits, by net effect, then those of the readout last, then smaller ones, then in the order given.

    Args:
        known: the effects of readout edits that need not be counted again.
    """
    race = Race[Contender](domain, domain.order, _SMALL_PARTS, _AHEAD)
    contenders, promise = _entered(race, edits, known)
    found = list(islice(race.run(contenders, _WORK, lambda net: False), limit))
    if not race.waiting:
        return Ranking(tuple(contender.effect for contender in found), True)
    return _cut_off(race, found, promise, limit)


def _cut_off(race: Race[Contender], found: Sequence[Contender], promise: Mapping[Edit, float], limit: int) -> Ranking:
    """The best of those that are complete, after completing those that promise the most."""
    complete = [*found, *(contender for contender in race.waiting if race.is_known(contender))]
    others = [contender for contender in race.waiting if not race.is_known(contender)]
    others.sort(key=lambda contender: (-promise[contender.edit], contender.tie))
    for contender in others[:limit]:
        race.complete(contender)
    best = sorted([*complete, *others[:limit]], key=race.bound)[:limit]
    proven = all(race.bound(contender) > race.bound(best[-1]) for contender in others[limit:])
    return Ranking(tuple(contender.effect for contender in best), proven)


def _entered(
    race: Race[Contender], edits: Sequence[Edit], known: Mapping[Edit, Effect]
) -> tuple[list[Contender], dict[Edit, float]]:
    """Readout edits, counted to the end; the others, counted on the first part, those of one node together.

    Returns:
        the contenders; and of the latter the net effect over all inputs to expect from that on the first part.
    """
    domain, promise = race.answers, dict[Edit, float]()
    contenders = [Contender(edit, tie(domain.on.program, edit, at), 0, 0, 0) for at, edit in enumerate(edits)]
    by_node: dict[str, list[Contender]] = {}
    for contender in contenders:
        edit = contender.edit
        if isinstance(edit, ReadoutEdit):
            effect = known.get(edit) or domain.weigh(edit)
            contender.part, contender.mended, contender.broken = KNOWN, effect.mended, effect.broken
        elif isinstance(edit, NodeEdit):
            by_node.setdefault(edit.node, []).append(contender)
    for alike in by_node.values() if race.parts else ():
        race.count(alike)
        promise |= {contender.edit: domain.scale_up(contender.mended, contender.broken) for contender in alike}
    return contenders, promise
