"""The standard Transformer: the same data, deterministic, chosen by validation, refused when it cannot work."""

from __future__ import annotations

import copy
import dataclasses
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tprog.errors import BadUsage
from tprog.tasks.builtin import UNGRADED, get_task
from trainer import baseline
from trainer.baseline import BaselineConfig, BaselineResult, StandardTransformer, train_baseline
from trainer.config import TrainConfig
from trainer.data import Accuracy, Split, frame_of, prepare

TINY = BaselineConfig(
    "sort",
    vocabulary_size=6,  # three letters
    length=6,
    layers=1,
    heads=2,
    d_model=16,
    d_mlp=16,
    lr=1e-2,
    batch=16,
    epochs=12,
    dataset_size=1000,
)
"""The domain has 120 inputs, of which 96 are trained on: a fraction of a second."""


@pytest.fixture(scope="module")
def result() -> BaselineResult:
    return train_baseline(TINY)


def without_time(result: BaselineResult) -> BaselineResult:
    return dataclasses.replace(result, seconds=0.0)


@cache
def network(config: BaselineConfig) -> StandardTransformer:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return StandardTransformer(config, frame_of(get_task(config.task, config.vocabulary_size, config.length)))


def test_it_learns_a_small_sort(result: BaselineResult) -> None:
    assert result.accuracies["train"].per_token > 0.9
    assert result.accuracies["test"].per_token > 0.8


def test_it_is_trained_and_judged_on_the_split_of_the_transformer_programs(result: BaselineResult) -> None:
    data = prepare(TrainConfig("sort", vocabulary_size=6, length=6, batch=16, dataset_size=1000))
    assert {name: a.sequences for name, a in result.accuracies.items()} == {n: len(s) for n, s in data.splits.items()}
    ours = baseline._data(TINY)
    for name, split in data.splits.items():
        assert torch.equal(split.tokens, ours.splits[name].tokens)
        assert torch.equal(split.expected, ours.splits[name].expected)


def test_a_data_seed_fixes_the_data_whatever_the_seed_is() -> None:
    one, other = (baseline._data(dataclasses.replace(TINY, seed=seed, data_seed=7)) for seed in (1, 2))
    assert torch.equal(one.train.tokens, other.train.tokens)
    assert not torch.equal(one.train.tokens, baseline._data(TINY).train.tokens)


def test_every_input_of_a_small_domain_is_tried(result: BaselineResult) -> None:
    assert result.exhaustive
    assert result.tried == result.domain_size == get_task("sort", 6, 6).size
    right = sum(a.sequences_right for a in result.accuracies.values())
    assert result.wrong == result.domain_size - right  # the three splits hold all of this domain


def test_a_large_domain_is_sampled_and_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "ENUMERATED", 100)
    monkeypatch.setattr(baseline, "SAMPLE", 50)
    result = train_baseline(dataclasses.replace(TINY, epochs=1))
    assert not result.exhaustive
    assert (result.tried, result.domain_size) == (50, 120)


def test_the_same_settings_give_the_same_result(result: BaselineResult) -> None:
    torch.rand(3)  # the state of the global generator is nobody's business
    assert without_time(train_baseline(TINY)) == without_time(result)
    assert without_time(train_baseline(dataclasses.replace(TINY, seed=1, data_seed=0))) != without_time(result)


def test_training_leaves_threads_and_random_numbers_as_they_were() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    train_baseline(dataclasses.replace(TINY, epochs=1))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_the_last_of_the_best_epochs_on_validation_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Accuracy] = []
    accuracy = Split.accuracy

    def noted(split: Split, predictions: torch.Tensor) -> Accuracy:
        found.append(accuracy(split, predictions))
        return found[-1]

    monkeypatch.setattr(Split, "accuracy", noted)
    result = train_baseline(dataclasses.replace(TINY, lr=0.3))  # it jumps about
    of_epochs = [(a.per_token, a.whole_sequence) for a in found[: TINY.epochs]]
    assert len(set(of_epochs)) > 2
    assert result.epoch == max(epoch for epoch, score in enumerate(of_epochs, start=1) if score == max(of_epochs))
    kept = result.accuracies["validation"]
    assert (kept.per_token, kept.whole_sequence) == max(of_epochs)


def test_the_parameters_are_counted(result: BaselineResult) -> None:
    d, mlp, words, places, classes = 16, 16, 5, 6, 3
    layer = 2 * 2 * d + (d + 1) * 3 * d + (d + 1) * d + (d + 1) * mlp + (mlp + 1) * d
    assert result.parameters == (words + places) * d + layer + 2 * d + (d + 1) * classes


@given(st.data())
def test_what_stands_behind_the_end_changes_nothing(data: st.DataObject) -> None:
    tokens = torch.tensor([data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=6))])
    padded = torch.cat([tokens, torch.full((1, 6 - tokens.shape[1]), -1)], dim=1)
    logits = network(TINY)(padded)[:, : tokens.shape[1]]
    torch.testing.assert_close(logits, network(TINY)(tokens))


@given(st.lists(st.integers(0, 2), min_size=2, max_size=8), st.integers(0, 2))
def test_a_causal_task_is_predicted_without_a_look_ahead(tokens: list[int], last: int) -> None:
    model = network(dataclasses.replace(TINY, task="dyck1", vocabulary_size=None, length=8))
    one, other = (model(torch.tensor([[*tokens[:-1], end]])) for end in (tokens[-1], last))
    torch.testing.assert_close(one[:, :-1], other[:, :-1])


def test_a_task_that_is_not_causal_looks_ahead() -> None:
    one, other = (network(TINY)(torch.tensor([[0, 1, end]])) for end in (1, 2))
    assert not torch.equal(one[:, 0], other[:, 0])


def test_positions_that_are_not_graded_do_not_count() -> None:
    data = baseline._data(TINY)
    model = copy.deepcopy(network(TINY))
    expected = torch.full_like(data.train.expected, UNGRADED)
    assert baseline._step(model, torch.optim.Adam(model.parameters(), lr=0.1), data.train.tokens, expected) == 0.0


@given(st.integers(1, 500))
def test_the_learning_rate_rises_to_its_highest_and_falls_again(steps: int) -> None:
    rates = [baseline._rate(step, steps) for step in range(steps)]
    peak = rates.index(max(rates))
    assert max(rates) == 1
    assert min(rates) > 0
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "sort", "head": 4}, "unknown setting 'head'; the nearest known one is heads"),
        ({"heads": 4}, "name no task"),
        ({"task": 3}, "task is 3, a int"),
        ({"task": "sort", "layers": 0}, "layers is 0; expected at least 1"),
        ({"task": "sort", "layers": True}, "layers is True, a bool"),
        ({"task": "sort", "epochs": None}, "epochs is None"),
        ({"task": "sort", "data_seed": -1}, "data_seed is -1"),
        ({"task": "sort", "lr": float("nan")}, "lr is nan; expected a finite number"),
        ({"task": "sort", "lr": "fast"}, "lr is 'fast'"),
        ({"task": "sort", "d_model": 20, "heads": 8}, "d_model is 20, which 8 heads cannot share"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        BaselineConfig.from_mapping(settings)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "sorted"}, "no task 'sorted'"),
        ({"batch": 97}, "batch is 97, but there are only 96 training inputs"),
        ({"vocabulary_size": 4}, "one class"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_begins(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUsage, match=message):
        train_baseline(dataclasses.replace(TINY, **changes))


def test_a_loss_that_is_no_longer_a_number_is_refused() -> None:
    with pytest.raises(BadUsage, match=r"the loss became .* in epoch .*; lower lr, which is 1e"):
        train_baseline(dataclasses.replace(TINY, lr=1e30))


def test_progress_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    train_baseline(dataclasses.replace(TINY, epochs=1), progress=True)
    shown = capsys.readouterr()
    assert "standard Transformer" in shown.err
    assert shown.out == ""
