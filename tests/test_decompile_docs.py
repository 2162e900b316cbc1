"""What docs/decompile.md shows of the module of the gallery is what is printed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cli.discovery import VARIABLE
from cli.main import main
from tests.shown import Shown, shown

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "decompile.md"

SLOW = ("train-gpt", "decompile")
"""Verbs whose output depends on the processor, and takes minutes."""

SHOWN = [each for each in shown(DOCUMENT) if not each.command.startswith(SLOW)]

MENDS = next(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "--apply" in line)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module and the task that the page is about."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    for path in ("docs/gallery/never_more_b/never_more_b.py", "docs/examples/never_more_b_task.py"):
        shutil.copy(ROOT / path, tmp_path)
    return tmp_path


@pytest.mark.parametrize("each", SHOWN, ids=[each.command.split()[0] for each in SHOWN])
def test_the_page_shows_what_is_printed(each: Shown, capsys: pytest.CaptureFixture[str]) -> None:
    if "mended.py" in each.command:
        assert main(MENDS.removeprefix("$ tpdebug ").split()) in (0, 1)
    each.check(capsys)
