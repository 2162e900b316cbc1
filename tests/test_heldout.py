"""The held-out tasks can be read, and ask what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tprog.tasks.own import find_task

FOLDER = Path(__file__).parent / "bench" / "heldout"
ANSWERS = {
    "descending": ("acb", "cba"),
    "rotate": ("abc", "bca"),
    "swap_pairs": ("abcde", "badce"),
    "mirror": ("abca", "yes no no yes"),
    "majority": ("aab", "yes yes yes"),
    "distinct": ("aba", "ab-"),
    "distinct_smaller": ("cabb", "2011"),
    "since_equal": ("abaa", "0021"),
    "by_frequency": ("abcb", "bbac"),
    "median": ("adb", "bbb"),
    "mode_last": ("abba", "aaaa"),
    "inversions": ("cab", "011"),
    "modulo": ("bbac", "2122"),
    "between": ("abca", "- - - yes"),
    "last_vowel": ("babe", "-aae"),
    "open_bracket": ("([)", "([-"),
    "after_equal": ("abaab", "--baa"),
    "carry": ("2210", "0101"),
    "largest_so_far": ("abac", "abbc"),
    "even": ("aab", "yes yes no"),
}


def test_there_are_twenty() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_held_out_task_asks_what_it_says(name: str) -> None:
    tokens, expected = ANSWERS[name]
    task = find_task(str(FOLDER / f"{name}.py"))
    answers = task.oracle(("<s>", *tokens))
    assert answers[1:] == (expected.split() if " " in expected else list(expected))
