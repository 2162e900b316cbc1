"""Walks through the house: that no call climbs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench.walks import called, climbs
from tests.programs import PROGRAMS
from tprog.text.emit import emit


def test_a_call_climbs_where_it_goes_to_a_room_above() -> None:
    assert climbs("analyze/blame/presentation.py", "cli/subject.py")
    assert climbs("tprog/run/execute.py", "analyze/outcome.py")
    assert not climbs("cli/subject.py", "analyze/blame/presentation.py")
    assert not climbs("analyze/outcome.py", "analyze/blame/slice.py")


@pytest.mark.parametrize(
    "line",
    [
        ("blame", "faulty.py", "--input", "abbbb", "--apply", "1", "-o", "mended.py"),
        ("circuits", "faulty.py", "--where", "len(x) > 4", "--position", "1", "--sample", "50"),
    ],
)
def test_no_call_of_a_verb_climbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[str, ...]) -> None:
    (tmp_path / "faulty.py").write_text(emit(PROGRAMS["sort_with_a_fault"].program).text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", sys.argv)
    steps, climbing = called(line, tmp_path)
    assert len(steps) > 300
    assert climbing == []
