"""From any Program to the weights of an ordinary Transformer that computes the same, exactly.

The Transformer has attention with a softmax, MLPs with ReLU, a residual stream and an unembedding: no layer norm, and
no bias. In front of the tokens of an input stands the *sink*, to which a head attends that selects nothing.

`compiling` is the whole way. `lower` turns nodes into operations on named features of the residual stream (`stream`),
which `assemble` gives layers, dimensions and matrices. What nodes become: `heads`, `scores` (by what they select),
`numbers` and `levels` (counts, sums and means, made exact), `lookups` and `tables`, `readout`. What they may assume:
`attainable` (which values there can be), `resolution` (what readers tell apart), `precision` (what a floating-point
type computes exactly). `forward` runs the weights in NumPy. `folder`, `tensors`, `words` and `transformer_lens` say how
they are written and read, `module` is the Transformer in PyTorch, `sizes` how large it is. Nothing but `module` imports
torch.

Source: Tracr (Lindner et al. 2023, arXiv 2301.05062), with scores, counts and lookups of its own, so that no rounding
changes an answer.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trainer.compile.assemble import Weights
from trainer.compile.compiling import compile_program
from trainer.compile.precision import DtypeName, TooNarrow

if TYPE_CHECKING:
    from trainer.compile.module import CompiledTransformer

__all__ = ["DtypeName", "TooNarrow", "Weights", "compile_program", "load"]


def load(folder: Path | str) -> CompiledTransformer:
    """A compiled model from its folder, as an `nn.Module` of PyTorch.

    Raises:
        BadFile: it is none, or one of its files was changed or cut short; the message names it.
    """
    from trainer.compile.module import load_model

    return load_model(Path(folder))
