"""What can come out of a variable: all of its values, each with its code and its spelling."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import assert_never

from tprog.errors import BadProgram
from tprog.ir.domains import Domain, Numbers, Quotients, Symbols
from tprog.ir.values import spelling

MOST_VALUES = 10_000
"""Values that an output may have."""

MOST_CODES = 2**15 - 1
"""Classes that outcomes of 16 bits tell apart."""


@dataclass(frozen=True)
class Outcomes:
    """All values of a variable, in the order of its domain: numbers ascend.

    Attributes:
        codes: as `tprog.run.execute` holds them, ascending: places in the domain, or numerators.
        spellings: what they are compared by.
    """

    codes: tuple[int, ...]
    spellings: tuple[str, ...]


@lru_cache(maxsize=1024)
def outcomes_of(output: str, domain: Domain) -> Outcomes:
    """What can come out of the variable `output`.

    Raises:
        BadProgram: more values than can be told apart, or two that are spelled alike.
    """
    match domain:
        case Symbols():
            found = Outcomes(tuple(range(len(domain))), tuple(map(spelling, domain.values)))
        case Numbers():
            first, last = (int(end * domain.denominator) for end in (domain.low, domain.high))
            _check_count(output, last - first + 1, f"the multiples of {Fraction(1, domain.denominator)}", domain)
            codes = tuple(range(first, last + 1))
            found = Outcomes(codes, tuple(spelling(Fraction(code, domain.denominator)) for code in codes))
        case Quotients():
            listed = domain.codes
            _check_count(output, None if listed is None else len(listed), "quotients", domain)
            assert listed is not None
            found = Outcomes(listed, tuple(spelling(domain.number(code)) for code in listed))
        case _:
            assert_never(domain)
    if len(set(found.spellings)) != len(found.spellings):
        twice = next(word for word in found.spellings if found.spellings.count(word) > 1)
        raise BadProgram(f"the output {output!r} has two values that are both spelled {twice!r}; expected one of them")
    return found


def _check_count(output: str, count: int | None, what: str, domain: Numbers | Quotients) -> None:
    if count is None or count > MOST_VALUES:
        many = "more values than are listed" if count is None else f"{count:,} values"
        raise BadProgram(
            f"the output {output!r} may have {many}, {what} from {domain.low} to {domain.high}; expected at most "
            f"{MOST_VALUES:,}: let a lookup bring it to the values that matter"
        )


def joined(classes: tuple[str, ...], *spellings: tuple[str, ...]) -> tuple[str, ...]:
    """The classes, and behind them the spellings that are not among them, in their order.

    Raises:
        BadProgram: they are more than outcomes tell apart.
    """
    known = set(classes)
    more = dict.fromkeys(word for words in spellings for word in words if word not in known)
    found = (*classes, *more)
    if len(found) > MOST_CODES:
        raise BadProgram(f"there are {len(found):,} classes; expected at most {MOST_CODES:,}")
    return found
