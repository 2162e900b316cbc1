"""A task of predicting the next token: its vocabulary, its samples, and what is right at each position.

Two kinds, told apart by how a prediction is judged:

- an *answer*: ``<bos> x <sep> y <eos>``, and at each place of the answer, its end included, the largest logit is the
  next token's. Where an answer is always one token, no end follows.
- a *language*: ``<bos> x <eos>`` for words x, and at each place up to the last letter the logits above zero are exactly
  those of the tokens that may come next: a letter after which some word still goes on, ``<eos>`` where x may end.

So at each graded place the right prediction is one *class*: a set of tokens. An input counts as right if every graded
place of it is.

Lengths are those of x (`count`: of y), from 0 to `longest`: trained on the first third, tested on each.
Source of both: Huang et al. (arXiv 2602.08857), section 4. Nothing here imports torch.

Letters in shapes: B inputs, n tokens of the longest, V tokens of the vocabulary, C classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tprog.errors import BadInput, BadUsage
from tprog.tasks.rules import UNGRADED, Array

BOS, SEP, EOS, PAD = MARKS = ("<bos>", "<sep>", "<eos>", "<pad>")
"""The marks, which stand behind the symbols in every vocabulary, in this order."""

LONGEST = 150
"""The longest x if a task does not say otherwise."""

DRAWS = 10_000
"""Attempts to draw an x of a kind that is rare, before a sampler gives up."""


@dataclass(frozen=True)
class Sequences:
    """A sample.

    Attributes:
        tokens: [B, n] codes, behind the end the code of ``<pad>``.
        lengths: [B] tokens of each, marks included.
        expected: [B, n] at each place the class of what comes next, `UNGRADED` where that is not judged.
    """

    tokens: Array
    lengths: Array
    expected: Array

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True)
class NextTokenTask(ABC):
    """What is asked of a model that predicts the next token.

    Attributes:
        name: as on the command line.
        about: it in words.
        symbols: the tokens that are no marks, in the order of their codes.
        least, longest: of the lengths there are.
        thirds: whether to train on the first third of the lengths alone, and to judge each third; else on all.
        trained_on: the same task on the inputs to train on, where those of this one are kept back to judge by.
    """

    name: str
    about: str
    symbols: tuple[str, ...]
    least: int = 1
    longest: int = LONGEST
    thirds: bool = True
    trained_on: NextTokenTask | None = None

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All tokens by code: the symbols, then the marks."""
        return (*self.symbols, *MARKS)

    @property
    def bos(self) -> int:
        """The code of ``<bos>``; those of the other marks follow."""
        return len(self.symbols)

    @property
    def sep(self) -> int:
        """The code of ``<sep>``."""
        return self.bos + 1

    @property
    def eos(self) -> int:
        """The code of ``<eos>``."""
        return self.bos + 2

    @property
    def pad(self) -> int:
        """The code of ``<pad>``."""
        return self.bos + 3

    @property
    def bins(self) -> tuple[tuple[int, int], ...]:
        """The least and the largest length of each range that is judged; the first is what is trained on."""
        if not self.thirds:
            return ((self.least, self.longest),)
        third = self.longest // 3
        return (0, third), (third + 1, 2 * third), (2 * third + 1, self.longest)

    @property
    @abstractmethod
    def positions(self) -> int:
        """Tokens of the longest sequence, marks included."""

    @property
    @abstractmethod
    def classes(self) -> tuple[tuple[str, ...], ...]:
        """The set of tokens that each class stands for."""

    @abstractmethod
    def fits(self, length: int) -> bool:
        """Whether there is an x of a length, from `least` to `longest`."""

    @abstractmethod
    def draw(self, length: int, random: np.random.Generator) -> Array:
        """A random x of a length that there is, as codes."""

    @abstractmethod
    def whole(self, x: Array) -> tuple[Array, Array]:
        """The whole sequence for an x, and the class of what comes next at each place.

        Raises:
            BadInput: x is none that the task knows an answer to.
        """

    @abstractmethod
    def predicted(self, logits: Array) -> Array:
        """[...] the class that logits [..., V] predict; a number that is no class where they predict none."""

    def lengths(self, least: int, most: int) -> list[int]:
        """The lengths that there are in a range.

        Raises:
            BadUsage: none.
        """
        found = [length for length in range(max(least, self.least), min(most, self.longest) + 1) if self.fits(length)]
        if not found:
            raise BadUsage(
                f"{self.name} has no input of length {least} to {most}; its lengths are {self.least} to {self.longest}"
            )
        return found

    def sample(self, count: int, lengths: tuple[int, int], random: np.random.Generator) -> Sequences:
        """Random inputs, of lengths that are equally likely, in the order drawn; the same may come twice.

        Raises:
            BadUsage: there is no such length.
        """
        possible = self.lengths(*lengths)
        chosen = random.integers(len(possible), size=count)
        return self.batch([self.draw(possible[each], random) for each in chosen])

    def batch(self, inputs: Sequence[Array]) -> Sequences:
        """Inputs x, as codes, as a sample.

        Raises:
            BadInput: as `whole`.
        """
        rows = [self.whole(np.asarray(x, dtype=np.int64)) for x in inputs]
        lengths = np.array([len(row) for row, _ in rows], dtype=np.int64)
        tokens = np.full((len(rows), int(lengths.max(initial=0))), self.pad, dtype=np.int64)
        expected = np.full(tokens.shape, UNGRADED, dtype=np.int64)
        for index, (row, classes) in enumerate(rows):
            tokens[index, : len(row)], expected[index, : len(row)] = row, classes
        return Sequences(tokens, lengths, expected)

    def encode(self, words: Sequence[str]) -> Array:
        """The codes of an x.

        Raises:
            BadInput: a word that is no symbol of the task; the message names it and its index.
        """
        for index, word in enumerate(words):
            if word not in self._codes:
                known = ", ".join(self.symbols[:10]) + (", ..." if len(self.symbols) > 10 else "")
                raise BadInput(f"token {index} is {word!r}, which {self.name} does not have; its symbols are {known}")
        return np.array([self._codes[word] for word in words], dtype=np.int64)

    def oracle(self, words: Sequence[str]) -> list[tuple[str, ...] | None]:
        """The tokens that may come next behind each token of the sequence for an x; None where that is not judged.

        Raises:
            BadInput: as `encode` and `whole`.
        """
        _, expected = self.whole(self.encode(words))
        return [None if each == UNGRADED else self.classes[each] for each in expected.tolist()]

    def right(self, logits: Array, sequences: Sequences) -> Array:
        """[B, n] whether a prediction is right, from logits [B, n, V]; true where it is not judged."""
        answer: Array = (sequences.expected == UNGRADED) | (self.predicted(logits) == sequences.expected)
        return answer

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.symbols)}
