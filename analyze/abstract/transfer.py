"""Transfer functions: what a node may yield, from what the variables that it reads may be.

The two interpreters share them: `ranges`, over every input that a program accepts, and `possible_values`, on given
inputs with some nodes ablated. Both know sets of codes as truth values, and bounds of numbers.

Letters in shapes: ``...`` stands for groups of inputs, or inputs, and perhaps rows of a predicate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tprog.ir.entries import Listed
from tprog.ir.program import (
    Domain,
    Head,
    Linear,
    Lookup,
    Number,
    Numeric,
    Program,
    Quotients,
    SelfRule,
    Symbols,
    Value,
)
from tprog.ir.values import as_number
from tprog.run.attention import preference
from tprog.run.batch import Array, Bools
from tprog.run.evaluate import level_codes, numerator_share


def composed(left: Bools, right: Bools) -> Bools:
    """[..., i, j]: whether some k has left[..., i, k] and right[..., k, j]."""
    # As a product of numbers, for which there is BLAS; counts below 2**24 are exact in float32. What its kernels
    # compute beside the answer, to fill a register, may raise the processor's flag for an invalid operation.
    with np.errstate(invalid="ignore"):
        found: Bools = np.matmul(left.astype(np.float32), right.astype(np.float32)) > 0
    return found


# Heads ################################################################################################################


def attended(head: Head, may: Bools, must: Bools, self_rule: SelfRule, by: tuple[Array, Array] | None = None) -> Bools:
    """[..., query, key]: which positions a categorical head may attend to: what surely matches hides what is worse.

    Args:
        may, must: [..., query, key] whether a position may match, and whether it surely does.
        by: the least and the largest that a head's variable `by` can be, to be broadcast to [..., query, key]; None
            where it compares none.
    """
    if head.attend == "nearest":
        return _nearest(may, must, self_rule)
    near = preference(may.shape[-1], head.attend)
    found: Bools
    if by is None:
        hidden = (near * must).max(axis=-1, keepdims=True, initial=0)
        found = may & (near >= hidden)
        return found
    least, most = by if head.attend == "largest" else (-by[1], -by[0])
    # The best that surely matches is at least `sure`; who can be no more than that must be as near as who surely is.
    sure = np.where(must, least, np.iinfo(np.int64).min).max(axis=-1, keepdims=True)
    hidden = (near * (must & (least == sure))).max(axis=-1, keepdims=True, initial=0)
    return np.asarray(may & ((most > sure) | ((most == sure) & (near >= hidden))))


def _nearest(may: Bools, must: Bools, self_rule: SelfRule) -> Bools:
    n = may.shape[-1]
    near, own = preference(n), np.eye(n, dtype=np.bool_)
    # One's own position is the last choice, and hides none. Where a match with itself counts as a distance of its own,
    # it may win whatever else matches.
    hidden = (near * (must & ~own)).max(axis=-1, keepdims=True, initial=0)
    found: Bools = may & ((near >= hidden) | (own & (self_rule == "match-count")))
    return found


def add_fallback(possible: Bools, alone: Bools, values: Bools, default: int | None) -> None:
    """Add, where perhaps nothing matches, what a head copies then: its default, or the value at position 0.

    Args:
        possible: [..., position, code], changed in place.
        alone: [..., position].
        values: [..., position, code] of the variable that is copied.
        default: the code of the default, if there is one.
    """
    if default is None:
        possible |= alone[..., None] & values[..., :1, :]
    else:
        possible[..., default] |= alone


def summed(low: Array, high: Array, may: Bools, must: Bools) -> tuple[Array, Array]:
    """[..., query] the least and the largest sum over the matches of a head.

    Args:
        low, high: [..., key] bounds of the values, to be broadcast over queries.
        may, must: [..., query, key], as of `attended`.
    """
    least: Array = np.where(must, low, np.minimum(low, 0) * may).sum(axis=-1)
    most: Array = np.where(must, high, np.maximum(high, 0) * may).sum(axis=-1)
    return least, most


def bounds(possible: Bools) -> tuple[Array, Array]:
    """[...] the least and the largest code of a set of codes [..., code] that is not empty."""
    wide = np.int64
    return possible.argmax(axis=-1).astype(wide), possible.shape[-1] - 1 - possible[..., ::-1].argmax(axis=-1)


def added(node: Linear, program: Program, low: Sequence[Array], high: Sequence[Array]) -> tuple[Array, Array]:
    """The least and the largest numerator of a sum, from the bounds of the numerators that it adds, one a term."""
    domain = program.numeric(node.name)
    if isinstance(domain, Quotients):  # of which codes do not add up
        return np.full(low[0].shape, domain.ends[0]), np.full(low[0].shape, domain.ends[1])
    constant = code_of(node.constant, domain)
    least, most = np.full(low[0].shape, constant, dtype=np.int64), np.full(low[0].shape, constant, dtype=np.int64)
    for name, coefficient, one, other in zip(node.inputs, node.coefficients, low, high, strict=True):
        share = numerator_share(coefficient, program.numbers(name), domain)
        ends = one.astype(np.int64) * share, other.astype(np.int64) * share
        least, most = least + np.minimum(*ends), most + np.maximum(*ends)
    return least, most


# Tables ###############################################################################################################


def levels_between(low: Array, high: Array, levels: tuple[Number, ...], domain: Numeric) -> Bools:
    """[..., level]: the levels that numbers from `low` to `high`, both included, may read as."""
    first, last = (level_codes(bound, levels, domain)[..., None] for bound in (low, high))
    every = np.arange(len(levels))
    return np.asarray((first <= every) & (every <= last))


def consulted(node: Lookup, axes: Sequence[Bools]) -> Bools:
    """[..., position, cell]: the cells that a lookup may read, from [..., position, value or level] of its inputs."""
    if node.listed is not None:
        return _listed_consulted(node.listed, axes)
    cells = axes[0]
    for which, axis in enumerate(axes[1:], start=1):
        both = cells[..., :, None] & axis[..., None, :]
        if which == 1 and (node.inputs[0], node.levels[0]) == (node.inputs[1], node.levels[1]):
            both &= np.eye(both.shape[-1], dtype=np.bool_)
        cells = both.reshape(*cells.shape[:-1], -1)
    return cells


def _listed_consulted(listed: Listed, axes: Sequence[Bools]) -> Bools:
    """Each combination that is listed, if all its places may be; and all others, if there may be more than these."""
    places = np.array(listed, dtype=np.intp).T
    cells: Bools = np.logical_and.reduce([axis[..., at] for axis, at in zip(axes, places, strict=True)])
    # Exact far beyond as many combinations as can be listed.
    combinations = np.prod([np.count_nonzero(axis, axis=-1).astype(np.float64) for axis in axes], axis=0)
    return np.concatenate([cells, (combinations > np.count_nonzero(cells, axis=-1))[..., None]], axis=-1)


def code_of(value: Value, domain: Domain) -> int:
    """The code, or numerator, of a value."""
    if isinstance(domain, Symbols):
        return domain.codes[value]
    return domain.code(as_number(value))


def answers(table: Sequence[Value | None], domain: Domain) -> tuple[Array, Bools]:
    """[answer] the codes (or numerators) that a table may answer, ascending; [entry, answer] which entry says which.

    Of symbols, all of the domain.
    """
    codes = np.array([0 if value is None else code_of(value, domain) for value in table], dtype=np.int64)
    given = np.array([value is not None for value in table])
    support = np.arange(len(domain)) if isinstance(domain, Symbols) else np.unique(codes[given])
    said = np.zeros((len(table), len(support)), dtype=np.bool_)
    said[given, np.searchsorted(support, codes[given])] = True
    return support, said
