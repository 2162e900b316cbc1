"""Mutants: would the tests notice? Small faults are planted in a room of the code, one at a time, and its tests run.

`python -m tests.mutants ROOM [--count 200] [--seed 1] [--into runs/mutants]` draws faults evenly over the functions of
a room (`ROOMS`): a comparison, a number, `and` for `or`, an operator of arithmetic, an answer that is none, a statement
left out, a branch swapped. Text, messages, assertions and annotations stay as they are; so does what runs at import.

Each fault is tried in a copy of the checkout by those of the room's own tests that run its line, until one fails: those
that found other faults of its file, then the quickest (`tests.trials`). It is *found* if one fails or needs many times
the processor that it takes otherwise. A fault that changes nothing at all counts as one that was not found, and so does
one on a line that no test of the room runs in its own process. Tests of other rooms count for nothing, nor do those
that take too long, and Hypothesis draws no more than 25 examples where a test does not say how many: the rate is a
lower bound.

What is known is kept in a file of JSON lines, a fault a line, so that a run that was stopped goes on where it was; and
beside it which tests run which lines, so that after a change of tests only those of changed files are run for that.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from math import sqrt
from pathlib import Path
from typing import Any

from tests.planting import Fault, faults
from tests.trials import CODE, Baseline, Tracing, Trying, in_child

ROOMS: dict[str, tuple[str, str]] = {
    "ir": (
        "tprog/ir",
        "nodes program relations said_relations identities outputs nothing selections values several_outputs sums "
        "quotients begin written",
    ),
    "run": (
        "tprog/run",
        "outcome execute attention matches groups loop outputs selections program quotients memory attending begin "
        "coded page_executor readings",
    ),
    "text": (
        "tprog/text",
        "emit small_modules changed_modules read patch handwork describe tokens layout beside combinations selections "
        "published published_edits published_refusals published_paths published_functions published_around wiring "
        "clusters identities relations said_relations outputs several_outputs nothing begin written hostile_text "
        "attending sums",
    ),
    "edits": ("tprog/edits", "edit handwork selections clusters"),
    "words": ("tprog/words", "corpus data shapes entity_scores words corpus_cli examples"),
    "tasks": (
        "tprog/tasks",
        "tasks pooled_tasks own_task examples answers heldout next_token corpus classes published_length rasp_cli "
        "outputs several_outputs",
    ),
    "simplify": ("tprog/simplify", "simplify simplify_small simplify_edits sums"),
    "files": ("tprog/files", "files beside lock hostile_store"),
    "rasp": (
        "tprog/rasp",
        "rasp rasp_source rasp_examine rasp_random rasp_tracr rasp_lower rasp_cli rasp_values rasp_library",
    ),
    "blame": ("analyze/blame", "blame blame_all blame_edits blame_small edited_node"),
    "circuits": ("analyze/circuits", "circuits circuits_exact circuits_problems circuits_small where where_kinds"),
    "dead": ("analyze/dead", "dead dead_few dead_proofs dead_small"),
    "abstract": ("analyze/abstract", "ranges transfer sums dead_proofs circuits_exact"),
    "compile": ("trainer/compile", "compile compile_circuit compile_folder compile_pinned"),
    "decompile": (
        "trainer/decompile",
        "decompile decompile_attend decompile_compiled decompile_measured decompile_paths decompile_readout "
        "decompile_symbols",
    ),
}
"""Room -> its folder, and the test files that are its own."""

ROOT = Path(__file__).resolve().parents[1]


def interval(found: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a rate, after Wilson."""
    if not of:
        return 0.0, 1.0
    z, rate = 1.96, found / of
    middle, half = rate + z * z / (2 * of), z * sqrt(rate * (1 - rate) / of + z * z / (4 * of * of))
    return max(0.0, (middle - half) / (1 + z * z / of)), min(1.0, (middle + half) / (1 + z * z / of))


def report(room: str, tried: Iterable[Mapping[str, Any]]) -> str:
    """The rate of a room, and the ten survivors whose line the most tests run."""
    tried = [*tried]
    count = {
        what: sum(one["outcome"] == what for one in tried) for what in ("found", "timeout", "survived", "unreached")
    }
    found = count["found"] + count["timeout"]
    low, high = interval(found, len(tried))
    told = [
        f"{room}: {found} of {len(tried)} found, {found / max(len(tried), 1):.0%} (95 %: {low:.0%} to {high:.0%}); "
        f"{count['timeout']} of them ran too long; {count['unreached']} of the others stand where no test comes"
    ]
    left = [one for one in tried if one["outcome"] in ("survived", "unreached")]
    for one in sorted(left, key=lambda one: -one["tests"])[:10]:
        told += [f"{one['file']}:{one['line']} in {one['function']}, run by {one['tests']} tests"]
        told += [f"  - {one['before']}", f"  + {one['after']}"]
    return "\n".join(told)


def _digest(places: Iterable[Path]) -> str:
    """A digest of files, and of the Python files in folders."""
    digest = hashlib.sha256()
    for place in places:
        for file in [place] if place.is_file() else sorted(place.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def run(room: str, count: int, seed: int, most: float, into: Path) -> tuple[list[dict[str, Any]], bool]:
    """Try faults that are not known yet, and tell of each: what came of all, and whether Ctrl-C ended it."""
    folder, tests = ROOMS[room]
    files = [f"tests/test_{name}.py" for name in tests.split()]
    every = faults(ROOT, sorted((ROOT / folder).rglob("*.py")), random.Random(seed), count)
    into.mkdir(parents=True, exist_ok=True)
    kept, state = into / f"{room}-{seed}.jsonl", _digest(ROOT / name for name in CODE)
    first, *tried = _read(kept) or [{}]
    if first and (first["state"], first["most"]) != (state, most):
        raise SystemExit(f"{kept} is of other code or settings: remove it, or name another folder with --into")
    done = {(one["file"], one["start"], one["after"]) for one in tried}
    left = [fault for fault in every if (fault.file, fault.start, fault.after) not in done]
    with (
        tempfile.TemporaryDirectory() as work,
        kept.open("a", encoding="utf-8") as file,
        os.fdopen(os.dup(1), "w") as terminal,
    ):
        copy, log = Path(work) / "copy", Path(work) / "log"
        aside = shutil.ignore_patterns(".git", ".*_cache", ".venv", ".hypothesis", ".tpdebug", "runs", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=aside)

        def tell(fault: Fault, came: str, by: str, seconds: float) -> None:
            told = {"outcome": came, "by": by, "seconds": round(seconds, 2), "tests": len(known.tests_of(fault))}
            one = {**asdict(fault), **told}
            print(json.dumps(one), file=file, flush=True)
            print(f"{came}: {fault.file}:{fault.line}  {fault.before} -> {fault.after}", file=terminal, flush=True)

        try:
            if not first:
                print(json.dumps({"state": state, "most": most}), file=file, flush=True)
            known = _baseline(room, files, most, into / f"{room}-baseline.json", copy, log)
            if in_child(copy, ROOT, files, lambda: Trying(copy, known, most, left, tell), log):
                raise SystemExit(f"the tests of {room} could not be run:\n{log.read_text(encoding='utf-8')}")
        except KeyboardInterrupt:
            print("stopped: the same command goes on from here", flush=True)
            return _read(kept)[1:], True
    return _read(kept)[1:], False


def _baseline(room: str, files: list[str], most: float, kept: Path, copy: Path, log: Path) -> Baseline:
    """What the tests of a room do on its code as it is: as was known, run again where a test file is another.

    A test may reach other lines because code elsewhere has changed. Then the choice of tests is not the best, but what
    they say is true all the same.
    """
    code, tests = _digest([ROOT / ROOMS[room][0]]), {file: _digest([ROOT / file]) for file in files}
    then = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    known, same = Baseline({}, {}, []), set()
    if (then.get("code"), then.get("most")) == (code, most):
        same = {file for file in files if then["tests"].get(file) == tests[file]}
        known = Baseline(**then["baseline"]).only(same)
    if left := [file for file in files if file not in same]:
        print(f"{room}: running {len(left)} of its {len(files)} test files as they are", flush=True)
        told = copy.with_name("baseline.json")
        if in_child(copy, ROOT, left, lambda: Tracing(ROOMS[room][0], most, known, told), log):
            raise SystemExit(f"the tests of {room} do not pass as it is:\n{log.read_text(encoding='utf-8')}")
        known = Baseline(**json.loads(told.read_text(encoding="utf-8")))
        then = {"code": code, "most": most, "tests": tests, "baseline": asdict(known)}
        kept.write_text(json.dumps(then), encoding="utf-8")
    return known


def _read(kept: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept.exists() else []


def main(arguments: list[str] | None = None) -> int:
    """Try faults in a room, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("room", choices=ROOMS, help="which part of the code")
    parser.add_argument("--count", type=int, default=200, help="how many faults (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="which faults follows from it (default: 1)")
    parser.add_argument(
        "--most", type=float, default=60, help="seconds of tests a fault, quickest first; slower tests do not run (60)"
    )
    parser.add_argument("--into", type=Path, default=ROOT / "runs" / "mutants", help="where what is known is kept")
    asked = parser.parse_args(arguments)
    tried, stopped = run(asked.room, asked.count, asked.seed, asked.most, asked.into)
    print(report(asked.room, tried))
    return 130 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
