"""Every output that docs/rasp.md shows is what is printed."""

from __future__ import annotations

import doctest
import re
import shutil
from pathlib import Path

import pytest

from cli.discovery import VARIABLE
from cli.main import main
from tests.shown import Shown, shown, write_sources
from tprog.rasp.source.console import Console

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "rasp.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
SHOWN = shown(DOCUMENT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources that the page shows, and the program that it judges."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    write_sources(TEXT)
    shutil.copy(ROOT / "docs" / "examples" / "sort_program.py", tmp_path)
    return tmp_path


def test_the_page_has_sources_and_commands(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.rasp")} == {"first.rasp", "order.rasp", "turned.rasp", "wrong.rasp"}
    assert len(SHOWN) >= 4


@pytest.mark.parametrize("each", SHOWN, ids=[each.command for each in SHOWN])
def test_the_page_shows_what_is_printed(each: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    if each.lines[0].startswith("tpdebug: "):
        assert main(each.command.split()) == 2
        assert capsys.readouterr().err.rstrip("\n") == " ".join(each.lines)
    else:
        each.check(capsys)


def test_the_console_answers_as_the_page_says(folder: Path) -> None:
    (block,) = re.findall(r"```\n(>> .*?)```", TEXT, re.DOTALL)
    console = Console(folder)
    console.feed('load "first";')
    for part in block.split(">> ")[1:]:
        statement, *lines = part.rstrip("\n").split("\n")
        assert console.feed(statement) == lines


def test_the_examples_in_python_are_right() -> None:
    found = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert found.attempted > 15
    assert found.failed == 0
