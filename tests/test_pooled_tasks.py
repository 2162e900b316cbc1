"""Tasks of one's own with one label an input: told in Python, in a table and in JSON, learned and debugged."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from tests.said import Said
from tprog.errors import BadFile
from tprog.tasks.own import find_task
from tprog.text.read import read_module

ORACLE = """
VOCABULARY, CLASSES, LONGEST, POOLED = "ab", ("a", "b", "even"), 5, True

def oracle(tokens):
    more = tokens.count("a") - tokens.count("b")
    return "a" if more > 0 else "b" if more < 0 else "even"
"""

INPUTS = [letters for length in range(1, 6) for letters in product("ab", repeat=length)]

SMALL = ("--layers", "1", "--cat-heads", "1", "--num-heads", "0", "--num-mlps", "0", "--batch", "16", "--search", "0")


def _label(letters: tuple[str, ...]) -> str:
    more = letters.count("a") - letters.count("b")
    return "a" if more > 0 else "b" if more < 0 else "even"


def write(name: str) -> None:
    """The same task in the form that the ending names."""
    rows = [(letters, _label(letters)) for letters in INPUTS]
    match Path(name).suffix:
        case ".py":
            text = ORACLE
        case ".csv":
            text = "text,label\n" + "".join(f"{' '.join(letters)},{label}\n" for letters, label in rows)
        case _:
            text = "".join(json.dumps({"tokens": letters, "label": label}) + "\n" for letters, label in rows)
    Path(name).write_text(text, encoding="utf-8")


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Said:
    """Runs a command line in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    return said


@pytest.mark.parametrize("name", ["more.py", "more.csv", "more.jsonl"])
def test_a_task_of_one_label_an_input_is_pooled_whatever_tells_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(name)
    task = find_task(name)
    assert (task.pooled, task.size) == (True, len(INPUTS))
    assert [task.oracle(["<s>", *letters]) for letters in INPUTS] == [[_label(letters)] for letters in INPUTS]


def test_a_pooled_task_is_learned_verified_blamed_and_fuzzed(said: Said) -> None:
    write("more.csv")
    code, _, err = said("train", "more.csv", *SMALL, "--epochs", "2", "-o", "program.py")
    assert code == 0, err
    assert read_module(Path("program.py")).program.readout.pooled
    code, out, _ = said("verify", "program.py", "--task", "more.csv", "--json")
    found = json.loads(out)
    wrong = {tuple(one["tokens"][1:]) for one in found["counterexamples"]}
    assert (code, found["checked"]["inputs"], found["tokens"]) == (int(bool(wrong)), 62, 62)
    right = next(letters for letters in INPUTS if letters not in wrong)
    other = "a" if _label(right) != "a" else "b"
    code, out, err = said("blame", "program.py", "--task", "more.csv", "--input", " ".join(right), "--expect", other)
    assert code == 0, err
    assert f"the prediction: predicted {_label(right)!r}, expected {other!r}" in " ".join(out.split())
    assert said("fuzz", "program.py", "--task", "more.csv", "--no-database")[0] == int(bool(wrong))


def test_a_search_finds_a_pooled_program_of_a_task_that_says_so_itself(said: Said) -> None:
    Path("holds.py").write_text(
        'VOCABULARY, CLASSES, LONGEST, POOLED = "ab", ("yes", "no"), 4, True\n'
        'def oracle(tokens):\n    return "yes" if "a" in tokens else "no"\n',
        encoding="utf-8",
    )
    code, out, err = said("train", "holds.py", "--search", "60", "--batch", "8", "-o", "program.py")
    assert (code, "found before the first epoch" in out) == (0, True), err
    assert read_module(Path("program.py")).program.readout.pooled
    assert said("verify", "program.py", "--task", "holds.py")[0] == 0


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("POOLED = 1", "POOLED is 1; expected True or False"),
        ('OUTPUTS = ("x", "y")', "defines POOLED and OUTPUTS"),
        (
            "oracle = lambda tokens: ['a'] * len(tokens)",
            "expected one of 'a', 'b', 'even' for the whole input, or None",
        ),
        ("oracle = lambda tokens: 'c'", "gives 'c'; expected one of 'a', 'b', 'even' for the whole input"),
    ],
)
def test_a_pooled_task_that_is_none_is_refused(
    more: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("more.py").write_text(f"{ORACLE}\n{more}\n", encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        find_task("more.py")
    assert message in str(refused.value)
