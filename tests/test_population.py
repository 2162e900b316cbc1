"""Many members at once: each learns what it would learn alone, the best is kept, and nothing piles up."""

from __future__ import annotations

import dataclasses
import gc
import json
import math
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tprog.errors import BadUsage
from tprog.run.execute import predict
from trainer import population
from trainer.checkpoint import METRICS, load_checkpoint
from trainer.config import TrainConfig
from trainer.data import prepare
from trainer.extract import Member, model_to_program
from trainer.fit import train
from trainer.population import OWN_KEYS, TENSORS, Population, epoch_order, sequence_losses
from trainer.run import Run

TINY = TrainConfig(
    "sort",
    vocabulary_size=5,  # two letters
    length=6,
    layers=2,
    cat_heads=1,
    num_heads=1,
    predicates="set",
    masks="learned",
    batch=8,
    epochs=3,
    evaluate_every=2,
    dataset_size=30,
    hard=0.5,
    quiet=0.25,
)
"""24 training inputs, 3 steps an epoch, 9 steps: 5 soft ones, 2 hard ones with noise, 2 without."""

DATA = prepare(TINY)

SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {"seed": 7, "lr": 0.02},
    {"seed": 8, "tau_init": 1.0, "tau_end": 0.5},
    {"seed": 9, "tau_hard": 0.6},
)
"""What members that train together may differ in, all of it."""


def members(settings: Sequence[dict[str, Any]] = SETTINGS) -> list[TrainConfig]:
    return [dataclasses.replace(TINY, **changes) for changes in settings]


def trained(configs: Sequence[TrainConfig], steps: int = 9) -> Population:
    """A population after some steps."""
    found = Population(configs, DATA)
    for step in range(steps):
        found.step(step)
    return found


def expect_alike(one: Tensor, other: Tensor) -> None:
    """Parameters [P] that are the same but for rounding, which Adam enlarges where a gradient is next to nothing."""
    apart = (one - other).detach().abs()
    assert float(apart.mean()) < 5e-3
    assert float(apart.max()) < 0.05


# The order of an epoch ################################################################################################


LENGTHS = torch.tensor([3] * 4 + [4] * 16 + [5] * 100)


def drawn(exponent: float, seed: int = 0) -> Tensor:
    """How often each input of `LENGTHS` is in an epoch."""
    order = epoch_order(LENGTHS, exponent, torch.Generator().manual_seed(seed))
    return torch.bincount(order, minlength=len(LENGTHS))


def test_with_exponent_1_an_epoch_has_each_input_once() -> None:
    assert drawn(1.0).unique().tolist() == [1]


@pytest.mark.parametrize(("exponent", "each"), [(0.5, [15, 30, 75]), (0.0, [40, 40, 40])])
def test_a_length_has_the_share_of_its_number_of_inputs_to_the_exponent(exponent: float, each: list[int]) -> None:
    times = drawn(exponent)
    assert [int(times[length == LENGTHS].sum()) for length in (3, 4, 5)] == each
    # No input of a length is left behind by more than one turn.
    assert all(int(times[length == LENGTHS].max() - times[length == LENGTHS].min()) <= 1 for length in (3, 4, 5))


def test_inputs_that_have_no_turn_in_one_epoch_have_one_in_another() -> None:
    assert bool(((drawn(0.5, 0) + drawn(0.5, 1) + drawn(0.5, 2) + drawn(0.5, 3)) > 0).float().mean() > 0.95)
    assert not torch.equal(drawn(0.5, 0), drawn(0.5, 1))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=60), st.floats(0, 1), st.integers(0, 9))
def test_an_epoch_is_as_long_as_there_are_inputs(lengths: list[int], exponent: float, seed: int) -> None:
    order = epoch_order(torch.tensor(lengths), exponent, torch.Generator().manual_seed(seed))
    assert order.shape == (len(lengths),)
    assert int(order.min()) >= 0
    assert int(order.max()) < len(lengths)


def test_a_population_trains_on_the_lengths_that_its_exponent_asks_for() -> None:
    config = dataclasses.replace(TINY, length_exponent=0.0)
    found = Population([config], DATA)
    order = torch.cat(list(found._batches(0)))
    lengths = torch.as_tensor(DATA.train.batch.lengths)[order]
    counts = lengths.unique(return_counts=True)[1]
    assert int(counts.max() - counts.min()) <= 1


# Each for itself ######################################################################################################


def test_a_member_among_others_ends_as_it_would_alone() -> None:
    configs = members()
    assert {key for changes in SETTINGS for key in changes} == set(OWN_KEYS)
    together, backwards = trained(configs), trained(configs[::-1])
    for place, config in enumerate(configs):
        alone = trained([config])
        for other, row in ((together, place), (backwards, len(configs) - 1 - place)):
            # Of the choices nothing more is asked: where two options are next to equal, rounding may decide.
            expect_alike(alone.now[0], other.now[row])


def test_members_that_differ_in_any_setting_of_their_own_learn_something_else() -> None:
    together = trained(members([{}, *({key: getattr(TINY, key) / 2} for key in OWN_KEYS if key != "seed")]))
    assert len({tuple(row) for row in together.now.tolist()}) == len(OWN_KEYS)


def test_members_of_one_seed_are_the_same_and_those_of_two_are_not() -> None:
    found = trained(members([{"seed": 3}, {"seed": 3}, {"seed": 4}]), steps=4)
    expect_alike(found.now[0], found.now[1])
    assert not torch.allclose(found.now[0], found.now[2], atol=0.1)


def test_each_member_has_its_own_temperature_falling_while_choices_are_soft() -> None:
    found = Population(members(), DATA)
    temperatures = torch.cat([found.temperature(step) for step in range(found.steps)], dim=1)  # [S, step]
    assert temperatures.shape == (4, 9)
    assert [found.is_hard(step) for step in range(9)] == [False] * 5 + [True] * 4
    assert [found.is_quiet(step) for step in range(9)] == [False] * 7 + [True] * 2
    assert temperatures[:, 0].tolist() == pytest.approx([3.0, 3.0, 1.0, 3.0])
    ratios = temperatures[:, 1:5] / temperatures[:, :4]
    torch.testing.assert_close(ratios, ratios[:, :1].expand(-1, 4))
    assert temperatures[:, -1].tolist() == pytest.approx([0.3, 0.3, 0.3, 0.6])
    ratios = temperatures[:, 6:] / temperatures[:, 5:-1]
    torch.testing.assert_close(ratios, ratios[:, :1].expand(-1, 3))
    for member, row in zip(found.members, temperatures, strict=True):
        assert member.tau_end <= float(row[4]) < 3 * member.tau_end


def test_a_quiet_step_is_one_of_the_argmax_model() -> None:
    found = Population(members([{"hard": 1.0, "quiet": 1.0}]), DATA)
    order = torch.randperm(24, generator=population.data_generator(TINY, "order 0"))[:8]
    choices = found.network.layout.hard(found.now.detach())
    losses = sequence_losses(found.network.logits(choices, found.train[:, order]), found.graded[:, order])
    torch.testing.assert_close(found.step(0), losses)


def test_a_step_is_one_of_adam() -> None:
    found = Population(members([{}]), DATA)
    reference = found.now.detach().clone().requires_grad_()
    adam = torch.optim.Adam([reference], lr=TINY.lr)
    for step in range(6):
        found.step(step)
        assert found.now.grad is not None
        reference.grad = found.now.grad.clone()
        adam.step()
        torch.testing.assert_close(found.now, reference, atol=1e-5, rtol=1e-5)


def test_the_accuracies_are_those_of_each_members_argmax_model() -> None:
    found = trained(members(), steps=5)
    for row, accuracy in enumerate(found.evaluate(DATA.validation)):
        member = Member.of(found.network, found.now[row])
        assert accuracy == DATA.validation.accuracy(member.predict(DATA.validation.tokens))
        finest = Member(
            dataclasses.replace(found.network, config=dataclasses.replace(TINY, readout_scale=10_000)), member.theta
        )
        program, rounding = model_to_program(finest, DATA.validation.tokens)
        if not rounding.changed:
            predictions, _ = predict(program, DATA.validation.batch)
            assert accuracy == DATA.validation.accuracy(torch.as_tensor(predictions, dtype=torch.long))


# Who may train together ###############################################################################################


@pytest.mark.parametrize(
    ("key", "value"), [("layers", 1), ("batch", 4), ("data_seed", 1), ("epochs", 4), ("masks", "all"), ("task", "hist")]
)
def test_members_that_differ_in_shape_or_data_are_refused_with_the_key(key: str, value: Any) -> None:
    with pytest.raises(BadUsage) as caught:
        Population([TINY, dataclasses.replace(TINY, seed=1), dataclasses.replace(TINY, **{key: value})], DATA)
    message = str(caught.value)
    assert message.startswith(f"members differ in {key} ({getattr(TINY, key)} and {value});")
    assert ", ".join(OWN_KEYS) in message


def test_a_device_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadUsage) as caught:
        train(dataclasses.replace(TINY, device="cuda"), tmp_path / "run", progress=False)
    assert str(caught.value) == "device is 'cuda', but torch finds no CUDA device here; leave it at 'cpu'"
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_no_number_names_the_member(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Population(members([{}, {"seed": 5, "lr": 0.25}]), DATA)
    found.step(0)
    worse = torch.tensor([0.0, math.inf])
    monkeypatch.setattr(population, "sequence_losses", lambda *inputs: sequence_losses(*inputs) + worse)
    with pytest.raises(
        BadUsage, match=r"the loss of seed 5 became inf in step 4 .*\(epoch 2\); lower lr, which is 0.25"
    ):
        found.step(4)


# The best of them #####################################################################################################


def test_the_first_of_the_best_members_is_chosen() -> None:
    run = Run(dataclasses.replace(TINY, members=4), DATA)
    assert run.chosen == 0
    run.state = dataclasses.replace(run.state, best_scores=((0.7, 0.1), (0.7, 0.2), (0.6, 0.9), (0.7, 0.2)))
    assert run.chosen == 1


def test_each_member_keeps_its_best_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(dataclasses.replace(TINY, members=2, evaluate_every=1), DATA)
    full = DATA.validation.accuracy(DATA.validation.expected)
    nothing, half = dataclasses.replace(full, tokens_right=0), dataclasses.replace(full, tokens_right=5)
    passed = []
    for found in ([nothing, half], [half, nothing], [half, half]):
        monkeypatch.setattr(run.population, "evaluate", lambda split, found=found: found)
        run.step()
        run.end_epoch()
        passed.append(run.population.now.detach().clone())
    # An equal one that comes later is not better.
    assert torch.equal(run.population.best, torch.stack([passed[1][0], passed[0][1]]))
    assert run.state.best_scores == ((half.per_token, 1.0), (half.per_token, 1.0))


def test_a_run_of_members_ends_with_the_best_of_its_seeds(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, members=3, seed=4, epochs=6)
    result = train(config, tmp_path / "all", progress=False)
    state, tensors = load_checkpoint(tmp_path / "all")
    scores = []
    for seed in (4, 5, 6):
        train(dataclasses.replace(config, members=1, seed=seed), tmp_path / str(seed), progress=False)
        scores.append(load_checkpoint(tmp_path / str(seed))[0].best_scores[0])
    assert state.best_scores == tuple(scores)
    chosen = scores.index(max(scores))
    member = Member.of(Run(config, DATA).population.network, tensors["best"][chosen])
    program, _ = model_to_program(member, DATA.validation.tokens, result.program.provenance)
    assert result.program == program
    assert dict(program.provenance)["seed"] == f"{4 + chosen}, best on validation of 4 to 6"
    rows = [json.loads(line) for line in (tmp_path / "all" / METRICS).read_text().splitlines()]
    assert max(row["validation_per_token"] for row in rows if row["validation_per_token"]) == scores[chosen][0]


def test_the_worse_half_is_dropped_and_the_better_goes_on_as_alone(tmp_path: Path) -> None:
    config = dataclasses.replace(TINY, members=5, seed=4, epochs=8, halvings=2)
    result = train(config, tmp_path / "all", progress=False)
    state, tensors = load_checkpoint(tmp_path / "all")
    assert len(state.alive) == len(state.best_scores) == len(tensors["now"]) == 2  # of 5, then 3
    for place, member in enumerate(state.alive):
        alone = dataclasses.replace(config, members=1, halvings=0, seed=4 + member)
        train(alone, tmp_path / str(member), progress=False)
        own = load_checkpoint(tmp_path / str(member))[1]
        expect_alike(own["now"][0], tensors["now"][place])
    chosen = state.alive[state.best_scores.index(max(state.best_scores))]
    assert dict(result.program.provenance)["seed"] == f"{4 + chosen}, best on validation of 4 to 8"


def test_of_equal_members_the_first_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(dataclasses.replace(TINY, members=5, epochs=2, halvings=1), DATA)
    full = DATA.validation.accuracy(DATA.validation.expected)
    right = [dataclasses.replace(full, tokens_right=count) for count in (2, 1, 2, 3, 2)]
    monkeypatch.setattr(run.population, "evaluate", lambda split: right)
    for _ in range(run.steps_an_epoch):
        run.step()
    before = run.population.now.detach().clone()
    run.end_epoch()
    assert run.state.alive == (0, 2, 3)
    assert torch.equal(run.population.now, before[[0, 2, 3]])
    assert [member.seed for member in run.population.members] == [0, 2, 3]
    assert run.chosen == 2


# What is kept from step to step #######################################################################################


def test_a_population_goes_on_from_its_tensors_to_the_same_bytes() -> None:
    whole, part, resumed = (Population(members(), DATA) for _ in range(3))
    for step in range(7):
        whole.step(step)
    for step in range(4):
        part.step(step)
    tensors = part.tensors()
    assert tuple(tensors) == TENSORS
    resumed.restore({name: tensor.clone() for name, tensor in tensors.items()})
    for step in range(4, 7):
        resumed.step(step)
    assert all(torch.equal(resumed.tensors()[name], whole.tensors()[name]) for name in TENSORS)


def test_nothing_piles_up_from_step_to_step(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[weakref.ref[Tensor]] = []

    def noted(logits: Tensor, expected: Tensor, weights: Tensor | None) -> Tensor:
        seen.append(weakref.ref(logits))  # the graph of a step holds these
        return sequence_losses(logits, expected, weights)

    monkeypatch.setattr(population, "sequence_losses", noted)
    found = Population(members(), DATA)
    losses, alive = [], {}
    for step in range(10):
        losses.append(found.step(step))
        if step in (2, 9):
            gc.collect()
            alive[step] = sum(type(thing) is torch.Tensor for thing in gc.get_objects())
    assert alive[9] - alive[2] == 7  # the losses, kept here
    assert not any(loss.requires_grad for loss in losses)
    assert [ref() for ref in seen] == [None] * 10
