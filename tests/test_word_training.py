"""What training on words adds: batches of one length, unknown words, dropout, weights of classes, early ends."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tprog.tasks.builtin import UNGRADED
from trainer.config import BadSetting, TrainConfig
from trainer.data import prepare
from trainer.fit import train
from trainer.population import Population, class_weights, in_buckets, sequence_losses
from trainer.unknown import Unknown

TINY = TrainConfig(
    "sort",
    vocabulary_size=5,
    length=6,
    layers=1,
    cat_heads=2,
    num_heads=0,
    cat_mlps=0,
    num_mlps=0,
    embedding="learned",
    embedding_variables=2,
    cardinality=6,
    batch=4,
    epochs=2,
    dataset_size=60,
)
DATA = prepare(TINY)


def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.integers(1, 5), st.integers(1, 8))
def test_in_buckets_each_input_stands_in_one_batch(lengths: list[int], batch: int, buckets: int) -> None:
    order = torch.randperm(len(lengths), generator=random())
    found = in_buckets(order, torch.tensor(lengths), batch, buckets, random())
    assert sorted(torch.cat(found).tolist()) == list(range(len(lengths)))
    assert len(found) == -(-len(lengths) // batch)
    assert all(len(each) <= batch for each in found)


def test_in_buckets_a_batch_holds_inputs_of_one_length() -> None:
    lengths = torch.arange(64) % 4
    found = in_buckets(torch.randperm(64, generator=random()), lengths, 4, 16, random())
    assert all(len(lengths[each].unique()) == 1 for each in found)
    assert [int(lengths[each][0]) for each in found] != sorted(int(lengths[each][0]) for each in found)


def test_a_step_in_buckets_reads_no_further_than_its_longest_input() -> None:
    population = Population([dataclasses.replace(TINY, buckets=16)], DATA)
    lengths = DATA.train.batch.lengths
    batches = [*population._batches(0)]
    assert batches
    for columns in batches:
        assert len(population._inputs(columns, 0)[0]) == lengths[columns].max()


def test_a_class_weighs_by_how_seldom_it_is_and_a_position_by_1_on_average() -> None:
    expected = torch.tensor([0] * 90 + [1] * 10 + [UNGRADED] * 7)
    assert class_weights(expected, 3, 0.0)[:2].tolist() == [1, 1]
    weights = class_weights(expected, 3, 0.5)
    assert float(weights[1] / weights[0]) == pytest.approx(3)
    assert float(weights[expected[:100]].mean()) == pytest.approx(1)


def test_the_loss_of_a_position_counts_by_the_weight_of_its_class() -> None:
    logits, expected = torch.zeros(1, 2, 1, 2), torch.tensor([[0, 1]])
    plain = sequence_losses(logits, expected)
    assert sequence_losses(logits, expected, torch.tensor([3.0, 1.0])) == pytest.approx(float(plain) * 2)


def test_rare_words_are_read_as_unknown_more_often_and_marks_never() -> None:
    words = len(DATA.frame.vocabulary)
    unknown = Unknown.of(dataclasses.replace(DATA, stands_in=torch.full((words,), words - 1)), 5.0)
    assert unknown is not None
    counts = torch.bincount(DATA.train.tokens[DATA.train.tokens >= 0], minlength=words)
    assert torch.allclose(unknown.chance, 5 / (5 + counts))
    marks = dataclasses.replace(unknown, stands_in=torch.arange(words), chance=torch.ones(words))
    tokens = DATA.train.tokens.T
    assert torch.equal(marks.some(tokens, random()), tokens)
    every = dataclasses.replace(unknown, chance=torch.ones(words)).some(tokens, random())
    assert torch.equal(every, torch.where(tokens >= 0, words - 1, tokens))
    assert Unknown.of(DATA, 5.0) is None  # letters have no unknown word


@pytest.mark.parametrize(
    "change", [{"dropout": 0.5}, {"balance": 0.9}, {"buckets": 4}, {"noise": 0.5}, {"cooling": 0.1}, {"turns": 3.0}]
)
def test_each_setting_changes_what_is_learned(change: dict[str, Any]) -> None:
    plain, changed = (Population([dataclasses.replace(TINY, **more)], DATA) for more in ({}, change))
    for step in range(3):
        plain.step(step)
        changed.step(step)
    assert not torch.equal(plain.now, changed.now)


def test_heads_begin_by_copying_each_variable_from_both_sides_and_then_what_was_copied() -> None:
    config = dataclasses.replace(TINY, layers=2, cat_heads=4, masks="beside", turns=50.0)
    population = Population([config], DATA)
    assert population.network.mask_names == ("before", "after")
    views = population.network.layout.views(population.now.detach())
    masks = [population.network.mask_names[mask] for mask in population.network.assigned]
    first, second = (views[f"{layer}.value"][0].argmax(dim=1).tolist() for layer in (0, 1))
    assert [*zip(first, masks, strict=True)] == [(0, "before"), (0, "after"), (1, "before"), (1, "after")]
    assert second == [3, 4, 5, 6]  # behind two words and the positions


def test_a_share_of_the_values_is_dropped_and_nothing_at_last() -> None:
    population = Population([dataclasses.replace(TINY, dropout=0.25, hard=0.5, quiet=0.5)], DATA)
    kept = population._dropped(0, torch.zeros(6, 1000))
    assert kept is not None
    assert kept.shape == (2, 6000)
    assert set(kept.flatten().tolist()) == {0, 1}
    assert float(kept.mean()) == pytest.approx(0.75, abs=0.05)
    assert population._dropped(population.steps - 1, torch.zeros(6, 4)) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cooling": 0.0}, "cooling is 0.0; expected a share of lr, above 0, at most 1"),
        ({"dropout": 1.0}, "dropout is 1.0; expected a number from 0, below 1"),
        ({"balance": -1.0}, "balance is -1.0; expected a number from 0, below 1"),
        ({"unknown": float("nan")}, "unknown is nan; expected a finite number from 0"),
        ({"embedding": "one-hot", "embedding_variables": 1, "dropout": 0.5}, "dropout is for learned embeddings"),
    ],
)
def test_settings_without_a_meaning_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadSetting, match=message):
        dataclasses.replace(TINY, **changes)


def test_settings_for_words_are_written_down_only_where_somebody_chose_them() -> None:
    plain, chosen = TINY.to_mapping(), dataclasses.replace(TINY, dropout=0.5).to_mapping()
    assert set(chosen) - set(plain) == {"dropout"}
    assert TrainConfig.from_mapping(plain) == TINY


def test_a_run_ends_early_once_no_better_model_comes(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, epochs=40, evaluate_every=1, patience=3, lr=1e-6)
    result = train(config, tmp_path / "run", progress=False)
    done, _, best = dict(result.program.provenance)["epochs"].partition(" of 40, best on validation after ")
    assert int(done) == int(best) + 3 == result.epochs < 40
    assert not result.interrupted
    assert (tmp_path / "run" / "program.py").exists()
    again = train(config, tmp_path / "run", progress=False, resume=True)
    assert (again.epochs, again.program) == (result.epochs, result.program)
