"""What is known of a published module, told as it is on the inputs that were run."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from tprog.ir.program import Program, Value
from tprog.run.batch import Batch
from tprog.run.execute import decode, execute
from tprog.run.pieces import pieces_of
from tprog.tasks.builtin import Inputs
from tprog.text.dialects.published.defects import Defect


def known_defects(
    program: Program, defects: Sequence[Defect], inputs: Inputs, trained: int | None = None
) -> tuple[str, ...]:
    """The defects of a module, one line each: of a number that may be too large, how large it is on these inputs.

    Where these are shorter than the program takes, query values that no branch lists and none of them has are left out.

    Args:
        trained: the longest input, marks included, that training is taken to have used.
    """
    shorter = int(inputs.batch.lengths.max(initial=0)) < program.max_length
    met = _met(program, inputs.batch, _asked(defects, shorter))
    told: list[str] = []
    idle = 0
    for defect in defects:
        here = met.get(defect.reads or "", set())
        if defect.kind == "out-of-range" and defect.reads is not None:
            told.append(str(defect.met(_largest(here), trained, inputs.description)))
        elif defect.open and defect.reads in met and here.isdisjoint(defect.open):
            idle += 1
        else:
            told.append(str(defect))
    if idle:
        told.append(f"{_listing(idle)} not every query value, but every one that comes up on {inputs.description}")
    return tuple(told)


def _asked(defects: Sequence[Defect], shorter: bool) -> list[str]:
    """The variables of which it matters what values come up: of too large numbers, and of all on shorter inputs."""
    return sorted({d.reads for d in defects if d.reads is not None and (d.kind == "out-of-range" or shorter)})


def _largest(values: Collection[Value]) -> int:
    return max((value for value in values if isinstance(value, int)), default=0)


def _listing(predicates: int) -> str:
    return f"{predicates} predicate{'s' * (predicates != 1)} list{'s' * (predicates == 1)}"


def _met(program: Program, batch: Batch, names: Sequence[str]) -> dict[str, set[Value]]:
    """The values that variables have, at any position of any input that reaches no hole."""
    found: dict[str, set[int]] = {name: set() for name in names}
    for _, piece in pieces_of(program, batch) if names else ():
        run = execute(program, piece)
        computed = piece.present & ~run.in_hole[:, None]
        for name in names:
            found[name].update(np.unique(run.values[name][computed]).tolist())
    return {name: {decode(program, name, code) for code in codes} for name, codes in found.items()}
