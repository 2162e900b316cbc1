"""READOUT in a tpdebug module: syntax -> weights."""

from __future__ import annotations

import ast
from typing import cast

from tprog.errors import BadFile
from tprog.ir.entry import Entry
from tprog.ir.program import Symbols, Value, Weights
from tprog.text import identities
from tprog.text.dialects.calls import ordered_values
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.subset import dict_items, literal_items, literal_value
from tprog.text.emit import Block
from tprog.text.identities import identity_row, plain_symbols, turned
from tprog.text.readout import TURNED


def read_weights(parts: Parts) -> tuple[Weights, ...]:
    terms = []
    for name, (name_at, value) in dict_items(parts.source, parts.constants["READOUT"]).items():
        if not isinstance(name, str) or name not in parts.known:
            parts.source.refuse(name_at, f"{name!r} in READOUT", "the name of an input or node")
        domain = parts.known[name].domain
        if not isinstance(domain, Symbols):
            _place(parts, ("weights", name), value)
            terms.append(Weights(name, (_row(parts, value),)))
        elif isinstance(value, ast.Subscript) and ast.unparse(value) == f"TABLES['READOUT']['{name}']":
            terms.append(Weights(name, _side_rows(parts, name, domain)))
        elif isinstance(value, ast.Call):
            terms.append(Weights(name, _identity_rows(parts, name, domain, value)))
        else:
            rows = _rows(parts, name, domain, value, missing=False)
            terms.append(Weights(name, tuple(rows.get(symbol) for symbol in domain)))
    return tuple(terms)


def _rows(
    parts: Parts, name: str, domain: Symbols, node: ast.expr, *, missing: bool
) -> dict[Value, tuple[int, ...] | None]:
    """The rows that a dictionary lists; None stands for one that is missing, where it may."""
    rows: dict[Value, tuple[int, ...] | None] = {}
    for key, (key_at, row_at) in dict_items(parts.source, node).items():
        if key not in domain.codes:
            parts.source.refuse(key_at, f"{key!r}", f"a value of `{name}`")
        _place(parts, ("weights", name, key), row_at)
        none = missing and isinstance(row_at, ast.Constant) and row_at.value is None
        rows[key] = None if none else _row(parts, row_at)
    return rows


def _identity_rows(parts: Parts, name: str, domain: Symbols, call: ast.Call) -> tuple[tuple[int, ...] | None, ...]:
    """The rows of ``_identity({value: row, ...}, values, CLASSES, weight)``; CLASSES may be turned by one."""
    match call:
        case ast.Call(func=ast.Name(id="_identity"), args=[rows_at, values_at, classes_at, weight_at], keywords=[]) if (
            step := step_of(classes_at)
        ) is not None:
            parts.called.add("_identity")
        case _:
            wanted = "`{value: (weight, ...), ...}` or `_identity({...}, values, CLASSES, weight)`"
            parts.source.unexpected(call, wanted)
    if ordered_values(parts, values_at) != domain.values or not plain_symbols(domain.values):
        parts.source.unexpected(
            values_at, f"a tuple with the values of `{name}`, words or whole numbers, in their order"
        )
    count = len(domain) * len(parts.frame.classes)
    if count > identities.MOST_WEIGHTS:
        parts.source.refuse(call, f"{count:,} weights", f"at most {identities.MOST_WEIGHTS:,} in one `_identity`")
    weight = literal_value(parts.source, weight_at)
    if type(weight) is not int:
        parts.source.refuse(weight_at, f"the weight {weight!r}", "a whole number")
    _check_defined(parts, call)
    exceptions = _rows(parts, name, domain, rows_at, missing=True)
    classes = turned(parts.frame.classes, step)
    made: list[tuple[int, ...] | None] = []
    for value in domain:
        if value not in exceptions:
            _place(parts, ("weights", name, value), call)
        made.append(exceptions.get(value, identity_row(value, classes, weight)))
    return tuple(made)


def step_of(classes: ast.expr) -> int | None:
    """How far the classes of an identity are turned; None if they are no such classes."""
    written = ast.unparse(classes)
    return next((step for step, text in TURNED.items() if text == written), None)


def _check_defined(parts: Parts, call: ast.Call) -> None:
    """Refuse a call of what the module defines below it."""
    for used in (node.id for node in ast.walk(call) if isinstance(node, ast.Name)):
        found = parts.functions.get(used) or parts.constants.get(used)
        if found is not None and found.lineno > call.lineno:
            parts.source.refuse(call, f"`{used}` before it is defined", "READOUT behind all that it names")


def _place(parts: Parts, block: Block, row: ast.expr) -> None:
    parts.blocks[block] = (row.lineno, row.end_lineno or row.lineno)
    parts.lines[Entry("readout", "weights", block[1:])] = row.lineno


def _row(parts: Parts, node: ast.expr) -> tuple[int, ...]:
    row = [value for value, _ in literal_items(parts.source, node)]
    if len(row) != len(parts.frame.classes) or not all(isinstance(weight, int) for weight in row):
        parts.source.refuse(
            node, f"a row of {len(row)} weights", f"{len(parts.frame.classes)} whole numbers, one for each of CLASSES"
        )
    return cast("tuple[int, ...]", tuple(row))


def _side_rows(parts: Parts, name: str, domain: Symbols) -> tuple[tuple[int, ...] | None, ...]:
    found = parts.tables.get("READOUT", {}).get(name, {})
    rows = [found.get(word) for word in domain]
    for row in rows:
        fits = isinstance(row, list) and len(row) == len(parts.frame.classes) and all(type(w) is int for w in row)
        if row is not None and not fits:
            raise BadFile(f"the side file of {parts.source.path} has the row {row!r} for {name}; emit it again")
    return tuple(None if row is None else tuple(row) for row in rows)
