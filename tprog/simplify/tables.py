"""What the passes over predicates and lookups share: how long a node's text is, and what of its table matters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeAlias, TypeVar

from tprog.ir.program import Head, Lookup, NumericHead, Program
from tprog.simplify.parts import with_node
from tprog.simplify.search import Search
from tprog.text.branches import function_lines
from tprog.text.describe import named_relation
from tprog.text.emit import assignment

Cell = TypeVar("Cell", bound=Hashable)
N = TypeVar("N", Head | NumericHead, Lookup)

Grid: TypeAlias = list[list[Cell]]
"""Rows of a table; None where no input looks."""

RELATION_LINES = 3
"""How many lines longer a predicate may be that is one named relation ("smaller") than one that is just a table."""

Cost: TypeAlias = tuple[int, int, int]
"""Lines, and those that a named relation would be worth; entries; characters."""

Edit: TypeAlias = tuple[str, Callable[[N], N | None]]
"""What is done, in words, and how; None where it has no meaning for the node as it is by then."""


def cost(program: Program, node: Head | NumericHead | Lookup) -> tuple[Cost, int]:
    """What a node's text costs its reader; and its lines."""
    text = [line for table in node.functions for line in function_lines(program, node, table)]
    clauses = () if node.selection is None else node.selection.clauses.values()
    unnamed = sum(named_relation(program, clause)[0] is None for clause in clauses)
    count = sum(map(len, node.tables.values()))
    characters = sum(map(len, text)) + len(assignment(program, node))
    return (len(text) + RELATION_LINES * unnamed, count, characters), len(text)


LONG = 200
"""Entries of a table whose text takes longer to write than some inputs take to run."""


def shorten(search: Search, node: N, edits: Sequence[Edit[N]]) -> None:
    """Edit a node as long as an edit makes it cost less and keeps all predictions.

    An edit leaves the node's domain as it is.
    """
    now = cost(search.program, node)
    again = True
    while again:
        again, tried = False, {node}
        for reason, edit in edits:
            new = edit(node)
            if new is None or new in tried:
                continue
            tried.add(new)
            less = _lower_cost(search, new, now)
            if less is not None and search.attempt(with_node(search.program, new), node.name, reason):
                node, now, again = new, less, True


def _lower_cost(search: Search, new: Head | NumericHead | Lookup, now: tuple[Cost, int]) -> tuple[Cost, int] | None:
    """What a node costs that may take another's place; None if that is not less, or predictions would not be kept.

    It is asked first what is known sooner: what it costs, or whether it can keep predictions.
    """
    # A table of numbers proves its own domain, which the sample's run could not hold.
    known = not new.answers_numbers
    long = known and sum(map(len, new.tables.values())) > LONG
    if long and not search.may_become(new):
        return None
    found, lines = cost(search.program, new)
    if found >= now[0] or lines > now[1]:
        return None
    return None if known and not long and not search.may_become(new) else (found, lines)


def merged_rows(grid: Sequence[Sequence[Cell]]) -> Grid[Cell]:
    """The rows with as few different ones as a greedy choice finds: rows that contradict nowhere become one.

    A row joins the nearest one before it that it fits, so that groups are ranges where they can be.
    """
    groups: list[list[Cell]] = []
    member: list[int] = []
    for row in grid:
        for which in [*reversed(member), *range(len(groups))]:
            if all(a is None or b is None or a == b for a, b in zip(groups[which], row, strict=True)):
                groups[which] = [b if a is None else a for a, b in zip(groups[which], row, strict=True)]
                break
        else:
            groups.append(list(row))
            which = len(groups) - 1
        member.append(which)
    return [list(groups[which]) for which in member]


def transposed(grid: Sequence[Sequence[Cell]]) -> Grid[Cell]:
    """Rows as columns."""
    return [list(column) for column in zip(*grid, strict=True)]


def most_common(cells: Iterable[Cell], otherwise: Cell) -> Cell:
    """What stands in most cells, the first of several."""
    counts = Counter(cell for cell in cells if cell is not None)
    return max(counts, key=lambda cell: counts[cell], default=otherwise)
