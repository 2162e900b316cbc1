"""Inputs to look at a network on: drawn from a task, from random strings, or from walks over what it calls legal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tprog.errors import BadUsage
from tprog.tasks.next_token import Language, NextTokenTask
from tprog.tasks.rules import UNGRADED
from trainer.decompile.network import Inputs, Ints, Network, in_pieces


@dataclass(frozen=True, eq=False)
class Source:
    """What a network reads and where its predictions count.

    Attributes:
        task: what draws inputs.
        places: how many positions the network numbers; None if it does not.
    """

    task: NextTokenTask
    places: int | None

    @property
    def sets(self) -> bool:
        """Whether a prediction is a set of tokens."""
        return isinstance(self.task, Language)

    @property
    def bins(self) -> tuple[tuple[int, int], ...]:
        return self.task.bins

    @property
    def longest(self) -> int:
        """The most tokens that the network is asked about, the first mark included."""
        return self.task.positions - 1

    def draw(self, count: int, lengths: tuple[int, int], seed: int, shifted: bool = False) -> Inputs:
        """Random inputs.

        Args:
            lengths: the least and the largest; of these, those that there are.
            shifted: each at a random offset of its places.
        """
        random = np.random.default_rng(seed)
        sequences = self.task.sample(count, lengths, random)
        graded = sequences.expected != UNGRADED
        return self._inputs(np.asarray(sequences.tokens, dtype=np.int64), graded, random, shifted)

    def _inputs(self, tokens: Ints, graded: np.ndarray, random: np.random.Generator, shifted: bool) -> Inputs:
        """What stands behind the last graded position is not asked for."""
        width = tokens.shape[1]
        lengths = np.where(graded.any(axis=1), width - graded[:, ::-1].argmax(axis=1), 1).astype(np.int64)
        tokens, graded = tokens[:, : lengths.max()], graded[:, : lengths.max()]
        tokens = np.where(np.arange(tokens.shape[1]) < lengths[:, None], tokens, 0)
        offsets = np.zeros(len(tokens), dtype=np.int64)
        if shifted and self.places is not None:
            offsets = random.integers(np.maximum(self.places - lengths, 0) + 1)
        return Inputs(tokens, lengths, offsets, graded)

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
        return self._stacked(rows, random)

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
        return self._stacked([(row, 0) for row in tokens], random)

    def _stacked(self, rows: Sequence[tuple[Ints, int]], random: np.random.Generator) -> Inputs:
        width = max(len(row) for row, _ in rows)
        tokens = np.zeros((len(rows), width), dtype=np.int64)
        graded = np.zeros(tokens.shape, dtype=np.bool_)
        for at, (row, first) in enumerate(rows):
            tokens[at, : len(row)] = row
            graded[at, first : len(row)] = True
        return self._inputs(tokens, graded, random, shifted=False)


def expect_source(network: Network, task: NextTokenTask) -> Source:
    """A task as a source of inputs for a network.

    Raises:
        BadUsage: its inputs do not fit the network.
    """
    wanted = len(task.vocabulary)
    if len(network.tokens) != wanted:
        raise BadUsage(
            f"the model has {len(network.tokens)} tokens and the task {task.name} {wanted}, marks included; name the "
            "task that it was trained on"
        )
    longest = network.longest
    if longest is not None and longest < task.positions - 1:
        raise BadUsage(
            f"the model has {longest} positions, and inputs of the task {task.name} up to {task.positions}; name the "
            "task that it was trained on"
        )
    return Source(task, longest)
