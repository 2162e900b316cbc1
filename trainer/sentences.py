"""The sentences of a corpus that a run trains on and is judged by: its own splits, in the words of the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadUsage
from tprog.ir.domains import BEGIN, END, UNKNOWN
from tprog.run.batch import Batch
from tprog.tasks.corpus_task import BOTH_MARKS, corpus_task
from tprog.tasks.task import Task
from tprog.words.corpus import MOST_WORDS, SPLITS, TRAIN
from tprog.words.names import CorpusName, is_corpus
from tprog.words.read import read_corpus
from tprog.words.shapes import SHAPES, shape_of
from trainer.config import TrainConfig

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sentences:
    """What is known of the sentences of a run.

    Attributes:
        task: that of the training split.
        splits: ``train``, ``valid`` and ``test``, in this order: the sentences, and the answers to them [B, n]; pooled,
            [B, 1].
        stands_in: [V] the code of the unknown word that each word of the vocabulary would be read as; its own for the
            marks and the unknown words themselves.
        notes: how the corpus was read, and what of each split was left out or unknown.
    """

    task: Task
    splits: Mapping[str, tuple[Batch, Array]]
    stands_in: Array
    notes: tuple[str, ...]


def is_divided(name: str) -> bool:
    """Whether a task's name is that of a corpus as a whole, which has splits or is divided."""
    return is_corpus(name) and CorpusName.of(name).split is None


def sentences(config: TrainConfig) -> Sentences:
    """The sentences of a run's corpus.

    Raises:
        BadUsage: a corpus without one of the splits, or one whose sentences have a label each, for a program that tags
            words, or the other way round.
        BadFile: it cannot be read.
    """
    corpus = read_corpus(config.task).divided(config.data_seed)
    if missing := [split for split in SPLITS if split not in corpus.splits]:
        raise BadUsage(
            f"the corpus {corpus.name} has no split {missing[0]}; training needs {', '.join(SPLITS)}, "
            "or a single file, which is divided 80/10/10"
        )
    if corpus.tagged == config.pooled:
        has, do = ("a tag a word", "leave pooled out") if corpus.tagged else ("one label a sentence", "set pooled")
        raise BadUsage(f"the corpus {corpus.name} has {has}; {do}")
    most = MOST_WORDS if config.vocabulary_size is None else config.vocabulary_size
    words = corpus.vocabulary(most=most, shapes=config.shapes)
    longest = None if config.length is None else config.length - BOTH_MARKS.count
    tasks = {split: corpus_task(corpus, split, vocabulary=words, longest=longest) for split in SPLITS}
    width = max(task.max_length for task in tasks.values())
    splits = {split: _wide(*task.answered(), width) for split, task in tasks.items()}
    told = (f"{split}: {note}" for split, task in tasks.items() for note in task.notes if note not in corpus.notes)
    return Sentences(tasks[TRAIN], splits, _stand_ins(tasks[TRAIN].vocabulary), (*corpus.notes, *told))


def _wide(batch: Batch, answers: Array, width: int) -> tuple[Batch, Array]:
    """Sentences in arrays of so many positions, nothing behind their end; pooled answers stay as they are."""

    def widened(codes: Array) -> Array:
        found = np.full((len(codes), width), -1, dtype=codes.dtype)
        found[:, : codes.shape[1]] = codes
        return found

    pooled = answers.shape[1] == 1 < batch.tokens.shape[1]
    return Batch(widened(batch.tokens), batch.lengths), answers if pooled else widened(answers)


def _stand_ins(vocabulary: tuple[str, ...]) -> Array:
    codes = {word: code for code, word in enumerate(vocabulary)}
    known = {BEGIN, END, UNKNOWN, *SHAPES}
    return np.array(
        [
            code if word in known or UNKNOWN not in codes else codes.get(shape_of(word), codes[UNKNOWN])
            for word, code in codes.items()
        ]
    )
