"""What is known of a published module, told as it is on the inputs that were run."""

from __future__ import annotations

from collections.abc import Sequence

from tprog.batch import Batch, chunks
from tprog.dialects.published.defects import Defect
from tprog.execute import decode, execute
from tprog.program import Program
from tprog.tasks import Inputs


def known_defects(program: Program, defects: Sequence[Defect], inputs: Inputs) -> tuple[str, ...]:
    """The defects of a module, one line each: of a number that may be too large, how large it is on these inputs."""
    names = {defect.reads[0] for defect in defects if defect.reads is not None}
    largest = _largest(program, inputs.batch, sorted(names)) if names else {}
    told = (d if d.reads is None else d.met(largest[d.reads[0]], inputs.description) for d in defects)
    return tuple(map(str, told))


def _largest(program: Program, batch: Batch, names: Sequence[str]) -> dict[str, int]:
    """The largest value of some numeric variables, at any position of any input."""
    found = dict.fromkeys(names, 0)
    for _, piece in chunks(batch):
        run = execute(program, piece)
        for name in names:
            code = int(run.values[name][piece.present & ~run.in_hole[:, None]].max(initial=0))
            number = decode(program, name, code)
            assert isinstance(number, int)
            found[name] = max(found[name], number)
    return found
