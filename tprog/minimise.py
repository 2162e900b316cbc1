"""Minimising a smooth convex function, as in Nocedal and Wright, "Numerical Optimization", 2006."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]

HISTORY = 12
"""Steps that L-BFGS remembers; Nocedal and Wright find 3 to 20 to do well."""

DECREASE = 1e-4
"""The share of the decrease that the slope promises which a step must bring (Armijo's rule, ibid., 3.4)."""

HALVINGS = 12
"""Of the length of a step, before it is given up."""

FLAT = 1e-12
"""A slope along the step that is less steep than this is that of the optimum."""

CURVED = 1e-10
"""Steps along which the slope changes less than this, beside its own size, tell nothing of the curvature."""

CONVERGED = 1e-7
"""The share of the loss below which a step is the last."""


def lbfgs(objective: Callable[[Floats], tuple[float, Floats]], x: Floats, iterations: int) -> Floats:
    """The least point of a smooth convex function, by limited-memory BFGS (algorithm 7.5) with backtracking.

    Args:
        objective: gives its value and its slope.
        x: where to begin.
        iterations: the most steps.
    """
    value, slope = objective(x)
    pairs: list[tuple[Floats, Floats, float]] = []
    for _ in range(iterations):
        step = -_two_loops(slope, pairs)
        descent = float(step @ slope)
        if descent > -FLAT:
            break
        length = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(slope).sum() + 1e-12))
        for _ in range(HALVINGS):
            tried, (new, new_slope) = x + length * step, objective(x + length * step)
            if new <= value + DECREASE * length * descent:
                break
            length /= 2
        else:
            break
        moved, turned = length * step, new_slope - slope
        if (curvature := float(moved @ turned)) > CURVED * float(turned @ turned):
            pairs = [*pairs[1 - HISTORY :], (moved, turned, curvature)]
        done = value - new < CONVERGED * max(value, 1e-3)
        x, value, slope = tried, new, new_slope
        if done:
            break
    return x


def _two_loops(slope: Floats, pairs: Sequence[tuple[Floats, Floats, float]]) -> Floats:
    direction, shares = slope.copy(), []
    for moved, turned, curvature in reversed(pairs):
        shares.append(float(moved @ direction) / curvature)
        direction -= shares[-1] * turned
    if pairs:
        _, turned, curvature = pairs[-1]
        direction *= curvature / float(turned @ turned)
    for (moved, turned, curvature), share in zip(pairs, reversed(shares), strict=True):
        direction += moved * (share - float(turned @ direction) / curvature)
    return direction
