"""Lookups of many inputs, or that list the combinations of them: fewer inputs, combinations and answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TypeAlias

import numpy as np

from tprog.ir.program import Lookup, Program, Value
from tprog.run.evaluate import entry_codes
from tprog.simplify.search import Search
from tprog.simplify.tables import Edit

Reads: TypeAlias = Mapping[tuple[int, ...], int]
"""Combination that is read -> how often; () stands for all that have no cell of their own."""


def wide_edits(search: Search, node: Lookup) -> Iterator[Edit[Lookup]]:
    """What may make such a lookup shorter, the largest steps first."""
    reads = _reads(search, node)
    for which, name in enumerate(node.inputs):
        if len(node.inputs) > 1:
            yield f"does without {name}", partial(_without_input, reads, node, which)
    yield "lists what occurs alone", partial(_listing, search.program, reads)
    answers = [*dict.fromkeys(node.cells)]
    for old, new in product(answers, answers):
        if old != new:
            yield f"{new!r} in place of {old!r}", partial(_without_answer, old, new)


def _keys(program: Program, node: Lookup) -> list[tuple[int, ...]]:
    """The combination of each cell; () of that of all others."""
    if node.listed is not None:
        return [*node.listed, ()]
    return [*product(*(range(len(values)) for values in node.entries.axes(program.variables)))]


def _reads(search: Search, node: Lookup) -> Reads:
    counts = np.zeros(len(node.cells), dtype=np.int64)
    for part, run, _ in search.values(*node.inputs):
        found = entry_codes(node.entries, search.program, run.values)[part.batch.present]
        counts += np.bincount(found, minlength=len(counts))
    return dict(zip(_keys(search.program, node), counts.tolist(), strict=True))


def _listing(program: Program, reads: Reads, node: Lookup) -> Lookup | None:
    """With a cell for each combination that is read, but those that most have the answer of; that is for all others."""
    keys = _keys(program, node)
    if keys != [*reads]:
        return None
    cells = {key: cell for key, cell in zip(keys, node.cells, strict=True) if reads[key]}
    otherwise = cells.pop((), None)
    if otherwise is None:
        otherwise = _most(dict.fromkeys(cells, 1), cells, node.cells[-1])
    return _of(node, {key: cell for key, cell in cells.items() if cell != otherwise}, otherwise)


def _without_input(reads: Reads, old: Lookup, which: int, node: Lookup) -> Lookup | None:
    """What differs by one input alone answers as is read most often."""
    if node != old:
        return None
    alike: dict[tuple[int, ...], dict[tuple[int, ...], Value | None]] = {}
    for key, cell in zip(reads, node.cells, strict=True):
        alike.setdefault((*key[:which], *key[which + 1 :]), {})[key] = cell
    otherwise = alike.pop((), {(): None}).get(()) if node.listed is not None else None
    cells = {key: _most(reads, some, node.cells[-1]) for key, some in alike.items()}
    shorter = replace(
        node,
        inputs=(*node.inputs[:which], *node.inputs[which + 1 :]),
        levels=(*node.levels[:which], *node.levels[which + 1 :]),
    )
    if node.listed is not None:
        return _of(shorter, cells, otherwise)
    return replace(shorter, cells=tuple(cells.values()))


def _most(reads: Reads, cells: Mapping[tuple[int, ...], Value | None], otherwise: Value | None) -> Value | None:
    """The answer that is read most often, the first of several."""
    total: dict[Value | None, int] = {}
    for key, cell in cells.items():
        if reads[key]:
            total[cell] = total.get(cell, 0) + reads[key]
    return max(total, key=lambda cell: total[cell], default=otherwise)


def _of(node: Lookup, cells: Mapping[tuple[int, ...], Value | None], otherwise: Value | None) -> Lookup | None:
    """The lookup with these combinations; None where there are none, and it is a constant."""
    listed = tuple(sorted(cells))
    return replace(node, listed=listed, cells=(*(cells[key] for key in listed), otherwise)) if listed else None


def _without_answer(old: Value | None, new: Value | None, node: Lookup) -> Lookup:
    return replace(node, cells=tuple(new if cell == old else cell for cell in node.cells))
