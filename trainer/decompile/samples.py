"""Inputs to look at a network on: drawn from a task, from random strings, or from walks over what it calls legal."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice, product

import numpy as np

from tprog.ir.domains import BEGIN
from tprog.tasks.next_token import Language, NextTokenTask
from tprog.tasks.rules import UNGRADED
from trainer.decompile.network import Bools, Floats, Inputs, Ints, Network, in_pieces
from trainer.decompile.symbols import Facts

SHORT = 2000
"""Short strings that are all tried, for the smallest inputs on which network and program part."""


class Source(ABC):
    """What a network reads, what it says, and where that counts.

    Attributes:
        words: the network's tokens by code; first the `symbols`, then marks.
        labels: what each of its logits is for.
        vocabulary: that of a program: ``<s>`` for the first mark, then the symbols, and marks that stand within inputs.
        codes: the network's code of each of these.
        forced: the words of the vocabulary at which nothing is predicted.
        sets: whether a prediction is a set of labels.
        bins: the least and the largest length of each range that is judged; the first is what is trained on.
        longest: the most tokens that the network is asked about, the first mark included.
        shifts: whether inputs may begin at any of its places.
        exact: whether the network computes something exactly, so that nothing short of it will do.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]
    vocabulary: tuple[str, ...]
    codes: tuple[int, ...]
    symbols: int
    sets: bool
    bins: tuple[tuple[int, int], ...]
    longest: int
    forced: tuple[str, ...] = ()
    shifts: bool = False
    exact: bool = False

    @abstractmethod
    def draw(self, count: int, lengths: tuple[int, int], seed: int, shifted: bool = False) -> Inputs:
        """Random inputs.

        Args:
            lengths: the least and the largest; of these, those that there are.
            shifted: each at a random offset of its places.
        """

    @abstractmethod
    def random_strings(self, count: int, lengths: tuple[int, int], seed: int) -> Inputs:
        """Inputs of any symbols in any order, graded where the task grades."""

    def elsewhere(self, network: Network, count: int, seed: int) -> Iterator[tuple[str, Inputs]]:
        """Inputs off the training distribution that nothing was fitted to, and what they are called."""
        yield "random strings", self.random_strings(count, self.bins[0], seed + 20)

    def smallest(self) -> Inputs | None:
        """Short inputs, to find the smallest on which two part."""
        return None

    def domain(self) -> Inputs | None:
        """All inputs that there are, where they are few."""
        return None

    def right(self, logits: Floats, inputs: Inputs) -> Bools | None:
        """[B, n] where the network is right; None where nobody knows what is."""
        return None

    def expected(self, inputs: Inputs, labels: Sequence[tuple[int, ...]]) -> Ints | None:
        """[B, n] which of some classes is right, -1 where none of them is; None where nobody knows.

        Args:
            labels: for each class the codes of the labels that it stands for.
        """
        return None

    def facts(self, inputs: Inputs) -> Facts:
        """What a program knows on some inputs."""
        return Facts(inputs, len(self.words), self.symbols, self.longest if self.exact else 0)

    def _padded(self, rows: Sequence[tuple[Ints, int]]) -> tuple[Ints, Bools]:
        """Rows as [B, n] tokens, and where they are graded: from the place that stands beside each."""
        width = max(len(row) for row, _ in rows)
        tokens = np.zeros((len(rows), width), dtype=np.int64)
        graded = np.zeros(tokens.shape, dtype=np.bool_)
        for at, (row, first) in enumerate(rows):
            tokens[at, : len(row)] = row
            graded[at, first : len(row)] = True
        return tokens, graded


class TaskSource(Source):
    """A next-token task as what draws inputs.

    Args:
        places: how many positions the network numbers; None if it does not.
    """

    def __init__(self, task: NextTokenTask, places: int | None) -> None:
        self.task, self._places = task, places
        self.sets = isinstance(task, Language)
        self.words = self.labels = task.vocabulary
        marks = () if self.sets else (task.sep,)
        self.vocabulary = (BEGIN, *task.symbols, *(task.vocabulary[code] for code in marks))
        self.codes = (task.bos, *range(len(task.symbols)), *marks)
        self.symbols = len(task.symbols)
        self.bins, self.longest, self.shifts = task.bins, task.positions - 1, places is not None

    def draw(self, count: int, lengths: tuple[int, int], seed: int, shifted: bool = False) -> Inputs:
        random = np.random.default_rng(seed)
        sequences = self.task.sample(count, lengths, random)
        tokens, expected = (np.asarray(each, dtype=np.int64) for each in (sequences.tokens, sequences.expected))
        return self._inputs(tokens, expected != UNGRADED, random, shifted, expected)

    def right(self, logits: Floats, inputs: Inputs) -> Bools | None:
        if inputs.expected is None:
            return None
        return np.asarray((self.task.predicted(logits) == inputs.expected) | (inputs.expected == UNGRADED))

    def expected(self, inputs: Inputs, labels: Sequence[tuple[int, ...]]) -> Ints | None:
        if inputs.expected is None:
            return None
        places = {frozenset(self.words[code] for code in label): at for at, label in enumerate(labels)}
        known = np.array([places.get(frozenset(label), -1) for label in self.task.classes], dtype=np.int64)
        return np.where(inputs.expected == UNGRADED, -1, known[np.maximum(inputs.expected, 0)])

    def _inputs(
        self,
        tokens: Ints,
        graded: Bools,
        random: np.random.Generator,
        shifted: bool,
        expected: Ints | None = None,
    ) -> Inputs:
        """What stands behind the last graded position is not asked for."""
        width = tokens.shape[1]
        lengths = np.where(graded.any(axis=1), width - graded[:, ::-1].argmax(axis=1), 1).astype(np.int64)
        tokens, graded = tokens[:, : lengths.max()], graded[:, : lengths.max()]
        tokens = np.where(np.arange(tokens.shape[1]) < lengths[:, None], tokens, 0)
        offsets = np.zeros(len(tokens), dtype=np.int64)
        if shifted and self._places is not None:
            offsets = random.integers(np.maximum(self._places - lengths, 0) + 1)
        return Inputs(tokens, lengths, offsets, graded, None if expected is None else expected[:, : tokens.shape[1]])

    def random_strings(self, count: int, lengths: tuple[int, int], seed: int) -> Inputs:
        """Inputs of any symbols in any order, graded where the task grades: of a language everywhere.

        Of a task with an answer the symbols before ``<sep>`` are drawn with repetition, and those of the answer too.
        """
        random = np.random.default_rng(seed)
        symbols = len(self.task.symbols)
        least = max(lengths[0], 1)
        rows = []
        for _ in range(count):
            length = int(random.integers(least, lengths[1] + 1))
            x = random.integers(symbols, size=length)
            if self.sets:
                rows.append((np.array([self.task.bos, *x]), 0))
            else:
                y = random.integers(symbols, size=int(random.integers(0, length + 1)))
                whole = np.array([self.task.bos, *x, self.task.sep, *y])[: self.longest]
                rows.append((whole, min(length + 1, len(whole) - 1)))
        return self._inputs(*self._padded(rows), random, shifted=False)

    def elsewhere(self, network: Network, count: int, seed: int) -> Iterator[tuple[str, Inputs]]:
        yield from super().elsewhere(network, count, seed)
        if self.sets:
            yield "walks over legal tokens", self.legal_walks(network, count, self.bins[0][1], seed + 30)

    def smallest(self) -> Inputs | None:
        """Of a language all short strings, the shortest first."""
        if not self.sets:
            return None
        strings = (each for length in range(self.longest) for each in product(range(self.symbols), repeat=length))
        rows = [(np.array([self.task.bos, *each], dtype=np.int64), 0) for each in islice(strings, SHORT)]
        return self._inputs(*self._padded(rows), np.random.default_rng(0), shifted=False)

    def legal_walks(self, network: Network, count: int, length: int, seed: int) -> Inputs:
        """Inputs of a language whose every symbol is one that the network calls legal, all equally likely."""
        random = np.random.default_rng(seed)
        tokens = np.full((count, 1), self.task.bos, dtype=np.int64)
        for _ in range(min(length, self.longest - 1)):
            whole = np.ones_like(tokens, dtype=np.bool_)
            size = np.full(count, tokens.shape[1])
            logits = in_pieces(network, Inputs(tokens, size, np.zeros(count, dtype=np.int64), whole), 256)[:, -1]
            legal = logits[:, : len(self.task.symbols)] > 0
            chances = random.random(legal.shape) * (legal + 1e-9 * ~legal.any(axis=1, keepdims=True))
            tokens = np.concatenate([tokens, chances.argmax(axis=1)[:, None]], axis=1)
        return self._inputs(*self._padded([(row, 0) for row in tokens]), random, shifted=False)
