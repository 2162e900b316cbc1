"""Fewer nodes: those that a constant or another variable can stand in for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from tprog.ir.domains import coded_alike
from tprog.ir.program import Node, Number, Numbers, Program, Symbol, Symbols
from tprog.ir.values import shown
from tprog.run.batch import Array
from tprog.run.execute import decode
from tprog.run.groups import tallied
from tprog.simplify.record import Size
from tprog.simplify.rewrite import Fixed, Same, StandIn, Via, rewritten
from tprog.simplify.search import Search
from tprog.text.clusters import LISTED_WORDS

_CONSTANTS, _TABLES = 4, 8
"""How many of its most frequent values, and of the variables most like it, are tried in place of a node."""

_LEVELS = 64
"""The most numbers that a table is made over."""

_FEW = 24
"""A program with more nodes is thinned out in one order only."""


def fewer_nodes(search: Search) -> None:
    """Take out nodes, one at a time, in several orders; the smallest program that comes of it stays.

    Which nodes can go together depends on which went first, so no order is the best for every program.
    """
    start = search.state()
    best, best_size = start, _rank(search.size)
    orders = (_last_first, _largest_first, _first_first)
    for order in orders if len(start[0].nodes) <= _FEW else orders[:1]:
        search.restore(start)
        before = len(search.steps)
        for name in order(search.program):
            if name in search.program.by_name:
                _take_out(search, name)
        if order is _last_first and len(search.steps) == before:
            return  # not one can go, in whatever order
        if (found := _rank(search.size)) < best_size:
            best, best_size = search.state(), found
    search.restore(best)


def _rank(found: Size) -> tuple[int, int, int]:
    return found.nodes, found.lines, found.entries


def _last_first(program: Program) -> list[str]:
    return [node.name for node in reversed(program.nodes)]


def _first_first(program: Program) -> list[str]:
    return [node.name for node in program.nodes]


def _largest_first(program: Program) -> list[str]:
    def cells(node: Node) -> int:
        return sum(len(entries) for entries in node.tables.values() if entries.part == "cell")

    return [node.name for node in sorted(program.nodes, key=cells, reverse=True)]


@dataclass(frozen=True, eq=False)
class _Guess:
    """What could stand in for a node.

    Attributes:
        codes: the values of all variables -> the node's own, as codes, if this stands in for it.
    """

    stand_in: StandIn
    reason: str
    codes: Callable[[Mapping[str, Array]], Array | int]


def _take_out(search: Search, name: str) -> None:
    for guess in _guesses(search, name):
        if search.may_be(name, guess.codes):
            candidate = rewritten(search.program, {name: guess.stand_in})
            if search.attempt(candidate, name, guess.reason):
                return


def _clusters(program: Program, name: str) -> bool:
    """Whether a node puts many words together: what reads it can be read, and what reads the words alone cannot."""
    return program.by_name[name].words is not None and len(program.vocabulary) > LISTED_WORDS


def _guesses(search: Search, name: str) -> Iterator[_Guess]:
    """What could stand in for a node, the simplest first: constants, then earlier variables, the most alike first."""
    program = search.program
    domain = program.variables[name].domain
    for code in _frequent(search, name):
        value = decode(program, name, code)
        told = f"fixed at {shown(value)}"
        yield _Guess(Fixed(value), told, partial(_constant, code))
    if isinstance(domain, Symbols):
        for table in _tables(search, name):
            how = "a function of" if table.unlike == 0 else "as good as a function of"
            symbols = tuple(domain.values[code] for code in table.codes.tolist())
            told = f"{how} {table.other}, so whatever read it reads that"
            yield _Guess(Via(table.other, symbols, table.levels), told, table.look_up)
    else:
        for other in _earlier(program, name):
            theirs = program.variables[other].domain
            if coded_alike(theirs, domain) and _equal(search, name, other):
                yield _Guess(Same(other), f"equal to {other}", partial(_value_of, other))


def _tables(search: Search, name: str) -> list[_Table]:
    """The best guesses at a variable from an earlier one, the most alike first."""
    program = search.program
    earlier = [other for other in _earlier(program, name) if other != "tokens" or not _clusters(program, name)]
    tables = [table for other in earlier if (table := _table(search, name, other)) is not None]
    return sorted(tables, key=lambda table: table.unlike)[:_TABLES]


def _constant(code: int, values: Mapping[str, Array]) -> int:
    return code


def _value_of(other: str, values: Mapping[str, Array]) -> Array:
    return values[other]


def _frequent(search: Search, name: str) -> list[int]:
    """The most frequent codes (or numerators) of a variable."""
    counts: dict[int, int] = {}
    for part, _, (values,) in search.values(name):
        for code, count in zip(*tallied(values[part.batch.present]), strict=True):
            counts[code] = counts.get(code, 0) + count
    return sorted(counts, key=lambda code: (-counts[code], code))[:_CONSTANTS]


def _earlier(program: Program, name: str) -> list[str]:
    names = list(program.variables)
    return [other for other in names[: names.index(name)] if other != "ones"]


@dataclass(frozen=True, eq=False)
class _Table:
    """The best guess at a variable from another one.

    Attributes:
        unlike: at how many positions it is wrong.
        codes: what it says, for each code of the other, or for each number from `low` on.
        levels: those numbers, if the other is one.
    """

    unlike: int
    other: str
    codes: Array
    low: int
    levels: tuple[Number, ...] | None

    def look_up(self, values: Mapping[str, Array]) -> Array:
        """What it says on an execution's values."""
        at = values[self.other].astype(np.int64) - self.low
        return self.codes[np.clip(at, 0, len(self.codes) - 1)]


def _table(search: Search, name: str, other: str) -> _Table | None:
    """The best guess at a variable from another; None if it would need more than `_LEVELS` levels, or fractions.

    It follows from the values of the two, which most other changes of the program leave as they are.
    """
    arrays = [array for _, _, both in search.values(name, other) for array in both]
    domains = search.program.symbols(name), search.program.variables[other].domain
    return search.known.what((other, *domains), arrays, lambda: _counted(search, name, other))


def _counted(search: Search, name: str, other: str) -> _Table | None:
    program = search.program
    own, theirs = program.symbols(name), program.variables[other].domain
    levels: tuple[Number, ...] | None = None
    if isinstance(theirs, Symbols):
        count, low = len(theirs), 0
    else:
        low, high = _reached(search, other)
        count = high - low + 1
        if not isinstance(theirs, Numbers) or theirs.denominator != 1 or count > _LEVELS:
            return None
        levels = tuple(range(low, low + count))
    together = np.zeros(count * len(own), dtype=np.int64)
    for part, _, (ours, them) in search.values(name, other):
        present = part.batch.present
        flat = (them[present].astype(np.int64) - low) * len(own) + ours[present]
        together += np.bincount(flat, minlength=len(together))
    table: Array = together.reshape(count, len(own))
    unlike = int(table.sum() - table.max(axis=1).sum())
    usual = int(table.sum(axis=0).argmax())
    best = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), usual)
    return _Table(unlike, other, best, low, levels)


def _reached(search: Search, name: str) -> tuple[int, int]:
    """The least and the largest code of a variable on some input; 0 if there is none."""
    reached = [values[part.batch.present] for part, _, (values,) in search.values(name)]
    ends = [(int(values.min()), int(values.max())) for values in reached if len(values)] or [(0, 0)]
    return min(low for low, _ in ends), max(high for _, high in ends)


def _equal(search: Search, name: str, other: str) -> bool:
    return all(
        np.array_equal(ours[part.batch.present], theirs[part.batch.present])
        for part, _, (ours, theirs) in search.values(name, other)
    )


# Domains ##############################################################################################################


def smaller_domains(search: Search) -> None:
    """Leave out symbols that an embedding or lookup never yields: their rows in every reader go with them."""
    for name in [node.name for node in search.program.nodes]:
        node = search.program.by_name.get(name)
        if node is None or node.declares is None:
            continue
        kept = tuple(symbol for symbol in node.declares if symbol in node.entries.answers)
        if kept and len(kept) < len(node.declares):
            renamed(search, name, dict(zip(kept, kept, strict=True)), "left out values that it never has")


def renamed(search: Search, name: str, names: Mapping[Symbol, Symbol], reason: str) -> bool:
    """Give the symbols of an embedding or lookup other names.

    Args:
        names: old symbol -> new one, in the order that the domain is to have; those without one are in no table.
    """
    new = search.program.by_name[name].renamed(names)
    candidate = rewritten(search.program, {name: Via(name, tuple(names))}, new)
    return search.attempt(candidate, name, reason)
