"""What simple means make of a corpus: the figures beside which those of a program of words stand.

- *unigram*: the most frequent tag of a word in training, of unknown words that of all words (arXiv 2306.01128, section
  5); of a text, the most frequent label.
- *bag of words*: logistic regression on how often each word stands in a text; its ridge is the best on validation.
- *standard Transformer*: of the same layers, heads and width (`trainer.baseline`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tprog.errors import BadUsage
from tprog.tasks.builtin import UNGRADED
from trainer.baseline import BaselineConfig, train_baseline
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, Split, prepare
from trainer.threads import one_thread

Array = NDArray[Any]

RIDGES = (0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of the ridge that are tried, on counts of words."""

WIDEST = 128
"""The width that the published sizes for tags come to; four times as wide, an epoch takes minutes."""

EPOCHS = 6
"""Of the standard Transformer."""


def word_baselines(
    config: TrainConfig, say: Callable[[str], object] = lambda text: None
) -> Iterator[tuple[str, Accuracy]]:
    """The names of the baselines that fit a corpus, and their accuracy on its test split, as they are done.

    Args:
        config: of the program beside which they stand.
        say: told what is trained.

    Raises:
        BadUsage: scikit-learn is not there.
    """
    data = prepare(config)
    yield "unigram", unigram(data)
    if data.frame.pooled:
        say("bag of words")
        yield "bag of words", bag_of_words(data)
    say("standard Transformer")
    yield "standard Transformer", train_baseline(standard(config, data)).accuracies["test"]


def standard(config: TrainConfig, data: Data) -> BaselineConfig:
    """A standard Transformer of the same sizes as a program, on the same data, no wider than `WIDEST`."""
    width = min((config.cardinality or 1) * config.embedding_variables, WIDEST)
    heads = max(config.cat_heads + config.num_heads, 1)
    return BaselineConfig(
        config.task,
        vocabulary_size=config.vocabulary_size,
        length=config.length,
        layers=config.layers,
        heads=heads if width % heads == 0 else 1,
        d_model=width,
        d_mlp=64,
        lr=1e-3,
        batch=min(config.batch, len(data.train)),
        epochs=EPOCHS,
        seed=config.seed,
        data_seed=config.data_seed,
        unknown=config.unknown,
        dropout=0.3,
    )


def unigram(data: Data) -> Accuracy:
    """The accuracy of the most frequent answer to each word, or of the most frequent label."""
    test = _test(data)
    classes, words = len(data.frame.classes), len(data.frame.vocabulary)
    tokens, expected = data.train.tokens.numpy(), data.train.expected.numpy()
    graded = expected != UNGRADED
    overall = int(np.bincount(expected[graded], minlength=classes).argmax())
    if data.frame.pooled:
        return test.accuracy(torch.full((len(test),), overall))
    counts = np.bincount(tokens[graded] * classes + expected[graded], minlength=words * classes).reshape(words, classes)
    most = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), overall)
    return test.accuracy(torch.from_numpy(most)[test.tokens.clamp_min(0)])


def bag_of_words(data: Data) -> Accuracy:
    """The accuracy of logistic regression on the words that the program reads too, in the same texts.

    Raises:
        BadUsage: scikit-learn is not there.
    """
    try:
        regression = import_module("sklearn.linear_model").LogisticRegression
        sparse = import_module("scipy.sparse")
    except ImportError as error:
        raise BadUsage(f"the bag of words needs scikit-learn ({error}); pip install scikit-learn") from None
    words = len(data.frame.vocabulary)

    def counts(split: Split) -> Any:
        rows, places = np.nonzero(split.tokens.numpy() >= 0)
        codes = split.tokens.numpy()[rows, places]
        return sparse.csr_matrix((np.ones(len(rows)), (rows, codes)), shape=(len(split), words))

    train, validation, test = counts(data.train), counts(data.validation), counts(_test(data))
    answers = data.train.expected[:, 0].numpy()
    with one_thread():
        models = [regression(C=ridge, max_iter=1000).fit(train, answers) for ridge in RIDGES]
    best = max(models, key=lambda model: data.validation.accuracy(_predicted(model, validation)).score)
    return _test(data).accuracy(_predicted(best, test))


def _predicted(model: Any, counts: Any) -> torch.Tensor:
    return torch.from_numpy(np.asarray(model.predict(counts), dtype=np.int64))


def _test(data: Data) -> Split:
    assert data.test is not None  # a corpus has one
    return data.test
