"""A second evaluator of RASP, as short as its definition: whole matrices of booleans, nothing shared or masked late.

It is what the evaluator is compared with, so it shares none of its code, and computes a failure as an exception.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tprog.ir.values import NOTHING
from tprog.rasp.expressions import (
    Aggregate,
    Constant,
    Elementwise,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    SOp,
    Tokens,
)
from tprog.rasp.functions import Dialect


class NoValue(Exception):
    """An expression has none."""


def values(sop: SOp, x: list[Any], causal: bool) -> list[Any]:
    """[position] the values of an s-op on an input."""
    places = range(len(x))
    match sop:
        case Tokens():
            return list(x)
        case Indices():
            return list(places)
        case Constant():
            return [sop.value for _ in places]
        case Elementwise():
            columns = [values(read, x, causal) for read in sop.inputs]
            found = [_apply(sop, [column[i] for column in columns]) for i in places]
        case SelectorWidth():
            return [sum(row) for row in rows(sop.selector, x, causal)]
        case Aggregate():
            found = _aggregated(sop, x, causal)
        case _:
            raise AssertionError(sop)
    if sop.dialect is Dialect.RASP and len({isinstance(value, str) for value in found}) > 1:
        raise NoValue
    return found


def rows(selector: Selector, x: list[Any], causal: bool) -> list[list[bool]]:
    """[query, key] whether it is selected."""
    places = range(len(x))
    match selector:
        case Select():
            keys, queries = values(selector.keys, x, causal), values(selector.queries, x, causal)
            return [[_seen(i, j, causal) and _accepts(selector, keys[j], queries[i]) for j in places] for i in places]
        case SelectorAnd():
            a, b = rows(selector.first, x, causal), rows(selector.second, x, causal)
            return [[a[i][j] and b[i][j] for j in places] for i in places]
        case SelectorOr():
            a, b = rows(selector.first, x, causal), rows(selector.second, x, causal)
            return [[a[i][j] or b[i][j] for j in places] for i in places]
        case SelectorNot():
            a = rows(selector.inner, x, causal)
            return [[_seen(i, j, causal) and not a[i][j] for j in places] for i in places]
    raise AssertionError(selector)


def _seen(i: int, j: int, causal: bool) -> bool:
    return j <= i or not causal


def _accepts(selector: Select, key: Any, query: Any) -> bool:
    match selector.predicate.symbol:
        case "True":
            return True
        case "False":
            return False
    return bool(_operator(selector.predicate.symbol, [key, query], Dialect.RASP))


def _apply(node: Elementwise, row: list[Any]) -> Any:
    if any(value is NOTHING for value in row):
        return NOTHING
    return _operator(node.function.symbol, row, node.dialect)


def _operator(symbol: str, row: list[Any], dialect: Dialect) -> Any:
    if any(value is NOTHING for value in row):
        raise NoValue
    counts = dialect is Dialect.RASP_L and all(isinstance(value, bool) for value in row)
    if symbol in ("==", "!=", "<", "<=", ">", ">="):
        return _compared(symbol, *row)
    match symbol, row:
        case "+", [a, b]:
            return (a or b) if counts else a + b
        case "-", [a, b]:
            return a - b
        case "*", [a, b]:
            return (a and b) if counts else a * b
        case "-", [a]:
            return -a
        case "and", [a, b]:
            return a and b
        case "or", [a, b]:
            return a or b
        case "not", [a]:
            return not a
        case (("&" | "|" | "~"), _):
            return _bits(symbol, row)
        case "where", [c, a, b]:
            return int(a if c else b) if dialect is Dialect.RASP_L else a if c else b
    raise AssertionError(symbol)


def _bits(symbol: str, row: list[Any]) -> Any:
    """As arrays of whole numbers, or of booleans, have them."""
    if symbol == "~":
        return not row[0] if isinstance(row[0], bool) else ~row[0]
    return row[0] & row[1] if symbol == "&" else row[0] | row[1]


def _compared(symbol: str, a: Any, b: Any) -> bool:
    if symbol in ("==", "!="):
        return bool((a == b) is (symbol == "=="))
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol])


def _aggregated(node: Aggregate, x: list[Any], causal: bool) -> list[Any]:
    held, selected = values(node.sop, x, causal), rows(node.selector, x, causal)
    by = None if node.by is None else values(node.by, x, causal)
    found = []
    for i, row in enumerate(selected):
        chosen = [j for j, is_in in enumerate(row) if is_in]
        found.append(_of(node, i, chosen, held, by) if chosen else node.default)
    return found


def _of(node: Aggregate, i: int, chosen: list[int], held: list[Any], by: list[Any] | None) -> Any:
    near = sorted((j for j in chosen if j != i), key=lambda j: (abs(i - j), j)) + [j for j in chosen if j == i]
    got = [held[j] for j in chosen]
    if node.how in ("max", "min") and len(got) > 1 and NOTHING in got:
        raise NoValue
    match node.how:
        case "first":
            return held[chosen[0]]
        case "last":
            return held[chosen[-1]]
        case "nearest":
            return held[near[0]]
        case "largest" | "smallest":
            assert by is not None
            if any(by[j] is NOTHING for j in chosen) and len(chosen) > 1:
                raise NoValue
            best = (max if node.how == "largest" else min)(by[j] for j in chosen) if len(chosen) > 1 else by[chosen[0]]
            return held[next(j for j in near if by[j] == best)]
        case "max":
            return max(got) if len(got) > 1 else got[0]
        case "min":
            return min(got) if len(got) > 1 else got[0]
    if len(got) == 1:
        return got[0]
    if NOTHING in got:
        raise NoValue
    mean = Fraction(sum(got), 1) / len(got)
    return int(mean) if node.dialect is Dialect.RASP_L else mean
