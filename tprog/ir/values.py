"""The values of variables: symbols and exact numbers, and the one spelling of each.

Python takes ``True``, ``1``, ``1.0`` and ``Fraction(1)`` for one value, and two floats that are no numbers for two. So
a boolean, a float and *nothing* are records of their own here, equal to themselves alone, and a whole number is an
`int`. They print as a person is to read them, wherever they are printed: a boolean as F or T, a float as a label.
"""

from __future__ import annotations

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

Value: TypeAlias = str | int | Fraction | Boolean | Label | Nothing


def spelling(value: Value) -> str:
    """The one spelling by which outputs are compared: ``1``, ``1/2``, ``T``, ``nothing``, a word as it is.

    A label is spelled as its float. A word may be spelled as another value is; within a domain see to that.
    """
    return value.text if isinstance(value, Label) else str(value)
