"""A command line, run in this process: the fixture by which tests ask verbs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cli.main import main

Said = Callable[..., tuple[int, str, str]]
"""Runs a command line: exit code, stdout, stderr."""


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command line: exit code, stdout, stderr. A test file may set up where before, by one of this name."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run
