"""Arithmetic whose last bit is the same on every x86-64 processor.

torch picks a kernel by what the processor can do. Its softmax, sigmoid, `lerp_`, `addcmul_` and normal random numbers
then differ in the last bit, and training makes another program of that bit. Its sums, products, quotients, exponentials
and logarithms do not differ (torch 2.13; ``tests/test_portable.py`` trains an epoch with each set of kernels). So
training uses these alone, and writes a multiplication and an addition as two operations: fused, they round once.

What is left to luck is the product of matrices, which MKL computes differently on processors of another maker.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

# torch leaves its types open: `Any` below is the context of torch.autograd.Function.


def softmax(logits: Tensor) -> Tensor:
    """The softmax along the last dimension."""
    return apply(_Softmax, logits)


def sigmoid(logits: Tensor) -> Tensor:
    """1 / (1 + exp(-x)) of each entry."""
    return apply(_Sigmoid, logits)


def cross_entropy(logits: Tensor, expected: Tensor, ignored: int) -> Tensor:
    """[S, ...] minus the logarithm of the chance of the expected class; 0 where it is `ignored`.

    Args:
        logits: [S, C, ...].
        expected: [...] class codes.
    """
    return apply(_CrossEntropy, logits, expected, ignored)


def normal(shape: Sequence[int], seed: int) -> Tensor:
    """Standard normal numbers, float32."""
    drawn = np.random.default_rng(seed).standard_normal(tuple(shape), dtype=np.float32)
    return torch.from_numpy(drawn)


def add_product(total: Tensor, one: Tensor, other: Tensor, product: Tensor) -> None:
    """Add the product of two tensors to `total`.

    Args:
        product: room for the product; to make room anew would take longer than the sum.
    """
    total.add_(torch.mul(one, other, out=product))


def apply(function: type[Function], *arguments: object) -> Tensor:
    """A differentiable function of ours, applied."""
    applied: Callable[..., Tensor] = function.apply
    return applied(*arguments)


class _Softmax(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        shares = (logits - logits.amax(dim=-1, keepdim=True)).exp_()
        shares.div_(shares.sum(dim=-1, keepdim=True))
        ctx.save_for_backward(shares)
        return shares

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (shares,) = ctx.saved_tensors
        out: Tensor = grad * shares
        return out.sub_(shares * out.sum(dim=-1, keepdim=True))


class _Sigmoid(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor) -> Tensor:
        share = logits.neg().exp_().add_(1).reciprocal_()
        ctx.save_for_backward(share)
        return share

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (share,) = ctx.saved_tensors
        slope: Tensor = (1 - share).mul_(share)
        return slope.mul_(grad)


class _CrossEntropy(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, expected: Tensor, ignored: int) -> Tensor:
        away = logits - logits.amax(dim=1, keepdim=True)
        graded = (expected != ignored).to(logits.dtype)
        target = expected.clamp_min(0).expand(len(logits), *expected.shape).unsqueeze(1)
        chosen = away.gather(1, target).squeeze(1)
        shares = away.exp_()
        total = shares.sum(dim=1, keepdim=True)
        ctx.save_for_backward(shares.div_(total), target, graded)
        return total.squeeze(1).log_().sub_(chosen).mul_(graded)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        shares, target, graded = ctx.saved_tensors
        each = (grad * graded).unsqueeze(1)
        out = shares * each
        return out.scatter_add_(1, target, -each), None, None
