"""Every output that docs/ner.md shows is what the tool prints, one after the other in one folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.discovery import VARIABLE
from tests.shown import shown

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_about_names_shows_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "100")  # as the page says
    monkeypatch.chdir(tmp_path)
    shutil.copy(DOCS / "examples" / "ner_program.py", tmp_path)
    commands = shown(DOCS / "ner.md")
    assert len(commands) >= 9
    for each in commands:
        each.check(capsys)
