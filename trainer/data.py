"""The inputs of a training run, and the checks that come before it.

Inputs are sampled without repetition and split 80/10/10 into training, validation and test (arXiv 2306.01128,
section 4).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tprog.batch import Batch
from tprog.errors import BadUsage
from tprog.tasks import UNGRADED, Task, get_task
from trainer.config import TrainConfig
from trainer.model import Frame, cardinality


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs with their right answers.

    Attributes:
        batch: the inputs, in the codes of the task's vocabulary.
        tokens: [B, n] the same as a tensor, negative behind the end of an input.
        expected: [B, n] class codes, `UNGRADED` where the task does not grade.
    """

    batch: Batch
    tokens: Tensor
    expected: Tensor

    def __len__(self) -> int:
        return len(self.tokens)

    def accuracy(self, predictions: Tensor) -> Accuracy:
        """How many of the predictions [B, n] are right."""
        graded = self.expected != UNGRADED
        right = (predictions == self.expected) & graded
        whole = (right | ~graded).all(dim=1)
        return Accuracy(int(right.sum()), int(graded.sum()), int(whole.sum()), len(self))


@dataclass(frozen=True)
class Accuracy:
    """The two accuracies as counts: tokens right of those graded, and sequences right as a whole."""

    tokens_right: int
    tokens: int
    sequences_right: int
    sequences: int

    @property
    def per_token(self) -> float:
        """In [0, 1]; padding and forced outputs are not counted."""
        return self.tokens_right / max(self.tokens, 1)

    @property
    def whole_sequence(self) -> float:
        """In [0, 1]."""
        return self.sequences_right / max(self.sequences, 1)

    def __str__(self) -> str:
        return f"{self.per_token:.2%} per token, {self.whole_sequence:.2%} of whole sequences"


@dataclass(frozen=True, eq=False)
class Data:
    """What a run trains on and is judged by.

    Attributes:
        digest: sha256 of the settings and the training inputs, in hexadecimal.
    """

    frame: Frame
    train: Split
    validation: Split
    test: Split
    digest: str

    @property
    def splits(self) -> dict[str, Split]:
        """By name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def prepare(config: TrainConfig) -> Data:
    """Sample and split a run's inputs, and check that it can begin.

    Raises:
        BadUsage: an unknown task; a variable too small for the input's length or vocabulary; a batch larger than the
            training data; answers that are all of one class.
    """
    task = get_task(config.task, config.vocabulary_size, config.length)
    frame = frame_of(task)
    cardinality(config, frame)
    batch = task.draw(config.dataset_size, config.seed)
    batch = batch.take(np.random.default_rng(config.seed).permutation(len(batch)))
    expected = task.expected(batch)
    _check_classes(task, expected[expected != UNGRADED])
    first, second = len(batch) * 8 // 10, len(batch) * 9 // 10
    if config.batch > first:
        raise BadUsage(
            f"batch is {config.batch}, but there are only {first} training inputs "
            f"(80 % of {len(batch)} different ones); lower batch or raise dataset_size"
        )
    if first == second or second == len(batch):
        raise BadUsage(f"{len(batch)} different inputs are too few to split 80/10/10; expected at least 10")
    train, validation, test = (
        Split(
            batch.take(rows),
            torch.as_tensor(batch.tokens[rows], dtype=torch.long),
            torch.as_tensor(expected[rows], dtype=torch.long),
        )
        for rows in (slice(first), slice(first, second), slice(second, None))
    )
    seen = np.ascontiguousarray(batch.tokens[:first], dtype="<i4").tobytes()
    digest = hashlib.sha256(config.to_json().encode() + seen).hexdigest()
    return Data(frame, train, validation, test, digest)


def frame_of(task: Task) -> Frame:
    """What a network for a task reads and predicts."""
    return Frame(task.vocabulary, task.classes, task.max_length, task.causal, task=task.name)


def _check_classes(task: Task, answers: np.ndarray[tuple[int, ...], np.dtype[np.integer]]) -> None:
    found = np.unique(answers)
    if len(found) < 2:
        only = f"{task.classes[found[0]]!r}" if len(found) else "none"
        raise BadUsage(
            f"all answers of the task {task.name!r} at this size are of one class ({only}), so there is nothing to "
            "learn; raise vocabulary_size or length"
        )
