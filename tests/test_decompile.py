"""From a trained network to a program, end to end, on networks that are trained in a few seconds."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from cli.main import main
from tests.small_networks import LEARNED, fresh
from tprog.tasks.next_token import get_next_token_task
from tprog.text.read import read_module
from trainer.decompile import pipeline
from trainer.decompile.measure import Agreement, Errors
from trainer.decompile.samples import TaskSource
from trainer.gpt import CONFIG, save


def _words(text: str) -> str:
    """A text as if no terminal had folded it."""
    return " ".join(text.split())


def _run(*words: object) -> int:
    return main([str(word) for word in words])


def test_a_trained_network_becomes_an_exact_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("decompile", LEARNED, "-o", "program.py", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "tpdebug.decompile/1"
    assert told["task"] == "ab_d_bc"
    assert told["found"] is True
    assert told["match"] >= 0.9
    assert told["nodes"] <= 3
    assert told["stages"][0]["divergence"] < 1e-9
    assert told["stages"][-1]["edges"] < told["stages"][0]["edges"] == 17
    assert {line["on"] for line in told["agreement"] if not line["trained"]} == {
        "random strings",
        "walks over legal tokens",
    }
    program = read_module(Path("program.py")).program
    assert set(program.classes) >= {"a|b|d", "b|c|<eos>"}
    capsys.readouterr()
    assert _run("run", "program.py", "--input", "abdc") == 0
    assert "a|b|d" in _words(capsys.readouterr().out)


def test_the_same_command_goes_on_from_the_stages_that_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("decompile", LEARNED, "--stage", "prune", "--heat", "heat.svg") == 0
    squares = Path("heat.svg").read_text()
    assert "left of its scores: attn_0_0: every query x tokens" in squares
    assert ElementTree.fromstring(squares).tag.endswith("svg")
    assert "edges are needed on the task ab_d_bc" in _words(capsys.readouterr().out)
    assert _run("decompile", LEARNED, "--stage", "readout") == 0
    first = json.loads((tmp_path / "runs" / "decompile-ab_d_bc" / "readout.json").read_text())
    monkeypatch.setattr(pipeline, "prune", None)
    monkeypatch.setattr(pipeline, "fewest", None)
    assert _run("decompile", LEARNED, "-o", "program.py") == 0
    assert "on the task ab_d_bc" in _words(capsys.readouterr().out)
    assert json.loads((tmp_path / "runs" / "decompile-ab_d_bc" / "readout.json").read_text()) == first
    assert _run("decompile", LEARNED, "-o", "steps.csv") == 0
    assert len(Path("steps.csv").read_text(encoding="utf-8").splitlines()) > 1


def test_a_damaged_stage_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("decompile", LEARNED, "--stage", "prune", "--run-folder", "kept") == 0
    path = tmp_path / "kept" / "prune.json"
    path.write_text(path.read_text().replace('"tokens"', '"places"', 1))
    capsys.readouterr()
    assert _run("decompile", LEARNED, "--stage", "prune", "--run-folder", "kept") == 2
    assert "is damaged" in capsys.readouterr().err


def test_stopping_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "fewest", stopped)
    assert _run("decompile", LEARNED) == 130
    assert "the same command goes on from there" in capsys.readouterr().err
    assert (tmp_path / "runs" / "decompile-ab_d_bc" / "prune.json").exists()


def test_no_program_as_asked_for_is_an_answer_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("decompile", LEARNED, "--nodes", "0") == 1
    assert "no program within 0 nodes at match >= 0.9; the best found has" in _words(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no-such-folder"], "there is no folder no-such-folder"),
        (["MODEL", "--task", "unique_copy"], "the task unique_copy one of 154, marks included; name its task"),
        (["MODEL", "--task", "tomita22"], "the nearest is tomita2"),
        (["MODEL", "--stage", "prune", "-o", "program.py"], "leave --stage prune out"),
        (["MODEL", "-o", "program.md"], "expected the ending .py"),
        (["MODEL", "--heat", "heat.png"], "expected the ending .svg"),
    ],
)
def test_what_cannot_be_done_is_told_before_the_work_begins(
    words: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run("decompile", *(LEARNED if word == "MODEL" else word for word in words)) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_model_that_answers_by_chance_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(fresh("ab_d_bc"), tmp_path / "fresh")
    assert _run("decompile", "fresh", "-o", "program.py") == 2
    assert "and one answer everywhere on" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["fresh"]


def test_a_model_that_overflows_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    large = copy.deepcopy(fresh("ab_d_bc"))
    with torch.no_grad():
        large.tokens.weight.mul_(1e3)
        large.norm.weight.mul_(1e38)
    save(large, tmp_path / "large")
    assert _run("decompile", "large") == 2
    told = capsys.readouterr().err
    assert "the model's logits are not finite on inputs of ab_d_bc" in told
    assert told.count("\n") == 1


def test_a_model_whose_tokens_have_other_names_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(LEARNED, "renamed")
    path = Path("renamed") / CONFIG
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["vocabulary"][:2] = ["b", "a"]
    path.write_text(json.dumps(settings), encoding="utf-8")
    assert _run("decompile", "renamed") == 2
    assert "token 0 of the model's vocabulary is 'b', and that of the task ab_d_bc is 'a'" in capsys.readouterr().err


def test_agreement_where_the_network_is_right_leaves_its_errors_out() -> None:
    row = Agreement("fresh", 10, 7, 100, 90, Errors(network=4, program=3, both=2, alike=2))
    assert row.where_right == 5 / 6
    assert row.errors is not None
    assert row.errors.recall == 2 / 4
    assert Agreement("fresh", 10, 7, 100, 90).where_right is None
    assert Agreement("fresh", 2, 0, 9, 3, Errors(2, 0, 0, 0)).where_right is None


def test_random_strings_have_symbols_that_no_word_of_the_language_has_together() -> None:
    source = TaskSource(get_next_token_task("ab_d_bc"), None)
    strings = source.random_strings(50, (0, 20), 0)
    symbols = strings.tokens[:, 1:]
    assert ((symbols == 0) & strings.present[:, 1:]).any()
    assert np.all(strings.tokens[:, 0] == source.task.bos)
    assert strings.graded[strings.present].all()
