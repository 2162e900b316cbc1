"""A network as a sum over paths, each edge of which can be taken out.

The norms are *frozen*: what a norm divides by, at each use and position, is that of the network's own run. Then
everything between two non-linear steps is linear, and the residual stream is a sum of variables. With all edges in
place the logits are the network's own. One learned constant a norm, as the paper has it, would lose the network: a head
that averages over n keys carries signals of size 1/n, and the norm's work is to scale them up again.

An edge that is taken out leaves a mean: of a query its mean over positions, so that what it asked of a key becomes a
term of the key alone; of an input of an MLP or of the readout its mean there.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from trainer.decompile.edges import CONSTANTS, PLACES, TOKENS, Answered, Edge, Edges, Feed, Moved, Score, Variable
from trainer.decompile.network import (
    Floats,
    Inputs,
    Network,
    OwnRun,
    Use,
    activated,
    attended,
    centred,
    embedded,
    norm_of,
    run,
    shift_of,
)

Pattern: TypeAlias = Floats
"""[B, n, n] how much each position attends to each."""

Patterns: TypeAlias = Mapping[tuple[int, int], Pattern]
"""(layer, head) -> its pattern."""

READOUT: Use = ("readout", 0)


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
        tokens, places = embedded(network, inputs)
        self._given: dict[Variable, Floats] = {TOKENS: tokens, PLACES: places}
        self._constants = constants(network)
        self._means: dict[tuple[Use, Variable], Floats] = {}
        self._totals: dict[Use, Floats] = {}

    def freeze_means(self, edges: Edges, means: Paths | None = None) -> PathRun:
        """Run with these edges, and take the means that stand in for those that are then taken out.

        Args:
            means: another batch, whose means to take.
        """
        if means is not None:
            self._means, self._totals = means._means, means._totals
            return self.run(edges)
        self._means = {}
        self._totals = {use: read[self._present].mean(axis=0) for use, read in self.own.read.items()}
        return self.run(edges, measuring=True)

    def run(
        self, edges: Edges, base: PathRun | None = None, patterns: Patterns | None = None, measuring: bool = False
    ) -> PathRun:
        """The logits, and all on the way, with some edges only.

        Args:
            base: a run of the same inputs whose parts are taken where they are the same.
            patterns: of heads that attend so, whatever their scores are.
            measuring: whether to take means that are not known yet.
        """
        made = PathRun(edges, dict(self._given), {}, self.own.logits)
        one = _Run(self, made, base, patterns or {}, measuring)
        for layer in range(len(self.network.blocks)):
            one.attend(layer)
            one.answer(layer)
        one.read()
        return made

    # The stream as it is read

    def normed(self, use: Use, variable: Variable, values: Mapping[Variable, Floats]) -> Floats:
        """[B, n, D] the share of a variable in a use: centred, scaled by the frozen norm and its gain."""
        return share_of(
            self.network, self.own, use, self._constants[use] if variable == CONSTANTS else values[variable]
        )

    def mean(self, use: Use, variable: Variable, share: Floats, measuring: bool) -> Floats:
        """[D] the mean of a variable's share in a use."""
        if measuring and (use, variable) not in self._means:
            whole = np.broadcast_to(share, (*self._present.shape, share.shape[-1]))
            self._means[use, variable] = whole[self._present].mean(axis=0)
        return self._means[use, variable]

    def summed(
        self, use: Use, variables: Sequence[Variable], values: Mapping[Variable, Floats], measuring: bool
    ) -> Floats:
        """[B, n, D] the shares of some variables in a use, added up, less their means.

        The share of a sum is the sum of the shares: so many variables cost little more than one.
        """
        if measuring:
            for variable in variables:
                self.mean(use, variable, self.normed(use, variable, values), True)
        total = np.zeros((*self.inputs.tokens.shape, self.network.tokens.shape[1]), dtype=self.network.dtype)
        mean = np.zeros(total.shape[-1], dtype=total.dtype)
        for variable in variables:
            total += self._constants[use] if variable == CONSTANTS else values[variable]
            mean += self._means[use, variable]
        made: Floats = share_of(self.network, self.own, use, total) - mean
        return made

    def read(self, use: Use, edges: Iterable[Edge], values: Mapping[Variable, Floats], measuring: bool) -> Floats:
        """[B, n, D] what is read where only some variables are, with the means of the others; before the shift."""
        read = [edge.reads[0] for edge in edges]
        made: Floats = self.summed(use, read, values, measuring) + self._totals[use]
        return made

    def brought(self, layer: int, head: int, variable: Variable, values: Mapping[Variable, Floats]) -> Floats:
        """[B, n, d] the value that a head takes of a variable, or [d] where it is the same everywhere."""
        use = ("heads", layer)
        value = self._constants[use] if variable == CONSTANTS else values[variable]
        matrix, norm = self.network.blocks[layer].value[head], norm_of(self.network, use)
        if norm is None:
            return np.asarray(value @ matrix)
        # The norm without what it divides by is a matrix, too.
        scaled = norm.gain[:, None] * matrix
        made: Floats = (value @ (scaled - scaled.mean(axis=0))) * self.own.inverse[use]
        return made

    def every_query(self, layer: int, head: int) -> Floats:
        """[d] what all queries of a head have in common: the mean of the stream, and the biases."""
        block = self.network.blocks[layer]
        asked: Floats = (self._totals["heads", layer] + shift_of(block.before_heads)) @ block.query[head]
        return np.asarray(asked + block.query_bias[head])

    def factors(
        self, scores: Iterable[Edge], values: Mapping[Variable, Floats], measuring: bool = False
    ) -> list[tuple[Floats, Floats]]:
        """Queries, scaled, and keys, whose products add up to the scores of a head by some of its edges.

        Each is [B, n, d], but [d] for what every query has in common alone. What all keys have in common changes no
        share of attention, so their means are left out.
        """
        found = []
        for (layer, head), queries, keys in _together(scores):
            block, use = self.network.blocks[layer], ("heads", layer)
            known = [query for query in queries if query is not None]
            asked: Floats = np.zeros((), dtype=self.network.dtype)
            if None in queries:
                asked = self.every_query(layer, head)
            if known:
                asked = self.summed(use, known, values, measuring) @ block.query[head] + asked
            looked = self.summed(use, keys, values, measuring) @ block.key[head]
            found.append((asked * self.network.dtype.type(block.scale[head]), looked))
        return found


def share_of(network: Network, own: OwnRun, use: Use, value: Floats) -> Floats:
    """What a summand of the stream adds where it is read, the norm frozen as it is in the network's own run."""
    norm = norm_of(network, use)
    if norm is None:
        return value
    made: Floats = centred(value) * own.inverse[use] * norm.gain
    return made


def constants(network: Network) -> dict[Use, Floats]:
    """What biases alone add to the stream, by where it is read; [D]."""
    total = np.zeros(network.tokens.shape[1], dtype=network.dtype)
    found: dict[Use, Floats] = {}
    for layer, block in enumerate(network.blocks):
        found["heads", layer] = total
        total = total + block.out_bias
        for head in range(block.heads):
            brought = shift_of(block.before_heads) * np.ones_like(total) @ block.value[head] + block.value_bias[head]
            total = total + brought @ block.out[head]
        found["mlp", layer] = total
        total = total + block.outward_bias
    found[READOUT] = total
    return found


class _Run:
    """One run of a sum over paths, layer by layer.

    Args:
        made: what is filled in.
        base: what may be taken over where neither edges nor what they read have changed.
    """

    def __init__(self, paths: Paths, made: PathRun, base: PathRun | None, patterns: Patterns, measuring: bool) -> None:
        self._paths, self._made, self._base = paths, made, base
        self._patterns, self._measuring = patterns, measuring
        self._changed: set[Variable] = set()
        self._differs = None if base is None else {_place(edge) for edge in made.edges ^ base.edges}
        self._wanted = _wanted(made.edges)
        self._edges: dict[object, list[Edge]] = {}
        for edge in made.edges:
            self._edges.setdefault(_place(edge), []).append(edge)

    def _at(self, place: object) -> list[Edge]:
        return self._edges.get(place, [])

    def _stale(self, place: object) -> bool:
        if self._differs is None or place in self._differs:
            return True
        return any(variable in self._changed for edge in self._at(place) for variable in edge.reads)

    # Heads

    def attend(self, layer: int) -> None:
        """What the heads of a layer bring of each variable that somebody reads."""
        for head in range(self._paths.network.blocks[layer].heads):
            moved = [v for v in self._wanted if isinstance(v, Moved) and (v.layer, v.head) == (layer, head)]
            if moved or self._at(("attn", layer, head)):
                stale = self._look(layer, head)
                for variable in moved:
                    self._move(variable, stale)

    def _look(self, layer: int, head: int) -> bool:
        """The pattern of a head; whether it is another than that of the base."""
        base, made = self._base, self._made
        known = None if base is None else base.patterns.get((layer, head))
        if (layer, head) in self._patterns:
            made.patterns[layer, head] = self._patterns[layer, head]
            return known is not made.patterns[layer, head]
        if known is not None and not self._stale(("attn", layer, head)):
            made.patterns[layer, head] = known
            return False
        made.patterns[layer, head] = self._pattern(layer, head)
        return True

    def _move(self, variable: Moved, stale: bool) -> None:
        base, made = self._base, self._made
        if base is not None and not stale and variable.what not in self._changed and variable in base.values:
            made.values[variable] = base.values[variable]
            return
        self._changed.add(variable)
        layer, head = variable.layer, variable.head
        block = self._paths.network.blocks[layer]
        brought = self._paths.brought(layer, head, variable.what, made.values)
        made.values[variable] = (made.patterns[layer, head] @ brought) @ block.out[head]

    def _pattern(self, layer: int, head: int) -> Pattern:
        paths = self._paths
        batch, width = paths.inputs.tokens.shape
        scores = np.zeros((batch, width, width), dtype=paths.network.dtype)
        for asked, keys in paths.factors(self._at(("attn", layer, head)), self._made.values, self._measuring):
            scores += np.broadcast_to(asked, keys.shape) @ keys.transpose(0, 2, 1)
        return attended(scores, 1.0)

    # MLPs and the readout

    def answer(self, layer: int) -> None:
        """What the MLP of a layer answers, if somebody reads it."""
        answer, made, base = Answered(layer), self._made, self._base
        if answer not in self._wanted:
            return
        if base is not None and not self._stale(("mlp", layer)) and answer in base.values:
            made.values[answer] = base.values[answer]
            return
        self._changed.add(answer)
        network = self._paths.network
        block = network.blocks[layer]
        summed = self._paths.read(("mlp", layer), self._at(("mlp", layer)), made.values, self._measuring)
        inward = (summed + shift_of(block.before_mlp)) @ block.inward + block.inward_bias
        made.values[answer] = activated(inward, network.activation) @ block.outward

    def read(self) -> None:
        """The logits."""
        network = self._paths.network
        summed = self._paths.read(READOUT, self._at(("readout",)), self._made.values, self._measuring)
        self._made.logits = (summed + shift_of(network.last)) @ network.unembedding.T


def _place(edge: Edge) -> object:
    match edge:
        case Score(layer, head, _, _):
            return "attn", layer, head
        case Feed(layer, _):
            return "mlp", layer
        case _:
            return ("readout",)


def _together(scores: Iterable[Edge]) -> list[tuple[tuple[int, int], list[Variable | None], list[Variable]]]:
    """The head of some scores, and queries and keys all products of which are among them, each product once.

    The product of sums is the sum of products: so many edges cost no more than the variables that they read.
    """
    asking: dict[Variable, set[Variable | None]] = {}
    at = 0, 0
    for edge in scores:
        assert isinstance(edge, Score)
        at = edge.layer, edge.head
        asking.setdefault(edge.key, set()).add(edge.query)
    keys: dict[frozenset[Variable | None], list[Variable]] = {}
    for key in sorted(asking, key=str):
        keys.setdefault(frozenset(asking[key]), []).append(key)
    return [(at, sorted(queries, key=str), some) for queries, some in keys.items()]


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
