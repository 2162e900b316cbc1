"""The settings, the choices and the network's parts."""

from __future__ import annotations

import dataclasses
from itertools import product
from typing import Any

import pytest
import torch

from tprog import primitives
from tprog.errors import BadUsage
from tprog.program import BEGIN, END
from tprog.tasks import TASKS, get_task
from trainer.choices import ARGMAX, Sampled
from trainer.config import Masks, Predicates, TrainConfig, default_config, demo_config, published_config
from trainer.data import frame_of
from trainer.model import Frame, Network, Windows, cardinality, mask_names, nearest

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
        ({"predicates": "two"}, "predicates is 'two'; expected one of 'one', 'set'"),
        ({"readout_scale": 20}, "readout_scale is 20; expected a power of ten up to 10000"),
        ({"readout_scale": 100_000}, "readout_scale is 100000; expected a power of ten up to 10000"),
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
        network = Network(config, frame_of(get_task(task, config.vocabulary_size, config.length)))
        assert len(network.each_layer) == config.layers


def test_the_published_class_has_neither_sets_nor_masks() -> None:
    config = published_config("sort", seed=3)
    assert (config.layers, config.cat_heads, config.num_heads, config.cat_mlps, config.num_mlps) == (3, 4, 4, 2, 2)
    assert (config.predicates, config.masks, config.epochs, config.seed) == ("one", "all", 250, 3)
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
    options = Windows(("all", "before"), 5, causal=True).options
    assert not torch.triu(options, diagonal=1).any()


def test_the_order_of_preference_is_that_of_the_primitives() -> None:
    n = 5
    windows = Windows(("all",), n, causal=False)
    for keys in product((0, 1), repeat=n):
        score = torch.tensor([keys] * n, dtype=torch.float32)
        best = (score * windows.rank).argmax(dim=1).tolist()
        closest = primitives.select_closest(list(keys), [1] * n, lambda query, key: query == key)
        assert best == [0 if j is None else j for j in closest]


def test_soft_attention_becomes_the_hard_rule_when_scores_are_hard() -> None:
    n = 5
    windows = Windows(("all",), n, causal=False)
    score = torch.tensor(list(product((0.0, 1.0), repeat=n))).unsqueeze(1).expand(-1, n, -1)
    values = torch.eye(n).expand(len(score), n, n)
    soft, hard = (nearest(score, values, windows, exact) for exact in (False, True))
    torch.testing.assert_close(soft, hard, atol=1e-4, rtol=0)


def test_a_cold_sample_is_nearly_hard_and_repeats_with_its_generator() -> None:
    logits = torch.tensor([[0.0, 30.0, 0.0], [30.0, 0.0, 0.0]])
    drawn = [Sampled(0.01, torch.Generator().manual_seed(1)).pick(logits) for _ in range(2)]
    assert torch.equal(drawn[0], drawn[1])
    torch.testing.assert_close(drawn[0], ARGMAX.pick(logits))
    taken = Sampled(0.01, torch.Generator().manual_seed(1)).each(torch.tensor([-30.0, 30.0]))
    torch.testing.assert_close(taken, torch.tensor([0.0, 1.0]))


def test_samples_follow_the_logits() -> None:
    logits = torch.log(torch.tensor([0.2, 0.5, 0.3])).expand(20_000, 3)
    shares = ARGMAX.pick(Sampled(1.0, torch.Generator().manual_seed(0)).pick(logits)).mean(dim=0)
    torch.testing.assert_close(shares, torch.tensor([0.2, 0.5, 0.3]), atol=0.02, rtol=0)


def test_what_is_not_allowed_is_not_chosen() -> None:
    logits, allowed = torch.tensor([[5.0, 1.0, 0.0]]), torch.tensor([[0.0, 1.0, 1.0]])
    assert ARGMAX.pick(logits, allowed).tolist() == [[0.0, 1.0, 0.0]]
    assert Sampled(0.1, torch.Generator().manual_seed(0)).pick(logits, allowed)[0, 0] < 1e-6


def test_an_even_chance_is_a_no_and_a_tie_goes_to_the_first() -> None:
    assert ARGMAX.each(torch.zeros(2)).tolist() == [0.0, 0.0]
    assert ARGMAX.pick(torch.zeros(2)).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("predicates", ["one", "set"])
@pytest.mark.parametrize("masks", ["all", "learned", "assigned"])
def test_every_parameter_that_is_read_gets_a_gradient(predicates: Predicates, masks: Masks) -> None:
    torch.manual_seed(0)
    config = TrainConfig("sort", predicates=predicates, masks=masks, embedding="learned", hidden=8)
    network = Network(config, FRAME)
    with torch.no_grad():
        network.readout.normal_()
        network.number_readout.normal_()
    tokens = torch.tensor([[0, 1, 2, 2, 3], [0, 2, 1, 3, -1]])
    network(tokens, Sampled(1.0, torch.Generator().manual_seed(0))).square().sum().backward()
    silent = {
        name for name, p in network.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())
    }
    # The first layer's numeric heads have one variable to read, `ones`, so there is nothing to choose.
    assert silent == {"layers.0.heads.number"}


def test_what_stands_behind_the_end_of_an_input_changes_nothing() -> None:
    torch.manual_seed(0)
    for pooled in (False, True):
        network = Network(
            TrainConfig("sort", predicates="set", masks="assigned"), dataclasses.replace(FRAME, pooled=pooled)
        )
        torch.nn.init.normal_(network.readout)
        short = torch.tensor([[0, 2, 3]])
        padded = torch.tensor([[0, 2, 3, -1, -1]])
        both = [network(tokens, ARGMAX) for tokens in (short, padded)]
        torch.testing.assert_close(both[0], both[1] if pooled else both[1][:, :3])
