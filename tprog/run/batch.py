"""Inputs as arrays of token codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadInput
from tprog.ir.program import Program

Array: TypeAlias = NDArray[Any]
Bools: TypeAlias = NDArray[np.bool_]

CHUNK = 4096
"""Inputs evaluated at once: [chunk, query, key] arrays of the largest shipped programs stay inside a core's cache."""

BEHIND_END = -1
"""The token code at positions behind the end of an input."""


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
        return Batch(self.tokens[rows], self.lengths[rows])

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


def chunks(batch: Batch, size: int = CHUNK) -> Iterator[tuple[slice, Batch]]:
    """The batch in pieces, each cut to the width of its longest input."""
    for start in range(0, len(batch), size):
        rows = slice(start, start + size)
        width = int(batch.lengths[rows].max(initial=0))
        yield rows, Batch(batch.tokens[rows, :width], batch.lengths[rows])
