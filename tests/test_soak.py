"""Soaking: fresh examples that a seed and a round bring back, and a failure that is told with both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.soak import main

RIGHT = """
from hypothesis import given, settings, strategies as st

@settings(max_examples=7)
@given(st.integers())
def test_drawn(number):
    with open({drawn!r}, "a") as file:
        print(number, file=file)

def test_not_drawn():
    raise AssertionError("no property test")
"""

WRONG = """
from hypothesis import given, settings, strategies as st

@settings(max_examples=20)
@given(st.integers(0, 2**64))
def test_wrong_only_here_and_there(number):
    assert number % 16 != 3
"""


def _drawn(folder: Path, *arguments: str) -> list[str]:
    """What the examples were."""
    file, drawn = folder / "test_right.py", folder / "drawn.txt"
    file.write_text(RIGHT.format(drawn=str(drawn)), encoding="utf-8")
    drawn.write_text("", encoding="utf-8")
    assert main([*arguments, str(file)]) == 0
    return drawn.read_text(encoding="utf-8").split()


def test_a_seed_and_a_round_bring_the_same_examples_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = _drawn(tmp_path, "--seed", "4", "--round", "1")
    assert len(first) == 14
    assert "14 examples passed with seed 4" in capsys.readouterr().out
    assert _drawn(tmp_path, "--seed", "4", "--round", "1") == first
    assert _drawn(tmp_path, "--seed", "5", "--round", "1") != first


def test_when_the_time_is_up_no_further_example_is_tried(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "test_right.py"
    file.write_text(RIGHT.format(drawn=str(tmp_path / "drawn.txt")), encoding="utf-8")
    assert main(["--minutes", "0", str(file)]) == 2
    told = capsys.readouterr().out
    assert re.search(r"soak with seed \d+\n", told)
    assert "0 examples passed" in told


def test_a_failure_ends_it_and_is_told_with_the_command_that_brings_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "test_wrong.py"
    file.write_text(WRONG, encoding="utf-8")
    assert main(["--seed", "1", str(file)]) == 1
    told = capsys.readouterr().out
    assert "failed with seed 1" in told
    found = re.search(r"again: python -m tests\.soak (.*)", told)
    assert found is not None
    # The file lies outside the repository, so pytest names it by its own folder.
    again = [str(file) if "::" in word else word for word in found[1].split()]
    assert main(again) == 1
    examples = re.compile(r"number=(\d+)")
    assert examples.findall(capsys.readouterr().out)[-1:] == examples.findall(told)[-1:] != []
