"""Selections with alternatives, of which scores know nothing: they add up, as conjunctions do.

A head that counts or adds up does so for each alternative, once they are made disjoint. One that copies or averages
gets one clause instead, between two variables of its own: one of queries that accept the same keys, one of keys that
the same queries accept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import combinations

import numpy as np

from tprog.errors import NotExact
from tprog.ir.nodes import AttentionHead
from tprog.ir.selections import Clause, Selection
from tprog.run.attention import mask_word, windows
from tprog.run.batch import Bools
from trainer.compile.lowering import Lowering
from trainer.compile.scores import Accepting, Selected, accepting, accepts, seen_by
from trainer.compile.stream import Feature, View
from trainer.compile.tables import boxes, conjunctions

MOST_PAIRS = 4_000_000
"""Pairs of queries and keys of a selection with alternatives that are looked at."""

MOST_DISJOINT = 16
"""Disjoint alternatives that are counted one by one."""


def selected(lowering: Lowering, node: AttentionHead) -> Selected:
    """What a head selects, as one conjunction."""
    seen = seen_by(lowering, node)
    if len(node.alternatives) == 1:
        return Selected(tuple(accepting(lowering, clause) for clause in node.alternatives[0]), seen)
    return Selected((_joined(lowering, node),), seen)


# Disjoint #############################################################################################################

Tables = dict[tuple[str, str], Bools]
"""(query, key) -> [query column, key column] what a conjunction accepts of these two variables."""


def disjoint(lowering: Lowering, node: AttentionHead) -> list[Selected]:
    """What a head selects, as conjunctions of which no two select the same position: one where they would be many."""
    made: list[Tables] = []
    for clauses in node.alternatives:
        parts = [_tables(lowering, clauses)]
        for earlier in made:
            parts = [piece for part in parts for piece in _without(part, earlier)]
        made += [part for part in parts if all(table.any() for table in part.values())]
        if len(made) > MOST_DISJOINT:
            return [selected(lowering, node)]
    seen, columns = seen_by(lowering, node), {name: each.view for name, each in lowering.encoded.items()}
    found = []
    for part in _fewer(made):
        clauses_of = []
        for (query, key), table in part.items():
            of_query, of_key = columns[query], columns[key]
            assert of_query is not None
            assert of_key is not None
            clauses_of.append(Accepting(of_query, of_key, table))
        found.append(Selected(tuple(clauses_of), seen))
    return found


def _tables(lowering: Lowering, clauses: Iterable[Clause]) -> Tables:
    """What a conjunction accepts; clauses of the same two variables are one."""
    own: Tables = {}
    for clause in clauses:
        table, reads = accepts(lowering, clause), (clause.query, clause.key)
        own[reads] = own[reads] & table if reads in own else table
    return own


def _without(one: Tables, other: Tables) -> list[Tables]:
    """What the one accepts and the other does not, in disjoint parts: the first clause fails, or it holds and ..."""
    found: list[Tables] = []
    held = one
    for reads, table in other.items():
        size = held.get(reads)
        fails = ~table if size is None else size & ~table
        if fails.any():
            found.append({**held, reads: fails})
        both = table if size is None else size & table
        if not both.any():
            break
        held = {**held, reads: both}
    return found


def _fewer(made: list[Tables]) -> list[Tables]:
    """The same with those united that differ in one table alone."""
    for one, other in combinations(range(len(made)), 2):
        if made[one].keys() == made[other].keys():
            apart = [reads for reads in made[one] if not np.array_equal(made[one][reads], made[other][reads])]
            if len(apart) == 1:
                united = {**made[one], apart[0]: made[one][apart[0]] | made[other][apart[0]]}
                return _fewer([*(each for at, each in enumerate(made) if at not in (one, other)), united])
    return made


# One clause ###########################################################################################################


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
    kept = np.flatnonzero(rows.any(axis=1)).tolist() or [0]
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
