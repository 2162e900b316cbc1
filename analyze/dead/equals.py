"""Variables that are equal whatever the input: a node is *mergeable* with an earlier one that is computed alike from
the same variables, as far as any input consults the tables, or with a variable that it reads and always passes on.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from fractions import Fraction
from typing import assert_never

import numpy as np

from analyze.abstract.ranges import Ranges
from analyze.dead.changes import accepted_among, anywhere, typed
from tprog.ir.entries import TableKey
from tprog.ir.program import (
    AttentionHead,
    Clause,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    Number,
    NumericHead,
    Symbols,
    Value,
    cell_keys,
)
from tprog.run.evaluate import level_codes
from tprog.run.execute import decode


def equals(found: Ranges, apart: Collection[str]) -> dict[str, str]:
    """node -> the first variable that is proven equal to it; nodes without one are left out, and those of `apart`."""
    mates: dict[str, str] = {}
    first: dict[Hashable, str] = {_only(found, "ones"): "ones"}
    for node in found.program.nodes:
        if node.name in apart or not found.of[node.name].some.any():
            continue
        meanings = _meanings(found, node, mates)
        alike = (first[meaning] for meaning in meanings if meaning in first)
        mate = passed_on(found, node) or next(alike, None)
        if mate is None:
            first |= dict.fromkeys(meanings, node.name)
        else:
            mates[node.name] = mates.get(mate, mate)
    return mates


# What a node computes #################################################################################################


def _meanings(found: Ranges, node: Node, mates: dict[str, str]) -> list[Hashable]:
    """What a node computes, said in one way or two; equal for nodes that are equal everywhere."""
    reads = tuple(mates.get(read, read) for read in node.reads)
    only = _only(found, node.name)
    return [*([] if only is None else [only]), _computed(found, node, reads)]


def _only(found: Ranges, name: str) -> Hashable | None:
    """The one value that a variable is proven to have, with its kind, or None."""
    only, domain = found.of[name].only, found.program.variables[name].domain
    if only is None:
        return None
    return "only", isinstance(domain, Symbols), typed(decode(found.program, name, only))


def _computed(found: Ranges, node: Node, reads: tuple[str, ...]) -> Hashable:
    """What a node computes from `reads`, as far as any input consults it."""
    program = found.program
    match node:
        case Embedding():
            words = frozenset(((program.vocabulary[at],), node.table[at]) for at in _consulted(found, node.name))
            return "table", reads, (None,), "symbols", words
        case Lookup():
            asked = list(cell_keys(program, node))
            cells = frozenset((asked[at], node.cells[at]) for at in _consulted(found, node.name))
            kind = "numbers" if node.answers_numbers else "symbols"
            return "table", reads, node.levels, kind, cells
        case Linear():
            return _sum(node, reads)
        case Head() | NumericHead():
            return _attention(found, node, reads)
        case _:
            assert_never(node)


def _sum(node: Linear, reads: tuple[str, ...]) -> Hashable:
    total: dict[str, Number] = {}
    for read, coefficient in zip(reads, node.coefficients, strict=True):
        total[read] = total.get(read, 0) + coefficient
    return "sum", frozenset((read, c) for read, c in total.items() if c), node.constant


def _attention(found: Ranges, node: AttentionHead, reads: tuple[str, ...]) -> Hashable:
    as_read = dict(zip(node.reads, reads, strict=True))
    selected = frozenset(
        frozenset(_accepted(found, table, node.clauses[table], as_read) for table in tables)
        for tables in node.by_alternative
    )
    reduce = _attended(node) if node.kind == "head" else node.reduce
    compared = None
    if node.kind == "head" and node.by is not None and reduce == node.attend:  # else it makes no difference
        compared = as_read[node.by]
    window = node.mask, node.skip_first
    return "head", selected, as_read[node.value], compared, window, reduce, typed(node.default)


def _accepted(found: Ranges, table: TableKey, clause: Clause, as_read: Mapping[str, str]) -> Hashable:
    """What a clause accepts, as far as any input consults it."""
    queries, key_values = found.program.symbols(clause.query).values, found.program.symbols(clause.key).values
    keys = {key_values[code] for code in anywhere(found, clause.key) or ()}
    rows = ((queries[at], frozenset(clause.predicate[at] or ()) & keys) for at in _consulted(found, table))
    return as_read[clause.query], as_read[clause.key], frozenset(rows)


def _attended(head: Head) -> Hashable:
    """Which position a head attends to, said alike where it is the same whatever the input."""
    if head.by == "positions":
        return "last" if head.attend == "largest" else "first"
    itself = head.mask == "all"
    if not itself and head.by == "ones":
        return "last" if head.mask == "before" else "first"  # all are equal, and the nearest is next to oneself
    if not itself and head.attend == "nearest":
        return "last" if head.mask == "before" else "first"
    return "equal" if head.by == "ones" else head.attend


def _consulted(found: Ranges, table: TableKey) -> list[int]:
    """The entries of a table that any input can consult."""
    consulted: list[int] = np.flatnonzero(found.reachable[table]).tolist()
    return consulted


# What a node passes on ################################################################################################


def passed_on(found: Ranges, node: Node) -> str | None:
    """The variable whose value a node always yields, or None."""
    program = found.program
    match node:
        case Embedding():
            words: list[tuple[Value, ...]] = [(word,) for word in program.vocabulary]
            return _answered(_consulted(found, node.name), words, node.table, ("tokens",))
        case Lookup():
            return _passed_by_lookup(found, node)
        case Head():
            return node.query if _copies_itself(found, node) else None
        case Linear():
            return _added_alone(node)
        case NumericHead():
            return None
        case _:
            assert_never(node)


def _passed_by_lookup(found: Ranges, node: Lookup) -> str | None:
    if node.symbols is None:
        return node.inputs[0] if _rounds_nothing(found, node) else None
    if any(levels is not None for levels in node.levels):
        return None
    return _answered(_consulted(found, node.name), list(cell_keys(found.program, node)), node.cells, node.inputs)


def _added_alone(node: Linear) -> str | None:
    """The one variable that a sum is made of."""
    added = [(read, c) for read, c in zip(node.inputs, node.coefficients, strict=True) if c]
    return added[0][0] if [c for _, c in added] == [1] and not node.constant else None


def _answered(
    consulted: Sequence[int], asked: Sequence[tuple[Value, ...]], table: Sequence[Value | None], reads: Sequence[str]
) -> str | None:
    """The read whose value a table answers, wherever it is consulted."""
    if any(len(asked[at]) < len(reads) for at in consulted):
        return None  # what a lookup answers to all that it does not list
    for which, read in enumerate(reads):
        if all(typed(table[at]) == typed(asked[at][which]) for at in consulted):
            return read
    return None


def _rounds_nothing(found: Ranges, node: Lookup) -> bool:
    """Whether a table from one number to numbers answers each number that it can be asked with that number."""
    if len(node.inputs) != 1 or node.levels[0] is None or node.listed is not None:
        return False
    numerators, domain = found.of[node.inputs[0]].anywhere, found.program.numeric(node.inputs[0])
    if numerators is None:
        return False
    answers = [node.cells[at] for at in level_codes(numerators, node.levels[0], domain).tolist()]
    return all(
        isinstance(answer, int | Fraction) and answer == domain.number(asked)
        for answer, asked in zip(answers, numerators.tolist(), strict=True)
    )


def _copies_itself(found: Ranges, node: Head) -> bool:
    """Whether a head copies a variable from where it is the same: every query accepts its own value alone."""
    if node.mask != "all" or node.skip_first or not node.alone or not node.query == node.key == node.value:
        return False
    values = anywhere(found, node.query)
    accepted = accepted_among(found.program, node.clauses[node.name], values, values)
    return bool((accepted == np.eye(len(accepted), dtype=np.bool_)).all())
