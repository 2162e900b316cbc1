"""The benches of decoders: published names are understood, figures are compared, and nothing is done twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import gpt_models, own_gpts
from tests.bench.published_gpts import TASKS, task_named, told_accuracies
from tprog.tasks.next_token import FURTHER, LATER, NEXT_TOKEN_TASKS
from trainer.gpt import Gpt, GptConfig, save


def test_every_task_of_the_paper_has_a_published_name_and_no_other() -> None:
    assert sorted(TASKS.values()) == sorted(NEXT_TOKEN_TASKS.keys() - {task.name for task in (*FURTHER, *LATER)})


@pytest.mark.parametrize(
    ("folder", "task"),
    [
        ("bin_majority-@1l1h16d3lr01drop", "binary_majority"),
        ("bin_majority_interleave-%4l1h64d3lr01drop", "interleaved_majority"),
        ("bce_D12-@4l2h256d3lr00drop", "dyck1_depth12"),
        ("unique_copy-^2l1h64d3lr01drop-1400", "unique_copy"),
        ("bce_012_0_2-@1l1h64d4lr00drop", "012_0_2"),
        ("something-@1l", None),
    ],
)
def test_a_published_name_tells_the_task(folder: str, task: str | None) -> None:
    assert task_named(Path(folder)) == task


def test_a_figure_that_parts_from_the_one_written_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bce_aastar-@1l1h8d"
    save(Gpt(GptConfig(1, 1, 8, 152, 5)), folder)  # it is never right
    line = "1l\t\t eval_len0-50_acc: 0.0\t\teval_len51-100_acc: 0.4\t\teval_len101-150_acc: 0.001"
    (folder / "acc.txt").write_text(line, encoding="utf-8")
    save(Gpt(GptConfig(1, 1, 8, 10, 5)), tmp_path / "unknown")
    assert told_accuracies(folder) == [0.0, 0.4, 0.001]
    assert told_accuracies(tmp_path) is None
    monkeypatch.setattr(sys, "argv", ["gpt_models", str(tmp_path), "--count", "60"])
    gpt_models.main()
    shown = capsys.readouterr()
    rows = shown.out.split("\n")[2:-1]
    assert len(rows) == 1
    assert "| aa_star | 1, 1, 8 |" in rows[0]
    assert "| 0.0 / 0.0* / 0.0 | 0.0 / 40.0 / 0.1 |" in rows[0]
    assert "unknown: no task is named" in shown.err.replace("\n", "")


def test_our_own_models_are_trained_once_and_smallest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert own_gpts.SIZES.keys() == {task.name for task in (*FURTHER, *LATER)}
    monkeypatch.setattr("trainer.gpt.run.JUDGED", 10)
    monkeypatch.setitem(own_gpts.SIZES, "a_before_b", ((1, 1, 8), (1, 2, 8)))
    monkeypatch.setattr(sys, "argv", ["own_gpts", str(tmp_path), "a_before_b", "--steps", "2"])
    own_gpts.main()
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"a_before_b-1l1h8d", "a_before_b-1l2h8d"}
    first = capsys.readouterr().out.split("\n")
    own_gpts.main()
    again = capsys.readouterr().out.split("\n")
    assert first[-5:] == again[-5:]
    assert len(again) == len(first) - 2  # nothing was trained again
    monkeypatch.setattr(own_gpts, "GOOD", 0.0)
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(sys, "argv", ["own_gpts", str(tmp_path / "other"), "a_before_b", "--steps", "1"])
    own_gpts.main()
    assert [path.name for path in (tmp_path / "other").iterdir() if path.is_dir()] == ["a_before_b-1l1h8d"]
