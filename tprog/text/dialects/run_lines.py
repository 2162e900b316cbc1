"""The lines of `run` in a tpdebug module, and the functions that they call: syntax -> nodes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from typing import Literal, assert_never, cast

from tprog.edits.entry import Entry
from tprog.errors import BadFile
from tprog.ir.answering import LOOKUP, PREDICATE, Kind
from tprog.ir.domains import RANKING, Attend
from tprog.ir.entries import Listed
from tprog.ir.program import (
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Mask,
    Node,
    Number,
    Numbers,
    Numeric,
    NumericHead,
    Symbol,
    Symbols,
    Value,
    axis,
)
from tprog.ir.values import value_of_json
from tprog.text.dialects.combinations import lists_combinations, read_combinations
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.subset import (
    Answer,
    Function,
    Parameter,
    dict_items,
    literal_items,
    literal_value,
    plain_parameters,
    without_docstring,
)
from tprog.text.dialects.top_level import SIDE_EMBEDDINGS
from tprog.text.dialects.wiring import check_wiring
from tprog.text.emit import SELECTORS, in_order

_MADE_BY: Mapping[str, Kind] = {
    "embed": "embedding",
    "elementwise": "lookup",
    "aggregate": "head",
    "aggregate_sum": "numeric head",
    "aggregate_mean": "numeric head",
    "selector_width": "numeric head",
    "_linear": "linear",
}
"""The primitive that a line of `run` calls -> the kind of its node."""

_ATTENDS: Mapping[str, Attend] = {name: attend for attend, name in SELECTORS.items()}
"""The primitive that says which position a head attends to -> which that is."""

MOST_CALLS = 1_000_000
"""Calls of the function of one predicate or lookup: one for each pair of values, with its entry and line."""

MOST_STEPS = 500_000_000
"""Entries times statements: what reading one function may take, at worst; a minute or two."""


def read_node(parts: Parts, statement: ast.stmt) -> Node:
    """The node that one assignment of `run` computes."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called)) as call):
            pass
        case _:
            parts.source.unexpected(statement, "`name = primitive(...)`: one line a node")
    parts.called.add(called)
    kind = _MADE_BY.get(called)
    match kind:
        case "embedding":
            return _embedding(parts, name, call)
        case "lookup":
            return _lookup(parts, name, call)
        case "head" | "numeric head":
            return _head(parts, name, called, call)
        case "linear":
            return _linear(parts, name, call)
        case None:
            *others, last = _MADE_BY
            parts.source.refuse(call, f"a call of `{called}`", f"{', '.join(others)} or {last}")
        case _:
            assert_never(kind)


def _linear(parts: Parts, name: str, call: ast.Call) -> Linear:
    inputs, coefficients = [], []
    for term in call.args:
        match term:
            case ast.Tuple(elts=[number_at, ast.Name() as variable_at]):
                pass
            case _:
                parts.source.unexpected(term, "`(number, variable)`: a coefficient and what it multiplies")
        coefficients.append(_number(parts, number_at))
        inputs.append(variable := _read(parts, variable_at))
        if isinstance(parts.known[variable].domain, Symbols):
            parts.source.refuse(variable_at, f"the symbols of `{variable}`", "a numeric variable here")
        parts.lines[Entry(name, "coefficient", (variable,))] = term.lineno
    constant = _options(parts, call, ["constant"]).get("constant")
    parts.lines[Entry(name, "coefficient")] = call.lineno if constant is None else constant.lineno
    if not inputs:
        parts.source.unexpected(call, "`_linear((number, variable), ...)`")
    return Linear(name, tuple(inputs), tuple(coefficients), 0 if constant is None else _number(parts, constant))


def _number(parts: Parts, node: ast.expr) -> Number:
    value = literal_value(parts.source, node)
    if not isinstance(value, int | Fraction):
        parts.source.refuse(node, f"{value!r}", "a number")
    return value


def _read(parts: Parts, node: ast.expr) -> str:
    if isinstance(node, ast.Name) and node.id in parts.known:
        return node.id
    parts.source.unexpected(node, "the name of an input or of an earlier node")


def _categorical(parts: Parts, node: ast.expr) -> tuple[str, Symbols]:
    name = _read(parts, node)
    domain = parts.known[name].domain
    if not isinstance(domain, Symbols):
        parts.source.refuse(node, f"the number `{name}`", "a categorical variable here")
    return name, domain


def _options(parts: Parts, call: ast.Call, allowed: Sequence[str]) -> dict[str, ast.expr]:
    options: dict[str, ast.expr] = {}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in allowed or keyword.arg in options:
            parts.source.refuse(
                keyword.value, f"the option `{keyword.arg}`", f"only {', '.join(allowed) or 'no option'}"
            )
        options[keyword.arg] = keyword.value
    return options


def _own_function(parts: Parts, node: ast.expr, prefix: str, name: str) -> ast.FunctionDef:
    wanted = prefix + name
    if not isinstance(node, ast.Name) or node.id != wanted:
        parts.source.unexpected(node, f"`{wanted}`: each node has a function of its own")
    if wanted not in parts.functions:
        parts.source.refuse(node, f"`{wanted}`, which the module does not define", "its definition")
    function = parts.functions[wanted]
    parts.blocks["function", name] = (function.lineno, function.end_lineno or function.lineno)
    return function


# Heads and lookups ####################################################################################################


def _head(parts: Parts, name: str, called: str, call: ast.Call) -> Head | NumericHead:
    needs_values = called != "selector_width"
    options = _options(parts, call, {"aggregate": ["default"], "aggregate_mean": ["default"]}.get(called, []))
    selectors = ("select_closest", "select_closest_by_count", *_ATTENDS) if called == "aggregate" else ("select",)
    match call.args:
        case [ast.Call(func=ast.Name(id=selector), args=[key_at, query_at, function_at]) as selection, *values] if (
            selector in selectors and len(values) == int(needs_values)
        ):
            pass
        case _:
            shape = f"{called}({selectors[0]}(keys, queries, {PREDICATE}{name})" + ", values" * needs_values + ")"
            parts.source.unexpected(call, f"`{shape}`")
    parts.called.add(selector)
    (key, keys), (query, queries) = _categorical(parts, key_at), _categorical(parts, query_at)
    attend = _ATTENDS.get(selector, "nearest")
    how = _options(parts, selection, [*["by", "order"] * (attend in RANKING), "mask", "skip_first"])
    by = _compared(parts, selection, how) if attend in RANKING else None
    mask = _mask(parts, how.get("mask"), selection)
    skip_first = _skip_first(parts, how.get("skip_first"))
    function = _own_function(parts, function_at, PREDICATE, name)
    names = plain_parameters(parts.source, function, 2)
    check_wiring(parts.source, function, [(names[0], query_at, queries), (names[1], key_at, keys)])
    predicate = _predicate(parts, function, name, queries, keys)
    default = literal_value(parts.source, options["default"]) if "default" in options else None
    if called == "aggregate":
        value = _categorical(parts, values[0])[0]
        return Head(name, query, key, value, predicate, mask, skip_first, default, attend, by)
    if not isinstance(default, int | Fraction | None):
        parts.source.refuse(options["default"], f"{default!r}", "a number")
    value = _read(parts, values[0]) if needs_values else "ones"
    reduce: Literal["sum", "mean"] = "mean" if called == "aggregate_mean" else "sum"
    return NumericHead(name, query, key, value, predicate, mask, skip_first, reduce, default)


def _compared(parts: Parts, call: ast.Call, how: Mapping[str, ast.expr]) -> str:
    """The variable that a head compares, whose values must be in the order that the call names."""
    if "by" not in how:
        parts.source.refuse(call, "no variable to compare", "`by=` and its name")
    by = _read(parts, how["by"])
    domain = parts.known[by].domain
    if "order" not in how:
        if not in_order(domain):
            parts.source.refuse(how["by"], f"`{by}`, whose values Python does not order", "its order, as `order=`")
    elif not isinstance(domain, Symbols) or _ordered(parts, how["order"]) != domain.values:
        parts.source.unexpected(how["order"], f"a tuple with the values of `{by}` in their order, or no `order=`")
    return by


def _ordered(parts: Parts, node: ast.expr) -> tuple[Symbol, ...] | None:
    """The symbols that VOCABULARY, or one row of DOMAINS, lists in an order; None for any other expression."""
    match node:
        case ast.Name(id="VOCABULARY"):
            return None if isinstance(parts.constants["VOCABULARY"], ast.Set) else parts.frame.vocabulary
        case ast.Subscript(value=ast.Name(id="DOMAINS"), slice=ast.Constant(value=str() as name)):
            written = dict_items(parts.source, parts.constants["DOMAINS"]) if "DOMAINS" in parts.constants else {}
            return None if name in written and isinstance(written[name][1], ast.Set) else _declared(parts, name)
    return None


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
    parts: Parts, function: ast.FunctionDef, name: str, queries: Symbols, keys: Symbols
) -> tuple[Keys | None, ...]:
    names = plain_parameters(parts.source, function, 2)
    parameters = [Parameter(n, domain.codes, False) for n, domain in zip(names, (queries, keys), strict=True)]
    accepts = Function(parts.source, without_docstring(function.body), parameters, tests=True)
    _check_work(parts, function, [len(queries), len(keys)])
    rows: list[Keys | None] = []
    for query in queries:
        answers = [accepts(query, key) for key in keys]
        given = [answer for answer in answers if answer is not None and answer[0] is not None]
        if not given:
            rows.append(None)
            parts.lines[Entry(name, "row", (query,))] = function.lineno
            continue
        if len(given) < len(answers):
            expected = f"an answer for all keys of a query, or for none: query {query!r} has one for some"
            parts.source.refuse(function, f"`{function.name}`, which leaves keys open", expected)
        accepted = [(key, line) for key, (answer, line) in zip(keys, given, strict=True) if answer]
        rows.append(tuple(key for key, _ in accepted))
        parts.lines[Entry(name, "row", (query,))] = accepted[0][1] if accepted else given[0][1]
    return tuple(rows)


def _lookup(parts: Parts, name: str, call: ast.Call) -> Lookup:
    _options(parts, call, [])
    if len(call.args) < 2:
        parts.source.unexpected(call, f"`elementwise({LOOKUP}{name}, ...)` over 1 variable or more")
    inputs = tuple(_read(parts, at) for at in call.args[1:])
    function = _own_function(parts, call.args[0], LOOKUP, name)
    names = plain_parameters(parts.source, function, len(inputs))
    reads = zip(names, call.args[1:], (parts.known[read].domain for read in inputs), strict=True)
    check_wiring(parts.source, function, list(reads))
    body = without_docstring(function.body)
    levels: list[tuple[Number, ...] | None] = []
    for argument_name, read in zip(names, inputs, strict=True):
        domain = parts.known[read].domain
        if not isinstance(domain, Symbols):
            found, body = _levels(parts, function, body, argument_name, domain)
            levels.append(found)
        else:
            levels.append(None)
    shell = Lookup(name, inputs, tuple(levels), None, ())
    axes = [axis(parts.known, shell, which) for which in range(len(inputs))]
    parameters = [
        Parameter(n, dict.fromkeys(values), found is not None)
        for n, values, found in zip(names, axes, levels, strict=True)
    ]
    keys, answers, listed = _cells(parts, function, body, parameters)
    for key, (_, line) in zip(keys, answers, strict=True):
        parts.lines[Entry(name, "cell", key)] = line
    cells = tuple(cell for cell, _ in answers)
    lookup = Lookup(name, inputs, tuple(levels), _declared(parts, name), cells, listed)
    _check_answers(parts, function, lookup)
    return lookup


def _cells(
    parts: Parts, function: ast.FunctionDef, body: Sequence[ast.stmt], parameters: Sequence[Parameter]
) -> tuple[list[tuple[Value, ...]], list[Answer], Listed | None]:
    """The key of each entry of a lookup, its answer and line; and the combinations that it lists, if it does."""
    axes = [tuple(parameter.values) for parameter in parameters]
    if lists_combinations(body):
        found = read_combinations(parts.source, function, body, parameters)
        *listed, _ = found
        keys = [tuple(axis[at] for axis, at in zip(axes, key, strict=False)) for key in found]
        return keys, list(found.values()), tuple(listed)
    _check_work(parts, function, [len(values) for values in axes])
    answer = Function(parts.source, body, parameters, tests=False)
    keys = list(product(*axes))
    return keys, [answer(*key) or (None, function.lineno) for key in keys], None


def _check_work(parts: Parts, function: ast.FunctionDef, sizes: Sequence[int]) -> None:
    """Refuse a table that would take minutes to fill, before it is begun: each entry is a call of its function."""
    calls, steps = prod(sizes), sum(isinstance(node, ast.stmt) for node in ast.walk(function))
    if calls > MOST_CALLS or calls * steps > MOST_STEPS:
        found = f"`{function.name}`, {steps:,} statements for {calls:,} combinations of arguments"
        parts.source.refuse(
            function, found, f"at most {MOST_CALLS:,} combinations, or {MOST_STEPS:,} statements in all"
        )


def _check_answers(parts: Parts, function: ast.FunctionDef, lookup: Lookup) -> None:
    """A better place than the whole function for an answer that the lookup cannot give."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            if isinstance(node.value, ast.Constant) and node.value.value is None:
                continue
            value = literal_value(parts.source, node.value)
            if lookup.answers_numbers and not isinstance(value, int | Fraction):
                advice = f"or list what `{lookup.name}` may answer in DOMAINS"
                parts.source.refuse(node.value, f"the answer {value!r}", "a number", advice)
            if lookup.symbols is not None and value not in lookup.symbols:
                listed = ", ".join(map(repr, lookup.symbols[:12]))
                parts.source.refuse(node.value, f"the answer {value!r}", f"one of DOMAINS: {listed}")


def _levels(
    parts: Parts, function: ast.FunctionDef, body: Sequence[ast.stmt], name: str, domain: Numeric
) -> tuple[tuple[Number, ...], Sequence[ast.stmt]]:
    """The levels that the first statement brings a numeric argument to, and the body after it."""
    match body:
        case [ast.Assign(targets=[ast.Name(id=target)], value=ast.Call(func=ast.Name(id=called)) as call), *rest] if (
            target == name and not call.keywords
        ):
            match called, call.args:
                case "min", [ast.Name(id=first), ast.Constant(value=int() as cap)] if first == name and cap >= 0:
                    if cap >= MOST_CALLS:
                        parts.source.unexpected(call, f"a cap below {MOST_CALLS:,}")
                    if domain.low < 0 or not isinstance(domain, Numbers) or domain.denominator != 1:
                        parts.source.unexpected(call, f"`round_down({name}, (...))`: not a count")
                    return tuple(range(cap + 1)), rest
                case "round_down", [ast.Name(id=first), levels_at] if first == name:
                    parts.called.add("round_down")
                    values = [value for value, _ in literal_items(parts.source, levels_at)]
                    levels = [value for value in values if isinstance(value, int | Fraction)]
                    if len(levels) == len(values):
                        return tuple(levels), rest
    at = body[0] if body else function
    parts.source.unexpected(at, f"`{name} = min({name}, CAP)` first: a number needs its levels")


def _declared(parts: Parts, name: str) -> tuple[Symbol, ...] | None:
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


def _embedding(parts: Parts, name: str, call: ast.Call) -> Embedding:
    wanted = f"embed('{name}', EMBEDDINGS['{name}'], tokens)"
    if ast.unparse(call) != wanted:
        parts.source.unexpected(call, f"`{wanted}`")
    symbols = _declared(parts, name)
    written = parts.constants.get("EMBEDDINGS")
    if symbols is None or written is None:
        lacking = "DOMAINS" if symbols is None else "EMBEDDINGS"
        parts.source.refuse(call, f"`{name}`, which {lacking} does not list", "its table and what it may answer")
    if ast.unparse(written) in SIDE_EMBEDDINGS:
        found = parts.tables.get("EMBEDDINGS", {}).get(name, {})
        try:
            values: Mapping[str, Symbol] = {word: value_of_json(value) for word, value in found.items()}
        except (AttributeError, ValueError):
            raise BadFile(
                f"the side file of {parts.source.path} has no table of words for {name}; emit it again"
            ) from None
        if ast.unparse(written) == SIDE_EMBEDDINGS[0] and not all(isinstance(v, str | int) for v in values.values()):
            parts.source.unexpected(written, f"`{SIDE_EMBEDDINGS[1]}`, as the table of {name} needs")
    else:
        values = _words(parts, name, written, call)
    if unknown := [word for word in values if word not in parts.frame.symbols("tokens").codes]:
        parts.source.refuse(written, f"the word {unknown[0]!r} in the table of {name}", "words of VOCABULARY")
    return Embedding(name, symbols, tuple(values.get(word) for word in parts.frame.vocabulary))


def _words(parts: Parts, name: str, written: ast.expr, call: ast.Call) -> Mapping[str, Symbol]:
    items = dict_items(parts.source, written)
    if name not in items:
        parts.source.refuse(call, f"`{name}`, which EMBEDDINGS does not list", "its table")
    values: dict[str, Symbol] = {}
    for word, (word_at, value_at) in dict_items(parts.source, items[name][1]).items():
        value = literal_value(parts.source, value_at)
        if not isinstance(word, str):
            parts.source.refuse(word_at, f"{word!r}: {value!r}", "a word and its symbol")
        values[word] = value
        parts.lines[Entry(name, "word", (word,))] = word_at.lineno
        parts.blocks["word", name, word] = (word_at.lineno, value_at.end_lineno or value_at.lineno)
    return values
