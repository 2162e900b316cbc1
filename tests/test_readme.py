"""Every output that README shows is what the tool prints, on every machine."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.discovery import VARIABLE
from tests.shown import shown

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
MODULE = ROOT / "docs" / "examples" / "sort_program.py"
SHOWN = shown(README)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the program that README talks about."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "100")  # as README says
    monkeypatch.chdir(tmp_path)
    shutil.copy(MODULE, tmp_path)


def test_readme_has_commands() -> None:
    assert len(SHOWN) >= 7


@pytest.mark.parametrize("place", range(len(SHOWN)), ids=[each.command for each in SHOWN])
def test_readme_shows_what_is_printed(place: int, capsys: pytest.CaptureFixture[str]) -> None:
    if "sort_program.py" not in SHOWN[place].command:
        Path(".tpdebug").mkdir()
        Path(".tpdebug/state.json").write_text('{"program": "sort_program.py"}', encoding="utf-8")
    SHOWN[place].check(capsys)


def test_readme_runs_the_module_by_itself() -> None:
    (expected,) = re.findall(r"\$ python sort_program.py abbc\n(.*)\n", README.read_text(encoding="utf-8"))
    run = subprocess.run([sys.executable, "sort_program.py", "abbc"], capture_output=True, text=True, check=True)
    assert run.stdout == f"{expected}\n"


def test_readme_shows_a_head_of_the_module_and_an_example_that_runs() -> None:
    head, example = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert head in MODULE.read_text(encoding="utf-8")
    run = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, check=True)
    assert run.stdout == "868\n"
