"""How large a compiled Transformer is: as it is, padded to one size, and with its nodes one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainer.compile.assemble import Weights, layered
from trainer.compile.stream import Operation


@dataclass(frozen=True)
class Sizes:
    """How large a Transformer is.

    Attributes:
        layers: how many.
        one_by_one: how many there would be, had each node layers of its own.
        width: dimensions of the residual stream.
        parameters, not_zero: entries of all matrices.
        uniform: entries, were all layers padded to one size.
    """

    layers: int
    one_by_one: int
    width: int
    parameters: int
    not_zero: int
    uniform: int


@dataclass(frozen=True)
class Uniform:
    """The one size of layers that are padded: heads, columns of a head, hidden units."""

    heads: int
    columns: int
    units: int


def uniform_size(weights: Weights) -> Uniform:
    """The least that holds every layer."""
    heads = [head for layer in weights.layers for head in layer.heads]
    return Uniform(
        max((len(layer.heads) for layer in weights.layers), default=0),
        max((max(head.query.shape[1], head.value.shape[1]) for head in heads), default=0),
        max((layer.into.shape[1] for layer in weights.layers), default=0),
    )


def sizes(weights: Weights) -> Sizes:
    """How large a Transformer is."""
    around = [weights.tokens, weights.positions, weights.unembedding]
    within = [
        matrix
        for layer in weights.layers
        for matrix in (layer.into, layer.out, *(m for h in layer.heads for m in (h.query, h.key, h.value, h.out)))
    ]
    one, width, layers = uniform_size(weights), weights.tokens.shape[1], len(weights.layers)
    padded = layers * width * (4 * one.heads * one.columns + 2 * one.units)
    return Sizes(
        layers,
        sum(len(layered(operations)) for operations in _by_node(weights.lowered.operations)),
        width,
        sum(matrix.size for matrix in (*around, *within)),
        sum(int(np.count_nonzero(matrix)) for matrix in (*around, *within)),
        sum(matrix.size for matrix in around) + padded,
    )


def _by_node(operations: Sequence[Operation]) -> list[list[Operation]]:
    """The operations of each node; those of the readout are one too."""
    found: dict[str | None, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.node, []).append(operation)
    return list(found.values())
