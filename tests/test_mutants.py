"""Mutants: every fault is one, the same seed plants the same, and what tests notice is what is told."""

from __future__ import annotations

import ast
import json
import random
from pathlib import Path

import pytest

from tests import mutants
from tests.planting import Fault, faults, functions

ROOT = Path(__file__).parents[1]
CODE = '''"""Doubles."""


def doubled(number: int, twice: bool = True) -> int:
    """Twice a number, if it is positive."""
    if number > 0 and twice:
        return number * 2
    raise ValueError(f"{number + 1} is not positive")


def never(number: int) -> int | None:
    assert [*zip([number], [number], strict=True)]
    return number - 1


def once(number: int) -> int:
    return number // 2


def maker():
    def made(number: int) -> int:
        return number % 7
    return made


made = maker()
'''
TESTS = """
import pytest
from tprog.doubles import doubled, made, once

FOUR = once(8)

class Touchy:
    # As objects of some large libraries are, which no test looks at.
    @property
    def __class__(self):
        raise RuntimeError("looked at")

TOUCHY = Touchy()

def test_what_ran_before():
    assert FOUR == 4

def test_made():
    assert made(17) == 3

def test_slow():
    assert sum(doubled(3) for _ in range(200_000)) == 1_200_000

def test_quick():
    assert doubled(1) == 2
    with pytest.raises(ValueError):
        doubled(-1)
"""


def _written(root: Path) -> None:
    tests = {"tests/test_doubles.py": TESTS, "tests/test_more.py": ""}
    for name, text in {"tprog/__init__.py": "", "tprog/doubles.py": CODE, **tests}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")


def _faults(root: Path, folder: str, seed: int, count: int) -> list[Fault]:
    return faults(root, sorted((root / folder).rglob("*.py")), random.Random(seed), count)


def test_every_fault_is_python_that_means_something_else() -> None:
    found = _faults(ROOT, "tprog/run", 1, 60)
    for fault in found:
        whole = (ROOT / fault.file).read_bytes()
        assert whole[fault.start : fault.end].decode() == fault.before
        assert ast.dump(ast.parse(fault.planted(whole))) != ast.dump(ast.parse(whole)), fault


def test_faults_are_drawn_evenly_over_the_functions_and_follow_from_the_seed() -> None:
    per_function = [
        name for file in (ROOT / "tprog/run").rglob("*.py") for name, _ in functions(ast.parse(file.read_bytes()))
    ]
    found = _faults(ROOT, "tprog/run", 1, 40)
    assert len({(fault.file, fault.function) for fault in found}) == 40 < len(per_function)
    assert _faults(ROOT, "tprog/run", 1, 40) == found
    assert _faults(ROOT, "tprog/run", 2, 40) != found


def test_text_messages_annotations_and_what_runs_at_import_stay_as_they_are(tmp_path: Path) -> None:
    _written(tmp_path)
    told = {(fault.before, fault.after) for fault in _faults(tmp_path, "tprog", 1, 99)}
    assert told == {
        ("number > 0 and twice", "not (number > 0 and twice)"),
        ("number > 0 and twice", "(number > 0 or twice)"),
        ("number > 0", "(number >= 0)"),
        ("0", "(1)"),
        ("number * 2", "(number + 2)"),
        ("2", "(3)"),
        ('raise ValueError(f"{number + 1} is not positive")', "pass"),
        ("return number - 1", "return None"),
        ("number - 1", "(number + 1)"),
        ("1", "(2)"),
        ("number // 2", "(number * 2)"),
        ("number % 7", "(number // 7)"),
        ("7", "(8)"),
    }


def test_what_the_tests_notice_is_found_and_a_run_that_was_stopped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, into = tmp_path / "checkout", tmp_path / "known"
    _written(root)
    monkeypatch.setattr(mutants, "ROOT", root)
    monkeypatch.setattr(mutants, "ROOMS", {"doubles": ("tprog", "doubles more")})
    asked = ["doubles", "--into", str(into)]
    assert mutants.main([*asked, "--count", "4"]) == 0
    kept, known = sorted(into.iterdir())
    assert (known.name, kept.name) == ("doubles-baseline.json", "doubles-1.jsonl")
    four = kept.read_text(encoding="utf-8").splitlines()
    assert len(four) == 5
    assert mutants.main(asked) == 0  # 200, or as many as there are
    every = kept.read_text(encoding="utf-8").splitlines()
    assert every[:5] == four
    came = {(one["before"], one["after"]): one["outcome"] for one in map(json.loads, every[1:])}
    left = {fault for fault, outcome in came.items() if outcome == "survived"}
    assert left == {("number > 0", "(number >= 0)")}
    assert {came[fault] for fault in (("number - 1", "(number + 1)"), ("return number - 1", "return None"))} == {
        "unreached"
    }
    assert came["number // 2", "(number * 2)"] == "found"  # although it ran before the tests only
    assert came["number % 7", "(number // 7)"] == "found"  # in a function that was made when the module was imported
    assert came["2", "(3)"] == came["number > 0 and twice", "(number > 0 or twice)"] == "found"
    assert (root / "tprog/doubles.py").read_text(encoding="utf-8") == CODE
    found_by = {one["before"]: one["by"].partition("::")[2] for one in map(json.loads, every[1:])}
    assert found_by["number % 7"] == "test_made"
    assert found_by["number > 0 and twice"] == "test_quick"
    told = capsys.readouterr().out
    assert "running 2 of its 2 test files" in told
    assert "tprog/doubles.py:6 in doubled, run by 2 tests\n  - number > 0\n  + (number >= 0)" in told
    more = "from tprog.doubles import never\n\ndef test_never():\n    assert never(2) == 1\n"
    (root / "tests/test_more.py").write_text(more, encoding="utf-8")
    with pytest.raises(SystemExit, match="other code"):
        mutants.main(asked)
    assert mutants.main([*asked, "--seed", "2"]) == 0
    told = capsys.readouterr().out
    assert "running 1 of its 2 test files" in told
    assert "0 of the others stand where no test comes" in told


def test_the_interval_of_a_rate_is_wilsons() -> None:
    assert [round(end, 3) for end in mutants.interval(9, 10)] == [0.596, 0.982]
    assert [round(end, 3) for end in mutants.interval(20, 20)] == [0.839, 1.0]
    assert mutants.interval(0, 0) == (0.0, 1.0)
