"""Selectors as what a head asks: a variable of the query, one of the key, and the keys that each query accepts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tprog.ir.domains import Keys, Mask
from tprog.ir.nodes import Lookup, NumericHead
from tprog.ir.selections import Clause
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

_ORDERED: Mapping[Function, Callable[[int, int], bool]] = {
    comparison("=="): operator.eq,
    comparison("!="): operator.ne,
    comparison("<"): operator.lt,
    comparison("<="): operator.le,
    comparison(">"): operator.gt,
    comparison(">="): operator.ge,
}
"""What the comparisons of numbers are."""


@dataclass(frozen=True)
class Selection:
    """What a selector selects.

    Attributes:
        query, key: variables.
        rows: query value, in the order of its domain -> the accepted keys; None is a hole.
        single: whether it is known to select one position at most.
        filled: whether it is known to select one at least.
        rank: whether its width is known to be 0 to n - 1 on the n positions, each once.
        also: what must hold as well.
    """

    query: str
    key: str
    rows: tuple[Keys | None, ...]
    mask: Mask
    single: bool
    filled: bool
    rank: bool
    also: tuple[Clause, ...] = ()


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

    def place(self, expr: SOp) -> int:
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
    keys = _side(building, [select.keys for select in selects])
    queries = _side(building, [select.queries for select in selects])
    query, key = _variables(building, queries.held, keys.held)
    if max(1, len(query.values)) * max(1, len(key.values)) > MOST_PAIRS:
        raise NotLowered(
            selector,
            f"it asks {len(query.values):,} x {len(key.values):,} pairs of values; expected at most {MOST_PAIRS:,}",
        )
    judge = _Judge(building, rest, keys, queries)
    table = judge.table(selector, query, key, mask)
    judge.guard(query, key, mask)
    rows = tuple(
        None if row is None else tuple(symbol for symbol, taken in zip(key.values, row, strict=True) if taken)
        for row in table
    )
    return _facts(building, selector, query, key, rows, mask)


def joined(asked: Selection, best: str, by: Held) -> Selection:
    """A selection, of whose positions only those count where a variable is what another says.

    Args:
        best: what it must be, in the domain of `by`.
    """
    same = Clause(best, by.variable, tuple((symbol,) for symbol in by.values))
    return replace(asked, also=(*asked.also, same))


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
        self._sizes: dict[Value, int] | None = None
        self._known: dict[object, bool | Refused] = {}
        self._failing: dict[tuple[Symbol, Symbol], str] = {}

    def table(self, node: Selector, query: Held, key: Held, mask: Mask) -> list[list[bool] | None]:
        """[query value][key value] whether it is accepted; None where no value of the query has an answer.

        A row that is missing is reached where the mask lets a position be seen, which the own one always is but for
        ``before`` and ``after``.
        """
        found: list[list[bool] | None] = []
        keys = [(symbol, self._options(self._keys, symbol, key)) for symbol in key.values]
        for asked in query.values:
            options = self._options(self._queries, asked, query)
            row = [self._cell(node, (asked, symbol), options, meant) for symbol, meant in keys]
            reached = [symbol for symbol, meant in keys if meant]
            failing = [symbol for symbol in reached if (asked, symbol) in self._failing]
            if not options or (mask == "all" and failing and len(failing) == len(reached)):
                found.append(None)
                for symbol in failing:
                    del self._failing[asked, symbol]
            else:
                found.append(row)
        return found

    @staticmethod
    def _options(side: _Side, symbol: Symbol, held: Held) -> tuple[tuple[Value, ...], ...]:
        return side.options[symbol] if side.held is not None else side.options[None] if held.values[symbol] else ()

    def _cell(
        self,
        node: Selector,
        pair: tuple[Symbol, Symbol],
        queries: tuple[tuple[Value, ...], ...],
        keys: tuple[tuple[Value, ...], ...],
    ) -> bool:
        verdicts = {self._holds(pair, query, key) for query in queries for key in keys}
        if len(verdicts) > 1:
            raise NotLowered(node, f"of values that are equal, it tells some apart, at {pair[0]!r} and {pair[1]!r}")
        return verdicts == {True}

    def _holds(self, pair: tuple[Symbol, Symbol], query: tuple[Value, ...], key: tuple[Value, ...]) -> bool:
        # Every select is asked, whatever the others say, because one that fails fails the whole input.
        truths: dict[int, bool] = {}
        for select_id, (at_key, at_query) in self._places.items():
            found = self._ask(select_id, key[at_key], query[at_query])
            if isinstance(found, Refused):
                self._failing[pair] = str(found)
            truths[select_id] = found is True
        return all(_truth(part, truths) for part in self._parts)

    def _ask(self, select_id: int, key: Value, query: Value) -> bool | Refused:
        select = self._selects[select_id]
        if select.predicate in _ORDERED and is_number(key) and is_number(query):
            return _ORDERED[select.predicate](self._size(key), self._size(query))
        asked = (select_id, key_of(key), key_of(query))
        if asked not in self._known:
            self._known[asked] = accepted(self._building.calls, select, key, query)
        return self._known[asked]

    def _size(self, number: Value) -> int:
        """A number's place among all numbers that are compared: whole numbers compare faster than fractions."""
        if self._sizes is None:
            sides = (self._keys.options.values(), self._queries.options.values())
            numbers = {each for side in sides for meant in side for row in meant for each in row if is_number(each)}
            self._sizes = {each: place for place, each in enumerate(sorted(numbers))}  # type: ignore[type-var]
        return self._sizes[number]

    def guard(self, query: Held, key: Held, mask: Mask) -> None:
        """Make a hole where a select fails for some of the keys that a query may see."""
        if not self._failing:
            return
        building, parts = self._building, list(self._selects.values())
        rows = tuple(
            tuple(symbol for symbol in key.values if (asked, symbol) in self._failing) for asked in query.values
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
    building: Building, selector: Selector, query: Held, key: Held, rows: tuple[Keys | None, ...], mask: Mask
) -> Selection:
    runs = building.fixed_runs(selector)
    if runs is not None:
        counts = [row.bit_count() for run in runs for row in run.rows(selector)]
        single, filled = max(counts) <= 1, min(counts) >= 1
    else:
        single = key.distinct and all(row is None or len(row) <= 1 for row in rows)
        filled = mask == "all" and _is_filled(building, query, key, rows)
    rank = not building.frame.causal and mask == "all" and _is_order(query, key, rows)
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


def _is_order(query: Held, key: Held, rows: tuple[Keys | None, ...]) -> bool:
    """Whether it selects the positions before the own one in an order in which no two are equal."""
    if query.variable != key.variable or not key.distinct:
        return False
    reached = [symbol for symbol, meant in key.values.items() if meant]
    taken = {symbol: set(row or ()) for symbol, row in zip(key.values, rows, strict=True)}
    ordered = sorted(reached, key=lambda symbol: len(taken[symbol].intersection(reached)))
    return all(taken[symbol].intersection(reached) == set(ordered[:place]) for place, symbol in enumerate(ordered))
