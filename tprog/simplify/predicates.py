"""Predicates that read as a relation, or at least group in few branches, and heads without idle options."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import assert_never

import numpy as np

from tprog.ir.domains import Attend
from tprog.ir.program import AttentionHead, Head, Keys, NumericHead, Symbol
from tprog.ir.relations import (
    DIFFERENT,
    EQUAL,
    GREATER,
    MARKS,
    NOT_GREATER,
    NOT_SMALLER,
    ONE_LESS,
    ONE_MORE,
    SMALLER,
    Relation,
    imposed,
)
from tprog.run.attention import window
from tprog.run.batch import Array
from tprog.simplify.search import Search
from tprog.simplify.tables import Edit, Grid, merged_rows, most_common, shorten

_RELATIONS: Mapping[str, Relation] = {
    "equal": EQUAL,
    "different": DIFFERENT,
    "smaller": SMALLER,
    "greater": GREATER,
    "not greater": NOT_GREATER,
    "not smaller": NOT_SMALLER,
    "one less": ONE_LESS,
    "one more": ONE_MORE,
}
"""In the order in which they are tried, each by place in the key's domain."""


def shorter_predicates(search: Search) -> None:
    """Rewrite each head's predicate, mask and default for the shortest text."""
    for name in [node.name for node in search.program.nodes]:
        node = search.program.by_name.get(name)
        head = None if node is None else node.selection
        if head is not None and not head.partial:
            shorten(search, head, [*_edits(search, head)])
            # Last and alone: it gives the predicate other rows.
            every = len(search.program.symbols("tokens"))
            head = search.program.by_name[name].selection
            assert head is not None
            shorten(search, head, [("asks nothing of the query", partial(_without_query, every))])


def _edits(search: Search, node: AttentionHead) -> Iterator[Edit[AttentionHead]]:
    program = search.program
    queries, keys = program.symbols(node.query).values, program.symbols(node.key).values
    reached = _reached(search, node)
    for name, relation in _RELATIONS.items():
        if all(query in keys for query in queries if query not in MARKS):
            yield f"accepts {name} keys", partial(_as_relation, relation, queries, keys)
            if not MARKS.isdisjoint((*queries, *keys)):
                yield f"accepts {name} keys, marks aside", partial(_as_relation, relation, queries, keys, aside=MARKS)
    yield "accepts every key", partial(_as_rows, (keys,) * len(queries))
    yield "accepts no key", partial(_as_rows, ((),) * len(queries))
    for key in keys:
        yield f"accepts {key!r} alone", partial(_as_rows, ((key,),) * len(queries))
    for filling in (None, False, True):
        yield "says nothing of pairs that no input shows it", partial(_filled, keys, reached, filling)
    yield from _row_edits(queries, keys)
    yield "no mask", lambda head: replace(head, mask="all") if head.mask != "all" else None
    yield "position 0 not left out", lambda head: replace(head, skip_first=False) if head.skip_first else None
    if program.marks.begins:
        yield "no default", _without_default
    if node.kind == "head" and node.by is not None:
        for attend in _PLAIN:
            yield f"attends to the {attend}, whatever the {node.by}", partial(_attending, attend)


_PLAIN: tuple[Attend, ...] = ("nearest", "first", "last")


def _attending(attend: Attend, head: AttentionHead) -> AttentionHead | None:
    match head:
        case Head():
            return replace(head, attend=attend, by=None)
        case NumericHead():
            return None
        case _:
            assert_never(head)


def _without_default(head: AttentionHead) -> AttentionHead | None:
    match head:
        case Head():
            return replace(head, default=None)
        case NumericHead():
            return None  # a mean needs one, and a sum has none
        case _:
            assert_never(head)


def _row_edits(queries: Sequence[Symbol], keys: Sequence[Symbol]) -> Iterator[Edit[AttentionHead]]:
    for at, query in enumerate(queries):
        for other in range(len(queries)):
            if other != at:
                yield f"{query!r} accepts what {queries[other]!r} does", partial(_as_other_row, at, other)
        yield f"{query!r} accepts nothing", partial(_as_row, at, ())
        yield f"{query!r} accepts everything", partial(_as_row, at, tuple(keys))
        for key in keys:
            yield f"{query!r} accepts {key!r} alone", partial(_as_row, at, (key,))
    for at, query in enumerate(queries):
        for key in keys:
            yield f"{query!r} accepts {key!r}, or no more", partial(_toggled, keys, at, key)


def _as_rows(rows: tuple[Keys | None, ...], head: AttentionHead) -> AttentionHead:
    return replace(head, predicate=rows)


def _as_row(at: int, row: Keys | None, head: AttentionHead) -> AttentionHead:
    return replace(head, predicate=(*head.predicate[:at], row, *head.predicate[at + 1 :]))


def _as_other_row(at: int, other: int, head: AttentionHead) -> AttentionHead:
    return _as_row(at, head.predicate[other], head)


def _toggled(keys: Sequence[Symbol], at: int, key: Symbol, head: AttentionHead) -> AttentionHead:
    row = head.predicate[at] or ()
    return _as_row(at, tuple(k for k in keys if (k in row) != (k == key)), head)


def _as_relation(
    relation: Relation,
    queries: Sequence[Symbol],
    keys: Sequence[Symbol],
    head: AttentionHead,
    aside: Collection[Symbol] = (),
) -> AttentionHead:
    return replace(head, predicate=imposed(relation, queries, keys, head.predicate, aside))


def _without_query(tokens: int, head: AttentionHead) -> AttentionHead | None:
    """The same for every token, if it is the same for every query."""
    if len(set(head.predicate)) > 1 or head.query == "tokens":
        return None
    return replace(head, query="tokens", predicate=head.predicate[:1] * tokens)


def _filled(keys: Sequence[Symbol], reached: Array, filling: bool | None, head: AttentionHead) -> AttentionHead | None:
    """The predicate with rows as alike as the pairs allow that matter; what is free even then is `filling`."""
    grid: Grid[bool | None] = [
        [(key in (row or ())) if seen else None for key, seen in zip(keys, line, strict=True)]
        for row, line in zip(head.predicate, reached.tolist(), strict=True)
    ]
    rows = []
    for merged in merged_rows(grid):
        free = most_common(merged, False) if filling is None else filling
        rows.append(tuple(k for k, cell in zip(keys, merged, strict=True) if (free if cell is None else cell)))
    return replace(head, predicate=tuple(rows))


def _reached(search: Search, node: AttentionHead) -> Array:
    """[query value, key value]: whether some input makes the head look at such a pair."""
    program = search.program
    queries, keys = program.symbols(node.query), program.symbols(node.key)
    reached = np.zeros((len(queries), len(keys)), dtype=np.bool_)
    for part, _, (query, key) in search.values(node.query, node.key):
        for i, j in np.argwhere(window(node, program, query.shape[1])).tolist():
            both = part.batch.present[:, i] & part.batch.present[:, j]
            reached[query[both, i], key[both, j]] = True
    return reached
