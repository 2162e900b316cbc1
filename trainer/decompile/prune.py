"""Which edges a network needs: first whole modules are taken out, then edges, by the divergence that it costs.

A sweep measures every edge alone. The longest prefix of them, cheapest first, that keeps the match goes at once; the
rest are tried one by one. Match is that of positions: whether a whole input is predicted alike says little on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from trainer.decompile.apart import divergence, positions_alike
from trainer.decompile.edges import Edges, Score, all_edges, live, modules_of
from trainer.decompile.network import Network
from trainer.decompile.paths import PathRun, Paths

SWEEPS = 3
"""Sweeps at most; each begins from what the one before has left."""

KEPT = 0.998
"""The positions that a pruned network must predict like the whole one."""

Thing = TypeVar("Thing", bound=Hashable)
Module = tuple[str, int, int]


@dataclass(frozen=True)
class Step:
    """What a stage has left.

    Attributes:
        stage: its name.
        edges: how many edges are left.
        match: the graded positions that are predicted like the network's own.
        divergence: in nats.
    """

    stage: str
    edges: int
    match: float
    divergence: float


@dataclass(frozen=True)
class Pruned:
    """The edges that are needed.

    Attributes:
        edges: those left; all of them reach the readout.
        steps: how it came to them.
    """

    edges: Edges
    steps: tuple[Step, ...]


def prune(network: Network, paths: Paths, sets: bool, tell: Callable[[str], object], kept: float = KEPT) -> Pruned:
    """Take out what predictions do not need.

    Args:
        paths: the network on the inputs to judge by, its means not taken yet.
        sets: whether a prediction is a set of tokens.
        tell: is told what goes on.
        kept: the least match, as of `KEPT`.
    """
    graded = paths.inputs.graded
    own = paths.own.logits

    def judged(edges: Edges, base: PathRun | None) -> tuple[float, float, PathRun]:
        made = paths.run(edges, base)
        alike = float(positions_alike(own, made.logits, sets)[graded].mean())
        return alike, divergence(own, made.logits, sets, graded), made

    everything = all_edges(network)
    whole = paths.freeze_means(everything)
    alike, apart, _ = judged(everything, whole)
    steps = [Step("paths", len(everything), alike, apart)]

    modules = sorted({m for edge in everything for v in edge.reads for m in modules_of(v)})

    def without(edges: Edges, taken: Iterable[Module]) -> Edges:
        gone = set(taken)
        return live(
            edge
            for edge in edges
            if not any(m in gone for v in edge.reads for m in modules_of(v)) and _owner(edge) not in gone
        )

    edges = _swept(everything, modules, without, judged, whole, kept, lambda m: tell(f"module {m[0]}_{m[1]}_{m[2]}"))
    alike, apart, base = judged(edges, None)
    steps.append(Step("modules", len(edges), alike, apart))
    for sweep in range(SWEEPS):
        before = edges
        edges = _swept(
            edges,
            sorted(edges, key=str),
            lambda some, taken: live(some - frozenset(taken)),
            judged,
            base,
            kept,
            lambda edge, sweep=sweep: tell(f"sweep {sweep + 1}, {edge}"),  # type: ignore[misc]
        )
        alike, apart, base = judged(edges, None)
        steps.append(Step(f"edges, sweep {sweep + 1}", len(edges), alike, apart))
        if edges == before:
            break
    return Pruned(edges, tuple(steps))


def _owner(edge: object) -> Module | None:
    return ("attn", edge.layer, edge.head) if isinstance(edge, Score) else None


def _swept(
    edges: Edges,
    things: Sequence[Thing],
    without: Callable[[Edges, Iterable[Thing]], Edges],
    judged: Callable[[Edges, PathRun | None], tuple[float, float, PathRun]],
    base: PathRun,
    kept: float,
    tell: Callable[[Thing], object],
) -> Edges:
    """The edges left when as many of the things as can go are gone."""
    costs: list[tuple[float, int]] = []
    for at, thing in enumerate(things):
        tell(thing)
        alike, apart, _ = judged(without(edges, [thing]), base)
        if alike >= kept:
            costs.append((apart, at))
    order = [things[at] for _, at in sorted(costs)]
    low, high = 0, len(order)
    while low < high:  # the match falls with the prefix, nearly always; what is found is judged in any case
        middle = (low + high + 1) // 2
        if judged(without(edges, order[:middle]), base)[0] >= kept:
            low = middle
        else:
            high = middle - 1
    gone = order[:low]
    left = without(edges, gone)
    current = judged(left, base)[2]
    for thing in order[low:]:
        tell(thing)
        fewer = without(edges, [*gone, thing])
        if fewer == left:
            continue
        alike, _, made = judged(fewer, current)
        if alike >= kept:
            gone, left, current = [*gone, thing], fewer, made
    return left
