"""The small products of attention and lookups, with the inputs of a batch innermost in memory.

All dimensions but the batch are tiny (8 slots, 8 positions), and a batched matrix product of 8 by 8 matrices runs at a
hundredth of a processor's speed. With the batch innermost the same sums are a few long element-wise products, and what
is left of the matrix products has thousands of columns. From `WIDE` slots on, as networks of words have, matrix
products are faster, the copies into their order included. Measured in docs/training.md.

Letters in shapes: G heads or lookups of all members, i query positions, j key positions, c slots, B inputs,
X = positions * inputs, K and R what a gate reads and how many do.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional

from trainer.portable import add_product, apply

WIDE = 24
"""Slots from which on a matrix product takes less time than as many element-wise ones: of 32 slots and 31 positions, a
third to a half."""

PIECE = 2**17
"""Products of pairs of slots that a lookup makes at once: half a MiB, which stays in a processor's cache."""

# torch leaves its types open: `Any` below is the context of torch.autograd.Function.


def scores(query: Tensor, key: Tensor, *masks: Tensor) -> Tensor:
    """[G, i, j, B] sums over c of query [G, c, i, B] times key [G, c, j, B], times constant masks of that shape."""
    return apply(_Scores, query, key, *masks)


def mix(weights: Tensor, values: Tensor) -> Tensor:
    """[G, c, i, B] sums over j of weights [G, i, j, B] times values [G, c, j, B]."""
    return apply(_Mix, weights, values)


def nearest(score: Tensor, order: Tensor) -> Tensor:
    """[G, i, j, B] how much query i attends key j: the chance that j matches and no preferred key does.

    Of hard scores it is the rule itself: 1 at the preferred match; at position 0 if nothing matches.

    Args:
        score: [G, i, j, B] in [0, 1], the chance that a key matches.
        order: [i, j] the positions in the order in which query i prefers them.
    """
    return apply(_Nearest, score, order)


def read(gates: Tensor, blocks: Iterable[Tensor]) -> Tensor:
    """[S, R, X] what gates [S, R, K] read from blocks [S, K_b, X] standing one below the other."""
    return apply(_Read, gates, *blocks)


def look_up(first: Tensor, second: Tensor, table: Tensor) -> Tensor:
    """[G, o, X] the answers of tables [G, a * b, o] to inputs [G, a, X] and [G, b, X], each one-hot or a mixture."""
    return apply(_LookUp, first, second, table)


def levels(numbers: Tensor, count: int) -> Tensor:
    """[G, count, X] numbers [G, X] as mixtures of the levels 0 .. count - 1; larger numbers read as the last level.

    A whole number is one-hot; one between two levels is shared by both.
    """
    return apply(_Levels, numbers, count)


# Sums of products #####################################################################################################


def _sum(pairs: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    (first, second), *others = pairs
    total = first * second
    product = torch.empty_like(total) if others else total
    for one, other in others:
        add_product(total, one, other, product)
    return total


def _over_slots(x: Tensor, y: Tensor) -> Tensor:
    """[G, c, i, B], [G, c, j, B] -> [G, i, j, B]"""
    if x.shape[1] >= WIDE:
        return _product(x.permute(0, 3, 2, 1), y.permute(0, 3, 1, 2)).permute(0, 2, 3, 1).contiguous()
    return _sum((x[:, c, :, None], y[:, c, None]) for c in range(x.shape[1]))


def _over_keys(weights: Tensor, y: Tensor) -> Tensor:
    """[G, i, j, B], [G, c, j, B] -> [G, c, i, B]"""
    if y.shape[1] >= WIDE:
        return _product(weights.permute(0, 3, 1, 2), y.permute(0, 3, 2, 1)).permute(0, 3, 2, 1).contiguous()
    return _sum((weights[:, None, :, j], y[:, :, None, j]) for j in range(weights.shape[2]))


def _over_queries(weights: Tensor, x: Tensor) -> Tensor:
    """[G, i, j, B], [G, c, i, B] -> [G, c, j, B]"""
    if x.shape[1] >= WIDE:
        return _product(weights.permute(0, 3, 2, 1), x.permute(0, 3, 2, 1)).permute(0, 3, 2, 1).contiguous()
    return _sum((weights[:, None, i], x[:, :, i, None]) for i in range(weights.shape[1]))


def _product(x: Tensor, y: Tensor) -> Tensor:
    """[G, B, p, q], [G, B, q, r] -> [G, B, p, r]"""
    out = torch.bmm(x.flatten(0, 1), y.flatten(0, 1))
    return out.view(*x.shape[:2], *out.shape[1:])


class _Scores(Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, *masks: Tensor) -> Tensor:
        ctx.save_for_backward(query, key, *masks)
        out = _over_slots(query, key)
        for mask in masks:
            out.mul_(mask)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        query, key, *masks = ctx.saved_tensors
        for mask in masks:
            grad = grad * mask
        return _over_keys(grad, key), _over_queries(grad, query), *(None for _ in masks)


class _Mix(Function):
    @staticmethod
    def forward(ctx: Any, weights: Tensor, values: Tensor) -> Tensor:
        ctx.save_for_backward(weights, values)
        return _over_keys(weights, values)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None]:
        weights, values = ctx.saved_tensors
        return _over_slots(grad, values), _over_queries(weights, grad) if ctx.needs_input_grad[1] else None


class _Nearest(Function):
    """With s_t the score of the t-th preferred key: u_t = product of (1 - s) over the keys before, weight_t = s_t u_t.

    With g_t the gradient at weight t and r_t what the keys from t on yield (r_n is that of position 0):
    r_t = s_t g_t + (1 - s_t) r_(t+1), and the gradient at s_t is u_t (g_t - r_(t+1)). No logarithm and no quotient, so
    a score may be exactly 0 or 1.
    """

    @staticmethod
    def forward(ctx: Any, score: Tensor, order: Tensor) -> Tensor:
        heads, n, _, batch = score.shape
        rows = torch.arange(n, device=order.device)[:, None] * n
        ranked, back = (order + rows).flatten(), (order.argsort(dim=1) + rows).flatten()
        s = score.reshape(heads, n * n, batch).index_select(1, ranked).view(heads, n, n, batch)
        unmatched = score.new_ones(n + 1, heads, n, batch)
        product = torch.empty_like(unmatched[0])
        for t in range(n):
            torch.mul(unmatched[t], s[:, :, t], out=product)
            torch.sub(unmatched[t], product, out=unmatched[t + 1])
        weights = (s * unmatched[:n].permute(1, 2, 0, 3)).view(heads, n * n, batch).index_select(1, back)
        ctx.save_for_backward(s, unmatched, ranked, back)
        weights = weights.view(heads, n, n, batch)
        weights[:, :, 0] += unmatched[n]
        return weights

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        s, unmatched, ranked, back = ctx.saved_tensors
        heads, n, _, batch = s.shape
        rest = grad[:, :, 0].clone()
        grad = grad.reshape(heads, n * n, batch).index_select(1, ranked).view(heads, n, n, batch)
        out, gain, product = torch.empty_like(s), torch.empty_like(rest), torch.empty_like(rest)
        for t in reversed(range(n)):
            torch.sub(grad[:, :, t], rest, out=gain)
            torch.mul(gain, unmatched[t], out=out[:, :, t])
            add_product(rest, gain, s[:, :, t], product)
        return out.view(heads, n * n, batch).index_select(1, back).view(heads, n, n, batch), None


class _Read(Function):
    @staticmethod
    def forward(ctx: Any, gates: Tensor, *blocks: Tensor) -> Tensor:
        ctx.save_for_backward(gates, *blocks)
        ends = _ends(blocks)
        out = torch.bmm(gates[:, :, : ends[1]], blocks[0])
        for (start, end), block in list(zip(pairwise(ends), blocks, strict=True))[1:]:
            out.baddbmm_(gates[:, :, start:end], block)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        gates, *blocks = ctx.saved_tensors
        to_gates = torch.cat([torch.bmm(grad, block.transpose(1, 2)) for block in blocks], dim=2)
        to_blocks = [
            torch.bmm(gates[:, :, start:end].transpose(1, 2), grad) if wanted else None
            for (start, end), wanted in zip(pairwise(_ends(blocks)), ctx.needs_input_grad[1:], strict=True)
        ]
        return to_gates, *to_blocks


def _ends(blocks: Iterable[Tensor]) -> list[int]:
    ends = [0]
    for block in blocks:
        ends.append(ends[-1] + block.shape[1])
    return ends


class _LookUp(Function):
    """In pieces of X: there are as many pairs as slots of the one times slots of the other."""

    @staticmethod
    def forward(ctx: Any, first: Tensor, second: Tensor, table: Tensor) -> Tensor:
        if first.shape[1] >= WIDE:
            ctx.save_for_backward(first, second, table)
            return _looked_up(first, second, table)
        pairs = (first[:, :, None] * second[:, None]).flatten(1, 2)
        ctx.save_for_backward(first, second, table, pairs)
        return torch.bmm(table.transpose(1, 2), pairs)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        if len(ctx.saved_tensors) == 3:
            return _looked_up_backward(grad, *ctx.saved_tensors)
        first, second, table, pairs = ctx.saved_tensors
        to_table = torch.bmm(pairs, grad.transpose(1, 2))
        to_pairs = torch.bmm(table, grad).view(*first.shape[:2], second.shape[1], -1)
        to_first = _sum((to_pairs[:, :, b], second[:, b, None]) for b in range(second.shape[1]))
        to_second = _sum((to_pairs[:, a], first[:, a, None]) for a in range(first.shape[1]))
        return to_first, to_second, to_table


def _pieces(first: Tensor, second: Tensor) -> Iterable[slice]:
    """The columns of each piece of a wide lookup."""
    step = max(1, PIECE // (first.shape[0] * first.shape[1] * second.shape[1]))
    return (slice(start, start + step) for start in range(0, first.shape[2], step))


def _looked_up(first: Tensor, second: Tensor, table: Tensor) -> Tensor:
    answers = table.transpose(1, 2)
    out = first.new_empty(len(first), table.shape[2], first.shape[2])
    for piece in _pieces(first, second):
        pairs = first[:, :, None, piece] * second[:, None, :, piece]
        out[:, :, piece] = torch.bmm(answers, pairs.flatten(1, 2))
    return out


def _looked_up_backward(grad: Tensor, first: Tensor, second: Tensor, table: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    to_first, to_second, to_table = torch.empty_like(first), torch.empty_like(second), torch.zeros_like(table)
    for piece in _pieces(first, second):
        one, other, some = first[:, :, None, piece], second[:, None, :, piece], grad[:, :, piece]
        to_table.baddbmm_((one * other).flatten(1, 2), some.transpose(1, 2))
        to_pairs = torch.bmm(table, some).view(*first.shape[:2], second.shape[1], -1)
        to_first[:, :, piece] = (to_pairs * other).sum(dim=2)
        to_second[:, :, piece] = (to_pairs * one).sum(dim=1)
    return to_first, to_second, to_table


class _Levels(Function):
    """The gradient is the mean of those to the left and to the right, which differ at a whole number alone.

    Counts of hard choices are always whole: with the gradient 0 there, as of an absolute value, no head would ever
    learn from what a table makes of its counts.
    """

    @staticmethod
    def forward(ctx: Any, numbers: Tensor, count: int) -> Tensor:
        ctx.save_for_backward(numbers)
        steps = torch.arange(count, dtype=numbers.dtype, device=numbers.device)
        away = numbers.clamp(max=count - 1)[:, None] - steps[:, None]
        return away.abs_().neg_().add_(1).relu_()

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        (numbers,) = ctx.saved_tensors
        # [G, count + 1, X] what one level more gives, entry l from level l - 1 to l; nothing at either end.
        gain = functional.pad(grad.diff(dim=1), (0, 0, 1, 1))
        last = gain.shape[1] - 1
        right, left = ((place.clamp(0, last))[:, None].long() for place in (numbers.floor() + 1, numbers.ceil()))
        return (gain.gather(1, right) + gain.gather(1, left)).div_(2)[:, 0], None
