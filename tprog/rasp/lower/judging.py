"""Asking selects: which keys are accepted for which queries, for all values that both may have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tprog.ir.domains import Mask
from tprog.ir.nodes import Lookup, NumericHead
from tprog.ir.values import Symbol
from tprog.rasp.calls import Refused, accepted
from tprog.rasp.expressions import Select, Selector, SelectorAnd, SelectorNot, SelectorOr, SOp
from tprog.rasp.functions import Function, comparison
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.building import Building
from tprog.rasp.lower.held import Held, NotLowered
from tprog.rasp.lower.tables import Outcome
from tprog.rasp.values import Value, is_number
from tprog.run.batch import Bools

_ORDERED: Mapping[Function, Callable[[Any, Any], Any]] = {
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
class Side:
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


def selects_of(selector: Selector) -> list[Select]:
    """The selects that a selector is made of, each once."""
    found: list[Select] = []
    stack, seen = [selector], set[int]()
    while stack:
        each = stack.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Select):
            found.append(each)
        else:
            stack += reversed(each.sources())  # type: ignore[arg-type]  # a selector of selectors
    return found


def each_once(exprs: Sequence[SOp]) -> tuple[SOp, ...]:
    """S-ops without those that are there already."""
    return tuple({id(expr): expr for expr in exprs}.values())


def has_refusal(outcomes: Sequence[Outcome]) -> bool:
    """Whether a function has no value there."""
    return any(isinstance(outcome, Refused) for outcome in outcomes)


def side_of(building: Building, exprs: Sequence[SOp]) -> Side:
    """The keys, or the queries, as values of one variable."""
    one = each_once(exprs)
    table = building.table(one)
    if not table.roots:
        (outcome,) = table.outcomes[()]
        if isinstance(outcome, Refused):
            raise NotLowered(one[0], f"it has no value: {outcome}")
        return Side(one, None, {None: (outcome,)})
    if len(table.roots) == 1 and not (held := building.held(table.roots[0])).numeric:
        outcomes = {symbol: table.outcomes.get((each,), ()) for symbol, each in table.classes[0].items()}
        if not any(map(has_refusal, outcomes.values())):
            return Side(one, held, outcomes)  # type: ignore[arg-type]  # none is refused
    held = building.as_symbols(*one)
    if len(one) == 1:
        return Side(one, held, {symbol: tuple((value,) for value in meant) for symbol, meant in held.values.items()})
    return Side(one, held, held.values)  # type: ignore[arg-type]  # tuples of values


def tokens_of(building: Building) -> Held:
    """The tokens, as a variable of which nothing is asked."""
    return Held("tokens", False, {word: (word,) for word in building.frame.words})


def variables_of(building: Building, query: Held | None, key: Held | None) -> tuple[Held, Held]:
    """The variables to ask; where a side is constant, any will do: that of the other side, or the tokens."""
    tokens = tokens_of(building)
    other = query or key
    spare = tokens if other is None or len(other.values) > len(tokens.values) else other
    return query or spare, key or spare


class Judge:
    """Asks the selects of a selector for values of the query and of the key.

    Args:
        parts: the selectors all of which must select.
    """

    def __init__(self, building: Building, parts: Sequence[Selector], keys: Side, queries: Side) -> None:
        self._building, self._parts, self._keys, self._queries = building, parts, keys, queries
        self._places = {
            id(select): (keys.place(select.keys), queries.place(select.queries))
            for part in parts
            for select in selects_of(part)
        }
        self._selects = {id(select): select for part in parts for select in selects_of(part)}
        numbers = {each for side in (keys, queries) for row in side.rows() for each in row if is_number(each)}
        self._sizes = {number: size for size, number in enumerate(sorted(numbers))}  # type: ignore[type-var]
        self._known: dict[object, bool | Refused] = {}
        self._failing: dict[tuple[int, int], str] = {}

    @property
    def compares_numbers(self) -> bool:
        """Whether it is a single select that compares numbers."""
        part = self._parts[0] if len(self._parts) == 1 else None
        plain = isinstance(part, Select) and part.predicate in _ORDERED
        return plain and all(
            is_number(each) for side in (self._keys, self._queries) for row in side.rows() for each in row
        )

    @property
    def fails(self) -> bool:
        """Whether a select failed for a pair that was asked."""
        return bool(self._failing)

    def table(self, node: Selector, query: Held, key: Held, mask: Mask) -> list[list[int] | None]:
        """[query value] the places of the keys that are accepted; None where no value of the query has an answer.

        A row that is missing is reached where the mask lets a position be seen, which the own one always is but for
        ``before`` and ``after``.
        """
        if (ordered := self.by_size(query, key)) is not None:
            return [np.flatnonzero(row).tolist() for row in ordered]
        found: list[list[int] | None] = []
        keys = self._options(self._keys, key)
        reached = sum(map(bool, keys))
        for asked, options in enumerate(self._options(self._queries, query)):
            row = [at for at, meant in enumerate(keys) if self._cell(node, (asked, at), options, meant)]
            failing = [pair for pair in self._failing if pair[0] == asked]
            is_missing = not options or (mask == "all" and 0 < len(failing) == reached)
            found.append(None if is_missing else row)
            for pair in failing if is_missing else ():
                del self._failing[pair]
        return found

    def _options(self, side: Side, held: Held) -> list[tuple[_Row, ...]]:
        """What each symbol of a variable may mean to a side."""
        return [
            tuple(
                tuple((value, self._sizes[value] if is_number(value) else None) for value in row)
                for row in (side.options[symbol] if side.held is not None else side.options[None] if meant else ())
            )
            for symbol, meant in held.values.items()
        ]

    def by_size(self, query: Held, key: Held) -> Bools | None:
        """[query value, key value] whether a single select accepts it that compares numbers, each of one meaning; None
        for another."""
        part = self._parts[0] if len(self._parts) == 1 else None
        if not isinstance(part, Select) or part.predicate not in _ORDERED:
            return None
        sizes: list[list[int]] = []
        for side, held in ((self._keys, key), (self._queries, query)):
            found = [size for options in self._options(side, held) for row in options[:2] for _, size in row]
            if None in found or len(found) != len(held.values):
                return None
            sizes.append(found)  # type: ignore[arg-type]  # none is None
        keys, queries = np.array(sizes[0]), np.array(sizes[1])
        accepted: Bools = _ORDERED[part.predicate](keys, queries[:, None])
        return accepted

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
            return bool(_ORDERED[select.predicate](key[1], query[1]))
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


def _truth(selector: Selector, truths: dict[int, bool]) -> bool:
    """Whether a selector selects where its selects say so.

    Args:
        truths: of each select; that of a selector which is made of them is added, as it may be part of many.
    """
    if id(selector) not in truths:
        match selector:
            case SelectorAnd():
                found = _truth(selector.first, truths) and _truth(selector.second, truths)
            case SelectorOr():
                found = _truth(selector.first, truths) or _truth(selector.second, truths)
            case _:
                assert isinstance(selector, SelectorNot)
                found = not _truth(selector.inner, truths)
        truths[id(selector)] = found
    return truths[id(selector)]
