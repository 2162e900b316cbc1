"""Every output that docs/compile.md shows is what is printed."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from cli.discovery import VARIABLE
from cli.main import main
from tests.programs import PROGRAMS
from tests.shown import Shown, shown, write_sources
from tprog.text.emit import emit

DOCUMENT = Path(__file__).parents[1] / "docs" / "compile.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
SHOWN = shown(DOCUMENT)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source that the page shows, its model, and a program that cannot be compiled."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    write_sources(TEXT)
    Path("means.py").write_text(emit(PROGRAMS["mean_of_means"].program, "means").text, encoding="utf-8")
    return tmp_path


def test_the_page_has_a_source_and_commands(folder: Path) -> None:
    assert {path.name for path in folder.glob("*.rasp")} == {"turned.rasp"}
    assert [each.command.split()[0] for each in SHOWN] == ["compile", "graph", "emit", "compile"]


@pytest.mark.parametrize("each", SHOWN, ids=[each.command for each in SHOWN])
def test_the_page_shows_what_is_printed(each: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    if "--weights model" in each.command or each.command.startswith("emit"):
        assert main(["compile", "turned.rasp"]) == 0
        capsys.readouterr()
    if each.lines[0].startswith("tpdebug: "):
        assert main(each.command.split()) == (2 if "means.py" in each.command else 0)
        assert capsys.readouterr().err.rstrip("\n") == " ".join(each.lines)
    else:
        each.check(capsys)


def test_the_examples_in_python_are_right() -> None:
    assert main(["compile", "turned.rasp"]) == 0
    found = doctest.testfile(str(DOCUMENT), module_relative=False)
    assert (found.attempted, found.failed) == (8, 0)
