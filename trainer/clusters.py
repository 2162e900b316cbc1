"""Where learned embeddings begin: clusters of words that are alike, one clustering an embedding variable.

From random rows a network of words learns for many epochs before its heads have anything to read. The clusters are
those of k-means (Lloyd's algorithm, begun as k-means++: Arthur and Vassilvitskii, SODA 2007) on what is known of a word
from the training inputs, and from word vectors if there are some. The variables take turns among these *views*:

- answers: how often each class is the answer to the word, or to its text;
- vectors: the word's vector, and which kind of unknown word it would be;
- neighbours: the answers to the words beside it, or, where a text has one answer, how long the texts are that hold it;
- all: these side by side.

What a word was answered is trusted the less, the rarer the word: it is mixed with what the rare words of its kind were.

Letters in shapes: V words, C classes, v embedding variables, F features, K clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tprog.errors import BadFile
from tprog.words.vectors import prepared_vectors, read_vectors
from trainer.config import PREPARED
from trainer.data import Data

Matrix = NDArray[np.float64]
Codes = NDArray[np.int64]

RARE = 3
"""Words seen at most so often tell what to expect of a word that was seen seldom."""

TRUST_ANSWERS, TRUST_NEIGHBOURS = 1.0, 3.0
"""Answers of rare words that count as much as those of the word itself, and the same for its neighbours."""

ROUNDS = 25
"""Of Lloyd's algorithm; few words move after ten."""


@dataclass(frozen=True)
class Known:
    """What the training inputs tell of the words.

    Attributes:
        counts: [V] how often each stands there.
        kinds: [V] the code of the unknown word that each would be; 0 where there is none.
        answers: [V, C] how often each class was the answer to the word.
        before, after: [V, C] the same of the word before it, and behind it.
    """

    counts: Matrix
    kinds: Codes
    answers: Matrix
    before: Matrix
    after: Matrix

    @classmethod
    def of(cls, data: Data) -> Known:
        """Counted over the training inputs of a run."""
        tokens, expected = data.train.tokens.numpy(), data.train.expected.numpy()
        words, classes = len(data.frame.vocabulary), len(data.frame.classes)
        expected = np.broadcast_to(expected, tokens.shape)  # of a text with one answer, that of each word

        def counted(codes: Codes, answers: Codes) -> Matrix:
            graded = (codes >= 0) & (answers >= 0)
            found = np.bincount(codes[graded] * classes + answers[graded], minlength=words * classes)
            return found.reshape(words, classes).astype(np.float64)

        kinds = np.zeros(words, dtype=np.int64) if data.stands_in is None else data.stands_in.numpy()
        return cls(
            np.bincount(tokens[tokens >= 0], minlength=words).astype(np.float64),
            kinds,
            counted(tokens, expected),
            counted(tokens[:, 1:], expected[:, :-1]),
            counted(tokens[:, :-1], expected[:, 1:]),
        )

    def shares(self, counts: Matrix, trust: float) -> Matrix:
        """[V, C] square roots of shares, between which Euclid's distance is Hellinger's; rare words as their kind."""
        rare = (self.counts > 0) & (self.counts <= RARE)
        of_kind = np.zeros_like(counts)
        np.add.at(of_kind, self.kinds[rare], counts[rare])
        expected = of_kind[self.kinds] + 0.5
        expected /= expected.sum(axis=1, keepdims=True)
        mixed = (counts + trust * expected) / (counts.sum(axis=1, keepdims=True) + trust)
        found: Matrix = np.sqrt(mixed)
        return found


def views(known: Known, vectors: Matrix | None) -> list[Matrix]:
    """The views in their turn, each [V, F].

    Args:
        vectors: [V, F] of each word, 0 where there is none.
    """
    answers = known.shares(known.answers, TRUST_ANSWERS)
    beside = [known.shares(counts, TRUST_NEIGHBOURS) for counts in (known.after, known.before)]
    neighbours = np.concatenate(beside, axis=1)
    kinds, places = np.unique(known.kinds, return_inverse=True)
    kind = np.eye(len(kinds))[places]
    every = np.concatenate([answers, neighbours / 2, kind / 3], axis=1)
    if vectors is None:
        return [answers, neighbours, every]
    return [answers, np.concatenate([vectors, kind], axis=1), neighbours, every]


def clustered(known: Known, vectors: Matrix | None, variables: int, clusters: int, seed: int) -> Codes:
    """[v, V] the cluster of each word in each variable.

    Args:
        vectors: as of `views`.
        clusters: K, at most; fewer where fewer words differ.
    """
    weights = np.sqrt(np.maximum(known.counts, 0.3))
    turns = views(known, vectors)
    return np.stack(
        [
            k_means(turns[at % len(turns)], weights, clusters, np.random.default_rng((seed, at)))
            for at in range(variables)
        ]
    )


def word_vectors(named: str, vocabulary: Sequence[str]) -> Matrix:
    """[V, F] the vectors of words, each number 0 on average and of variance 1 / F; 0 where a word has none.

    Args:
        named: `PREPARED`, or the path of a text file.

    Raises:
        BadUsage: none have been prepared.
        BadFile: the file is none, or has a vector for no word.
    """
    vectors = prepared_vectors() if named == PREPARED else read_vectors(Path(named))
    rows, has = vectors.of(vocabulary)
    if not has.any():
        raise BadFile(f"{vectors.source} has a vector for none of the {len(vocabulary):,} words of the corpus")
    found = np.zeros(rows.shape)
    spread = rows[has].std(axis=0)
    found[has] = (rows[has] - rows[has].mean(axis=0)) / np.where(spread > 0, spread, 1) / rows.shape[1] ** 0.5
    return found


def mapped(vectors: Matrix, variables: int, clusters: int, seed: int) -> Tensor:
    """[v, V, K] the vectors under one random linear map a variable, as the published embeddings begin; where there is a
    vector, of variance 1."""
    maps = torch.from_numpy(np.random.default_rng(seed).standard_normal((variables, vectors.shape[1], clusters)))
    return (torch.from_numpy(vectors) @ maps).float()


def k_means(rows: Matrix, weights: Matrix, clusters: int, random: np.random.Generator) -> Codes:
    """[V] the cluster of each of the rows [V, F], each of which counts by its weight."""
    centres = rows[random.choice(len(rows), 1, p=weights / weights.sum())]
    while len(centres) < clusters:
        chance = _distances(rows, centres).min(axis=1) * weights
        if not chance.sum() > 1e-9:
            break  # every row is a centre
        centres = np.concatenate([centres, rows[random.choice(len(rows), 1, p=chance / chance.sum())]])
    for _ in range(ROUNDS):
        found: Codes = _distances(rows, centres).argmin(axis=1)
        heavy = np.bincount(found, weights, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, found, rows * weights[:, None])
        centres = np.where(heavy[:, None] > 0, sums / np.maximum(heavy, 1e-12)[:, None], centres)
    nearest: Codes = _distances(rows, centres).argmin(axis=1)
    return nearest


def _distances(rows: Matrix, centres: Matrix) -> Matrix:
    """[V, K] squares of Euclid's distances, not below 0."""
    squares = (rows**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * rows @ centres.T
    found: Matrix = np.maximum(squares, 0)
    return found
