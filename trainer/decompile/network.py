"""A trained decoder as arrays, and its own run.

Letters in shapes: B inputs, n positions, D width, H heads, d = D / H, M neurons, V tokens, P places.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from tprog.errors import BadUsage
from trainer.gpt import Gpt
from trainer.transformer import LayerWeights

Floats: TypeAlias = NDArray[Any]
"""Of float32."""
Ints: TypeAlias = NDArray[Any]
"""Of int64."""
Bools: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm: gain and shift, each [D]."""

    gain: Floats
    shift: Floats


@dataclass(frozen=True, eq=False)
class Block:
    """One layer.

    Attributes:
        query, key, value: [H, D, d], with biases [H, d].
        out: [H, d, D], with bias [D].
        inward: [D, M], with bias [M]; outward: [M, D], with bias [D].
    """

    before_heads: Norm
    query: Floats
    key: Floats
    value: Floats
    query_bias: Floats
    key_bias: Floats
    value_bias: Floats
    out: Floats
    out_bias: Floats
    before_mlp: Norm
    inward: Floats
    inward_bias: Floats
    outward: Floats
    outward_bias: Floats

    @property
    def heads(self) -> int:
        return int(self.query.shape[0])


@dataclass(frozen=True, eq=False)
class Network:
    """A decoder with a norm before each module.

    Attributes:
        tokens: [V, D].
        places: [P, D], None without positions.
        unembedding: [V, D].
        epsilon: what norms add to the variance.
        activation: ``gelu_new`` or ``relu``.
    """

    tokens: Floats
    places: Floats | None
    blocks: tuple[Block, ...]
    last: Norm
    unembedding: Floats
    epsilon: float
    activation: str

    @property
    def longest(self) -> int | None:
        """The most positions that it has; None if it does not number them."""
        return None if self.places is None else len(self.places)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Inputs to run a network on.

    Attributes:
        tokens: [B, n] codes, 0 behind the end.
        lengths: [B].
        offsets: [B] the place of the first position.
        graded: [B, n] where the network's prediction counts.
    """

    tokens: Ints
    lengths: Ints
    offsets: Ints
    graded: Bools

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def present(self) -> Bools:
        """[B, n]: within the input."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]

    def rows(self, at: slice | Ints | Bools) -> Inputs:
        """Some of them, only as wide as they need."""
        lengths = self.lengths[at]
        width = int(lengths.max(initial=1))
        return Inputs(self.tokens[at, :width], lengths, self.offsets[at], self.graded[at, :width])


def network_of(model: Gpt) -> Network:
    """The numbers of a model.

    Raises:
        BadUsage: its numbers are not all finite, or its activation is none that paths are taken through.
    """
    config = model.config
    if config.activation not in ("gelu_new", "relu"):
        raise BadUsage(f"the model's activation is {config.activation}; expected gelu_new or relu")
    return Network(
        tokens=_array(model.tokens.weight),
        places=None if model.positions is None else _array(model.positions.weight),
        blocks=tuple(map(_block, model.weights())),
        last=Norm(_array(model.norm.weight), _array(model.norm.bias)),
        unembedding=_array(model.unembedding),
        epsilon=config.epsilon,
        activation=config.activation,
    )


def _block(layer: LayerWeights) -> Block:
    return Block(
        before_heads=Norm(_array(layer.attention_gain), _array(layer.attention_shift)),
        query=_array(layer.query),
        key=_array(layer.key),
        value=_array(layer.value),
        query_bias=_array(layer.query_bias),
        key_bias=_array(layer.key_bias),
        value_bias=_array(layer.value_bias),
        out=_array(layer.output),
        out_bias=_array(layer.output_bias),
        before_mlp=Norm(_array(layer.mlp_gain), _array(layer.mlp_shift)),
        inward=_array(layer.mlp_in),
        inward_bias=_array(layer.mlp_in_bias),
        outward=_array(layer.mlp_out),
        outward_bias=_array(layer.mlp_out_bias),
    )


def fingerprint(network: Network) -> str:
    """A digest of its numbers."""
    digest = hashlib.sha256()

    def add(record: Network | Block | Norm) -> None:
        for field in dataclasses.fields(record):
            match getattr(record, field.name):
                case np.ndarray() as array:
                    digest.update(str(array.shape).encode() + array.tobytes())
                case Norm() as norm:
                    add(norm)
                case tuple() as blocks:
                    for block in blocks:
                        add(block)
                case other:
                    digest.update(repr(other).encode())

    add(network)
    return digest.hexdigest()


def _array(tensor: Tensor) -> Floats:
    made: Floats = np.ascontiguousarray(tensor.detach().numpy(), dtype=np.float32)
    if not np.isfinite(made).all():
        raise BadUsage("the model holds numbers that are not finite; nothing can be made of its predictions")
    return made


def activated(x: Floats, kind: str) -> Floats:
    """The neurons' answers."""
    if kind == "relu":
        return np.maximum(x, 0)
    inner = np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x * x * x)
    made: Floats = np.float32(0.5) * x * (1 + np.tanh(inner))
    return made


def centred(x: Floats) -> Floats:
    """Vectors without their mean over the width."""
    made: Floats = x - x.mean(axis=-1, keepdims=True)
    return made


def inverse_deviation(x: Floats, epsilon: float) -> Floats:
    """[..., 1] one over what a norm divides by."""
    middle = centred(x)
    made: Floats = 1 / np.sqrt((middle * middle).mean(axis=-1, keepdims=True) + np.float32(epsilon))
    return made


def softmax(scores: Floats) -> Floats:
    """Shares of the last axis."""
    grown = np.exp(scores - scores.max(axis=-1, keepdims=True))
    made: Floats = grown / grown.sum(axis=-1, keepdims=True)
    return made


@dataclass(frozen=True, eq=False)
class OwnRun:
    """What a network computes by itself.

    Attributes:
        before_heads, before_mlp: a layer's [B, n, 1] inverse deviations.
        last: [B, n, 1] those of the last norm.
        logits: [B, n, V].
    """

    before_heads: tuple[Floats, ...]
    before_mlp: tuple[Floats, ...]
    last: Floats
    logits: Floats


def embedded(network: Network, inputs: Inputs) -> tuple[Floats, Floats]:
    """The vectors of tokens and of places, each [B, n, D]."""
    tokens = network.tokens[inputs.tokens]
    if network.places is None:
        return tokens, np.zeros_like(tokens)
    places = np.minimum(inputs.offsets[:, None] + np.arange(inputs.tokens.shape[1]), len(network.places) - 1)
    return tokens, network.places[places]


def run(network: Network, inputs: Inputs) -> OwnRun:
    """The network as it was trained."""
    tokens, places = embedded(network, inputs)
    x = tokens + places
    hidden = np.triu(np.full((x.shape[1], x.shape[1]), -np.inf, dtype=np.float32), 1)
    heads_at: list[Floats] = []
    mlp_at: list[Floats] = []
    for block in network.blocks:
        inverse = inverse_deviation(x, network.epsilon)
        heads_at.append(inverse)
        normed = centred(x) * inverse * block.before_heads.gain + block.before_heads.shift
        for h in range(block.heads):
            q = normed @ block.query[h] + block.query_bias[h]
            k = normed @ block.key[h] + block.key_bias[h]
            v = normed @ block.value[h] + block.value_bias[h]
            shares = softmax(q @ k.transpose(0, 2, 1) * np.float32(q.shape[-1] ** -0.5) + hidden)
            x = x + (shares @ v) @ block.out[h]
        x = x + block.out_bias
        inverse = inverse_deviation(x, network.epsilon)
        mlp_at.append(inverse)
        normed = centred(x) * inverse * block.before_mlp.gain + block.before_mlp.shift
        neurons = activated(normed @ block.inward + block.inward_bias, network.activation)
        x = x + neurons @ block.outward + block.outward_bias
    inverse = inverse_deviation(x, network.epsilon)
    normed = centred(x) * inverse * network.last.gain + network.last.shift
    return OwnRun(tuple(heads_at), tuple(mlp_at), inverse, normed @ network.unembedding.T)


def in_pieces(network: Network, inputs: Inputs, most: int = 64) -> Floats:
    """[B, n, V] logits, some inputs at a time."""
    pieces: Sequence[Floats] = [
        run(network, Inputs(inputs.tokens[at], inputs.lengths[at], inputs.offsets[at], inputs.graded[at])).logits
        for at in (slice(start, start + most) for start in range(0, len(inputs), most))
    ]
    return np.concatenate(pieces)
