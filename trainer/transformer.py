"""The standard Transformer: embeddings, pre-norm layers of softmax attention and an MLP, a final norm.

One implementation for all that is not a Transformer Program here: the network that Transformer Programs are compared
with (`trainer.baseline`), which may look both ways, and the decoders of `trainer.gpt`. The mask says which it is.

Letters in shapes: B inputs, n positions, H heads, D width, d = D / H, M neurons of an MLP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "gelu": nn.GELU,
    "gelu_new": lambda: nn.GELU(approximate="tanh"),
    "relu": nn.ReLU,
}
"""Names of HuggingFace's configurations -> what they mean."""


@dataclass(frozen=True)
class Shape:
    """The sizes of a standard Transformer.

    Attributes:
        tokens: different tokens.
        positions: learned absolute positions; 0: none.
        layers, heads: how many, and how many in each.
        width: D, of the residual stream; a multiple of `heads`.
        mlp: M, neurons of a layer's MLP.
        activation: one of `ACTIVATIONS`.
        epsilon: of the layer norms, added to the variance.
        dropout: share of what is dropped in training: of the embeddings, the attention and what each layer adds.
    """

    tokens: int
    positions: int
    layers: int
    heads: int
    width: int
    mlp: int
    activation: str = "gelu"
    epsilon: float = 1e-5
    dropout: float = 0.0


@dataclass(frozen=True)
class LayerWeights:
    """The numbers of one layer, to multiply from the right: `stream @ weight + bias`.

    Attributes:
        attention_gain, attention_shift: [D], of the layer norm before the attention.
        query, key, value: [H, D, d]; their biases [H, d]. Scores are query · key / sqrt(d).
        output: [H, d, D]; its bias [D], added once a layer.
        mlp_gain, mlp_shift: [D], of the layer norm before the MLP.
        mlp_in: [D, M]; its bias [M]. mlp_out: [M, D]; its bias [D].
    """

    attention_gain: Tensor
    attention_shift: Tensor
    query: Tensor
    query_bias: Tensor
    key: Tensor
    key_bias: Tensor
    value: Tensor
    value_bias: Tensor
    output: Tensor
    output_bias: Tensor
    mlp_gain: Tensor
    mlp_shift: Tensor
    mlp_in: Tensor
    mlp_in_bias: Tensor
    mlp_out: Tensor
    mlp_out_bias: Tensor


@dataclass(frozen=True)
class LayerTrace:
    """What one layer did on a batch.

    Attributes:
        stream: [B, n, D] what the attention's norm read.
        attention_scale: [B, n] 1 / sqrt(variance + epsilon) of it: norm(x) = (x - mean(x)) * scale * gain + shift.
        pattern: [B, H, query, key] shares of attention; each query's add up to 1.
        heads: [B, H, n, D] what each head adds to the stream, without the bias of the output.
        middle: [B, n, D] the stream behind the attention, which the MLP's norm reads.
        mlp_scale: [B, n] as `attention_scale`, of `middle`.
        hidden: [B, n, M] the MLP's neurons, behind the activation.
        mlp: [B, n, D] what the MLP adds to the stream, with its bias.
    """

    stream: Tensor
    attention_scale: Tensor
    pattern: Tensor
    heads: Tensor
    middle: Tensor
    mlp_scale: Tensor
    hidden: Tensor
    mlp: Tensor


@dataclass(frozen=True)
class StackTrace:
    """What a whole stack did on a batch.

    Attributes:
        layers: one trace each.
        stream: [B, n, D] what the final norm read.
        scale: [B, n] of the final norm, as `LayerTrace.attention_scale`.
        normed: [B, n, D] what it made.
    """

    layers: tuple[LayerTrace, ...]
    stream: Tensor
    scale: Tensor
    normed: Tensor


class Block(nn.Module):
    """Attention and an MLP, each added to the residual stream [B, n, D], each reading it through a layer norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.dropout = shape.heads, shape.dropout
        self.attention_norm = nn.LayerNorm(width, eps=shape.epsilon)
        self.mlp_norm = nn.LayerNorm(width, eps=shape.epsilon)
        self.query_key_value, self.output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        activation = ACTIVATIONS[shape.activation]()
        self.mlp = nn.Sequential(nn.Linear(width, shape.mlp), activation, nn.Linear(shape.mlp, width))

    def forward(self, stream: Tensor, seen: Tensor | None) -> Tensor:
        """[B, n, D] behind the layer.

        Args:
            seen: which keys a query attends to, [.., query, key] of booleans that fit [B, H, query, key]; None: those
                up to it.
        """
        query, key, value = self._query_key_value(stream)
        heads = functional.scaled_dot_product_attention(
            query, key, value, seen, dropout_p=self.dropout if self.training else 0.0, is_causal=seen is None
        )
        stream = stream + dropped(self, self.output(heads.transpose(1, 2).reshape(stream.shape)))
        return stream + dropped(self, self.mlp(self.mlp_norm(stream)))

    @torch.no_grad()
    def traced(self, stream: Tensor, seen: Tensor | None) -> LayerTrace:
        """As `forward` without dropout, with all that is made on the way."""
        query, key, value = self._query_key_value(stream)
        scores = query @ key.transpose(2, 3) / query.shape[3] ** 0.5
        n = stream.shape[1]
        allowed = torch.ones(n, n, dtype=torch.bool, device=stream.device).tril() if seen is None else seen
        pattern = scores.masked_fill(~allowed, -torch.inf).softmax(dim=3)
        heads = (pattern @ value) @ self.weights().output
        middle = stream + heads.sum(dim=1) + self.output.bias
        hidden = self.mlp[1](self.mlp[0](self.mlp_norm(middle)))
        return LayerTrace(
            stream=stream,
            attention_scale=_scale(stream, self.attention_norm),
            pattern=pattern,
            heads=heads,
            middle=middle,
            mlp_scale=_scale(middle, self.mlp_norm),
            hidden=hidden,
            mlp=self.mlp[2](hidden),
        )

    def weights(self) -> LayerWeights:
        """The layer's numbers by head, detached: views where they can be, so not to be changed."""
        width, heads = self.output.in_features, self.heads
        each = width // heads
        into = self.query_key_value.weight.detach().T.reshape(width, 3, heads, each).permute(1, 2, 0, 3)
        bias = self.query_key_value.bias.detach().view(3, heads, each)
        neurons, back = self.mlp[0], self.mlp[2]
        assert isinstance(neurons, nn.Linear)
        assert isinstance(back, nn.Linear)
        return LayerWeights(
            attention_gain=self.attention_norm.weight.detach(),
            attention_shift=self.attention_norm.bias.detach(),
            query=into[0],
            query_bias=bias[0],
            key=into[1],
            key_bias=bias[1],
            value=into[2],
            value_bias=bias[2],
            output=self.output.weight.detach().T.reshape(heads, each, width),
            output_bias=self.output.bias.detach(),
            mlp_gain=self.mlp_norm.weight.detach(),
            mlp_shift=self.mlp_norm.bias.detach(),
            mlp_in=neurons.weight.detach().T,
            mlp_in_bias=neurons.bias.detach(),
            mlp_out=back.weight.detach().T,
            mlp_out_bias=back.bias.detach(),
        )

    def _query_key_value(self, stream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Each [B, H, n, d]."""
        b, n, width = stream.shape
        each = self.query_key_value(self.attention_norm(stream)).view(b, n, 3, self.heads, width // self.heads)
        query, key, value = each.permute(2, 0, 3, 1, 4)
        return query, key, value


class Stack(nn.Module):
    """Token codes [B, n] to what the final norm makes of the residual stream, [B, n, D]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, self.dropout = shape, shape.dropout
        self.tokens = nn.Embedding(shape.tokens, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width) if shape.positions else None
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.width, eps=shape.epsilon)

    def normed(self, tokens: Tensor, positions: Tensor | None, seen: Tensor | None) -> Tensor:
        """[B, n, D], behind the final norm.

        Args:
            tokens: [B, n] codes.
            positions: [n] or [B, n] of each token; None: 0, 1, 2, ...
            seen: as of `Block.forward`.
        """
        stream = dropped(self, self._embedded(tokens, positions))
        for layer in self.layers:
            stream = layer(stream, seen)
        normed: Tensor = self.norm(stream)
        return normed

    @torch.no_grad()
    def traced(self, tokens: Tensor, positions: Tensor | None = None, seen: Tensor | None = None) -> StackTrace:
        """What every layer does on a batch, without dropout; arguments as of `normed`."""
        stream, layers = self._embedded(tokens, positions), []
        for layer in self.layers:
            assert isinstance(layer, Block)
            layers.append(trace := layer.traced(stream, seen))
            stream = trace.middle + trace.mlp
        return StackTrace(tuple(layers), stream, _scale(stream, self.norm), self.norm(stream))

    def _embedded(self, tokens: Tensor, positions: Tensor | None) -> Tensor:
        found: Tensor = self.tokens(tokens)
        if self.positions is None:
            return found
        return found + (self.positions.weight[: tokens.shape[1]] if positions is None else self.positions(positions))


def dropped(module: Stack | Block, values: Tensor) -> Tensor:
    """The values with a share of them dropped, where the module is in training and has a share."""
    return functional.dropout(values, module.dropout) if module.dropout and module.training else values


def _scale(stream: Tensor, norm: nn.LayerNorm) -> Tensor:
    """[B, n]: by what a layer norm multiplies what it has centred."""
    return torch.rsqrt(stream.var(dim=2, correction=0) + norm.eps)
