"""The inputs of a training run, and the checks that come before it.

Inputs are sampled without repetition and split 80/10/10 into training, validation and test (arXiv 2306.01128,
section 4).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.escape import visible
from tprog.ir.program import BEGIN, END
from tprog.listing import counted
from tprog.run.batch import Batch
from tprog.tasks.builtin import UNGRADED, Task
from tprog.tasks.own import find_task, is_own
from tprog.tasks.python_task import expect_same_answers
from tprog.words.scores import SpanScore, are_span_tags, entity_scores
from trainer.config import TrainConfig
from trainer.memory import check_population
from trainer.model import Frame, cardinality
from trainer.sentences import is_divided, sentences

ASKED_AGAIN = 500
"""Inputs about which a user's own task is asked twice, out of all that are drawn, or some more."""

LARGEST_CARDINALITY = 1024
"""Slots of a categorical variable that nobody asked for: a predicate holds the square of it, a million weights."""


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs with their right answers.

    Attributes:
        batch: the inputs, in the codes of the task's vocabulary.
        tokens: [B, n] the same as a tensor, negative behind the end of an input.
        expected: [B, n] class codes, `UNGRADED` where the task does not grade; pooled, [B, 1].
        tags: the classes, if they tell spans (`tprog.words.scores`).
    """

    batch: Batch
    tokens: Tensor
    expected: Tensor
    tags: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.tokens)

    def accuracy(self, predictions: Tensor) -> Accuracy:
        """How many of the predictions [B, n], or pooled ones [B], are right."""
        graded = self.expected != UNGRADED
        right = (predictions.reshape(self.expected.shape) == self.expected) & graded
        whole = (right | ~graded).all(dim=1)
        spans = None
        if self.tags:
            spans = entity_scores(self.tags, self.expected.numpy(), predictions.numpy()).all
        return Accuracy(int(right.sum()), int(graded.sum()), int(whole.sum()), len(self), spans)


@dataclass(frozen=True)
class Accuracy:
    """The two accuracies as counts: tokens right of those graded, and sequences right as a whole.

    Attributes:
        spans: where the classes tell spans, how many of these are right.
    """

    tokens_right: int
    tokens: int
    sequences_right: int
    sequences: int
    spans: SpanScore | None = None

    @property
    def score(self) -> tuple[float, float]:
        """By what a model is chosen on validation: F1 of spans, where there are any, then per token; else per token,
        then whole sequence."""
        if self.spans is not None:
            return self.spans.f1, self.per_token
        return self.per_token, self.whole_sequence

    @property
    def per_token(self) -> float:
        """In [0, 1]; padding and forced outputs are not counted."""
        return self.tokens_right / max(self.tokens, 1)

    @property
    def whole_sequence(self) -> float:
        """In [0, 1]."""
        return self.sequences_right / max(self.sequences, 1)

    def __str__(self) -> str:
        both = f"{self.per_token:.2%} per token, {self.whole_sequence:.2%} of whole sequences"
        if (spans := self.spans) is None:
            return both
        return f"entities F1 {spans.f1:.2%} (precision {spans.precision:.2%}, recall {spans.recall:.2%}); {both}"


@dataclass(frozen=True, eq=False)
class Data:
    """What a run trains on and is judged by.

    Attributes:
        test: None if the run trains on the whole domain; `validation` is then a part of what it trains on.
        digest: sha256 of the settings and the training inputs with their answers, in hexadecimal.
        stands_in: [V] the code of the unknown word that each word would be read as; None without unknown words.
        notes: of a user's own task, what somebody should know before long work: answers that training never sees,
            inputs of one length.
    """

    frame: Frame
    train: Split
    validation: Split
    test: Split | None
    digest: str
    notes: tuple[str, ...] = ()
    stands_in: Tensor | None = None

    @property
    def splits(self) -> dict[str, Split]:
        """By name; of a run that trains on the whole domain, that alone."""
        if self.test is None:
            return {"train": self.train}
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @property
    def held_out(self) -> Tensor:
        """[B, n] the tokens on which rounding is judged."""
        return torch.cat([split.tokens for split in (self.validation, self.test) if split is not None])


def prepare(config: TrainConfig) -> Data:
    """Sample and split a run's inputs, and check that it can begin.

    Raises:
        BadUsage: an unknown task; a variable too small for the input's length or vocabulary, or too large to be
            trained; more memory than any machine has; a batch larger than the training data; answers that are all of
            one class.
        BadFile: a task of a user's own that is none, or answers otherwise when asked again.
    """
    if is_divided(config.task):
        return _of_corpus(config)
    task = task_of(config)
    frame = frame_of(task)
    _check_cardinality(config, frame)
    check_population(config, frame)
    batch = task.inputs() if config.whole_domain else task.draw(config.dataset_size, config.data_seed)
    batch = batch.take(np.random.default_rng(config.data_seed).permutation(len(batch)))
    expected = task.expected(batch)
    if is_own(config.task):
        again = np.arange(0, len(batch), max(1, len(batch) // ASKED_AGAIN))
        expect_same_answers(Path(config.task), task, batch.take(again), expected[again])
    _check_classes(config, task, expected[expected != UNGRADED])
    first, second, last = len(batch) * 8 // 10, len(batch) * 9 // 10, len(batch)
    if config.batch > first:
        raise BadUsage(
            f"batch is {config.batch}, but there are only {first} training inputs "
            f"(80 % of {len(batch)} different ones); lower batch{_or_more(config, len(batch))}"
        )
    if first == second or second == last:
        raise BadUsage(f"{len(batch)} different inputs are too few to split 80/10/10; expected at least 10")

    def split(start: int, end: int) -> Split:
        tokens, answers = (torch.as_tensor(part[start:end], dtype=torch.long) for part in (batch.tokens, expected))
        return Split(batch.take(np.arange(start, end)), tokens, answers)

    train = split(0, last if config.whole_domain else first)
    test = None if config.whole_domain else split(second, last)
    trained = (part[: len(train)] for part in (batch.tokens, expected))
    seen = b"".join(np.ascontiguousarray(part, dtype="<i4").tobytes() for part in trained)
    digest = hashlib.sha256(config.to_json().encode() + seen).hexdigest()
    data = Data(frame, train, split(first, second), test, digest)
    return dataclasses.replace(data, notes=tuple(_notes(data))) if is_own(config.task) else data


def _of_corpus(config: TrainConfig) -> Data:
    """The splits of a corpus."""
    found = sentences(config)
    frame = frame_of(found.task)
    _check_cardinality(config, frame)
    check_population(config, frame)
    answered = [answers[answers != UNGRADED] for _, answers in found.splits.values()]
    _check_classes(config, found.task, np.concatenate(answered))
    tags = frame.classes if are_span_tags(frame.classes) and not frame.pooled else ()
    train, validation, test = (
        Split(batch, torch.as_tensor(batch.tokens, dtype=torch.long), torch.as_tensor(answers, dtype=torch.long), tags)
        for batch, answers in found.splits.values()
    )
    if config.batch > len(train):
        raise BadUsage(f"batch is {config.batch}, but there are only {len(train)} training sentences; lower batch")
    seen = b"".join(np.ascontiguousarray(part, dtype="<i4").tobytes() for part in (train.batch.tokens, train.expected))
    digest = hashlib.sha256(config.to_json().encode() + seen).hexdigest()
    stands_in = None if found.stands_in is None else torch.as_tensor(found.stands_in)
    data = Data(frame, train, validation, test, digest, stands_in=stands_in)
    return dataclasses.replace(data, notes=(*found.notes, *_notes(data)))


def _notes(data: Data) -> Iterator[str]:
    """What somebody should know of the data."""
    known = set(data.train.expected.unique().tolist())
    held_out = {code for split in data.splits.values() for code in split.expected.unique().tolist()}
    if unseen := sorted(held_out - known - {UNGRADED}):
        words = ", ".join(visible(repr(data.frame.classes[code])) for code in unseen[:5])
        more = f" and {len(unseen) - 5} more" if len(unseen) > 5 else ""
        yield (
            f"no training input has the answer {words}{more}, so no program can learn it; give more examples with it, "
            "or another data_seed"
        )
    if len(set(data.train.batch.lengths.tolist())) == 1:
        marks = sum(mark in data.frame.vocabulary for mark in (BEGIN, END))
        length = int(data.train.batch.lengths[0]) - marks
        yield f"all training inputs have {counted(length, 'token')}; of shorter or longer ones nothing will be known"


def task_of(config: TrainConfig) -> Task:
    """The task of a run, pooled if its programs are: where it has one label an input, or they are asked to be.

    Raises:
        BadUsage, BadFile: as `find_task`; or a task of several outputs, or with several answers to an input, to a
            pooled program.
    """
    task = find_task(config.task, config.vocabulary_size, config.length).of_one_output("a program that is trained")
    if task.pooled or not config.pooled:
        return task
    graded = (task.expected(task.draw(ASKED_AGAIN)) != UNGRADED).sum(axis=1)
    if graded.max(initial=0) > 1:
        raise BadUsage(
            f"pooled programs predict one class an input, but the task {task.name!r} has up to {graded.max()} answers "
            "to one; leave pooled out"
        )
    return dataclasses.replace(task, pooled=True)


def frame_of(task: Task) -> Frame:
    """What a network for a task reads and predicts."""
    return Frame(task.vocabulary, task.classes, task.max_length, task.causal, task.pooled, task.name)


def _or_more(config: TrainConfig, found: int) -> str:
    """What else helps against too few inputs: none but those found may be there."""
    return " or raise dataset_size" if found == config.dataset_size else ""


def _check_cardinality(config: TrainConfig, frame: Frame) -> None:
    d = cardinality(config, frame)
    if config.cardinality is None and d > LARGEST_CARDINALITY:
        words = len(frame.vocabulary)
        raise BadUsage(
            f"the vocabulary has {words} words and the longest input {frame.max_length} tokens, so each predicate "
            f"would have {d:,} times {d:,} weights; set embedding to 'learned', and cardinality to what memory allows"
        )


def _check_classes(config: TrainConfig, task: Task, answers: np.ndarray[tuple[int, ...], np.dtype[np.integer]]) -> None:
    found = np.unique(answers)
    if len(found) < 2:
        only = f"{task.classes[found[0]]!r}" if len(found) else "none"
        size, advice = " at this size", "raise vocabulary_size or length"
        if is_own(config.task):
            size, advice = "", f"look at what {config.task} draws and answers"
        raise BadUsage(
            f"all answers of the task {task.name!r}{size} are of one class ({only}), so there is nothing to learn; "
            f"{advice}"
        )
