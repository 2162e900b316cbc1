"""What is known of a published module, told as it is on the inputs that were run."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tprog.ir.program import Program, Value
from tprog.listing import counted
from tprog.run.execute import Execution, decode, execute
from tprog.run.groups import tallied
from tprog.run.pieces import pieces_of
from tprog.tasks.builtin import Inputs
from tprog.text.dialects.published.defects import Defect


class Met:
    """The values that come up, on some inputs, of the variables of which it matters for the defects of a module.

    Some are read from executions as somebody else makes them, by `see`, or from executions of its own, by `run`.
    """

    def __init__(self, program: Program, defects: Sequence[Defect], inputs: Inputs) -> None:
        self.program, self.batch = program, inputs.batch
        shorter = int(inputs.batch.lengths.max(initial=0)) < program.max_length
        self._codes: dict[str, set[int]] = {name: set() for name in _asked(defects, shorter)}

    def see(self, run: Execution) -> None:
        """Add what variables are, at any position of any input that reaches no hole."""
        computed = run.batch.present & ~run.in_hole[:, None]
        for name, codes in self._codes.items():
            codes.update(tallied(run.values[name][computed])[0])

    def run(self) -> Met:
        """Execute all inputs."""
        for _, piece in pieces_of(self.program, self.batch) if self._codes else ():
            self.see(execute(self.program, piece))
        return self

    @property
    def values(self) -> dict[str, set[Value]]:
        """Those of each of the variables, by its name."""
        return {name: {decode(self.program, name, code) for code in codes} for name, codes in self._codes.items()}


def known_defects(defects: Sequence[Defect], inputs: Inputs, seen: Met, trained: int | None = None) -> tuple[str, ...]:
    """The defects of a module, one line each: of a number that may be too large, how large it is on these inputs.

    Where these are shorter than the program takes, query values that no branch lists and none of them has are left out.

    Args:
        seen: what came up on all of these inputs.
        trained: the longest input, marks included, that training is taken to have used.
    """
    met = seen.values
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
    return f"{counted(predicates, 'predicate')} {'lists' if predicates == 1 else 'list'}"
