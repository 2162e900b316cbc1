"""What a variable of the Program stands for: its symbols or numbers, and for each the values of RASP that it means.

Several values can be one symbol: 2 and the fraction 4/2, or True where a number stands beside it. They are equal, but a
function may tell them apart; so each symbol knows all values that it may mean, and what reads it must answer alike for
all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tprog.errors import TpdebugError
from tprog.ir.values import FALSE, NOTHING, TRUE, Label, Nothing, Symbol
from tprog.rasp.expressions import Expression
from tprog.rasp.functions import at
from tprog.rasp.lower.alike import key_of
from tprog.rasp.values import Value, is_number, spelled_value


class NotLowered(TpdebugError):
    """An expression that no Program is made of yet."""

    def __init__(self, node: Expression, reason: str) -> None:
        self.node, self.reason = node, reason
        super().__init__(f"{at(node.where)}{node} cannot be written as a Program: {reason}")


@dataclass(frozen=True)
class Held:
    """A variable of the Program that holds an s-op.

    Attributes:
        variable: its name.
        numeric: whether it is a number; else a symbol.
        values: symbol, in the order of the domain, or number, ascending -> the values that it means; none for a symbol
            that never occurs.
        distinct: whether two positions of one input never hold the same.
        rank: whether the n positions of an input hold 0 to n - 1, each once.
        uniform: whether all positions of one input hold the same.
    """

    variable: str
    numeric: bool
    values: Mapping[Symbol, tuple[Value, ...]]
    distinct: bool = False
    rank: bool = False
    uniform: bool = False

    def every(self) -> Iterator[Value]:
        """All values that it may mean."""
        for meant in self.values.values():
            yield from meant

    def holding(self, values: Mapping[Symbol, tuple[Value, ...]]) -> Held:
        """The same with fewer values."""
        return replace(self, values=values)

    @property
    def as_they_are(self) -> bool:
        """Whether each of its numbers means itself."""
        meant = [(number, value) for number, values in self.values.items() for value in values]
        return all(value == number for number, value in meant) and all(is_number(value) for _, value in meant)

    def admits(self, default: Value | None) -> bool:
        """Whether its domain holds a default too, if there is one."""
        return default is None or self.symbol(default) is not None

    def symbol(self, value: Value) -> Symbol | None:
        """The symbol of its domain that a value is, or None."""
        numbers = any(isinstance(each, (int, Fraction)) for each in self.values)
        wanted = as_symbol(value, numbers)
        return next((each for each in self.values if type(each) is type(wanted) and each == wanted), None)


def as_symbol(value: Value, numbers: bool) -> Symbol:
    """The symbol that stands for a value, where numbers are in the same domain or not."""
    match value:
        case bool():
            return int(value) if numbers else TRUE if value else FALSE
        case float():
            return Label(value)
        case Fraction() if value.denominator == 1:
            return value.numerator
        case tuple():
            return spelled_value(value)
    return value


def spelled(values: Iterable[Value]) -> Callable[[Value], Symbol]:
    """How values that belong to one variable are written as symbols: no two that differ alike."""
    listed = {key_of(value): value for value in values}
    numbers = any(is_number(value) and not isinstance(value, bool) for value in listed.values())
    words = {value for value in listed.values() if isinstance(value, str)}
    tuples: dict[Value, str] = {}
    for value in listed.values():
        if isinstance(value, tuple) and value not in tuples:
            word = spelled_value(value)
            while word in words:
                word += "'"
            words.add(word)
            tuples[value] = word
    return lambda value: tuples[value] if isinstance(value, tuple) else as_symbol(value, numbers)


def in_size_order(values: Iterable[Value]) -> list[Value]:
    """Numbers by size, words, tuples as they come, and last nothing."""
    listed = list(values)
    numbers = sorted((value for value in listed if is_number(value)), key=lambda value: value)  # type: ignore[arg-type,return-value]
    words = sorted(value for value in listed if isinstance(value, str))
    tuples = [value for value in listed if isinstance(value, tuple)]
    return [*numbers, *words, *tuples, *(value for value in listed if isinstance(value, Nothing))][: len(listed)]


def distinct(values: Iterable[Value]) -> list[Value]:
    """Values, each once: the last of those that are alike, at the place of the first."""
    return list({key_of(value): value for value in values}.values())


def domain_of(values: Sequence[Value]) -> tuple[Callable[[Value], Symbol], tuple[Symbol, ...]]:
    """How values that differ are spelled, and the domain that their symbols make."""
    spell = spelled(values)
    return spell, tuple(dict.fromkeys(map(spell, in_size_order(values))))


def is_exact(value: Value) -> bool:
    """Whether it is a number without rounding."""
    return is_number(value) and not isinstance(value, float)


def plain(value: Value) -> int | Fraction:
    """A number in its one exact form."""
    number = Fraction(value)  # type: ignore[arg-type]  # asked of numbers alone
    return number.numerator if number.denominator == 1 else number


def meanings(pairs: Iterable[tuple[Symbol, Value]], order: Iterable[Symbol]) -> dict[Symbol, tuple[Value, ...]]:
    """symbol -> its values, each once."""
    found: dict[Symbol, dict[object, Value]] = {symbol: {} for symbol in order}
    for symbol, value in pairs:
        found[symbol][key_of(value)] = value
    return {symbol: tuple(known.values()) for symbol, known in found.items()}


__all__ = ["NOTHING", "Held", "NotLowered", "as_symbol", "in_size_order", "meanings", "plain", "spelled"]
