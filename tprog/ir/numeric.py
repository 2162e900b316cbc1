"""The numbers that sums and means of numbers can be: the proof of their domains, or that none is exact in int64."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from tprog.errors import NotExact
from tprog.ir.domains import INT64_LIMIT, Number, Numbers, Numeric, Quotients


def exact(name: str, domain: Numbers) -> Numbers:
    """The domain of a node, if int64 holds its numerators.

    Raises:
        NotExact: it does not; the message names the node. So with all functions here.
    """
    if domain.bound >= INT64_LIMIT:
        raise NotExact(
            f"node {name!r} can reach {domain.bound} in units of 1/{domain.denominator}; "
            "exact execution needs less than 2**63"
        )
    return domain


def table_domain(name: str, numbers: Sequence[Fraction]) -> Numeric:
    """What a table of some numbers can be: quotients where no denominator serves for all."""
    low, high = min(numbers, default=Fraction(0)), max(numbers, default=Fraction(0))
    denominators = {number.denominator for number in numbers} | {1}
    domain = Numbers(low, high, math.lcm(*denominators))
    quotients = Quotients(low, high, 1, max(denominators))
    return quotients if domain.bound >= INT64_LIMIT and _are_exact(quotients) else exact(name, domain)


def sum_domain(name: str, value: Numeric, most: int) -> Numbers:
    """What the sum of up to `most` numbers can be."""
    value = _with_denominator(name, value)
    return exact(
        name, Numbers(min(Fraction(0), value.low * most), max(Fraction(0), value.high * most), value.denominator)
    )


def mean_domain(name: str, value: Numeric, most: int, default: Fraction) -> Numeric:
    """What the mean of up to `most` numbers can be, or the default: quotients where no denominator serves for all."""
    value = _with_denominator(name, value)
    low, high = min(value.low, default), max(value.high, default)
    unit = math.lcm(value.denominator, default.denominator)
    domain = Numbers(low, high, math.lcm(value.denominator * math.lcm(*range(1, most + 1)), unit))
    # `execute` adds up numerators before it divides, and multiplies by denominators: those must be exact as well.
    if max(domain.bound, domain.denominator, Numbers(low * most, high * most, unit).bound) < INT64_LIMIT:
        return domain
    return _exact_quotients(name, Quotients(low, high, unit, most))


def linear_domain(name: str, terms: Sequence[tuple[Number, Numeric]], constant: Number) -> Numeric:
    """What a sum of numbers can be, each times a coefficient, and a constant."""
    low = high = Fraction(constant)
    unit, count, most = low.denominator, 1, abs(low)
    for coefficient, domain in terms:
        ends = coefficient * domain.low, coefficient * domain.high
        low, high = low + min(ends), high + max(ends)
        step = Fraction(coefficient) / unit_of(domain)
        unit = math.lcm(unit, step.denominator)
        if isinstance(domain, Quotients):
            count *= domain.most
        most += abs(step) * max(math.ceil(max(abs(domain.low), abs(domain.high)) * unit_of(domain)), 1)
    # `execute` adds up numerators over the common denominator, so that each share of the sum must be exact as well.
    if count == 1:
        exact(name, Numbers(-most, most, unit))
        return Numbers(low, high, unit)
    _exact_quotients(name, Quotients(-most, most, unit, count))
    return Quotients(low, high, unit, count)


def unit_of(domain: Numeric) -> int:
    """The denominator that the numbers of a domain have but for the counts by which they were divided."""
    return domain.denominator if isinstance(domain, Numbers) else domain.unit


def _with_denominator(name: str, value: Numeric) -> Numbers:
    if isinstance(value, Numbers):
        return value
    raise NotExact(
        f"node {name!r} adds up numbers that were divided by counts up to {value.most}, and have no common denominator "
        "below 2**63; shorten max_length, or round them by a lookup first"
    )


def _exact_quotients(name: str, domain: Quotients) -> Quotients:
    if not _are_exact(domain):
        raise NotExact(
            f"node {name!r} can reach {domain.bound} in units of 1/{domain.unit * domain.most**2}, which tell its "
            "quotients apart; exact execution needs less than 2**63"
        )
    return domain


def _are_exact(domain: Quotients) -> bool:
    """Whether int64 holds the codes, and the counts to the third power: remainders of divisions times their square."""
    return max(domain.bound, domain.unit, domain.most**3) < INT64_LIMIT
