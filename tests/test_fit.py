"""Training: deterministic, refused when it cannot work, stopped and resumed without a trace."""

from __future__ import annotations

import dataclasses
import json
import math
import multiprocessing
import os
import random
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ctrl_c import press
from tprog.errors import BadFile, BadUsage
from tprog.run.execute import execute
from tprog.tasks.builtin import UNGRADED, inputs_for
from trainer import population
from trainer.checkpoint import CHECKPOINT, CONFIG, METRICS, load_checkpoint
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.extract import Member, round_readout
from trainer.fit import TrainResult, load_program, train
from trainer.population import sequence_losses
from trainer.run import MODULE, Run

TINY = TrainConfig(
    "sort",
    vocabulary_size=5,  # two letters
    length=6,
    layers=1,
    cat_heads=1,
    num_heads=1,
    predicates="set",
    masks="assigned",
    batch=8,
    epochs=3,
    evaluate_every=2,
    dataset_size=30,
    hard=0.5,
    quiet=0.25,
)
"""24 training inputs, 3 steps an epoch, 9 steps, of which the last 4 are hard: a fraction of a second."""


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def run_to_step(monkeypatch: pytest.MonkeyPatch, folder: Path, stop: int, config: TrainConfig = TINY) -> TrainResult:
    """Train, with a Ctrl-C in the middle of the step before step `stop`."""
    step = Run.step

    def interrupted_step(run: Run) -> None:
        if run.state.step == stop - 1:
            press()
        step(run)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "step", interrupted_step)
        return train(config, folder, progress=False)


def test_equal_seeds_make_equal_runs_and_others_make_others(tmp_path: Path) -> None:
    first = train(TINY, tmp_path / "a", progress=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(99)  # what else has drawn random numbers does not matter
        again = train(TINY, tmp_path / "b", progress=False)
    other = train(dataclasses.replace(TINY, seed=1), tmp_path / "c", progress=False)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert first.program == again.program
    assert first.program != other.program
    assert set(bytes_of(tmp_path / "a")) == {CONFIG, METRICS, CHECKPOINT, MODULE}


@pytest.mark.parametrize(
    ("stop", "changes"),
    [
        (1, {}),
        (2, {}),
        (6, {}),
        (8, {}),
        (1, {"members": 3}),
        (8, {"members": 3}),
        (2, {"members": 4, "halvings": 1}),  # before the worse half is dropped,
        (7, {"members": 4, "halvings": 1}),  # and after
    ],
)
def test_a_run_that_is_stopped_and_resumed_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, changes: dict[str, Any]
) -> None:
    config = dataclasses.replace(TINY, **changes)
    whole = train(config, tmp_path / "whole", progress=False)
    part = run_to_step(monkeypatch, tmp_path / "part", stop, config)
    assert part.interrupted
    assert not whole.interrupted
    assert load_checkpoint(tmp_path / "part")[0].step == stop
    assert load_checkpoint(tmp_path / "whole")[0].step == 9
    assert load_program(tmp_path / "part") == part.program
    resumed = train(config, tmp_path / "part", resume=True, progress=False)
    assert not resumed.interrupted
    assert resumed.program == whole.program
    assert bytes_of(tmp_path / "part") == bytes_of(tmp_path / "whole")


def test_a_run_that_is_killed_goes_on_from_its_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(TINY, tmp_path / "whole", progress=False)
    step = Run.step

    def killed_step(run: Run) -> None:
        if run.state.step == 7:
            raise KeyboardInterrupt  # as a second Ctrl-C does: nothing is written any more
        step(run)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "step", killed_step)
        with pytest.raises(KeyboardInterrupt):
            train(TINY, tmp_path / "part", progress=False)
    resumed = train(TINY, tmp_path / "part", resume=True, progress=False)
    assert resumed.program == whole.program
    assert bytes_of(tmp_path / "part") == bytes_of(tmp_path / "whole")


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, epochs=60, members=2)
    calls = calls_of(config, tmp_path / "whole")
    folder = tmp_path / "part"
    # A server that has torch loaded forks the children: each is a process of its own, but begins at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    moments, kills = random.Random(3), 4
    for _ in range(kills):
        begun = (folder / CHECKPOINT).exists()
        moment = moments.randrange(calls // kills)
        child = context.Process(target=train_and_die, args=(moment, config, folder, begun))
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
    train(config, folder, resume=(folder / CHECKPOINT).exists(), progress=False)
    assert bytes_of(folder) == bytes_of(tmp_path / "whole")


def train_and_die(calls: int, config: TrainConfig, folder: Path, resume: bool) -> None:
    """Train in this process, and kill it after so many calls of functions: at any moment, and not by the clock."""
    left = calls

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    train(config, folder, resume=resume, progress=False)


def calls_of(config: TrainConfig, folder: Path) -> int:
    """How many calls and returns of functions a run takes."""
    made, before = 0, sys.getprofile()

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal made
        made += 1

    sys.setprofile(count)
    try:
        train(config, folder, progress=False)
    finally:
        sys.setprofile(before)
    return made


@pytest.mark.parametrize("resume", [False, True])
def test_what_a_killed_process_left_half_written_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resume: bool
) -> None:
    whole = train(TINY, tmp_path / "whole", progress=False)
    if resume:
        run_to_step(monkeypatch, tmp_path / "part", 4)
    else:
        (tmp_path / "part").mkdir()
    (tmp_path / "part" / ".tpdebug-8k2jx_1q.part").write_bytes(b"half")  # as `tprog.files.half_written` names it
    assert train(TINY, tmp_path / "part", resume=resume, progress=False).program == whole.program
    assert bytes_of(tmp_path / "part") == bytes_of(tmp_path / "whole")


def test_ctrl_c_is_as_before_once_training_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGINT)
    run_to_step(monkeypatch, tmp_path / "run", 2)
    assert signal.getsignal(signal.SIGINT) is before


def test_training_works_outside_the_main_thread(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(train, TINY, tmp_path, progress=False).result()
    assert result.program == load_program(tmp_path)


def test_a_second_ctrl_c_stops_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(run: Run) -> None:
        press()
        press()

    monkeypatch.setattr(Run, "step", twice)
    with pytest.raises(KeyboardInterrupt):
        train(TINY, tmp_path / "run", progress=False)


def test_a_run_that_is_done_stays_as_it_is(tmp_path: Path) -> None:
    first = train(TINY, tmp_path, progress=False)
    before = bytes_of(tmp_path)
    assert train(TINY, tmp_path, resume=True, progress=False).program == first.program
    assert bytes_of(tmp_path) == before


def test_a_run_is_overwritten_only_when_asked(tmp_path: Path) -> None:
    train(TINY, tmp_path, progress=False)
    before = bytes_of(tmp_path)
    with pytest.raises(BadFile, match="holds a run already; --resume it"):
        train(dataclasses.replace(TINY, seed=1), tmp_path, progress=False)
    assert bytes_of(tmp_path) == before
    train(dataclasses.replace(TINY, seed=1), tmp_path, progress=False, overwrite=True)
    assert bytes_of(tmp_path) != before


def test_a_run_resumes_with_its_own_settings_only(tmp_path: Path) -> None:
    train(TINY, tmp_path, progress=False)
    with pytest.raises(BadUsage, match="has num_mlps = 1, not 2; resume it with its own settings"):
        train(dataclasses.replace(TINY, num_mlps=2), tmp_path, resume=True, progress=False)


def test_a_checkpoint_cut_short_stops_resume_and_load(tmp_path: Path) -> None:
    train(TINY, tmp_path, progress=False)
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:-7])
    for attempt in (lambda: train(TINY, tmp_path, resume=True, progress=False), lambda: load_program(tmp_path)):
        with pytest.raises(BadFile, match=f"{CHECKPOINT} is damaged or cut short"):
            attempt()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadFile, match="cannot write the run folder"):
        train(TINY, tmp_path / "file" / "run", progress=False)


def test_the_metrics_are_of_the_argmax_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = train(TINY, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert [row["validation_per_token"] is None for row in rows] == [True, False, False]
    best = max(row["validation_per_token"] for row in rows[1:])
    assert result.accuracies["validation"].per_token == pytest.approx(best, abs=0.1)  # the readout is rounded since
    assert rows[0]["temperature"] > rows[-1]["temperature"] == pytest.approx(TINY.tau_hard)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 3/3" in shown.err
    assert "argmax model" in shown.err


def test_the_accuracies_are_those_of_the_program(tmp_path: Path) -> None:
    result = train(TINY, tmp_path, progress=False)
    test = prepare(TINY).test
    assert test is not None
    run = execute(result.program, test.batch)
    graded = test.expected.numpy() != UNGRADED
    accuracy = result.accuracies["test"]
    assert accuracy.tokens_right == int(((run.predictions == test.expected.numpy()) & graded).sum())
    assert accuracy.sequences == len(test)
    assert str(accuracy).endswith("of whole sequences")
    assert str(accuracy) in dict(result.program.provenance)["test accuracy"]


def test_a_trained_network_is_its_program_over_the_whole_domain(tmp_path: Path) -> None:
    result = train(TINY, tmp_path, progress=False)
    inputs = inputs_for(result.program)
    assert inputs.exhaustive
    run = Run(TINY, prepare(TINY))
    run.load(tmp_path)
    member = Member.of(run.population.network, run.population.best[0])
    tokens = torch.as_tensor(inputs.batch.tokens, dtype=torch.long)
    found = round_readout(member, tokens)[0].predict(tokens)
    np.testing.assert_array_equal(found.numpy(), execute(result.program, inputs.batch).predictions)


def test_provenance_is_one_line_an_entry(tmp_path: Path) -> None:
    provenance = dict(train(TINY, tmp_path, progress=False).program.provenance)
    assert provenance["task"] == "sort, 4 tokens, N = 6"
    assert provenance["epochs"].startswith("3 of 3, best on validation after ")
    assert "predicates = set" in provenance["settings"]
    assert provenance["training digest"].startswith("sha256 ")
    assert not any("\n" in text for text in provenance.values())


def test_training_learns(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, vocabulary_size=6, dataset_size=100, batch=32, epochs=40, evaluate_every=10)
    train(config, tmp_path, progress=False)
    rows = [json.loads(line) for line in (tmp_path / METRICS).read_text().splitlines()]
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]


def test_a_loss_that_is_no_number_is_refused_with_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        population, "sequence_losses", lambda logits, expected, weights: logits.sum(dim=(1, 2, 3)) * math.nan
    )
    with pytest.raises(
        BadUsage, match=r"the loss of seed 0 became nan in step 0 of 9 \(epoch 1\); lower lr, which is 0.05"
    ):
        train(TINY, tmp_path, progress=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 25}, "batch is 25, but there are only 24 training inputs"),
        ({"cardinality": 5}, "N is 6, but cardinality 5 holds no more positions"),
        ({"cardinality": 6, "vocabulary_size": 8}, "the vocabulary has 7 words, but cardinality 6"),
        ({"vocabulary_size": 4}, r"all answers of the task 'sort' at this size are of one class \('a'\)"),
        ({"length": 3, "batch": 1}, "2 different inputs are too few to split 80/10/10"),
        ({"task": "knit"}, "there is no task 'knit'"),
    ],
)
def test_a_run_that_cannot_work_is_refused_before_it_starts(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    config = dataclasses.replace(TINY, **changes)
    with pytest.raises(BadUsage, match=message):
        train(config, tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


def test_the_loss_is_averaged_over_each_sequence_first() -> None:
    logits = torch.tensor([[[0.0, 0], [0, 0]], [[0, 0], [3, 0]], [[5, 0], [0, 5]]])  # [B, n, C]
    expected = torch.tensor([[0, 1], [UNGRADED, 1], [UNGRADED, UNGRADED]])
    wrong = math.log(1 + math.exp(3))
    (loss,) = sequence_losses(logits.permute(2, 1, 0)[None], expected.T)
    assert loss.item() == pytest.approx((math.log(2) + wrong) / 2, rel=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_losses_are_the_naive_formula_for_each_member(seed: int, pooled: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    members, classes, n, batch = 2, 3, 4, 5
    shape = (batch,) if pooled else (n, batch)
    logits = 3 * torch.randn(members, classes, *shape, generator=generator, dtype=torch.float64)
    expected = torch.randint(-1, classes, shape, generator=generator)
    losses = []
    for member in range(members):
        each = []
        for b in range(batch):
            row = [
                (logits[member, ..., b].view(classes, -1)[:, i], int(answer))
                for i, answer in enumerate(expected[..., b].flatten().tolist())
                if answer != UNGRADED
            ]
            if row:
                each.append(sum(float(x.exp().sum().log() - x[answer]) for x, answer in row) / len(row))
        losses.append(sum(each) / max(len(each), 1))
    assert sequence_losses(logits, expected).tolist() == pytest.approx(losses)


def test_causal_tasks_train_as_well(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, task="induction", vocabulary_size=None, length=5, masks="learned")
    result = train(config, tmp_path, progress=False)
    assert result.program.causal
    assert {node.mask for node in result.program.nodes if hasattr(node, "mask")} <= {"all", "before"}
