"""Lookups with fewer inputs, levels, answers and branches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

import numpy as np

from tprog.ir.program import Lookup, Program, Symbols, Value, axis
from tprog.run.batch import Array
from tprog.run.evaluate import level_codes
from tprog.simplify.search import Search
from tprog.simplify.tables import Edit, Grid, merged_rows, most_common, shorten, transposed
from tprog.simplify.wide_lookups import wide_edits

Shape: TypeAlias = tuple[int, int]
"""Values or levels of the first and the second input; a lookup of one input has 1 of the first."""


def shorter_lookups(search: Search) -> None:
    """Rewrite each lookup's table for the shortest text."""
    for name in [node.name for node in search.program.nodes]:
        for edits in (wide_edits, _input_edits, _level_edits, _cell_edits):
            node = search.program.by_name.get(name)
            if (
                node is not None
                and node.kind == "lookup"
                and not node.partial
                and _is_wide(node) == (edits is wide_edits)
            ):
                shorten(search, node, [*edits(search, node)])


def _is_wide(node: Lookup) -> bool:
    return node.listed is not None or len(node.inputs) > 2


def _shape(program: Program, node: Lookup) -> Shape:
    sizes = [len(axis(program.variables, node, which)) for which in range(len(node.inputs))]
    return (sizes[0], sizes[1]) if len(sizes) == 2 else (1, sizes[0])


def _grid(node: Lookup, shape: Shape) -> list[list[Value | None]]:
    width = shape[1]
    return [list(node.cells[start : start + width]) for start in range(0, shape[0] * width, width)]


def _flat(grid: Sequence[Sequence[Value | None]]) -> tuple[Value | None, ...]:
    return tuple(cell for row in grid for cell in row)


def _counts(search: Search, node: Lookup) -> Array:
    """How often the inputs read each cell, in the shape of the table."""
    program, shape = search.program, _shape(search.program, node)
    counts = np.zeros(math.prod(shape), dtype=np.int64)
    for part, _, values in search.values(*node.inputs):
        flat = np.zeros(int(part.batch.present.sum()), dtype=np.int64)
        for name, levels, found in zip(node.inputs, node.levels, values, strict=True):
            place, domain = found[part.batch.present], program.variables[name].domain
            if isinstance(domain, Symbols):
                flat = flat * len(domain) + place
            else:
                assert levels is not None
                flat = flat * len(levels) + level_codes(place, levels, domain)
        counts += np.bincount(flat, minlength=len(counts))
    return counts.reshape(shape)


# Inputs and levels ####################################################################################################


def _input_edits(search: Search, node: Lookup) -> Iterator[Edit[Lookup]]:
    """One input in place of two, if what the other says is never needed."""
    if len(node.inputs) < 2:
        return
    shape = _shape(search.program, node)
    grid, counts = _grid(node, shape), _counts(search, node).tolist()
    for gone in (0, 1):
        lines = (transposed(grid), transposed(counts)) if gone == 0 else (grid, counts)
        usual = _heaviest(_flat(grid), [c for row in counts for c in row], node.cells[0])
        cells = tuple(_heaviest(row, weights, usual) for row, weights in zip(*lines, strict=True))
        new = replace(node, inputs=(node.inputs[1 - gone],), levels=(node.levels[1 - gone],), cells=cells)
        yield f"reads {new.inputs[0]} alone", partial(_exchanged, node, new)


def _exchanged(old: Lookup, new: Lookup, node: Lookup) -> Lookup | None:
    return new if node == old else None


def _heaviest(cells: Sequence[Value | None], weights: Sequence[int | None], otherwise: Value | None) -> Value | None:
    """The answer that is read most often, the first of several."""
    total: dict[Value | None, int] = {}
    for cell, weight in zip(cells, weights, strict=True):
        if weight:
            total[cell] = total.get(cell, 0) + weight
    return max(total, key=lambda cell: total[cell], default=otherwise)


def _level_edits(search: Search, node: Lookup) -> Iterator[Edit[Lookup]]:
    """Fewer levels of a number. Where they are 0 up to a cap, only the cap is lowered: ``min`` reads best."""
    for which, levels in enumerate(node.levels):
        if levels is None:
            continue
        capped = levels == tuple(range(len(levels)))
        for _ in levels:
            places = (-1,) if capped else range(-1, -len(levels), -1)
            for at in places:
                yield f"{node.inputs[which]} has fewer levels", partial(_without_level, search.program, which, at)


def _without_level(program: Program, which: int, at: int, node: Lookup) -> Lookup | None:
    """What read as a level reads as the next lower one."""
    levels = node.levels[which]
    if levels is None or not -len(levels) < at < 0:
        return None
    gone = len(levels) + at
    grid = _grid(node, _shape(program, node))
    if which == 0 and len(node.inputs) == 2:
        del grid[gone]
    else:
        for row in grid:
            del row[gone]
    left = (*levels[:gone], *levels[gone + 1 :])
    return replace(node, levels=(*node.levels[:which], left, *node.levels[which + 1 :]), cells=_flat(grid))


# Cells ################################################################################################################


def _cell_edits(search: Search, node: Lookup) -> Iterator[Edit[Lookup]]:
    """Tables of the same shape."""
    shape, counts = _shape(search.program, node), _counts(search, node)
    reached = (counts > 0).tolist()
    for across in (False, True):
        for near in (False, True):
            yield "says nothing of inputs that do not occur", partial(_filled, shape, reached, across, near)
    answers = [*dict.fromkeys(node.cells)]
    for old in answers:
        for new in answers:
            if old != new:
                yield f"{new!r} in place of {old!r}", partial(_without_answer, old, new)
    for across in (True, False):
        for at in range(shape[1 if across else 0]):
            for other in range(shape[1 if across else 0]):
                if at != other:
                    yield "two of its inputs are treated alike", partial(_as_other, shape, across, at, other)
    for at in range(len(node.cells)):
        for how in (-1, 1, -shape[1], shape[1]):
            yield "a cell answers as its neighbour", partial(_as_neighbour, at, at + how)
        yield "a cell answers as most do", partial(_as_most, shape, at, False)
        yield "a cell answers as most do", partial(_as_most, shape, at, True)


def _filled(shape: Shape, reached: list[list[bool]], across: bool, near: bool, node: Lookup) -> Lookup:
    """Cells that no input reads become what makes rows (or columns) alike, then like a neighbour or like most."""
    known = [
        [cell if seen else None for cell, seen in zip(row, line, strict=True)]
        for row, line in zip(_grid(node, shape), reached, strict=True)
    ]
    usual = most_common(_flat(known), node.cells[0])
    grid: Grid[Value | None] = merged_rows(transposed(known) if across else known)
    full = [_completed(row, usual, near) for row in grid]
    return replace(node, cells=_flat(transposed(full) if across else full))


def _completed(row: Sequence[Value | None], usual: Value | None, near: bool) -> list[Value | None]:
    fill = most_common(row, usual)
    done: list[Value | None] = []
    for cell in row:
        done.append(cell if cell is not None else done[-1] if near and done else fill)
    return done


def _without_answer(old: Value | None, new: Value | None, node: Lookup) -> Lookup:
    return replace(node, cells=tuple(new if cell == old else cell for cell in node.cells))


def _as_other(shape: Shape, across: bool, at: int, other: int, node: Lookup) -> Lookup:
    """One row (or column) as another."""
    grid = _grid(node, shape)
    if across:
        for row in grid:
            row[at] = row[other]
    else:
        grid[at] = list(grid[other])
    return replace(node, cells=_flat(grid))


def _as_neighbour(at: int, other: int, node: Lookup) -> Lookup | None:
    return _with_cell(node, at, node.cells[other]) if 0 <= other < len(node.cells) else None


def _as_most(shape: Shape, at: int, across: bool, node: Lookup) -> Lookup:
    """A cell as most of its row (or column)."""
    row, column = divmod(at, shape[1])
    grid = _grid(node, shape)
    return _with_cell(node, at, most_common(transposed(grid)[column] if across else grid[row], node.cells[at]))


def _with_cell(node: Lookup, at: int, answer: Value | None) -> Lookup:
    if node.cells[at] == answer:
        return node
    return replace(node, cells=(*node.cells[:at], answer, *node.cells[at + 1 :]))
