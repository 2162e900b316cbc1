"""Which small edits a node has: one key, cell, word, read or mask changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import assert_never

from tprog.edits.edit import CellEdit, MaskEdit, NodeEdit, ReadEdit, RowEdit, WordEdit, before, may_replace, roles
from tprog.edits.entry import Entry
from tprog.ir.domains import masks
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Keys,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
    Value,
    cell_keys,
)


def candidates(
    program: Program, node: Node, reached: Callable[[Entry], bool] = lambda entry: True
) -> Iterator[NodeEdit]:
    """Every single edit of a node, in a fixed order: its entries in order, then its wiring.

    A row gains or loses one key, or has one key replaced; a row that is a hole gets one key. A cell or word gets each
    other value. A read moves to each other variable that it may; the mask changes, or whether it skips position 0.

    Args:
        reached: which entries to edit.
    """
    match node:
        case Embedding():
            for word, old in zip(program.vocabulary, node.table, strict=True):
                if reached(Entry(node.name, "word", (word,))):
                    yield from (WordEdit(node.name, word, new) for new in node.symbols if new != old)
        case Head() | NumericHead():
            keys = program.symbols(node.key).values
            for query, row in zip(program.symbols(node.query), node.predicate, strict=True):
                if reached(Entry(node.name, "row", (query,))):
                    yield from (RowEdit(node.name, query, new) for new in _other_rows(row, keys))
        case Lookup():
            answers: Sequence[Value] = node.symbols or _numbers_in(node.cells)
            for at, old_answer in zip(cell_keys(program, node), node.cells, strict=True):
                if reached(Entry(node.name, "cell", at)):
                    yield from (CellEdit(node.name, at, new) for new in answers if new != old_answer)
        case _:
            assert_never(node)
    if reached(Entry(node.name, "wiring")):
        yield from _rewirings(program, node)


def _numbers_in(cells: Sequence[Value | None]) -> list[Value]:
    """The numbers that a lookup answers, ascending."""
    return [*sorted({cell for cell in cells if cell is not None and not isinstance(cell, str)})]


def _other_rows(row: Keys | None, keys: Sequence[Symbol]) -> Iterator[Keys]:
    if row is None:
        yield from ((key,) for key in keys)
        return
    inside = set(row)
    for gone in row:
        for new in keys:
            if new not in inside:
                yield tuple(k for k in keys if (k in inside and k != gone) or k == new)
    for new in keys:
        if new not in inside:
            yield tuple(k for k in keys if k in inside or k == new)
    for gone in row:
        yield tuple(k for k in row if k != gone)


def _rewirings(program: Program, node: Node) -> Iterator[NodeEdit]:
    earlier = before(program, node.name)
    for role, old in roles(node):
        for new in earlier:
            if new != old and may_replace(program, old, new):
                yield ReadEdit(node.name, role, new)
    if isinstance(node, AttentionHead):
        yield from (MaskEdit(node.name, mask, node.skip_first) for mask in masks(program.causal) if mask != node.mask)
        yield MaskEdit(node.name, node.mask, not node.skip_first)
