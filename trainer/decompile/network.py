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
    """One layer. Heads need not be of one width.

    Attributes:
        before_heads, before_mlp: None without norms.
        query, key, value: of each head [D, d], with biases [d].
        out: of each head [d, D], with one bias [D].
        scale: what each head's scores are multiplied by.
        inward: [D, M], with bias [M]; outward: [M, D], with bias [D].
    """

    before_heads: Norm | None
    query: tuple[Floats, ...]
    key: tuple[Floats, ...]
    value: tuple[Floats, ...]
    query_bias: tuple[Floats, ...]
    key_bias: tuple[Floats, ...]
    value_bias: tuple[Floats, ...]
    out: tuple[Floats, ...]
    out_bias: Floats
    scale: tuple[float, ...]
    before_mlp: Norm | None
    inward: Floats
    inward_bias: Floats
    outward: Floats
    outward_bias: Floats

    @property
    def heads(self) -> int:
        return len(self.query)


@dataclass(frozen=True, eq=False)
class Network:
    """A decoder with a norm before each module, or with none at all.

    Attributes:
        tokens: [V, D].
        places: [P, D], None without positions.
        last: the norm before the unembedding, None without one.
        unembedding: [V, D]; of a compiled model a row for each word that may come out.
        epsilon: what norms add to the variance.
        activation: ``gelu_new`` or ``relu``.
    """

    tokens: Floats
    places: Floats | None
    blocks: tuple[Block, ...]
    last: Norm | None
    unembedding: Floats
    epsilon: float
    activation: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that it computes in."""
        return self.tokens.dtype

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
        expected: [B, n] what is right there, as who drew them numbers it; None where nobody knows.
    """

    tokens: Ints
    lengths: Ints
    offsets: Ints
    graded: Bools
    expected: Ints | None = None

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
        expected = None if self.expected is None else self.expected[at, :width]
        return Inputs(self.tokens[at, :width], lengths, self.offsets[at], self.graded[at, :width], expected)


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
        query=tuple(_array(layer.query)),
        key=tuple(_array(layer.key)),
        value=tuple(_array(layer.value)),
        query_bias=tuple(_array(layer.query_bias)),
        key_bias=tuple(_array(layer.key_bias)),
        value_bias=tuple(_array(layer.value_bias)),
        out=tuple(_array(layer.output)),
        scale=(float(np.float32(layer.query.shape[-1] ** -0.5)),) * len(layer.query),
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

    def add(value: object) -> None:
        match value:
            case np.ndarray():
                digest.update(str(value.shape).encode() + value.tobytes())
            case Network() | Block() | Norm():
                for field in dataclasses.fields(value):
                    add(getattr(value, field.name))
            case tuple():
                for each in value:
                    add(each)
            case _:
                digest.update(repr(value).encode())

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


Use: TypeAlias = tuple[str, int]
"""Where the stream is read: ``heads`` or ``mlp`` of a layer, or the ``readout``."""


def norm_of(network: Network, use: Use) -> Norm | None:
    """The norm before a use."""
    kind, layer = use
    if kind == "readout":
        return network.last
    block = network.blocks[layer]
    return block.before_heads if kind == "heads" else block.before_mlp


@dataclass(frozen=True, eq=False)
class OwnRun:
    """What a network computes by itself.

    Attributes:
        inverse: use -> [B, n, 1] what its norm multiplies by.
        read: use -> [B, n, D] the stream as it is read, without the shift of the norm.
        patterns: (layer, head) -> [B, n, n] how much each position attends to each.
        logits: [B, n, V].
    """

    inverse: dict[Use, Floats]
    read: dict[Use, Floats]
    patterns: dict[tuple[int, int], Floats]
    logits: Floats


def embedded(network: Network, inputs: Inputs) -> tuple[Floats, Floats]:
    """The vectors of tokens and of places, each [B, n, D]."""
    tokens = network.tokens[inputs.tokens]
    if network.places is None:
        return tokens, np.zeros_like(tokens)
    places = np.minimum(inputs.offsets[:, None] + np.arange(inputs.tokens.shape[1]), len(network.places) - 1)
    return tokens, network.places[places]


def shift_of(norm: Norm | None) -> Floats | float:
    """What a norm adds."""
    return 0.0 if norm is None else norm.shift


def attended(scores: Floats, scale: float) -> Floats:
    """[B, n, n] the pattern of a head that looks back only."""
    hidden = np.triu(np.full(scores.shape[1:], -np.inf, dtype=scores.dtype), 1)
    return softmax(scores * scores.dtype.type(scale) + hidden)


def run(network: Network, inputs: Inputs) -> OwnRun:
    """The network as it was trained."""
    tokens, places = embedded(network, inputs)
    x = tokens + places
    made = OwnRun({}, {}, {}, tokens)

    def read(use: Use) -> Floats:
        norm = norm_of(network, use)
        if norm is None:
            made.read[use] = x
            return x
        made.inverse[use] = inverse_deviation(x, network.epsilon)
        made.read[use] = centred(x) * made.inverse[use] * norm.gain
        return np.asarray(made.read[use] + norm.shift)

    for layer, block in enumerate(network.blocks):
        normed = read(("heads", layer))
        for h in range(block.heads):
            q = normed @ block.query[h] + block.query_bias[h]
            k = normed @ block.key[h] + block.key_bias[h]
            v = normed @ block.value[h] + block.value_bias[h]
            made.patterns[layer, h] = attended(q @ k.transpose(0, 2, 1), block.scale[h])
            x = x + (made.patterns[layer, h] @ v) @ block.out[h]
        x = x + block.out_bias
        neurons = activated(read(("mlp", layer)) @ block.inward + block.inward_bias, network.activation)
        x = x + neurons @ block.outward + block.outward_bias
    return dataclasses.replace(made, logits=read(("readout", 0)) @ network.unembedding.T)


def in_pieces(network: Network, inputs: Inputs, most: int = 64) -> Floats:
    """[B, n, V] logits, some inputs at a time."""
    pieces: Sequence[Floats] = [
        run(network, Inputs(inputs.tokens[at], inputs.lengths[at], inputs.offsets[at], inputs.graded[at])).logits
        for at in (slice(start, start + most) for start in range(0, len(inputs), most))
    ]
    return np.concatenate(pieces)
