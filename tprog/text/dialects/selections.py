"""Heads in `run`: calls that select positions, and the predicates that they name."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, cast

from tprog.ir.answering import PREDICATE
from tprog.ir.domains import RANKING, Attend
from tprog.ir.entries import ClauseOf, TableKey, owner
from tprog.ir.entry import entry_of
from tprog.ir.program import Clause, Head, Keys, Mask, NumericHead, Selection, Symbol, Symbols
from tprog.text.dialects.calls import (
    categorical_read,
    check_work,
    options_of,
    ordered_values,
    own_function,
    variable_read,
)
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.subset import (
    Function,
    Parameter,
    literal_value,
    plain_parameters,
    without_docstring,
)
from tprog.text.dialects.wiring import check_wiring
from tprog.text.emit import in_order
from tprog.text.needs import SELECTORS

_ATTENDS: Mapping[str, Attend] = {name: attend for attend, name in SELECTORS.items()}
"""The primitive that says which position a head attends to -> which that is."""


@dataclass(frozen=True)
class _Selected:
    """What the call of a selector says."""

    alternatives: Selection
    mask: Mask
    skip_first: bool
    attend: Attend
    by: str | None


def read_head(parts: Parts, name: str, called: str, call: ast.Call) -> Head | NumericHead:
    """The head whose values a call of an aggregating primitive computes."""
    needs_values = called != "selector_width"
    options = options_of(parts, call, {"aggregate": ["default"], "aggregate_mean": ["default"]}.get(called, []))
    selectors = ("select_closest", "select_closest_by_count", *_ATTENDS) if called == "aggregate" else ("select",)
    match call.args:
        case [ast.Call(func=ast.Name(id=selector), args=[_, _, _]) as selection, *values] if (
            selector in selectors and len(values) == int(needs_values)
        ):
            pass
        case _:
            shape = f"{called}({selectors[0]}(keys, queries, {PREDICATE}{name})" + ", values" * needs_values + ")"
            parts.source.unexpected(call, f"`{shape}`")
    found = _selected(parts, name, selector, selection)
    own = found.alternatives[0][0]
    default = literal_value(parts.source, options["default"]) if "default" in options else None
    if called == "aggregate":
        value = categorical_read(parts, values[0])[0]
        head = Head(name, own.query, own.key, value, own.predicate, found.mask, found.skip_first, default)
        return replace(head, attend=found.attend, by=found.by).selecting(found.alternatives)
    if not isinstance(default, int | Fraction | None):
        parts.source.refuse(options["default"], f"{default!r}", "a number")
    value = variable_read(parts, values[0]) if needs_values else "ones"
    reduce: Literal["sum", "mean"] = "mean" if called == "aggregate_mean" else "sum"
    made = NumericHead(name, own.query, own.key, value, own.predicate, found.mask, found.skip_first, reduce, default)
    return made.selecting(found.alternatives)


def _selected(parts: Parts, name: str, selector: str, call: ast.Call) -> _Selected:
    parts.called.add(selector)
    attend = _ATTENDS.get(selector, "nearest")
    several = isinstance(call.args[2], ast.Call)
    compares, windows = ["by", "order"] * (attend in RANKING), ["mask", "skip_first"]
    how = options_of(parts, call, compares if several else [*compares, *windows])
    by = _compared(parts, call, how) if attend in RANKING else None
    if several:
        alternatives, mask, skip_first = _alternatives(parts, name, call)
        return _Selected(alternatives, mask, skip_first, attend, by)
    clause = _clause(parts, name, call)
    return _Selected(
        ((clause,),), _mask(parts, how.get("mask"), call), _skip_first(parts, how.get("skip_first")), attend, by
    )


def _clause(parts: Parts, table: TableKey, call: ast.Call) -> Clause:
    """The keys, the queries and the predicate that a selecting call begins with."""
    key_at, query_at, function_at = call.args
    (key, keys), (query, queries) = categorical_read(parts, key_at), categorical_read(parts, query_at)
    block = (table,) if isinstance(table, str) else (str(owner(table)), str(table))
    function = own_function(parts, function_at, f"{PREDICATE}{table}", *block)
    names = plain_parameters(parts.source, function, 2)
    check_wiring(parts.source, function, [(names[0], query_at, queries), (names[1], key_at, keys)])
    return Clause(query, key, _predicate(parts, function, table, queries, keys))


def _alternatives(parts: Parts, name: str, call: ast.Call) -> tuple[Selection, Mask, bool]:
    """The clauses of ``select...(positions, positions, _any([select(...), ...], ...))``, which have one window."""
    key_at, query_at, joined = call.args
    for read in (key_at, query_at):
        if ast.unparse(read) != "positions":
            parts.source.unexpected(read, "`positions`, which `_any` is a predicate of")
    match joined:
        case ast.Call(func=ast.Name(id="_any"), args=lists, keywords=[]) if lists:
            parts.called.add("_any")
        case _:
            parts.source.unexpected(joined, "`_any([select(...), ...], ...)`")
    windows: list[tuple[Mask, bool]] = []
    alternatives = []
    for at, alternative in enumerate(lists):
        match alternative:
            case ast.List(elts=[_, *_] as selections):
                pass
            case _:
                parts.source.unexpected(alternative, "a list of `select(...)`, one a clause")
        clauses = []
        for place, selection in enumerate(selections):
            clause, window = _one_of_several(parts, ClauseOf(name, at, place), selection)
            if windows and window != windows[0]:
                parts.source.refuse(selection, "another mask than that of the first clause", "one mask for all of them")
            windows.append(window)
            clauses.append(clause)
        alternatives.append(tuple(clauses))
    if len(windows) == 1:
        parts.source.refuse(joined, "one clause alone", f"`(keys, queries, {PREDICATE}{name})` in its place")
    return tuple(alternatives), *windows[0]


def _one_of_several(parts: Parts, table: ClauseOf, selection: ast.expr) -> tuple[Clause, tuple[Mask, bool]]:
    match selection:
        case ast.Call(func=ast.Name(id="select"), args=[_, _, _]) as call:
            how = options_of(parts, call, ["mask", "skip_first"])
        case _:
            parts.source.unexpected(selection, f"`select(keys, queries, {PREDICATE}{table})`")
    window = _mask(parts, how.get("mask"), call), _skip_first(parts, how.get("skip_first"))
    return _clause(parts, table, call), window


def _compared(parts: Parts, call: ast.Call, how: Mapping[str, ast.expr]) -> str:
    """The variable that a head compares, whose values must be in the order that the call names."""
    if "by" not in how:
        parts.source.refuse(call, "no variable to compare", "`by=` and its name")
    by = variable_read(parts, how["by"])
    domain = parts.known[by].domain
    if "order" not in how:
        if not in_order(domain):
            parts.source.refuse(how["by"], f"`{by}`, whose values Python does not order", "its order, as `order=`")
    elif not isinstance(domain, Symbols) or ordered_values(parts, how["order"]) != domain.values:
        parts.source.unexpected(how["order"], f"a tuple with the values of `{by}` in their order, or no `order=`")
    return by


def _mask(parts: Parts, node: ast.expr | None, call: ast.Call) -> Mask:
    words = ["causal", "before"] if parts.frame.causal else ["all", "before", "after"]
    word = "all" if node is None else literal_value(parts.source, node)
    if word not in words:
        listed = ", ".join(map(repr, words))
        parts.source.refuse(node or call, f"the mask {word!r}", f"one of {listed}, as CAUSAL is {parts.frame.causal}")
    return cast(Mask, "all" if word == "causal" else word)


def _skip_first(parts: Parts, node: ast.expr | None) -> bool:
    match node:
        case None:
            return False
        case ast.Constant(value=bool() as value):
            return value
    parts.source.unexpected(node, "True or False")


def _predicate(
    parts: Parts, function: ast.FunctionDef, table: TableKey, queries: Symbols, keys: Symbols
) -> tuple[Keys | None, ...]:
    names = plain_parameters(parts.source, function, 2)
    parameters = [Parameter(n, domain.codes, False) for n, domain in zip(names, (queries, keys), strict=True)]
    words = () if isinstance(parts.constants["VOCABULARY"], ast.Set) else parts.frame.vocabulary
    accepts = Function(parts.source, without_docstring(function.body), parameters, tests=True, vocabulary=words)
    check_work(parts, function, [len(queries), len(keys)])
    rows: list[Keys | None] = []
    for query in queries:
        row, line = _row(parts, function, accepts, query, keys)
        rows.append(row)
        parts.lines[entry_of(table, "row", (query,))] = line
    return tuple(rows)


def _row(
    parts: Parts, function: ast.FunctionDef, accepts: Function, query: Symbol, keys: Symbols
) -> tuple[Keys | None, int]:
    """The keys that a query accepts, None where it is a hole; and the line that says so."""
    answers = [accepts(query, key) for key in keys]
    given = [answer for answer in answers if answer is not None and answer[0] is not None]
    if not given:
        return None, function.lineno
    if len(given) < len(answers):
        expected = f"an answer for all keys of a query, or for none: query {query!r} has one for some"
        parts.source.refuse(function, f"`{function.name}`, which leaves keys open", expected)
    accepted = [(key, line) for key, (answer, line) in zip(keys, given, strict=True) if answer]
    return tuple(key for key, _ in accepted), accepted[0][1] if accepted else given[0][1]
