"""How often a model is right on a next-token task."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.tasks.next_token import NextTokenTask, Sequences
from tprog.tasks.rules import Array
from trainer.data import Accuracy
from trainer.gpt.model import Gpt, GptConfig

JUDGED = 2000
"""Random inputs of a range of lengths, as in the paper."""

_PIECE = 2**15  # tokens looked at in one go


def expect_fits(config: GptConfig, task: NextTokenTask) -> None:
    """Refuse a model of another vocabulary, or of fewer positions, than a task has.

    Raises:
        BadUsage: the message says how they differ.
    """
    wanted = task.vocabulary
    if config.vocabulary_size != len(wanted):
        raise BadUsage(
            f"the model has a vocabulary of {config.vocabulary_size} tokens, and the task {task.name} one of "
            f"{len(wanted)}, marks included; name its task"
        )
    if config.vocabulary is not None and config.vocabulary != wanted:
        at = next(code for code, word in enumerate(wanted) if config.vocabulary[code] != word)
        raise BadUsage(
            f"token {at} of the model's vocabulary is {config.vocabulary[at]!r}, and that of the task {task.name} is "
            f"{wanted[at]!r}; name its task"
        )
    if 0 < config.positions < task.positions:
        raise BadUsage(
            f"the model has learned {config.positions} positions, and inputs of the task {task.name} have up to "
            f"{task.positions} tokens; name its task"
        )


def accuracy(
    model: Gpt, task: NextTokenTask, lengths: tuple[int, int], count: int = JUDGED, seed: int = 0, shifted: bool = False
) -> Accuracy:
    """How many predictions, and how many whole inputs, are right among random ones.

    Args:
        lengths: the least and the largest.
        shifted: each input at a random offset of its positions, else at 0.

    Raises:
        BadUsage: the model does not fit the task, or there is no such length.
    """
    expect_fits(model.config, task)
    random = np.random.default_rng(seed)
    sequences = task.sample(count, lengths, random)
    offsets = random_offsets(model.config, sequences, random) if shifted else np.zeros(count, dtype=np.int64)
    right = predictions_right(model, task, sequences, offsets)
    graded = sequences.expected >= 0
    return Accuracy(int((right & graded).sum()), int(graded.sum()), int(right.all(axis=1).sum()), count)


def random_offsets(config: GptConfig, sequences: Sequences, random: np.random.Generator) -> Array:
    """[B] where each sequence begins, anything up to what the model's positions allow; 0 if it has none."""
    if not config.positions:
        return np.zeros(len(sequences), dtype=np.int64)
    offsets: Array = random.integers(config.positions - sequences.lengths + 1)
    return offsets


def places(config: GptConfig, sequences: Sequences, offsets: Array) -> Tensor | None:
    """[B, n] the position of each token, the last one's again behind the end; None if the model has no positions."""
    if not config.positions:
        return None
    place = np.minimum(np.arange(sequences.tokens.shape[1]), sequences.lengths[:, None] - 1)
    return torch.as_tensor(place + offsets[:, None])


@torch.no_grad()
def predictions_right(model: Gpt, task: NextTokenTask, sequences: Sequences, offsets: Array) -> Array:
    """[B, n] whether each prediction is right; true where it is not judged."""
    device = model.tokens.weight.device
    right = np.ones(sequences.tokens.shape, dtype=np.bool_)
    model.eval()
    for rows in _pieces(sequences):
        n = int(sequences.lengths[rows].max())
        some = Sequences(sequences.tokens[rows, :n], sequences.lengths[rows], sequences.expected[rows, :n])
        position = places(model.config, some, offsets[rows])
        logits = model(torch.as_tensor(some.tokens).to(device), None if position is None else position.to(device))
        right[rows, :n] = task.right(logits.cpu().numpy(), some)
    return right


def _pieces(sequences: Sequences) -> Iterator[Array]:
    """The rows in pieces of similar length, each small enough to be looked at in one go."""
    order = np.argsort(sequences.lengths, kind="stable")
    total = int(sequences.lengths.sum())
    yield from np.array_split(order, max(1, min(len(order), total // _PIECE + 1)))
