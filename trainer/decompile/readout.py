"""How the predictions follow from discrete variables: a linear classifier in whole numbers, of the fewest columns.

A column is a variable's one-hot vector, or a count. Rows that are alike are one. A readout that is linear in shares of
a set is one that is linear in counts, so counts will do; the first token is one of those that are counted.

Letters in shapes: R rows, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.decompile.attend import LARGE
from trainer.decompile.network import Ints
from trainer.decompile.symbols import Counts, Facts, Ones
from trainer.decompile.terms import Classes, Column, Floats64, terms_of

PENALTY = 1e-6
"""What the squares of weights cost in a fit."""

PENALTIES = (1e-6, 1e-4, 1e-2)
"""What they cost in the fits among which the last weights are chosen: the more, the more alike they become."""

STEPS, STEPS_TIED = 300, 60
"""Steps of the descent; where weights are tied there are few of them, and fewer will do."""

MOST_CELLS = 250_000
"""Logits of examples that a readout is fitted to."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Examples, each once.

    Attributes:
        codes: column -> [R] or, of counts, [R, counts].
        answers: [R] classes.
        times: [R] how often it was seen.
    """

    codes: tuple[Ints, ...]
    answers: Ints
    times: Ints


@dataclass(frozen=True, eq=False)
class Linear:
    """A classifier in whole numbers.

    Attributes:
        columns: what it reads.
        weights: for each column [values, C], or of counts [counts, C].
        wrong: the share of examples that it predicts otherwise.
    """

    columns: tuple[Column, ...]
    weights: tuple[Ints, ...]
    wrong: float

    @property
    def cost(self) -> int:
        return sum(len(c.codes) if isinstance(c, Counts) else 1 for c in self.columns)

    def predict(self, facts: Facts) -> Ints:
        """[R] the classes at graded positions; ties go to the first."""
        first = self.weights[0]
        total: Ints = np.zeros((int(facts.inputs.graded.sum()), first.shape[1]), dtype=np.int64)
        for column, weights in zip(self.columns, self.weights, strict=True):
            values = facts.graded(column)
            if isinstance(column, Counts):
                # In float64, which is exact far beyond such sums, since products of whole numbers are slow.
                total += (values.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)
            else:
                total += weights[values]
        return np.asarray(total.argmax(axis=-1))


def telling(linear: Linear) -> Linear:
    """Without the counts and the columns that speak for no class more than for another, unless these are all."""
    kept: list[tuple[Column, Ints]] = []
    for column, weights in zip(linear.columns, linear.weights, strict=True):
        speaks = (weights != weights[:, :1]).any(axis=1)
        if isinstance(column, Counts) and speaks.any():
            codes = tuple(code for code, has in zip(column.codes, speaks, strict=True) if has)
            column, weights = replace(column, codes=codes), weights[speaks]
        if speaks.any():
            kept.append((column, weights))
    if not kept:
        return linear
    columns, weighed = zip(*kept, strict=True)
    return Linear(columns, weighed, linear.wrong)


def once(linear: Linear) -> Linear:
    """With what most of many values weigh alike said once, of the constants, where fewer weights are left so."""
    weights = list(linear.weights)
    common = np.zeros((1, weights[0].shape[1]), dtype=np.int64)
    for at, column in enumerate(linear.columns):
        if isinstance(column, Counts) or len(weights[at]) <= LARGE:
            continue
        mostly = np.median(weights[at], axis=0).astype(np.int64)[None]
        left = weights[at] - mostly
        if np.count_nonzero(left) < np.count_nonzero(weights[at]):
            weights[at], common = left, common + mostly
    if not common.any():
        return linear
    columns = linear.columns
    if Ones() not in columns:
        columns, weights = (*columns, Ones()), [*weights, np.zeros_like(common)]
    weights[columns.index(Ones())] = weights[columns.index(Ones())] + common
    return Linear(columns, tuple(weights), linear.wrong)


# Rows #################################################################################################################


def gathered(facts: Sequence[Facts], columns: Sequence[Column], answers: Sequence[Ints]) -> Rows:
    """The graded positions as rows; of rows that are alike the most frequent answer counts.

    Args:
        answers: [B, n] the classes.
    """
    parts = []
    for some, classes in zip(facts, answers, strict=True):
        found = [facts_of if facts_of.ndim == 2 else facts_of[:, None] for facts_of in map(some.graded, columns)]
        parts.append(np.concatenate([*found, classes[some.inputs.graded][:, None]], axis=1))
    seen, times = np.unique(np.concatenate(parts), axis=0, return_counts=True)
    order = np.lexsort((-times, *seen[:, :-1].T[::-1]))
    seen, times = seen[order], times[order]
    fresh = np.ones(len(seen), dtype=np.bool_)
    fresh[1:] = (seen[1:, :-1] != seen[:-1, :-1]).any(axis=1)
    group = np.cumsum(fresh) - 1
    fresh &= seen[:, -1] >= 0  # what is none of the classes teaches nothing
    kept, total = seen[fresh], np.bincount(group, weights=times).astype(np.int64)[group[fresh]]
    codes: list[Ints] = []
    at = 0
    for column in columns:
        width = len(column.codes) if isinstance(column, Counts) else 1
        codes.append(kept[:, at : at + width] if isinstance(column, Counts) else kept[:, at])
        at += width
    return Rows(tuple(codes), kept[:, -1], total)


# Fitting ##############################################################################################################


def fit(
    facts: Sequence[Facts],
    columns: Sequence[Column],
    answers: Sequence[Ints],
    classes: Classes,
    penalty: float = PENALTY,
) -> Linear:
    """The classifier over some columns that predicts most examples."""
    rows = _some(gathered(facts, columns, answers), MOST_CELLS // len(classes.labels))
    if (known := in_order(columns, rows, len(classes.labels))) is not None:
        return known
    terms = [terms_of(column, codes, classes, facts[0]) for column, codes in zip(columns, rows.codes, strict=True)]
    parameters = [p for term in terms for p in term.parameters]
    target = torch.tensor(rows.answers)
    weight = torch.tensor(np.sqrt(rows.times.astype(np.float64)))
    weight = weight / weight.sum()
    optimizer = torch.optim.LBFGS(
        parameters,
        lr=1.0,
        max_iter=STEPS_TIED if any(term.tied for term in terms) else STEPS,
        history_size=20,
        line_search_fn="strong_wolfe",
        tolerance_change=1e-9,
    )

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        logits = torch.stack([term.added() for term in terms]).sum(dim=0)
        loss = (torch.nn.functional.cross_entropy(logits, target, reduction="none") * weight).sum()
        loss = loss + penalty * torch.stack([(p * p).sum() for p in parameters]).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return _rounded(tuple(columns), [term.weights() for term in terms], rows)


def in_order(columns: Sequence[Column], rows: Rows, classes: int) -> Linear | None:
    """The classifier over one number and the constants whose classes follow each other as the number grows.

    None if the columns are others, or some class stands in two places. A descent finds such weights only slowly: the
    least that is wanted of a class is that it wins between two thresholds.
    """
    match columns:
        case [Counts(codes=(_,)), Ones()]:
            numbers = rows.codes[0][:, 0]
        case _:
            return None
    order = np.argsort(numbers, kind="stable")
    first = np.concatenate([[True], np.diff(rows.answers[order]) != 0])
    runs = rows.answers[order][first]
    if len(set(runs.tolist())) < len(runs):
        return None
    starts = numbers[order][first]
    slopes, own = np.zeros((1, classes), dtype=np.int64), np.zeros((1, classes), dtype=np.int64)
    own[:] = -4 * int(numbers.max(initial=0)) * len(runs) - 4  # classes that never come
    level = 0
    for at, (label, start) in enumerate(zip(runs.tolist(), starts.tolist(), strict=True)):
        # Each steeper by two than the one before, and equal to it half a step below its first number.
        level -= 0 if at == 0 else 2 * start - 1
        slopes[0, label], own[0, label] = 2 * at, level
    return Linear(tuple(columns), (slopes, own), 0.0)


def _some(rows: Rows, most: int) -> Rows:
    """Rows drawn of them, where they are more than that."""
    if len(rows.answers) <= most:
        return rows
    at = np.sort(np.random.default_rng(0).choice(len(rows.answers), most, replace=False))
    return Rows(tuple(codes[at] for codes in rows.codes), rows.answers[at], rows.times[at])


def _rounded(columns: tuple[Column, ...], weights: list[Floats64], rows: Rows) -> Linear:
    """At the smallest whole-number scale that loses nothing."""
    weights = [w - np.median(w, axis=1, keepdims=True) for w in weights]
    best = _wrong(weights, rows)
    largest = max(float(np.abs(w).max(initial=0)) for w in weights) or 1.0
    made: Linear | None = None
    for scale in np.unique(np.round(np.geomspace(1, 3000, 60), 1)):
        whole = [np.round(w * scale / largest).astype(np.int64) for w in weights]
        wrong = _wrong(whole, rows)
        if made is None or wrong < made.wrong:
            made = Linear(columns, tuple(whole), wrong)
        if wrong <= best:
            break
    assert made is not None
    return made


def _wrong(weights: Sequence[NDArray[Any]], rows: Rows) -> float:
    total: NDArray[Any] = np.zeros((len(rows.answers), weights[0].shape[1]))
    for codes, w in zip(rows.codes, weights, strict=True):
        total = total + (codes @ w if codes.ndim == 2 else w[codes])
    missed = total.argmax(axis=1) != rows.answers
    return float((missed * rows.times).sum() / rows.times.sum())
