"""Soak: all property tests with fresh examples, over and over, each round with more of them, until the time is up.

`python -m tests.soak [--minutes 60] [--seed N] [--round N] [FILE or FILE::TEST ...]` prints the seed, a line a round,
and how many examples passed. The first failure ends it with exit code 1, the failing test, and the command that draws
the same examples again: what a round draws follows from the seed, the round and the test alone.

As a plugin of pytest (`-p tests.soak`), this module runs one round.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import secrets
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, is_hypothesis_test, settings
from hypothesis.errors import UnsatisfiedAssumption

_ROUND = "TPDEBUG_SOAK_ROUND"
"""The environment variable that tells the plugin its round: the arguments of `Round` as JSON."""


class Round:
    """One round, as a plugin: property tests alone, each with `factor` times its examples.

    Attributes:
        seed: of the order of the tests, so that not always the same ones are left over when the time is up.
        examples: test -> how many examples it tried.
        failed: the tests that failed, with pytest's names.
        until: when no further example is tried, in seconds as `time.time` counts; None: all are.
    """

    def __init__(self, seed: int, factor: int, until: float | None, report: str) -> None:
        self.seed, self.factor, self.until, self.report = seed, factor, until, Path(report)
        self.examples: dict[str, int] = {}
        self.failed: list[str] = []

    @property
    def over(self) -> bool:
        return self.until is not None and time.time() > self.until

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what draws nothing; multiply and count the examples of the others."""
        chosen = [item for item in items if is_hypothesis_test(getattr(item, "obj", None))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = random.Random(self.seed).sample(chosen, len(chosen))
        for test in {id(item.obj): item.obj for item in chosen if isinstance(item, pytest.Function)}.values():
            # Hypothesis has no public way to change the settings of a test that names its own.
            own = test._hypothesis_internal_use_settings
            test._hypothesis_internal_use_settings = settings(
                own,
                max_examples=own.max_examples * self.factor,
                derandomize=False,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            test.hypothesis.inner_test = self._counted(test.hypothesis.inner_test)

    def _counted(self, test: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{test.__module__}::{test.__qualname__}"
        failing = False

        @wraps(test)
        def counted(*args: Any, **kwargs: Any) -> Any:
            nonlocal failing
            if self.over and not failing:  # a failure is shrunk to the end
                return None
            try:
                result = test(*args, **kwargs)
            except UnsatisfiedAssumption:
                raise
            except Exception:  # whatever a test raises is a failure, and is raised again
                failing = True
                raise
            self.examples[name] = self.examples.get(name, 0) + 1
            return result

        return counted

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what failed."""
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Stop between two tests when the time is up."""
        if self.over:
            item.session.shouldstop = "the time is up"

    def pytest_sessionfinish(self) -> None:
        """Tell `main` what came of it."""
        self.report.write_text(json.dumps({"examples": self.examples, "failed": self.failed}), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register the round that `main` asks for."""
    if told := os.environ.get(_ROUND):
        config.pluginmanager.register(Round(**json.loads(told)))


@dataclass(frozen=True)
class Report:
    """What came of a round.

    Attributes:
        said: what pytest printed.
        examples: test -> how many examples passed.
        failed: the tests that failed.
        stopped: whether Ctrl-C ended it.
    """

    said: str
    examples: dict[str, int]
    failed: list[str]
    stopped: bool


def _run(number: int, seed: int, until: float | None, tests: list[str]) -> Report:
    """Run one round."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        told = json.dumps({"seed": seed + number, "factor": 2**number, "until": until, "report": str(report)})
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.soak", "-p", "no:cacheprovider"]
        command += [f"--hypothesis-seed={seed + number}", *(tests or ["tests"])]
        child = subprocess.Popen(
            command, env={**os.environ, _ROUND: told}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        stopped = False
        try:
            said, _ = child.communicate()
        except KeyboardInterrupt:  # pytest got it too, and tells how far it came
            stopped = True
            said, _ = child.communicate()
        if not report.exists():
            raise SystemExit(f"pytest did not run:\n{said}")
        found = json.loads(report.read_text(encoding="utf-8"))
    ended = child.returncode in (0, 2, 5)  # 2: stopped, or the time is up; 5: not one test draws examples
    return Report(said, found["examples"], found["failed"] or ([] if ended else ["pytest itself"]), stopped)


def main(arguments: list[str] | None = None) -> int:
    """Run rounds until the time is up or a test fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60, help="how long (default: 60)")
    parser.add_argument("--seed", type=int, help="what a round draws follows from it (default: a fresh one)")
    parser.add_argument("--round", type=int, help="run this round alone, to its end")
    parser.add_argument("tests", nargs="*", metavar="TEST", help="files or tests, as pytest names them (default: all)")
    asked = parser.parse_args(arguments)
    seed = secrets.randbelow(10**9) if asked.seed is None else asked.seed
    until = None if asked.round is not None else time.time() + 60 * asked.minutes
    print(f"soak with seed {seed}", flush=True)
    total, number, start = 0, asked.round or 0, time.time()
    while True:
        done = _run(number, seed, until, asked.tests)
        passed = sum(done.examples.values())
        total += passed
        print(
            f"round {number}, {2**number} times the examples of make test: "
            f"{passed:,} examples of {len(done.examples)} tests, {time.time() - start:,.0f} s so far",
            flush=True,
        )
        if done.failed:
            again = ["--seed", str(seed), "--round", str(number), *done.failed]
            print(f"{done.said}\nfailed with seed {seed} after {total:,} examples: {', '.join(done.failed)}")
            print(f"the same examples again: python -m tests.soak {shlex.join(again)}")
            return 1
        if done.stopped or until is None or time.time() > until or not passed:
            print(f"{total:,} examples passed with seed {seed}, {(time.time() - start) / 60:,.1f} minutes")
            return 130 if done.stopped else 0 if total else 2
        number += 1


if __name__ == "__main__":
    sys.exit(main())
