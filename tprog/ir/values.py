"""The values of variables: symbols and exact numbers, and the one spelling of each.

Python takes ``True``, ``1``, ``1.0`` and ``Fraction(1)`` for one value, and two floats that are no numbers for two. So
a boolean, a float and *nothing* are records of their own here, equal to themselves alone, and a whole number is an
`int`. They print as a person is to read them, wherever they are printed: a boolean as F or T, a float as a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Final, TypeAlias


class Nothing:
    """The one value of *nothing*, RASP's None: a symbol like others, and so no hole.

    It has no truth value, so that no test takes it for false, or for the None of a hole.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "nothing"

    def __reduce__(self) -> str:
        return "NOTHING"

    def __bool__(self) -> bool:
        raise TypeError("nothing is neither true nor false")


NOTHING: Final = Nothing()

HOLE: Final = None
"""What a table holds where a row is missing: no value, so that no input that reaches it has a prediction."""


class Boolean(Enum):
    """The symbols false and true: 0 and 1 in every order, F and T wherever a person reads them."""

    FALSE = 0
    TRUE = 1

    def __repr__(self) -> str:
        return "FT"[self.value]

    __str__ = __repr__

    def __bool__(self) -> bool:
        return self is Boolean.TRUE


FALSE: Final = Boolean.FALSE
TRUE: Final = Boolean.TRUE


@dataclass(frozen=True, eq=False, repr=False)
class Label:
    """A float that stands for itself, such as the root of 2: a symbol without arithmetic.

    Two are equal if they print alike: one that is no number equals itself, and -0.0 is made 0.0, its equal.
    """

    number: float

    def __post_init__(self) -> None:
        if type(self.number) is not float:
            raise TypeError(f"{self.number!r} is a {type(self.number).__name__}; a label is a float")
        object.__setattr__(self, "number", self.number + 0.0)

    @property
    def text(self) -> str:
        """The shortest decimal that reads as this float; or ``inf``, ``-inf``, ``nan``."""
        return repr(self.number)

    def __repr__(self) -> str:
        return f"label {self.text}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


Symbol: TypeAlias = str | int | Fraction | Boolean | Label | Nothing
"""A categorical value. A symbol has no arithmetic, even where it is written as a number."""

Number: TypeAlias = int | Fraction
"""A numeric value, always exact."""

Value: TypeAlias = Symbol | Number

JsonValue: TypeAlias = str | int | bool | dict[str, str | bool]


def spelling(value: Value) -> str:
    """The one spelling by which outputs are compared: ``1``, ``1/2``, ``T``, ``nothing``, a word as it is.

    A label is spelled as its float. A word may be spelled as another value is; within a domain see to that.
    """
    return value.text if isinstance(value, Label) else str(value)


def shown(value: Value | None) -> str:
    """A value within a sentence: a word in quotes, a fraction as 1/2; or that it is a hole."""
    return "a hole" if value is HOLE else repr(value) if isinstance(value, str) else str(value)


def json_value(value: Value) -> JsonValue:
    """A value as JSON holds it, no two alike: ``{"nothing": true}``, ``{"fraction": "1/2"}``, ``{"label": "nan"}``."""
    match value:
        case Boolean():
            return bool(value)
        case Nothing():
            return {"nothing": True}
        case Fraction():
            return {"fraction": str(value)}
        case Label():
            return {"label": value.text}
        case _:
            return value


def value_of_json(found: object) -> Value:
    """The value that `json_value` wrote.

    Raises:
        ValueError: it did not write this.
    """
    match found:
        case bool():
            return TRUE if found else FALSE
        case str() | int():
            return found
        case {"nothing": True, **others} if not others:
            return NOTHING
        case {"fraction": str(text), **others} if not others and (made := _fraction(text)) is not None:
            return made
        case {"label": str(text), **others} if not others and (label := label_named(text)) is not None:
            return label
    raise ValueError(f"{found!r} is no value")


_FRACTION = re.compile(r"-?[0-9]{1,4000}/[0-9]{1,4000}")
"""No exponent: Python would write out as many digits as that asks for."""


def _fraction(text: str) -> Fraction | None:
    try:
        made = Fraction(text) if _FRACTION.fullmatch(text) else None
    except ZeroDivisionError:
        return None
    return made if str(made) == text else None


def label_named(text: str) -> Label | None:
    """The label with this `Label.text`; None if there is none, since another text could mean one too."""
    try:
        made = Label(float(text))
    except ValueError:
        return None
    return made if made.text == text else None


def named(text: str, values: Iterable[Value]) -> Value | None:
    """The one of some values that a person means by what they type: as `shown`, or as `spelling`; None if none.

    So where a domain holds the word ``T`` and the boolean, T is the boolean and 'T', in quotes, the word.
    """
    listed = list(values)
    said = (value for say in (shown, spelling) for value in listed if say(value) == text)
    return next(said, None)


def as_number(value: Value) -> Number:
    """A value of a numeric variable, which is a number."""
    assert isinstance(value, int | Fraction), value
    return value
