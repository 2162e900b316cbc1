"""Every verb on written programs: ``python -m tests.bench.rasp_verbs --length 5 --tokens 3``.

Each program of tests/rasp_cases.json, in each of its modes, becomes a module over the first tokens of its vocabulary,
up to the length. The evaluator is the task. Then, on the command line:

- ``verify`` must find the module right on all inputs;
- ``circuits``, ``dead`` and ``graph`` must answer;
- a fault is planted, a small edit at random that makes some answer wrong: ``blame`` must name its entry on a failing
  input, or one whose edit mends all inputs, and ``diff`` of the two modules must find them different.

A line is a program: for each verb its CPU seconds, or what was wrong. Programs that are finished are kept with ``--keep
FILE``, so that a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from cli.main import main as tpdebug
from tests.test_rasp_lower import BY_NAME, MODES, evaluated, rasp_of
from tprog.edits.edit import NodeEdit, apply, candidates
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.rasp.values import spelled_value
from tprog.run.execute import execute
from tprog.run.outcome import wrong_at
from tprog.tasks.builtin import Inputs, fitted, inputs_for
from tprog.tasks.own import find_task
from tprog.text.emit import emit

VERBS = ("verify", "circuits", "dead", "graph", "blame", "diff")

ALONE, NO_FAULT = "1 answer", "no fault"
"""Where there is nothing to ask: a program answers the same everywhere; no small edit of it makes an answer wrong."""

PLANTED = 300
"""Edits that are tried for one that makes an answer wrong."""

EQUAL = {"T": "1", "F": "0", "1": "T", "0": "F"}
"""Truths and the numbers that they equal: where an s-op has both, a Program has one of the two."""


@dataclass(frozen=True)
class Said:
    """What a command line came to.

    Attributes:
        seconds: of CPU time.
    """

    code: int
    out: str
    err: str
    seconds: float


def said(*arguments: str) -> Said:
    """Run a command line here."""
    out, err, began = StringIO(), StringIO(), time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        code = tpdebug(arguments)
    return Said(code, out.getvalue(), err.getvalue(), time.process_time() - began)


def planted(program: Program, inputs: Inputs, seed: str) -> tuple[NodeEdit, Program, int] | None:
    """A small edit that makes an answer wrong, the program with it, and an input that it gets wrong."""
    edits = [edit for node in program.nodes for edit in candidates(program, node)]
    random.Random(seed).shuffle(edits)
    assert inputs.expected is not None
    for edit in edits[:PLANTED]:
        try:
            wrong = apply(program, edit)
        except TpdebugError:
            continue
        run = execute(wrong, inputs.batch)
        rows = np.flatnonzero(wrong_at(run.predictions, run.in_hole, inputs.expected).any(axis=1) & ~run.in_hole)
        if len(rows):
            return edit, wrong, int(rows[0])
    return None


def verbs(name: str, mode: str, longest: int, tokens: int) -> dict[str, str]:
    """verb -> CPU seconds, or what was wrong."""
    causal = mode == "causal"
    program = rasp_of(name).to_program(BY_NAME[name]["vocabulary"][:tokens], longest, causal)
    if len(program.classes) < 2:  # no task is about one answer alone
        return {"nodes": str(len(program.nodes))} | dict.fromkeys(VERBS, ALONE)
    own = Path("task.jsonl")
    own.write_text("".join(_examples(name, causal, longest, tokens, program.classes)), encoding="utf-8")
    Path("right.py").write_text(emit(program).text, encoding="utf-8")
    found = {"nodes": str(len(program.nodes))}
    for verb, argv in (
        ("verify", ["--task", own.name]),
        ("circuits", ["--task", own.name]),
        ("dead", ["--task", own.name]),
        ("graph", ["-o", "graph.svg", "--force"]),
    ):
        found[verb] = _told(said(verb, "right.py", *argv))
    inputs = inputs_for(program, task=fitted(find_task(own.name), program))
    fault = planted(program, inputs, f"{name} {mode}")
    if fault is None:
        return found | dict.fromkeys(("blame", "diff"), NO_FAULT)
    edit, wrong, row = fault
    Path("wrong.py").write_text(emit(wrong).text, encoding="utf-8")
    given = json.dumps(inputs.batch.words(program, row))
    blamed = said("blame", "wrong.py", "--task", own.name, "--input", given, "--json")
    found["blame"] = _told(blamed)
    if blamed.code == 0 and not _names(json.loads(blamed.out), str(edit.entry)):
        found["blame"] = f"does not name {edit.entry}"
    found["diff"] = _told(said("diff", "right.py", "wrong.py", "--task", own.name), 1)
    return found


def _examples(name: str, causal: bool, longest: int, tokens: int, classes: Sequence[str]) -> Iterator[str]:
    """All inputs and what the evaluator says of each, nothing where it has no value."""
    sop = rasp_of(name).outputs[0][1]
    for word in every_word(BY_NAME[name]["vocabulary"][:tokens], longest):
        values = evaluated(sop, word, causal)
        said = [None] * len(word) if values is None else list(map(spelled_value, values))
        right = [each if each is None or each in classes else EQUAL.get(each, each) for each in said]
        yield json.dumps({"input": list(map(spelled_value, word)), "output": right}) + "\n"


def every_word(vocabulary: Sequence[Any], longest: int) -> Iterator[tuple[Any, ...]]:
    """All inputs of up to so many tokens, the shortest first."""
    for length in range(1, longest + 1):
        yield from product(vocabulary, repeat=length)


def _told(answer: Said, code: int = 0) -> str:
    if answer.code == code:
        return f"{answer.seconds:.2f}"
    return " ".join((answer.err or answer.out).split())[:160] or f"exit {answer.code}"


def _names(result: dict[str, Any], entry: str) -> bool:
    return any(candidate["entry"] == entry or candidate["restores"] for candidate in result["candidates"])


def _kept(file: Path | None) -> dict[str, dict[str, str]]:
    if file is None or not file.exists():
        return {}
    return dict(json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def _lines(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, str]]]:
    known = _kept(options.keep)
    for name, mode in MODES:
        if options.only not in name:
            continue
        key = f"{name} {mode} {options.length} {options.tokens}"
        if key not in known:
            with tempfile.TemporaryDirectory() as folder, chdir(folder):
                known[key] = verbs(name, mode, options.length, options.tokens)
            if options.keep is not None:
                with options.keep.open("a", encoding="utf-8") as kept:
                    kept.write(json.dumps([key, known[key]]) + os.linesep)
        yield f"{name}, {mode}", known[key]


def main() -> None:
    """One line a program, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=5)
    parser.add_argument("--tokens", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--keep", type=lambda file: Path(file).resolve(), default=None)
    options = parser.parse_args()
    columns = ("nodes", *VERBS)
    print(f"{'program':36}" + "".join(f"{column:>9}" for column in columns))
    count, good, seconds = 0, dict.fromkeys(VERBS, 0), dict.fromkeys(VERBS, 0.0)
    for program, found in _lines(options):
        count += 1
        print(f"{program:36}" + "".join(f"{found[column][:8]:>9}" for column in columns), flush=True)
        for verb in VERBS:
            if found[verb].replace(".", "").isdigit():
                good[verb] += 1
                seconds[verb] += float(found[verb])
            elif found[verb] not in (ALONE, NO_FAULT):
                print(f"    {verb}: {found[verb]}", flush=True)
    print(f"{'all as they should be, of ' + str(count):36}{'':9}" + "".join(f"{good[verb]:>9}" for verb in VERBS))
    print(f"{'CPU seconds':36}{'':9}" + "".join(f"{seconds[verb]:>9.1f}" for verb in VERBS))


if __name__ == "__main__":
    main()
