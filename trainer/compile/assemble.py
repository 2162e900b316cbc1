"""From operations to weights: when each is done, where each feature has its dimensions, and the matrices.

An operation is done in the first layer in which all that it reads is there; attention comes before the MLP. Letters: d
dimensions of the residual stream, q columns of queries and keys, v of values, h hidden units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tprog.run.batch import Array
from trainer.compile.lower import Lowered
from trainer.compile.stream import PAD, REAL, SINK, Attend, Feature, Operation, Perceptron, View


@dataclass(frozen=True, eq=False)
class HeadWeights:
    """One attention head: `query` [d, q], `key` [d, q], `value` [d, v], `out` [v, d]."""

    component: Attend
    query: Array
    key: Array
    value: Array
    out: Array


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Attributes:
        into: [d, h].
        out: [h, d].
        components: the operations of the MLP, and the units [first, last) of each.
    """

    heads: tuple[HeadWeights, ...]
    into: Array
    out: Array
    components: tuple[tuple[Perceptron, int, int], ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A Transformer.

    Attributes:
        dimensions: the name of each dimension of the residual stream.
        places: feature -> its dimensions [first, last).
        tokens: [word, d] the token embedding; behind the words the sink and the padding.
        positions: [position, d] the position embedding; the sink's first.
        unembedding: [d, output].
    """

    lowered: Lowered
    places: Mapping[Feature, slice]
    tokens: Array
    positions: Array
    layers: tuple[Layer, ...]
    unembedding: Array

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        return tuple(_named(feature, label) for feature in self.places for label in feature.labels)


def _named(feature: Feature, label: str) -> str:
    return f"{feature.name}:{label}" if label else feature.name


def assemble(lowered: Lowered) -> Weights:
    """The matrices of operations."""
    layers = layered(lowered.operations)
    read = _all_read(lowered)
    features = [REAL, SINK, PAD]
    features += [feature for feature in (*lowered.given, *lowered.placed) if feature in read]
    features += [feature for operation in lowered.operations for feature in operation.writes if feature in read]
    places, at = {}, 0
    for feature in features:
        places[feature] = slice(at, at + feature.size)
        at += feature.size
    build = _Builder(places, at)
    tokens, positions = build.embeddings(lowered)
    return Weights(
        lowered,
        places,
        tokens,
        positions,
        tuple(build.layer(operations) for operations in layers),
        build.matrix(lowered.read.view),
    )


def layered(operations: Sequence[Operation]) -> list[list[Operation]]:
    """The operations of each layer, as few as their order allows."""
    ready: dict[Feature, int] = {}
    when: list[int] = []
    for operation in operations:
        first = 1 + max((ready.get(feature, -1) for feature in operation.reads), default=-1)
        step = first + (first % 2 != isinstance(operation, Perceptron))
        when.append(step)
        ready |= dict.fromkeys(operation.writes, step)
    layers: list[list[Operation]] = [[] for _ in range(max(when, default=-1) // 2 + 1)]
    for step, operation in zip(when, operations, strict=True):
        layers[step // 2].append(operation)
    return layers


def _all_read(lowered: Lowered) -> set[Feature]:
    """The features that anything reads, and those that nodes write: a node that nothing reads is there all the same."""
    found = {feature for operation in lowered.operations for feature in (*operation.reads, *operation.writes)}
    return found | set(lowered.read.view.parts)


@dataclass(frozen=True)
class _Builder:
    places: Mapping[Feature, slice]
    width: int

    def matrix(self, view: View) -> Array:
        """[d, w] what reads a view, 0 at the sink whatever stands there."""
        made = np.zeros((self.width, view.width))
        for feature, part in view.parts.items():
            made[self.places[feature]] += part
            if feature.at_sink is not None:
                made[self.places[SINK]] -= feature.at_sink @ part
        return made

    def embeddings(self, lowered: Lowered) -> tuple[Array, Array]:
        program = lowered.program
        words = len(program.vocabulary)
        tokens, positions = np.zeros((words + 2, self.width)), np.zeros((program.max_length + 1, self.width))
        tokens[:words, self.places[REAL]] = 1
        tokens[words, self.places[SINK]] = 1
        tokens[words + 1, self.places[PAD]] = 1
        for feature, table in lowered.given.items():
            if feature in self.places:
                tokens[:words, self.places[feature]] = table
        for feature, table in lowered.placed.items():
            if feature in self.places:
                positions[1:, self.places[feature]] = table
        return tokens, positions

    def layer(self, operations: Sequence[Operation]) -> Layer:
        heads = tuple(self.head(operation) for operation in operations if isinstance(operation, Attend))
        thinking = [operation for operation in operations if isinstance(operation, Perceptron)]
        into = [self.into(units) for units in thinking]
        out = [self.out(units) for units in thinking]
        components, at = [], 0
        for units in thinking:
            components.append((units, at, at + units.hidden.width))
            at += units.hidden.width
        nothing = np.zeros((self.width, 0))
        return Layer(heads, np.hstack([nothing, *into]), np.vstack([nothing.T, *out]), tuple(components))

    def head(self, one: Attend) -> HeadWeights:
        query = np.hstack([self.matrix(share.query) for share in one.scores])
        key = np.hstack([self.matrix(share.key) for share in one.scores])
        value = np.hstack([self.matrix(view) for view in one.copied.values()])
        at_sink = [one.at_sink.get(feature, np.zeros(feature.size)) for feature in one.copied]
        value[self.places[SINK]] += np.concatenate(at_sink)
        out = np.zeros((value.shape[1], self.width))
        at = 0
        for feature in one.copied:
            out[at : at + feature.size, self.places[feature]] = np.eye(feature.size)
            at += feature.size
        return HeadWeights(one, query, key, value, out)

    def into(self, units: Perceptron) -> Array:
        """[d, h]; behind the end of an input no unit is ever above 0."""
        made = self.matrix(units.hidden)
        made[self.places[PAD]] -= _power_above(units.hidden.bounds)
        return made

    def out(self, units: Perceptron) -> Array:
        made = np.zeros((units.hidden.width, self.width))
        for feature, part in units.written.items():
            made[:, self.places[feature]] = part
        return made


def _power_above(bounds: Array) -> Array:
    """Powers of two of at least twice what all that may stand behind the end of an input comes to."""
    found: Array = 2.0 ** np.ceil(np.log2(np.maximum(bounds, 1)) + 1)
    return found
