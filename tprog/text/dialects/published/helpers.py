"""The functions that stand before `run` in a published module: which variant of each a file defines.

A function is recognised by its syntax tree, the names of its arguments and local variables aside.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from tprog.ir.domains import SelfRule
from tprog.text.dialects.subset import Source, without_docstring
from tprog.text.syntax import walk

_WINDOWS = {False: "keys", True: "keys[: i + 1]"}
"""causal -> the keys that position i sees."""

_DISTANCES: Mapping[str, SelfRule] = {
    "len(found) if at == i else abs(i - at)": "match-count",
    "len(keys) if at == i else abs(i - at)": "last",
    "float('inf') if at == i else abs(i - at)": "last",
}
"""How far away a match is -> what that says of a match of a position with itself."""

_EMPTY = ("not any(found)", "not found", "len(found) == 0")
"""Whether nothing is selected. The first is also true where position 0 is all that is, which comes to the same."""

_CLOSEST = """
def select_closest(keys, queries, predicate):
    attention = [[False for _ in keys] for _ in queries]
    for i, query in enumerate(queries):
        found = [at for at, key in enumerate({window}) if predicate(query, key)]
        if {empty}:
            attention[i][0] = True
        else:
            {nearest} = min(found, key=lambda at: {distance})
            attention[i][{nearest}] = True
    return attention
"""

_SELECT = {
    False: "return [[predicate(query, key) for key in keys] for query in queries]",
    True: "return [[predicate(query, key) for key in keys[: i + 1]] for i, query in enumerate(queries)]",
}

_AGGREGATE = """
def aggregate(attention, values):
    return [[value for attends, value in zip(row, values) if attends][0] for row in attention]
"""

_AGGREGATE_SUM = """
def aggregate_sum(attention, values):
    return [sum([value for attends, value in zip(row, values) if attends]) for row in attention]
"""


@dataclass(frozen=True)
class Variant:
    """What one definition of a helper means; None where the helper leaves it open."""

    causal: bool | None = None
    self_rule: SelfRule | None = None


@cache
def _variants() -> Mapping[str, Mapping[str, Variant]]:
    """Helper -> form of its syntax -> what it means."""
    closest = {
        _form(_CLOSEST.format(window=window, empty=empty, nearest=nearest, distance=distance)): Variant(causal, rule)
        for (causal, window), empty, nearest, (distance, rule) in product(
            _WINDOWS.items(), _EMPTY, ("at", "nearest"), _DISTANCES.items()
        )
    }
    select = {
        _form(f"def select(keys, queries, predicate):\n    {body}"): Variant(causal) for causal, body in _SELECT.items()
    }
    return {
        "select_closest": closest,
        "select": select,
        "aggregate": {_form(_AGGREGATE): Variant()},
        "aggregate_sum": {_form(_AGGREGATE_SUM): Variant()},
    }


HELPERS = ("select_closest", "select", "aggregate", "aggregate_sum")


@dataclass(frozen=True)
class Helpers:
    """What the helpers of a module mean together.

    Attributes:
        self_distance: where `select_closest` says how far away a self-match is, if it is there.
        self_distances: what may stand there instead, by its meaning.
    """

    names: frozenset[str]
    causal: bool
    self_rule: SelfRule
    self_distance: ast.expr | None
    self_distances: Mapping[SelfRule, str]

    @property
    def self_line(self) -> int:
        """The line (1-based) that says how far away a self-match is."""
        return self.self_distance.lineno if self.self_distance is not None else 1


def read_helpers(source: Source, functions: Mapping[str, ast.FunctionDef]) -> Helpers:
    """Recognise the helpers of a module.

    Raises:
        BadSource: a helper that is none of the known variants, or two that see different positions.
    """
    found: dict[str, Variant] = {}
    for name, function in functions.items():
        variant = _variants()[name].get(_form_of(function))
        if variant is None:
            source.refuse(
                function,
                f"a `{name}` that is none of those known",
                "the function as the original research code writes it, or with a self-match last",
                "its meaning cannot be told without running it",
            )
        found[name] = variant
    windows = {name: variant.causal for name, variant in found.items() if variant.causal is not None}
    if len(set(windows.values())) > 1:
        at = functions["select"]
        source.refuse(at, "a `select` and a `select_closest` that see different positions", "both to look alike")
    closest = found.get("select_closest", Variant(None, "last"))
    assert closest.self_rule is not None
    distance, instead = _self_distance(functions.get("select_closest"))
    return Helpers(frozenset(found), any(windows.values()), closest.self_rule, distance, instead)


def _self_distance(function: ast.FunctionDef | None) -> tuple[ast.expr | None, Mapping[SelfRule, str]]:
    """The distance of a self-match in a `select_closest`, and how each rule writes it there."""
    for node in walk(function) if function is not None else ():
        match node:
            case ast.Call(
                func=ast.Name(id="min"),
                args=[ast.Name(id=matches)],
                keywords=[ast.keyword(value=ast.Lambda(body=ast.IfExp(body=distance)))],
            ):
                assert function is not None
                return distance, {"match-count": f"len({matches})", "last": f"len({function.args.args[0].arg})"}
    return None, {}


def _form(text: str) -> str:
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    return _form_of(function)


def _form_of(function: ast.FunctionDef) -> str:
    """A function's syntax with its arguments and local variables numbered in the order in which they come."""
    local = {argument.arg for node in walk(function) if isinstance(node, ast.arguments) for argument in node.args}
    local |= {n.id for n in walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    numbers: dict[str, str] = {}
    parts = [str(len(function.decorator_list)), "" if function.returns is None else "->"]
    for node in (function.args, *without_docstring(function.body)):
        parts.extend(_tokens(node, local, numbers))
    return " ".join(parts)


def _tokens(node: ast.AST, local: set[str], numbers: dict[str, str]) -> Iterator[str]:
    yield type(node).__name__
    for name, value in ast.iter_fields(node):
        if name in ("ctx", "type_comment", "kind"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield from _tokens(item, local, numbers)
            elif isinstance(item, str) and item in local and isinstance(node, ast.Name | ast.arg):
                yield numbers.setdefault(item, f"v{len(numbers)}")
            else:
                yield f"{name}={item!r}"
        if isinstance(value, list):
            yield ";"
