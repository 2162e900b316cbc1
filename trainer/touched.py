"""The rows of learned embeddings that a batch reads: a step costs what its words cost, not what the vocabulary does.

A batch of 32 sentences holds some 300 different words of 20,000. The parameters of a step are the rows of these and
all that is no embedding; Adam moves these alone, as its lazy form does: a word's moments wait until it comes again.

Letters in shapes: S members, P parameters, E entries of the embedding, v embedding variables, V words, R rows, d slots.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.model import Network


@dataclass(frozen=True)
class Touched:
    """What a step reads of a network with learned embeddings.

    Attributes:
        network: the same network, with `rows` as its vocabulary.
        tokens: [n, B] places among the rows, negative behind the end of an input.
        rows: [R] codes of the words, in their order.
        shape: v, V, d: of the whole embedding, which is the first slot.
    """

    network: Network
    tokens: Tensor
    rows: Tensor
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, network: Network, tokens: Tensor) -> Touched:
        """The rows that tokens [n, B] read."""
        variables, words, d = network.layout["embedding"].shape
        found, places = tokens.clamp_min(0).unique(return_inverse=True)
        return cls(network.reading(len(found)), places.masked_fill(tokens < 0, -1), found, (variables, words, d))

    def take(self, theta: Tensor) -> Tensor:
        """[S, p] the parameters of the step, copied from all of them [S, P]."""
        return torch.cat([self._table(theta).index_select(2, self.rows).flatten(1), theta[:, self._size :]], dim=1)

    def put(self, theta: Tensor, part: Tensor) -> None:
        """Write the parameters of the step [S, p] back among all of them [S, P]."""
        variables, _, d = self.shape
        size = variables * len(self.rows) * d
        self._table(theta).index_copy_(2, self.rows, part[:, :size].view(len(part), variables, -1, d))
        theta[:, self._size :] = part[:, size:]

    @property
    def _size(self) -> int:
        variables, words, d = self.shape
        return variables * words * d

    def _table(self, theta: Tensor) -> Tensor:
        return theta[:, : self._size].view(len(theta), *self.shape)
