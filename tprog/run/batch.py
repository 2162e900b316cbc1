"""Inputs as arrays of token codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadInput
from tprog.ir.program import Program

Array: TypeAlias = NDArray[Any]
Bools: TypeAlias = NDArray[np.bool_]

BEHIND_END = -1
"""The token code at positions behind the end of an input."""


def chosen(array: Array, rows: Array | slice) -> Array:
    """The rows of an array [input, ...] at these indices, or where they say true: as indexing, but `take` copies whole
    rows and is up to ten times as fast."""
    if isinstance(rows, slice) or rows.dtype.kind == "b":
        return array[rows]
    return array.take(rows, axis=0)


_SHORT = 32
"""Positions up to which it is quicker to look along the inputs."""


def any_position(at: Bools) -> Bools:
    """[input]: whether any position is marked of [input, position].

    NumPy reduces along the last axis input by input, which of short ones takes up to five times as long as the rest.
    """
    if at.shape[1] > _SHORT:
        return np.asarray(np.logical_or.reduce(at, axis=1))
    return np.asarray(np.logical_or.reduce(np.ascontiguousarray(at.T), axis=0))


@dataclass(frozen=True, eq=False)
class Batch:
    """Inputs as token codes.

    Attributes:
        tokens: [input, position] indices in the vocabulary, `BEHIND_END` behind the end; as wide as the longest input.
        lengths: [input] tokens in each, ``<s>`` and ``</s>`` included.
    """

    tokens: Array
    lengths: Array

    def __len__(self) -> int:
        return len(self.lengths)

    def take(self, rows: Array | slice) -> Batch:
        """The chosen inputs, in the chosen order, at the width of this batch."""
        return Batch(chosen(self.tokens, rows), chosen(self.lengths, rows))

    def cut(self) -> Batch:
        """The same inputs, only as wide as the longest of them."""
        return Batch(self.tokens[:, : int(self.lengths.max(initial=0))], self.lengths)

    @cached_property
    def present(self) -> Bools:
        """[input, position]: whether the position lies within the input."""
        return np.arange(self.tokens.shape[1]) < self.lengths[:, None]

    def words(self, program: Program, row: int) -> list[str]:
        """Input `row` as tokens."""
        return [program.vocabulary[code] for code in self.tokens[row, : self.lengths[row]]]


def encode(program: Program, inputs: Sequence[Sequence[str]]) -> Batch:
    """Whole token sequences, ``<s>`` and ``</s>`` included, as a `Batch`.

    Raises:
        BadInput: an input that the program cannot take; the message names the token and its index.
    """
    codes = {word: code for code, word in enumerate(program.vocabulary)}
    read = []
    for tokens in inputs:
        try:
            read.append([codes[t] for t in program.read_tokens(tokens)])
        except ValueError as error:
            raise BadInput(str(error)) from None
    lengths = np.array([len(row) for row in read], dtype=np.int64)
    rectangle = np.full((len(read), int(lengths.max(initial=0))), BEHIND_END, dtype=np.int32)
    for row, found in enumerate(read):
        rectangle[row, : len(found)] = found
    return Batch(rectangle, lengths)
