"""What operations and functions of `analyze.circuits.where` do with text, whole numbers, None, tuples and sets."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

LARGEST = 10**15
"""The largest absolute number that may stand in a condition, or come out of its arithmetic."""

LONGEST_RANGE = 1000

Scope: TypeAlias = list[Any]
"""The values of the names, then those of the variables of the loops, by the index that each has."""

Compiled: TypeAlias = Callable[[Scope], Any]

ORDERS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


NUMBERS: Mapping[type[ast.operator], tuple[str, Callable[[int, int], int]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.FloorDiv: ("//", operator.floordiv),
    ast.Mod: ("%", operator.mod),
}
SETS: Mapping[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Sub: ("-", operator.sub),
    ast.BitAnd: ("&", operator.and_),
    ast.BitOr: ("|", operator.or_),
}
OPERATORS = NUMBERS.keys() | SETS.keys()


class Refused(Exception):
    """Why a value cannot be computed, in words."""


def arithmetic(left: Compiled, op: ast.operator, right: Compiled) -> Compiled:
    of_numbers, of_sets = NUMBERS.get(type(op)), SETS.get(type(op))

    def computed(scope: Scope) -> Any:
        one, other = left(scope), right(scope)
        if of_sets is not None and (of_numbers is None or isinstance(one, frozenset)):
            sign, of = of_sets
            if not (isinstance(one, frozenset) and isinstance(other, frozenset)):
                raise Refused(f"{sign} takes two sets here, not {one!r} and {other!r}")
            return of(one, other)
        assert of_numbers is not None
        sign, of = of_numbers
        if other == 0 and sign in ("//", "%"):
            raise Refused("a division by 0")
        return _bounded(of(whole(one, sign), whole(other, sign)))

    return computed


def _bounded(number: int) -> int:
    if abs(number) > LARGEST:
        raise Refused(f"a number beyond {LARGEST:,}")
    return number


def sliced(holder: Compiled, bounds: Sequence[Compiled | None]) -> Compiled:
    def cut(scope: Scope) -> Any:
        start, stop, step = (None if part is None else whole(part(scope), "a slice") for part in bounds)
        if step == 0:
            raise Refused("a slice with step 0")
        return sequence_of(holder(scope), "[...]")[start:stop:step]

    return cut


def item(holder: Compiled, index: Compiled) -> Compiled:
    def found(scope: Scope) -> Any:
        sequence, place = sequence_of(holder(scope), "[...]"), index(scope)
        if place is None:
            return None
        place = whole(place, "an index")
        return sequence[place] if -len(sequence) <= place < len(sequence) else None

    return found


def joined(parts: Sequence[Compiled], conjunction: bool) -> Compiled:
    if conjunction:
        return lambda scope: all(part(scope) for part in parts)
    return lambda scope: any(part(scope) for part in parts)


def chain(first: Compiled, rest: Sequence[tuple[Callable[[Any, Any], bool], Compiled]]) -> Compiled:
    if len(rest) == 1:
        ((holds, second),) = rest
        return lambda scope: holds(first(scope), second(scope))

    def compared(scope: Scope) -> bool:
        left = first(scope)
        for holds, part in rest:
            right = part(scope)
            if not holds(left, right):
                return False
            left = right
        return True

    return compared


def comparison(op: ast.cmpop) -> Callable[[Any, Any], bool]:
    match op:
        case ast.Eq() | ast.Is():
            return _equal
        case ast.NotEq() | ast.IsNot():
            return lambda one, other: not _equal(one, other)
        case ast.In():
            return _contains
        case ast.NotIn():
            return lambda one, other: not _contains(one, other)
    order = ORDERS[type(op)]

    def ordered(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return False
        try:
            return bool(order(one, other))
        except TypeError:
            raise Refused(f"{one!r} and {other!r} have no order") from None

    return ordered


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other)


def _contains(one: Any, other: Any) -> bool:
    if isinstance(other, str):
        return isinstance(one, str) and one in other
    return one in items_of(other, "in")


def whole(value: Any, where: str) -> int:
    if not isinstance(value, int):
        raise Refused(f"{where} takes whole numbers, not {value!r}")
    return value


def sequence_of(value: Any, where: str) -> Any:
    if not isinstance(value, str | tuple):
        raise Refused(f"{where} takes a sequence, not {value!r}")
    return value


def items_of(value: Any, where: str) -> Any:
    if value is None or isinstance(value, int):
        raise Refused(f"{where} takes a sequence or a set, not {value!r}")
    return value


def set_of(values: Any) -> frozenset[Any]:
    return frozenset(items_of(values, "set"))  # all values are hashable: text, numbers, None, tuples and frozen sets


def _length(value: Any) -> int:
    return len(items_of(value if not isinstance(value, Iterator) else tuple(value), "len"))


def _extreme(choose: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        found = list(items_of(values[0], name) if len(values) == 1 else values)
        try:
            return choose(found) if found else None
        except TypeError:
            raise Refused(f"{name} takes values that have an order, not {found!r}") from None

    return extreme


def _sum(values: Any) -> int:
    return _bounded(sum(whole(value, "sum") for value in items_of(values, "sum")))


def _sorted(values: Any) -> Any:
    """Text sorted is text, so that ``sorted(x) == x`` asks what it seems to ask."""
    try:
        found = sorted(items_of(values, "sorted"))
    except TypeError:
        raise Refused("sorted takes values that have an order") from None
    return "".join(found) if isinstance(values, str) else tuple(found)


def _range(*bounds: Any) -> range:
    if len(bounds) == 3 and bounds[2] == 0:
        raise Refused("a range with step 0")
    found = range(*(whole(bound, "range") for bound in bounds))
    if len(found) > LONGEST_RANGE:
        raise Refused(f"a range of more than {LONGEST_RANGE:,} numbers")
    return found


def _count(sequence: Any, what: Any) -> int:
    return sequence.count(what) if isinstance(sequence, tuple) or isinstance(what, str) else 0


def _index(sequence: Any, what: Any) -> int | None:
    if isinstance(sequence, str):
        found = sequence.find(what) if isinstance(what, str) else -1
        return None if found < 0 else found
    return sequence.index(what) if what in sequence else None


def _starts(sequence: Any, what: Any) -> bool:
    return type(what) is type(sequence) and bool(sequence[: len(what)] == what)


def _ends(sequence: Any, what: Any) -> bool:
    return type(what) is type(sequence) and bool(sequence[max(0, len(sequence) - len(what)) :] == what)


METHODS: Mapping[str, Callable[[Any, Any], Any]] = {
    "count": _count,
    "index": _index,
    "startswith": _starts,
    "endswith": _ends,
}

FUNCTIONS: Mapping[str, tuple[int, Callable[..., Any]]] = {
    "len": (1, _length),
    "min": (8, _extreme(min, "min")),
    "max": (8, _extreme(max, "max")),
    "sum": (1, _sum),
    "sorted": (1, _sorted),
    "set": (1, set_of),
    "any": (1, lambda values: any(items_of(values, "any"))),
    "all": (1, lambda values: all(items_of(values, "all"))),
    "abs": (1, lambda value: abs(whole(value, "abs"))),
    "range": (3, _range),
}
"""Name -> how many arguments it takes at most, and what it does."""
