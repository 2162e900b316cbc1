"""Selectors as what a head asks: a variable of the query, one of the key, and the keys that each query accepts."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tprog.ir.domains import Keys, Mask
from tprog.ir.nodes import Lookup, NumericHead
from tprog.ir.selections import Clause, all_of, any_of, none_of
from tprog.ir.selections import Selection as Alternatives
from tprog.ir.values import Symbol
from tprog.rasp.calls import Refused, accepted
from tprog.rasp.expressions import Indices, Select, Selector, SelectorAnd, SelectorNot, SelectorOr, SOp
from tprog.rasp.functions import Function, comparison
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.building import Building
from tprog.rasp.lower.held import Held, NotLowered
from tprog.rasp.values import Value, is_number

MOST_PAIRS = 200_000
"""Pairs of a query value and a key value that a predicate is asked for."""

FEW_PAIRS = 40_000
"""Pairs up to which several selects become one predicate; with more, each has its own."""

_ORDERED: Mapping[Function, Callable[[int, int], bool]] = {
    comparison("=="): operator.eq,
    comparison("!="): operator.ne,
    comparison("<"): operator.lt,
    comparison("<="): operator.le,
    comparison(">"): operator.gt,
    comparison(">="): operator.ge,
}
"""What the comparisons of numbers are."""

_Row: TypeAlias = tuple[tuple[Value, int | None], ...]
"""What the s-ops of a side may be together, each with its place among all numbers that are compared."""


@dataclass(frozen=True)
class Selection:
    """What a selector selects.

    Attributes:
        query, key: variables.
        rows: query value, in the order of its domain -> the accepted keys; None is a hole.
        single: whether it is known to select one position at most.
        filled: whether it is known to select one at least.
        rank: whether its width is known to be 0 to n - 1 on the n positions, each once.
        also, instead: further clauses and alternatives, as of a head.
    """

    query: str
    key: str
    rows: tuple[Keys | None, ...]
    mask: Mask
    single: bool
    filled: bool
    rank: bool
    also: tuple[Clause, ...] = ()
    instead: tuple[tuple[Clause, ...], ...] = ()


@dataclass(frozen=True)
class _Side:
    """The keys, or the queries, of a selector.

    Attributes:
        exprs: the s-ops that its selects ask about.
        held: the variable that tells all of them; None if they are constant.
        options: symbol of the variable -> what the s-ops may be; of a constant side under None.
    """

    exprs: tuple[SOp, ...]
    held: Held | None
    options: Mapping[Symbol | None, tuple[tuple[Value, ...], ...]]

    def rows(self) -> Iterator[tuple[Value, ...]]:
        """What the s-ops may be together."""
        for meant in self.options.values():
            yield from meant

    def place(self, expr: SOp) -> int:
        """Which of the s-ops one is."""
        return next(place for place, each in enumerate(self.exprs) if each is expr)


def selection(building: Building, selector: Selector) -> Selection:
    """What a head must ask to select what a selector does.

    Raises:
        NotLowered: there is no such head.
    """
    if id(selector) not in building.selections:
        building.selections[id(selector)] = _selection(building, selector)
        building.alive.append(selector)
    found = building.selections[id(selector)]
    assert isinstance(found, Selection)
    return found


def _selection(building: Building, selector: Selector) -> Selection:
    mask, rest = _without_masks(building, selector)
    selects = list({id(each): each for one in rest for each in _selects(one)}.values())
    if len(selects) > 1 and _is_large(building, selects):
        return _of_clauses(building, selector, mask, rest, selects)
    query, key, table = _predicate(building, selector, mask, rest, selects)
    symbols = tuple(key.values)
    rows = tuple(None if row is None else tuple(symbols[at] for at in row) for row in table)
    return _facts(building, selector, query, key, rows, mask, _is_order(query, key, table))


def _predicate(
    building: Building, selector: Selector, mask: Mask, parts: Sequence[Selector], selects: Sequence[Select]
) -> tuple[Held, Held, list[list[int] | None]]:
    """One variable of the query, one of the key, and the places of the keys that each query accepts."""
    keys = _side(building, [select.keys for select in selects])
    queries = _side(building, [select.queries for select in selects])
    query, key = _variables(building, queries.held, keys.held)
    if max(1, len(query.values)) * max(1, len(key.values)) > MOST_PAIRS:
        raise NotLowered(
            selector,
            f"it asks {len(query.values):,} x {len(key.values):,} pairs of values; expected at most {MOST_PAIRS:,}",
        )
    judge = _Judge(building, parts, keys, queries)
    table = judge.table(selector, query, key, mask)
    judge.guard(query, key, mask)
    return query, key, table


# Clauses ##############################################################################################################

MOST_ALTERNATIVES = 16
"""Alternatives of a selector of clauses."""


def _is_large(building: Building, selects: Sequence[Select]) -> bool:
    """Whether one variable for all keys, or all queries, of several selects would have very many values."""
    most = 1
    for side in ([select.keys for select in selects], [select.queries for select in selects]):
        roots = {id(root): building.held(root) for root in building.chain(side).roots}
        if len(roots) > 1:
            most *= math.prod(len(held.values) for held in roots.values())
    return most > FEW_PAIRS


def _of_clauses(
    building: Building, selector: Selector, mask: Mask, parts: Sequence[Selector], selects: Sequence[Select]
) -> Selection:
    """A selector as alternatives of clauses, each of which is a select with variables of its own."""
    leaves: dict[int, Alternatives] = {}
    facts: dict[Clause, Selection] = {}
    domains: dict[str, tuple[Symbol, ...]] = {}
    for select in selects:
        query, key, table = _predicate(building, select, mask, [select], [select])
        domains[key.variable] = symbols = tuple(key.values)
        rows = tuple(None if row is None else tuple(symbols[at] for at in row) for row in table)
        clause = Clause(query.variable, key.variable, rows)
        leaves[id(select)] = ((clause,),)
        facts[clause] = _facts(building, select, query, key, rows, mask, order=False)
    found = all_of(*(_alternatives(part, leaves, domains) for part in parts))
    if not 1 <= len(found) <= MOST_ALTERNATIVES:
        raise NotLowered(selector, f"it has {len(found):,} alternatives; expected 1 to {MOST_ALTERNATIVES}")
    (first, *also), *instead = found
    single = not instead and any(clause in facts and facts[clause].single for clause in (first, *also))
    runs = building.fixed_runs(selector)
    filled = runs is not None and all(row for run in runs for row in run.rows(selector))
    return Selection(first.query, first.key, first.predicate, mask, single, filled, False, tuple(also), tuple(instead))


def _alternatives(
    selector: Selector, leaves: Mapping[int, Alternatives], domains: Mapping[str, tuple[Symbol, ...]]
) -> Alternatives:
    match selector:
        case SelectorAnd():
            found = all_of(
                _alternatives(selector.first, leaves, domains), _alternatives(selector.second, leaves, domains)
            )
        case SelectorOr():
            found = any_of(
                _alternatives(selector.first, leaves, domains), _alternatives(selector.second, leaves, domains)
            )
        case SelectorNot():
            found = none_of(_alternatives(selector.inner, leaves, domains), domains)
        case _:
            return leaves[id(selector)]
    if len(found) > 20 * MOST_ALTERNATIVES:
        raise NotLowered(selector, f"it has {len(found):,} alternatives; expected 1 to {MOST_ALTERNATIVES}")
    return found


def joined(asked: Selection, best: str, by: Held) -> Selection:
    """A selection, of whose positions only those count where a variable is what another says.

    Args:
        best: what it must be, in the domain of `by`.
    """
    same = Clause(best, by.variable, tuple((symbol,) for symbol in by.values))
    return replace(
        asked, also=(*asked.also, same), instead=tuple((*alternative, same) for alternative in asked.instead)
    )


# Masks ################################################################################################################


def _without_masks(building: Building, selector: Selector) -> tuple[Mask, list[Selector]]:
    """The mask that one of the selectors of an And is, and the others."""
    mask: Mask = "all"
    rest: list[Selector] = []
    for each in _conjuncts(selector):
        found = _mask(building, each)
        if found is not None and mask in ("all", found):
            mask = found
        elif not (building.frame.causal and _compares_indices(each, "<=")):
            rest.append(each)
    return mask, rest


def _conjuncts(selector: Selector) -> list[Selector]:
    found: list[Selector] = []
    stack = [selector]
    while stack:
        each = stack.pop()
        if isinstance(each, SelectorAnd):
            stack += [each.second, each.first]
        else:
            found.append(each)
    return found


def _mask(building: Building, selector: Selector) -> Mask | None:
    if _compares_indices(selector, "<"):
        return "before"
    return "after" if _compares_indices(selector, ">") and not building.frame.causal else None


def _compares_indices(selector: Selector, symbol: str) -> bool:
    return (
        isinstance(selector, Select)
        and isinstance(selector.keys, Indices)
        and isinstance(selector.queries, Indices)
        and selector.predicate is comparison(symbol)
    )


def _selects(selector: Selector) -> list[Select]:
    found: list[Select] = []
    stack = [selector]
    while stack:
        each = stack.pop()
        if isinstance(each, Select):
            found.append(each)
        else:
            stack += reversed(each.sources())  # type: ignore[arg-type]  # a selector of selectors
    return found


# Sides ################################################################################################################


def _side(building: Building, exprs: Sequence[SOp]) -> _Side:
    one = tuple({id(expr): expr for expr in exprs}.values())
    table = building.table(one)
    if not table.roots:
        (outcome,) = table.outcomes[()]
        if isinstance(outcome, Refused):
            raise NotLowered(one[0], f"it has no value: {outcome}")
        return _Side(one, None, {None: (outcome,)})
    if len(table.roots) == 1 and not (held := building.held(table.roots[0])).numeric:
        outcomes = {symbol: table.outcomes.get((each,), ()) for symbol, each in table.classes[0].items()}
        if not any(isinstance(outcome, Refused) for found in outcomes.values() for outcome in found):
            return _Side(one, held, outcomes)  # type: ignore[arg-type]  # none is refused
    held = building.as_symbols(*one)
    if len(one) == 1:
        return _Side(one, held, {symbol: tuple((value,) for value in meant) for symbol, meant in held.values.items()})
    return _Side(one, held, held.values)  # type: ignore[arg-type]  # tuples of values


def _variables(building: Building, query: Held | None, key: Held | None) -> tuple[Held, Held]:
    """The variables to ask; where a side is constant, any will do: that of the other side, or the tokens."""
    tokens = Held("tokens", False, {word: (word,) for word in building.frame.words})
    other = query or key
    spare = tokens if other is None or len(other.values) > len(tokens.values) else other
    return query or spare, key or spare


class _Judge:
    """Asks the selects of a selector for values of the query and of the key.

    Args:
        parts: the selectors all of which must select.
    """

    def __init__(self, building: Building, parts: Sequence[Selector], keys: _Side, queries: _Side) -> None:
        self._building, self._parts, self._keys, self._queries = building, parts, keys, queries
        self._places = {
            id(select): (keys.place(select.keys), queries.place(select.queries))
            for part in parts
            for select in _selects(part)
        }
        self._selects = {id(select): select for part in parts for select in _selects(part)}
        numbers = {each for side in (keys, queries) for row in side.rows() for each in row if is_number(each)}
        self._sizes = {number: size for size, number in enumerate(sorted(numbers))}  # type: ignore[type-var]
        self._known: dict[object, bool | Refused] = {}
        self._failing: dict[tuple[int, int], str] = {}

    def table(self, node: Selector, query: Held, key: Held, mask: Mask) -> list[list[int] | None]:
        """[query value] the places of the keys that are accepted; None where no value of the query has an answer.

        A row that is missing is reached where the mask lets a position be seen, which the own one always is but for
        ``before`` and ``after``.
        """
        found: list[list[int] | None] = []
        keys = self._options(self._keys, key)
        reached = sum(map(bool, keys))
        for asked, options in enumerate(self._options(self._queries, query)):
            row = [at for at, meant in enumerate(keys) if self._cell(node, (asked, at), options, meant)]
            failing = [pair for pair in self._failing if pair[0] == asked]
            if not options or (mask == "all" and failing and len(failing) == reached):
                found.append(None)
                for pair in failing:
                    del self._failing[pair]
            else:
                found.append(row)
        return found

    def _options(self, side: _Side, held: Held) -> list[tuple[_Row, ...]]:
        """What each symbol of a variable may mean to a side."""
        return [
            tuple(
                tuple((value, self._sizes[value] if is_number(value) else None) for value in row)
                for row in (side.options[symbol] if side.held is not None else side.options[None] if meant else ())
            )
            for symbol, meant in held.values.items()
        ]

    def _cell(self, node: Selector, pair: tuple[int, int], queries: tuple[_Row, ...], keys: tuple[_Row, ...]) -> bool:
        verdicts = {self._holds(pair, query, key) for query in queries for key in keys}
        if len(verdicts) > 1:
            raise NotLowered(node, "of values that are equal, it tells some apart")
        return verdicts == {True}

    def _holds(self, pair: tuple[int, int], query: _Row, key: _Row) -> bool:
        # Every select is asked, whatever the others say, because one that fails fails the whole input.
        truths: dict[int, bool] = {}
        for select_id, (at_key, at_query) in self._places.items():
            found = self._ask(select_id, key[at_key], query[at_query])
            if isinstance(found, Refused):
                self._failing[pair] = str(found)
            truths[select_id] = found is True
        return all(_truth(part, truths) for part in self._parts)

    def _ask(self, select_id: int, key: tuple[Value, int | None], query: tuple[Value, int | None]) -> bool | Refused:
        """Whether one select accepts; numbers are compared by their sizes, as whole numbers compare fast."""
        select = self._selects[select_id]
        if key[1] is not None and query[1] is not None and select.predicate in _ORDERED:
            return _ORDERED[select.predicate](key[1], query[1])
        asked = (select_id, key_of(key[0]), key_of(query[0]))
        if asked not in self._known:
            self._known[asked] = accepted(self._building.calls, select, key[0], query[0])
        return self._known[asked]

    def guard(self, query: Held, key: Held, mask: Mask) -> None:
        """Make a hole where a select fails for some of the keys that a query may see."""
        if not self._failing:
            return
        building, parts = self._building, list(self._selects.values())
        rows = tuple(
            tuple(symbol for at, symbol in enumerate(key.values) if (asked, at) in self._failing)
            for asked in range(len(query.values))
        )
        count = building.add(
            NumericHead(building.name(*parts[:1], suffix="_failing"), query.variable, key.variable, "ones", rows)
        )
        building.guard(
            Lookup(building.name(*parts[:1], suffix="_fits"), (count,), ((0, 1),), ("fits",), ("fits", None)),
            next(iter(self._failing.values())),
        )


def _truth(selector: Selector, truths: Mapping[int, bool]) -> bool:
    match selector:
        case SelectorAnd():
            return _truth(selector.first, truths) and _truth(selector.second, truths)
        case SelectorOr():
            return _truth(selector.first, truths) or _truth(selector.second, truths)
        case SelectorNot():
            return not _truth(selector.inner, truths)
    return truths[id(selector)]


# Facts ################################################################################################################


def _facts(
    building: Building,
    selector: Selector,
    query: Held,
    key: Held,
    rows: tuple[Keys | None, ...],
    mask: Mask,
    order: bool,
) -> Selection:
    runs = building.fixed_runs(selector)
    if runs is not None:
        counts = [row.bit_count() for run in runs for row in run.rows(selector)]
        single, filled = max(counts) <= 1, min(counts) >= 1
    else:
        single = key.distinct and all(row is None or len(row) <= 1 for row in rows)
        filled = mask == "all" and _is_filled(building, query, key, rows)
    rank = not building.frame.causal and mask == "all" and order
    return Selection(query.variable, key.variable, rows, mask, single, filled, rank)


def _is_filled(building: Building, query: Held, key: Held, rows: tuple[Keys | None, ...]) -> bool:
    """Whether each query selects its own position, or any, or one that is there at every length."""
    reached = {symbol for symbol, meant in key.values.items() if meant}
    if all(row is None or reached <= set(row) for row in rows):
        return True
    if query.variable == key.variable:
        return all(row is None or symbol in row for symbol, row in zip(query.values, rows, strict=True))
    if not key.rank or building.frame.causal:
        return False
    if query.variable == "positions":
        return all(
            row is None or any(each <= place for each in row)  # type: ignore[operator]  # a rank is a number
            for place, row in enumerate(rows)
        )
    return all(row is None or 0 in row for row in rows)


def _is_order(query: Held, key: Held, rows: list[list[int] | None]) -> bool:
    """Whether it selects the positions before the own one in an order in which no two are equal."""
    if query.variable != key.variable or not key.distinct:
        return False
    reached = {at for at, meant in enumerate(key.values.values()) if meant}
    taken = {at: reached.intersection(row or ()) for at, row in enumerate(rows) if at in reached}
    ordered = sorted(reached, key=lambda at: len(taken[at]))
    return all(taken[at] == set(ordered[:place]) for place, at in enumerate(ordered))
