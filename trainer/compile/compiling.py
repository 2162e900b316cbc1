"""The whole way from a Program to weights."""

from __future__ import annotations

from tprog.ir.program import Program
from trainer.compile.assemble import Weights, assemble
from trainer.compile.lower import lower
from trainer.compile.precision import PRECISIONS, DtypeName, TooNarrow


def compile_program(program: Program, dtype: DtypeName | None = None) -> Weights:
    """The weights of a Transformer that computes what a Program does, on every input.

    Args:
        dtype: of the weights and all that is computed with them; left out, float32 where its margins hold, else
            float64.

    Raises:
        TooNarrow: the margins of a node do not hold.
        NotExact: a node takes too many dimensions or units.
    """
    if dtype is not None:
        return assemble(lower(program, PRECISIONS[dtype]))
    try:
        return assemble(lower(program, PRECISIONS["float32"]))
    except TooNarrow:
        return assemble(lower(program, PRECISIONS["float64"]))
