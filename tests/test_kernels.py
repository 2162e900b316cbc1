"""Each kernel is its plain formula, with the right gradient; and attention to the nearest is the primitive's rule."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import torch
from torch import Tensor

from tprog import primitives
from trainer import kernels
from trainer.kernels import levels, look_up, mix, nearest, read, scores
from trainer.model import preference


@pytest.fixture(params=["narrow", "wide"])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Kernels as for few slots, and as for many: those in pieces, too."""
    if request.param == "wide":
        monkeypatch.setattr(kernels, "WIDE", 1)
        monkeypatch.setattr(kernels, "PIECE", 40)
    return str(request.param)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers that may be differentiated."""
    generator = torch.Generator().manual_seed(seed + sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


def chances(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers in (0, 1) that may be differentiated."""
    return torch.sigmoid(drawn(*shape, seed=seed)).detach().requires_grad_()


def differentiates(kernel: Callable[..., Tensor], *inputs: Tensor) -> bool:
    """Whether the kernel's gradient is that of small differences; if not, an error says where."""
    return bool(torch.autograd.gradcheck(kernel, inputs))


# Scores, mixtures, reads and tables ###################################################################################


@pytest.mark.usefixtures("width")
def test_scores_are_sums_over_slots_times_the_masks() -> None:
    query, key = drawn(2, 3, 4, 5), drawn(2, 3, 4, 5, seed=1)
    ends, windows = torch.randint(2, (4, 5)).double(), torch.randint(2, (2, 4, 4, 1)).double()
    plain = torch.einsum("gcib,gcjb->gijb", query, key)
    torch.testing.assert_close(scores(query, key), plain)
    torch.testing.assert_close(scores(query, key, ends, windows), plain * ends * windows)
    assert differentiates(scores, query, key)
    assert differentiates(scores, query, key, ends, windows)


@pytest.mark.usefixtures("width")
def test_a_mixture_is_a_sum_over_keys() -> None:
    weights, values = drawn(2, 4, 4, 5), drawn(2, 3, 4, 5)
    torch.testing.assert_close(mix(weights, values), torch.einsum("gijb,gcjb->gcib", weights, values))
    assert differentiates(mix, weights, values)


@pytest.mark.usefixtures("width")
def test_values_that_need_no_gradient_get_none() -> None:
    weights, values = drawn(2, 4, 4, 5), drawn(2, 1, 4, 5).detach()
    mix(weights, values).sum().backward()
    assert weights.grad is not None
    assert values.grad is None


def test_a_read_is_a_product_with_the_blocks_below_each_other() -> None:
    gates, blocks = drawn(2, 3, 6), [drawn(2, rows, 7) for rows in (1, 3, 2)]
    torch.testing.assert_close(read(gates, blocks), gates @ torch.cat(blocks, dim=1))
    torch.testing.assert_close(read(gates[:, :, :1], blocks[:1]), gates[:, :, :1] @ blocks[0])
    assert differentiates(lambda gates, *blocks: read(gates, blocks), gates, *blocks)
    blocks[1] = blocks[1].detach()
    assert differentiates(lambda gates, *blocks: read(gates, blocks), gates, *blocks)


@pytest.mark.usefixtures("width")
def test_a_look_up_is_the_cell_that_both_inputs_name() -> None:
    first, second, table = drawn(2, 3, 5), drawn(2, 4, 5), drawn(2, 12, 6)
    plain = torch.einsum("gax,gbx,gabo->gox", first, second, table.view(2, 3, 4, 6))
    torch.testing.assert_close(look_up(first, second, table), plain)
    assert differentiates(look_up, first, second, table)


# The nearest match ####################################################################################################


@pytest.mark.parametrize("n", [1, 2, 5])
def test_of_hard_scores_the_nearest_is_that_of_the_primitives(n: int) -> None:
    keys = list(product((0, 1), repeat=n))
    score = torch.tensor(keys, dtype=torch.float64).T.expand(1, n, n, -1)
    attended = nearest(score, preference(n))[0]  # [query, key, input]
    for which, matched in enumerate(keys):
        closest = primitives.select_closest(list(matched), [1] * n, lambda query, key: query == key)
        expected = torch.eye(n, dtype=torch.float64)[[0 if j is None else j for j in closest]]
        assert torch.equal(attended[:, :, which], expected)


def test_of_soft_scores_the_nearest_is_the_mean_over_independent_matches() -> None:
    n = 4
    score = chances(2, n, n, 3)
    expected = torch.zeros_like(score)
    for keys in product((0, 1), repeat=n):
        matches = torch.tensor(keys, dtype=torch.float64)[None, None, :, None]
        chance = (score * matches + (1 - score) * (1 - matches)).prod(dim=2, keepdim=True)
        hard = nearest(matches.expand(1, n, n, 1), preference(n))
        expected = expected + chance * hard
    found = nearest(score, preference(n))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found.sum(dim=2), torch.ones_like(found[:, :, 0]))


@pytest.mark.parametrize("rounded", [False, True])
def test_the_gradient_of_the_nearest_is_right_even_where_scores_are_0_or_1(rounded: bool) -> None:
    score = chances(2, 4, 4, 3)
    if rounded:
        score = score.detach().round().requires_grad_()
    assert differentiates(lambda score: nearest(score, preference(4)), score)


def test_the_nearest_takes_scores_in_any_layout_of_memory() -> None:
    score = chances(2, 4, 4, 3)
    turned = score.permute(3, 0, 1, 2).contiguous().permute(1, 2, 3, 0)
    assert not turned.is_contiguous()
    assert torch.equal(nearest(turned, preference(4)), nearest(score, preference(4)))


# Levels ###############################################################################################################


def test_a_whole_number_is_its_level_and_a_larger_one_the_last() -> None:
    found = levels(torch.tensor([[0.0, 1, 2, 3, 4, 900]]), 4)
    assert found[0].argmax(dim=0).tolist() == [0, 1, 2, 3, 3, 3]
    assert torch.equal(found.sum(dim=1), torch.ones(1, 6))
    assert torch.equal(found.amax(dim=1), torch.ones(1, 6))


def test_a_number_between_two_levels_is_shared_by_both() -> None:
    assert levels(torch.tensor([[1.25]]), 4)[0, :, 0].tolist() == [0, 0.75, 0.25, 0]


def test_the_gradient_of_levels_is_right_between_them() -> None:
    numbers = torch.tensor([[0.3, 1.25, 2.9, 3.6, 7.5], [2.5, 0.1, 0.9, 1.5, 3.4]], dtype=torch.float64)
    assert differentiates(lambda numbers: levels(numbers, 4), numbers.requires_grad_())


def test_a_whole_number_learns_from_the_levels_on_both_sides() -> None:
    # Counts of hard choices are always whole: without a gradient there, no head would learn from a table of counts.
    numbers = torch.arange(6.0)[None].requires_grad_()
    worth = torch.tensor([0.0, 2, 10, 16])[:, None]
    (levels(numbers, 4) * worth).sum().backward()
    assert numbers.grad is not None
    # Half of the gain to the right and half of that to the left; there is none behind either end.
    assert numbers.grad.tolist() == [[1.0, 5.0, 7.0, 3.0, 0.0, 0.0]]
