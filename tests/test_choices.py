"""Choices: soft or hard in the forward pass, always soft in the gradient, and drawn as the logits say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from trainer.choices import Choices, Layout, Slot

LAYOUT = Layout(
    [
        Slot("number", (2,), "value", spread=1.0),
        Slot("key", (3, 4), "pick", spread=1.0),
        Slot("predicate", (2, 5), "set", spread=1.0, start=-2.0),
    ]
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def members(count: int) -> Tensor:
    """[S, P] random parameters, all different."""
    return torch.stack([LAYOUT.initial(seed) for seed in range(count)])


def one(name: str, logits: Tensor) -> Choices:
    """Argmax choices with one slot."""
    return Choices({name: logits}, hard=True, soft=False)


# The layout ###########################################################################################################


def test_what_is_picked_stands_first_then_what_is_set_then_plain_values() -> None:
    assert [slot.name for slot in LAYOUT.slots] == ["key", "predicate", "number"]
    assert (LAYOUT.picks, LAYOUT.sets, LAYOUT.choices, LAYOUT.size) == (12, 10, 22, 24)
    views = LAYOUT.views(torch.arange(48.0).view(2, 24))
    assert views["predicate"][1].flatten().tolist() == list(range(24 + 12, 24 + 22))
    assert {name: tuple(view.shape) for name, view in views.items()} == {
        "key": (2, 3, 4),
        "predicate": (2, 2, 5),
        "number": (2, 2),
    }


def test_what_is_written_to_a_view_is_written_to_the_parameters() -> None:
    theta = torch.zeros(2, LAYOUT.size)
    LAYOUT.views(theta)["number"][1].fill_(7.0)
    assert theta.nonzero().tolist() == [[1, 22], [1, 23]]


def test_initial_values_have_the_mean_and_the_spread_of_their_slot() -> None:
    layout = Layout([Slot("a", (40_000,), "set", 0.5, -2.0), Slot("b", (3,), "value")])
    theta = layout.initial(0)
    views = layout.views(theta[None])
    assert views["a"].mean().item() == pytest.approx(-2.0, abs=0.02)
    assert views["a"].std().item() == pytest.approx(0.5, abs=0.02)
    assert views["b"].tolist() == [[0.0, 0.0, 0.0]]
    assert torch.equal(theta, layout.initial(0))


# Hard choices #########################################################################################################


def test_an_even_chance_is_a_no_and_a_tie_goes_to_the_first() -> None:
    assert one("x", torch.tensor([[0.0, 0.1, -0.1]])).each("x").tolist() == [[0.0, 1.0, 0.0]]
    assert one("x", torch.tensor([[1.0, 3.0, 3.0]])).pick("x").tolist() == [[0.0, 1.0, 0.0]]
    assert one("x", torch.zeros(2, 3)).pick("x").tolist() == [[1.0, 0.0, 0.0]] * 2


def test_hard_choices_have_no_gradient() -> None:
    choices = LAYOUT.hard(members(2).requires_grad_())
    assert not choices.pick("key").requires_grad
    assert not choices.each("predicate").requires_grad


def test_a_slot_is_found_by_its_name() -> None:
    choices = LAYOUT.hard(members(1))
    assert "key" in choices
    assert "mask" not in choices
    assert list(choices) == ["key", "predicate", "number"]


# Choices to train with ################################################################################################


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("noisy", [False, True])
def test_soft_and_hard_choices_have_the_same_gradient_but_other_values(noisy: bool, hard: bool) -> None:
    theta = members(2).requires_grad_()
    temperature = torch.tensor([[0.5], [2.0]])
    noise = torch.stack([LAYOUT.noise(seeded(seed)) for seed in (5, 6)]) if noisy else None
    choices = LAYOUT.trained(theta, temperature, noise, hard)
    key, predicate, number = choices.pick("key"), choices.each("predicate"), choices.value("number")

    soft = theta[:, :22] if noise is None else theta[:, :22] + noise
    soft_key = torch.softmax(soft[:, :12].view(2, 3, 4) / temperature[..., None], dim=-1)
    soft_predicate = torch.sigmoid(soft[:, 12:].view(2, 2, 5) / temperature[..., None])
    if hard:
        assert torch.equal(key.detach(), torch.nn.functional.one_hot(soft_key.argmax(dim=-1), 4).float())
        assert torch.equal(predicate.detach(), (soft_predicate > 0.5).float())
    else:
        torch.testing.assert_close(key, soft_key)
        torch.testing.assert_close(predicate, soft_predicate)
    assert torch.equal(number, theta[:, 22:])

    weights = [torch.randn(x.shape, generator=seeded(9)) for x in (key, predicate, number)]
    found, expected = (
        torch.autograd.grad([(x * w).sum() for x, w in zip(xs, weights, strict=True)], theta)[0]
        for xs in ((key, predicate, number), (soft_key, soft_predicate, theta[:, 22:]))
    )
    torch.testing.assert_close(found, expected)
    assert found.count_nonzero() == found.numel()


def test_without_noise_hard_choices_are_the_argmax_ones_and_cold_soft_ones_nearly() -> None:
    theta, argmax = members(3), LAYOUT.hard(members(3))
    quiet = LAYOUT.trained(theta, torch.tensor([[0.3], [1.0], [3.0]]), None, hard=True)
    cold = LAYOUT.trained(theta, torch.full((3, 1), 1e-4), None, hard=False)
    for found in (quiet, cold):
        torch.testing.assert_close(found.pick("key"), argmax.pick("key"), atol=1e-6, rtol=0)
        torch.testing.assert_close(found.each("predicate"), argmax.each("predicate"), atol=1e-6, rtol=0)


@pytest.mark.parametrize("temperature", [0.1, 3.0])
def test_samples_follow_the_logits_at_any_temperature(temperature: float) -> None:
    draws = 20_000
    layout = Layout([Slot("pick", (draws, 3), "pick"), Slot("set", (draws, 2), "set")])
    picked, taken = torch.tensor([0.2, 0.5, 0.3]), torch.tensor([0.1, 0.6])
    theta = torch.cat([picked.log().repeat(draws), torch.logit(taken).repeat(draws)])[None]
    choices = layout.trained(theta, torch.tensor([[temperature]]), layout.noise(seeded())[None], hard=True)
    torch.testing.assert_close(choices.pick("pick")[0].mean(dim=0), picked, atol=0.015, rtol=0)
    torch.testing.assert_close(choices.each("set")[0].mean(dim=0), taken, atol=0.015, rtol=0)


def test_noise_repeats_with_its_generator_and_is_finite_whatever_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    assert torch.equal(LAYOUT.noise(seeded(3)), LAYOUT.noise(seeded(3)))
    assert not torch.equal(LAYOUT.noise(seeded(3)), LAYOUT.noise(seeded(4)))
    for extreme in (0.0, 1 - 2.0**-24, 1.0):
        monkeypatch.setattr(torch, "rand", lambda size, generator, extreme=extreme: torch.full((size,), extreme))
        assert bool(torch.isfinite(LAYOUT.noise(seeded())).all())


def test_a_forbidden_option_is_never_picked_and_learns_nothing() -> None:
    layout = Layout([Slot("x", (500, 3), "pick", spread=5.0)])
    theta = layout.initial(0)[None]
    layout.views(theta)["x"][..., 0] += 100.0
    theta.requires_grad_()
    allowed = torch.tensor([0.0, 1.0, 1.0])
    for choices in (
        layout.hard(theta),
        layout.trained(theta, torch.tensor([[0.01]]), layout.noise(seeded())[None], hard=True),
        layout.trained(theta, torch.tensor([[3.0]]), None, hard=True),
    ):
        picked = choices.pick("x", allowed)
        assert not picked[..., 0].any()
        assert torch.equal(picked.sum(dim=-1), torch.ones(1, 500))
        assert picked[..., 1].any()
        assert picked[..., 2].any()
    (gradient,) = torch.autograd.grad((picked * torch.tensor([1.0, 2.0, 3.0])).sum(), theta)
    views = layout.views(gradient)["x"]
    assert not views[..., 0].any()
    assert views[..., 1].any()


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_a_soft_choice_gives_next_to_nothing_to_a_forbidden_option(temperature: float) -> None:
    logits = torch.tensor([[2.0, 0.0, 1.0]])
    soft = Choices({"x": logits / temperature}, hard=False, soft=True, temperature=torch.tensor([[temperature]]))
    picked = soft.pick("x", torch.tensor([0.0, 1.0, 1.0]))
    assert picked[0, 0] < 1e-6
    torch.testing.assert_close(picked[0, 1:], torch.softmax(logits[0, 1:] / temperature, dim=0))
