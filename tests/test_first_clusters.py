"""Where learned embeddings begin: clusters of words that are alike."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from trainer.clusters import Known, clustered, k_means, views
from trainer.config import TrainConfig
from trainer.data import Data, prepare
from trainer.population import Population

TINY = TrainConfig(
    "sort",
    vocabulary_size=8,
    length=6,
    layers=1,
    cat_heads=1,
    num_heads=0,
    cat_mlps=0,
    num_mlps=0,
    embedding="learned",
    embedding_variables=2,
    cardinality=6,
    clusters=5.0,
    dataset_size=100,
    batch=8,
)


@pytest.fixture(scope="module")
def data() -> Data:
    return prepare(TINY)


def test_rows_that_lie_together_are_one_cluster() -> None:
    rows = np.array([[0.0, 0], [9, 9], [0.1, 0], [9, 9.1], [0, 0.1], [5, 0]])
    found = k_means(rows, np.ones(6), 3, np.random.default_rng(0))
    assert len({*found[[0, 2, 4]]}) == len({*found[[1, 3]]}) == 1
    assert len({*found}) == 3


def test_there_are_no_more_clusters_than_different_rows() -> None:
    found = k_means(np.array([[1.0], [2], [1], [2]]), np.ones(4), 9, np.random.default_rng(0))
    assert found[0] == found[2] != found[1] == found[3]


def test_answers_are_counted_by_word_and_by_neighbour(data: Data) -> None:
    known = Known.of(data)
    tokens, expected = data.train.tokens, data.train.expected
    word, answer = int(tokens[0, 1]), int(expected[0, 1])
    assert known.counts[word] == (tokens == word).sum()
    assert known.answers[word, answer] == ((tokens == word) & (expected == answer)).sum()
    assert known.after[word, answer] == ((tokens[:, :-1] == word) & (expected[:, 1:] == answer)).sum()
    assert known.before[word, answer] == ((tokens[:, 1:] == word) & (expected[:, :-1] == answer)).sum()


def test_the_answers_of_a_rare_word_count_less_than_what_its_kind_was_answered() -> None:
    known = Known(
        counts=np.array([0.0, 1, 1, 100]),
        kinds=np.zeros(4, dtype=np.int64),
        answers=np.array([[0.0, 0], [1, 0], [0, 1], [0, 100]]),
        before=np.zeros((4, 2)),
        after=np.zeros((4, 2)),
    )
    shares = known.shares(known.answers, 1.0) ** 2
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares[0] == pytest.approx([0.5, 0.5])
    assert shares[1] == pytest.approx([0.75, 0.25])
    assert shares[3, 1] > 0.99
    assert len(views(known, None)) == 3
    assert len(views(known, np.zeros((4, 5)))) == 4


def test_embeddings_begin_with_the_clusters_and_the_seed_says_which(data: Data) -> None:
    one, other = (Population([dataclasses.replace(TINY, seed=seed)], data) for seed in (0, 1))
    embeddings = [each.network.layout.views(each.now.detach())["embedding"][0] for each in (one, other)]
    for table in embeddings:
        assert float(table.max(dim=2).values.min()) > 3
    assert not torch.equal(embeddings[0].argmax(dim=2), embeddings[1].argmax(dim=2))
    assert clustered(Known.of(data), None, 2, 6, 0).shape == (2, len(data.frame.vocabulary))
