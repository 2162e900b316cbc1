"""The functions that a program applies to values, and the three dialects, which differ in some of them.

- ``tracr``: nothing selected yields *nothing*, unless there is a default; *nothing* passes through every operator.
- ``rasp``, the language of 2021: nothing selected yields 0; all values of an s-op are of one kind.
- ``rasp-l``: position i sees none behind it; nothing selected yields 0; numbers are whole, and means are cut to it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tprog.errors import BadUsage
from tprog.ir.values import NOTHING
from tprog.listing import counted, shortened
from tprog.rasp import operators
from tprog.rasp.values import Value


class Dialect(StrEnum):
    """Which language an expression belongs to."""

    TRACR = "tracr"
    RASP = "rasp"
    RASP_L = "rasp-l"


@dataclass(frozen=True)
class Where:
    """Where an expression was written.

    Attributes:
        file: the path as it was given; of Python, that of its code.
        line, column: from 1 on; the column is 0 where it is not known.
    """

    file: str
    line: int
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")


Kind: TypeAlias = Literal["operator", "python"]


@dataclass(frozen=True, eq=False)
class Function:
    """A function of values: an operator of the language, or one that its user wrote in Python.

    Attributes:
        symbol: how it is written: ``+``, ``==``, ``where``, the name of a Python function.
        call: takes as many values as the s-ops it is mapped over.
        kind: an operator takes values as they are; a Python function gets numbers that stay exact and None for
            *nothing*, and must be a function of its arguments alone: it is called once for each.
        sees_nothing: it is asked even where an argument is *nothing*; else *nothing* comes out there.
        wanted: how many arguments it takes, None for any number.
    """

    symbol: str
    call: Callable[..., Any]
    kind: Kind = "operator"
    sees_nothing: bool = False
    wanted: int | None = None

    def __str__(self) -> str:
        return self.symbol


def python_function(function: Callable[..., Any], arity: int, where: Where | None = None) -> Function:
    """A function of a user's own.

    Raises:
        BadUsage: it cannot be called with that many values.
    """
    if not callable(function):
        raise BadUsage(f"{at(where)}found {shortened(function)}; expected a function of {values_told(arity)}")
    name = getattr(function, "__name__", type(function).__name__)
    try:
        inspect.signature(function).bind(*range(arity))
    except TypeError:
        raise BadUsage(f"{at(where)}{name} cannot be called with {values_told(arity)}; expected that it can") from None
    except ValueError:
        pass  # a function of C that does not tell
    return Function(name, function, "python", wanted=arity)


def values_told(count: int) -> str:
    """A number of values, in words."""
    return counted(count, "value")


def at(where: Where | None) -> str:
    """The place that begins a message."""
    return "" if where is None else f"{where}: "


_HERE = str(Path(__file__).parent)


def caller() -> Where | None:
    """Where the user's own code is that builds an expression now: the nearest frame outside of this package."""
    frame = sys._getframe(1)
    while frame is not None and (frame.f_code.co_filename.startswith(_HERE) or "<string>" in frame.f_code.co_filename):
        back = frame.f_back
        if back is None:
            return None
        frame = back
    return Where(frame.f_code.co_filename, frame.f_lineno)


def _pick(condition: Any, chosen: Any, other: Any) -> Any:
    return chosen if operators.truth(condition) else other


def _whole(function: Callable[..., Any]) -> Callable[..., Any]:
    """The operator in whole numbers alone."""

    def apply(*values: Any) -> Any:
        for value in values:
            if not isinstance(value, int):
                raise operators.Mismatch(f"rasp-l computes with whole numbers, not with a {operators.kind_of(value)}")
        return function(*values)

    return apply


def _both(left: Any, right: Any) -> Any:
    return left & right


def _either(left: Any, right: Any) -> Any:
    return left | right


def _sum(left: Any, right: Any) -> Any:
    """Of two booleans: whether either holds, as arrays of booleans add up."""
    return left or right if type(left) is type(right) is bool else left + right


def _product(left: Any, right: Any) -> Any:
    return left and right if type(left) is type(right) is bool else left * right


def _opposite(value: Any) -> Any:
    return not value if isinstance(value, bool) else ~value


def _operator(symbol: str, call: Callable[..., Any], count: int = 2) -> Function:
    return Function(symbol, call, wanted=count)


_COMMON = {
    **{symbol: _operator(symbol, call) for symbol, call in operators.COMPARISONS.items()},
    **{symbol: _operator(symbol, call) for symbol, call in operators.ARITHMETIC.items()},
    "not": _operator("not", lambda a: not operators.truth(a), 1),
    "negative": _operator("-", operators.negative, 1),
    "positive": _operator("+", operators.positive, 1),
    "abs": _operator("abs", operators.magnitude, 1),
    "round": _operator("round", operators.rounded, 1),
    "where": _operator("where", _pick, 3),
}

OPERATORS: dict[Dialect, dict[str, Function]] = {
    Dialect.TRACR: _COMMON
    | {
        "and": _operator("and", lambda a, b: b if operators.truth(a) else a),
        "or": _operator("or", lambda a, b: a if operators.truth(a) else b),
    },
    Dialect.RASP: _COMMON
    | {
        "and": _operator("and", lambda a, b: operators.truth(a) and operators.truth(b)),
        "or": _operator("or", lambda a, b: operators.truth(a) or operators.truth(b)),
        "indicator": _operator("indicator", lambda a: int(operators.truth(a)), 1),
    },
    Dialect.RASP_L: {name: replace(function, call=_whole(function.call)) for name, function in _COMMON.items()}
    | {
        "+": _operator("+", _whole(_sum)),
        "*": _operator("*", _whole(_product)),
        "and": _operator("&", _whole(_both)),
        "or": _operator("|", _whole(_either)),
        "not": _operator("~", _whole(_opposite), 1),
        "where": _operator("where", _whole(lambda c, a, b: int(a if c else b)), 3),
    },
}


def comparison(symbol: str) -> Function:
    """One of ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=`` as the predicate of a select: key, then query."""
    return _COMMON[symbol]


EVERY = Function("True", lambda key, query: True, sees_nothing=True, wanted=2)
"""The predicate that every key meets."""

NONE = Function("False", lambda key, query: False, sees_nothing=True, wanted=2)
"""The predicate that no key meets."""


def default_of(dialect: Dialect) -> Value:
    """What an aggregate yields where nothing is selected and no default is named."""
    return NOTHING if dialect is Dialect.TRACR else 0
