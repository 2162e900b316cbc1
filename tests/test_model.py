"""The settings, the choices and the network's parts."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import torch
from torch import Tensor

from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END
from tprog.tasks.builtin import TASKS, get_task
from trainer.choices import Choices
from trainer.config import Masks, Predicates, TrainConfig
from trainer.data import frame_of
from trainer.model import UNREAD, Frame, Network, cardinality, mask_names, preference, windows
from trainer.presets import default_config, demo_config, published_config

FRAME = Frame((BEGIN, "a", "b", END), ("a", "b"), 5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 0}, "layers is 0; expected at least 1"),
        ({"layers": 2.5}, "layers is 2.5, a float; expected int"),
        ({"epochs": True}, "epochs is True, a bool; expected int"),
        ({"cardinality": "8"}, "cardinality is '8', a str; expected int or nothing"),
        ({"lr": 0}, "lr is 0; expected a finite number above 0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"tau_end": 4.0}, "tau_end is 4.0, above tau_init 3.0"),
        ({"cat_heads": 0, "num_heads": 0, "num_mlps": 0}, "expected at least one head a layer"),
        ({"num_heads": 0}, "num_mlps read the sums of numeric heads"),
        ({"embedding_variables": 2}, "set embedding to 'learned'"),
        ({"members": 0}, "members is 0; expected at least 1"),
        ({"hard": 1.5}, "hard is 1.5; expected a share of the steps, from 0 to 1"),
        ({"hard": 0.25, "quiet": 0.5}, "quiet is 0.5; expected a share of the steps, from 0 to hard, which is 0.25"),
        ({"length_exponent": -0.5}, "length_exponent is -0.5; expected a power from 0 to 1"),
        ({"length_exponent": float("nan")}, "length_exponent is nan; expected a power from 0 to 1"),
        ({"set_start": float("inf")}, "set_start is inf; expected a finite number"),
        ({"device": "tpu"}, "device is 'tpu'; expected one of 'cpu', 'cuda'"),
        ({"predicates": "two"}, "predicates is 'two'; expected one of 'one', 'set'"),
        ({"readout_scale": 20}, "readout_scale is 20; expected a power of ten up to 10000"),
        ({"readout_scale": 100_000}, "readout_scale is 100000; expected at most 10,000"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadUsage) as caught:
        TrainConfig("sort", **changes)
    assert message in str(caught.value)


def test_settings_need_a_task() -> None:
    with pytest.raises(BadUsage, match="the settings name no task"):
        TrainConfig.from_mapping({"layers": 1})


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_settings_that_make_a_network(task: str) -> None:
    for config in (default_config(task), published_config(task)):
        network = Network.of(config, frame_of(get_task(task, config.vocabulary_size, config.length)))
        assert sum(slot.name.endswith(".query") for slot in network.layout.slots) == config.layers


def test_the_published_class_has_neither_sets_nor_masks() -> None:
    config = published_config("sort", seed=3)
    assert (config.layers, config.cat_heads, config.num_heads, config.cat_mlps, config.num_mlps) == (3, 4, 4, 2, 2)
    assert (config.predicates, config.masks, config.polish, config.seed) == ("one", "all", 0, 3)
    assert demo_config().task == "sort"
    with pytest.raises(BadUsage, match="no published size for the task 'knit'"):
        published_config("knit")


def test_a_variable_must_hold_positions_and_words() -> None:
    assert cardinality(TrainConfig("sort"), FRAME) == 5
    with pytest.raises(BadUsage, match="N is 5, but cardinality 4 holds no more positions"):
        cardinality(TrainConfig("sort", cardinality=4), FRAME)
    wordy = dataclasses.replace(FRAME, vocabulary=(BEGIN, *"abcdef"))
    with pytest.raises(BadUsage, match="the vocabulary has 7 words, but cardinality 5 holds no more"):
        cardinality(TrainConfig("sort", cardinality=5), wordy)
    assert cardinality(TrainConfig("sort", cardinality=5, embedding="learned"), wordy) == 5


def test_a_causal_head_never_looks_ahead() -> None:
    causal = dataclasses.replace(FRAME, causal=True)
    assert mask_names(TrainConfig("sort"), causal) == ("all",)
    assert mask_names(TrainConfig("sort", masks="learned"), causal) == ("all", "before")
    assert mask_names(TrainConfig("sort", masks="assigned"), FRAME) == ("all", "before", "after")
    assert not torch.triu(windows(("all", "before"), 5, causal=True), diagonal=1).any()


def random_parameters(network: Network, members: int = 1, seed: int = 0) -> Tensor:
    """[S, P] parameters of which none is 0."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(members, network.layout.size, generator=generator)


def noisy_choices(network: Network, theta: Tensor, hard: bool) -> Choices:
    """The choices of a training step."""
    noise = torch.stack([network.layout.noise(torch.Generator().manual_seed(row)) for row in range(len(theta))])
    return network.layout.trained(theta, torch.ones(len(theta), 1), noise, hard)


def every_phase(network: Network, theta: Tensor) -> list[Choices]:
    """Argmax choices, and those of training steps, hard and soft."""
    return [network.layout.hard(theta), *(noisy_choices(network, theta, hard) for hard in (True, False))]


@pytest.mark.parametrize("masks", ["all", "learned", "assigned"])
def test_what_follows_changes_nothing_in_a_causal_network(masks: Masks) -> None:
    config = TrainConfig("sort", predicates="set", masks=masks)
    network = Network.of(config, dataclasses.replace(FRAME, causal=True))
    theta = random_parameters(network, members=3)
    tokens, other = torch.tensor([[0, 1, 2, 2, 1], [0, 1, 2, 1, 2]]).T[..., None].unbind(dim=1)
    for choices in every_phase(network, theta):
        before, after = (network.logits(choices, each)[:, :, :3] for each in (tokens, other))
        torch.testing.assert_close(before, after)


def test_positions_are_preferred_by_distance_left_before_right_and_oneself_last() -> None:
    assert preference(5)[2].tolist() == [1, 3, 0, 4, 2]
    assert preference(5)[0].tolist() == [1, 2, 3, 4, 0]
    assert preference(1).tolist() == [[0]]


def test_the_parameters_of_a_layout_are_those_that_are_read() -> None:
    config = TrainConfig("sort", layers=1, num_heads=0, num_mlps=0, masks="learned", embedding="learned")
    names = {slot.name for slot in Network.of(config, FRAME).layout.slots}
    heads = {f"0.{role}" for role in ("query", "key", "value", "predicate", "mask")}
    assert names == {"embedding", *heads, "0.cat_reads", "0.cat_table", "readout", "number_readout"}
    assert not any(".mask" in slot.name for slot in Network.of(TrainConfig("sort", masks="all"), FRAME).layout.slots)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("predicates", ["one", "set"])
@pytest.mark.parametrize("masks", ["all", "learned", "assigned"])
def test_every_parameter_that_is_read_gets_a_gradient(predicates: Predicates, masks: Masks, hard: bool) -> None:
    config = TrainConfig("sort", predicates=predicates, masks=masks, embedding="learned", embedding_variables=2)
    network = Network.of(config, FRAME)
    theta = random_parameters(network, members=2).requires_grad_()
    tokens = torch.tensor([[0, 1, 2, 2, 3], [0, 2, 1, 3, -1], [0, 2, 2, 1, 3], [0, 1, 1, 3, -1]]).T
    network.logits(noisy_choices(network, theta, hard), tokens).square().sum().backward()
    assert theta.grad is not None
    gradients = network.layout.views(theta.grad)
    silent = {name for name, gradient in gradients.items() if not gradient.flatten(1).any(dim=1).all()}
    # The first layer's numeric heads have one variable to read, `ones`, so there is nothing to choose.
    assert silent == {"0.number"}


@pytest.mark.parametrize("pooled", [False, True])
def test_what_stands_behind_the_end_of_an_input_changes_nothing(pooled: bool) -> None:
    frame = dataclasses.replace(FRAME, pooled=pooled)
    network = Network.of(TrainConfig("sort", predicates="set", masks="assigned"), frame)
    theta = random_parameters(network, members=2)
    short, padded = torch.tensor([[0, 2, 3]]).T, torch.tensor([[0, 2, 3, -1, -1]]).T
    for choices in every_phase(network, theta):
        both = [network.logits(choices, tokens) for tokens in (short, padded)]
        torch.testing.assert_close(both[0], both[1] if pooled else both[1][:, :, :3])
    predicted = network.predict(theta, padded)
    assert pooled or predicted[:, 3:].eq(UNREAD).all()


def test_pooled_logits_are_means_in_training_and_sums_of_the_argmax_model() -> None:
    one_by_one = Network.of(TrainConfig("sort", predicates="set"), FRAME)
    pooled = dataclasses.replace(one_by_one, frame=dataclasses.replace(FRAME, pooled=True))
    theta = random_parameters(one_by_one, members=2)
    tokens = torch.tensor([[0, 2, 1, 3], [0, 2, 3, -1]]).T
    present = (tokens >= 0).float()
    argmax, hard, soft = every_phase(one_by_one, theta)
    for choices, count in ((argmax, torch.ones(2)), (hard, present.sum(dim=0)), (soft, present.sum(dim=0))):
        totals = (one_by_one.logits(choices, tokens) * present).sum(dim=2)
        torch.testing.assert_close(pooled.logits(choices, tokens), totals / count)


def test_forced_outputs_are_not_predicted() -> None:
    network = Network.of(TrainConfig("sort"), FRAME)
    tokens = torch.tensor([[0, 1, 2, 3], [0, 2, 3, -1]]).T
    predicted = network.predict(random_parameters(network, members=3), tokens)
    assert torch.equal(predicted == UNREAD, ((tokens != 1) & (tokens != 2)).expand(3, -1, -1))


@pytest.mark.parametrize("pooled", [False, True])
def test_members_and_pieces_of_a_batch_do_not_touch_each_other(pooled: bool) -> None:
    config = TrainConfig("sort", predicates="set", masks="learned", embedding="learned")
    network = Network.of(config, dataclasses.replace(FRAME, pooled=pooled))
    theta = random_parameters(network, members=4).double()
    tokens = torch.randint(1, 3, (5, 20), generator=torch.Generator().manual_seed(0))
    tokens[0] = 0
    whole = network.predict(theta, tokens)
    alone = torch.cat([network.predict(member[None], tokens) for member in theta])
    assert torch.equal(whole, alone)
    assert torch.equal(whole, network.predict(theta, tokens, chunk=7))
    assert any(not torch.equal(whole[0], other) for other in whole)
