"""The rows of learned embeddings that a batch reads: the same network, at the cost of its words."""

from __future__ import annotations

import torch

from trainer.config import TrainConfig
from trainer.model import Frame, Network
from trainer.touched import Touched

FRAME = Frame(("<s>", *(f"word{n}" for n in range(40))), ("no", "yes", "maybe"), 6)
CONFIG = TrainConfig(
    "sort", layers=1, num_heads=0, num_mlps=0, embedding="learned", embedding_variables=2, cardinality=6
)
NETWORK = Network.of(CONFIG, FRAME)
TOKENS = torch.tensor([[0, 0], [7, 30], [7, 2], [11, -1]])


def parameters() -> torch.Tensor:
    theta = torch.stack([NETWORK.layout.initial(seed) for seed in (1, 2)])
    readout = NETWORK.layout.views(theta)["readout"]
    readout += torch.randn(readout.shape, generator=torch.Generator().manual_seed(0))
    return theta


def test_the_rows_that_a_batch_reads_give_the_logits_of_the_whole_embedding() -> None:
    theta, part = parameters(), Touched.of(NETWORK, TOKENS)
    assert part.rows.tolist() == [0, 2, 7, 11, 30]
    few = part.network.logits(part.network.layout.hard(part.take(theta)), part.tokens)
    every = NETWORK.logits(NETWORK.layout.hard(theta), TOKENS)
    assert torch.equal(few, every)


def test_what_is_written_back_changes_the_rows_that_were_read_and_no_others() -> None:
    theta, part = parameters(), Touched.of(NETWORK, TOKENS)
    before = theta.clone()
    part.put(theta, part.take(theta))
    assert torch.equal(theta, before)
    part.put(theta, part.take(theta) + 1)
    changed = NETWORK.layout.views(theta - before)
    rows = changed["embedding"][:, :, part.rows]
    assert torch.allclose(rows, torch.ones_like(rows), atol=1e-5)
    assert float(changed["embedding"].sum()) == rows.sum()
    assert all(bool((view > 0.9).all()) for name, view in changed.items() if name != "embedding")
