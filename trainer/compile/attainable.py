"""Which values each variable can take, at any position of any input: sets that hold all of them, and perhaps more.

A variable's dimensions, the thresholds between its numbers and the unit of its sums follow from them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias, assert_never

from tprog.ir.domains import BEGIN, Numbers, Numeric, Symbol, Symbols
from tprog.ir.nodes import Embedding, Head, Linear, Lookup, NumericHead
from tprog.ir.program import Program
from tprog.ir.values import as_number

MOST_NUMBERS = 4_096
"""Numbers of a variable that are told apart; each takes a dimension."""

Attained: TypeAlias = tuple[Symbol, ...] | tuple[Fraction, ...] | None
"""Symbols in the order of their domain, or ascending numbers; None where these are more than `MOST_NUMBERS`."""


def attained(program: Program) -> Mapping[str, Attained]:
    """The values that each variable can take."""
    found: dict[str, Attained] = {
        "tokens": program.vocabulary,
        "positions": tuple(range(program.max_length)),
        "ones": (Fraction(1),),
    }
    for node in program.nodes:
        match node:
            case Embedding():
                values: Attained = _in_order(program, node.name, node.table)
            case Head():
                copied = symbols(found[node.value])
                values = _in_order(program, node.name, (*copied, node.default))
            case NumericHead():
                values = _of_head(node, found[node.value], longest_window(program, node))
            case Lookup() if node.symbols is None:
                values = _few({Fraction(as_number(cell)) for cell in node.cells if cell is not None})
            case Lookup():
                values = _in_order(program, node.name, node.cells)
            case Linear():
                values = _of_sum(node, found)
            case _:
                assert_never(node)
        found[node.name] = values
    return found


def symbols(values: Attained) -> tuple[Symbol, ...]:
    """Those of a categorical variable."""
    assert values is not None
    return values


def longest_window(program: Program, node: NumericHead | Head) -> int:
    """The most positions that a head selects."""
    return program.max_length - max(int(node.mask != "all"), int(node.skip_first))


def _in_order(program: Program, name: str, values: Iterable[object]) -> tuple[Symbol, ...]:
    among = set(values)
    domain = program.variables[name].domain
    assert isinstance(domain, Symbols)
    return tuple(value for value in domain if value in among) or domain.values[:1]


def _few(numbers: set[Fraction]) -> tuple[Fraction, ...] | None:
    return (tuple(sorted(numbers)) or (Fraction(0),)) if len(numbers) <= MOST_NUMBERS else None


# Sums #################################################################################################################


def _of_head(node: NumericHead, values: Attained, most: int) -> tuple[Fraction, ...] | None:
    if values is None:
        return None
    added = [Fraction(as_number(value)) for value in values]
    if node.reduce == "sum":
        sums = sums_of(added, most)
        return None if sums is None else _few({number for reached in sums for number in reached} | {Fraction(0)})
    assert node.default is not None
    means = means_of(added, most)
    return None if means is None else _few({*means, Fraction(node.default)})


def means_of(numbers: Sequence[Fraction], most: int) -> list[Fraction] | None:
    """All means of one to `most` of the numbers, ascending; None if they are too many to try."""
    sums = sums_of(numbers, most)
    if sums is None:
        return None
    return sorted({number / count for count, reached in enumerate(sums, 1) for number in reached})


def sums_of(numbers: Sequence[Fraction], most: int) -> list[list[Fraction]] | None:
    """For each count from 1 to `most`, all sums of so many of the numbers; None if they are too many to try."""
    unit = math.lcm(*(number.denominator for number in numbers))
    sums = _sums([int(number * unit) for number in numbers], most)
    return None if sums is None else [[Fraction(whole, unit) for whole in reached] for reached in sums]


MOST_BITS = 2_000_000
"""Over all counts, between the least and the largest sum: what `_sums` looks at."""


def _sums(wholes: list[int], most: int) -> list[list[int]] | None:
    """For each count from 1 to `most`, the sums of so many of the numbers; None if they are too many to try."""
    least = min(wholes)
    step = math.gcd(*(whole - least for whole in wholes)) or 1
    shifts = [(whole - least) // step for whole in wholes]
    if max(shifts) * most * (most + 1) // 2 > MOST_BITS:
        return None
    reached, found = 1, []
    for count in range(1, most + 1):
        reached = _shifted(reached, shifts)  # bit b: the sum count * least + b * step
        found.append([count * least + at * step for at in _bits(reached)])
    return found


def _shifted(reached: int, shifts: list[int]) -> int:
    made = 0
    for shift in shifts:
        made |= reached << shift
    return made


def _bits(number: int) -> list[int]:
    return [at for at, bit in enumerate(reversed(f"{number:b}")) if bit == "1"]


def _of_sum(node: Linear, found: Mapping[str, Attained]) -> tuple[Fraction, ...] | None:
    reached = {Fraction(node.constant)}
    for name, coefficient in zip(node.inputs, node.coefficients, strict=True):
        values = found[name]
        if values is None or len(values) * len(reached) > 16 * MOST_NUMBERS:
            return None
        shares = {Fraction(coefficient) * as_number(value) for value in values}
        reached = {one + other for one in reached for other in shares}
        if len(reached) > MOST_NUMBERS:
            return None
    return _few(reached)


def neighbours(values: Attained, domain: Numeric, threshold: Fraction) -> tuple[Fraction, Fraction] | None:
    """The largest number below a threshold, and the least from it on; None if all lie on one side.

    Where the numbers are not listed, what the domain says of them.
    """
    if values is None:
        return _of_domain(domain, threshold)
    below = [number for number in values if as_number(number) < threshold]
    above = [number for number in values if as_number(number) >= threshold]
    return (Fraction(as_number(below[-1])), Fraction(as_number(above[0]))) if below and above else None


def _of_domain(domain: Numeric, threshold: Fraction) -> tuple[Fraction, Fraction] | None:
    if not domain.low < threshold <= domain.high:
        return None
    if isinstance(domain, Numbers):
        above = Fraction(domain.first_from(threshold), domain.denominator)
        return above - Fraction(1, domain.denominator), above
    # A quotient s / (unit k) that is not the threshold p / q lies at least 1 / (unit k q) from it.
    apart = Fraction(1, domain.unit * domain.most * threshold.denominator)
    return threshold - apart, threshold


# The first position ###################################################################################################


def at_first_position(program: Program) -> Mapping[str, Symbol]:
    """What variables are at position 0 of every input, where that is known: only where ``<s>`` stands there."""
    if BEGIN not in program.vocabulary:
        return {}
    word = program.vocabulary.index(BEGIN)
    known: dict[str, Symbol] = {"tokens": BEGIN, "positions": 0}
    for node in program.nodes:
        value: Symbol | None = None
        match node:
            case Embedding():
                value = node.table[word]
            case Head():
                # Causal, it sees itself alone; whether or not it selects that, it copies what stands there.
                alone = program.causal or node.mask == "before"
                value = known.get(node.value) if alone and node.default is None else None
            case Lookup() | NumericHead() | Linear():
                pass
            case _:
                assert_never(node)
        if value is not None:
            known[node.name] = value
    return known
