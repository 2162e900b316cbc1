"""A node whose inputs are chosen and whose table is to be learned.

Letters: B inputs of width n, Q rows of the table, P graded positions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

import numpy as np

from tprog.ir.program import AttentionHead, Head, Lookup, Node, NumericHead, Program
from tprog.minimise import Floats
from tprog.run.attention import preference, window
from tprog.run.batch import Array
from trainer.search.attention_values import Copies, cell_codes, key_ranks, key_sums
from trainer.search.coordinate_descent import Learned, learn_categorical, learn_lookup, learn_numeric
from trainer.search.program_class import Wiring
from trainer.search.regression import Graded


@dataclass(frozen=True, eq=False)
class Candidate:
    """A wiring on some inputs.

    Attributes:
        node: reads variables of the Program, or of new nodes.
        rows: [B, n] the row of the predicate (or the cell) that acts at each position, below `count`.
        keys: [B, n] the codes of the key, below `key_count`; unused by lookups.
        sets: whether a row may accept any number of keys, or exactly one.
        finish: from what was learned to the nodes, the new ones that it reads first.
    """

    node: Wiring
    rows: Array
    count: int
    keys: Array | None
    key_count: int
    sets: bool
    finish: Callable[[Learned], tuple[Node, ...]] = field(repr=False)


def each_row(program: Program, node: Wiring, values: Mapping[str, Array], sets: bool) -> Candidate:
    """A lookup, or a head each of whose rows is learned.

    Args:
        values: variable -> [B, n] what it is on the inputs.
    """
    match node:
        case Lookup():
            cells, count = cell_codes(program, node, values)
            return Candidate(node, cells, count, None, 0, False, lambda learned: (with_cells(node, learned.table),))
        case Head() | NumericHead():
            return Candidate(
                node,
                values[node.query],
                len(program.symbols(node.query)),
                values[node.key],
                len(program.symbols(node.key)),
                sets,
                lambda learned: (with_rows(node, program, learned.table),),
            )
        case _:
            assert_never(node)


def broadcast(program: Program, node: AttentionHead, values: Mapping[str, Array], sets: bool) -> Candidate:
    """A head whose rows are all equal, so that all positions learn the same of an input."""
    rows = len(program.symbols(node.query))
    plain = each_row(program, node, values, sets)
    return dataclasses.replace(
        plain,
        rows=np.zeros_like(plain.rows),
        count=1,
        finish=lambda learned: (with_rows(node, program, learned.table.repeat(rows, axis=0)),),
    )


def learn(
    candidate: Candidate,
    program: Program,
    base: Floats,
    values: Mapping[str, Array],
    graded: Graded,
    rng: np.random.Generator,
    start: Learned | None = None,
) -> Learned:
    """The table that fits best, and its weights in the readout.

    Args:
        base: [P, class] logits without the node.
        values: variable -> [B, n] what it is on the inputs.
        graded: of the same inputs.
        start: a table and weights to begin from.
    """
    node, labels = candidate.node, graded.labels
    rows = candidate.rows.ravel()[graded.at].astype(np.int64)
    match node:
        case Lookup():
            return learn_lookup(base, rows, candidate.count, len(node.symbols or ()), labels, rng, start)
        case NumericHead():
            sums = _sums(candidate, node, program, values, graded)
            return learn_numeric(base, rows, candidate.count, sums, labels, candidate.sets, start)
        case Head():
            copies = _copies(candidate, node, program, values, graded)
            return learn_categorical(base, rows, candidate.count, copies, labels, candidate.sets, start)
        case _:
            assert_never(node)


def _sums(
    candidate: Candidate, node: NumericHead, program: Program, values: Mapping[str, Array], graded: Graded
) -> Floats:
    """What a numeric head adds up of each key."""
    assert candidate.keys is not None
    number = None if node.value == "ones" else values[node.value] / program.numbers(node.value).denominator
    shown = window(node, program, graded.batch.tokens.shape[1])
    return key_sums(candidate.keys, candidate.key_count, number, shown, graded)


def _copies(candidate: Candidate, node: Head, program: Program, values: Mapping[str, Array], graded: Graded) -> Copies:
    """From where a head copies if it accepts a key, and what."""
    assert candidate.keys is not None
    n = graded.batch.tokens.shape[1]
    order, domain = preference(n), program.symbols(node.value)
    ranks = key_ranks(candidate.keys, candidate.key_count, window(node, program, n), order, graded)
    default = None if node.default is None else domain.codes[node.default]
    return Copies(ranks, values[node.value], len(domain), order, default, graded)


def with_cells(node: Lookup, codes: Array) -> Lookup:
    """A lookup that answers the symbols of the codes [cell]."""
    assert node.symbols is not None
    return dataclasses.replace(node, cells=tuple(node.symbols[code] for code in codes.tolist()))


def with_rows(node: AttentionHead, program: Program, table: Array) -> AttentionHead:
    """A head with the predicate [Q, K]; rows that the table lacks are as its last."""
    keys = program.symbols(node.key).values
    rows = [tuple(key for key, accepted in zip(keys, row, strict=False) if accepted) for row in table.tolist()]
    count = len(program.symbols(node.query))
    return dataclasses.replace(node, predicate=tuple((*rows, *[rows[-1]] * count)[:count]))
