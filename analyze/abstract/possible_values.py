"""What a node could yield on given inputs, whichever of its ancestors are ablated: an outer bound, never too narrow.

A categorical variable has the set of its possible codes at each position; a numeric one, an interval of numerators. An
input variable and an embedding have one value. A node that may be ablated can also yield its constant. From the sets of
what it reads follows which positions a head may match, which it must match, and so what it may yield.
Shapes: [input, position, code] or [input, position].
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias, assert_never

import numpy as np

from analyze.abstract.transfer import (
    add_fallback,
    added,
    answers,
    attended,
    bounds,
    composed,
    consulted,
    levels_between,
    summed,
)
from tprog.ir.entries import TableKey
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbols,
)
from tprog.run.attention import accepting, selected, window
from tprog.run.batch import Array, Batch, Bools
from tprog.run.evaluate import evaluate
from tprog.run.pieces import MEMORY, slices


@dataclass(frozen=True, eq=False)
class Interval:
    """Numerators from `low` to `high`, both [input, position] and included."""

    low: Array
    high: Array


Possible: TypeAlias = "Bools | Interval"


def possible_values(
    program: Program, batch: Batch, known: Mapping[str, Array], constants: Mapping[str, int]
) -> dict[str, Possible]:
    """Node -> what it could yield where it is kept, for the nodes that may be ablated.

    Args:
        known: variable -> its values, for those that are certain: [input, position] codes or numerators.
        constants: node -> the code (or numerator) that it yields when ablated, for the others.
    """
    # What only nodes read whose values are known too, as the words of a large vocabulary, takes no room.
    open_nodes = [node for node in program.nodes if node.name not in known]
    reading = [node.reads for node in open_nodes if not known.keys() >= set(node.reads)]
    read = set(chain.from_iterable(reading))
    codes = _most_codes(program, read | {node.name for node in open_nodes})
    size = max(1, MEMORY // max(1, 4 * codes * batch.tokens.shape[1] ** 2))
    parts = [
        _on_part(program, batch.take(rows), {name: values[rows] for name, values in known.items()}, constants, read)
        for rows in slices(max(1, len(batch)), size)
    ]
    return parts[0] if len(parts) == 1 else {name: _joined([part[name] for part in parts]) for name in parts[0]}


def _most_codes(program: Program, names: Iterable[str]) -> int:
    """Of these variables, the most values of one; a number takes as much as eight."""
    domains = [program.variables[name].domain for name in names]
    return max((len(domain) if isinstance(domain, Symbols) else 8 for domain in domains), default=8)


def _joined(parts: Sequence[Possible]) -> Possible:
    intervals = [part for part in parts if isinstance(part, Interval)]
    if intervals:
        return Interval(np.concatenate([p.low for p in intervals]), np.concatenate([p.high for p in intervals]))
    return np.concatenate([part for part in parts if not isinstance(part, Interval)])


def _on_part(
    program: Program, batch: Batch, known: Mapping[str, Array], constants: Mapping[str, int], read: Collection[str]
) -> dict[str, Possible]:
    """The same for some inputs.

    Args:
        read: the variables that nodes read of which not all is known.
    """
    could: dict[str, Possible] = {
        name: _exactly(program, name, values) for name, values in known.items() if name in read
    }
    kept: dict[str, Possible] = {}
    for node in program.nodes:
        if node.name in known:
            continue
        if known.keys() >= set(node.reads):
            kept[node.name] = _exactly(program, node.name, evaluate(node, program, batch, known)[0])
        else:
            kept[node.name] = _of_node(node, program, batch, could)
        could[node.name] = _or_constant(program, node.name, kept[node.name], constants[node.name])
    return kept


def _exactly(program: Program, name: str, values: Array) -> Possible:
    domain = program.variables[name].domain
    if isinstance(domain, Symbols):
        return np.asarray(values[:, :, None] == np.arange(len(domain)))
    return Interval(values.astype(np.int64), values.astype(np.int64))


def _or_constant(program: Program, name: str, could: Possible, code: int) -> Possible:
    if isinstance(could, Interval):
        return Interval(np.minimum(could.low, code), np.maximum(could.high, code))
    more = could.copy()
    more[:, :, code] = True
    return more


def _of_node(node: Node, program: Program, batch: Batch, could: Mapping[str, Possible]) -> Possible:
    match node:
        case Head():
            return _head(node, program, batch, could)
        case NumericHead():
            return _numeric_head(node, program, batch, could)
        case Lookup():
            return _lookup(node, program, could)
        case Linear():
            read = [could[name] for name in node.inputs]
            spans = [one for one in read if isinstance(one, Interval)]
            return Interval(*added(node, program, [one.low for one in spans], [one.high for one in spans]))
        case Embedding():
            raise AssertionError("the values of an embedding are known")
        case _:
            assert_never(node)


# Heads ################################################################################################################


def _matches(node: AttentionHead, program: Program, batch: Batch, could: Mapping[str, Possible]) -> tuple[Bools, Bools]:
    """[input, query, key]: whether the positions may match, and whether they must."""
    may: dict[TableKey, Bools] = {}
    must: dict[TableKey, Bools] = {}
    for table, clause in node.clauses.items():
        query, key = could[clause.query], could[clause.key]
        assert not isinstance(query, Interval)
        assert not isinstance(key, Interval)
        accepts, keys = accepting(clause.predicate, program.symbols(clause.key)), np.moveaxis(key, 1, 2)
        may[table] = composed(composed(query, accepts), keys)
        must[table] = ~composed(composed(query, ~accepts), keys)
    seen = window(node, program, batch.tokens.shape[1]) & batch.present[:, None, :]
    return selected(node, may) & seen, selected(node, must) & seen


def _head(node: Head, program: Program, batch: Batch, could: Mapping[str, Possible]) -> Possible:
    values = could[node.value]
    assert not isinstance(values, Interval)
    may, must = _matches(node, program, batch, could)
    by: tuple[Array, Array] | None = None
    if node.by is not None:
        compared = could[node.by]
        low, high = (compared.low, compared.high) if isinstance(compared, Interval) else bounds(compared)
        by = low[:, None, :], high[:, None, :]
    found = composed(attended(node, may, must, program.self_rule, by), values)
    default = None if node.default is None else program.symbols(node.value).codes[node.default]
    add_fallback(found, ~np.logical_or.reduce(must, axis=2), values, default)
    return found


def _numeric_head(node: NumericHead, program: Program, batch: Batch, could: Mapping[str, Possible]) -> Possible:
    if node.reduce == "mean":
        ends = program.numeric(node.name).ends
        return Interval(*(np.full(batch.tokens.shape, end, dtype=np.int64) for end in ends))
    values = could[node.value]
    assert isinstance(values, Interval)
    may, must = _matches(node, program, batch, could)
    return Interval(*summed(values.low[:, None, :], values.high[:, None, :], may, must))


# Lookups ##############################################################################################################


def _lookup(node: Lookup, program: Program, could: Mapping[str, Possible]) -> Possible:
    axes = []
    for name, levels in zip(node.inputs, node.levels, strict=True):
        read, domain = could[name], program.variables[name].domain
        if isinstance(read, Interval):
            assert not isinstance(domain, Symbols)
            assert levels is not None
            read = levels_between(read.low, read.high, levels, domain)
        axes.append(read)
    answered = program.variables[node.name].domain
    support, said = answers(node.cells, answered)
    found = composed(consulted(node, axes), said)
    if isinstance(answered, Symbols):
        return found
    least, most = answered.ends
    return Interval(
        np.where(found, support, most).min(axis=2, initial=most),
        np.where(found, support, least).max(axis=2, initial=least),
    )
