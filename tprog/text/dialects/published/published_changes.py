"""A changed Program shown in the published module that it was read from, and in its side files.

Only the spans concerned are rewritten: a changed row of a predicate, or cell of a lookup, is a branch put before the
others, since the first that fits answers; a read is a name; a weight or word is one cell of a CSV. What cannot be said
so (another set of nodes, a mask, a hole) is left to the caller, who reads the result back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from tprog.ir.domains import Keys, Symbol, Value
from tprog.ir.entries import Entries
from tprog.ir.entry import Entry
from tprog.ir.nodes import AttentionHead, Node
from tprog.ir.program import Program, Symbols
from tprog.ir.readout import Weights
from tprog.text.builder import literal
from tprog.text.dialects.published.module import Published
from tprog.text.dialects.published.scope import Chained, Scope
from tprog.text.merge import in_front
from tprog.text.splice import Change, Places, spliced

_CELL = re.compile(r'"(?:[^"]|"")*"|[^,\r\n]*')


def patched_module(published: Published, text: str, after: Program) -> str:
    """The module's own text with what differs in `after`, as far as this dialect can say it."""
    if {node.name for node in published.program.nodes} != {node.name for node in after.nodes}:
        return text
    return spliced(text, _changes(published, Places(text), after))


def patched_sides(published: Published, sides: Mapping[str, str], after: Program) -> dict[str, str]:
    """Those of the side files `sides` (name -> text) that change, with their new text."""
    changes: dict[str, dict[int, list[tuple[int, str]]]] = {}
    for name, line, place, cell in (*_weights(published, after), *_words(published, after)):
        changes.setdefault(name, {}).setdefault(line, []).append((place, cell))
    return {name: _with_cells(sides[name], rows) for name, rows in changes.items()}


# The module ###########################################################################################################


def _changes(published: Published, places: Places, after: Program) -> Iterator[Change]:
    scope, before = published.scope, published.program
    distance = scope.helpers.self_distance
    if after.self_rule != before.self_rule and distance is not None:
        yield places.begin(distance), places.end(distance), scope.helpers.self_distances[after.self_rule]
    for node in after.nodes:
        old = before.by_name.get(node.name)
        if old is None or old.kind != node.kind:
            continue
        yield from _reads(scope, places, old, node)
        chained = scope.chains.get(node.name)
        if chained is not None and (lines := list(_branches(before, old, after, node, chained))):
            yield in_front(places, places.offset(chained.first, chained.indent), lines)


def _reads(scope: Scope, places: Places, old: Node, new: Node) -> Iterator[Change]:
    """Other names where a node now reads other variables."""
    local = {variable: name for name, variable in scope.variables.items()}
    for one, other in zip(old.roles, new.roles, strict=False):
        if one != other and (at := scope.places.get((new.name, one.role, one.place))) and other.variable in local:
            yield places.offset(*at[:2]), places.offset(*at[2:]), local[other.variable]


def _branches(before: Program, old: Node, after: Program, new: Node, chained: Chained) -> Iterator[str]:
    """The lines to put in front of a function's chain: what answers first."""
    if old.selection is None:
        return _cells(before, old, after, new, chained)
    assert new.selection is not None, "they are of the same kind"
    return _rows(before, old.selection, after, new.selection, chained)


def _rows(before: Program, old: AttentionHead, after: Program, new: AttentionHead, chained: Chained) -> Iterator[str]:
    """A branch for each set of keys that some queries newly accept."""
    if (before.variables[old.query], before.variables[old.key]) != (
        after.variables[new.query],
        after.variables[new.key],
    ):
        return
    groups: dict[Keys, list[Symbol]] = {}
    for query, one, other in zip(after.symbols(new.query), old.predicate, new.predicate, strict=True):
        if one != other and other is not None:
            groups.setdefault(other, []).append(query)
    query_name, key_name = chained.names
    for keys, queries in groups.items():
        yield f"if {query_name} in {_set(queries)}:"
        if not keys:
            yield "    return False"
        elif len(keys) == len(after.symbols(new.key)):
            yield "    return True"
        elif len(keys) == 1:
            yield f"    return {key_name} == {_literal(keys[0])}"
        else:
            yield f"    return {key_name} in {_set(keys)}"


def _cells(before: Program, old: Node, after: Program, new: Node, chained: Chained) -> Iterator[str]:
    """A branch for each changed cell; the last level of a count is all from there on."""
    was, becomes = old.entries, new.entries
    if was.levels != becomes.levels or any(
        before.variables[one].domain != after.variables[other].domain
        for one, other in zip(was.asked, becomes.asked, strict=True)
    ):
        return
    groups: dict[Symbol, list[tuple[Value, ...]]] = {}
    for key, one, other in zip(becomes.keys(after.variables), was.answers, becomes.answers, strict=True):
        if one != other and isinstance(other, str | int):
            groups.setdefault(other, []).append(key)
    for answer, keys in groups.items():
        for test in _tests(becomes, keys, chained):
            yield f"if {test}:"
            yield f"    return {_literal(answer)}"


def _tests(entries: Entries, keys: Sequence[tuple[Value, ...]], chained: Chained) -> Iterator[str]:
    """Tests that hold for some cells together: one for all at no cap, where a name stands for the arguments."""
    exact = [key for key in keys if not _at_cap(entries, key)]
    if exact and chained.key is not None:
        members = [f"({', '.join(map(_literal, key))})" if len(key) > 1 else _literal(key[0]) for key in exact]
        yield f"{chained.key} in {{{', '.join(members)}}}"
        exact = []
    for key in exact + [key for key in keys if _at_cap(entries, key)]:
        yield " and ".join(_test(entries, chained, place, value) for place, value in enumerate(key))


def _at_cap(entries: Entries, key: tuple[Value, ...]) -> bool:
    return any(levels is not None and value == levels[-1] for levels, value in zip(entries.levels, key, strict=True))


def _test(entries: Entries, chained: Chained, place: int, value: Value) -> str:
    levels = entries.levels[place]
    sign = ">=" if levels is not None and value == levels[-1] else "=="
    return f"{chained.names[place]} {sign} {_literal(value)}"


def _set(values: tuple[Symbol, ...] | list[Symbol]) -> str:
    return "{" + ", ".join(map(_literal, values)) + "}"


def _literal(value: Value) -> str:
    """A value as this dialect writes it: the member of an enum by its name, a string in double quotes."""
    is_member = isinstance(value, str) and re.fullmatch(r"[A-Za-z_]\w*\.V\d\d+", value, re.ASCII)
    return str(value) if is_member else literal(value)


# The side files #######################################################################################################

_Cell = tuple[str, int, int, str]
"""File, line (1-based), column (0-based), and the new text of the cell."""


def _weights(published: Published, after: Program) -> Iterator[_Cell]:
    before, scope = published.program, published.scope
    if after.readout.scale != before.readout.scale or after.classes != before.classes:
        return
    old_terms: Mapping[str, Weights] = {term.variable: term for term in before.readout.terms}
    for term in after.readout.terms:
        old = old_terms.get(term.variable)
        if old is not None and len(old.rows) == len(term.rows):
            yield from _term_cells(scope, after, old, term)


def _term_cells(scope: Scope, after: Program, old: Weights, term: Weights) -> Iterator[_Cell]:
    """The cells of one variable's weights that differ."""
    domain = after.variables[term.variable].domain
    keys: list[tuple[Value, ...]] = [(value,) for value in domain] if isinstance(domain, Symbols) else [()]
    for key, one, other in zip(keys, old.rows, term.rows, strict=True):
        place = scope.side_lines.get(Entry("readout", "weights", (term.variable, *key)))
        if one == other or one is None or other is None or place is None:
            continue
        for column, (was, now) in enumerate(zip(one, other, strict=True)):
            if was != now:
                yield (*place, column + 2, decimal_text(now, after.readout.scale))


def decimal_text(weight: int, scale: int) -> str:
    """weight / scale as a decimal, exactly; `scale` is a power of ten."""
    places = len(str(scale)) - 1
    digits = str(abs(weight)).rjust(places + 1, "0")
    whole, behind = digits[: len(digits) - places], digits[len(digits) - places :].rstrip("0")
    return f"{'-' if weight < 0 else ''}{whole}.{behind or '0'}"


def _words(published: Published, after: Program) -> Iterator[_Cell]:
    scope = published.scope
    for node in after.nodes:
        old = published.program.by_name.get(node.name)
        if old is None or old.words is None or node.words is None or node.name not in scope.columns:
            continue
        column, enum = scope.columns[node.name]
        for word, one, other in zip(after.vocabulary, old.words, node.words, strict=False):
            place = scope.side_lines.get(Entry(node.name, "word", (word,)))
            if one == other or other is None or place is None:
                continue
            number = str(other) if enum is None else str(other).rsplit(".V", 1)[-1]
            if number.isdigit():
                yield (*place, column, str(int(number)))


def _with_cells(text: str, rows: Mapping[int, list[tuple[int, str]]]) -> str:
    """A CSV with some cells replaced; the text of all others stays as it is."""
    places = Places(text)
    changes = []
    for number, cells in rows.items():
        spans = list(_spans(text, places.starts[number - 1]))
        changes += [(*spans[place], cell) for place, cell in cells if place < len(spans)]
    return spliced(text, changes)


def _spans(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where the cells of a row begin and end; a quoted one may have line breaks in it."""
    while True:
        found = _CELL.match(text, begin)
        assert found is not None
        yield found.span()
        begin = found.end() + 1
        if text[begin - 1 : begin] != ",":
            return
