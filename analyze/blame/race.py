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
from typing import Generic, TypeAlias, TypeVar

from analyze.blame.effects import FIRST_PART, Effect, KnownAnswers
from analyze.outcome import Rows
from tprog.edits.edit import Edit, NodeEdit, ReadoutEdit
from tprog.ir.program import Program

PARTS = (FIRST_PART, 1024, 4096)
"""Inputs looked at before an edit is weighed against the others again; then all the rest."""

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


class Race(Generic[Entrant]):
    """Contenders on their way through the inputs.

    Attributes:
        parts: the inputs, part by part.
        left: [part] wrong predictions in the parts from there on.
        waiting: once the work was cut off, those whose place is not known.
    """

    def __init__(self, answers: KnownAnswers, rows: Rows) -> None:
        ends = sorted({0, *(end for end in PARTS if end < len(rows)), len(rows)})
        self.answers = answers
        self.parts = [rows[start:end] for start, end in pairwise(ends)]
        wrong = [int(answers.wrong[part].sum()) for part in self.parts]
        self.left = [sum(wrong[done:]) for done in range(len(wrong) + 1)]
        self.waiting: list[Entrant] = []

    def run(self, contenders: Sequence[Entrant], work: int, enough: Callable[[int], bool]) -> Iterator[Entrant]:
        """Contenders whose effect is known and whom no other can precede, the best first.

        Args:
            work: inputs times nodes to execute before it is cut off; then `waiting` is filled.
            enough: told the largest net effect that any of the rest may have, whether they matter no more.
        """
        queue = [(self.bound(contender), contender) for contender in contenders]
        heapq.heapify(queue)  # keys differ in their last item, so contenders are never compared
        self.answers.work = 0
        while queue and not enough(-queue[0][0][0]):
            if self.answers.work > work:
                self.waiting = [contender for _, contender in queue]
                return
            _, contender = heapq.heappop(queue)
            if self.is_known(contender):
                yield contender
            else:
                self._go_on(contender)
                heapq.heappush(queue, (self.bound(contender), contender))

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
            self._go_on(contender)

    def _go_on(self, contender: Entrant) -> None:
        assert isinstance(contender.edit, NodeEdit)
        ((mended, broken),) = self.answers.tally([contender.edit], self.parts[contender.part])
        contender.part, contender.mended = contender.part + 1, contender.mended + mended
        contender.broken += broken


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
    domain: KnownAnswers, edits: Sequence[Edit], limit: int, known: Mapping[Edit, Effect] | None = None
) -> Ranking:
    """The best edits, by net effect, then those of the readout last, then smaller ones, then in the order given.

    Args:
        known: the effects of readout edits that need not be counted again.
    """
    race = Race[Contender](domain, domain.order)
    contenders, promise = _entered(race, edits, known or {})
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
        _count_first_part(race, alike)
        promise |= {contender.edit: domain.scale_up(contender.mended, contender.broken) for contender in alike}
    return contenders, promise


def _count_first_part(race: Race[Contender], alike: Sequence[Contender]) -> None:
    """Count edits of one node on the first part of the inputs."""
    tried = [contender.edit for contender in alike if isinstance(contender.edit, NodeEdit)]
    for contender, (mended, broken) in zip(alike, race.answers.tally(tried, race.parts[0]), strict=True):
        contender.part, contender.mended, contender.broken = 1, mended, broken
