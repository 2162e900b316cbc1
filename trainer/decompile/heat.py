"""What is left of a network's heads once edges are taken out, as tables of mean scores: to be looked at, not to be run.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.decompile.edges import Edges, Score
from trainer.decompile.network import Bools, Floats
from trainer.decompile.paths import PathRun, Paths
from trainer.decompile.samples import Source

MOST_SHOWN = 40
"""Tokens of a side that are shown; of more the most frequent, in the order of the vocabulary."""

FAR = 20
"""Distances that are shown."""


@dataclass(frozen=True, eq=False)
class HeatMap:
    """What one head does.

    Attributes:
        head: its name.
        edges: the products that its scores are left of, in words.
        queries, keys: tokens.
        scores: [queries, keys] mean scores of the pairs that inputs have, less the mean of the query's row; NaN where
            they have none. In nats: a key of one more is attended e times as much.
        distances: [distance] the mean attention at each distance back.
    """

    head: str
    edges: tuple[str, ...]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    scores: Floats
    distances: Floats


def heat_maps(paths: Paths, made: PathRun, edges: Edges, source: Source) -> tuple[HeatMap, ...]:
    """One for each head of a pruned network whose pattern somebody needs.

    Args:
        made: the run over these edges.
    """
    heads = sorted(made.patterns)
    return tuple(_map(paths, made, edges, source, head) for head in heads)


def _map(paths: Paths, made: PathRun, edges: Edges, source: Source, head: tuple[int, int]) -> HeatMap:
    own = sorted(str(e) for e in edges if isinstance(e, Score) and (e.layer, e.head) == head)
    present, tokens = paths.inputs.present, paths.inputs.tokens
    shown = _shown(tokens, present, len(source.words))
    scores = _by_pair(made.patterns[head], tokens, present, len(source.words))[np.ix_(shown, shown)]
    words = tuple(source.words[code] for code in shown)
    name = f"attn_{head[0]}_{head[1]}"
    return HeatMap(name, tuple(own), words, words, scores, _by_distance(made.patterns[head], present))


def _shown(tokens: Floats, present: Bools, size: int) -> list[int]:
    times = np.bincount(tokens[present], minlength=size)
    often = np.argsort(-times, kind="stable")[:MOST_SHOWN]
    return sorted(int(code) for code in often if times[code])


def _by_pair(pattern: Floats, tokens: Floats, present: Bools, size: int) -> Floats:
    """[query, key] the mean logarithm of attention, less the mean of its row: the scores, but for what rows share."""
    causal = np.tril(np.ones(pattern.shape[1:], dtype=np.bool_))
    seen = present[:, :, None] & present[:, None, :] & causal
    logs = np.log(np.maximum(pattern, 1e-12))
    logs = logs - np.where(seen, logs, 0).sum(axis=2, keepdims=True) / np.maximum(seen.sum(axis=2, keepdims=True), 1)
    pairs = (tokens[:, :, None] * size + tokens[:, None, :])[seen]
    total = np.bincount(pairs, weights=logs[seen], minlength=size * size)
    times = np.bincount(pairs, minlength=size * size)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((total / times).reshape(size, size))


def _by_distance(pattern: Floats, present: Bools) -> Floats:
    """[distance] the mean attention at each distance back, over the positions that reach so far."""
    width = present.shape[1]
    found = np.zeros(min(FAR, width))
    for back in range(len(found)):
        rows = np.arange(back, width)
        seen = present[:, back:]
        if seen.any():
            found[back] = pattern[:, rows, rows - back][seen].mean()
    return found
