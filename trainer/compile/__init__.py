"""From any Program to the weights of an ordinary Transformer that computes the same, exactly.

The Transformer has attention with a softmax, MLPs with ReLU, a residual stream and an unembedding: no layer norm, and
no bias. In front of the tokens of an input stands the *sink*, to which a head attends that selects nothing.

`lower` turns nodes into operations on named features of the residual stream (`stream`), which `assemble` gives
layers, dimensions and matrices. What nodes become: `heads`, `scores` (by what they select), `numbers` and `levels`
(counts, sums and means, made exact), `lookups` and `tables`, `readout`. What they may assume: `attainable` (which
values there can be), `resolution` (what readers tell apart), `precision` (what a floating-point type computes exactly).
`forward` runs the weights in NumPy. Nothing here imports torch but `load`.

Source: Tracr (Lindner et al. 2023, arXiv 2301.05062), with scores, counts and lookups of its own, so that no rounding
changes an answer.
"""

from __future__ import annotations

from tprog.ir.program import Program
from trainer.compile.assemble import Weights, assemble
from trainer.compile.lower import lower
from trainer.compile.precision import PRECISIONS, DtypeName, TooNarrow

__all__ = ["DtypeName", "TooNarrow", "Weights", "compile_program"]


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
