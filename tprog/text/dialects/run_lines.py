"""The lines of `run` in a tpdebug module, and the functions that they call: syntax -> nodes."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import assert_never

from tprog.errors import BadFile
from tprog.ir.answering import LOOKUP, Kind
from tprog.ir.entries import Listed
from tprog.ir.entry import Entry
from tprog.ir.program import (
    Embedding,
    Linear,
    Lookup,
    Node,
    Number,
    Numbers,
    Numeric,
    Symbol,
    Symbols,
    Value,
    axis,
)
from tprog.ir.values import value_of_json
from tprog.text.dialects.calls import MOST_CALLS, check_work, declared, options_of, own_function, variable_read
from tprog.text.dialects.combinations import lists_combinations, read_combinations
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.selections import read_head
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
from tprog.text.syntax import statements

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
            return read_head(parts, name, called, call)
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
        inputs.append(variable := variable_read(parts, variable_at))
        if isinstance(parts.known[variable].domain, Symbols):
            parts.source.refuse(variable_at, f"the symbols of `{variable}`", "a numeric variable here")
        parts.lines[Entry(name, "coefficient", (variable,))] = term.lineno
    constant = options_of(parts, call, ["constant"]).get("constant")
    parts.lines[Entry(name, "coefficient")] = call.lineno if constant is None else constant.lineno
    if not inputs:
        parts.source.unexpected(call, "`_linear((number, variable), ...)`")
    return Linear(name, tuple(inputs), tuple(coefficients), 0 if constant is None else _number(parts, constant))


def _number(parts: Parts, node: ast.expr) -> Number:
    value = literal_value(parts.source, node)
    if not isinstance(value, int | Fraction):
        parts.source.refuse(node, f"{value!r}", "a number")
    return value


# Heads and lookups ####################################################################################################


def _lookup(parts: Parts, name: str, call: ast.Call) -> Lookup:
    options_of(parts, call, [])
    if len(call.args) < 2:
        parts.source.unexpected(call, f"`elementwise({LOOKUP}{name}, ...)` over 1 variable or more")
    inputs = tuple(variable_read(parts, at) for at in call.args[1:])
    function = own_function(parts, call.args[0], LOOKUP + name, name)
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
    lookup = Lookup(name, inputs, tuple(levels), declared(parts, name), cells, listed)
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
    check_work(parts, function, [len(values) for values in axes])
    answer = Function(parts.source, body, parameters, tests=False)
    keys = list(product(*axes))
    return keys, [answer(*key) or (None, function.lineno) for key in keys], None


def _check_answers(parts: Parts, function: ast.FunctionDef, lookup: Lookup) -> None:
    """A better place than the whole function for an answer that the lookup cannot give."""
    for node in statements(function):
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
                    return _capped(parts, call, name, domain, cap), rest
                case "round_down", [ast.Name(id=first), levels_at] if first == name:
                    parts.called.add("round_down")
                    values = [value for value, _ in literal_items(parts.source, levels_at)]
                    levels = [value for value in values if isinstance(value, int | Fraction)]
                    if len(levels) == len(values):
                        return tuple(levels), rest
    at = body[0] if body else function
    parts.source.unexpected(at, f"`{name} = min({name}, CAP)` first: a number needs its levels")


def _capped(parts: Parts, call: ast.Call, name: str, domain: Numeric, cap: int) -> tuple[Number, ...]:
    """The levels of a count up to a cap."""
    if cap >= MOST_CALLS:
        parts.source.unexpected(call, f"a cap below {MOST_CALLS:,}")
    if domain.low < 0 or not isinstance(domain, Numbers) or domain.denominator != 1:
        parts.source.unexpected(call, f"`round_down({name}, (...))`: not a count")
    return tuple(range(cap + 1))


def _embedding(parts: Parts, name: str, call: ast.Call) -> Embedding:
    wanted = f"embed('{name}', EMBEDDINGS['{name}'], tokens)"
    if ast.unparse(call) != wanted:
        parts.source.unexpected(call, f"`{wanted}`")
    symbols = declared(parts, name)
    written = parts.constants.get("EMBEDDINGS")
    if symbols is None or written is None:
        lacking = "DOMAINS" if symbols is None else "EMBEDDINGS"
        parts.source.refuse(call, f"`{name}`, which {lacking} does not list", "its table and what it may answer")
    beside = ast.unparse(written) in SIDE_EMBEDDINGS
    values = _words_beside(parts, name, written) if beside else _words(parts, name, written, call)
    if unknown := [word for word in values if word not in parts.frame.symbols("tokens").codes]:
        parts.source.refuse(written, f"the word {unknown[0]!r} in the table of {name}", "words of VOCABULARY")
    return Embedding(name, symbols, tuple(values.get(word) for word in parts.frame.vocabulary))


def _words_beside(parts: Parts, name: str, written: ast.expr) -> Mapping[str, Symbol]:
    """The table of an embedding in the side file."""
    found = parts.tables.get("EMBEDDINGS", {}).get(name, {})
    try:
        values: Mapping[str, Symbol] = {word: value_of_json(value) for word, value in found.items()}
    except (AttributeError, ValueError):
        raise BadFile(f"the side file of {parts.source.path} has no table of words for {name}; emit it again") from None
    if ast.unparse(written) == SIDE_EMBEDDINGS[0] and not all(isinstance(v, str | int) for v in values.values()):
        parts.source.unexpected(written, f"`{SIDE_EMBEDDINGS[1]}`, as the table of {name} needs")
    return values


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
