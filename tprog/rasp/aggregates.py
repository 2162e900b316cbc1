"""What the values at selected positions make together."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, assert_never

from tprog.rasp import operators
from tprog.rasp.calls import Refused, called
from tprog.rasp.expressions import Aggregate
from tprog.rasp.failures import Failed
from tprog.rasp.functions import Dialect
from tprog.rasp.values import Value, is_number, number_of_float


def aggregated(node: Aggregate, place: int, places: list[int], held: list[Value], keys: list[Value] | None) -> Value:
    """The value of an aggregate at a position where some are selected."""
    match node.how:
        case "mean":
            return _mean(node, place, [held[j] for j in places], held)
        case "single":
            if len(places) > 1:
                raise Failed(node, place, f"{len(places)} positions are selected, {_few(places)}; expected one")
            return held[places[0]]
        case "first":
            return held[places[0]]
        case "last":
            return held[places[-1]]
        case "nearest":
            return held[_nearest(place, places)]
        case "largest" | "smallest":
            assert keys is not None
            found = _extreme(node, place, [keys[j] for j in places], largest=node.how == "largest")
            return held[_nearest(place, [j for j in places if keys[j] == found])]
        case "max" | "min":
            return _extreme(node, place, [held[j] for j in places], largest=node.how == "max")
    assert_never(node.how)


def _nearest(place: int, places: list[int]) -> int:
    """The nearest position, the left one of two; the own one only if it is alone."""
    return min(places, key=lambda j: (j == place, abs(j - place), j > place))


def _mean(node: Aggregate, place: int, values: list[Value], held: list[Value]) -> Value:
    if node.dialect is Dialect.RASP_L:
        numbers = _numbers(node, place, values)
        return int(Fraction(sum(numbers)) / len(numbers))
    if len(values) == 1:
        return values[0]
    if node.dialect is Dialect.RASP:
        if all(isinstance(value, bool) for value in held):
            raise Failed(node, place, f"{len(values)} positions are selected, and they hold booleans; expected numbers")
        _numbers(node, place, held)
    numbers = _numbers(node, place, values)
    if any(isinstance(number, float) for number in numbers):
        return number_of_float(float(sum(map(Fraction, numbers)) / len(numbers)))
    return Fraction(sum(numbers)) / len(numbers)


def _numbers(node: Aggregate, place: int, values: list[Value]) -> list[Any]:
    for value in values:
        if not is_number(value):
            raise Failed(
                node,
                place,
                f"the mean of several values, and {value!r} is a {operators.kind_of(value)}; expected numbers",
            )
    return values


def _extreme(node: Aggregate, place: int, values: list[Value], largest: bool) -> Value:
    best = values[0]
    for value in values:
        better = called(operators.COMPARISONS[">" if largest else "<"], (value, best))
        if isinstance(better, Refused):
            raise Failed(node, place, str(better))
        if better:
            best = value
    return int(best) if node.dialect is Dialect.RASP_L and isinstance(best, bool) else best


def _few(places: list[int]) -> str:
    return ", ".join(map(str, places[:5])) + (", ..." if len(places) > 5 else "")
