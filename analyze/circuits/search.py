"""Small sufficient sets of nodes: elimination in several orders, then exchange.

*Elimination* starts from all nodes and leaves out one after the other, as long as what is left suffices; what comes out
is 1-minimal. It depends on the order, so several are tried. *Exchange* starts from the smallest set found: one of its
nodes is replaced by one outside. A set of the same size that suffices is a step sideways, from which the search goes
on; where one of its members can be left out too, it is a smaller one. The work is bounded by a count, not by a clock,
so that the same question has the same answer everywhere.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence

from analyze.circuits.ablation import TriedSets
from analyze.circuits.exact import Exhausted, smaller_than
from analyze.circuits.margins import members
from analyze.dataflow import swings

SHUFFLES = 2
"""Random orders of elimination, beside the four planned ones."""

BRANCHES = 40_000
"""Branches of the search over all sets that are looked at before anything else is tried."""

EXCHANGES = 1200
"""Exchanges tried for one sub-problem."""


def small_sets(trial: TriedSets, candidates: int) -> tuple[list[int], Exhausted]:
    """Sufficient, 1-minimal sets, smallest first.

    Args:
        candidates: the nodes that can make a difference: all of them suffice, and no other is ever needed.
    """
    trial.confirmed.add(candidates)  # what is left out makes no difference to any prediction
    orders = _orders(trial, members(candidates))
    found = {minimal(trial, next(orders), candidates)}
    best = min(one.bit_count() for one in found if one is not None)
    quick = smaller_than(trial, best, candidates, branches=BRANCHES)
    if quick.smallest is not None:
        found.add(quick.smallest)
    found |= {minimal(trial, order, candidates) for order in orders}
    kept = {one for one in found if one is not None}
    if not quick.complete:
        kept |= set(exchange(trial, min(kept, key=_rank), candidates))
    return sorted(kept, key=_rank), quick


def _rank(kept: int) -> tuple[int, list[int]]:
    """Small sets first; of two equally large ones that whose first nodes come first."""
    nodes = members(kept)
    return len(nodes), nodes


def minimal(trial: TriedSets, order: Sequence[int], start: int) -> int | None:
    """A sufficient, 1-minimal subset: `start`, less each that can go, tried in this order until none can.

    Returns:
        None if `start` does not suffice.
    """
    while trial.passes(start):
        kept, smaller = start, True
        while smaller:
            smaller = False
            for node in order:
                if kept >> node & 1 and trial.passes(kept ^ 1 << node):
                    kept, smaller = kept ^ 1 << node, True
        if trial.suffices(kept):
            return kept
    return None


def _orders(trial: TriedSets, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Orders in which to eliminate: what comes first is most likely to go."""
    program, names = trial.on.program, list(trial.constants)
    of_variable = swings(program)
    swing_of = {node: of_variable.get(names[node], 0) for node in nodes}
    yield list(reversed(nodes))
    yield list(nodes)
    yield sorted(nodes, key=lambda node: (swing_of[node], -node))
    every = sum(1 << node for node in nodes)
    harm = {node: len(trial.on_few.failing(every ^ 1 << node)) for node in nodes}
    yield sorted(nodes, key=lambda node: (harm[node], swing_of[node], -node))
    for seed in range(SHUFFLES):
        shuffled = list(nodes)
        random.Random(seed).shuffle(shuffled)
        yield shuffled


def exchange(trial: TriedSets, start: int, candidates: int) -> Iterator[int]:
    """Sufficient, 1-minimal sets that are smaller than `start`, each smaller than the one before."""
    left = EXCHANGES
    queue, seen = deque([start]), {start}
    while queue:
        for fresh, other in _exchanges(queue.popleft(), candidates):
            if other in seen:
                continue
            if left == 0:
                return
            left -= 1
            seen.add(other)
            if not trial.passes(other):
                continue
            smaller = _smaller(trial, other, fresh)
            if smaller is not None and smaller.bit_count() < start.bit_count():
                yield smaller
                start, queue, seen = smaller, deque([smaller]), {smaller}
                break
            queue.append(other)


def _exchanges(kept: int, candidates: int) -> Iterator[tuple[int, int]]:
    """A node that comes in for a member, and the set with it."""
    for fresh in members(candidates & ~kept):
        for gone in members(kept):
            yield fresh, kept ^ 1 << fresh ^ 1 << gone


def _smaller(trial: TriedSets, kept: int, fresh: int) -> int | None:
    """A sufficient, 1-minimal subset, if any member but `fresh` can be left out."""
    older = members(kept ^ 1 << fresh)
    if not any(trial.passes(kept ^ 1 << node) for node in older):
        return None
    return minimal(trial, [*older, fresh], kept)  # left out last is what has just come
