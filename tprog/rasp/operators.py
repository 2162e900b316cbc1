"""The operators of RASP on values: exact, with no surprise from Python's own rules, and bounded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from tprog.ir.values import Nothing
from tprog.rasp.values import MOST_CHARACTERS, Unfit, Value, divide, is_number, power, settled


class Mismatch(TypeError):
    """An operator does not take values of these kinds: the message names both."""


def kind_of(value: object) -> str:
    """What kind of value this is, in a word."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "whole number"
        case Fraction() | float():
            return "number"
        case str():
            return "word"
        case tuple():
            return "tuple"
        case Nothing():
            return "nothing"
    return type(value).__name__


def _numbers(symbol: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Value]:
    """An operator that takes two numbers."""

    def apply(left: Any, right: Any) -> Value:
        if not (is_number(left) and is_number(right)):
            raise Mismatch(f"{symbol} takes two numbers, not a {kind_of(left)} and a {kind_of(right)}")
        return _computed(function, left, right)

    return apply


def _computed(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Value:
    if isinstance(left, float) or isinstance(right, float):  # a label: arithmetic of floats
        left, right = float(left), float(right)
    try:
        return settled(function(left, right))
    except ZeroDivisionError:
        raise Unfit("a division by zero") from None
    except OverflowError:
        raise Unfit("a number that is too large; expected one of at most 10^308") from None


def _add(left: Any, right: Any) -> Value:
    """The sum of two numbers, or two words as one."""
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MOST_CHARACTERS:
            raise Unfit(f"a word of {len(left) + len(right):,} characters; expected at most {MOST_CHARACTERS:,}")
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple):
        return settled(left + right)
    if not (is_number(left) and is_number(right)):
        raise Mismatch(f"+ takes two numbers or two words, not a {kind_of(left)} and a {kind_of(right)}")
    return _computed(lambda a, b: a + b, left, right)


def _times(left: Any, right: Any) -> Value:
    """The product of two numbers, or a word repeated."""
    if isinstance(left, str) and type(right) is int:
        left, right = right, left
    if type(left) is int and isinstance(right, str):
        if left * len(right) > MOST_CHARACTERS:
            raise Unfit(f"a word of {left * len(right):,} characters; expected at most {MOST_CHARACTERS:,}")
        return left * right
    if not (is_number(left) and is_number(right)):
        raise Mismatch(f"* takes two numbers, not a {kind_of(left)} and a {kind_of(right)}")
    return _computed(lambda a, b: a * b, left, right)


def _ordered(symbol: str, function: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of two numbers, two words or two tuples."""

    def apply(left: Any, right: Any) -> bool:
        alike = (is_number(left) and is_number(right)) or any(
            isinstance(left, kind) and isinstance(right, kind) for kind in (str, tuple)
        )
        if not alike:
            raise Mismatch(f"{symbol} compares two values of a kind, not a {kind_of(left)} and a {kind_of(right)}")
        return bool(function(left, right))

    return apply


def _equal(symbol: str, wanted: bool) -> Callable[[Any, Any], bool]:
    def apply(left: Any, right: Any) -> bool:
        if isinstance(left, Nothing) or isinstance(right, Nothing):
            raise Mismatch(f"{symbol} compares two values, and one is nothing")
        return (left == right) is wanted

    return apply


COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _equal("==", True),
    "!=": _equal("!=", False),
    "<": _ordered("<", lambda a, b: a < b),
    "<=": _ordered("<=", lambda a, b: a <= b),
    ">": _ordered(">", lambda a, b: a > b),
    ">=": _ordered(">=", lambda a, b: a >= b),
}

ARITHMETIC: Mapping[str, Callable[[Any, Any], Value]] = {
    "+": _add,
    "-": _numbers("-", lambda a, b: a - b),
    "*": _times,
    "/": _numbers("/", divide),
    "//": _numbers("//", lambda a, b: a // b),
    "%": _numbers("%", lambda a, b: a % b),
    "^": _numbers("^", power),
}


def negative(value: Any) -> Value:
    """The number with the other sign."""
    if not is_number(value):
        raise Mismatch(f"- takes a number, not a {kind_of(value)}")
    return settled(-value)


def positive(value: Any) -> Value:
    """The number itself; a boolean as 1 or 0."""
    if not is_number(value):
        raise Mismatch(f"+ takes a number, not a {kind_of(value)}")
    return settled(+value)


def magnitude(value: Any) -> Value:
    """The number without its sign."""
    if not is_number(value):
        raise Mismatch(f"abs takes a number, not a {kind_of(value)}")
    return settled(abs(value))


def rounded(value: Any) -> Value:
    """The nearest whole number; of two that are as near, the even one."""
    if not is_number(value):
        raise Mismatch(f"round takes a number, not a {kind_of(value)}")
    return settled(round(value))


def cut(value: Any) -> int:
    """The whole number that is left when a number's fraction is cut off: towards 0."""
    if not is_number(value):
        raise Mismatch(f"a whole number was expected, not a {kind_of(value)}")
    return int(value)


def truth(value: Any) -> bool:
    """What a value counts as where a condition stands: 0 and the empty word are false."""
    if isinstance(value, Nothing):
        raise Mismatch("a condition is true or false, and this is nothing")
    return bool(value)
