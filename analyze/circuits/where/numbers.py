"""From where to where the numbers of a condition lie, found without an input: intervals, None where it is not known."""

from __future__ import annotations

from itertools import product

from analyze.circuits.where.kinds import Number


def arithmetic(one: Number, sign: str, other: Number) -> Number:
    """Where the results lie."""
    match sign:
        case "+":
            return Number(least=_sum(one.least, other.least), most=_sum(one.most, other.most))
        case "-":
            return arithmetic(one, "+", negative(other))
        case "*":
            return _product(one, other)
        case "%" if other.least is not None and other.least > 0:
            return Number(least=0, most=None if other.most is None else other.most - 1)
    return Number()


def negative(number: Number) -> Number:
    """Where the numbers with the other sign lie."""
    least, most = number.least, number.most
    return Number(least=None if most is None else -most, most=None if least is None else -least)


def within(index: Number, count: int) -> bool:
    """Whether an index can be one of at most so many items; True where that is not known."""
    return (index.least is None or index.least < count) and (index.most is None or index.most >= -count)


def stepped(bounds: list[Number]) -> Number:
    """Where the numbers of a range lie."""
    match bounds:
        case [stop]:
            return Number(least=0, most=_sum(stop.most, -1))
        case [start, stop]:
            return Number(least=start.least, most=_sum(stop.most, -1))
    return Number()


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _product(one: Number, other: Number) -> Number:
    if None in (one.least, one.most, other.least, other.most):
        return Number()
    ends = [a * b for a, b in product((one.least or 0, one.most or 0), (other.least or 0, other.most or 0))]
    return Number(least=min(ends), most=max(ends))
