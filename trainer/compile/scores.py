"""The scores of a head: its selection, its mask and its preference as whole numbers, which queries times keys make.

A clause adds the same number wherever it accepts, so a position is selected where all have added it. A selection with
alternatives becomes one clause between two variables of its own: one of queries that accept the same keys, one of keys
that the same queries accept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tprog.errors import NotExact
from tprog.ir.nodes import AttentionHead
from tprog.ir.selections import Clause, Selection
from tprog.run.attention import mask_word, windows
from tprog.run.batch import Array, Bools
from trainer.compile.lowering import Lowering, always
from trainer.compile.stream import PAD, SINK, Attend, Feature, Score, View, constant
from trainer.compile.tables import boxes, conjunctions

MOST_PAIRS = 4_000_000
"""Pairs of queries and keys of a selection with alternatives that are looked at."""


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


def selected(lowering: Lowering, node: AttentionHead) -> Selected:
    """What a head selects."""
    program = lowering.program
    word = mask_word(node, program)
    trivial = word in ("all", "causal") and not node.skip_first
    seen = None if trivial else windows(program.max_length, word, node.skip_first)
    if len(node.alternatives) == 1:
        return Selected(tuple(_accepting(lowering, clause) for clause in node.alternatives[0]), seen)
    return Selected((_joined(lowering, node),), seen)


def accepts(lowering: Lowering, clause: Clause) -> Bools:
    """[query column, key column] whether a clause accepts; a missing row accepts none."""
    keys = lowering.encoded[clause.key].values
    rows = dict(zip(lowering.program.symbols(clause.query), clause.predicate, strict=True))
    table = np.zeros((len(lowering.encoded[clause.query].values), len(keys)), dtype=np.bool_)
    for at, value in enumerate(lowering.encoded[clause.query].values):
        row = set(rows[value] or ())
        table[at] = [key in row for key in keys]
    return table


def _accepting(lowering: Lowering, clause: Clause) -> Accepting:
    query, key = lowering.encoded[clause.query], lowering.encoded[clause.key]
    return Accepting(query.columns, key.columns, accepts(lowering, clause))


# Alternatives #########################################################################################################


def names_in(selection: Selection, role: str) -> list[str]:
    """The variables that a selection reads as queries, or as keys, each once."""
    return list(dict.fromkeys(getattr(clause, role) for clauses in selection for clause in clauses))


def truth(lowering: Lowering, node: AttentionHead) -> Bools:
    """Whether a selection accepts: one axis a query variable, then one a key variable.

    Raises:
        NotExact: that is too large a table; the message names the node.
    """
    queries, keys = (names_in(node.alternatives, role) for role in ("query", "key"))
    sizes = [len(lowering.encoded[name].values) for name in (*queries, *keys)]
    if math.prod(sizes) > MOST_PAIRS:
        raise NotExact(
            f"node {node.name!r} cannot be compiled: its alternatives compare {math.prod(sizes):,} combinations of "
            f"values; expected at most {MOST_PAIRS:,}: bring what they read to fewer values"
        )
    found = np.zeros(sizes, dtype=np.bool_)
    for clauses in node.alternatives:
        held = np.ones(sizes, dtype=np.bool_)
        for clause in clauses:
            axes = queries.index(clause.query), len(queries) + keys.index(clause.key)
            shape = [size if axis in axes else 1 for axis, size in enumerate(sizes)]
            held &= accepts(lowering, clause).reshape(shape)
        found |= held
    return found


def _joined(lowering: Lowering, node: AttentionHead) -> Accepting:
    queries, keys = (names_in(node.alternatives, role) for role in ("query", "key"))
    table = truth(lowering, node)
    flat = table.reshape(math.prod(table.shape[: len(queries)]), -1)
    query, flat = _classes(lowering, node, "query", queries, flat)
    key, flat = _classes(lowering, node, "key", keys, flat.T)
    return Accepting(query, key, flat.T)


def _classes(lowering: Lowering, node: AttentionHead, role: str, names: list[str], flat: Bools) -> tuple[View, Bools]:
    """A variable of the combinations [combination, other] that are alike, and the table [class, other]."""
    if len(names) == 1:
        return lowering.encoded[names[0]].columns, flat
    rows, classes = np.unique(flat, axis=0, return_inverse=True)
    sizes = [len(lowering.encoded[name].values) for name in names]
    empty = int(np.flatnonzero(~rows.any(axis=1))[0]) if (~rows.any(axis=1)).any() else -1
    kept = [at for at in range(len(rows)) if at != empty] or [0]
    feature = Feature(f"{node.name}.{role}", tuple(map(str, kept)), node.name)
    found = [box for box in boxes(classes.reshape(sizes)) if box.answer in kept]
    views = [lowering.encoded[name].columns for name in names]
    written = np.zeros((len(found), len(kept)))
    for at, box in enumerate(found):
        written[at, kept.index(box.answer)] = 1
    lowering.think(conjunctions(feature.name, node.name, views, found, {feature: written}))
    return View({feature: np.eye(len(kept))}, len(kept)), rows[kept]


def selects_itself(lowering: Lowering, node: AttentionHead, name: str) -> View | None:
    """[1] whether a head selects the query's own position; None if it never does."""
    program = lowering.program
    own = windows(program.max_length, mask_word(node, program), node.skip_first).diagonal()
    queries, keys = (names_in(node.alternatives, role) for role in ("query", "key"))
    names = list(dict.fromkeys((*queries, *keys)))
    table = _own_truth(lowering, truth(lowering, node), [*queries, *keys], names)
    if not own.any() or not table.any():
        return None
    views = [lowering.encoded[read].columns for read in names]
    if not own.all():
        names, views, table = [*names, "positions"], [*views, lowering.positions()], table[..., None] & own
    found = [box for box in boxes(table.astype(np.int64)) if box.answer]
    feature = Feature(name, ("",), node.name)
    lowering.think(conjunctions(name, node.name, views, found, {feature: np.ones((len(found), 1))}))
    return View({feature: np.ones((1, 1))}, 1)


def _own_truth(lowering: Lowering, table: Bools, axes: list[str], names: list[str]) -> Bools:
    """The table where query and key are the same position's: one axis a variable."""
    sizes = [len(lowering.encoded[name].values) for name in names]
    grid = np.indices(sizes)
    found: Bools = table[tuple(grid[names.index(axis)] for axis in axes)]
    return found


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
