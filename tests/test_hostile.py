"""Hostile modules: nothing of them is run, and each is refused in one line, in bounded time and memory."""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

import cli.main
from cli.main import function, main
from tests import hostile
from tests.bench import mutated_modules
from tests.programs import PROGRAMS
from tprog.errors import TpdebugError
from tprog.text.read import read_module

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each module is tried in a process of its own")

SECONDS = 60
"""Of processor time, after which an attempt is ended: the slowest takes a tenth."""

MEMORY = 2 * 2**30
"""Bytes of address space that an attempt may take."""

PEAK = 1024
"""MiB of memory that no module may make the reader use."""


@dataclass(frozen=True)
class Attempt:
    """What became of a call: its exit code (negative: the signal that ended it), stderr, cost in s and MiB."""

    code: int
    told: str
    seconds: float
    peak: float


def attempt(call: Callable[[], int], folder: Path) -> Attempt:
    """Make a call in a fork with limits, in a folder."""
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _limited(call, folder, errors.fileno())
        _, status, usage = os.wait4(child, 0)
        errors.seek(0)
        told = errors.read().decode("utf-8", "replace")
    return Attempt(os.waitstatus_to_exitcode(status), told, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _limited(call: Callable[[], int], folder: Path, errors: int) -> None:
    code = 99
    try:
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        os.dup2(errors, 2)
        sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace")
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10 * SECONDS)  # waiting for a pipe takes no processor time
        code = call()
        sys.stderr.flush()
    except BaseException as error:
        os.write(errors, f"ESCAPED {error!r}".encode())
    finally:
        os._exit(code)


def read(path: Path) -> int:
    """What the command line makes of reading a module."""
    try:
        read_module(path)
    except TpdebugError as error:
        print("tpdebug: " + " ".join(str(error).split()), file=sys.stderr)
        return 2
    return 0


def checked(found: Attempt, tmp_path: Path) -> None:
    """A refusal in one line, for which nothing was run."""
    assert found.code == 2, found
    assert found.told.startswith("tpdebug: "), found
    assert found.told.count("\n") == 1, found
    assert found.told.rstrip("\n").isprintable(), found
    assert len(found.told) < 1000, found
    assert found.peak < PEAK, found
    assert not list(tmp_path.rglob(hostile.CANARY))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder that has one above it."""
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.mark.parametrize("name", hostile.ALL)
def test_a_hostile_module_is_refused_and_nothing_of_it_runs(name: str, folder: Path) -> None:
    path = hostile.ALL[name](folder)
    checked(attempt(lambda: read(path), folder), folder.parent)


VERBS = {
    "trace": ["--input", "ab"],
    "graph": [],
    "graph --calls": ["--calls"],
    "circuits": [],
    "dead": [],
    "blame": ["--input", "ab"],
    "verify": [],
    "simplify": [],
    "run": ["--input", "ab"],
    "emit": ["-o", "out.py"],
    "compile": ["-o", "out"],
    "coverage": [],
    "fuzz": [],
    "repair": ["-o", "out.py"],
    "diff": ["other.py"],
    "words": [],
    "report": ["-o", "out.html"],
}
"""Every verb that reads a module, and what else it needs."""


def _verbs() -> list[str]:
    there = {function(verb).__name__ for verb in cli.main.VERBS}
    return [name for name in VERBS if name.split()[0] in there]


@pytest.mark.parametrize("verb", _verbs())
def test_every_verb_reads_before_it_does_anything(verb: str, folder: Path) -> None:
    """None gets further with a hostile module than the one reader that they have in common."""
    (folder / "other.py").write_text(hostile.MODULE, encoding="utf-8")
    for name in ("runs: on import", "file: a pipe"):
        place = folder / name.replace(" ", "_").replace(":", "")
        place.mkdir()
        path = hostile.ALL[name](place)
        found = attempt(partial(main, [verb.split()[0], str(path), *VERBS[verb]]), place)
        if verb == "graph --calls" and name == "runs: on import":
            assert found.code == 0, found  # it draws the calls of any Python file, from its text
            assert not list(folder.rglob(hostile.CANARY))
        else:
            checked(found, folder.parent)
    assert not (folder / "out.py").exists()
    assert not (folder / "out.html").exists()


def test_every_verb_that_reads_a_module_is_tried() -> None:
    others = {"help_", "tasks", "data", "train", "train_gpt", "sweep", "plot", "rasp", "lengths", "decompile", "schema"}
    there = {function(verb).__name__ for verb in cli.main.VERBS}
    assert there - others <= {name.split()[0] for name in VERBS}


def test_a_name_that_python_folds_means_to_the_reader_what_it_means_to_python(folder: Path) -> None:
    path = folder / "module.py"
    path.write_text(hostile.MODULE.replace("def run", "def r\u1d58n"), encoding="utf-8")
    assert read_module(path).program == PROGRAMS["sort_with_a_fault"].program


# Modules changed at random ############################################################################################


def test_modules_changed_at_random_are_read_or_refused_and_mean_what_python_means() -> None:
    sources = mutated_modules.own_sources()
    tally = mutated_modules.read_mutants(range(150), sources)
    assert tally.faults == []
    assert tally.counts["accepted"] + tally.counts["refused"] == 150
    assert tally.counts["accepted"] >= 10
    ran, wrong = mutated_modules.check_meaning(tally.accepted[:6], sources)
    assert wrong == []
    assert ran >= 2
