"""Inputs in words: all of them, or how many of how many."""

from __future__ import annotations

from tprog.ir.program import Program
from tprog.listing import counted, every_one
from tprog.tasks.input_domain import InputDomain

READABLE = 10**15
"""A number of inputs from here on is told by its power of ten."""


def described(
    count: int, size: int | None, whole: bool, of: str, seed: int, what: str = "inputs", noun: str = "input"
) -> str:
    """Inputs in words; see `_drawn`."""
    if whole:
        return every_one(count, what.replace(f"{noun}s", noun, 1), what) + of
    return _drawn(count, size, of, seed, what)


def shorter(domain: InputDomain, program: Program) -> str:
    """How long the inputs of a domain are, where the program takes longer ones."""
    marks = len(program.vocabulary) - domain.symbols
    return f" of up to {counted(domain.most, 'symbol')}" if domain.most < program.max_length - marks else ""


def _drawn(count: int, size: int | None, of: str, seed: int, what: str = "inputs") -> str:
    """A sample in words.

    Args:
        size: the inputs in the domain, if that is known.
        of: how long they are, if that needs telling.
        what: which inputs these are.
    """
    if size is None:
        return f"{counted(count, 'different input')} of the task's sampler{of}, drawn with seed {seed}"
    total = f"{size:,}" if size < READABLE else f"over 10^{len(str(size)) - 1}"
    return f"{count:,} of {total} {what}{of}, sampled with seed {seed}"
