"""The network: a standard Transformer that looks back only, and predicts the next token at every position.

Letters in shapes: B inputs, n positions, D width, V tokens of the vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tprog.errors import BadUsage
from trainer.settings import expect_shared
from trainer.transformer import ACTIVATIONS, LayerWeights, Shape, Stack

RANGES = {
    "layers": (1, 96),
    "heads": (1, 256),
    "width": (1, 16_384),
    "positions": (0, 1_000_000),
    "vocabulary_size": (2, 1_000_000),
    "mlp": (1, 65_536),
}
"""The least and the most of a size."""


@dataclass(frozen=True)
class GptConfig:
    """The sizes of a model, and what its tokens are called.

    Attributes:
        layers, heads: how many, and how many in each.
        width: D, of the residual stream; a multiple of `heads`.
        positions: learned absolute positions; 0: none.
        vocabulary_size: V, marks and padding included.
        activation: ``gelu_new``, ``gelu`` or ``relu``.
        tied: whether the embeddings of the tokens are the unembedding too.
        mlp: neurons of a layer's MLP; left out: 4 D.
        epsilon: of the layer norms, added to the variance.
        dropout: in training.
        vocabulary: the tokens by code, where the folder says what they are; HuggingFace's do not.
        task: what it was trained on, where the folder says so.

    Raises:
        BadUsage: a value that has no meaning; the message names the key.
    """

    layers: int
    heads: int
    width: int
    positions: int
    vocabulary_size: int
    activation: str = "gelu_new"
    tied: bool = True
    mlp: int | None = None
    epsilon: float = 1e-5
    dropout: float = 0.0
    vocabulary: tuple[str, ...] | None = None
    task: str | None = None

    def __post_init__(self) -> None:
        for key, (least, most) in RANGES.items():
            value = getattr(self, key)
            if value is not None and not least <= value <= most:
                raise BadUsage(f"{key} is {value}; expected {least} to {most:,}")
        expect_shared("width", self.width, self.heads)
        if self.activation not in ACTIVATIONS:
            raise BadUsage(f"activation is {self.activation!r}; expected one of {', '.join(ACTIVATIONS)}")
        if not 0 < self.epsilon < 1:
            raise BadUsage(f"epsilon is {self.epsilon}; expected a number between 0 and 1")
        if not 0 <= self.dropout < 1:
            raise BadUsage(f"dropout is {self.dropout}; expected a share from 0, below 1")
        if self.vocabulary is not None and len(self.vocabulary) != self.vocabulary_size:
            raise BadUsage(f"vocabulary names {len(self.vocabulary)} tokens; expected {self.vocabulary_size}")

    @property
    def neurons(self) -> int:
        """M, the neurons of a layer's MLP."""
        return 4 * self.width if self.mlp is None else self.mlp

    @property
    def parameters(self) -> int:
        """Numbers that are trained."""
        d, m = self.width, self.neurons
        layer = 4 * d * d + 2 * d * m + 9 * d + m
        tables = self.positions + self.vocabulary_size * (1 if self.tied else 2)
        return self.layers * layer + tables * d + 2 * d


class Gpt(Stack):
    """Token codes [B, n] to logits of the next token [B, n, V].

    `traced` gives what every layer does on a batch, `weights` each layer's numbers by head. Beside these,
    `tokens.weight` [V, D] and `positions.weight` [positions, D] (or `positions` is None) are the embeddings,
    `norm.weight` and `norm.bias` [D] the final norm's, and `unembedding` [V, D] what the logits are taken with.
    """

    def __init__(self, config: GptConfig) -> None:
        super().__init__(
            Shape(
                tokens=config.vocabulary_size,
                positions=config.positions,
                layers=config.layers,
                heads=config.heads,
                width=config.width,
                mlp=config.neurons,
                activation=config.activation,
                epsilon=config.epsilon,
                dropout=config.dropout,
            )
        )
        self.config = config
        self.readout = None if config.tied else nn.Linear(config.width, config.vocabulary_size, bias=False)

    @property
    def unembedding(self) -> Tensor:
        """[V, D]: logits are the final norm's output times its transpose."""
        return self.tokens.weight if self.readout is None else self.readout.weight

    def weights(self) -> tuple[LayerWeights, ...]:
        """Each layer's numbers by head."""
        return tuple(layer.weights() for layer in self.layers)  # type: ignore[operator]  # they are blocks

    def forward(self, tokens: Tensor, positions: Tensor | None = None, at: Tensor | None = None) -> Tensor:
        """Logits [B, n, V]; what stands behind a token changes nothing at it, so padding goes behind the end.

        Args:
            tokens: [B, n] codes.
            positions: [n] or [B, n] of each token; None: 0, 1, 2, ... Without learned positions they mean nothing.
            at: [B, n] of booleans: give the logits [k, V] of these k places alone, row by row.

        Raises:
            BadUsage: more tokens, or a later position, than there are learned positions.
        """
        self._expect_positions(tokens.shape[1], positions)
        normed = self.normed(tokens, positions, None)
        return (normed if at is None else normed[at]) @ self.unembedding.T

    def start(self, generator: torch.Generator) -> None:
        """Draw all parameters as GPT-2 does: normal, of 0.02; what is added to the stream less with the layers."""
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                if parameter.ndim == 1:
                    parameter.fill_(1.0 if name.endswith("norm.weight") else 0.0)
                    continue
                adds = name.endswith(("output.weight", "mlp.2.weight"))
                parameter.normal_(0.0, 0.02 / (2 * self.config.layers) ** 0.5 if adds else 0.02, generator=generator)

    def _expect_positions(self, length: int, positions: Tensor | None) -> None:
        if not self.config.positions:
            return
        last = length - 1 if positions is None else int(positions.max()) if positions.numel() else 0
        if last >= self.config.positions:
            raise BadUsage(
                f"position {last} is asked for, but the model has learned {self.config.positions}, from 0; "
                "take shorter inputs or a smaller offset"
            )
