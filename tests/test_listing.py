"""Lines that nobody would read are cut, and say what was left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tprog
from analyze.render.terminal import diff_lines, line
from cli.main import main
from cli.output import note
from tests.programs import PROGRAMS
from tprog.listing import LONGEST_LINE, bounded, counted, difference, every_one, listing, shortened

WORDS = [f"word{number}" for number in range(4000)]
NEAR = LONGEST_LINE + 60
"""A cut line says how much was left out, which takes a few characters."""


def test_a_long_text_keeps_its_beginning_and_its_end_and_says_how_much_is_gone() -> None:
    cut = bounded("a" * 5000 + "; do this")
    assert cut.startswith("aaa")
    assert cut.endswith("; do this")
    assert f" ... ({5009 - LONGEST_LINE:,} characters left out) ... " in cut
    assert bounded("a" * LONGEST_LINE) == "a" * LONGEST_LINE


def test_a_list_names_the_first_words_and_how_many_more_there_are() -> None:
    assert listing(["a", "b"]) == "'a', 'b'"
    assert listing(WORDS).endswith("'word19', ... (3,980 more)")
    assert len(listing(["x" * 10_000] * 30)) < 1200
    assert len(shortened(WORDS)) <= 70


def test_two_long_lists_are_told_by_what_is_not_in_both() -> None:
    assert difference(["a", "b"], ["a"]) == "'a', 'b'; found 'a'"
    told = "4,000 words; of these it lacks 'word3999', and it has 'more' besides"
    assert difference(WORDS, [*WORDS[:-1], "more"]) == told
    assert difference(WORDS, [*WORDS, "more"]) == "4,000 words; of these it lacks none, and it has 'more' besides"


def test_every_line_of_a_page_or_a_remark_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    note("y" * 9000)
    assert len(capsys.readouterr().err) < NEAR
    assert len(line("x" * 9000).plain) < NEAR
    assert max(len(text.plain) for text in diff_lines(f"--- a\n+++ b\n+{'x' * 9000}\n")) < NEAR


def test_a_program_that_does_not_fit_a_large_task_is_refused_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sort.py").write_text(tprog.emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    own = f"VOCABULARY = {WORDS!r}\nCLASSES, LONGEST = 'xy', 3\ndef oracle(tokens): return ['x'] * len(tokens)\n"
    (tmp_path / "own.py").write_text(own, encoding="utf-8")
    assert main(["verify", "sort.py", "--task", "own.py"]) == 2
    err = capsys.readouterr().err
    assert len(err) < NEAR
    assert "whose vocabulary is 4,001 words; of these it lacks 'word0', 'word1', " in err


def test_one_is_told_as_the_only_one_and_more_as_all() -> None:
    assert [counted(number, "input") for number in (0, 1, 2, 1500)] == [
        "0 inputs",
        "1 input",
        "2 inputs",
        "1,500 inputs",
    ]
    assert [every_one(number, "box", "boxes") for number in (1, 2)] == ["the only box", "all 2 boxes"]


def test_no_text_of_the_tool_makes_a_plural_by_hand() -> None:
    """Who writes a count uses `counted`, so that one is never told as several."""
    by_hand = re.compile(r"""['"]s['"] \* \(""")
    root = Path(__file__).parents[1]
    files = [path for room in ("analyze", "cli", "tprog", "trainer") for path in (root / room).rglob("*.py")]
    found = [str(path) for path in files if by_hand.search(path.read_text(encoding="utf-8"))]
    assert found == []
