"""Mutants: would the tests notice? Small faults are planted in a room of the code, one at a time, and its tests run.

`python -m tests.mutants ROOM [--count 200] [--seed 1] [--into runs/mutants]` draws faults evenly over the functions of
a room (`ROOMS`): a comparison, a number, `and` for `or`, an operator of arithmetic, an answer that is none, a statement
left out, a branch swapped. Text, messages, assertions and annotations stay as they are; so does what runs at import.

Each fault is tried in a copy of the checkout by those of the room's own tests that run its line, quickest first, until
one fails. It is *found* if one fails or needs many times the processor that it takes otherwise. A fault that changes
nothing at all counts as one that was not found, and tests of other rooms count for nothing: the rate is a lower bound.

What is known is kept in a file of JSON lines, a fault a line, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from typing import Any

import hypothesis  # noqa: F401 - before forks, so that each need not
import numpy as np  # noqa: F401 - the same
import pytest

from tests.planting import Fault, faults

ROOMS: dict[str, tuple[str, str]] = {
    "ir": ("tprog/ir", "nodes program relations"),
    "run": ("tprog/run", "outcome execute attention matches groups program"),
    "text": ("tprog/text", "emit read patch handwork describe tokens layout beside published published_edits"),
    "edits": ("tprog/edits", "edit"),
    "words": ("tprog/words", "corpus data entity_scores corpus_cli"),
    "tasks": ("tprog/tasks", "tasks pooled_tasks own_task examples answers heldout rasp_cli"),
    "simplify": ("tprog/simplify", "simplify"),
    "files": ("tprog/files", "files beside lock hostile_store"),
    "rasp": ("tprog/rasp", "rasp rasp_source rasp_examine rasp_random rasp_cli"),
    "blame": ("analyze/blame", "blame blame_all blame_edits"),
    "circuits": ("analyze/circuits", "circuits circuits_exact circuits_problems where"),
    "dead": ("analyze/dead", "dead dead_few dead_proofs"),
}
"""Room -> its folder, and the test files that are its own."""

ROOT = Path(__file__).resolve().parents[1]
CODE = ("tpdebug", "tprog", "trainer", "analyze", "cli", "tests")
MEMORY = 8 << 30
"""Bytes of address space for the tests of a fault: one that allocates without end must not take the machine."""


NOT_RUN = 70
"""The exit code of a child that did not get as far as pytest."""


@dataclass(frozen=True)
class Baseline:
    """The tests of a room on the code as it is.

    Attributes:
        seconds: test -> processor seconds, children included, under the tracing of lines.
        lines: file -> line -> the tests that run it, and "" if something does before the first test.
    """

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    def tests_of(self, fault: Fault) -> list[str]:
        """The tests that run a fault's lines, quickest first; all, if it runs only before the first test."""
        lines = self.lines.get(fault.file, {})
        run = {test for line in range(fault.first, fault.last + 1) for test in lines.get(str(line), ())}
        tests = run - {""} or (set(self.seconds) if run else set())
        return sorted(tests & set(self.seconds), key=lambda test: (self.seconds[test], test))


class Tracing:
    """A plugin of pytest that writes a `Baseline`."""

    def __init__(self, folder: str, told: Path) -> None:
        import coverage  # where it is needed: it would slow a child that does not trace

        self.coverage = coverage.Coverage(data_file=None, config_file=False, source=[folder])
        self.seconds: dict[str, float] = {}
        self.told = told
        self.coverage.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        """Note what a test runs, and how long it takes."""
        self.coverage.switch_context(item.nodeid)
        start = sum(os.times()[:4])
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(sum(os.times()[:4]) - start, 3)

    def pytest_sessionfinish(self) -> None:
        """Write what was noted."""
        self.coverage.stop()
        data = self.coverage.get_data()
        here = os.getcwd()
        lines = {os.path.relpath(file, here): data.contexts_by_lineno(file) for file in data.measured_files()}
        self.told.write_text(json.dumps({"seconds": self.seconds, "lines": lines}), encoding="utf-8")


class Chosen:
    """A plugin of pytest that runs these tests alone, in this order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Choose and sort."""
        items[:] = sorted(
            (item for item in items if item.nodeid in self.place), key=lambda item: self.place[item.nodeid]
        )


def in_child(copy: Path, arguments: list[str], plugin: Callable[[], object], log: Path, cpu: int | None) -> int | None:
    """Run pytest in a fork of this process, which has imported pytest but none of the code: its exit code.

    Args:
        cpu: seconds of processor after which it is ended, and of wall time twenty times as many; None: no limit.

    Returns:
        None if it took too long.
    """
    child = os.fork()
    if not child:
        _be_pytest(copy, arguments, plugin, log, cpu)
    with suppress(PermissionError, ProcessLookupError):
        os.setpgid(child, child)  # as the child does: whoever comes first
    until = time.monotonic() + 20 * (cpu or 10**6)
    try:
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                code = os.waitstatus_to_exitcode(status)
                return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
            if time.monotonic() > until:
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.02)
    except KeyboardInterrupt:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


def _be_pytest(copy: Path, arguments: list[str], plugin: Callable[[], object], log: Path, cpu: int | None) -> None:
    """What the child does; it never returns."""
    code = NOT_RUN
    try:
        os.setpgid(0, 0)
        told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(told, stream)
        os.chdir(copy)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
        if cpu is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
        for name in [name for name in sys.modules if name.partition(".")[0] in CODE]:
            del sys.modules[name]
        sys.path[:] = [str(copy), *(place for place in sys.path if Path(place or ".").resolve() != ROOT)]
        os.environ |= {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and each takes time to start
        sys.dont_write_bytecode = cpu is not None
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *arguments], plugins=[plugin()]))
    except BaseException:  # whatever it is, it must not run on as a second parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def baseline(copy: Path, room: str, work: Path) -> Baseline:
    """Run a room's tests on the code as it is; they must pass."""
    folder, tests = ROOMS[room]
    told, log = work / "baseline.json", work / "log"
    files = [f"tests/test_{name}.py" for name in tests.split()]
    code = in_child(copy, files, lambda: Tracing(folder, told), log, None)
    if code != 0:
        raise SystemExit(f"the tests of {room} do not pass as it is:\n{log.read_text(encoding='utf-8')}")
    return Baseline(**json.loads(told.read_text(encoding="utf-8")))


def outcome(copy: Path, fault: Fault, known: Baseline, most: float, log: Path) -> str:
    """What the tests say of a fault: found, timeout, survived, or unreached if none runs its line.

    Args:
        most: seconds of processor, as the baseline has them; of the tests that run the line, those that fit are run.
    """
    chosen: list[str] = []
    for test in known.tests_of(fault):
        if chosen and sum(known.seconds[one] for one in chosen) + known.seconds[test] > most:
            break
        chosen.append(test)
    if not chosen:
        return "unreached"
    files = sorted({test.partition("::")[0] for test in chosen})
    limit = 20 + int(5 * sum(known.seconds[test] for test in chosen))
    path = copy / fault.file
    whole = path.read_bytes()
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()  # it may be as old as the fault is, and as long
    try:
        path.write_bytes(fault.planted(whole))
        code = in_child(copy, files, lambda: Chosen(chosen), log, limit)
    finally:
        path.write_bytes(whole)
    if code in (NOT_RUN, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise SystemExit(f"no test was run on {fault}:\n{log.read_text(encoding='utf-8')}")
    return "timeout" if code is None else "survived" if code == 0 else "found"


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


def state_of_code() -> str:
    """A digest of all code and tests."""
    digest = hashlib.sha256()
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def run(room: str, count: int, seed: int, most: float, into: Path) -> tuple[list[dict[str, Any]], bool]:
    """Try faults that are not known yet, and tell of each: what came of all, and whether Ctrl-C ended it."""
    folder = ROOMS[room][0]
    every = faults(ROOT, sorted((ROOT / folder).rglob("*.py")), random.Random(seed), count)
    into.mkdir(parents=True, exist_ok=True)
    kept, state = into / f"{room}-{seed}.jsonl", state_of_code()
    lines = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()] if kept.exists() else []
    if lines and (lines[0]["state"], lines[0]["most"]) != (state, most):
        raise SystemExit(f"{kept} is of other code or settings: remove it, or name another folder with --into")
    with tempfile.TemporaryDirectory() as work, kept.open("a", encoding="utf-8") as file:
        copy, log = Path(work) / "copy", Path(work) / "log"
        aside = shutil.ignore_patterns(".git", ".*_cache", ".venv", ".hypothesis", ".tpdebug", "runs", "__pycache__")
        shutil.copytree(ROOT, copy, ignore=aside)
        if not lines:
            print(f"{room}: running its tests as they are", flush=True)
            lines = [{"state": state, "most": most, "baseline": asdict(baseline(copy, room, Path(work)))}]
            print(json.dumps(lines[0]), file=file, flush=True)
        known = Baseline(**lines[0]["baseline"])
        tried = lines[1:]
        done = {(one["file"], one["start"], one["after"]) for one in tried}
        try:
            for fault in every:
                if (fault.file, fault.start, fault.after) in done:
                    continue
                came = outcome(copy, fault, known, most, log)
                tried.append({**asdict(fault), "outcome": came, "tests": len(known.tests_of(fault))})
                print(json.dumps(tried[-1]), file=file, flush=True)
                print(
                    f"{len(tried)}/{len(every)} {came}: {fault.file}:{fault.line}  {fault.before} -> {fault.after}",
                    flush=True,
                )
        except KeyboardInterrupt:
            print("stopped: the same command goes on from here", flush=True)
            return tried, True
    return tried, False


def main(arguments: list[str] | None = None) -> int:
    """Try faults in a room, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("room", choices=ROOMS, help="which part of the code")
    parser.add_argument("--count", type=int, default=200, help="how many faults (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="which faults follows from it (default: 1)")
    parser.add_argument("--most", type=float, default=60, help="seconds of tests a fault, quickest first (default: 60)")
    parser.add_argument("--into", type=Path, default=ROOT / "runs" / "mutants", help="where what is known is kept")
    asked = parser.parse_args(arguments)
    tried, stopped = run(asked.room, asked.count, asked.seed, asked.most, asked.into)
    print(report(asked.room, tried))
    return 130 if stopped else 0


if __name__ == "__main__":
    sys.exit(main())
