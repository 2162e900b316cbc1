"""A changed Program shown in the tables of the tpdebug module that it was read from: what stands there as data.

EMBEDDINGS and READOUT in the module itself or in its side file, DOMAINS, and the comments that list words.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TypeAlias

from tprog.errors import BadSource
from tprog.ir.program import Program, Symbol, Symbols, Value
from tprog.ir.values import json_value
from tprog.text.builder import Builder, literal, tuple_end, tuple_literal
from tprog.text.clusters import cluster_comments
from tprog.text.dialects.readout import step_of
from tprog.text.dialects.subset import Source, dict_items
from tprog.text.emit import side_text
from tprog.text.identities import identity_row, turned
from tprog.text.merge import items, parsed, respelled
from tprog.text.readout import weights_literal
from tprog.text.splice import GONE, Change, Places, spliced
from tprog.text.syntax import parse_python

Rows: TypeAlias = Sequence[tuple[Value, str | None]]
"""Key and text of each row of a table; None where there is none."""


def cluster_changes(
    places: Places, constants: Mapping[str, ast.Assign], before: Program, after: Program
) -> Iterator[Change]:
    """The comments above EMBEDDINGS that list words. What a person has written there instead stays."""
    told, tell = cluster_comments(before), cluster_comments(after)
    if "EMBEDDINGS" not in constants or told == tell:
        return
    start, end = 0, places.begin(constants["EMBEDDINGS"])
    for name in (name for name in told if name in tell and told[name] != tell[name]):
        if (at := places.text.find(f"# {name}", start, end)) >= 0:
            lines = zip_longest(told[name].values(), tell[name].values(), fillvalue=())
            yield from _comment_changes(places.text, at, end, lines)


def _comment_changes(
    text: str, at: int, end: int, lines: Iterable[tuple[Sequence[str], Sequence[str]]]
) -> Iterator[Change]:
    """The comments of one embedding, between two places of the text: the old lines and the new ones of each value."""
    for old, new in lines:
        wanted = [re.escape(line) for line in old]
        if found := re.compile(r"\r?\n".join(wanted) + r"$", re.MULTILINE).search(text, at, end):
            at = found.end()
            if old != new:
                yield found.start(), found.end(), "\n".join(new) or GONE
        elif not old:
            yield at, at, "".join(f"\n{line}" for line in new)


def domain_changes(
    places: Places, constants: Mapping[str, ast.Assign], path: str, before: Program, after: Program
) -> Iterator[Change]:
    """What each embedding and lookup may answer, where that has other names."""
    listed = constants["DOMAINS"].value if "DOMAINS" in constants else None
    if not isinstance(listed, ast.Dict):
        return
    for name, (_, at) in dict_items(Source(path, symbols=True), listed).items():
        old, new = before.by_name.get(str(name)), after.by_name.get(str(name))
        if old is not None and new is not None and new.declares and old.declares != new.declares:
            out = Builder(1)
            if (written := tuple_literal(new.declares)).startswith("range"):
                out.line(written)
            else:
                out.wrapped("(", [literal(symbol) for symbol in new.declares], tuple_end(new.declares))
            yield from _respelled(places, at, "\n".join(out.lines).strip())


def table_changes(
    places: Places, constants: Mapping[str, ast.Assign], path: str, before: Program, after: Program
) -> Iterator[Change]:
    """The rows of EMBEDDINGS and READOUT that stand in the module itself."""
    source = Source(path, symbols=True)
    for name, tables in (("EMBEDDINGS", _words(before, after)), ("READOUT", _weights(before, after))):
        value = constants[name].value if name in constants else None
        if not isinstance(value, ast.Dict):
            continue
        found = dict_items(source, value)
        for variable, (old, new) in tables.items():
            at = found[variable][1]
            if isinstance(at, ast.Dict):
                yield from _rows_anew(places, source, at, old, new)
            elif isinstance(at, ast.Call):
                yield from _beside_identity(places, source, at, after.written_classes, (old, new))
            elif isinstance(at, ast.Tuple) and old[0][1] != new[0][1] and new[0][1] is not None:
                yield from _respelled(places, at, new[0][1])


def _rows_anew(places: Places, source: Source, table: ast.Dict, old: Rows, new: Rows) -> Iterator[Change]:
    """The keys of a table that have other names, and its rows that are others."""
    keys = [literal(key) for key in dict_items(source, table)]
    renamed = {literal(key): literal(named) for (key, _), (named, _) in zip(old, new, strict=True)}
    for key, node in zip(keys, table.keys, strict=True):
        if node is not None and renamed.get(key, key) != key:
            yield places.begin(node), places.end(node), renamed[key]
    was = [(literal(key), text) for key, text in old]
    yield from _table(places, table, keys, was, [(key, text) for (key, _), (_, text) in zip(was, new, strict=True)])


def _beside_identity(
    places: Places, source: Source, call: ast.Call, classes: Sequence[str], sides: tuple[Rows, Rows]
) -> Iterator[Change]:
    """The changes of the rows that stand as exceptions in a call of `_identity`."""
    listed, step, weight = call.args[0], step_of(call.args[2]), ast.literal_eval(call.args[3])
    assert isinstance(listed, ast.Dict)
    assert step is not None
    classes = turned(classes, step)

    def exceptions(rows: Rows) -> list[tuple[str, str | None]]:
        found: list[tuple[str, str | None]] = []
        for key, text in rows:
            assert isinstance(key, str | int)
            alike = text == weights_literal(identity_row(key, classes, weight))
            found.append((literal(key), None if alike else text or "None"))
        return found

    keys = [literal(key) for key in dict_items(source, listed)]
    yield from _table(places, listed, keys, *map(exceptions, sides))


def _words(before: Program, after: Program, written: Callable[[Symbol], str] = literal) -> dict[str, tuple[Rows, Rows]]:
    """Embedding -> its rows, before and after, their answers as they are written there."""
    found: dict[str, tuple[Rows, Rows]] = {}
    for new in after.nodes:
        old = before.by_name.get(new.name)
        if old is not None and old.words is not None and new.words is not None and new != old:
            sides = (zip(before.vocabulary, words, strict=True) for words in (old.words, new.words))
            was, becomes = ([(word, None if v is None else written(v)) for word, v in side] for side in sides)
            found[new.name] = was, becomes
    return found


def _weights(
    before: Program, after: Program, written: Callable[[tuple[int, ...]], str] = weights_literal
) -> dict[str, tuple[Rows, Rows]]:
    """Variable -> its rows of the readout, before and after; a number has one, without a key."""
    terms = {term.variable: term for term in before.readout.terms}
    found: dict[str, tuple[Rows, Rows]] = {}
    for term in after.readout.terms:
        if (old := terms.get(term.variable)) is None:
            continue
        keys, named = _keys(before, term.variable), _keys(after, term.variable)
        if old != term or keys != named:
            was, becomes = (
                [(key, None if row is None else written(row)) for key, row in zip(domain, rows, strict=True)]
                for domain, rows in ((keys, old.rows), (named, term.rows))
            )
            found[term.variable] = was, becomes
    return found


def _keys(program: Program, variable: str) -> tuple[Value, ...]:
    """By what the rows of a variable's weights are known; of a number by nothing."""
    domain = program.variables[variable].domain
    return domain.values if isinstance(domain, Symbols) else ("",)


def _table(
    places: Places,
    table: ast.Dict,
    keys: Sequence[str],
    before: Sequence[tuple[str, str | None]],
    after: Sequence[tuple[str, str | None]],
) -> Iterator[Change]:
    """The changes of a dictionary's rows, and the rows that come or go; a key is known by its text."""
    had = dict(before)
    nodes = dict(zip(keys, table.values, strict=True))
    for key, text in after:
        old = had.get(key)
        if old is not None and text is not None and old != text:
            yield from _respelled(places, nodes[key], text)
    if any((had.get(key) is None) != (text is None) for key, text in after):
        has = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if key is not None]
        wanted = [(key, f"{key}: {text}") for key, text in after if text is not None]
        yield from items(places, (places.begin(table), places.end(table) - 1), has, keys, wanted)


def _respelled(places: Places, old: ast.expr, new: str) -> Iterator[Change]:
    written, statement = parsed(new)
    assert isinstance(statement, ast.Expr)
    return respelled(places, old, written, statement.value)


# The side file ########################################################################################################


def patched_sides(sides: Mapping[str, str], before: Program, after: Program) -> dict[str, str]:
    """The side file with the rows that differ, if it has any: JSON, which can be read as the Python that it also is."""
    sections = {
        "EMBEDDINGS": _words(before, after, lambda symbol: json.dumps(json_value(symbol))),
        "READOUT": _weights(before, after, json.dumps),
    }
    changed: dict[str, str] = {}
    for name, side in sides.items():
        if side == side_text(before):  # as it was written: a syntax tree of so many rows takes seconds
            changed |= {name: new} if (new := side_text(after)) != side else {}
            continue
        try:
            tree, places = parse_python(side, name), Places(side)
        except BadSource:
            continue  # no Python: what changed is then emitted anew
        match tree.body:
            case [ast.Expr(value=ast.Dict() as whole)]:
                found = spliced(side, _side_rows(places, whole, sections))
                if found != side:
                    changed[name] = found
    return changed


def _side_rows(
    places: Places, whole: ast.Dict, sections: Mapping[str, Mapping[str, tuple[Rows, Rows]]]
) -> Iterator[Change]:
    tables = _json_items(places, whole)
    for section, changes in sections.items():
        found = _json_items(places, tables.get(section))
        for variable, (old, new) in changes.items():
            table = found.get(variable)
            if isinstance(table, ast.Dict):
                was, becomes = ([(json.dumps(key), row) for key, row in rows] for rows in (old, new))
                keys = [json.dumps(key) for key in _json_items(places, table)]
                yield from _table(places, table, keys, was, becomes)


def _json_items(places: Places, node: ast.expr | None) -> dict[str, ast.expr]:
    if not isinstance(node, ast.Dict):
        return {}
    return {
        json.loads(places.of(key)): value for key, value in zip(node.keys, node.values, strict=True) if key is not None
    }
