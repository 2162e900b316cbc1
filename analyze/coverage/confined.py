"""What runs in the child process of `analyze.coverage.sandbox`: it limits itself, and only then imports the module.

Started as ``python -I -S -B confined.py FOLDER``, with nothing of tpdebug importable. FOLDER holds ``job.json``; the
answer goes to standard output, one JSON value a line: numbers are progress (inputs run so far), the object at the end
is the answer. What the module itself prints goes nowhere.
"""

# Runs alone and must not import from tpdebug.

from __future__ import annotations

import ast
import fractions
import functools
import io
import json
import os
import pathlib
import sqlite3
import sys
import sysconfig
import time
import tokenize
import traceback
import types
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from typing import Any

STEP = 0.2
"""Seconds between two reports of progress."""

PRELOADED = (ast, fractions, functools, io, pathlib, sqlite3, tokenize, traceback)
"""What an emitted module or coverage.py imports: at hand before importing is forbidden."""

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

HARMLESS = frozenset(
    {"open", "compile", "exec", "marshal.loads", "code.__new__", "builtins.id", "os.listdir", "os.scandir"}
    | {
        "object.__getattr__",
        "object.__setattr__",
        "object.__delattr__",
        "sys._getframe",
        "sys.settrace",
        "sys.setprofile",
    }
    | {"time.sleep", "gc.get_objects", "sys.unraisablehook", "sys.excepthook", "cpython.PyInterpreterState_Clear"}
    | {"cpython._PySys_ClearAuditHooks", "sys._current_frames", "sys._getframemodulename", "sqlite3.connect/handle"}
)
"""Audit events (PEP 578) that reach nothing outside the process; `guard` looks closer at ``open``."""


class Refused(PermissionError):
    """The module tried what a module of a program never does."""


def limit(limits: dict[str, int]) -> list[str]:
    """Set the hard limits of this process and return those that the platform lacks.

    Args:
        limits: name of a limit in `resource` -> its value.
    """
    try:
        import resource
    except ModuleNotFoundError:
        return sorted(limits)
    lacking = []
    for name, value in limits.items():
        try:
            kind = getattr(resource, name)
            hard = resource.getrlimit(kind)[1]
            most = value if hard == resource.RLIM_INFINITY else min(value, hard)
            # A second more until the end that cannot be caught, so that the signal at the first says which limit it is.
            spare = int(name == "RLIMIT_CPU" and most != hard)
            resource.setrlimit(kind, (most, most + spare))
        except (AttributeError, ValueError, OSError):  # macOS knows RLIMIT_AS but does not set it
            lacking.append(name)
    return lacking


def guard(folder: str, readable: list[str]) -> None:
    """From here on, refuse whatever reaches outside this process but reading in `folder` and `readable` folders.

    An audit hook (PEP 578) cannot be taken off again. It is a second fence, not the wall: the reader is the wall.
    """
    inside = tuple(os.path.join(os.path.realpath(path), "") for path in (folder, *readable))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect" and str(arguments[0]).startswith(("file::memory", ":memory:", "file:coverage-")):
            return
        if event == "import":
            raise Refused(f"it tried to import {arguments[0]}")
        if event not in HARMLESS:
            raise Refused(f"it tried {event}")
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or (flags or 0) & WRITES:
                raise Refused(f"it tried to open {path!r} for writing")
            if not os.path.realpath(os.fsdecode(path)).startswith(inside):
                raise Refused(f"it tried to read {path!r}")

    sys.addaudithook(hook)


# Jobs #################################################################################################################


def load(path: str) -> dict[str, Any]:
    """The globals of a module that is run, but not as the main module."""
    module = types.ModuleType("program")
    module.__file__ = path
    with open(path, encoding="utf-8") as file:
        text = file.read()
    exec(compile(text, path, "exec"), module.__dict__)
    return module.__dict__


def answer(run: Callable[[list[str]], Any], tokens: list[str]) -> Any:
    """What `run` says to one input; None at a hole."""
    try:
        return run(tokens)
    except LookupError:
        return None


def answers(job: dict[str, Any], tell: Callable[[Any], None]) -> dict[str, Any]:
    """The module's answers to all inputs."""
    run = load(job["module"])["run"]
    return {"answers": [answer(run, tokens) for tokens in inputs_of(job)]}


def inputs_of(job: dict[str, Any]) -> Iterator[list[str]]:
    for codes in job["inputs"]:
        yield [job["vocabulary"][code] for code in codes]


def cover(job: dict[str, Any], tell: Callable[[Any], None]) -> dict[str, Any]:
    """Lines and branches that the inputs run, by coverage.py, one dynamic context a group of inputs.

    Predicates and lookups are pure chains of tests (the reader has seen to it), so that within one context a second
    call with the same arguments runs no further line: it is answered from memory, which halves the time.
    """
    import coverage  # loaded before the guard stands: this finds it again

    path = job["module"]
    measured = coverage.Coverage(data_file=None, branch=True, include=[path], config_file=False, messages=False)
    measured.start()
    measured.switch_context("import")
    names = load(path)
    pure = {name: functools.cache(names[name]) for name in job["pure"] if name in names}
    names.update(pure)
    run, inputs, found = names["run"], list(inputs_of(job)), [None] * len(job["inputs"])
    done, told = 0, time.monotonic()
    for group, rows in enumerate(job["groups"]):
        measured.switch_context(str(group))
        for function in pure.values():
            function.cache_clear()
        for row in rows:
            found[row] = answer(run, inputs[row])
            done += 1
            if time.monotonic() - told > STEP:
                told = time.monotonic()
                tell(done)
    measured.stop()
    page = io.StringIO()
    with redirect_stdout(page):
        measured.json_report(morfs=[path], outfile="-", ignore_errors=False)
    (report,) = json.loads(page.getvalue())["files"].values()
    data = measured.get_data()
    (file,) = data.measured_files()
    contexts: dict[str, list[int]] = {}
    for label in sorted(data.measured_contexts()):
        if label:
            data.set_query_context(label)
            contexts[label] = sorted(data.lines(file) or [])
    return {
        "version": coverage.__version__,
        "answers": found,
        "executed": report["executed_lines"],
        "missing": report["missing_lines"],
        "taken": report["executed_branches"],
        "untaken": report["missing_branches"],
        "contexts": contexts,
    }


JOBS = {"answers": answers, "cover": cover}


def _spelled(value: Any) -> str:
    """What a module answers that JSON has no word for: a fraction, or one of its symbols.

    Raises:
        TypeError: it is no such value.
    """
    if isinstance(value, fractions.Fraction) or type(value).__name__ == "_Symbol":
        return str(value)
    raise TypeError(f"an answer is a {type(value).__name__}, which is no value")


def main() -> int:
    """Do the job of the folder named on the command line."""
    folder = sys.argv[1]
    os.chdir(folder)
    with open("job.json", encoding="utf-8") as file:
        job = json.load(file)
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)

    def tell(value: Any) -> None:
        out.write(json.dumps(value, default=_spelled) + "\n")
        out.flush()

    readable = [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")]
    if job.get("coverage"):
        # Found by its own path, because -S and -I leave only the standard library importable; and nothing else is.
        sys.path.append(job["coverage"])
        import coverage

        sys.path.remove(job["coverage"])
        readable.append(os.path.dirname(coverage.__file__))
    lacking = limit(job["limits"])
    if job["guard"]:
        guard(folder, readable)
    try:
        result = JOBS[job["job"]](job, tell)
    except BaseException as error:
        # Whatever a hostile module raises, SystemExit and its own kinds included, becomes a reason.
        reason = type(error).__name__
        with suppress(BaseException):
            reason += f": {error}"
        result = {"error": reason[:500]}
    tell({**result, "lacking": lacking})
    return 0


if __name__ == "__main__":
    # No way back into the module: no atexit functions, no finalisers.
    code = main()
    os._exit(code)
