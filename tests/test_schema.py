"""The JSON Schema of a verb holds what the verb prints, and refuses what it never prints."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

import tprog
from analyze.schema import results, schema_of
from cli.main import main
from tests import programs
from tests.programs import PROGRAMS
from tests.strategies import some_inputs
from trainer.compile import compile_program
from trainer.compile.folder import write_model

ASKED = {
    "verify": ("verify", "faulty.py"),
    "data": ("data", "synthetic"),
    "trace": ("trace", "faulty.py", "--input", "abbbb"),
    "graph": ("graph", "faulty.py"),
    "calls": ("graph", "faulty.py", "--calls"),
    "dead": ("dead", "faulty.py"),
    "circuits": ("circuits", "faulty.py"),
    "components": ("graph", "--weights", "model"),
    "blame": ("blame", "faulty.py", "--input", "abbbb"),
    "blame-all": ("blame", "faulty.py", "--all"),
    "coverage": ("coverage", "faulty.py"),
    "fuzz": ("fuzz", "faulty.py"),
    "diff": ("diff", "faulty.py", "exact.py"),
    "repair": ("repair", "faulty.py", "-o", "mended.py"),
    "run": ("run", "faulty.py", "--input", "abbbb"),
    "simplify": ("simplify", "faulty.py", "-o", "small.py"),
}
OF_ANY = ("graph", "dead", "coverage", "circuits")
"""Verbs that ask nothing of a task."""

ODD = ("frac_prevs", "detect_pattern", "shuffle_dyck2", "parity", "partial", "most_frequent")
"""Programs of fractions, of nothing, of truths, with holes: their values have forms of their own in JSON."""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., object]:
    """Runs a command line where an exact and a faulty program lie: what it prints, as JSON."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "exact.py").write_text(tprog.emit(programs.sort()).text, encoding="utf-8")
    (tmp_path / "faulty.py").write_text(tprog.emit(programs.sort_with_a_fault()).text, encoding="utf-8")

    def run(*arguments: str) -> object:
        main(arguments)
        return json.loads(capsys.readouterr().out)

    return run


def validator(name: str) -> Draft202012Validator:
    made = schema_of(results()[name])
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


@pytest.mark.parametrize("name", ASKED)
def test_what_a_verb_prints_fits_its_schema(name: str, said: Callable[..., object]) -> None:
    if name == "components":
        write_model(compile_program(programs.sort_with_a_fault()), Path("model"))
    told = said(*ASKED[name], "--json")
    validator(name).validate(told)
    assert isinstance(told, dict)
    for broken in ({**told, "more": 1}, {key: told[key] for key in list(told)[:-1]}, {**told, "schema": "tpdebug.x/1"}):
        with pytest.raises(ValidationError):
            validator(name).validate(broken)


@pytest.mark.parametrize("program", ODD)
def test_values_of_all_kinds_fit_the_schemas(program: str, said: Callable[..., object], tmp_path: Path) -> None:
    made = PROGRAMS[program].program
    (tmp_path / "odd.py").write_text(tprog.emit(made).text, encoding="utf-8")
    for verb in OF_ANY:
        validator(verb).validate(said(verb, "odd.py", "--json"))
    words = some_inputs(made, 3)[-1]
    validator("run").validate(said("run", "odd.py", "--input", json.dumps(words), "--json"))
    plain = " ".join(word for word in words if word not in ("<s>", "</s>"))
    validator("trace").validate(said("trace", "odd.py", "--input", plain, "--json"))


def test_the_verb_prints_the_schema_and_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("schema", "verify")) == 0
    assert json.loads(capsys.readouterr().out) == schema_of(results()["verify"])
    assert main(("schema",)) == 0
    assert capsys.readouterr().out.split()[::2] == list(results())


def test_a_schema_that_there_is_not_is_refused_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("schema", "verfy")) == 2
    assert "there is no schema 'verfy'; known are blame, blame-all" in capsys.readouterr().err


def test_answers_of_loops_and_of_source_fit_their_schemas(said: Callable[..., object], tmp_path: Path) -> None:
    (tmp_path / "parity.py").write_text(tprog.emit(PROGRAMS["parity"].program).text, encoding="utf-8")
    (tmp_path / "twice.rasp").write_text("r = load_from_location(tokens, length - 1 - indices);\n", encoding="utf-8")
    validator("run-loop").validate(said("run", "parity.py", "--loop", "--input", "011=", "--json"))
    validator("run").validate(said("run", "twice.rasp", "--input", "abc", "--json"))
