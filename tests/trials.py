"""Trials: the tests of a room on its code with a fault in it, each in a fork of a process that has collected them.

A fault is written into the file, for what imports it later, and its function is given the changed code, for what has
imported it. A function that runs while tests are collected may have left something behind then, so a fault in it that
no test notices is tried once more, in a new process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NoReturn

import hypothesis
import numpy as np  # noqa: F401 - before forks, so that each need not
import pytest

from tests.planting import Fault

CODE = ("tpdebug", "tprog", "trainer", "analyze", "cli", "tests")
MEMORY = 8 << 30
"""Bytes of address space for the tests of a fault: one that allocates without end must not take the machine."""
TOO_LONG = (-signal.SIGPROF, -signal.SIGXCPU, -signal.SIGKILL)
NOT_RUN = 70
"""The exit code of a child that did not get as far as its tests."""
PLAIN = ["-q", "-p", "no:cacheprovider", "--assert=plain", "--tb=native", "-o", "markers=no_cover"]
"""Options of pytest: nothing that is looked at, and the mark of a plugin that is not loaded."""


@dataclass(frozen=True)
class Baseline:
    """The tests of a room on the code as it is.

    Attributes:
        seconds: test -> processor seconds, children included, under the tracing of lines, of those that passed in time.
        lines: file -> line -> the tests that run it, and "" if something does before the first test.
        modules: what had been imported in the end.
    """

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]
    modules: list[str]

    def tests_of(self, fault: Fault) -> list[str]:
        """The tests that run a fault's lines, quickest first; all, if it runs only before the first test."""
        run = self._running(fault)
        return self.quickest_first(run - {""} or (set(self.seconds) if run else set()))

    def quickest_first(self, tests: Iterable[str]) -> list[str]:
        """These tests in the order in which they are run."""
        return sorted(set(tests) & set(self.seconds), key=lambda test: (self.seconds[test], test))

    def only(self, files: Collection[str]) -> Baseline:
        """What is known of the tests of these files."""
        seconds = {test: spent for test, spent in self.seconds.items() if test.partition("::")[0] in files}
        lines = {
            file: {line: [test for test in tests if not test or test in seconds] for line, tests in known.items()}
            for file, known in self.lines.items()
        }
        return Baseline(seconds, lines, self.modules)

    def at_import(self, fault: Fault) -> bool:
        """Whether a fault's lines run before the first test."""
        return "" in self._running(fault)

    def _running(self, fault: Fault) -> set[str]:
        lines = self.lines.get(fault.file, {})
        return {test for line in range(fault.first, fault.last + 1) for test in lines.get(str(line), ())}


class _Session:
    """A plugin of pytest: Hypothesis draws few examples, and looks for no smaller one than the first that fails."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Say so before tests are imported, since each keeps the settings of then."""
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("found", hypothesis.settings(), phases=phases, max_examples=25)
        hypothesis.settings.load_profile("found")


class Tracing(_Session):
    """A plugin of pytest that adds to a `Baseline` and writes it. Each test runs in a fork; a slow one is left out."""

    def __init__(self, folder: str, most: float, known: Baseline, told: Path) -> None:
        self.folder, self.most, self.known, self.told = folder, most, known, told
        self.coverage = self._start()

    def _start(self) -> Any:
        import coverage  # where it is needed: it would slow a child that does not trace

        started = coverage.Coverage(data_file=None, config_file=False, source=[self.folder])
        started.set_option("run:disable_warnings", ["no-data-collected"])  # not every test comes here
        started.start()
        return started

    def _lines(self) -> dict[str, list[int]]:
        self.coverage.stop()
        data, here = self.coverage.get_data(), os.getcwd()
        return {os.path.relpath(file, here): data.lines(file) for file in data.measured_files()}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests."""
        self._note("", {"lines": self._lines(), "modules": []})
        gc.collect()
        gc.freeze()
        for item in session.items:
            self.told.write_text("{}", encoding="utf-8")
            child = os.fork()
            code = _ended(child, 60 + 20 * self.most) if child else _in_fork(partial(self._traced, item))
            if code not in (0, *TOO_LONG):
                pytest.exit(f"{item.nodeid} does not pass", 1)
            if code == 0:
                self._note(item.nodeid, json.loads(self.told.read_text(encoding="utf-8")))
        self.told.write_text(json.dumps(asdict(self.known)), encoding="utf-8")
        return True

    def _traced(self, item: pytest.Item) -> int:
        _limit(self.most)
        self.coverage = self._start()
        code = _run([item], [self.most])
        signal.setitimer(signal.ITIMER_PROF, 0)
        modules = [name for name in sys.modules if name.partition(".")[0] in CODE]
        told = {"seconds": round(sum(os.times()[:4]), 3), "lines": self._lines(), "modules": modules}
        self.told.write_text(json.dumps(told), encoding="utf-8")
        return code

    def _note(self, test: str, told: dict[str, Any]) -> None:
        """What one test runs, or, before any, what imports do."""
        known = self.known
        if test:
            if told["seconds"] > self.most:
                return
            known.seconds[test] = told["seconds"]
        known.modules.extend(sorted({*told["modules"]}.difference(known.modules)))
        for file, lines in told["lines"].items():
            for line in lines:
                known.lines.setdefault(file, {}).setdefault(str(line), []).append(test)


class Trying(_Session):
    """A plugin of pytest that runs no tests of its own session, but those of each fault in a fork of it."""

    def __init__(
        self, copy: Path, known: Baseline, most: float, faults: list[Fault], tell: Callable[..., None]
    ) -> None:
        self.copy, self.known, self.most, self.faults, self.tell = copy, known, most, faults, tell
        self.failed = copy.with_name("failed")
        self.finds: Counter[tuple[str, str]] = Counter()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try all faults, and first none: the tests must pass in a fork and in this order too."""
        for name in self.known.modules:
            with suppress(ImportError):
                importlib.import_module(name)
        items = {item.nodeid: item for item in session.items}
        gc.collect()
        gc.freeze()  # what is here will be needed by every fork: none should look through it again
        if self._code(self.known.quickest_first(items), items, lambda: None):
            pytest.exit("the tests do not pass quickest first", 1)
        for fault in self.faults:
            self.failed.write_text("", encoding="utf-8")
            before = sum(os.times()[2:4])
            came = self._outcome(fault, items)
            by = self.failed.read_text(encoding="utf-8")
            self.finds[fault.file, by] += 1
            self.tell(fault, came, by, sum(os.times()[2:4]) - before)
        return True

    def _outcome(self, fault: Fault, items: dict[str, pytest.Item]) -> str:
        """What the tests say of a fault: found, timeout, survived, or unreached if none runs its line."""
        tests, path = self.known.tests_of(fault), self.copy / fault.file
        tests = [test for test in tests if test in items]
        if not tests:
            return "unreached"
        with _in_file(path, fault) as whole:
            code = self._code(tests, items, lambda: _change(path, fault, whole), fault.file)
            if code == NOT_RUN:
                code = self._code(tests, items, None)
            if code == 0 and self.known.at_import(fault):
                code = self._code(self.known.quickest_first(items), items, None)
        return "timeout" if code in TOO_LONG else "survived" if code == 0 else "found"

    def _code(
        self, tests: list[str], items: dict[str, pytest.Item], change: Callable[[], None] | None, file: str = ""
    ) -> int:
        """The exit code of those of the tests that fit; what has found faults of a file before goes first.

        Args:
            change: what is done first, in a fork of this process; None: they run in a process that imports all anew.
        """
        chosen: list[str] = []
        for test in tests:
            if sum(self.known.seconds[one] for one in [*chosen, test]) > self.most:
                break
            chosen.append(test)
        chosen.sort(key=lambda test: -self.finds[file, test])
        limit = 20 + 5 * sum(self.known.seconds[test] for test in chosen)
        child = os.fork()
        return _ended(child, 20 * limit) if child else _in_fork(lambda: self._changed(chosen, items, change, limit))

    def _changed(
        self, chosen: list[str], items: dict[str, pytest.Item], change: Callable[[], None] | None, limit: float
    ) -> int:
        _limit(limit)
        if change is None:
            # With all parameters of a test, as some are made of what ran before.
            names = dict.fromkeys(test.partition("[")[0] for test in chosen)
            os.execv(sys.executable, [sys.executable, "-m", "pytest", "-x", *PLAIN, *names])
        change()
        most = [5 + 5 * self.known.seconds[test] for test in chosen]
        return _run([items[test] for test in chosen], most, self.failed)


def _in_fork(do: Callable[[], int]) -> NoReturn:
    """End this process, a fork, with the exit code that comes of doing something in a process group of its own."""
    code = NOT_RUN
    try:
        os.setpgid(0, 0)
        code = do()
    except BaseException:  # whatever it is, it must not run on as a second parent
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _limit(seconds: float) -> None:
    """Limit this process to somewhat more seconds of processor than it is thought to need, and to `MEMORY`."""
    cpu = 20 + int(seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _run(items: list[pytest.Item], most: list[float], told: Path | None = None) -> int:
    """Run tests until one fails, which 1 tells, or takes more than its seconds of processor: SIGPROF ends it then.

    Args:
        told: where the name of the one that fails is written.
    """
    failed: list[str] = []

    class Reports:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed.append(report.nodeid)
                if told:
                    told.write_text(report.nodeid, encoding="utf-8")

    items[0].config.pluginmanager.register(Reports())
    for item, seconds, after in zip(items, most, [*items[1:], None], strict=True):
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        except BaseException:
            traceback.print_exc()
            return 1
        if failed:
            return 1
    return 0


def _change(path: Path, fault: Fault, whole: bytes) -> None:
    """Give the function of a fault, and those that it has made, the code that its file has for them now.

    Args:
        whole: the file as it was imported.
    """
    old, new = (
        list(_within(compile(source, str(path), "exec", dont_inherit=True), fault))
        for source in (whole, path.read_bytes())
    )
    if [code.co_qualname for code in old] != [code.co_qualname for code in new]:
        raise ValueError("the fault has made or removed a function")
    changed = dict(zip(old, new, strict=True))
    gc.unfreeze()
    # By `type`, as `isinstance` asks the object itself: some of torch warn when they are looked at.
    functions = [known for known in gc.get_objects() if type(known) is FunctionType and known.__code__ in changed]
    for function in functions:
        if function.__code__.co_filename == str(path):  # codes of other files may be equal
            function.__code__ = changed[function.__code__]
    gc.freeze()
    if not functions and str(path) in [getattr(module, "__file__", None) for module in sys.modules.values()]:
        raise ValueError("the function of the fault is not to be found")


def _within(module: CodeType, fault: Fault) -> Iterator[CodeType]:
    """The code of a fault's function, then of those that are made in it."""
    found = [code for code in _codes(module) if code.co_qualname == fault.function]
    function = max((code for code in found if code.co_firstlineno <= fault.line), key=lambda code: code.co_firstlineno)
    return chain([function], _codes(function))


def _codes(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _codes(const)


@contextmanager
def _in_file(path: Path, fault: Fault) -> Iterator[bytes]:
    """A fault in the file, as long as it is tried. Its time tells it from the file that has been compiled."""
    whole, then = path.read_bytes(), path.stat()
    try:
        path.write_bytes(fault.planted(whole))
        os.utime(path, (then.st_atime + 2, then.st_mtime + 2))
        yield whole
    finally:
        path.write_bytes(whole)
        os.utime(path, (then.st_atime, then.st_mtime))


def _ended(child: int, most: float) -> int:
    """The exit code of a child, minus the signal if one ended it; after so many seconds it is ended."""
    until = time.monotonic() + most
    try:
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > until:
                os.killpg(child, signal.SIGKILL)
            time.sleep(0.01)
    except KeyboardInterrupt:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGINT)
        os.waitpid(child, 0)
        raise


def in_child(copy: Path, root: Path, tests: list[str], plugin: Callable[[], object], log: Path) -> int:
    """Run pytest in a fork of this process, which has imported pytest but none of the code: its exit code."""
    child = os.fork()
    return _ended(child, float("inf")) if child else _in_fork(lambda: _pytest(copy, root, tests, plugin, log))


def _pytest(copy: Path, root: Path, tests: list[str], plugin: Callable[[], object], log: Path) -> int:
    """The exit code of pytest in a copy of the checkout, none of whose code has been imported."""
    told = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(told, stream)
    os.chdir(copy)
    for name in [name for name in sys.modules if name.partition(".")[0] in CODE]:
        del sys.modules[name]
    sys.path[:] = [str(copy), *(place for place in sys.path if Path(place or ".").resolve() != root)]
    os.environ |= {"PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none is needed, and each takes time to start
    made = plugin()
    if isinstance(made, Trying):  # nothing compiled from a fault may stay
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
    return int(pytest.main(["-x", *PLAIN, *tests], plugins=[made]))
