"""Random RASP programs three times over: ``python -m tests.bench.rasp_agree --programs 2000 --seed 0``.

Each program is drawn well-typed in one of the three dialects and lowered, over three tokens and up to length 4, and on
random inputs the evaluator, the Program and its emitted module are compared, and a second evaluator with whole matrices
(tests/rasp_naive.py). Half of the programs are made without running all inputs first, as large ones are. The seed and
the number of a program say what is drawn.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests import rasp_naive
from tests.rasp_strategies import Typed, programs
from tests.test_emit import compiled
from tests.test_rasp_lower import alike, answered, evaluated, made_without_running
from tprog.errors import NotExact
from tprog.rasp.functions import Dialect
from tprog.rasp.lower import NotLowered
from tprog.rasp.program import program_of
from tprog.rasp.values import spelled_value
from tprog.run.batch import encode
from tprog.run.execute import execute

LONGEST, INPUTS = 4, 8


def compared(typed: Typed, dialect: Dialect, draw: random.Random) -> tuple[str, int]:
    """How a program comes out, and on how many inputs it was compared."""
    causal = dialect is Dialect.RASP_L or draw.random() < 0.5
    vocabulary, rasp = typed.vocabulary[:3], program_of(typed.sop)
    words = [draw.choices(vocabulary, k=draw.randint(1, LONGEST)) for _ in range(INPUTS)]
    right = [alike(evaluated(typed.sop, word, causal)) for word in words]
    for word, values in zip(words, right, strict=True):
        try:
            naive = alike(rasp_naive.values(typed.sop, word, causal))
        except (rasp_naive.NoValue, TypeError):
            naive = None
        if naive != values:
            return f"the evaluators differ on {word}: {values}, {naive}", len(words)
    try:
        if draw.random() < 0.5:
            program = made_without_running(rasp, vocabulary, LONGEST, causal)
        else:
            program = rasp.to_program(vocabulary, LONGEST, causal)
        module = compiled(program)
    except (NotLowered, NotExact) as error:
        return f"refused: {error}", 0
    spelled = [list(map(spelled_value, word)) for word in words]
    run = execute(program, encode(program, spelled))
    for row, (word, values) in enumerate(zip(spelled, right, strict=True)):
        if not answered(run.outputs, row) == answered(module, word) == values:
            return f"differs on {word}: {values}, {answered(run.outputs, row)}, {answered(module, word)}", len(words)
    return "equal", len(words)


def main() -> int:
    """Counts by dialect, and each program that differs; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began, wrong = time.process_time(), 0
    for at, dialect in enumerate(Dialect):
        found, inputs = looked_at(dialect, (options.programs + at) // len(Dialect), options.seed)
        wrong += sum(count for how, count in found.items() if how not in ("equal", "refused"))
        print(f"{dialect}: {dict(found)}, {inputs:,} inputs, {time.process_time() - began:.0f} CPU s", flush=True)
    return int(wrong > 0)


def looked_at(dialect: Dialect, count: int, begin: int) -> tuple[Counter[str], int]:
    """How so many programs come out, and on how many inputs in all they were compared."""
    found, inputs = Counter[str](), list[int]()

    def look(data: Any) -> None:
        typed = data.draw(programs(dialect, depth=data.draw(st.integers(1, 4))))
        how, compared_on = compared(typed, dialect, random.Random(f"{begin} {len(inputs)}"))
        found[how.partition(":")[0]] += 1
        inputs.append(compared_on)
        if how != "equal" and not how.startswith("refused"):
            print(f"{dialect}: {how}: {typed.sop!r}")

    drawn = settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(begin)(drawn(given(data=st.data())(look)))()
    return found, sum(inputs)


if __name__ == "__main__":
    sys.exit(main())
