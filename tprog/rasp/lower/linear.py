"""Sums of means over the same positions, which are the mean of a sum: one head in the place of several."""

from __future__ import annotations

from fractions import Fraction

from tprog.rasp.expressions import Aggregate, Constant, Elementwise, SOp, elementwise
from tprog.rasp.functions import OPERATORS, Dialect
from tprog.rasp.values import Value, is_number

Terms = dict[int, tuple[Aggregate, Fraction]]
"""The means of a sum, by id, each with its factor."""


def mean_of_sum(node: SOp) -> Aggregate | None:
    """The mean that a sum of several is, if it is such: all over the same selector, with numbers as defaults."""
    if not isinstance(node, Elementwise) or node.dialect is Dialect.RASP_L:
        return None
    found = _sum(node, 0, {})
    if found is None or len(found[0]) < 2:
        return None
    terms, constant = found
    means = [mean for mean, _ in terms.values()]
    if any(mean.selector is not means[0].selector for mean in means):
        return None
    summed: SOp = Constant(dialect=node.dialect, value=constant, where=node.where)
    default = constant
    for mean, factor in terms.values():
        times = elementwise("*", mean.sop, Constant(dialect=node.dialect, value=factor, where=node.where))
        summed = elementwise("+", summed, times, where=node.where)
        default += factor * Fraction(mean.default)  # type: ignore[arg-type]  # a number, asked before
    name = None if node.name is None else f"{node.name}_part"
    summed = summed if name is None else summed.named(name)
    return Aggregate(
        dialect=node.dialect, selector=means[0].selector, sop=summed, default=default, name=node.name, where=node.where
    )


_Sum = tuple[Terms, Fraction]


def _sum(node: SOp, depth: int, known: dict[int, _Sum | None]) -> _Sum | None:
    """The terms and the constant of a sum of means; None if it is none.

    Args:
        known: those of expressions that were asked before, which may be read many times over.
    """
    if id(node) not in known:
        known[id(node)] = _new_sum(node, depth, known)
    return known[id(node)]


def _new_sum(node: SOp, depth: int, known: dict[int, _Sum | None]) -> _Sum | None:
    match node:
        case Constant() if _exact(node.value):
            return {}, Fraction(node.value)  # type: ignore[arg-type]
        case Aggregate() if node.how == "mean" and _exact(node.default):
            return {id(node): (node, Fraction(1))}, Fraction(0)
        case Elementwise() if depth < 50:
            parts = [_sum(read, depth + 1, known) for read in node.inputs]
            sums = [part for part in parts if part is not None]
            return _operated(node, sums) if len(sums) == len(parts) else None
    return None


def _operated(node: Elementwise, sums: list[_Sum]) -> _Sum | None:
    """What an operator makes of sums; None if that is no sum."""
    operators = OPERATORS[node.dialect]
    if node.function is operators["negative"]:
        return _times(sums[0], Fraction(-1))
    if node.function is operators["+"]:
        return _plus(sums[0], sums[1])
    if node.function is operators["-"]:
        return _plus(sums[0], _times(sums[1], Fraction(-1)))
    if node.function is operators["*"]:
        return _product(*sums)
    return None


def _exact(value: Value) -> bool:
    return is_number(value) and not isinstance(value, float)


def _times(one: tuple[Terms, Fraction], factor: Fraction) -> tuple[Terms, Fraction]:
    return {key: (mean, own * factor) for key, (mean, own) in one[0].items()}, one[1] * factor


def _plus(one: tuple[Terms, Fraction], other: tuple[Terms, Fraction]) -> tuple[Terms, Fraction]:
    terms = dict(one[0])
    for key, (mean, factor) in other[0].items():
        terms[key] = (mean, factor + terms[key][1]) if key in terms else (mean, factor)
    return terms, one[1] + other[1]


def _product(one: tuple[Terms, Fraction], other: tuple[Terms, Fraction]) -> tuple[Terms, Fraction] | None:
    if one[0] and other[0]:
        return None
    return _times(other, one[1]) if not one[0] else _times(one, other[1])
