"""Which edges a network needs: first whole modules are taken out, then edges, by the divergence that it costs.

In a network of very many paths links between modules are taken out before that.

A sweep measures every edge alone; of very many, by a third of the inputs. The longest prefix of them, cheapest first,
that keeps the match goes at once; the rest are tried one by one. Match is that of positions: whether a whole input is
predicted alike says little on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from trainer.decompile.apart import divergence, positions_alike
from trainer.decompile.components import ComponentRun, Components, live_links
from trainer.decompile.edges import (
    Edge,
    Edges,
    Feed,
    Links,
    Module,
    Score,
    Variable,
    all_edges,
    edge_count,
    live,
    module_of,
    modules_of,
)
from trainer.decompile.network import Inputs, Network
from trainer.decompile.paths import PathRun, Paths

MANY_EDGES = 500
"""Edges from which on larger things are taken out before them: links before they are expanded into paths, and then all
that a module reads of a variable. Two layers of two heads have 191, four layers of one head 1,138. There are few links
and readings, so what they rid of costs little."""

SWEEPS = 3
"""Sweeps at most; each begins from what the one before has left."""

KEPT = 0.998
"""The positions that a pruned network must predict like the whole one."""

Thing = TypeVar("Thing", bound=Hashable)
Some = TypeVar("Some", bound=frozenset[Any])
Ran = TypeVar("Ran")
Judge: TypeAlias = Callable[[Some, Ran | None], tuple[float, float, Ran]]
Cost: TypeAlias = Callable[[Some], float | None]


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


@dataclass(frozen=True)
class Linked:
    """The links between modules that are needed.

    Attributes:
        paths: how many edges their path expansion has.
        steps: how it came to them.
    """

    links: Links
    paths: int
    steps: tuple[Step, ...]


def prune_links(
    network: Network, inputs: Inputs, sets: bool, tell: Callable[[str], object], kept: float = KEPT
) -> Linked:
    """Take out the links between modules that predictions do not need; arguments as of `prune`."""
    modules = Components(network, inputs)
    own, graded = modules.own.logits, inputs.graded

    def judged(links: Links, base: ComponentRun | None) -> tuple[float, float, ComponentRun]:
        made = modules.run(links, base)
        alike = float(positions_alike(own, made.logits, sets)[graded].mean())
        return alike, divergence(own, made.logits, sets, graded), made

    links = live_links(modules.whole.links)
    sweeps = _Sweeps(
        judged,
        lambda links, base: _cost(judged, base, kept),
        partial(edge_count, network),
        kept,
        tell,
        left=links,
        base=modules.whole,
        steps=[Step("links", edge_count(network, links), *judged(links, modules.whole)[:2])],
    )
    sweeps.each("links, ", lambda some, taken: live_links(some - frozenset(taken)), "links, ")
    return Linked(sweeps.left, edge_count(network, sweeps.left), tuple(sweeps.steps))


def prune(
    network: Network,
    paths: Paths,
    sets: bool,
    tell: Callable[[str], object],
    kept: float = KEPT,
    linked: Linked | None = None,
) -> Pruned:
    """Take out what predictions do not need.

    Args:
        paths: the network on the inputs to judge by, its means not taken yet.
        sets: whether a prediction is a set of tokens.
        tell: is told what goes on.
        kept: the least match, as of `KEPT`.
        linked: the links between modules to keep to; None: all.
    """
    judged = _judge(paths, sets)
    everything = all_edges(network, None if linked is None else linked.links)
    whole = paths.freeze_means(everything)
    alike, apart, _ = judged(everything, whole)
    kept = min(kept, alike)  # paths over few links may predict a little worse than the links, whose means differ
    few = _few(network, paths, everything) if len(everything) > MANY_EDGES else None

    def cost_beside(edges: Edges, base: PathRun) -> Cost[Edges]:
        if few is None:
            return _cost(judged, base, kept)
        by_few = _judge(few, sets)
        alike, _, beside = by_few(edges, None)
        return _cost(by_few, beside, min(kept, alike))

    sweeps = _Sweeps(
        judged,
        cost_beside,
        len,
        kept,
        tell,
        left=everything,
        base=whole,
        steps=[*(() if linked is None else linked.steps), Step("paths", len(everything), alike, apart)],
    )
    modules = sorted({m for edge in everything for v in edge.reads for m in modules_of(v)})
    sweeps.sweep("modules", modules, _without_modules, lambda m: f"module {m[0]}_{m[1]}_{m[2]}")
    if len(sweeps.left) > MANY_EDGES:
        sweeps.sweep(
            "readings",
            sorted({reading for edge in sweeps.left for reading in _readings(edge)}, key=str),
            lambda some, taken: live(edge for edge in some if not _readings(edge) & set(taken)),
            lambda reading: f"all that {reading[0]} reads of {reading[1]}",
        )
    sweeps.each("edges, ", lambda some, taken: live(some - frozenset(taken)), "")
    return Pruned(sweeps.left, tuple(sweeps.steps))


def _without_modules(edges: Edges, taken: Iterable[Module]) -> Edges:
    gone = set(taken)
    return live(
        edge
        for edge in edges
        if not any(m in gone for v in edge.reads for m in modules_of(v)) and module_of(edge) not in gone
    )


def _readings(edge: Edge) -> set[tuple[str, Variable | None]]:
    """Which module reads which variable: of a product both sides."""
    match edge:
        case Score(layer, head, query, key):
            return {(f"attn_{layer}_{head} query", query), (f"attn_{layer}_{head} key", key)}
        case Feed(layer, what):
            return {(f"mlp_{layer}", what)}
        case _:
            return {("readout", edge.what)}


def _judge(paths: Paths, sets: bool) -> Judge[Edges, PathRun]:
    """How alike the network predicts over some edges, how far it is from its own predictions, and the run."""
    own, graded = paths.own.logits, paths.inputs.graded

    def judged(edges: Edges, base: PathRun | None) -> tuple[float, float, PathRun]:
        made = paths.run(edges, base)
        alike = float(positions_alike(own, made.logits, sets)[graded].mean())
        return alike, divergence(own, made.logits, sets, graded), made

    return judged


def _cost(judged: Judge[Some, Ran], base: Ran, kept: float) -> Cost[Some]:
    """The divergence over fewer than those of a run; None where it predicts too little alike."""

    def cost(fewer: Some) -> float | None:
        alike, apart, _ = judged(fewer, base)
        return apart if alike >= kept else None

    return cost


def _few(network: Network, paths: Paths, edges: Edges) -> Paths:
    """The network on some of the inputs."""
    found = Paths(network, paths.inputs.rows(slice(max(len(paths.inputs) // 3, 1))))
    found.freeze_means(edges, paths)
    return found


@dataclass
class _Sweeps(Generic[Some, Ran]):
    """What sweep after sweep leaves of a network.

    Attributes:
        judged: see `_judge`.
        cost_over: what it costs to have fewer than some, of which there is a run.
        edges: how many edges there are in what is left.
        kept: the least match.
        tell: is told what is tried.
        left, base: what is left, and the run over it.
        steps: how it came to that.
    """

    judged: Judge[Some, Ran]
    cost_over: Callable[[Some, Ran], Cost[Some]]
    edges: Callable[[Some], int]
    kept: float
    tell: Callable[[str], object]
    left: Some
    base: Ran
    steps: list[Step]

    def sweep(
        self,
        stage: str,
        things: Sequence[Thing],
        without: Callable[[Some, Iterable[Thing]], Some],
        said: Callable[[Thing], str],
    ) -> bool:
        """Take out as many things as can go.

        Returns:
            whether any did.
        """
        before = self.left
        cost = self.cost_over(before, self.base)
        tell: Callable[[Thing], object] = lambda thing: self.tell(said(thing))  # noqa: E731
        self.left = _swept(before, things, without, cost, self.judged, self.base, self.kept, tell)
        alike, apart, self.base = self.judged(self.left, None)
        self.steps.append(Step(stage, self.edges(self.left), alike, apart))
        return self.left != before

    def each(self, stage: str, without: Callable[[Some, Iterable[Any]], Some], said: str) -> None:
        """Sweep over single ones until none goes; `stage` and `said` begin the names of these sweeps."""
        for number in range(1, SWEEPS + 1):
            named = partial("{}sweep {}, {}".format, said, number)
            if not self.sweep(f"{stage}sweep {number}", sorted(self.left, key=str), without, named):
                break


def _swept(
    some: Some,
    things: Sequence[Thing],
    without: Callable[[Some, Iterable[Thing]], Some],
    cost: Cost[Some],
    judged: Judge[Some, Ran],
    base: Ran,
    kept: float,
    tell: Callable[[Thing], object],
) -> Some:
    """What is left when as many of the things as can go are gone."""
    costs: list[tuple[float, int]] = []
    for at, thing in enumerate(things):
        tell(thing)
        apart = cost(without(some, [thing]))
        if apart is not None:
            costs.append((apart, at))
    order = [things[at] for _, at in sorted(costs)]
    low, high = 0, len(order)
    while low < high:  # the match falls with the prefix, nearly always; what is found is judged in any case
        middle = (low + high + 1) // 2
        if judged(without(some, order[:middle]), base)[0] >= kept:
            low = middle
        else:
            high = middle - 1
    gone = order[:low]
    left = without(some, gone)
    current = judged(left, base)[2]
    for thing in order[low:]:
        tell(thing)
        fewer = without(some, [*gone, thing])
        if fewer == left:
            continue
        alike, _, made = judged(fewer, current)
        if alike >= kept:
            gone, left, current = [*gone, thing], fewer, made
    return left
