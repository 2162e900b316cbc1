"""Random programs compiled in both types of numbers: ``python -m tests.bench.compile_random --programs 500 --seed 1``.

Each program, drawn as the property tests draw them, is compiled to float32 and to float64, and compared with the
executor on some of its inputs. The counts tell how many answer alike, are wrong or are refused, and how many nodes of
each kind and programs of each self rule there were.
"""

from __future__ import annotations

import argparse
import warnings
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import NonInteractiveExampleWarning

from tests.strategies import programs, some_inputs
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from trainer.compile import DtypeName, compile_program
from trainer.compile.forward import answers

BOTH: tuple[DtypeName, ...] = ("float32", "float64")


def said(program: Program, dtype: DtypeName, inputs: int) -> str:
    """What comes of one program."""
    try:
        weights = compile_program(program, dtype)
    except TpdebugError as error:
        print(f"{dtype}: {error}")
        return "refused"
    batch = encode(program, some_inputs(program, inputs))
    run, (found, in_hole) = execute(program, batch), answers(weights, batch)
    same = in_hole.tolist() == run.in_hole.tolist() and (found == run.predictions)[~in_hole].all()
    return "equal" if same else "WRONG"


def main() -> None:
    """The counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=500)
    parser.add_argument("--inputs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore", NonInteractiveExampleWarning)
    counts: Counter[str] = Counter()

    @seed(options.seed)
    @settings(
        max_examples=options.programs, database=None, deadline=None, derandomize=False, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(programs())
    def drawn(program: Program) -> None:
        counts["programs"] += 1
        counts[f"self rule {program.self_rule}"] += 1
        counts.update(node.kind for node in program.nodes)
        counts.update(f"{dtype} {said(program, dtype, options.inputs)}" for dtype in BOTH)

    drawn()
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    main()
