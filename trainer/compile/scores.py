"""The scores of a head: its selection, its mask and its preference as whole numbers, which queries times keys make.

A clause adds the same number wherever it accepts, so a position is selected where all have added it. What has
alternatives is made of such selections in `trainer.compile.alternatives`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tprog.ir.nodes import AttentionHead
from tprog.ir.selections import Clause
from tprog.run.attention import mask_word, windows
from tprog.run.batch import Array, Bools
from trainer.compile.lowering import Lowering, always
from trainer.compile.stream import PAD, SINK, Attend, Feature, Score, View, constant


@dataclass(frozen=True, eq=False)
class Accepting:
    """One clause between two readings: [query column, key column] whether it accepts."""

    query: View
    key: View
    table: Bools


@dataclass(frozen=True, eq=False)
class Selected:
    """A selection: all clauses must accept, and the mask [query, key] must let the position be seen (None: it does)."""

    clauses: tuple[Accepting, ...]
    seen: Bools | None

    @property
    def count(self) -> int:
        """How many conditions there are."""
        return len(self.clauses) + (self.seen is not None)

    def but_itself(self, n: int) -> Selected:
        """The same without the query's own position."""
        seen = np.ones((n, n), dtype=np.bool_) if self.seen is None else self.seen
        return replace(self, seen=seen & ~np.eye(n, dtype=np.bool_))

    def also(self, key: View) -> Selected:
        """The same among the keys where a view [1] is 1."""
        return replace(self, clauses=(*self.clauses, Accepting(always(), key, np.ones((1, 1), dtype=np.bool_))))


def seen_by(lowering: Lowering, node: AttentionHead) -> Bools | None:
    """[query, key] what the mask of a head lets it see; None if all."""
    program = lowering.program
    word = mask_word(node, program)
    trivial = word in ("all", "causal") and not node.skip_first
    return None if trivial else windows(program.max_length, word, node.skip_first)


def accepts(lowering: Lowering, clause: Clause) -> Bools:
    """[query column, key column] whether a clause accepts; a missing row accepts none."""
    keys = lowering.encoded[clause.key].values
    rows = dict(zip(lowering.program.symbols(clause.query), clause.predicate, strict=True))
    table = np.zeros((len(lowering.encoded[clause.query].values), len(keys)), dtype=np.bool_)
    for at, value in enumerate(lowering.encoded[clause.query].values):
        row = set(rows[value] or ())
        table[at] = [key in row for key in keys]
    return table


def accepting(lowering: Lowering, clause: Clause) -> Accepting:
    query, key = lowering.encoded[clause.query], lowering.encoded[clause.key]
    return Accepting(query.columns, key.columns, accepts(lowering, clause))


# Scores ###############################################################################################################


def score(query: View, key: View, table: Array) -> Score:
    """The share of a table [query column, key column], through as few products as its different rows or columns."""
    most = float(np.abs(table).max(initial=0))
    by_row, by_column = _grouped(table), _grouped(table.T)
    if len(by_row[0]) <= len(by_column[0]):
        rows, which = by_row
        return Score(query @ which, key @ rows.T, most)
    columns, which = by_column
    return Score(query @ columns.T, key @ which, most)


def _grouped(table: Array) -> tuple[Array, Array]:
    """The different rows of a table that are not all 0, and [row, which] 1 at the one that a row is."""
    rows, which = np.unique(table, axis=0, return_inverse=True)
    kept = np.flatnonzero(np.abs(rows).max(axis=1, initial=0))
    return rows[kept], (which.ravel()[:, None] == kept).astype(np.float64)


def scores(
    lowering: Lowering, found: Selected, height: int, ranks: Array | None, more: Sequence[Score] = ()
) -> list[Score]:
    """What a selection adds to the scores.

    Args:
        height: what each of its conditions adds.
        ranks: [query, key] what the preference for a position adds.
    """
    made = [score(one.query, one.key, one.table * float(height)) for one in found.clauses]
    n = lowering.program.max_length
    table = np.zeros((n, n)) if ranks is None else np.array(ranks, dtype=np.float64)
    if found.seen is not None:
        table = table + found.seen * float(height)
    if table.any():
        made.append(score(lowering.positions(), lowering.positions(), table))
    return [*made, *more]


def head(
    lowering: Lowering,
    name: str,
    node: str | None,
    shares: Sequence[Score],
    level: int,
    copied: dict[Feature, View],
    at_sink: dict[Feature, Array] | None = None,
) -> None:
    """Add an attention head.

    Args:
        level: the score of the sink.
    """
    gap = lowering.precision.gap
    most = sum(share.most for share in shares) + abs(level)
    behind = 2 * (int(most) + gap)  # what stands behind the end is no key, whatever garbage it holds
    one = always()
    plain = [share for share in shares if share.query.parts.keys() == one.parts.keys() and share.query.width == 1]
    others = [share for share in shares if share not in plain]
    key = constant([float(level)], SINK) + constant([-float(behind)], PAD)
    for share in plain:
        key = key + share.key @ _only(share.query)
    column = Score(one, key, sum(share.most for share in plain) + max(abs(level), behind))
    made = [*others, column]
    if not lowering.program.causal:
        made.append(Score(constant([1.0], SINK), constant([float(gap)], SINK), gap))
    for share in made:
        lowering.within(node, "the scores of its head", max(_largest(share.query), _largest(share.key)))
    lowering.within(node, "the scores of its head", most + behind)
    lowering.attend(Attend(name, node, tuple(made), copied, at_sink or {}))


def _only(view: View) -> Array:
    (part,) = view.parts.values()
    return part


def _largest(view: View) -> float:
    return float(view.bounds.max(initial=0))
