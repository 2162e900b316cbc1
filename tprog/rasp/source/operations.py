"""What the operators of a source do with things: values are computed, s-ops and selectors become parts of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tprog.rasp import operators
from tprog.rasp.expressions import (
    Aggregate,
    Elementwise,
    Expression,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    SOp,
    elementwise,
    lifted,
)
from tprog.rasp.functions import EVERY, Dialect, Function, Where, comparison
from tprog.rasp.source.bounds import MOST_ITEMS
from tprog.rasp.source.things import INDICES, RaspFunction, Thing, a_kind, is_atom
from tprog.rasp.values import Unfit, Value

_DIALECT = Dialect.RASP


class Wrong(Exception):
    """An operation has no meaning for these things.

    Attributes:
        found, expected: in words that quote values.
        plain: what was found, without quoting any.
    """

    def __init__(self, found: str, expected: str, plain: str | None = None) -> None:
        self.found, self.expected, self.plain = found, expected, plain or found
        super().__init__(found)


def sop_of(thing: Thing, where: Where | None) -> SOp:
    """An s-op as it is, a value as the s-op that holds it everywhere."""
    if isinstance(thing, SOp):
        return thing
    if not is_atom(thing):
        raise Wrong(f"{a_kind(thing)}", "an s-op or a value")
    return lifted(thing, _DIALECT, where)


def selector_of(thing: Thing) -> Selector:
    """The selector."""
    if not isinstance(thing, Selector):
        raise Wrong(f"{a_kind(thing)}", "a selector")
    return thing


# Operators ############################################################################################################


def binary(symbol: str, left: Thing, right: Thing, where: Where | None) -> Thing:
    """Left and right, joined by an operator; ``in`` among them."""
    if symbol == "in":
        return contained(left, right, where)
    if _has(Selector, left, right):
        return _of_selectors(symbol, left, right, where)
    if _has(SOp, left, right):
        return elementwise(symbol, sop_of(left, where), sop_of(right, where), where=where)
    if _has(RaspFunction, left, right):
        raise Wrong("a function", f"two values for {symbol}")
    if symbol in ("and", "or"):
        return right if bool(left) == (symbol == "and") else left
    if is_atom(left) and is_atom(right):
        return _computed({**operators.ARITHMETIC, **operators.COMPARISONS}[symbol], left, right)
    return _of_lists(symbol, left, right)


def _has(kind: type, *things: Thing) -> bool:
    """Whether one of the things is of a kind."""
    return any(isinstance(thing, kind) for thing in things)


def _computed(call: Callable[..., Any], *values: Value) -> Value:
    try:
        found: Value = call(*values)
    except (operators.Mismatch, Unfit) as error:
        raise Wrong(str(error), "values that it takes", "an operation on values that do not fit") from None
    return found


def _of_selectors(symbol: str, left: Thing, right: Thing, where: Where | None) -> Selector:
    if symbol not in ("and", "or"):
        raise Wrong("a selector", f"s-ops or values for {symbol}; selectors are joined by and, or")
    if not (isinstance(left, Selector) and isinstance(right, Selector)):
        raise Wrong(f"{a_kind(left)} and {a_kind(right)}", f"two selectors for {symbol}, or none")
    kind = SelectorAnd if symbol == "and" else SelectorOr
    return kind(dialect=_DIALECT, first=left, second=right, where=where)


def _of_lists(symbol: str, left: Thing, right: Thing) -> Thing:
    match symbol, left, right:
        case "+", list(), list():
            return _short([*left, *right])
        case "*", list(), int():
            return _short(left, right)
        case "*", int(), list():
            return _short(right, left)
        case "==", _, _:
            return _same(left, right)
    raise Wrong(f"{a_kind(left)} and {a_kind(right)}", f"two values for {symbol}")


def _short(items: list[Thing], times: int = 1) -> list[Thing]:
    if len(items) * times > MOST_ITEMS:
        raise Wrong(f"a list of {len(items) * times:,} items", f"at most {MOST_ITEMS:,}")
    return items * times


def _same(left: Thing, right: Thing) -> bool:
    """Equality of lists and dicts of values; what is no value equals itself alone."""
    if isinstance(left, Expression) or isinstance(right, Expression):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    return is_atom(left) and is_atom(right) and bool(left == right)


def signed(sign: str, thing: Thing, where: Where | None) -> Thing:
    """``not``, ``-`` or ``+`` before a thing."""
    if isinstance(thing, Selector):
        if sign != "not":
            raise Wrong("a selector", f"an s-op or a value for {sign}")
        return SelectorNot(dialect=_DIALECT, inner=thing, where=where)
    name = {"not": "not", "-": "negative", "+": "positive"}[sign]
    if isinstance(thing, SOp):
        return elementwise(name, thing, where=where)
    if sign == "not" and not isinstance(thing, RaspFunction):
        return not thing
    if not is_atom(thing):
        raise Wrong(f"{a_kind(thing)}", f"a number for {sign}")
    return _computed(operators.negative if sign == "-" else operators.positive, thing)


def rounded(thing: Thing, where: Where | None) -> Thing:
    """``round``: to the nearest whole number, of two the even one."""
    if isinstance(thing, SOp):
        return elementwise("round", thing, where=where)
    if not is_atom(thing):
        raise Wrong(f"{a_kind(thing)}", "an s-op or a number for round")
    return _computed(operators.rounded, thing)


def indicator(thing: Thing, where: Where | None) -> SOp:
    """``indicator``: 1 where an s-op is true, else 0."""
    if not isinstance(thing, SOp):
        raise Wrong(f"{a_kind(thing)}", "an s-op for indicator")
    return elementwise("indicator", thing, where=where)


def chosen(condition: SOp, one: Thing, other: Thing, where: Where | None) -> SOp:
    """``one if condition else other`` at each position."""
    return elementwise("where", condition, sop_of(one, where), sop_of(other, where), where=where)


def contained(thing: Thing, container: Thing, where: Where | None) -> Thing:
    """``in``: whether a value, or an s-op's value at each position, is in a list; or a value anywhere in an s-op."""
    if isinstance(thing, SOp):
        if not isinstance(container, list) or not all(map(is_atom, container)):
            raise Wrong(f"{a_kind(container)}", "a list of values behind `in`, for an s-op")
        known = set(container)
        function = Function("in", lambda value: value in known, wanted=1)
        return Elementwise(dialect=_DIALECT, function=function, inputs=(thing,), where=where)
    if not is_atom(thing):
        raise Wrong(f"{a_kind(thing)}", "an s-op or a value before `in`")
    if isinstance(container, list):
        return any(is_atom(item) and thing == item for item in container)
    if isinstance(container, SOp):
        equal = elementwise("==", container, sop_of(thing, where), where=where)
        return elementwise(">", _width(_where_true(equal, where), where), sop_of(0, where), where=where)
    raise Wrong(f"{a_kind(container)}", "a list or an s-op behind `in`")


def _where_true(sop: SOp, where: Where | None) -> Selector:
    return Select(dialect=_DIALECT, keys=sop, queries=sop_of(True, where), predicate=comparison("=="), where=where)


def _width(selector: Selector, where: Where | None) -> SOp:
    return SelectorWidth(dialect=_DIALECT, selector=selector, where=where)


# Selecting and aggregating ############################################################################################


def selected(key: Thing, query: Thing, symbol: str, where: Where | None) -> Selector:
    """``select(key, query, comparison)``."""
    return Select(
        dialect=_DIALECT,
        keys=sop_of(key, where),
        queries=sop_of(query, where),
        predicate=comparison(symbol),
        where=where,
    )


def aggregated(selector: Thing, sop: Thing, default: Thing, where: Where | None) -> SOp:
    """``aggregate(selector, sop, default)``; without a default 0 stands where nothing is selected."""
    if not is_atom(default):
        raise Wrong(f"{a_kind(default)}", "a value as the default of an aggregate")
    return Aggregate(
        dialect=_DIALECT, selector=selector_of(selector), sop=sop_of(sop, where), default=default, where=where
    )


def width(selector: Thing, where: Where | None) -> SOp:
    """``selector_width(selector)``."""
    return _width(selector_of(selector), where)


# Indexing #############################################################################################################


def indexed(thing: Thing, index: Thing, where: Where | None) -> Thing:
    """``thing[index]`` of a list, a word, a dict or an s-op."""
    if isinstance(thing, SOp):
        return _of_sop(thing, index, where)
    if isinstance(thing, dict):
        look_up: Callable[[Any], Thing] = _Entry(thing)
        wanted = is_atom(index)
    elif isinstance(thing, (list, str)):
        look_up, wanted = _Item(thing), isinstance(index, int)
    else:
        raise Wrong(f"{a_kind(thing)}", "a list, a dict, a word or an s-op before an index")
    if isinstance(index, SOp):
        function = Function("item", look_up, wanted=1)
        return Elementwise(dialect=_DIALECT, function=function, inputs=(index,), where=where)
    if not wanted:
        expected = "a value or an s-op" if isinstance(thing, dict) else "a whole number or an s-op"
        raise Wrong(f"{a_kind(index)} as an index", expected)
    try:
        return look_up(index)
    except Unfit as error:
        raise Wrong(str(error), "one that is there", "an index that is not there") from None


class _Entry:
    """Looks a value up in a dict."""

    def __init__(self, entries: dict[Value, Thing]) -> None:
        self._entries = dict(entries)

    def __call__(self, key: Value) -> Thing:
        if key not in self._entries:
            raise Unfit(f"the index {key!r}, which is not in the dict")
        return self._entries[key]


class _Item:
    """Looks a whole number up in a list or word."""

    def __init__(self, items: list[Thing] | str) -> None:
        self._items = items if isinstance(items, str) else list(items)

    def __call__(self, index: Value) -> Thing:
        if not isinstance(index, int):
            raise Unfit(f"the index {index!r}; expected a whole number")
        if not -len(self._items) <= index < len(self._items):
            raise Unfit(f"the index {index}, and there are {len(self._items)} items")
        return self._items[index]


def _of_sop(sop: SOp, index: Thing, where: Where | None) -> SOp:
    """The value at one position, everywhere; 0 if there is no such position."""
    if not isinstance(index, int):
        raise Wrong(f"{a_kind(index)} as an index", "a whole number, to index an s-op")
    position = sop_of(index, where)
    if index < 0:
        every = Select(dialect=_DIALECT, keys=INDICES, queries=INDICES, predicate=EVERY, where=where)
        position = elementwise("+", _width(every, where), position, where=where)
    return aggregated(selected(INDICES, position, "==", where), sop, 0, where)


def span(given: list[Thing]) -> list[int]:
    """``range``: of one to three whole numbers."""
    if not 1 <= len(given) <= 3:
        raise Wrong(f"{len(given)} values", "one to three for range")
    for value in given:
        if not isinstance(value, int):
            raise Wrong(f"{a_kind(value)}", "whole numbers for range")
    if len(given) == 3 and given[2] == 0:
        raise Wrong("a step of 0", "another one for range")
    start, stop = (0, *given) if len(given) == 1 else given[:2]
    count = -((start - stop) // (given[2] if len(given) == 3 else 1))
    if count > MOST_ITEMS:
        raise Wrong(f"a range of {count:,} numbers", f"at most {MOST_ITEMS:,}")
    return list(range(*given))


def zipped(given: list[Thing]) -> list[list[Thing]]:
    """``zip``: of lists of one length, a list of the first items, of the second ones, ..."""
    for value in given:
        if not isinstance(value, list):
            raise Wrong(f"{a_kind(value)}", "lists for zip")
    if len({len(value) for value in given}) > 1:
        raise Wrong(f"lists of {' and '.join(str(len(value)) for value in given)} items", "lists of one length for zip")
    return [list(items) for items in zip(*given, strict=True)]


def length(thing: Thing) -> int:
    """``len``: of a list."""
    if not isinstance(thing, list):
        raise Wrong(f"{a_kind(thing)}", "a list for len")
    return len(thing)
