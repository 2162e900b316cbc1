"""The core of RASP-L: whole numbers, and position i sees j <= i alone.

The functions have the names and arguments that they have in np_rasp, with s-ops in the place of arrays, so that its
programs run as they are: ``x`` is then `tokens`. Division is ``//``; a mean is cut off towards 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal, TypeAlias

from tprog.errors import BadUsage
from tprog.rasp import expressions as records
from tprog.rasp.expressions import How, Indices, Selector, SOp, Tokens, check_kinds
from tprog.rasp.functions import EVERY, Dialect, Function, Where, at, caller, comparison, python_function

_DIALECT = Dialect.RASP_L
_HERE = Where(__file__, 0)

tokens = Tokens(dialect=_DIALECT, where=_HERE)
"""The input: whole numbers."""

_indices = Indices(dialect=_DIALECT, where=_HERE)

Predicate: TypeAlias = Callable[[Any, Any], Any]
Reduction: TypeAlias = Literal["mean", "max", "min"]


def full(x: SOp, const: int) -> SOp:
    """A number everywhere.

    >>> shown(full(tokens, 7), [1, 2])
    '7 7'
    """
    check_kinds(caller(), "full", SOp, x)
    return records.Constant(dialect=_DIALECT, value=const)


def indices(x: SOp) -> SOp:
    """0, 1, 2, ...: each position's own number.

    >>> shown(indices(tokens), [5, 5, 5])
    '0 1 2'
    """
    check_kinds(caller(), "indices", SOp, x)
    return _indices


def tok_map(x: SOp, func: Callable[[Any], Any]) -> SOp:
    """A function of each value, its result cut to a whole number.

    >>> shown(tok_map(tokens, lambda a: a / 2), [3, -3])
    '1 -1'
    """
    return records.Elementwise(dialect=_DIALECT, function=python_function(func, 1, caller()), inputs=(x,))


def seq_map(x: SOp, y: SOp, func: Predicate) -> SOp:
    """A function of the two values at each position, its result cut to a whole number.

    >>> shown(seq_map(tokens, indices(tokens), lambda a, b: a > b), [1, 1, 1])
    '1 0 0'
    """
    function = _named(func)
    if function.kind == "operator":
        function = _counted(function)
    return records.Elementwise(dialect=_DIALECT, function=function, inputs=(x, y))


def equals(x: Any, y: Any) -> Any:
    """Whether two values, or the values of two s-ops, are equal.

    >>> shown(equals(tokens, 1), [1, 2])
    'T F'
    """
    return x == y


def leq(x: Any, y: Any) -> Any:
    """Whether the first is less or equal.

    >>> shown(leq(tokens, 1), [0, 1, 2])
    'T T F'
    """
    return x <= y


def lt(x: Any, y: Any) -> Any:
    """Whether the first is less.

    >>> shown(lt(tokens, 1), [0, 1, 2])
    'T F F'
    """
    return x < y


def geq(x: Any, y: Any) -> Any:
    """Whether the first is greater or equal.

    >>> shown(geq(tokens, 1), [0, 1, 2])
    'F T T'
    """
    return x >= y


def gt(x: Any, y: Any) -> Any:
    """Whether the first is greater.

    >>> shown(gt(tokens, 1), [0, 1, 2])
    'F F T'
    """
    return x > y


def true(k: Any, q: Any) -> bool:
    """The predicate that every key meets.

    >>> shown(sel_width(select(tokens, tokens, true)), [5, 5, 5])
    '1 2 3'
    """
    return True


_NAMED: dict[Predicate, Function] = {
    equals: comparison("=="),
    leq: comparison("<="),
    lt: comparison("<"),
    geq: comparison(">="),
    gt: comparison(">"),
    true: EVERY,
}


def _named(function: Predicate) -> Function:
    """A predicate as the operator that it is, if it is one of this module."""
    found = _NAMED.get(function)
    return python_function(function, 2, caller()) if found is None else found


def _counted(predicate: Function) -> Function:
    """A predicate whose truth is 1 or 0."""
    return replace(predicate, call=lambda x, y: int(predicate.call(x, y)))


def select(k: SOp, q: SOp, pred: Predicate, causal: bool = True) -> Selector:
    """The positions up to here whose key meets a predicate with the own query.

    >>> shown(sel_width(select(tokens, tokens, equals)), [4, 5, 4])
    '1 1 2'
    """
    if not causal:
        raise BadUsage(f"{at(caller())}causal is False; expected True: in RASP-L position i sees none behind it")
    return records.Select(dialect=_DIALECT, keys=k, queries=q, predicate=_named(pred))


def sel_width(A: Selector) -> SOp:  # noqa: N803  # its name in np_rasp
    """How many positions are selected.

    >>> shown(sel_width(select(tokens, full(tokens, 4), equals)), [4, 5, 4])
    '1 1 2'
    """
    return records.SelectorWidth(dialect=_DIALECT, selector=A)


def aggr_mean(A: Selector, v: SOp, default: int = 0) -> SOp:  # noqa: N803
    """The mean of the selected values, cut off towards 0.

    >>> shown(aggr_mean(select(tokens, tokens, true), tokens), [1, 4, -20])
    '1 2 -5'
    """
    return _aggregate(A, v, default, "mean")


def aggr_max(A: Selector, v: SOp, default: int = 0) -> SOp:  # noqa: N803
    """The largest of the selected values.

    >>> shown(aggr_max(select(tokens, tokens, lt), tokens), [1, 3, 2])
    '0 1 1'
    """
    return _aggregate(A, v, default, "max")


def aggr_min(A: Selector, v: SOp, default: int = 0) -> SOp:  # noqa: N803
    """The smallest of the selected values.

    >>> shown(aggr_min(select(tokens, tokens, lt), tokens, -1), [1, 3, 2])
    '-1 1 1'
    """
    return _aggregate(A, v, default, "min")


def aggr(A: Selector, v: SOp, default: int = 0, reduction: Reduction = "mean") -> SOp:  # noqa: N803
    """The mean, the largest or the smallest of the selected values.

    >>> shown(aggr(select(tokens, tokens, true), tokens, reduction="max"), [1, 3, 2])
    '1 3 3'
    """
    if reduction not in ("mean", "max", "min"):
        raise BadUsage(f"{at(caller())}the reduction {reduction!r}; expected mean, max or min")
    return _aggregate(A, v, default, reduction)


def kqv(k: SOp, q: SOp, v: SOp, pred: Predicate = equals, default: int = 0, reduction: Reduction = "mean") -> SOp:
    """Select, then aggregate: what the positions hold whose key meets a predicate with the own query.

    >>> shown(kqv(tokens, tokens, indices(tokens), equals, reduction="min"), [4, 5, 4])
    '0 1 0'
    """
    return aggr(select(k, q, pred), v, default, reduction)


def _aggregate(selector: Selector, sop: SOp, default: int, how: How) -> SOp:
    return records.Aggregate(dialect=_DIALECT, selector=selector, sop=sop, default=default, how=how)
