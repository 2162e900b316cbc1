"""What simple means make of a corpus: the figures beside which those of a program of words stand.

- *unigram*: the most frequent tag of a word in training, of unknown words that of all words (arXiv 2306.01128, section
  5); of a text, the most frequent label.
- *bag of words*: logistic regression on how often each word stands in a text; its ridge is the best on validation.
- *standard Transformer*: of the same layers, heads and width, from the same word vectors (`trainer.baseline`); its
  epoch is the best on validation, as a program's.

Letters in shapes: B texts, n positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tprog.errors import BadUsage
from tprog.tasks.builtin import UNGRADED
from trainer.baseline import BaselineConfig, trained
from trainer.config import TrainConfig
from trainer.data import Accuracy, Data, prepare
from trainer.threads import one_thread

Array = NDArray[Any]

Predictor: TypeAlias = Callable[[Tensor], Tensor]
"""Token codes [B, n], negative behind the end, to class codes [B, n]; of texts with one label, [B, 1]."""

RIDGES = (0.01, 0.1, 1.0, 10.0)
"""Inverse strengths of the ridge that are tried, on counts of words."""

WIDEST = 128
"""The width that the published sizes for tags come to; four times as wide, an epoch takes minutes."""

EPOCHS, PATIENCE, RATE, DROPOUT = 30, 6, 1e-3, 0.5
"""Of the standard Transformer; the dropout is that of the published scripts. None of these was tuned."""


def word_baselines(
    config: TrainConfig, say: Callable[[str], object] = lambda text: None
) -> Iterator[tuple[str, Accuracy]]:
    """The names of the baselines that fit a corpus, and their accuracy on its test split, as they are done.

    Args, Raises: as of `predictors`.
    """
    data = prepare(config)
    test = data.test
    assert test is not None  # a corpus has one
    for name, predict in predictors(config, data, say):
        yield name, test.accuracy(predict(test.tokens))


def predictors(
    config: TrainConfig, data: Data, say: Callable[[str], object] = lambda text: None
) -> Iterator[tuple[str, Predictor]]:
    """The baselines that fit a corpus, by name, as they are trained.

    Args:
        config: of the program beside which they stand.
        data: of that.
        say: told what is trained.

    Raises:
        BadUsage: scikit-learn is not there.
    """
    yield "unigram", unigram(data)
    if data.frame.pooled:
        say("bag of words")
        yield "bag of words", bag_of_words(data)
    say("standard Transformer")
    network, _, _ = trained(standard(config, data), data)
    yield "standard Transformer", network.predict


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
        lr=RATE,
        batch=min(config.batch, len(data.train)),
        epochs=EPOCHS,
        seed=config.seed,
        data_seed=config.data_seed,
        unknown=config.unknown,
        dropout=DROPOUT,
        vectors=config.vectors,
        patience=PATIENCE,
    )


def unigram(data: Data) -> Predictor:
    """The most frequent answer to each word, or the most frequent label."""
    classes, words = len(data.frame.classes), len(data.frame.vocabulary)
    tokens, expected = data.train.tokens.numpy(), data.train.expected.numpy()
    graded = expected != UNGRADED
    overall = int(np.bincount(expected[graded], minlength=classes).argmax())
    if data.frame.pooled:
        return lambda texts: torch.full((len(texts), 1), overall)
    counts = np.bincount(tokens[graded] * classes + expected[graded], minlength=words * classes).reshape(words, classes)
    most = torch.from_numpy(np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), overall))
    return lambda texts: most[texts.clamp_min(0)]


def bag_of_words(data: Data) -> Predictor:
    """Logistic regression on the words that the program reads too, in the same texts.

    Raises:
        BadUsage: scikit-learn is not there.
    """
    try:
        regression = import_module("sklearn.linear_model").LogisticRegression
        sparse = import_module("scipy.sparse")
    except ImportError as error:
        raise BadUsage(f"the bag of words needs scikit-learn ({error}); pip install scikit-learn") from None
    words = len(data.frame.vocabulary)

    def counts(texts: Tensor) -> Any:
        rows, places = np.nonzero(texts.numpy() >= 0)
        codes = texts.numpy()[rows, places]
        return sparse.csr_matrix((np.ones(len(rows)), (rows, codes)), shape=(len(texts), words))

    def predictor(model: Any) -> Predictor:
        return lambda texts: torch.from_numpy(np.asarray(model.predict(counts(texts)), dtype=np.int64))[:, None]

    train, answers = counts(data.train.tokens), data.train.expected[:, 0].numpy()
    with one_thread():
        models = [predictor(regression(C=ridge, max_iter=1000).fit(train, answers)) for ridge in RIDGES]
    return max(models, key=lambda predict: data.validation.accuracy(predict(data.validation.tokens)).score)
