"""One node of a Program learned anew, exactly, given all others: the rows of a table act on disjoint positions.

A node that the readout reads adds a term to the logits. Given that term's weights, the positions at which two
different rows of a predicate (or two cells of a lookup) act do not overlap, so the best entry of every row is found in
one vectorised pass over the data. Given the rows, the weights are a small convex problem. The two take turns, as in
k-means; the loss falls with each. This is block coordinate descent (Tseng, Journal of Optimization Theory and
Applications 109, 2001).

Letters: B inputs of width n, P graded positions, Q rows, K keys, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from tprog.minimise import Floats
from tprog.run.batch import Array, Bools
from trainer.search.attention_values import Copies
from trainer.search.regression import losses, probabilities

STIFFNESS = 1.0
"""Ridge on a node's own weights, in units of one position's curvature: rows seen once must not run away."""

ROUNDS = 6
"""Turns of rows and weights; most searches have settled by then."""

SETTLED = 1e-4
"""The share of the loss by which a round must lower it for another to follow."""

LENGTHS = (1.0, 0.3, 0.1)
"""Of a Newton step, tried in turn: far from the optimum a whole one overshoots."""

NOTICED = 1e-3
"""Nats by which a changed entry must lower the loss of its row: less is noise of float32 sums."""

SURE = 4.0
"""The largest weight to begin with: e^4 is odds of 55 to 1, from which a softmax is still moved."""


@dataclass(frozen=True, eq=False)
class Learned:
    """A table and the weights that it was learned for.

    Attributes:
        table: [Q, K] which keys each row accepts; of a lookup, [Q] the code that each cell answers.
        weights: [value, C] the readout's, one row for a numeric head.
        loss: summed over the graded positions.
    """

    table: Array
    weights: Floats
    loss: float


# Weights ##############################################################################################################


def fit_values(base: Floats, codes: Array, count: int, labels: Array, weights: Floats, steps: int = 2) -> Floats:
    """The weights [value, C] of a categorical variable beside fixed logits: Newton, each value by itself.

    Args:
        base: [P, C] logits without the variable.
        codes: [P] the variable.
        weights: to begin from.
    """
    classes = base.shape[1]
    for _ in range(steps):
        scores = base + weights.astype(np.float32)[codes]
        chances = probabilities(scores)
        slope = chances.copy()
        slope[np.arange(len(labels)), labels] -= 1
        gradient = _per_row(slope, codes, count) + STIFFNESS * weights
        curvature = np.zeros((count, classes, classes))
        for c in range(classes):
            curvature[:, c] = -_per_row(chances * chances[:, [c]], codes, count)
            curvature[:, c, c] += np.bincount(codes, chances[:, c], count)
        curvature += STIFFNESS * np.eye(classes)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        best = np.bincount(codes, losses(scores, labels), count) + STIFFNESS / 2 * (weights**2).sum(axis=1)
        for length in LENGTHS:
            tried = weights - length * step
            cost = np.bincount(codes, losses(base + tried.astype(np.float32)[codes], labels), count)
            cost += STIFFNESS / 2 * (tried**2).sum(axis=1)
            better = cost < best
            weights, best = np.where(better[:, None], tried, weights), np.where(better, cost, best)
            if better.all():
                break
    return weights


def fit_number(base: Floats, numbers: Floats, labels: Array, weights: Floats, steps: int = 2) -> Floats:
    """The weights [1, C] of a number beside fixed logits: Newton."""
    for _ in range(steps):
        scores = base + numbers[:, None] * weights.astype(np.float32)
        chances = probabilities(scores)
        slope = chances.copy()
        slope[np.arange(len(labels)), labels] -= 1
        square = chances * (numbers**2)[:, None]
        curvature = np.diag(square.sum(axis=0)) - chances.T @ square + STIFFNESS * np.eye(base.shape[1])
        step = np.linalg.solve(curvature, numbers @ slope + STIFFNESS * weights[0])
        best = losses(scores, labels).sum() + STIFFNESS / 2 * (weights**2).sum()
        for length in LENGTHS:
            tried = weights - length * step
            cost = losses(base + numbers[:, None] * tried.astype(np.float32), labels).sum()
            if cost + STIFFNESS / 2 * (tried**2).sum() < best:
                weights = tried
                break
        else:
            break
    return weights


def _per_row(amounts: Floats, rows: Array, count: int) -> Floats:
    """[Q, C] the sums of [P, C] over the positions of each row."""
    return np.stack([np.bincount(rows, amounts[:, c], count) for c in range(amounts.shape[1])], axis=1)


# Heads and lookups ####################################################################################################


def learn_numeric(
    base: Floats, rows: Array, count: int, sums: Floats, labels: Array, sets: bool, start: Learned | None = None
) -> Learned:
    """The predicate of a numeric head whose number the readout reads.

    Args:
        base: [P, C] logits without the head.
        rows: [P] the query's codes, below `count`.
        sums: [P, K] as `key_sums`.
        sets: whether a row may accept any number of keys, or exactly one.
        start: a table and weights to begin from; without it, the direction in which the loss falls fastest.
    """
    if start is None:
        table, weights = _steepest(base, rows, count, sums, labels, sets)
    else:
        table, weights = start.table.copy(), start.weights
    cost = np.inf
    for _ in range(ROUNDS):
        numbers = (table[rows] * sums).sum(axis=1)
        weights = fit_number(base, numbers, labels, weights)
        table = (
            _best_sets(base, rows, count, sums, labels, table, weights)
            if sets
            else _best_single(base, rows, count, sums, labels, weights)
        )
        numbers = (table[rows] * sums).sum(axis=1)
        new = float(losses(base + numbers[:, None] * weights.astype(np.float32), labels).sum())
        if new > cost - SETTLED * max(cost, 1):
            break
        cost = new
    weights = fit_number(base, numbers, labels, weights)
    return Learned(table, weights, float(losses(base + numbers[:, None] * weights.astype(np.float32), labels).sum()))


def _steepest(base: Floats, rows: Array, count: int, sums: Floats, labels: Array, sets: bool) -> tuple[Bools, Floats]:
    """A first table and weights: the best rank-one fit to the slope of the loss in every (row, key, class)."""
    slope = probabilities(base)
    slope[np.arange(len(labels)), labels] -= 1
    keys, classes = sums.shape[1], base.shape[1]
    table = np.zeros((count, keys), dtype=np.bool_)
    weights = np.zeros((1, classes))
    gradient = np.stack([_per_row(slope * sums[:, [k]], rows, count) for k in range(keys)], axis=1)  # [Q, K, C]
    spread = np.stack([np.bincount(rows, sums[:, k] ** 2, count) for k in range(keys)], axis=1)
    scaled = gradient / np.sqrt(spread + STIFFNESS)[:, :, None]
    _, _, directions = np.linalg.svd(scaled.reshape(-1, classes), full_matrices=False)
    along = -(gradient @ directions[0])
    if np.clip(along, 0, None).sum() < np.clip(-along, 0, None).sum():
        along, directions = -along, -directions
    if sets:
        table = along > 0
    else:
        table[np.arange(count), along.argmax(axis=1)] = True
    return table, weights


def _best_single(base: Floats, rows: Array, count: int, sums: Floats, labels: Array, weights: Floats) -> Bools:
    """For each row the one key of least loss."""
    keys = sums.shape[1]
    cost = np.stack(
        [
            np.bincount(rows, losses(base + sums[:, [k]] * weights.astype(np.float32), labels), count)
            for k in range(keys)
        ],
        axis=1,
    )
    table = np.zeros((count, keys), dtype=np.bool_)
    table[np.arange(count), cost.argmin(axis=1)] = True
    return table


def _best_sets(
    base: Floats, rows: Array, count: int, sums: Floats, labels: Array, table: Bools, weights: Floats
) -> Bools:
    keys, w = sums.shape[1], weights.astype(np.float32)

    def cost(numbers: Floats) -> Floats:
        return np.bincount(rows, losses(base + numbers[:, None] * w, labels), count).astype(np.float64)

    def toggled(table: Bools) -> Iterator[Floats]:
        numbers = (table[rows] * sums).sum(axis=1)
        return (cost(numbers + np.where(table[rows, k], -sums[:, k], sums[:, k])) for k in range(keys))

    return _toggled(table, cost((table[rows] * sums).sum(axis=1)), toggled, 2 * keys)


def _toggled(table: Bools, cost: Floats, toggled: Callable[[Bools], Iterable[Floats]], rounds: int) -> Bools:
    """For each row, keys added and dropped one by one as long as its loss falls.

    Args:
        cost: [Q] the loss of each row.
        toggled: of a table the losses [Q] of its rows with each key added or dropped.
    """
    table, every = table.copy(), np.arange(len(table))
    for _ in range(rounds):
        costs = np.stack([*toggled(table)], axis=1)  # [Q, K]
        pick = costs.argmin(axis=1)
        better = costs[every, pick] < cost - NOTICED
        if not better.any():
            break
        table[better, pick[better]] ^= True
        cost = np.where(better, costs[every, pick], cost)
    return table


def learn_categorical(
    base: Floats, rows: Array, count: int, copies: Copies, labels: Array, sets: bool, start: Learned | None = None
) -> Learned:
    """The predicate of a categorical head whose symbol the readout reads; as `learn_numeric`."""
    each = copies.each()
    if start is None:
        table, weights = _most_telling(base, rows, count, each, copies.count, labels)
    else:
        table = start.table.copy()
        weights = fit_values(base, copies.table(table, rows), copies.count, labels, start.weights)
    cost = np.inf
    for turn in range(ROUNDS):
        if not sets or (start is None and not turn):
            table = _single_copies(base, rows, count, each, labels, weights)
        elif turn:
            table = _best_copy_sets(base, rows, count, copies, labels, table, weights)
        codes = copies.table(table, rows)
        weights = fit_values(base, codes, copies.count, labels, weights)
        new = float(losses(base + weights.astype(np.float32)[codes], labels).sum())
        if turn > 1 and new > cost - SETTLED * max(cost, 1):
            break
        cost = new
    return Learned(table, weights, new)


def _most_telling(
    base: Floats, rows: Array, count: int, each: Array, values: int, labels: Array
) -> tuple[Bools, Floats]:
    """A first table and weights: the row and key whose copies alone would lower the loss most, and their weights."""
    keys, classes = each.shape[1], base.shape[1]
    chances = probabilities(base)
    slope = chances.copy()
    slope[np.arange(len(labels)), labels] -= 1
    spread = chances * (1 - chances)
    gradient = np.empty((count, keys, values, classes))
    curvature = np.empty_like(gradient)
    for k in range(keys):
        cell = rows * values + each[:, k]
        gradient[:, k] = _per_row(slope, cell, count * values).reshape(count, values, classes)
        curvature[:, k] = _per_row(spread, cell, count * values).reshape(count, values, classes)
    gain = (gradient**2 / (curvature + STIFFNESS)).sum(axis=(2, 3))  # [Q, K]
    keys_of = gain.argmax(axis=1)
    row = int(gain.max(axis=1).argmax())
    weights = -gradient[row, keys_of[row]] / (curvature[row, keys_of[row]] + STIFFNESS)
    table = np.zeros((count, keys), dtype=np.bool_)
    table[np.arange(count), keys_of] = True
    return table, np.clip(weights, -SURE, SURE)


def _single_copies(base: Floats, rows: Array, count: int, each: Array, labels: Array, weights: Floats) -> Bools:
    w = weights.astype(np.float32)
    cost = np.stack(
        [np.bincount(rows, losses(base + w[each[:, k]], labels), count) for k in range(each.shape[1])], axis=1
    )
    table = np.zeros((count, each.shape[1]), dtype=np.bool_)
    table[np.arange(count), cost.argmin(axis=1)] = True
    return table


def _best_copy_sets(
    base: Floats, rows: Array, count: int, copies: Copies, labels: Array, table: Bools, weights: Floats
) -> Bools:
    keys, w = copies.ranks.shape[1], weights.astype(np.float32)

    def cost(table: Bools) -> Floats:
        return np.bincount(rows, losses(base + w[copies.table(table, rows)], labels), count).astype(np.float64)

    def toggled(table: Bools) -> Iterator[Floats]:
        return (cost(table ^ (np.arange(keys) == k)) for k in range(keys))

    return _toggled(table, cost(table), toggled, keys)


def learn_lookup(
    base: Floats,
    cells: Array,
    count: int,
    answers: int,
    labels: Array,
    rng: np.random.Generator,
    start: Learned | None = None,
) -> Learned:
    """The table of a lookup whose symbol the readout reads.

    Args:
        cells: [P] the cell that each position reads, below `count`.
        answers: how many symbols it may answer.
        start: as `learn_numeric`; without it, the cells are grouped by the weights that each would want.
    """
    if start is None:
        chances = probabilities(base)
        slope = chances.copy()
        slope[np.arange(len(labels)), labels] -= 1
        spread = _per_row(chances * (1 - chances), cells, count) + STIFFNESS
        wanted = np.clip(-_per_row(slope, cells, count) / spread, -SURE, SURE)
        weights = _spread_out(wanted, spread.sum(axis=1), answers, rng)
    else:
        weights = start.weights
    cost = np.inf
    table = np.zeros(count, dtype=np.int64)
    for _ in range(ROUNDS):
        w = weights.astype(np.float32)
        costs = np.stack([np.bincount(cells, losses(base + w[s], labels), count) for s in range(answers)], axis=1)
        table = costs.argmin(axis=1)
        weights = fit_values(base, table[cells], answers, labels, weights)
        new = float(losses(base + weights.astype(np.float32)[table[cells]], labels).sum())
        if new > cost - SETTLED * max(cost, 1):
            break
        cost = new
    return Learned(table, weights, new)


def _spread_out(points: Floats, mass: Floats, count: int, rng: np.random.Generator) -> Floats:
    """`count` of the points, far apart and heavy: the start of k-means++ (Arthur and Vassilvitskii 2007)."""
    chosen = [int((mass * (points**2).sum(axis=1)).argmax())]
    far = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        odds = far * mass
        pick = int(rng.choice(len(points), p=odds / odds.sum())) if odds.sum() > 0 else 0
        chosen.append(pick)
        far = np.minimum(far, ((points - points[pick]) ** 2).sum(axis=1))
    return points[chosen]
