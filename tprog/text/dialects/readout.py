"""READOUT in a tpdebug module: syntax -> weights."""

from __future__ import annotations

import ast
from typing import cast

from tprog.edits.entry import Entry
from tprog.errors import BadFile
from tprog.ir.program import Symbols, Value, Weights
from tprog.text.dialects.parts import Parts
from tprog.text.dialects.subset import dict_items, literal_items
from tprog.text.emit import Block


def read_weights(parts: Parts) -> tuple[Weights, ...]:
    terms = []
    for name, (name_at, value) in dict_items(parts.source, parts.constants["READOUT"]).items():
        if not isinstance(name, str) or name not in parts.known:
            parts.source.refuse(name_at, f"{name!r} in READOUT", "the name of an input or node")
        domain = parts.known[name].domain
        if not isinstance(domain, Symbols):
            _place(parts, ("weights", name), value)
            terms.append(Weights(name, (_row(parts, value),)))
        elif ast.unparse(value) == f"TABLES['READOUT']['{name}']":
            terms.append(Weights(name, _side_rows(parts, name, domain)))
        else:
            rows: dict[Value, tuple[int, ...]] = {}
            for key, (key_at, row_at) in dict_items(parts.source, value).items():
                if key not in domain.codes:
                    parts.source.refuse(key_at, f"{key!r}", f"a value of `{name}`")
                _place(parts, ("weights", name, key), row_at)
                rows[key] = _row(parts, row_at)
            terms.append(Weights(name, tuple(rows.get(symbol) for symbol in domain)))
    return tuple(terms)


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
