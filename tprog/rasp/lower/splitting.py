"""A selector that compares pairs of values, as alternatives of clauses: no variable has to hold the pairs.

The key ``token + index / n`` of a sort is one of two variables. Whether it is below that of the query depends on the
tokens, and on the indices only where the tokens are equal. So the pairs of tokens are sorted by what the indices have
to be: anything, nothing, or something that all these pairs share. Each such kind is an alternative of two clauses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from tprog.ir.domains import Mask
from tprog.ir.selections import Clause
from tprog.ir.selections import Selection as Alternatives
from tprog.ir.values import Symbol
from tprog.rasp.expressions import Select, Selector, SOp
from tprog.rasp.lower.held import Held
from tprog.rasp.lower.judging import Judge, Side, each_once, has_refusal
from tprog.rasp.lower.tables import UNREACHED, Outcome, Table
from tprog.rasp.values import Value
from tprog.run.batch import Array, Bools

if TYPE_CHECKING:
    from tprog.rasp.lower.building import Building

MOST_PAIRS = 400_000
"""Pairs of what a query and a key may hold for which a predicate is asked."""

MOST_COMPARED = 20_000_000
"""Pairs of numbers that are compared."""

MOST_KINDS = 4
"""Alternatives that a split may have."""


@dataclass(frozen=True)
class Split:
    """A selector as alternatives.

    Attributes:
        query, key: stand for what both sides hold together, as if variables held it.
        table: [query value, key value] whether the key is accepted.
        alternatives: the same as clauses.
    """

    query: Held
    key: Held
    table: Bools
    alternatives: Alternatives

    @property
    def single(self) -> bool:
        """Whether it is known to select one position at most."""
        return self.key.distinct and int(self.table.sum(axis=1).max(initial=0)) <= 1

    @property
    def filled(self) -> bool:
        """Whether each query is known to select its own position, or any."""
        same = self.query.variable == self.key.variable
        return bool(self.table.all() or (same and self.table.diagonal().all()))

    @property
    def order(self) -> bool:
        """Whether it selects the positions before the own one in an order in which no two are equal."""
        if self.query.variable != self.key.variable or not self.key.distinct:
            return False
        by_rank = self.table.sum(axis=1).argsort(kind="stable")
        ranked = self.table[by_rank][:, by_rank]
        return bool((ranked == np.tri(len(ranked), k=-1, dtype=np.bool_)).all())


@dataclass(frozen=True)
class _Side:
    """The keys, or the queries.

    Attributes:
        helds: one or two variables.
        reached: of each the symbols that occur.
        side: what the selects ask about, for each symbol or pair of symbols.
        cost: the cells of a variable that would hold it in one.
        values: how many different values that would have.
    """

    helds: tuple[Held, ...]
    reached: tuple[tuple[Symbol, ...], ...]
    side: Side
    cost: int
    values: int

    @property
    def together(self) -> Held:
        """What stands for both variables as one."""
        held = self.side.held
        assert held is not None
        return held


def split(building: Building, mask: Mask, parts: Sequence[Selector], selects: Sequence[Select]) -> Split | None:
    """A selector as alternatives over single variables, if it compares pairs and this is smaller; else None.

    Args:
        parts: the selectors all of which must select.
        selects: those that they are made of.
    """
    if not parts:
        return None
    keys = _side(building, [select.keys for select in selects])
    queries = _side(building, [select.queries for select in selects])
    if keys is None or queries is None or len(keys.helds) + len(queries.helds) < 3:
        return None
    query, key = queries.together, keys.together
    if (whole := _asked(building, mask, parts, keys, queries)) is None:
        return None
    same = tuple(map(id, keys.side.exprs)) == tuple(map(id, queries.side.exprs))
    joint = keys.cost + (0 if same else queries.cost) + queries.values
    best = min(_arrangements(building, queries, keys, whole), key=_rows, default=None)
    return None if best is None or _rows(best) >= joint else Split(query, key, whole, best)


def _asked(building: Building, mask: Mask, parts: Sequence[Selector], keys: _Side, queries: _Side) -> Bools | None:
    """[query value, key value] whether the key is accepted; None if a select fails, or there are too many."""
    query, key = queries.together, keys.together
    count = len(query.values) * len(key.values)
    if count > MOST_COMPARED:
        return None
    judge = Judge(building, parts, keys.side, queries.side)
    if (compared := judge.by_size(query, key)) is not None or count > MOST_PAIRS:
        return compared
    table = judge.table(parts[0], query, key, mask)
    whole = np.zeros((len(query.values), len(key.values)), dtype=np.bool_)
    for asked, row in enumerate(table):
        whole[asked, row or []] = True
    return None if judge.fails else whole


def _rows(alternatives: Alternatives) -> int:
    return sum(len(clause.predicate) for clauses in alternatives for clause in clauses)


def _side(building: Building, exprs: Sequence[SOp]) -> _Side | None:
    """One side, if one or two s-ops tell all of it, and it has a value for all that these may hold."""
    one = each_once(exprs)
    if not 1 <= len(building.chain(one).roots) <= 2:
        return None
    table = building.table(one)
    helds = tuple(building.as_symbols(root) for root in table.roots)
    classes = [
        _classes(building.held(root), held, known)
        for root, held, known in zip(table.roots, helds, table.classes, strict=True)
    ]
    reached = tuple(map(_reached, classes))
    if (options := _options(table, classes, reached)) is None:
        return None
    together = _together(helds, options)
    cost = len(options) if len(helds) > 1 else 0
    values = len({outcome for outcomes in options.values() for outcome in outcomes})
    return _Side(helds, reached, Side(one, together, options), cost, values)  # type: ignore[arg-type]  # none is refused


def _reached(classes: Mapping[Symbol, int]) -> tuple[Symbol, ...]:
    """The symbols that a variable has on some input."""
    return tuple(symbol for symbol, each in classes.items() if each != UNREACHED)


def _options(
    table: Table, classes: Sequence[Mapping[Symbol, int]], reached: Sequence[tuple[Symbol, ...]]
) -> dict[Any, tuple[Outcome, ...]] | None:
    """The symbol of the one variable, or those of both -> what comes of it; None if some has no value."""
    options: dict[Any, tuple[Outcome, ...]] = {}
    for symbols in product(*reached):
        outcomes = table.outcomes[tuple(named[symbol] for named, symbol in zip(classes, symbols, strict=True))]
        if has_refusal(outcomes):
            return None
        options[symbols if len(reached) > 1 else symbols[0]] = outcomes
    return options


def _together(helds: Sequence[Held], options: Mapping[Any, object]) -> Held:
    """What one or two variables hold together, as if it were one variable: of each symbol, or pair, that occurs."""
    (first, *others) = helds
    if not others:
        return replace(first, values={symbol: meant for symbol, meant in first.values.items() if symbol in options})
    name = ",".join(held.variable for held in helds)
    each: Mapping[Any, tuple[Value, ...]] = dict.fromkeys(options, (True,))  # some value, as each pair occurs
    return Held(name, False, each, any(held.distinct for held in helds))


def _classes(root: Held, held: Held, classes: Mapping[Symbol, int]) -> dict[Symbol, int]:
    """The class of each symbol of a variable that holds a root."""
    if held is root:
        return dict(classes)
    found: dict[Symbol, int] = {}
    for number, meant in root.values.items():
        for value in meant:
            symbol = held.symbol(value)
            assert symbol is not None
            found[symbol] = classes[number]
    return {symbol: found.get(symbol, UNREACHED) for symbol in held.values}


# Kinds ################################################################################################################


@dataclass(frozen=True)
class _Half:
    """Of a side the variable of one of the two clauses: None where the other clause asks all of it.

    Attributes:
        held: the variable.
        symbols: those that occur.
    """

    held: Held | None
    symbols: tuple[Symbol, ...]


_NONE = _Half(None, (True,))


def _arrangements(building: Building, queries: _Side, keys: _Side, whole: Bools) -> Iterator[Alternatives]:
    """The alternatives for each way to say which variables the first clause asks, and which the second."""
    for (query_halves, query_order), (key_halves, key_order) in product(_halves(queries), _halves(keys)):
        shape = [max(1, len(half.symbols)) for half in (*_own(queries), *_own(keys))]
        grid = whole.reshape(shape).transpose(*query_order, *(2 + at for at in key_order))
        found = _alternatives(building, query_halves, key_halves, grid)
        if found is not None:
            yield found


def _own(side: _Side) -> tuple[_Half, _Half]:
    halves = [_Half(held, symbols) for held, symbols in zip(side.helds, side.reached, strict=True)]
    return (halves[0], halves[1] if len(halves) > 1 else _NONE)


def _halves(side: _Side) -> Iterator[tuple[tuple[_Half, _Half], tuple[int, int]]]:
    first, second = _own(side)
    yield (first, second), (0, 1)
    yield (second, first), (1, 0)


def _alternatives(
    building: Building, queries: tuple[_Half, _Half], keys: tuple[_Half, _Half], grid: Bools
) -> Alternatives | None:
    """The alternatives of one arrangement, or None if they are too many.

    Args:
        grid: [query of the first clause, of the second, key of the first, of the second] whether it is selected.
    """
    blocks = grid.transpose(0, 2, 1, 3)
    if (told := _kinds(blocks)) is None:
        return None
    of, kinds = told
    found: list[tuple[Clause, ...]] = []
    for kind in sorted(range(len(kinds)), key=lambda each: -int(kinds[each].sum())):
        if not kinds[kind].any():
            continue
        clauses: list[Clause] = []
        wider = np.isin(of, [each for each in range(len(kinds)) if (kinds[each] >= kinds[kind]).all()])
        if not wider.all():
            clauses.append(_clause(building, queries[0], keys[0], of == kind))
        if not kinds[kind].all():
            clauses.append(_clause(building, queries[1], keys[1], kinds[kind].reshape(blocks.shape[2:])))
        if not clauses:
            return None
        found.append(tuple(clauses))
    return tuple(found) or None


def _kinds(blocks: Bools) -> tuple[Array, Bools] | None:
    """Which block stands at each pair of the first clause, and the blocks that differ; None if they are too many."""
    outer = blocks.shape[:2]
    named: dict[bytes, int] = {}
    of = np.zeros(outer, dtype=np.int32)
    for place in np.ndindex(*outer):
        of[place] = named.setdefault(blocks[place].tobytes(), len(named))
        if len(named) > MOST_KINDS + 1:
            return None
    return of, np.array([np.frombuffer(kind, dtype=np.bool_) for kind in named])


def _clause(building: Building, query: _Half, key: _Half, accepted: Bools) -> Clause:
    """A predicate; where a side is not asked, the tokens stand for it."""
    words: tuple[Symbol, ...] = building.frame.words
    keys = words if key.held is None else key.symbols
    rows = {
        symbol: tuple(
            each for each, yes in zip(keys, row.repeat(len(keys)) if key.held is None else row, strict=True) if yes
        )
        for symbol, row in zip(query.symbols, accepted, strict=True)
    }
    name = "tokens" if key.held is None else key.held.variable
    if query.held is None:
        return Clause("tokens", name, (rows[True],) * len(words))
    return Clause(query.held.variable, name, tuple(rows.get(symbol, ()) for symbol in query.held.values))
