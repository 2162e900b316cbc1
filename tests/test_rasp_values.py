"""RASP's values: what each operator makes of each kind of them, and numbers as a user's own functions see them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tprog.errors import BadUsage
from tprog.ir.values import NOTHING
from tprog.rasp.evaluate import evaluate
from tprog.rasp.expressions import Constant, elementwise
from tprog.rasp.failures import Failed
from tprog.rasp.functions import OPERATORS, Dialect
from tprog.rasp.lower.alike import key_of
from tprog.rasp.program import MOST_STEPS, Loop
from tprog.rasp.tracr.language import full, mapped, tokens
from tprog.rasp.values import MOST_BITS, MOST_CHARACTERS, Unfit, bounded, number_of_float, settled, shown_to_function

NO_VALUE = "no value"

NUMBERS: tuple[Any, ...] = (True, False, 0, 1, 2, -3, Fraction(1, 2), Fraction(4, 2), Fraction(-7, 3))
VALUES: tuple[Any, ...] = (*NUMBERS, math.sqrt(2), "a", "ab", "", ("a", 1), ("b",), NOTHING)

COMPARED = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
COMPUTED: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "//": operator.floordiv, "%": operator.mod,
}  # fmt: skip


def is_number(value: Any) -> bool:
    return isinstance(value, (int, Fraction, float))


def is_whole(value: Any) -> bool:
    return isinstance(value, int)


def divided(a: Any, b: Any) -> Any:
    return a / b if isinstance(a, float) or isinstance(b, float) else Fraction(a) / Fraction(b)


def raised(a: Any, b: Any) -> Any:
    """Exact where a fraction comes out."""
    if isinstance(a, float) or Fraction(b).denominator > 1:
        return float(a) ** float(b)
    return a ** int(b) if b >= 0 else Fraction(a) ** int(b)


def of_two(symbol: str, a: Any, b: Any) -> Any:
    """What an operator is of two values, neither of which is nothing."""
    alike = (is_number(a) and is_number(b)) or (type(a) is type(b) and isinstance(a, (str, tuple)))
    if symbol in COMPARED:
        return COMPARED[symbol](a, b) if alike or symbol in ("==", "!=") else NO_VALUE
    if symbol == "+" and alike:
        return a + b
    if symbol == "*" and {type(a), type(b)} == {str, int}:
        return a * b
    if not (is_number(a) and is_number(b)):
        return NO_VALUE
    if isinstance(a, float) or isinstance(b, float):
        a, b = float(a), float(b)
    return {**COMPUTED, "/": divided, "^": raised}[symbol](a, b)


def right(dialect: Dialect, symbol: str, row: tuple[Any, ...]) -> Any:
    """What an operator is, in plain Python; `NO_VALUE` where it has none."""
    if NOTHING in row:
        return NOTHING
    if dialect is Dialect.RASP_L and not all(map(is_whole, row)):
        return NO_VALUE
    booleans = all(isinstance(value, bool) for value in row)
    match symbol, row:
        case "where", (condition, chosen, other):
            found = chosen if condition else other
            return int(found) if dialect is Dialect.RASP_L else found
        case "not", (value,):
            return ~value if dialect is Dialect.RASP_L and not booleans else not value
        case "indicator", (value,):
            return int(bool(value))
        case (("and" | "or"), (a, b)):
            if dialect is Dialect.RASP_L:
                return a & b if symbol == "and" else a | b
            found = (a and b) if symbol == "and" else (a or b)
            return bool(found) if dialect is Dialect.RASP else found
        case (("+" | "*"), (a, b)) if dialect is Dialect.RASP_L and booleans:
            return (a or b) if symbol == "+" else (a and b)
        case _, (a, b):
            return of_two(symbol, a, b)
        case _, (value,):
            told: dict[str, Callable[[Any], Any]] = {
                "negative": operator.neg, "positive": operator.pos, "abs": abs, "round": round,
            }  # fmt: skip
            return told[symbol](value) if is_number(value) else NO_VALUE
    raise AssertionError(symbol)


@pytest.mark.parametrize(("dialect", "symbol"), [(each, symbol) for each in Dialect for symbol in OPERATORS[each]])
def test_an_operator_gives_what_plain_python_does_on_values_of_every_kind(dialect: Dialect, symbol: str) -> None:
    if dialect is Dialect.RASP_L and symbol in ("/", "^", "round"):
        with pytest.raises(BadUsage, match="would make others"):
            elementwise(symbol, Constant(dialect=dialect, value=1), Constant(dialect=dialect, value=1))
        return
    values = VALUES if dialect is Dialect.TRACR else [value for value in VALUES if not isinstance(value, tuple)]
    if dialect is Dialect.RASP:
        values = [value for value in values if value is not NOTHING]  # which no s-op of that language holds
    count = OPERATORS[dialect][symbol].wanted or 0
    told = 0
    for row in product(values if count < 3 else values[::3], repeat=count):
        try:
            wanted = right(dialect, symbol, row)
            wanted = wanted if wanted is NO_VALUE else key_of(settled(wanted))
        except (ZeroDivisionError, Unfit):  # Unfit: a complex number
            wanted = NO_VALUE
        sop = elementwise(symbol, *(Constant(dialect=dialect, value=value) for value in row))
        try:
            found: Any = key_of(evaluate(sop, ["x"])[0])
        except Failed:
            found = NO_VALUE
        assert found == wanted, row
        told += wanted is not NO_VALUE
    assert told


# A user's own functions ###############################################################################################

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = COMPARED | COMPUTED | {"/": operator.truediv, "**": operator.pow}
BITS = {
    "&": operator.and_, "|": operator.or_, "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip


def plain(symbol: str, a: Any, b: Any) -> Any:
    """What an operation is of numbers that are all exact."""
    a, b = (Fraction(str(each)) if isinstance(each, float) else each for each in (a, b))
    if symbol in BITS:
        a, b = int(a), int(b)  # a truth is a number there
    made = {**OPERATIONS, "/": divided, "**": raised, **BITS}[symbol](a, b)
    return key_of(settled(made))


def asked(symbol: str, a: Any, b: Any) -> Any:
    return key_of(settled((OPERATIONS | BITS)[symbol](a, b)))


@pytest.mark.parametrize("symbol", [*OPERATIONS, *BITS])
def test_a_function_computes_with_its_arguments_and_numbers_of_its_own_exactly(symbol: str) -> None:
    numbers = [number for number in NUMBERS if symbol not in BITS or (is_whole(number) and number >= 0)]
    own = numbers if symbol in BITS else [*numbers, 0.1, -1.5]
    for a, b in product(numbers, own):
        for one, other in ((a, b), (b, a)):
            try:
                wanted = plain(symbol, one, other)
            except (ZeroDivisionError, Unfit):
                with pytest.raises((ZeroDivisionError, Unfit)):
                    asked(symbol, *((shown_to_function(each) if each is a else each) for each in (one, other)))
                continue
            shown = {id(each): shown_to_function(each) for each in (one, other) if not isinstance(each, float)}
            assert asked(symbol, shown.get(id(one), one), shown.get(id(other), other)) == wanted, (one, other)
            if not isinstance(one, float):
                assert asked(symbol, shown[id(one)], other) == wanted, (one, other)
            if not isinstance(other, float):
                assert asked(symbol, one, shown[id(other)]) == wanted, (one, other)


@pytest.mark.parametrize("number", NUMBERS)
def test_an_argument_is_told_turned_round_and_looked_up_as_the_number_that_it_is(number: Any) -> None:
    shown = shown_to_function(number)
    for call in (operator.neg, operator.pos, abs, round, math.floor, bool, int, float):
        assert key_of(settled(call(shown))) == key_of(settled(call(number))), call
    assert hash(shown) == hash(number)
    assert (str(shown), {number: 1}[shown], f"{shown}") == (
        str(number),
        1,
        f"{int(number) if is_whole(number) else number}",
    )
    if is_whole(number):
        assert (~shown, [*range(9)][shown], isinstance(shown, type(number))) == (~number, [*range(9)][number], True)


def test_a_label_stays_one_in_arithmetic_and_other_things_are_no_numbers() -> None:
    root = shown_to_function(math.sqrt(2))
    assert key_of(settled(root * shown_to_function(3))) == key_of(math.sqrt(2) * 3)
    assert key_of(settled(shown_to_function(Fraction(1, 2)) + root)) == key_of(0.5 + math.sqrt(2))
    assert settled(root * root) == settled(math.sqrt(2) * math.sqrt(2))
    with pytest.raises(TypeError):
        shown_to_function(1) + "a"
    assert shown_to_function(1) != "1"
    assert shown_to_function(NOTHING) is None
    assert shown_to_function((1, "a")) == (1, "a")


# Bounds ###############################################################################################################


def test_the_largest_values_are_values_and_one_more_is_none() -> None:
    assert bounded(2**MOST_BITS - 1) == 2**MOST_BITS - 1
    longest, half = "a" * MOST_CHARACTERS, "a" * (MOST_CHARACTERS // 2)
    assert evaluate(full(longest), ["x"]) == [longest]
    assert evaluate(full(half) * 2, ["x"]) == evaluate(full(half) + half, ["x"]) == [longest]
    large: list[object] = [2**MOST_BITS, -(2**MOST_BITS), Fraction(1, 2**MOST_BITS), longest + "a", math.inf, ("a", [])]
    for too_large in large:
        with pytest.raises(BadUsage, match="expected"):
            full(too_large)
    for sop in (
        full(half) * 3,
        full(longest) + "a",
        full(2 ** (MOST_BITS - 1)) * 2,
        full(1) / 2 ** (MOST_BITS - 1) / 2,
    ):
        with pytest.raises(Failed, match="expected at most"):
            evaluate(sop, ["x"])
    with pytest.raises(Failed, match="expected at most"):
        evaluate(mapped(lambda x: x << 10**9, tokens), [1])


def test_a_decimal_of_fifteen_digits_is_exact_and_one_of_more_a_label() -> None:
    assert number_of_float(0.123456789012345) == Fraction(123456789012345, 10**15)
    assert number_of_float(0.1 + 0.2) == 0.1 + 0.2
    assert isinstance(number_of_float(0.1 + 0.2), float)


def test_names_and_loops_are_as_long_as_they_may_be() -> None:
    assert tokens.named("a" * 200).name == "a" * 200
    with pytest.raises(BadUsage, match="up to 200 characters"):
        tokens.named("a" * 201)
    with pytest.raises(BadUsage, match="that can be printed"):
        tokens.named("a\n")
    assert (Loop(1, most=1).most, Loop(True, most=MOST_STEPS).most) == (1, MOST_STEPS)
    for most in (0, MOST_STEPS + 1):
        with pytest.raises(BadUsage, match="expected 1 to"):
            Loop(1, most=most)
