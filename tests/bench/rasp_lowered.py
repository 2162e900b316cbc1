"""Written programs made into Programs: ``python -m tests.bench.rasp_lowered --length 12``.

Each program of the cases that were computed independently (tests/rasp_cases.json), in each of its modes, becomes a
Program over its vocabulary up to the length. It is compared with the right outputs of all cases that are no longer than
that, and with the evaluator on random inputs, half of them as long as may be. A line is a program that differs or is
refused; then come the counts, and nodes, entries and CPU seconds of some.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from typing import Any

from tests.rasp_programs import value_of
from tests.test_rasp_lower import BY_NAME, MODES, alike, answered, evaluated, rasp_of
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.rasp.program import program_of
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import tokens
from tprog.rasp.values import Value, spelled_value
from tprog.run.batch import encode
from tprog.run.execute import execute

RANDOM = 20
"""Inputs drawn for each program, on which the evaluator says what is right."""


def wanted(name: str, mode: str, longest: int) -> list[tuple[list[Any], list[Value] | None]]:
    """Inputs, and what is right: given with the cases, and evaluated."""
    case, sop = BY_NAME[name], rasp_of(name).outputs[0][1]
    given = [each for each in case["cases"] if each["mode"] == mode and len(each["input"]) <= longest]
    right = [(each["input"], None if each["output"] is None else list(map(value_of, each["output"]))) for each in given]
    draw = random.Random(f"{name} {mode} {longest}")
    for at in range(RANDOM):
        size = longest if at % 2 else draw.randint(1, longest)
        word = draw.choices(case["vocabulary"], k=size)
        right.append((word, evaluated(sop, word, mode == "causal")))
    return right


def wrong(program: Program, right: list[tuple[list[Any], list[Value] | None]]) -> int:
    """On how many inputs a Program differs."""
    run = execute(program, encode(program, [list(map(spelled_value, word)) for word, _ in right]))
    return sum(answered(run.outputs, row) != alike(values) for row, (_, values) in enumerate(right))


def main() -> None:
    """One line a program that is not as it should be, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=12)
    longest = parser.parse_args().length
    counts: Counter[str] = Counter()
    for name, mode in MODES:
        try:
            program = rasp_of(name).to_program(BY_NAME[name]["vocabulary"], longest, mode == "causal")
        except TpdebugError as error:
            counts["refused"] += 1
            print(f"{name}, {mode}: refused: {error}")
            continue
        right = wanted(name, mode, longest)
        found = wrong(program, right)
        counts["different" if found else "equal"] += 1
        counts["inputs"] += len(right)
        if found:
            print(f"{name}, {mode}: wrong on {found} of {len(right)}")
    print(f"length {longest}: {dict(counts)}")
    for title, sop, vocabulary, size in (
        ("sort", t.make_sort(tokens, tokens, max_seq_len=32, min_key=1), range(1, 9), 32),
        ("shuffle_dyck2", t.make_shuffle_dyck2(), "(){}", 20),
        ("sort_freq", t.make_sort_freq(20), "abcd", 20),
        ("reverse", t.make_reverse(tokens), "abcd", 20),
        ("hist", t.make_hist(), "abcd", 20),
    ):
        began = time.process_time()
        program = program_of(sop).to_program(list(vocabulary), size)
        spent = time.process_time() - began
        rows = sum(len(entries) for node in program.nodes for entries in node.tables.values())
        print(f"{title}, length {size}: {len(program.nodes)} nodes, {rows} entries, {spent:.2f} CPU s")


if __name__ == "__main__":
    main()
