"""The readout of a program of words is fitted anew after the last epoch, and network and program stay equal."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest
import torch

from trainer import refit_words
from trainer.config import TrainConfig
from trainer.data import Data, prepare
from trainer.extract import Member, model_to_program, put_readout
from trainer.fit import TrainResult, _claimed, train
from trainer.presets import default_config
from trainer.run import Run

SMALL = {"layers": 1, "cat_heads": 2, "embedding_variables": 2, "epochs": 1, "refit": True}
CONFIG = TrainConfig.from_mapping({**default_config("synthetic").to_mapping(), **SMALL})
LABELS = TrainConfig.from_mapping({**default_config("topics").to_mapping(), **SMALL})


@pytest.fixture(scope="module")
def data() -> Data:
    return prepare(CONFIG)


@pytest.fixture(scope="module")
def member(data: Data) -> Member:
    run = Run(CONFIG, data)
    for _ in range(run.steps):
        run.step()
    run.end_epoch()
    return Member.of(run.population.network, run.population.best[0])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    return train(CONFIG, tmp_path_factory.mktemp("runs") / "run", progress=False)


def test_a_run_ends_with_a_readout_that_is_better_on_validation_and_a_program_equal_to_its_network(
    whole: TrainResult, member: Member, data: Data
) -> None:
    trained = data.validation.accuracy(member.predict(data.validation.tokens))
    after = whole.accuracies["validation"].score
    assert after > trained.score
    assert whole.refitted is not None
    assert whole.refitted.startswith("readout fitted anew, pull ")
    assert whole.refitted.endswith(f" -> {after[0]:.2%} F1")
    assert dict(whole.program.provenance)["refitted"] == whole.refitted
    assert whole.agreement is not None
    assert whole.agreement.equal == whole.agreement.total > 5000


def test_a_run_stopped_before_the_readout_is_fitted_ends_with_the_same_bytes(
    tmp_path: Path, data: Data, whole: TrainResult
) -> None:
    stopped = tmp_path / "stopped"
    with _claimed(CONFIG, stopped, data, resume=False, overwrite=False, start=None) as run:
        run.to_the_end(stopped, threading.Event(), ())
    went_on, again = (train(CONFIG, stopped, resume=True, progress=False) for _ in range(2))
    assert whole.refit_seconds is not None
    assert went_on.refit_seconds is not None
    assert again.refit_seconds is None
    assert whole.refitted == went_on.refitted == again.refitted
    assert whole.agreement == went_on.agreement == again.agreement
    assert again.program == went_on.program
    for name in ("program.py", "checkpoint.safetensors"):
        assert (whole.folder / name).read_bytes() == (stopped / name).read_bytes()


def test_the_test_split_has_no_say(member: Member, data: Data) -> None:
    chosen, told = refit_words.refitted_words(member, data, 0.5, 0)
    assert data.test is not None
    mixed = dataclasses.replace(data.test, expected=data.test.expected.flip(0))
    other, said = refit_words.refitted_words(member, dataclasses.replace(data, test=mixed), 0.5, 0)
    assert told == said
    assert torch.equal(chosen.theta, other.theta)


def test_where_no_fit_is_better_the_trained_readout_stays(
    member: Member, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refit_words, "STRENGTHS", (1e12,))
    kept, told = refit_words.refitted_words(member, data, 0.5, 0)
    assert kept is member
    assert str(told).startswith("readout fitted anew, but none was better on validation than the trained one, ")


def test_what_is_read_off_a_member_can_be_put_back(member: Member, data: Data) -> None:
    program, _ = model_to_program(member, data.validation.tokens[:1])
    rows = {term.variable: term.array / program.readout.scale for term in program.readout.terms}
    doubled = put_readout(member, {name: 2 * row for name, row in rows.items()})
    found, _ = model_to_program(doubled, data.validation.tokens[:1])
    assert found.nodes == program.nodes
    assert [(2 * term.array).tolist() for term in program.readout.terms] == [
        term.array.tolist() for term in found.readout.terms
    ]


def test_texts_with_one_label_have_it_too_where_it_is_asked_for(tmp_path: Path) -> None:
    result = train(LABELS, tmp_path / "run", progress=False)
    assert result.refitted is not None
    assert "per token" in result.refitted
    assert result.agreement is not None
    assert result.agreement.equal == result.agreement.total
