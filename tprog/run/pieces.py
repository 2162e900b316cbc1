"""How many inputs are worked on at once: the bounds of memory, and many inputs in pieces that stay under them.

What an input takes depends on nodes, tokens and classes, and on the square of its length where heads compare positions.
"""

from __future__ import annotations

from collections.abc import Iterator

from tprog.ir.program import Program
from tprog.run.batch import Batch

CHUNK = 4096
"""Inputs evaluated at once: [chunk, query, key] arrays of the largest shipped programs stay inside a core's cache."""

PIECE = 2048
"""Inputs of a large batch evaluated at once: what stands between two steps then stays in a core's cache."""

LARGE_CHUNK = 8192
"""Inputs evaluated at once where each of very many candidates goes over all inputs, and is soon refuted."""

MEMORY = 2**27
"""Bytes that executing some inputs may take beside what is kept of it."""

KEPT = 200_000_000
"""Bytes of executions that are kept lest they be done again: those of 300,000 inputs of a program of 40 nodes."""

HELD = 2**28
"""Bytes of executions that an analysis keeps at once, where it does not say otherwise."""

LARGEST = 2**30
"""Bytes of values and logits that are held at once, whatever is asked for."""

CACHED = 2**20
"""Cells of the [input, query, key] arrays of inputs evaluated at once that still stay inside a core's cache."""

_PAIR = 20
"""Bytes that a head takes, at most, for a query and a key of an input while it is computed."""

_LARGE = 2**24
"""Inputs at once where memory sets no bound."""


def held_bytes(program: Program, width: int) -> int:
    """Bytes that an execution keeps of an input of `width` tokens: a value of each variable, a logit of each class."""
    return max(1, width) * (program.value_bytes + 8 * len(program.written_classes))


def held_at_once(program: Program, width: int, memory: int = HELD) -> int:
    """How many inputs of `width` tokens have executions that can be kept in so much memory; 1 in any case."""
    return max(1, memory // held_bytes(program, width))


def inputs_at_once(program: Program, width: int, most: int = _LARGE) -> int:
    """How many inputs of `width` tokens can be executed in `MEMORY`: at most `most`, and 1 in any case."""
    each = held_bytes(program, width) + 16 * width * (len(program.written_classes) + 4) + _PAIR * width**2
    return max(1, min(most, MEMORY // each))


def cached_at_once(width: int, cells: int = CACHED, least: int = 1) -> int:
    """How many inputs of `width` tokens have [input, query, key] arrays of so many cells; at least `least`."""
    return min(CHUNK, max(least, cells // max(1, width) ** 2))


def slices(count: int, size: int) -> Iterator[slice]:
    """0 to `count` - 1 in slices of `size`, of which the last may reach beyond."""
    for start in range(0, count, size):
        yield slice(start, start + size)


def chunks(batch: Batch, size: int = CHUNK) -> Iterator[tuple[slice, Batch]]:
    """The batch in pieces, each cut to the width of its longest input."""
    for rows in slices(len(batch), size):
        yield rows, batch.take(rows).cut()


def pieces_of(program: Program, batch: Batch, most: int = CHUNK) -> Iterator[tuple[slice, Batch]]:
    """The batch in pieces of at most `most` inputs that can be executed at once, each cut to its longest input."""
    return chunks(batch, inputs_at_once(program, batch.tokens.shape[1], most))
