"""Input domains: which symbol sequences there are, how many, all of them, or some drawn at random.

A sequence is a row of symbol codes (0-based), without ``<s>`` and ``</s>``, and `NOTHING` behind its end. Shape of all
arrays: [input, place].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.ir.marks import Marks
from tprog.ir.program import BEGIN, END
from tprog.run.batch import BEHIND_END, Batch

Array: TypeAlias = NDArray[Any]

NOTHING = -1
"""The symbol code behind the end of a sequence."""

DRAWS = 5
"""A sample is drawn until it has as many distinct inputs as asked for, at most this many times over: as the published
code does, which matters for short lengths, soon exhausted, of which a uniform length gives many."""


@dataclass(frozen=True)
class InputDomain:
    """All sequences of `fewest` to `most` symbols, each one of `symbols` many."""

    symbols: int
    fewest: int
    most: int

    @property
    def size(self) -> int:
        """How many sequences there are, exactly."""
        return sum(self.symbols**length for length in range(self.fewest, self.most + 1))

    @property
    def dtype(self) -> np.dtype[Any]:
        # Two more than the symbols: <s> and </s> join them.
        return np.min_scalar_type(-(self.symbols + 2))

    def enumerate(self) -> Array:
        """Every sequence: shortest first, then in the order of the symbols."""
        every = np.full((self.size, self.most), NOTHING, dtype=self.dtype)
        start = 0
        for length in range(self.fewest, self.most + 1):
            rank = np.arange(self.symbols**length)
            for place in range(length):
                every[start : start + len(rank), place] = rank // self.symbols ** (length - 1 - place) % self.symbols
            start += len(rank)
        return every

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Random sequences, repeats included: a uniform length, then uniform symbols."""
        lengths = rng.integers(self.fewest, self.most + 1, size=count)
        drawn = rng.integers(0, self.symbols, size=(count, self.most), dtype=self.dtype)
        return np.where(np.arange(self.most) < lengths[:, None], drawn, np.array(NOTHING, dtype=self.dtype))

    def shortened(self, most: int) -> InputDomain:
        """Those of at most `most` symbols."""
        if type(self) is InputDomain:
            return InputDomain(self.symbols, self.fewest, most)
        return UpTo(self.symbols, self.fewest, most, self)


@dataclass(frozen=True)
class Brackets(InputDomain):
    """Bracket strings of one length. Symbols 2t and 2t + 1 open and close type t."""

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Half of them all random; half a random balanced string, cut to the length or filled up with random brackets.

        A balanced string grows from nothing: each step puts a pair behind it or around it.
        """
        length, pairs = self.most, (self.most + 1) // 2
        balanced = np.zeros((count, 0), dtype=self.dtype)
        for _ in range(pairs):
            opening = 2 * rng.integers(0, self.symbols // 2, size=(count, 1), dtype=self.dtype)
            behind = np.concatenate([balanced, opening, opening + 1], axis=1)
            around = np.concatenate([opening, balanced, opening + 1], axis=1)
            balanced = np.where(rng.random((count, 1)) < 0.5, behind, around)
        drawn = rng.integers(0, self.symbols, size=(count, length), dtype=self.dtype)
        return np.where(rng.random((count, 1)) < 0.5, balanced[:, :length], drawn)


@dataclass(frozen=True)
class Pairs(InputDomain):
    """Letter/digit pairs, one digit a letter, with one more digit in front or one more letter behind.

    The first half of the symbols are letters, the rest digits. The length is odd.
    """

    @property
    def letters(self) -> int:
        return self.symbols // 2

    @property
    def pairs(self) -> int:
        return self.most // 2

    @property
    def size(self) -> int:
        # with_letters[d]: how many sequences of pairs use d different letters
        with_letters = [1] + [0] * self.letters
        for _ in range(self.pairs):
            with_letters = [0] + [
                with_letters[d] * d + with_letters[d - 1] * (self.letters - d + 1) * self.letters
                for d in range(1, self.letters + 1)
            ]
        return sum(with_letters) * 2 * self.letters

    def enumerate(self) -> Array:
        count = self.letters
        letter, digit = (axis.ravel() for axis in np.meshgrid(np.arange(count), np.arange(count), indexing="ij"))
        rows = np.zeros((1, 0), dtype=self.dtype)
        digit_of = np.full((1, count), NOTHING)
        for _ in range(self.pairs):
            source = np.repeat(np.arange(len(rows)), count * count)
            letters, digits = np.tile(letter, len(rows)), np.tile(digit, len(rows))
            known = digit_of[source, letters]
            keep = (known == NOTHING) | (known == digits)
            source, letters, digits = source[keep], letters[keep], digits[keep]
            pair = np.stack([letters, digits + count], axis=1).astype(self.dtype)
            rows, digit_of = np.concatenate([rows[source], pair], axis=1), digit_of[source]
            digit_of[np.arange(len(rows)), letters] = digits
        extra = np.arange(count, dtype=self.dtype)
        behind = np.column_stack([np.repeat(rows, count, axis=0), np.tile(extra, len(rows))])
        front = np.column_stack([np.repeat(extra + count, len(rows)), np.tile(rows, (count, 1))])
        return np.concatenate([behind, front]).astype(self.dtype)  # letters come before digits

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        letters = rng.integers(0, self.letters, size=(count, self.pairs))
        digits = np.take_along_axis(rng.integers(0, self.letters, size=(count, self.letters)), letters, axis=1)
        pairs = np.stack([letters, digits + self.letters], axis=2).reshape(count, 2 * self.pairs)
        extra = rng.integers(0, self.letters, size=(count, 1))
        in_front = np.concatenate([extra + self.letters, pairs], axis=1)
        behind = np.concatenate([pairs, extra], axis=1)
        return np.where(rng.random((count, 1)) < 0.5, in_front, behind).astype(self.dtype)


@dataclass(frozen=True)
class UpTo(InputDomain):
    """Those sequences of another domain that have at most `most` symbols."""

    whole: InputDomain

    @cached_property
    def _rows(self) -> Array:
        return self._short(self.whole.enumerate())

    @property
    def size(self) -> int:
        return len(self._rows)

    def enumerate(self) -> Array:
        return self._rows

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """As `InputDomain.draw`, and fewer where most of the other domain is longer."""
        return self._short(self.whole.draw(count, rng))

    def _short(self, sequences: Array) -> Array:
        fits = (sequences != NOTHING).sum(axis=1) <= self.most
        return np.asarray(sequences[fits][:, : self.most])


def draw_distinct(domain: InputDomain, count: int, seed: int) -> Array:
    """`count` different sequences in the order drawn, or fewer where so many do not turn up (see `DRAWS`)."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((0, domain.most), dtype=domain.dtype)
    for _ in range(DRAWS):
        drawn = np.concatenate([drawn, domain.draw(count, rng)])
        first = np.unique(drawn, axis=0, return_index=True)[1]
        drawn = drawn[np.sort(first)]
        if len(drawn) >= count:
            break
    return drawn[:count]


def symbols_of(vocabulary: Sequence[str]) -> tuple[str, ...]:
    """The tokens of a vocabulary that an input is free to use: all but the marks; ``<unk>`` is one of them."""
    return tuple(word for word in vocabulary if word not in (BEGIN, END))


def framed(sequences: Array, symbols: Sequence[str], vocabulary: Sequence[str]) -> Batch:
    """Sequences as whole inputs in the codes of a vocabulary: ``<s>`` before and ``</s>`` behind where it has them."""
    code = {word: index for index, word in enumerate(vocabulary)}
    dtype = np.min_scalar_type(-len(vocabulary))
    codes = np.array([*(code[symbol] for symbol in symbols), BEHIND_END], dtype=dtype)  # NOTHING picks the last
    lengths = (sequences != NOTHING).sum(axis=1, dtype=np.int64)
    longest, marks = int(lengths.max(initial=0)), Marks.of(vocabulary)
    tokens = np.full((len(sequences), longest + marks.count), BEHIND_END, dtype=dtype)
    tokens[:, marks.first : marks.first + longest] = codes[sequences[:, :longest]]
    if marks.begins:
        tokens[:, 0] = code[BEGIN]
    if marks.ends:
        tokens[np.arange(len(tokens)), marks.first + lengths] = code[END]
    return Batch(tokens, lengths + marks.count)
