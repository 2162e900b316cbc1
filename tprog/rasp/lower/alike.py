"""Expressions that are written twice and are one: the same function of the same s-ops is computed once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from tprog.rasp.expressions import Expression, in_order
from tprog.rasp.functions import Function
from tprog.rasp.values import Value

Any_ = TypeVar("Any_", bound=Expression)

_ASIDE = {"name", "where", "annotations", "dialect"}


def key_of(value: Value) -> Any:
    """A value with its kind, which Python's own equality leaves out: 1, 1.0 and True are three."""
    if isinstance(value, tuple):
        return (tuple, *map(key_of, value))
    return (type(value), value)


def unified(outputs: Sequence[Any_], meaning: Callable[[Expression], Any]) -> list[Any_]:
    """The expressions, with those that compute the same as one object, called by the first name that one has.

    Args:
        meaning: what else than its class and its fields makes an expression what it is; None for none.
    """
    classes: dict[Any, int] = {}
    of: dict[int, int] = {}
    first: list[Expression] = []
    names: list[str | None] = []
    for node in in_order(outputs):
        key = (type(node), *_parts(node, of)) if (told := meaning(node)) is None else (type(node), told)
        place = of[id(node)] = classes.setdefault(key, len(classes))
        if place == len(first):
            first.append(node)
            names.append(node.name)
        names[place] = names[place] or node.name
    made: list[Expression] = []
    for node, name in zip(first, names, strict=True):
        made.append(_rebuilt(node, name, of, made))
    return [made[of[id(output)]] for output in outputs]  # type: ignore[misc]  # each is of the class of its output


def _parts(node: Expression, of: dict[int, int]) -> list[Any]:
    """What an expression is, its sources by their number."""
    found: list[Any] = []
    for each in fields(node):
        if each.name in _ASIDE:
            continue
        part = getattr(node, each.name)
        match part:
            case Expression():
                found.append(of[id(part)])
            case Function():
                found.append((part.symbol, part.call, part.kind, part.sees_nothing))
            case tuple() if each.name == "inputs":
                found.append(tuple(of[id(read)] for read in part))
            case _:
                found.append(key_of(part) if each.name in ("value", "default") else part)
    return found


def _rebuilt(node: Expression, name: str | None, of: dict[int, int], made: list[Expression]) -> Expression:
    changed: dict[str, Any] = {}
    for each in fields(node):
        part = getattr(node, each.name)
        if isinstance(part, Expression):
            changed[each.name] = made[of[id(part)]]
        elif each.name == "inputs":
            changed[each.name] = tuple(made[of[id(read)]] for read in part)
    return replace(node, name=name, **changed)
