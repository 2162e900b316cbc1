"""The Program and everything that gives it meaning. Never imports torch.

The documented Python API: `load` a module, `emit` a Program, `execute` it; one function an analysis is in `analyze`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from tprog.run.batch import Batch
    from tprog.run.execute import Execution
    from tprog.text.emit import Emitted

__all__ = ["emit", "execute", "load"]


def load(path: Path | str) -> Program:
    """The Program in a module, which is read and never executed.

    Raises:
        tprog.errors.BadFile, tprog.errors.BadSource: it cannot be read; the message says where and why.
    """
    from tprog.text.read import read_module

    return read_module(path).program


def emit(program: Program, stem: str = "program") -> Emitted:
    """A Program as a plain Python module: `.text`, and in `.side` the files that belong beside it, if any."""
    from tprog.text.emit import emit as emit_program

    return emit_program(program, stem)


def execute(program: Program, inputs: Batch | Sequence[Sequence[str]]) -> Execution:
    """All that a Program computes on inputs: whole token sequences, ``<s>`` (and ``</s>``) included, or a `Batch`.

    Raises:
        tprog.errors.BadInput: an input that the program cannot take.
    """
    from tprog.run.batch import Batch, encode
    from tprog.run.execute import execute as execute_batch

    return execute_batch(program, inputs if isinstance(inputs, Batch) else encode(program, inputs))
