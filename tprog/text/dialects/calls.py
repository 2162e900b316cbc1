"""What the calls in `run` are made of: variables that they read, options, and functions of nodes."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from math import prod

from tprog.ir.program import Symbol, Symbols
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.subset import dict_items, literal_items
from tprog.text.syntax import statements

MOST_CALLS = 1_000_000
"""Calls of the function of one predicate or lookup: one for each pair of values, with its entry and line."""

MOST_STEPS = 500_000_000
"""Entries times statements: what reading one function may take, at worst; a minute or two."""


def variable_read(parts: Parts, node: ast.expr) -> str:
    """The variable that an expression names."""
    if isinstance(node, ast.Name) and node.id in parts.known:
        return node.id
    parts.source.unexpected(node, "the name of an input or of an earlier node")


def categorical_read(parts: Parts, node: ast.expr) -> tuple[str, Symbols]:
    """The categorical variable that an expression names, and its domain."""
    name = variable_read(parts, node)
    domain = parts.known[name].domain
    if not isinstance(domain, Symbols):
        parts.source.refuse(node, f"the number `{name}`", "a categorical variable here")
    return name, domain


def options_of(parts: Parts, call: ast.Call, allowed: Sequence[str]) -> dict[str, ast.expr]:
    """The keyword arguments of a call, each of which must be allowed and stand there once."""
    options: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in allowed or keyword.arg in options:
            wanted = f"only {', '.join(allowed)}" if allowed else "none"
            parts.source.refuse(keyword.value, f"the option `{keyword.arg}`", wanted)
        options[keyword.arg] = keyword.value
    return options


def own_function(parts: Parts, node: ast.expr, wanted: str, *block: str) -> ast.FunctionDef:
    """The function of a node or clause, under the name that it must have; `block` names it in the blocks."""
    if not isinstance(node, ast.Name) or node.id != wanted:
        parts.source.unexpected(node, f"`{wanted}`: each node has a function of its own")
    if wanted not in parts.functions:
        parts.source.refuse(node, f"`{wanted}`, which the module does not define", "its definition")
    function = parts.functions[wanted]
    parts.blocks["function", *block] = (function.lineno, function.end_lineno or function.lineno)
    return function


def check_work(parts: Parts, function: ast.FunctionDef, sizes: Sequence[int]) -> None:
    """Refuse a table that would take minutes to fill, before it is begun: each entry is a call of its function."""
    calls, steps = prod(sizes), sum(1 for _ in statements(function))
    if calls > MOST_CALLS or calls * steps > MOST_STEPS:
        found = f"`{function.name}`, {steps:,} statements for {calls:,} combinations of arguments"
        parts.source.refuse(
            function, found, f"at most {MOST_CALLS:,} combinations, or {MOST_STEPS:,} statements in all"
        )


def declared(parts: Parts, name: str) -> tuple[Symbol, ...] | None:
    """What DOMAINS says of a node, None if nothing."""
    domains = parts.constants.get("DOMAINS")
    if domains is None or name not in (items := dict_items(parts.source, domains)):
        return None
    match items[name][1]:
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int() as stop)], keywords=[]) if (
            type(stop) is int and 0 < stop <= 1_000_000
        ):
            return tuple(range(stop))
        case written:
            return tuple(value for value, _ in literal_items(parts.source, written))


def ordered_values(parts: Parts, node: ast.expr) -> tuple[Symbol, ...] | None:
    """The symbols that VOCABULARY, one row of DOMAINS or a range of positions lists in an order; else None."""
    match node:
        case ast.Name(id="VOCABULARY"):
            return None if isinstance(parts.constants["VOCABULARY"], ast.Set) else parts.frame.vocabulary
        case ast.Call(func=ast.Name(id="range"), args=[ast.Name(id="MAX_LENGTH")], keywords=[]):
            return tuple(range(parts.frame.max_length))
        case ast.Subscript(value=ast.Name(id="DOMAINS"), slice=ast.Constant(value=str() as name)):
            written = dict_items(parts.source, parts.constants["DOMAINS"]) if "DOMAINS" in parts.constants else {}
            return None if name in written and isinstance(written[name][1], ast.Set) else declared(parts, name)
    return None
