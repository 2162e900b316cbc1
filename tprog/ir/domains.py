"""What a variable may be: symbols or exact numbers, and the words that the whole of tprog has for them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeAlias, get_args

from tprog.errors import BadProgram
from tprog.escape import half_a_pair
from tprog.ir.values import Boolean
from tprog.ir.values import Number as Number
from tprog.ir.values import Symbol as Symbol
from tprog.ir.values import Value as Value

BEGIN, END, UNKNOWN, PAD = "<s>", "</s>", "<unk>", "<pad>"

SYMBOL_TYPES: tuple[type, ...] = get_args(Symbol)

Keys: TypeAlias = tuple[Symbol, ...]
"""The key values that one query value accepts, in the order of the key's domain."""

Mask: TypeAlias = Literal["all", "before", "after"]

Attend: TypeAlias = Literal["nearest", "first", "last", "largest", "smallest"]
"""Which of the positions that it selects a categorical head attends to."""

RANKING: tuple[Attend, ...] = ("largest", "smallest")
"""The choices that compare the values of a variable."""

ATTENDING: tuple[Attend, ...] = ("nearest", "first", "last", *RANKING)


def masks(causal: bool) -> tuple[Mask, ...]:
    """The masks that a head can have: in a causal program no position sees a later one, so ``after`` is none."""
    return ("all", "before") if causal else ("all", "before", "after")


SelfRule: TypeAlias = Literal["last", "match-count"]
UnknownRule: TypeAlias = Literal["unk", "refuse"]
RowsNeeded: TypeAlias = Literal["free", "everywhere"]

INT64_LIMIT = 2**63
"""Numbers and logits at or beyond this bound are refused, because `tprog.run.execute` computes in int64."""


@dataclass(frozen=True)
class Symbols:
    """The ordered, finite domain of a categorical variable. A value's index in it is its *code* (0-based)."""

    values: tuple[Symbol, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise BadProgram("a categorical domain is empty; expected at least one value")
        for value in self.values:
            if type(value) is not int:
                _check_symbol(value)
        if len(set(self.values)) != len(self.values):
            twice = next(v for v in self.values if self.values.count(v) > 1)
            raise BadProgram(f"the value {twice!r} stands twice in a categorical domain")
        if self.boolean:
            self._check_without_numbers()

    def _check_without_numbers(self) -> None:
        if (number := next((v for v in self.values if type(v) in (int, Fraction)), None)) is not None:
            raise BadProgram(
                f"a categorical domain holds F or T and the number {number}; F and T stand for 0 and 1, so that a "
                "number beside them could be taken for one: write all of them as numbers"
            )

    @cached_property
    def boolean(self) -> bool:
        """Whether it holds F or T; what else it holds is then no number."""
        return Boolean in map(type, self.values)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.values)

    @cached_property
    def codes(self) -> Mapping[Value, int]:
        """value -> index in `values`. It finds what Python takes for a value too: of what is given, ask `holds`."""
        return {value: code for code, value in enumerate(self.values)}

    @cached_property
    def types(self) -> Mapping[object, type]:
        """value -> its type, which is another than that of what Python takes for it: ``True`` or ``1.0`` for 1."""
        return {value: type(value) for value in self.values}

    def holds(self, value: object) -> bool:
        """Whether this is one of its values, and of the same type."""
        return self.types.get(value) is type(value)


def _check_symbol(value: object) -> None:
    """Refuse what is no symbol, or is not written as the one symbol that it is.

    Raises:
        BadProgram: with what to write instead.
    """
    match value:
        case str():
            if half_a_pair(value):
                raise BadProgram(f"{value!r} has half of a surrogate pair, which no file in UTF-8 can hold")
        case bool():
            raise BadProgram(f"{value!r} is a bool, which Python takes for a number; the symbols are FALSE and TRUE")
        case float():
            raise BadProgram(f"{value!r} is a float; expected a whole number, a Fraction, or a Label of it")
        case None:
            raise BadProgram("None stands for a hole; the symbol of nothing is NOTHING")
        case Fraction() if value.denominator == 1:
            raise BadProgram(f"the fraction {value!r} is whole; write it as {value.numerator}")
    if type(value) not in SYMBOL_TYPES:
        raise BadProgram(f"{value!r} is a {type(value).__name__}; a symbol is a str, an int or another exact value")


@dataclass(frozen=True)
class Numbers:
    """The domain of a numeric variable: all multiples of 1/`denominator` from `low` to `high`, both included."""

    low: Fraction
    high: Fraction
    denominator: int = 1

    @cached_property
    def bound(self) -> int:
        """The largest absolute numerator over `denominator`."""
        return int(max(abs(self.low), abs(self.high)) * self.denominator)

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the largest code."""
        return self.code(self.low), self.code(self.high)

    def holds(self, number: Number) -> bool:
        """Whether it is in the domain."""
        return self.low <= number <= self.high and number * self.denominator % 1 == 0

    def code(self, number: Number) -> int:
        """The numerator of a number of the domain."""
        return int(number * self.denominator)

    def number(self, code: int) -> Number:
        """The number with this numerator."""
        return _plain(Fraction(code, self.denominator))

    def first_from(self, number: Number) -> int:
        """The least code whose number is not below this one, which need not be in the domain."""
        return -int(-number * self.denominator // 1)


@dataclass(frozen=True)
class Quotients:
    """The domain of a numeric variable whose numbers have no common denominator below 2**63: quotients by counts.

    It holds all s / (`unit` k) from `low` to `high`, where s and k are whole and k is 1 to `most`. Two of them differ
    by 1 / (`unit` `most`**2) at least. So the *code* of a number is that many times it, rounded down: other numbers
    have other codes, in the same order.

    Attributes:
        unit: the denominator of what is divided; at least 1.
        most: the largest count by which it is.
    """

    low: Fraction
    high: Fraction
    unit: int
    most: int

    @property
    def bound(self) -> int:
        """At least the largest absolute code."""
        return math.ceil(max(abs(self.low), abs(self.high)) * self.unit * self.most**2)

    @property
    def ends(self) -> tuple[int, int]:
        """The least and the largest code."""
        return self.code(self.low), self.code(self.high)

    def holds(self, number: Number) -> bool:
        """Whether it is in the domain."""
        return self.low <= number <= self.high and (Fraction(number) * self.unit).denominator <= self.most

    def code(self, number: Number) -> int:
        """The code of a number of the domain."""
        return int(number * self.unit * self.most**2 // 1)

    def number(self, code: int) -> Number:
        """The number with this code.

        Raises:
            ValueError: there is none.
        """
        if (found := quotient(code, self.most)) is None:
            raise ValueError(f"no number of {self} has the code {code}")
        whole, count = found
        return _plain(Fraction(whole, self.unit * count))

    def first_from(self, number: Number) -> int:
        """The least code whose number is not below this one, which need not be in the domain."""
        at = self.code(number)
        try:
            return at if self.number(at) >= number else at + 1
        except ValueError:
            return at + 1

    @cached_property
    def codes(self) -> tuple[int, ...] | None:
        """The codes of all its numbers, ascending; None where there may be more than `MOST_QUOTIENTS`."""
        per_count = (self.high - self.low) * self.unit * self.most + 2
        if per_count * self.most > 2 * MOST_QUOTIENTS:
            return None
        found: set[int] = set()
        for count in range(1, self.most + 1):
            scale = self.unit * count
            least, most = math.ceil(self.low * scale), math.floor(self.high * scale)
            found.update(whole * self.most**2 // count for whole in range(least, most + 1))
        return tuple(sorted(found)) if len(found) <= MOST_QUOTIENTS else None


MOST_QUOTIENTS = 100_000
"""Numbers of a domain of quotients that are ever listed."""


def quotient(code: int, most: int) -> tuple[int, int] | None:
    """The number with a code where the unit is 1, as a whole number and the count that it is divided by."""
    square = most**2
    for count in range(1, most + 1):
        whole = -(-code * count // square)
        if whole * square < (code + 1) * count:
            return whole, count
    return None


def _plain(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else number


Numeric: TypeAlias = Numbers | Quotients
"""The domain of a numeric variable. An order of codes is the order of the numbers."""

Domain: TypeAlias = Symbols | Numeric


def coded_alike(one: Domain, other: Domain) -> bool:
    """Whether equal numbers of two numeric domains have equal codes."""
    match one, other:
        case Numbers(), Numbers():
            return one.denominator == other.denominator
        case Quotients(), Quotients():
            return (one.unit, one.most) == (other.unit, other.most)
        case _:
            return False


@dataclass(frozen=True)
class Variable:
    """A named list of n values.

    `domain` is proven from the nodes, not declared: no input makes the variable leave it.
    """

    name: str
    domain: Domain
