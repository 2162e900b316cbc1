"""The values of RASP: exact numbers, booleans, words, tuples of them, and *nothing*.

A whole number is an `int`; any other number is a `Fraction`, which keeps its kind: 4/2 is the fraction 2, equal to the
whole number 2 but no index into a list. A number that is no fraction, such as the root of 2, is a *label*: a `float`
that stands for itself, computed once from a value and compared like any number, but never taken for a sum of others.

`NOTHING` is what RASP calls None: a value like others. Where an evaluation fails there is no value at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, TypeAlias

from tprog.ir.values import FALSE, NOTHING, TRUE, Nothing, spelling
from tprog.ir.values import Label as OpaqueLabel

MOST_BITS = 4096
"""Bits of a number: of its numerator, and of its denominator."""

MOST_CHARACTERS = 10_000
"""Characters of a word."""

DECIMAL_DIGITS = 15
"""Every decimal of so many digits is told apart by a float: a float that prints as one stands for it."""


Value: TypeAlias = "bool | int | Fraction | float | str | tuple[Any, ...] | Nothing"


class Unfit(ValueError):
    """What was computed is no value of RASP: the message says what it is."""


def is_number(value: object) -> bool:
    """Whether a value counts as a number; booleans are 1 and 0."""
    return isinstance(value, (int, Fraction, float))


def settled(found: object) -> Value:
    """A Python object as the value that it stands for; None is `NOTHING`.

    Raises:
        Unfit: it stands for none, or for one that is too large.
    """
    if type(found) is int:  # the two kinds that operators yield by the million
        return bounded(found)
    if type(found) is Fraction:
        bounded(found.numerator)
        bounded(found.denominator)
        return found
    return _settled(found)


def _settled(found: object) -> Value:
    match found:
        case None:
            return NOTHING
        case Truth():
            return found.numerator == 1
        case Whole():
            return bounded(found.numerator)
        case bool() | Nothing():
            return found
        case int():
            return int(bounded(found))
        case Fraction():
            bounded(found.numerator)
            bounded(found.denominator)
            return Fraction(found.numerator, found.denominator)
        case float():
            return number_of_float(float(found))
        case str():
            if len(found) > MOST_CHARACTERS:
                raise Unfit(f"a word of {len(found):,} characters; expected at most {MOST_CHARACTERS:,}")
            return str(found)
        case tuple():
            return tuple(settled(item) for item in found)
    item = getattr(found, "item", None)  # numbers of NumPy
    if callable(item) and getattr(found, "shape", None) == ():
        return settled(item())
    raise Unfit(f"a {type(found).__name__}, which is no value of RASP; expected a number, a word, True, False or None")


def number_of_float(number: float) -> Fraction | float:
    """The decimal that a float prints as, if it has at most `DECIMAL_DIGITS` digits; else the float, as a label.

    Raises:
        Unfit: it is infinite, or no number.
    """
    if not math.isfinite(number):
        raise Unfit(f"the number {number}; expected a finite one")
    if float(f"{number:.{DECIMAL_DIGITS}g}") == number:
        return Fraction(f"{number:.{DECIMAL_DIGITS}g}")
    return number


def bounded(number: int) -> int:
    """The number.

    Raises:
        Unfit: it has more than `MOST_BITS` bits.
    """
    if number.bit_length() > MOST_BITS:
        raise Unfit(f"a number of {number.bit_length():,} bits; expected at most {MOST_BITS:,}")
    return number


def spelled_value(value: Value) -> str:
    """A value's one spelling, by which outputs are compared: ``2``, ``1/2``, ``T``, ``F``, ``nothing``, the word."""
    match value:
        case bool():
            return spelling(TRUE if value else FALSE)
        case float():
            return spelling(OpaqueLabel(value))
        case tuple():
            return f"({', '.join(map(spelled_value, value))})"
    return spelling(value)  # a whole fraction prints as a whole number does


def spelled_values(values: Iterable[Value]) -> list[str]:
    """The spelling of values that belong together: booleans that stand among numbers are spelled 1 and 0."""
    listed = list(values)
    if any(is_number(value) and not isinstance(value, bool) for value in listed):
        listed = [int(value) if isinstance(value, bool) else value for value in listed]
    return list(map(spelled_value, listed))


# Numbers as functions of a user's own see them ########################################################################


def shown_to_function(value: Value) -> Any:
    """A value as a Python function gets it: numbers whose arithmetic is exact, and None for nothing."""
    match value:
        case Nothing():
            return None
        case bool():
            return Truth(int(value))
        case int():
            return Whole(value)
        case Fraction():
            return Ratio(value)
        case float():
            return Label(value)
        case tuple():
            return tuple(map(shown_to_function, value))
    return value


class Label(float):
    """A number that is no fraction; arithmetic with it is that of floats."""


class Ratio(Fraction):
    """A number that stays exact, with floats too: ``Ratio(1, 3) * 0.1`` is 1/30."""


class Whole(Ratio):
    """A whole number that stays exact: ``Whole(1) / 3`` is the fraction, and ``0.1 * Whole(3)`` is 3/10.

    An `int` could not: ``0.1 * 3`` asks the float alone. But functions ask whether a value is an `int`, and index with
    it, so it says that it is one.
    """

    @property  # type: ignore[misc]  # what isinstance believes
    def __class__(self) -> type:
        return int

    def __index__(self) -> int:
        return self.numerator

    def __format__(self, wanted: str) -> str:
        return format(self.numerator, wanted)

    def __repr__(self) -> str:
        return str(self.numerator)


class Truth(Whole):
    """True or False, as 1 and 0 in arithmetic."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return bool

    def __str__(self) -> str:
        return str(self.numerator == 1)

    __repr__ = __str__


def _exact(other: Any) -> Any:
    """The operand as Python's own number, a float as the decimal it prints as; None if arithmetic is of floats."""
    if isinstance(other, Label):
        return None
    if isinstance(other, float):
        found = number_of_float(other) if math.isfinite(other) else other
        return found if isinstance(found, Fraction) else None
    if isinstance(other, Whole):
        return other.numerator
    if isinstance(other, Fraction):
        return Fraction(other.numerator, other.denominator)
    return int(other) if isinstance(other, int) else NOTHING


def _again(result: Any) -> Any:
    """A result in the numbers that stay exact."""
    if isinstance(result, bool):
        return Truth(int(result))
    if isinstance(result, int):
        return Whole(bounded(result))
    return Ratio(result) if isinstance(result, Fraction) else result


def _operator(name: str, swapped: bool) -> Callable[[Any, Any], Any]:
    function: Callable[[Any, Any], Any] = _FUNCTIONS[name]

    def apply(self: Any, other: Any) -> Any:
        own, theirs = _exact(self), _exact(other)
        if theirs is NOTHING:
            return NotImplemented
        if theirs is None:
            own, theirs = float(self), float(other)
        return _again(function(theirs, own) if swapped else function(own, theirs))

    return apply


def divide(left: Any, right: Any) -> Any:
    """Left / right, exact for exact numbers."""
    if isinstance(left, int) and isinstance(right, int):
        return Fraction(left, right)
    return left / right


def power(base: Any, exponent: Any) -> Any:
    """Base to the exponent, exact where the result is a fraction.

    Raises:
        Unfit: the result would have too many bits, or be no real number.
    """
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        exponent = exponent.numerator
    if isinstance(exponent, int) and not isinstance(base, float):
        size = max(abs(Fraction(base).numerator), Fraction(base).denominator).bit_length()
        if size > 1 and size * abs(exponent) > 2 * MOST_BITS:
            raise Unfit(f"a number of about {size * abs(exponent):,} bits; expected at most {MOST_BITS:,}")
        return Fraction(base) ** exponent if exponent < 0 else base**exponent
    result = float(base) ** float(exponent)
    if isinstance(result, complex):
        raise Unfit("a complex number; expected a real one")
    return result


_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "truediv": divide,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "pow": power,
}
_BITS: dict[str, Callable[[Any, Any], Any]] = {
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "lshift": lambda a, b: a << min(b, MOST_BITS + 1),
    "rshift": lambda a, b: a >> b,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
_UNARY: dict[str, Callable[[Any], Any]] = {"neg": lambda a: -a, "pos": lambda a: +a, "abs": abs, "invert": lambda a: ~a}
_FUNCTIONS |= _COMPARISONS | _BITS


def _unary(name: str) -> Callable[[Any], Any]:
    def apply(self: Any) -> Any:
        return _again(_UNARY[name](_exact(self)))

    return apply


def _equip(kind: type, binary: Iterable[str], unary: Iterable[str]) -> None:
    for name in binary:
        setattr(kind, f"__{name}__", _operator(name, swapped=False))
        if name not in _COMPARISONS:
            setattr(kind, f"__r{name}__", _operator(name, swapped=True))
    for name in unary:
        setattr(kind, f"__{name}__", _unary(name))


_equip(Ratio, _FUNCTIONS.keys() - _BITS.keys(), ("neg", "pos", "abs"))
_equip(Whole, _BITS, ("invert",))
Ratio.__hash__ = Fraction.__hash__  # type: ignore[method-assign]  # Python drops it where == is defined
