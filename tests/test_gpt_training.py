"""Training a decoder: it learns, the same from the same seed, goes on where it was stopped, and refuses what it must"""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from cli.main import main
from tests.ctrl_c import press
from tprog.errors import BadFile, BadUsage
from tprog.tasks.next_token import get_next_token_task
from tprog.tasks.next_token.find import find_next_token_task
from trainer.gpt import accuracy, load
from trainer.gpt.run import GptResult, load_settings, train_gpt
from trainer.gpt.training import CHECKPOINT, METRICS, SETTINGS, Training
from trainer.gpt_settings import GptTraining

TINY = GptTraining("aa_star", layers=1, width=8, steps=6, evaluate_every=2, batch=8, calm=0)
TASK = get_next_token_task("aa_star")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge by few inputs."""
    monkeypatch.setattr("trainer.gpt.training.WATCHED", 10)


def trained(folder: Path, config: GptTraining = TINY, **how: Any) -> GptResult:
    return train_gpt(config, find_next_token_task(config.task, config.length), folder, progress=False, count=20, **how)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def stopped_at(step: int, folder: Path, monkeypatch: pytest.MonkeyPatch, config: GptTraining = TINY) -> GptResult:
    """A training that is stopped with Ctrl-C after so many steps."""
    one_step = Training.step

    def stepping(training: Training) -> None:
        one_step(training)
        if training.state.step == step:
            press()

    with monkeypatch.context() as patch:
        patch.setattr(Training, "step", stepping)
        return trained(folder, config)


def test_a_small_language_is_learned_and_training_stops_when_nothing_is_wrong_any_more(tmp_path: Path) -> None:
    config = GptTraining("a_before_b", layers=1, width=16, lr=0.02, steps=400, evaluate_every=50, batch=32, calm=2)
    result = trained(tmp_path, config)
    assert result.steps < 400
    assert all(found.whole_sequence == 1 for _, found in (*result.accuracies, *result.shifted))
    assert [lengths for lengths, _ in result.accuracies] == [(0, 50), (51, 100), (101, 150)]
    model, task = load(tmp_path), get_next_token_task("a_before_b")
    assert accuracy(model, task, (0, 150), 100).whole_sequence == 1
    assert model.config.vocabulary == task.vocabulary
    assert result.parameters == sum(each.numel() for each in model.parameters())


@pytest.mark.parametrize("step", [1, 2, 5])
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(
    step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dataclasses.replace(TINY, dropout=0.1)
    whole = trained(tmp_path / "whole", config)
    part = stopped_at(step, tmp_path / "part", monkeypatch, config)
    assert (part.interrupted, part.steps, part.accuracies) == (True, step, ())
    load(tmp_path / "part")  # a model already
    result = trained(tmp_path / "part", config, resume=True)
    assert dataclasses.replace(result, seconds=whole.seconds) == whole
    assert bytes_of(tmp_path / "part") == bytes_of(tmp_path / "whole")


def test_a_training_that_is_done_and_resumed_is_judged_again_and_stays(tmp_path: Path) -> None:
    first = trained(tmp_path)
    before = bytes_of(tmp_path)
    again = trained(tmp_path, resume=True)
    assert dataclasses.replace(again, seconds=first.seconds) == first
    assert bytes_of(tmp_path) == before
    assert len((tmp_path / METRICS).read_text(encoding="utf-8").split("\n")) == 3 + 1


def test_one_that_was_killed_before_its_first_checkpoint_begins_again(tmp_path: Path) -> None:
    trained(tmp_path / "whole")
    (tmp_path / "killed").mkdir()
    shutil.copy(tmp_path / "whole" / SETTINGS, tmp_path / "killed")
    trained(tmp_path / "killed", resume=True)
    assert bytes_of(tmp_path / "killed") == bytes_of(tmp_path / "whole")


def test_seeds_and_threads_and_random_numbers_are_nobody_elses_business(tmp_path: Path) -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    trained(tmp_path / "one", dataclasses.replace(TINY, dropout=0.5))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    trained(tmp_path / "other", dataclasses.replace(TINY, dropout=0.5, seed=1))
    assert not torch.equal(load(tmp_path / "one").tokens.weight, load(tmp_path / "other").tokens.weight)


@pytest.mark.parametrize("positions", ["offset", "absolute", "none"])
def test_positions_are_trained_as_asked(positions: Any, tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, positions=positions, batch=64, weight_decay=0.0)
    result = trained(tmp_path, config)
    model, start = load(tmp_path), Training(config, TASK).model
    if model.positions is None:
        assert positions == "none"
        assert result.shifted == ()
        return
    assert start.positions is not None
    changed = (model.positions.weight != start.positions.weight).any(dim=1)
    assert bool(changed[53:].any()) == (positions == "offset")  # inputs that are trained on have up to 52 tokens


def test_a_model_is_replaced_only_when_asked_and_other_files_never(tmp_path: Path) -> None:
    trained(tmp_path / "model")
    before = bytes_of(tmp_path / "model")
    other = dataclasses.replace(TINY, seed=1)
    with pytest.raises(BadFile, match="holds a model already; --resume it, --force its end"):
        trained(tmp_path / "model", other)
    with pytest.raises(BadUsage, match="has seed = 0, not 1; resume it with its own settings"):
        trained(tmp_path / "model", other, resume=True)
    assert bytes_of(tmp_path / "model") == before
    trained(tmp_path / "model", other, overwrite=True)
    assert load_settings(tmp_path / "model") == other
    (tmp_path / "model" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadFile, match=r"holds other things than a model, notes\.txt"):
        trained(tmp_path / "model", overwrite=True)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("damage", "message"),
    [(_cut, "is damaged or cut short"), (_flipped, "its digest is of other content")],
)
def test_a_damaged_checkpoint_is_refused(damage: Any, message: str, tmp_path: Path) -> None:
    trained(tmp_path)
    damage(tmp_path / CHECKPOINT)
    with pytest.raises(BadFile, match=message):
        trained(tmp_path, resume=True)


def test_a_checkpoint_of_other_settings_or_another_size_is_refused(tmp_path: Path) -> None:
    trained(tmp_path / "one")
    trained(tmp_path / "other", dataclasses.replace(TINY, seed=1))
    shutil.copy(tmp_path / "other" / CHECKPOINT, tmp_path / "one")
    with pytest.raises(BadFile, match="is of other settings, or the inputs or answers of the task aa_star have ch"):
        trained(tmp_path / "one", resume=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("[]", "holds a list; expected a table of settings"),
        ("{", "not JSON"),
        ('{"task": "aa_star", "width": "8"}', "width is '8', a str; expected int"),
        ('{"task": "aa_star", "depth": 3}', "unknown setting 'depth'"),
    ],
)
def test_settings_that_are_none_are_refused(settings: str, message: str, tmp_path: Path) -> None:
    (tmp_path / SETTINGS).write_text(settings, encoding="utf-8")
    with pytest.raises(BadFile, match=message):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 9, "heads": 2}, "width is 9, which 2 heads cannot share"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"dropout": 1.0}, "dropout is 1.0; expected a share"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"positions": "rotary"}, "positions is 'rotary'; expected one of 'offset', 'absolute', 'none'"),
        ({"steps": 0}, "steps is 0; expected at least 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        dataclasses.replace(TINY, **settings)


def test_what_cannot_be_trained_here_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    large = dataclasses.replace(TINY, layers=12, width=1024, batch=100_000)
    with pytest.raises(BadUsage, match=r"a decoder of 12 layers would need about [\d,]+ GiB of memory"):
        trained(tmp_path / "new", large)
    if not torch.cuda.is_available():
        with pytest.raises(BadUsage, match="torch finds no CUDA device here"):
            trained(tmp_path / "new", dataclasses.replace(TINY, device="cuda"))
    assert not (tmp_path / "new").exists()


def test_a_loss_that_is_no_longer_a_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match=r"the loss became .* in step \d+; lower lr, which is 900000"):
        trained(tmp_path, dataclasses.replace(TINY, lr=9e5, weight_decay=0.0, steps=200))


@pytest.mark.parametrize("name", ["aa_star", "count"])
def test_cutting_a_batch_into_parts_changes_no_gradient(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gradients = []
    for parts in (1, 2, 7, 50):
        training = Training(dataclasses.replace(TINY, task=name), get_next_token_task(name))
        monkeypatch.setattr(Training, "_parts", parts)
        training.step()
        gradients.append(
            torch.cat([each.grad.flatten() for each in training.model.parameters() if each.grad is not None])
        )
    assert all(torch.allclose(gradients[0], other, atol=1e-6) for other in gradients[1:])
    assert float(gradients[0].abs().max()) > 1e-3


# Tasks of other kinds #################################################################################################


# The command line #####################################################################################################

SMALL = ["--layers", "1", "--width", "8", "--steps", "4", "--evaluate-every", "2", "--batch", "8", "--calm", "0"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("trainer.gpt.run.JUDGED", 20)
    return tmp_path


def test_a_model_is_trained_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train-gpt", "aa_star", "-o", "gpt", *SMALL, "--positions", "none", "--no-tied"]) == 0
    out = capsys.readouterr().out.split("\n")
    assert out[0].startswith("lengths 0 to 50: ")
    assert out[3].startswith("wrote gpt (")
    config = load(folder / "gpt").config
    assert (config.layers, config.width, config.positions, config.tied, config.task) == (1, 8, 0, False, "aa_star")
    assert main(["train-gpt", "-o", "gpt", "--resume", "--device", "cpu"]) == 0
    assert main(["train-gpt", "reverse", "--length", "5", *SMALL]) == 0
    assert (folder / "models" / "reverse-0" / "model.safetensors").exists()


def test_ctrl_c_says_how_to_go_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one_step = Training.step

    def stepping(training: Training) -> None:
        one_step(training)
        press()

    monkeypatch.setattr(Training, "step", stepping)
    assert main(["train-gpt", "aa_star", "-o", "gpt", *SMALL]) == 130
    err = capsys.readouterr().err
    assert "stopped after 1 of 4 steps; gpt has the model as it is" in err
    assert "go on with: tpdebug train-gpt aa_star -o gpt --resume" in err
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("trainer.gpt.run.JUDGED", 20)
    assert main(["train-gpt", "aa_star", "-o", "gpt", "--resume"]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no task is named; give one that tpdebug tasks --next-token lists"),
        (["sorting"], "there is no task 'sorting'"),
        (["parity", "--heads", "3"], "width is 64, which 3 heads cannot share equally"),
        (["parity", "--resume", "--lr", "0.1"], "with the training's own settings, on any device; leave --lr out"),
        (["parity", "--resume", "--evaluate-every", "9"], "leave --evaluate-every out"),
        (["--resume"], "which training is to go on? name its folder with -o"),
        (["parity", "--resume", "-o", "none"], "there is no none/training.json"),
    ],
)
def test_a_command_that_means_nothing_is_refused_in_one_line(
    arguments: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train-gpt", *arguments]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not list(folder.iterdir())


def test_python_that_only_a_folder_names_does_not_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gpt").mkdir()
    settings = json.loads(TINY.to_json()) | {"task": "harm.py"}
    (folder / "gpt" / SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    (folder / "harm.py").write_text("raise SystemExit(7)", encoding="utf-8")
    assert main(["train-gpt", "-o", "gpt", "--resume"]) == 2
    assert "learns a task that is Python code, harm.py" in capsys.readouterr().err
