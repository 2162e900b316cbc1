"""Small decoders for tests: random ones, and one that is trained in a few seconds and kept.

`python -m tests.small_networks` trains it anew. It is kept so that each test that reads it takes no longer than what it
tests, and since training comes to other numbers on another machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from tprog.tasks.next_token import get_next_token_task
from tprog.tasks.rules import UNGRADED
from trainer.decompile.network import Inputs, Network, network_of
from trainer.gpt import Gpt, GptConfig, save

LEARNED = Path(__file__).parent / "fixtures" / "ab_d_bc"
"""The folder of a network that has learned words {a, b}* d {b, c}*."""


class _Random:
    """Networks of random numbers, large enough for every part of them to matter."""

    def model(self, layers: int, heads: int, positions: int) -> Gpt:
        """A model of 6 tokens and a width of 8."""
        made = Gpt(GptConfig(layers, heads, 8, positions, 6))
        generator = torch.Generator().manual_seed(layers * 10 + heads)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.normal_(0.0, 0.5, generator=generator)
        return made.eval()

    def __call__(self, layers: int, heads: int, positions: int) -> Network:
        return network_of(self.model(layers, heads, positions))


random_network = _Random()


def drawn(network: Network, count: int = 12, width: int = 9) -> Inputs:
    """Random inputs, graded everywhere."""
    random = np.random.default_rng(0)
    lengths = random.integers(2, width + 1, size=count)
    offsets = random.integers(0, 20, size=count) if network.places is not None else np.zeros(count, dtype=np.int64)
    tokens = random.integers(len(network.tokens), size=(count, width))
    present = np.arange(width) < lengths[:, None]
    return Inputs(np.where(present, tokens, 0), lengths, offsets, present)


def fresh(task: str) -> Gpt:
    """A small model of a task, before any training."""
    asked = get_next_token_task(task)
    words = asked.vocabulary
    model = Gpt(GptConfig(1, 1, 16, asked.positions, len(words), vocabulary=words, task=task))
    model.start(torch.Generator().manual_seed(0))
    return model.eval()


def trained(task: str, steps: int = 200, longest: int = 20) -> Gpt:
    """The same, trained on short inputs for a few seconds."""
    model, asked = fresh(task).train(), get_next_token_task(task)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    random = np.random.default_rng(0)
    legal = torch.tensor([[float(word in label) for word in asked.vocabulary] for label in asked.classes])
    for _ in range(steps):
        sequences = asked.sample(32, (0, longest), random)
        offset = int(random.integers(0, asked.positions - sequences.tokens.shape[1] + 1))
        logits = model(torch.as_tensor(sequences.tokens), torch.arange(offset, offset + sequences.tokens.shape[1]))
        expected = torch.as_tensor(sequences.expected)
        graded = expected != UNGRADED
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits[graded], legal[expected[graded]])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


if __name__ == "__main__":
    save(trained(LEARNED.name), LEARNED)
