"""How far apart two predictions are: whether they say the same, and by how much they differ.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

import numpy as np

from trainer.decompile.network import Bools, Floats


def predictions(logits: Floats, sets: bool) -> Floats | Bools:
    """What is predicted: the set of tokens with a positive logit, [B, n, V], or the most likely one, [B, n]."""
    return logits > 0 if sets else logits.argmax(axis=-1)


def positions_alike(one: Floats, other: Floats, sets: bool) -> Bools:
    """[B, n] where two logits predict the same."""
    alike: Bools = np.asarray(predictions(one, sets) == predictions(other, sets))
    return np.asarray(alike.all(axis=-1)) if sets else alike


def divergence(own: Floats, other: Floats, sets: bool, graded: Bools) -> float:
    """The mean Kullback-Leibler divergence from the network's own predictions, over graded positions, in nats."""
    p, q = own[graded].astype(np.float64), other[graded].astype(np.float64)
    if sets:
        share = 1 / (1 + np.exp(-p))
        yes, no = _soft(-q) - _soft(-p), _soft(q) - _soft(p)
        return float((share * yes + (1 - share) * no).sum(axis=-1).mean())
    p = p - np.logaddexp.reduce(p, axis=-1, keepdims=True)
    q = q - np.logaddexp.reduce(q, axis=-1, keepdims=True)
    return float((np.exp(p) * (p - q)).sum(axis=-1).mean())


def _soft(x: Floats) -> Floats:
    made: Floats = np.logaddexp(0, x)
    return made
