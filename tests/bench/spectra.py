"""Spectrum-based fault localisation: entries ranked by which failing and passing inputs consult them.

For an entry, ef and ep are the failing and passing inputs that consult it, nf and np those that do not; F = ef + nf and
P = ep + np.

    Tarantula = (ef / F) / (ef / F + ep / P)      Jones and Harrold, ASE 2005
    Ochiai    = ef / sqrt(F (ef + ep))            Abreu, Zoeteweij and van Gemund, TAICPART-MUTATION 2007
    DStar     = ef^2 / (ep + nf)                  Wong, Debroy, Gao and Li, IEEE Transactions on Reliability 63, 2014
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from analyze.reached_entries import consulted, entries_of
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.run.batch import Array, Bools
from tprog.run.execute import Execution


def all_entries(program: Program) -> list[Entry]:
    """Every row, cell, word, weight row and wiring, in the order of the module."""
    tables = entries_of(program)
    wirings = [Entry(node.name, "wiring") for node in program.nodes]
    return [*(where for table in tables.values() for where in table), *wirings]


def coverage(execution: Execution) -> Bools:
    """[input, entry]: whether the input consults the entry, in the order of `all_entries`; all consult all wirings."""
    count = len(execution.batch)
    parts = []
    for found in consulted(execution):
        covered = np.zeros((count, found.size), dtype=np.bool_)
        rows, positions = np.nonzero(np.broadcast_to(found.where, found.at.shape))
        covered[rows, found.at[rows, positions]] = True
        parts.append(covered)
    parts.append(np.ones((count, len(execution.program.nodes)), dtype=np.bool_))
    return np.concatenate(parts, axis=1)


def tarantula(ef: Array, ep: Array, nf: Array, np_: Array) -> Array:
    failed, passed = ef / np.maximum(ef + nf, 1), ep / np.maximum(ep + np_, 1)
    return _ratio(failed, failed + passed)


def ochiai(ef: Array, ep: Array, nf: Array, np_: Array) -> Array:
    return _ratio(ef, np.sqrt((ef + nf) * (ef + ep)))


def dstar(ef: Array, ep: Array, nf: Array, np_: Array) -> Array:
    """With the exponent 2. Where nothing speaks against an entry that failing inputs consult, it is suspected most."""
    against = (ep + nf).astype(float)
    return np.where((against == 0) & (ef > 0), np.inf, _ratio(ef**2, against))


def _ratio(above: Array, below: Array) -> Array:
    """0 where the denominator is 0."""
    return np.divide(above, below, out=np.zeros(len(above)), where=np.asarray(below) > 0)


FORMULAS: Mapping[str, Callable[[Array, Array, Array, Array], Array]] = {
    "Ochiai": ochiai,
    "DStar": dstar,
    "Tarantula": tarantula,
}


def suspiciousness(covered: Bools, failing: Bools) -> dict[str, Array]:
    """formula -> [entry] score."""
    ef, ep = covered[failing].sum(axis=0), covered[~failing].sum(axis=0)
    nf, np_ = failing.sum() - ef, (~failing).sum() - ep
    return {name: formula(ef, ep, nf, np_) for name, formula in FORMULAS.items()}


@dataclass(frozen=True)
class Found:
    """Where a ranking has the first entry at fault, in expectation over the order of entries with equal scores.

    Attributes:
        rank: 1-based.
        within: k -> the probability that it stands among the first k.
    """

    rank: float
    within: Mapping[int, float]


def first_found(scores: Array, truth: Sequence[int], depths: Sequence[int]) -> Found:
    """Where the first entry of `truth` stands in falling order of score.

    Of e entries with the best score of a true one, t are true: drawn in random order, the first of these has the
    expected place (e + 1) / (t + 1), and none is among the first k with the probability C(e - t, k) / C(e, k).
    """
    own = scores[list(truth)]
    best = own.max()
    above, equal, true = int((scores > best).sum()), int((scores == best).sum()), int((own == best).sum())
    within = {}
    for depth in depths:
        left = min(max(depth - above, 0), equal)
        within[depth] = 1 - comb(equal - true, left) / comb(equal, left)
    return Found(above + (equal + 1) / (true + 1), within)
