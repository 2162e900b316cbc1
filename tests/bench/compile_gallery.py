"""The gallery compiled, on every input of its domains: ``python -m tests.bench.compile_gallery``.

Each program is compiled to float32 and to float64, and run in NumPy on all inputs, or, where these are too many, on the
sample that the analyses take. A line says on how many it answers otherwise than the executor.
"""

from __future__ import annotations

from tests.bench.gallery import GALLERY
from tprog.run.execute import execute
from tprog.run.pieces import slices
from tprog.tasks.builtin import inputs_for
from tprog.text.read import read_module
from trainer.compile import DtypeName, compile_program
from trainer.compile.forward import answers

AT_ONCE = 2_000
BOTH: tuple[DtypeName, ...] = ("float32", "float64")


def main() -> None:
    """A line a program."""
    for path in sorted(path for path in GALLERY.iterdir() if path.is_dir()):
        program = read_module(path / f"{path.name}.py").program
        inputs, wrong = inputs_for(program), dict.fromkeys(BOTH, 0)
        for dtype in BOTH:
            weights = compile_program(program, dtype)
            for rows in slices(len(inputs.batch), AT_ONCE):
                batch = inputs.batch.take(rows)
                run, (found, in_hole) = execute(program, batch), answers(weights, batch)
                differ = (found != run.predictions).reshape(len(batch), -1).any(axis=1) & ~in_hole
                wrong[dtype] += int((differ | (in_hole != run.in_hole)).sum())
        told = ", ".join(f"{dtype} {count}" for dtype, count in wrong.items())
        print(f"{path.name}: wrong on {told}, of {inputs.description}", flush=True)


if __name__ == "__main__":
    main()
