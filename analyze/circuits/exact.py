"""The smallest sufficient set, proven: branch and bound over all sets of nodes, by their size.

Sufficiency is not monotone, so nothing follows from a subset or superset. Three things make the search smaller all the
same, and all are valid for any set:

- Nodes are decided, one after the other, to be kept or ablated, each after all that it reads. The values of a decided
  node are then certain, and with them its share of every margin (see `analyze.circuits.margins`).
- What an undecided node can add to a margin, over all that its ancestors may do, has an upper bound
  (`analyze.abstract.possible_values`). If the margins so far, plus the largest such shares of as many nodes as may
  still join, fall short for one prediction, no set below suffices.
- Margins are taken on a few inputs. A set that passes there is put to all inputs; those that refute it join the few,
  and the search goes on where it was.

First all sets of the least size that the bound allows are searched, then those of one node more, and so on: the first
one that is found is the smallest, and wherever the search ends, the sizes below are excluded.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import comb

import numpy as np

from analyze.abstract.possible_values import possible_values
from analyze.circuits.ablation import TriedSets
from analyze.circuits.margins import members
from analyze.dataflow import deciding, swings
from tprog.run.batch import Array

_TOLD_EVERY = 0.2
"""Seconds between two reports of progress."""


@dataclass(frozen=True)
class Exhausted:
    """How far the search came.

    Attributes:
        smallest: a smallest sufficient set, if it was found; None: it is not proven, or no set is smaller than allowed.
        complete: whether every set below the limit is excluded, or `smallest` found.
        excluded: sets that were excluded, one by one or many at once.
        sets: how many sets of fewer nodes than the limit, or than `smallest`, there are.
        least: every sufficient set has at least so many nodes.
        seconds: how long it took.
        interrupted: whether Ctrl-C ended it.
    """

    smallest: int | None
    complete: bool
    excluded: int
    sets: int
    least: int
    seconds: float
    interrupted: bool


class _OutOfTime(Exception):
    """The time limit, or that of the branches, is reached."""


def smaller_than(
    trial: TriedSets,
    limit: int,
    candidates: int,
    *,
    seconds: float | None = None,
    branches: int | None = None,
    progress: Callable[[float], object] | None = None,
) -> Exhausted:
    """Look for the smallest sufficient set of fewer nodes than `limit`.

    Args:
        candidates: as `analyze.circuits.search.small_sets`.
        seconds: the time limit; None: until it is done. Ctrl-C ends the search, too.
        branches: the most branches to look at: a limit that does not depend on the machine.
        progress: called now and then with the share of the sets that are excluded so far.
    """
    search = _Search(trial, limit, candidates, seconds, branches, progress)
    complete, interrupted = True, False
    try:
        search.run()
    except _OutOfTime:
        complete = False
    except KeyboardInterrupt:
        if branches is not None:  # a short search, in the middle of another
            raise
        complete, interrupted = False, True
    taken = time.monotonic() - search.started
    sets = _up_to(len(search.order), (limit if search.found is None else search.size) - 1)
    excluded = sets if complete else search.excluded()
    return Exhausted(search.found, complete, excluded, sets, search.size, taken, interrupted)


class _Search:
    """The state of one search.

    Attributes:
        order: the candidates, each behind all that it reads.
        size: the size of the sets that are searched now; smaller ones are excluded.
        found: a sufficient set of that size.
        path: for each decided node of the branch that is searched now, whether the other branch is done, and how many
            nodes that one could still have taken.
    """

    def __init__(
        self,
        trial: TriedSets,
        limit: int,
        candidates: int,
        seconds: float | None,
        branches: int | None,
        progress: Callable[[float], object] | None,
    ) -> None:
        self.trial, self.limit, self.progress = trial, limit, progress
        self.started = self.told = time.monotonic()
        self.until = None if seconds is None else self.started + seconds
        self.left = branches
        self.nodes = members(candidates)
        self.sets = _up_to(len(self.nodes), limit - 1)
        self.size = 0
        self.found: int | None = None
        self.path: list[tuple[bool, int]] = []
        self.version = -1
        self.order: list[int] = []
        self.settled: list[list[tuple[int, int]]] = []
        self._prepare()

    # Bounds ###########################################################################################################

    def _prepare(self) -> None:
        """What depends on the few inputs: the order, and the most that the nodes from each place on can add."""
        few = self.trial.on_few
        could = possible_values(few.program, few.batch, few.given, few.constants)
        most = {node: np.maximum(few.most(node, could[few.nodes[node]]), 0) for node in self.nodes}
        if not self.order:
            self.order = self._ordered()
            self.settled = self._settled()
        count, shape = len(self.order), few.margins.shape
        # [place][nodes that may join]: the sum of the largest shares of the nodes from that place on
        self.reach: list[Array] = [np.zeros((1, *shape), dtype=np.int64)]
        largest = np.zeros((0, *shape), dtype=np.int64)
        for place in range(count - 1, -1, -1):
            largest = np.sort(np.concatenate([largest, most[self.order[place]][None]]), axis=0)
            most_first = largest[::-1][: self.limit]
            self.reach.append(np.concatenate([np.zeros((1, *shape), dtype=np.int64), np.cumsum(most_first, axis=0)]))
        self.reach.reverse()
        self.version = len(self.trial.few)

    def _ordered(self) -> list[int]:
        """The nodes by how much the readout makes of them, each behind its ancestors: they decide the most, soonest."""
        few = self.trial.on_few
        swing_of = swings(few.program)
        order: list[int] = []
        for node in sorted(self.nodes, key=lambda node: (-swing_of.get(few.nodes[node], 0), node)):
            for needed in [*members(few.ancestors[node]), node]:
                if needed not in order and needed in self.nodes:
                    order.append(needed)
        return order

    def _settled(self) -> list[list[tuple[int, int]]]:
        """[place]: nodes that the readout does not tell by, whose last reader was just decided, and their readers."""
        few = self.trial.on_few
        telling = deciding(few.program)
        settled: list[list[tuple[int, int]]] = [[] for _ in range(len(self.order) + 1)]
        for place, node in enumerate(self.order):
            name = few.nodes[node]
            if name not in telling:
                readers = [r for r in self.order if name in few.program.by_name[few.nodes[r]].reads]
                last = max([place, *(self.order.index(reader) for reader in readers)])
                settled[last + 1].append((node, sum(1 << reader for reader in readers)))
        return settled

    def _hopeless(self, margins: Array, place: int, more: int) -> bool:
        """Whether some prediction is lost, whatever `more` of the nodes from a place on are kept."""
        reach = self.reach[place]
        return bool((margins + reach[min(more, len(reach) - 1)] < self.trial.on_few.least).any())

    # Search ###########################################################################################################

    def run(self) -> None:
        for size in range(self.limit):
            self.size = size
            self._search(0, 0, size, self.trial.on_few.margins)
            if self.found is not None:
                return
        self.size = self.limit

    def _search(self, place: int, kept: int, more: int, margins: Array) -> None:
        """All sets that agree with `kept` on the nodes before a place and hold exactly `more` of the others."""
        self._look_at_the_clock()
        if len(self.order) - place < more or self._idle(place, kept) or self._hopeless(margins, place, more):
            return
        if place == len(self.order):
            self._judge(kept)
            return
        node, version = self.order[place], self.version
        self.path.append((False, 0))
        if not self.trial.on_few.forced >> node & 1:
            self._search(place + 1, kept, more, margins)
        self.path[-1] = (True, more)
        if more and self.found is None:
            now = margins if self.version == version else self._margins(place, kept)
            added = None if now is None else self._with(node, kept, now)
            if added is not None:
                self._search(place + 1, kept | 1 << node, more - 1, added)
        if self.found is None:
            self.path.pop()

    def _with(self, node: int, kept: int, margins: Array) -> Array | None:
        """The margins with one more node kept; None if an input reaches a hole there."""
        known = self.trial.on_few.of_node(node, kept)
        if known.holed is not None:
            return None
        return margins if known.share is None else margins + known.share

    def _margins(self, place: int, kept: int) -> Array | None:
        """The margins of the nodes decided so far, the few inputs having grown; None if one of these refutes them."""
        few = self.trial.on_few
        total = few.margins.copy()
        for node in self.order[:place]:
            if not kept >> node & 1:
                if few.forced >> node & 1:
                    return None
                continue
            known = few.of_node(node, kept)
            if known.holed is not None:
                return None
            if known.share is not None:
                total += known.share
        return total

    def _idle(self, place: int, kept: int) -> bool:
        """Whether a kept node does nothing, as what reads it is ablated: without it the set is smaller, and as good."""
        return any(kept >> node & 1 and not kept & readers for node, readers in self.settled[place])

    def _judge(self, kept: int) -> None:
        """A set that passes the few: put it to all inputs."""
        if self.trial.suffices(kept):
            self.found = kept
        elif self.version != len(self.trial.few):
            self._prepare()

    def _look_at_the_clock(self) -> None:
        now = time.monotonic()
        if self.until is not None and now > self.until:
            raise _OutOfTime
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise _OutOfTime
        if self.progress is not None and now > self.told + _TOLD_EVERY:
            self.told = now
            self.progress(self.excluded() / max(1, self.sets))

    def excluded(self) -> int:
        """How many sets are excluded: all smaller ones, and of this size those of the branches that are done."""
        count = len(self.order)
        smaller = _up_to(count, self.size - 1)
        done = 0
        for place, (other_done, more) in enumerate(self.path):
            if other_done:
                done += _exactly(count - place - 1, more)
        return smaller + done


def _up_to(count: int, most: int) -> int:
    """How many sets of at most `most` of `count` nodes there are."""
    return sum(comb(count, size) for size in range(most + 1))


def _exactly(count: int, size: int) -> int:
    return comb(count, size) if size >= 0 else 0
