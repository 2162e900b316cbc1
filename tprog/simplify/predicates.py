"""Predicates that read as a relation, or at least group in few branches, and heads without idle options."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias, assert_never

import numpy as np

from tprog.ir.domains import Attend
from tprog.ir.entries import TableKey
from tprog.ir.program import AttentionHead, Clause, Head, Keys, NumericHead, Symbol
from tprog.run.attention import window
from tprog.run.batch import Array
from tprog.simplify.search import Search
from tprog.simplify.tables import Edit, Grid, merged_rows, most_common, shorten
from tprog.text.relations import (
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


_ClauseEdit: TypeAlias = tuple[str, Callable[[Clause], Clause | None]]
"""As `Edit`, of one clause."""


def shorter_predicates(search: Search) -> None:
    """Rewrite each head's predicate, mask and default for the shortest text."""
    for name in [node.name for node in search.program.nodes]:
        node = search.program.by_name.get(name)
        head = None if node is None else node.selection
        if head is not None and not head.partial:
            shorten(search, head, [*_fewer_clauses(head)])
            shorten(search, _head(search, name), [*_edits(search, _head(search, name))])
            # Last and alone: it gives the predicate other rows.
            every = len(search.program.symbols("tokens"))
            head = _head(search, name)
            asking_nothing = [
                _of_clause(head, table, "asks nothing of the query", partial(_without_query, every))
                for table in head.clauses
            ]
            shorten(search, head, asking_nothing)


def _head(search: Search, name: str) -> AttentionHead:
    head = search.program.by_name[name].selection
    assert head is not None
    return head


def _fewer_clauses(node: AttentionHead) -> Iterator[Edit[AttentionHead]]:
    """Alternatives, then clauses, that may make no difference; the last first, so that the others keep their place."""
    for at in reversed(range(len(node.alternatives))):
        yield f"lacks alternative {at}", partial(_without_alternative, at)
    for at, clauses in reversed([*enumerate(node.alternatives)]):
        for place in reversed(range(len(clauses))):
            yield f"lacks clause {place} of alternative {at}", partial(_without_clause, at, place)


def _without_alternative(at: int, head: AttentionHead) -> AttentionHead | None:
    others = (*head.alternatives[:at], *head.alternatives[at + 1 :])
    return head.selecting(others) if len(others) < len(head.alternatives) and others else None


def _without_clause(at: int, place: int, head: AttentionHead) -> AttentionHead | None:
    if at >= len(head.alternatives) or not place < len(head.alternatives[at]) > 1:
        return None
    clauses = head.alternatives[at]
    fewer = (*clauses[:place], *clauses[place + 1 :])
    return head.selecting((*head.alternatives[:at], fewer, *head.alternatives[at + 1 :]))


def _edits(search: Search, node: AttentionHead) -> Iterator[Edit[AttentionHead]]:
    for table in node.clauses:
        for reason, edit in _clause_edits(search, node, table):
            yield _of_clause(node, table, reason, edit)
    yield "no mask", lambda head: replace(head, mask="all") if head.mask != "all" else None
    yield "position 0 not left out", lambda head: replace(head, skip_first=False) if head.skip_first else None
    if search.program.marks.begins:
        yield "no default", _without_default
    if node.kind == "head" and node.by is not None:
        for attend in _PLAIN:
            yield f"attends to the {attend}, whatever the {node.by}", partial(_attending, attend)


def _of_clause(
    node: AttentionHead, table: TableKey, reason: str, edit: Callable[[Clause], Clause | None]
) -> Edit[AttentionHead]:
    """An edit of one clause as one of its head."""
    return reason if node.alone else f"{table} {reason}", partial(_with_clause, table, edit)


def _with_clause(table: TableKey, edit: Callable[[Clause], Clause | None], head: AttentionHead) -> AttentionHead | None:
    made = edit(head.clauses[table])
    return None if made is None else head.with_clause(table, made)


def _clause_edits(search: Search, node: AttentionHead, table: TableKey) -> Iterator[_ClauseEdit]:
    program, clause = search.program, node.clauses[table]
    queries, keys = program.symbols(clause.query).values, program.symbols(clause.key).values
    reached = _reached(search, node, clause)
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


def _row_edits(queries: Sequence[Symbol], keys: Sequence[Symbol]) -> Iterator[_ClauseEdit]:
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


def _as_rows(rows: tuple[Keys | None, ...], clause: Clause) -> Clause:
    return replace(clause, predicate=rows)


def _as_row(at: int, row: Keys | None, clause: Clause) -> Clause:
    return replace(clause, predicate=(*clause.predicate[:at], row, *clause.predicate[at + 1 :]))


def _as_other_row(at: int, other: int, clause: Clause) -> Clause:
    return _as_row(at, clause.predicate[other], clause)


def _toggled(keys: Sequence[Symbol], at: int, key: Symbol, clause: Clause) -> Clause:
    row = clause.predicate[at] or ()
    return _as_row(at, tuple(k for k in keys if (k in row) != (k == key)), clause)


def _as_relation(
    relation: Relation,
    queries: Sequence[Symbol],
    keys: Sequence[Symbol],
    clause: Clause,
    aside: Collection[Symbol] = (),
) -> Clause:
    return replace(clause, predicate=imposed(relation, queries, keys, clause.predicate, aside))


def _without_query(tokens: int, clause: Clause) -> Clause | None:
    """The same for every token, if it is the same for every query."""
    if len(set(clause.predicate)) > 1 or clause.query == "tokens":
        return None
    return replace(clause, query="tokens", predicate=clause.predicate[:1] * tokens)


def _filled(keys: Sequence[Symbol], reached: Array, filling: bool | None, clause: Clause) -> Clause | None:
    """The predicate with rows as alike as the pairs allow that matter; what is free even then is `filling`."""
    grid: Grid[bool | None] = [
        [(key in (row or ())) if seen else None for key, seen in zip(keys, line, strict=True)]
        for row, line in zip(clause.predicate, reached.tolist(), strict=True)
    ]
    rows = []
    for merged in merged_rows(grid):
        free = most_common(merged, False) if filling is None else filling
        rows.append(tuple(k for k, cell in zip(keys, merged, strict=True) if (free if cell is None else cell)))
    return replace(clause, predicate=tuple(rows))


def _reached(search: Search, node: AttentionHead, clause: Clause) -> Array:
    """[query value, key value]: whether some input makes the head look at such a pair."""
    program = search.program
    queries, keys = program.symbols(clause.query), program.symbols(clause.key)
    # What lies behind the end of an input has a row and a column of its own, which nobody sees.
    size = len(keys) + 1
    reached = np.zeros((len(queries) + 1) * size, dtype=np.bool_)
    for part, _, (query, key) in search.values(clause.query, clause.key):
        present = part.batch.present.T
        starts = np.where(present, query.T.astype(np.intp), len(queries)) * size
        places = np.where(present, key.T, np.intp(len(keys)))
        for i, j in np.argwhere(window(node, program, query.shape[1])).tolist():
            reached[starts[i] + places[j]] = True
    return reached.reshape(-1, size)[:-1, :-1]
