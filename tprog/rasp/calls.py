"""Asking a function of a program: its answer to some values, or why it has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tprog.ir.values import NOTHING
from tprog.listing import shortened
from tprog.rasp import operators
from tprog.rasp.expressions import Elementwise, Select
from tprog.rasp.functions import Dialect, Function
from tprog.rasp.values import Unfit, Value, is_number, settled, shown_to_function


class Refused(str):
    """Why a function has no answer."""

    __slots__ = ()


class Calls:
    """The answers of functions: a Python function is asked once for each combination of values."""

    MOST = 200_000

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Value | Refused] = {}

    def ask(self, function: Function, row: tuple[Value, ...]) -> Value | Refused:
        """A function's answer to these values, or why there is none."""
        if function.kind == "operator":
            return called(function.call, row)
        key = (function, *map(type, row), *row)
        if (found := self._known.get(key)) is None:
            if len(self._known) > self.MOST:
                self._known.clear()
            found = self._known[key] = called(function.call, tuple(map(shown_to_function, row)))
        return found


def called(call: Callable[..., Any], row: tuple[Any, ...]) -> Value | Refused:
    """What a function gives for these arguments, whatever it raises."""
    try:
        return settled(call(*row))
    except (Unfit, operators.Mismatch) as error:
        return Refused(str(error))
    except RecursionError:
        return Refused("it calls itself too deeply")
    except Exception as error:  # a user's function may raise anything
        text = " ".join(str(error).split())[:200]
        return Refused(f"{type(error).__name__}" + (f": {text}" if text else ""))


def applied(calls: Calls, node: Elementwise, row: tuple[Value, ...]) -> Value | Refused:
    """What an elementwise expression yields for the values that its inputs have at a position."""
    if not node.function.sees_nothing and any(value is NOTHING for value in row):
        return NOTHING
    found = calls.ask(node.function, row)
    if isinstance(found, Refused):
        return Refused(f"{node.function} of {' and '.join(map(shortened, row))}: {found}")
    if node.dialect is Dialect.RASP_L and node.function.kind == "python":
        if not is_number(found):
            return Refused(f"{node.function} gives {found!r}; expected a number, because rasp-l has no others")
        return operators.cut(found)
    return found


def accepted(calls: Calls, node: Select, key: Value, query: Value) -> bool | Refused:
    """Whether a selector's predicate accepts a key for a query."""
    found = calls.ask(node.predicate, (key, query))
    if isinstance(found, int) and found in (0, 1):
        return bool(found)
    why = str(found) if isinstance(found, Refused) else f"it gives {found!r}; expected a truth"
    return Refused(f"{node.predicate} of the key {shortened(key)} and the query {shortened(query)}: {why}")
