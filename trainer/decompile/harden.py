"""A pruned network made hard, head by head, and a readout over what its heads then bring.

Heads whose answers other heads or their scores read are taken first, layer by layer: each candidate stands in for the
soft head, and what is left of the network runs on. The simplest counts whose match is close to the best. Heads that the
readout alone reads, or the MLPs before it, are not judged so, since a soft readout may need what a hard head does not
have, and one that is fitted anew may not: so their candidates become columns, and the fewest that do are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.decompile.attend import Hard, Hardened, candidates
from trainer.decompile.edges import Answered, Edges, Feed, Moved, Score, Variable
from trainer.decompile.judging import Judge, Judged
from trainer.decompile.network import Floats
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.readout import Linear
from trainer.decompile.symbols import Facts, Selection
from trainer.decompile.terms import Classes

EASE = 0.003
"""How much match a simpler candidate may cost."""

LOST = 0.95
"""A match below which no candidate stands for a head, which then stays soft."""


@dataclass(frozen=True)
class Accepted:
    """A step that was taken.

    Attributes:
        what: of the network.
        by: what stands for it.
        match: of positions, then.
        divergence: in nats, of the soft rest; None behind a readout.
    """

    what: str
    by: str
    match: float
    divergence: float | None = None


@dataclass(frozen=True, eq=False)
class HardNetwork:
    """A hard network: all that a Program says.

    Attributes:
        readout: over the discrete variables.
        classes: what it predicts.
        match: of the graded positions of the batch that it was judged by.
        accepted: how it came about.
    """

    readout: Linear
    classes: Classes
    match: float
    accepted: tuple[Accepted, ...]


# Heads that heads read ################################################################################################


def inner_heads(edges: Edges) -> set[tuple[int, int]]:
    """The heads whose answers a score reads, directly or through MLPs and other heads, or another head moves."""
    read: set[Variable] = {v for edge in edges if isinstance(edge, Score) for v in edge.reads}
    read |= {v.what for edge in edges for v in edge.reads if isinstance(v, Moved)}
    seen: set[Variable] = set()
    while read:
        variable = read.pop()
        seen.add(variable)
        read |= _read_by(variable, edges) - seen
    return {(variable.layer, variable.head) for variable in seen if isinstance(variable, Moved)}


def _read_by(variable: Variable, edges: Edges) -> set[Variable]:
    """What a head moves, or an MLP reads, to give a variable."""
    match variable:
        case Moved(what=what):
            return {what}
        case Answered(layer):
            return {edge.what for edge in edges if isinstance(edge, Feed) and edge.layer == layer}
    return set()


def harden_inner(
    paths: Paths, edges: Edges, facts: Facts, sets: bool, tell: Callable[[str], object]
) -> tuple[Hardened, PathRun, list[Accepted]]:
    """The heads that others read, layer by layer."""
    judge = Judge(paths, edges, facts, sets)
    hardened: Hardened = {}
    accepted: list[Accepted] = []
    for head in sorted(inner_heads(edges)):
        if head not in judge.made.patterns:
            continue
        known = candidates(paths, judge.made, edges, facts, head, hardened)
        judged = judge.judged(head, known, lambda hard, head=head: tell(f"attn_{head[0]}_{head[1]} as {hard}"))  # type: ignore[misc]
        best = max(each.alike for each in judged)
        chosen = next(each for each in judged if each.alike >= best - EASE)
        if best < LOST:
            soft = mostly([each.hard for each in judged], judge.made.patterns[head], facts)
            chosen = Judged(1.0, 0.0, soft)
        else:
            judge.take(head, chosen.hard)
        hardened[head] = chosen.hard
        accepted.append(Accepted(f"attn_{head[0]}_{head[1]}", str(chosen.hard), chosen.alike, chosen.apart))
    return hardened, judge.made, accepted


def mostly(known: Sequence[Hard], attended: Floats, facts: Facts) -> Hard:
    """A head that stays soft, and which position it attends to most of those that a candidate would copy.

    How well the network does with that position alone tells little: its rest counts on the shares of the others.
    """

    def share(hard: Hard) -> float:
        there = np.take_along_axis(attended, facts.at(hard.where)[:, :, None], axis=2)[..., 0]
        return float(there[facts.inputs.present].mean())

    copying = [hard for hard in known if hard.copies]
    if not copying:
        return Hard(Selection(), copies=False, soft=True)
    return Hard(max(copying, key=share).where, copies=True, soft=True)
