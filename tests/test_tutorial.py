"""Every output that docs/tutorial.md shows is what the tool prints."""

from __future__ import annotations

from pathlib import Path

import pytest

import tprog
from cli.discovery import VARIABLE
from tests import programs
from tests.shown import Shown, shown

SHOWN = shown(Path(__file__).parents[1] / "docs" / "tutorial.md")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The three modules that the tutorial makes by hand."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.chdir(tmp_path)
    exact = tprog.emit(programs.sort()).text
    before, after = exact.split("    if less == 1:", 1)
    modules = {
        "exact.py": exact,
        "faulty.py": f"{before}    if less == 1:{after.replace('return 5', 'return 4', 1)}",
        "hole.py": exact.replace('        "b": (0, 1, 0, 0, 0),\n', ""),
    }
    for name, text in modules.items():
        Path(name).write_text(text, encoding="utf-8")


def test_the_tutorial_has_commands() -> None:
    assert len(SHOWN) >= 8


@pytest.mark.parametrize("each", SHOWN, ids=[each.command for each in SHOWN])
def test_the_tutorial_shows_what_is_printed(each: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    each.check(capsys)
