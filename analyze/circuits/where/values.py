"""What operations and functions of `analyze.circuits.where` do with values: what Python does with them.

Kinds are settled before (`analyze.circuits.where.kinds`), so a value is what an operation takes, or None. Where Python
raises an error because something is not there (an index outside, the least of nothing), there is None instead.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


class Refused(Exception):
    """Why a value cannot be computed, in words."""


# Operations ###########################################################################################################


def constant(value: Any) -> Compiled:
    return lambda scope: value


def standing(place: int) -> Compiled:
    """The value that stands at a place of the scope: that of a name, or of a loop's variable."""
    return operator.itemgetter(place)


def negation(of: Compiled) -> Compiled:
    return lambda scope: not of(scope)


def negative(of: Compiled) -> Compiled:
    return lambda scope: -whole(of(scope), "-")


def choice(test: Compiled, yes: Compiled, no: Compiled) -> Compiled:
    return lambda scope: yes(scope) if test(scope) else no(scope)


def collected(form: Callable[[Iterable[Any]], Any], values: Compiled) -> Compiled:
    """Values as a tuple, list or set."""
    return lambda scope: form(values(scope))


def of_numbers(left: Compiled, op: ast.operator, right: Compiled) -> Compiled:
    sign, of = NUMBERS[type(op)]

    def computed(scope: Scope) -> int:
        one, other = whole(left(scope), sign), whole(right(scope), sign)
        if other == 0 and sign in ("//", "%"):
            raise Refused("a division by 0")
        return _bounded(of(one, other))

    return computed


def of_sets(left: Compiled, op: ast.operator, right: Compiled) -> Compiled:
    sign, of = SETS[type(op)]
    return lambda scope: of(there(left(scope), sign), there(right(scope), sign))


def _bounded(number: int) -> int:
    if abs(number) > LARGEST:
        raise Refused(f"a number beyond {LARGEST:,}")
    return number


def sliced(holder: Compiled, bounds: Sequence[Compiled | None]) -> Compiled:
    def cut(scope: Scope) -> Any:
        start, stop, step = (None if part is None else whole(part(scope), "a slice") for part in bounds)
        if step == 0:
            raise Refused("a slice with step 0")
        return there(holder(scope), "[...]")[start:stop:step]

    return cut


def item(holder: Compiled, index: Compiled) -> Compiled:
    def found(scope: Scope) -> Any:
        sequence, place = there(holder(scope), "[...]"), index(scope)
        if place is None:
            return None
        return sequence[place] if -len(sequence) <= place < len(sequence) else None

    return found


def joined(parts: Sequence[Compiled], conjunction: bool) -> Compiled:
    if conjunction:
        return lambda scope: all(part(scope) for part in parts)
    return lambda scope: any(part(scope) for part in parts)


def all_of(parts: Sequence[Compiled]) -> Callable[[Scope], list[Any]]:
    return lambda scope: [part(scope) for part in parts]


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
        return one is not None and one in other
    return one in there(other, "in")


def whole(value: int | None, where: str) -> int:
    """A number, which must be there."""
    if value is None:
        raise Refused(f"{where} takes whole numbers, not None")
    return value


def there(value: Any, where: str) -> Any:
    """A value, which must be there."""
    if value is None:
        raise Refused(f"{where} has None before it or in it")
    return value


# Functions ############################################################################################################


def _extreme(choose: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    def extreme(*values: Any) -> Any:
        found = list(there(values[0], name) if len(values) == 1 else values)
        try:
            return choose(found) if found else None
        except TypeError:
            raise Refused(f"{name} takes values that have an order, not {found!r}") from None

    return extreme


def _sum(values: Iterable[Any]) -> int:
    return _bounded(sum(whole(value, "sum") for value in there(values, "sum")))


def _sorted(values: Iterable[Any]) -> list[Any]:
    try:
        return sorted(there(values, "sorted"))
    except TypeError:
        raise Refused("sorted takes values that have an order") from None


def _range(*bounds: int | None) -> range:
    numbers = [whole(bound, "range") for bound in bounds]
    if len(numbers) == 3 and numbers[2] == 0:
        raise Refused("a range with step 0")
    found = range(*numbers)
    if len(found) > LONGEST_RANGE:
        raise Refused(f"a range of more than {LONGEST_RANGE:,} numbers")
    return found


FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "len": (1, 1, lambda values: len(there(values, "len"))),
    "min": (1, 8, _extreme(min, "min")),
    "max": (1, 8, _extreme(max, "max")),
    "sum": (1, 1, _sum),
    "sorted": (1, 1, _sorted),
    "set": (0, 1, lambda values=(): frozenset(there(values, "set"))),
    "list": (0, 1, lambda values=(): list(there(values, "list"))),
    "tuple": (0, 1, lambda values=(): tuple(there(values, "tuple"))),
    "any": (1, 1, lambda values: any(there(values, "any"))),
    "all": (1, 1, lambda values: all(there(values, "all"))),
    "abs": (1, 1, lambda value: abs(whole(value, "abs"))),
    "range": (1, 3, _range),
}
"""Name -> how many arguments it takes at least and at most, and what it does."""


# Methods ##############################################################################################################


def _count(sequence: Any, what: Any) -> int:
    return 0 if what is None and isinstance(sequence, str) else sequence.count(what)


def _index(sequence: Any, what: Any) -> int | None:
    if isinstance(sequence, str):
        found = -1 if what is None else sequence.find(what)
        return None if found < 0 else found
    return sequence.index(what) if what in sequence else None


def _starts(text: str, what: str | tuple[str | None, ...] | None) -> bool:
    return any(word is not None and text.startswith(word) for word in (what if isinstance(what, tuple) else (what,)))


def _ends(text: str, what: str | tuple[str | None, ...] | None) -> bool:
    return any(word is not None and text.endswith(word) for word in (what if isinstance(what, tuple) else (what,)))


METHODS: Mapping[str, Callable[[Any, Any], Any]] = {
    "count": _count,
    "index": _index,
    "startswith": _starts,
    "endswith": _ends,
}


def method(name: str, holder: Compiled, only: Compiled) -> Compiled:
    called = METHODS[name]
    return lambda scope: called(there(holder(scope), f".{name}"), only(scope))


def function(name: str, parts: Sequence[Compiled]) -> Compiled:
    _, _, called = FUNCTIONS[name]
    if len(parts) == 1:
        (part,) = parts
        return lambda scope: called(part(scope))
    return lambda scope: called(*[part(scope) for part in parts])


Loop: TypeAlias = tuple[Compiled, int, Sequence[Compiled]]
"""What a ``for`` goes through, the index of its variable in a scope, and the conditions behind ``if``."""


def looped(element: Compiled, loops: Sequence[Loop], steps: list[int], most: int) -> Compiled:
    """A generator of what `element` yields; `steps` counts, over all inputs, what the loops go through."""

    def run(scope: Scope, depth: int = 0) -> Iterator[Any]:
        if depth == len(loops):
            yield element(scope)
            return
        over, slot, tests = loops[depth]
        for value in there(over(scope), "for"):
            steps[0] += 1
            if steps[0] > most:
                raise Refused(f"it takes too long: its loops went through {most:,} values")
            scope[slot] = value
            if all(test(scope) for test in tests):
                yield from run(scope, depth + 1)

    return run
