"""A network as a sum over paths, each edge of which can be taken out.

The norms are *frozen*: what a norm divides by, at each use and position, is that of the network's own run. Then
everything between two non-linear steps is linear, and the residual stream is a sum of *variables*: the tokens, the
places, the constants, the answers of MLPs, and what heads move of them. With all edges in place the logits are the
network's own. One learned constant a norm, as the paper has it, would lose the network: a head that averages over n
keys carries signals of size 1/n, and the norm's work is to scale them up again.

An edge that is taken out leaves a mean: of a query its mean over positions, so that what it asked of a key becomes a
term of the key alone; of an input of an MLP or of the readout its mean there.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from trainer.decompile.network import (
    Bools,
    Floats,
    Inputs,
    Network,
    OwnRun,
    activated,
    centred,
    embedded,
    run,
    softmax,
)

# Variables and edges ##################################################################################################


@dataclass(frozen=True)
class Given:
    """What the network starts from: ``tokens``, ``places``, or the ``constants`` that its biases add up to."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Answered:
    """The answer of a layer's MLP."""

    layer: int

    def __str__(self) -> str:
        return f"mlp_{self.layer}"


@dataclass(frozen=True)
class Moved:
    """What a head brings of a variable."""

    layer: int
    head: int
    what: Variable

    def __str__(self) -> str:
        return f"attn_{self.layer}_{self.head}({self.what})"


Variable: TypeAlias = Given | Answered | Moved

TOKENS, PLACES, CONSTANTS = Given("tokens"), Given("places"), Given("constants")


@dataclass(frozen=True)
class Score:
    """A product of a query and a key in the scores of a head; without a query, what every query has of the key."""

    layer: int
    head: int
    query: Variable | None
    key: Variable

    def __str__(self) -> str:
        return f"attn_{self.layer}_{self.head}: {'every query' if self.query is None else self.query} x {self.key}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.key,) if self.query is None else (self.query, self.key)


@dataclass(frozen=True)
class Feed:
    """A variable that an MLP reads."""

    layer: int
    what: Variable

    def __str__(self) -> str:
        return f"mlp_{self.layer}: {self.what}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.what,)


@dataclass(frozen=True)
class Read:
    """A variable that the readout reads."""

    what: Variable

    def __str__(self) -> str:
        return f"readout: {self.what}"

    @property
    def reads(self) -> tuple[Variable, ...]:
        return (self.what,)


Edge: TypeAlias = Score | Feed | Read
Edges: TypeAlias = frozenset[Edge]


def bearer(variable: Variable) -> tuple[str, int, int] | None:
    """The module that makes a variable: its kind, layer and number; None of what is given."""
    match variable:
        case Moved(layer, head, _):
            return "attn", layer, head
        case Answered(layer):
            return "mlp", layer, 0
        case _:
            return None


def modules_of(variable: Variable) -> Iterator[tuple[str, int, int]]:
    """All modules on the way of a variable."""
    found = bearer(variable)
    if found is not None:
        yield found
    if isinstance(variable, Moved):
        yield from modules_of(variable.what)


def stream(network: Network, layer: int, after_heads: bool, without: frozenset[tuple[str, int, int]]) -> list[Variable]:
    """The variables of the residual stream before a layer's heads, or behind them."""
    found: list[Variable] = [TOKENS] if network.places is None else [TOKENS, PLACES]
    for below in range(layer + (1 if after_heads else 0)):
        if below == layer:
            extra: list[Variable] = []
        else:
            extra = [Answered(below)] if ("mlp", below, 0) not in without else []
        before = [*found, CONSTANTS] if below and CONSTANTS not in found else list(found)
        moved = [
            Moved(below, head, what)
            for head in range(network.blocks[below].heads)
            if ("attn", below, head) not in without
            for what in before
        ]
        found = [*before, *moved, *extra]
    if CONSTANTS not in found and (layer or after_heads):
        found.append(CONSTANTS)
    return found


def all_edges(network: Network, without: frozenset[tuple[str, int, int]] = frozenset()) -> Edges:
    """The edges of the path expansion of what is left without some modules."""
    found: set[Edge] = set()
    for layer, block in enumerate(network.blocks):
        before = stream(network, layer, False, without)
        for head in range(block.heads):
            if ("attn", layer, head) not in without:
                found |= {Score(layer, head, query, key) for query in (*before, None) for key in before}
        if ("mlp", layer, 0) not in without:
            found |= {Feed(layer, what) for what in stream(network, layer, True, without)}
    found |= {Read(what) for what in stream(network, len(network.blocks), False, without)}
    return frozenset(found)


def edge_count(network: Network) -> int:
    """How many edges the path expansion has, without making them."""
    stream, total = (1 if network.places is None else 2), 0
    for layer, block in enumerate(network.blocks):
        total += block.heads * stream * (stream + 1)
        behind = stream * (1 + block.heads) + (layer == 0)
        total += behind
        stream = behind + 1
    return total + stream


def live(edges: Iterable[Edge]) -> Edges:
    """The edges whose answers reach the readout."""
    edges = tuple(edges)
    kept: set[Edge] = {edge for edge in edges if isinstance(edge, Read)}
    others = [edge for edge in edges if not isinstance(edge, Read)]
    wanted = {module for edge in kept for what in edge.reads for module in modules_of(what)}
    while True:
        more = [
            edge
            for edge in others
            if edge not in kept
            and (("attn", edge.layer, edge.head) if isinstance(edge, Score) else ("mlp", edge.layer, 0)) in wanted
        ]
        if not more:
            return frozenset(kept)
        kept |= set(more)
        wanted |= {module for edge in more for what in edge.reads for module in modules_of(what)}


# Running ##############################################################################################################

Use: TypeAlias = tuple[str, int]
"""Where the stream is read: ``heads`` or ``mlp`` of a layer, or the ``readout``."""

Pattern: TypeAlias = Floats
"""[B, n, n] how much each position attends to each."""


@dataclass(eq=False)
class PathRun:
    """What a sum over paths computes.

    Attributes:
        values: variable -> [B, n, D].
        patterns: (layer, head) -> its pattern.
        logits: [B, n, V].
    """

    edges: Edges
    values: dict[Variable, Floats]
    patterns: dict[tuple[int, int], Pattern]
    logits: Floats


class Paths:
    """A network on some inputs, to be run with fewer edges or with other patterns.

    Attributes:
        own: the network's own run.
    """

    def __init__(self, network: Network, inputs: Inputs) -> None:
        self.network, self.inputs = network, inputs
        self.own: OwnRun = run(network, inputs)
        self._present = inputs.present
        self._hidden = np.triu(np.full((inputs.tokens.shape[1],) * 2, -np.inf, dtype=np.float32), 1)
        tokens, places = embedded(network, inputs)
        self._given: dict[Variable, Floats] = {TOKENS: tokens, PLACES: places}
        self._constants = _constants(network)
        self._means: dict[tuple[Use, Variable], Floats] = {}
        self._totals: dict[Use, Floats] = {}
        self.whole: PathRun | None = None

    def freeze_means(self, edges: Edges, means: Paths | None = None) -> PathRun:
        """Run with these edges, which are all there are, and take the means that stand in for what is taken out.

        Args:
            means: another batch, whose means to take.
        """
        if means is not None:
            self._means, self._totals = means._means, means._totals
        made = self.run(edges, measuring=means is None)
        self.whole = made
        return made

    # The stream as it is read

    def normed(self, use: Use, variable: Variable, values: Mapping[Variable, Floats]) -> Floats:
        """[B, n, D] the share of a variable in a use: centred, scaled by the frozen norm and its gain."""
        kind, layer = use
        if kind == "readout":
            inverse, norm = self.own.last, self.network.last
        elif kind == "heads":
            inverse, norm = self.own.before_heads[layer], self.network.blocks[layer].before_heads
        else:
            inverse, norm = self.own.before_mlp[layer], self.network.blocks[layer].before_mlp
        value = self._constants[use] if variable == CONSTANTS else values[variable]
        made: Floats = centred(value) * inverse * norm.gain
        return made

    def _mean(self, use: Use, variable: Variable, share: Floats, measuring: bool) -> Floats:
        if measuring:
            self._means[use, variable] = share[self._present].mean(axis=0)
            self._totals[use] = self._totals.get(use, np.zeros_like(share[0, 0])) + self._means[use, variable]
        return self._means[use, variable]

    def run(
        self,
        edges: Edges,
        base: PathRun | None = None,
        patterns: Mapping[tuple[int, int], Pattern] | None = None,
        measuring: bool = False,
    ) -> PathRun:
        """The logits, and all on the way, with some edges only.

        Args:
            base: a run of the same inputs whose parts are taken where they are the same.
            patterns: of heads that attend so, whatever their scores are.
        """
        patterns = patterns or {}
        made = PathRun(edges, dict(self._given), {}, self.own.logits)
        changed: set[object] = set()
        differs = None if base is None else {_place(edge) for edge in edges ^ base.edges}
        wanted = _wanted(edges)
        by_place: dict[object, list[Edge]] = {}
        for edge in edges:
            by_place.setdefault(_place(edge), []).append(edge)
        for layer, block in enumerate(self.network.blocks):
            shares: dict[Variable, tuple[Floats, Floats]] = {}
            for head in range(block.heads):
                place = ("attn", layer, head)
                own = by_place.get(place, [])
                stale = differs is None or place in differs or any(v in changed for e in own for v in e.reads)
                moved = [v for v in wanted if isinstance(v, Moved) and (v.layer, v.head) == (layer, head)]
                if not moved and not own and not measuring:
                    continue
                if (layer, head) in patterns:
                    stale = base is None or base.patterns.get((layer, head)) is not patterns[layer, head]
                    made.patterns[layer, head] = patterns[layer, head]
                elif stale or base is None or (layer, head) not in base.patterns:
                    stale = True
                    made.patterns[layer, head] = self._pattern(layer, head, own, made.values, shares, measuring)
                else:
                    made.patterns[layer, head] = base.patterns[layer, head]
                for variable in moved:
                    if base is not None and not stale and variable.what not in changed and variable in base.values:
                        made.values[variable] = base.values[variable]
                        continue
                    changed.add(variable)
                    share = self.normed(("heads", layer), variable.what, made.values) @ block.value[head]
                    made.values[variable] = (made.patterns[layer, head] @ share) @ block.out[head]
            self._answer(layer, by_place, made, base, changed, differs, wanted, measuring)
        made.logits = self._read(by_place.get(("readout",), []), made.values, measuring)
        return made

    def _pattern(
        self,
        layer: int,
        head: int,
        edges: list[Edge],
        values: Mapping[Variable, Floats],
        shares: dict[Variable, tuple[Floats, Floats]],
        measuring: bool,
    ) -> Pattern:
        block, use = self.network.blocks[layer], ("heads", layer)
        scale = np.float32(block.query.shape[-1] ** -0.5)

        def share(variable: Variable) -> tuple[Floats, Floats]:
            if variable not in shares:
                whole = self.normed(use, variable, values)
                shares[variable] = whole, whole - self._mean(use, variable, whole, measuring and head == 0)
            return shares[variable]

        for edge in edges:
            for variable in edge.reads:
                share(variable)
        constant = self._every_query(layer, head)
        by_key: dict[Variable, Floats] = {}
        for edge in edges:
            assert isinstance(edge, Score)
            asked = constant if edge.query is None else share(edge.query)[1] @ block.query[head]
            by_key[edge.key] = by_key[edge.key] + asked if edge.key in by_key else asked
        batch, width = self.inputs.tokens.shape
        scores = np.zeros((batch, width, width), dtype=np.float32)
        for key, asked in by_key.items():
            keys = share(key)[0] @ block.key[head]
            scores += np.broadcast_to(asked, (*keys.shape[:2], asked.shape[-1])) @ keys.transpose(0, 2, 1)
        return softmax(scores * scale + self._hidden)

    def _every_query(self, layer: int, head: int) -> Floats:
        block = self.network.blocks[layer]
        asked: Floats = (self._totals["heads", layer] + block.before_heads.shift) @ block.query[head]
        return np.asarray(asked + block.query_bias[head])

    def products(self, score: Score, values: Mapping[Variable, Floats]) -> tuple[Floats, Floats]:
        """The query, scaled, and the key of an edge, each [B, n, d] or, of every query, [d]."""
        block, use = self.network.blocks[score.layer], ("heads", score.layer)
        scale = np.float32(block.query.shape[-1] ** -0.5)
        key = (self.normed(use, score.key, values) - self._means[use, score.key]) @ block.key[score.head]
        if score.query is None:
            return self._every_query(score.layer, score.head) * scale, key
        query = self.normed(use, score.query, values) - self._means[use, score.query]
        return query @ block.query[score.head] * scale, key

    def _answer(
        self,
        layer: int,
        by_place: Mapping[object, list[Edge]],
        made: PathRun,
        base: PathRun | None,
        changed: set[object],
        differs: set[object] | None,
        wanted: set[Variable],
        measuring: bool,
    ) -> None:
        answer = Answered(layer)
        if answer not in wanted and not measuring:
            return
        edges = by_place.get(("mlp", layer), [])
        stale = differs is None or ("mlp", layer) in differs or any(v in changed for e in edges for v in e.reads)
        if base is not None and not stale and answer in base.values:
            made.values[answer] = base.values[answer]
            return
        changed.add(answer)
        block = self.network.blocks[layer]
        use = ("mlp", layer)
        summed = self._summed(use, edges, made.values, measuring) + block.before_mlp.shift
        neurons = activated(summed @ block.inward + block.inward_bias, self.network.activation)
        made.values[answer] = neurons @ block.outward

    def _summed(self, use: Use, edges: list[Edge], values: Mapping[Variable, Floats], measuring: bool) -> Floats:
        total = np.zeros((*self.inputs.tokens.shape, self.network.tokens.shape[1]), dtype=np.float32)
        for edge in edges:
            share = self.normed(use, edge.reads[0], values)
            total += share - self._mean(use, edge.reads[0], share, measuring)
        made: Floats = total + self._totals.get(use, np.float32(0))
        return made

    def _read(self, edges: list[Edge], values: Mapping[Variable, Floats], measuring: bool) -> Floats:
        summed = self._summed(("readout", 0), edges, values, measuring) + self.network.last.shift
        made: Floats = summed @ self.network.unembedding.T
        return made


def _place(edge: Edge) -> object:
    match edge:
        case Score(layer, head, _, _):
            return "attn", layer, head
        case Feed(layer, _):
            return "mlp", layer
        case _:
            return ("readout",)


def _wanted(edges: Edges) -> set[Variable]:
    """All variables that edges read, and those that these are moved from."""
    found: set[Variable] = set()
    for edge in edges:
        for variable in edge.reads:
            while variable not in found:
                found.add(variable)
                if not isinstance(variable, Moved):
                    break
                variable = variable.what
    return found


def _constants(network: Network) -> dict[Use, Floats]:
    """What biases alone add to the stream, by where it is read; [D]."""
    total = np.zeros(network.tokens.shape[1], dtype=np.float32)
    found: dict[Use, Floats] = {}
    for layer, block in enumerate(network.blocks):
        found["heads", layer] = total
        total = total + block.out_bias
        for head in range(block.heads):
            brought = block.before_heads.shift @ block.value[head] + block.value_bias[head]
            total = total + brought @ block.out[head]
        found["mlp", layer] = total
        total = total + block.outward_bias
    found["readout", 0] = total
    return found


# How far apart ########################################################################################################


def predictions(logits: Floats, sets: bool) -> Floats | Bools:
    """What is predicted: the set of tokens with a positive logit, [B, n, V], or the most likely one, [B, n]."""
    return logits > 0 if sets else logits.argmax(axis=-1)


def positions_alike(one: Floats, other: Floats, sets: bool) -> Bools:
    """[B, n] where two logits predict the same."""
    alike: Bools = np.asarray(predictions(one, sets) == predictions(other, sets))
    return np.asarray(alike.all(axis=-1)) if sets else alike


def divergence(own: Floats, other: Floats, sets: bool, graded: Bools) -> float:
    """The mean Kullback-Leibler divergence from the network's own predictions, over graded positions, in nats."""
    p, q = own[graded].astype(np.float64), other[graded].astype(np.float64)
    if sets:
        share = 1 / (1 + np.exp(-p))
        yes, no = _soft(-q) - _soft(-p), _soft(q) - _soft(p)
        return float((share * yes + (1 - share) * no).sum(axis=-1).mean())
    p = p - np.logaddexp.reduce(p, axis=-1, keepdims=True)
    q = q - np.logaddexp.reduce(q, axis=-1, keepdims=True)
    return float((np.exp(p) * (p - q)).sum(axis=-1).mean())


def _soft(x: Floats) -> Floats:
    made: Floats = np.logaddexp(0, x)
    return made
