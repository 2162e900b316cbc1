"""What one node does, in words: the comments of an emitted module and the labels of a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import assert_never

from tprog.ir.program import (
    BEGIN,
    END,
    AttentionHead,
    Embedding,
    Head,
    Keys,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
)

LIMIT = 60
"""No reading is longer than this many characters, unless a variable's own name is."""

_MARKS = frozenset({BEGIN, END})

_ONE = {"tokens": "token", "positions": "position"}
"""The given variables in the singular."""

_RELATIONS: Mapping[str, Callable[[Keys, int], Keys]] = {
    "equal": lambda keys, at: keys[at : at + 1],
    "different": lambda keys, at: keys[:at] + keys[at + 1 :],
    "smaller": lambda keys, at: keys[:at],
    "greater": lambda keys, at: keys[at + 1 :],
    "not smaller": lambda keys, at: keys[at:],
    "not greater": lambda keys, at: keys[: at + 1],
}
"""The keys that a relation accepts, where the query is the key of that index."""

_DIRECTION = {"all": "", "before": "earlier ", "after": "later "}


def reading(program: Program, node: Node) -> str:
    """One node in words, on one line: ``nearest earlier equal token, copies position``.

    A predicate is named as a relation where it is one for *all* its rows: nothing, anything, one constant, the same
    symbol, another symbol, an order (where the key's domain ascends), or a fixed offset of whole numbers; failing
    that, as what it is between letters, ``(marks aside)``; otherwise it is
    ``f(query)``. A reading is a summary: the rows define.
    """
    match node:
        case Embedding():
            return f"embeds tokens in {len(node.symbols)} values"
        case Head():
            return _shortened(_head(program, node))
        case NumericHead():
            return _shortened(_numeric_head(program, node))
        case Lookup(inputs=(only,)):
            return f"table of {only}"
        case Lookup():
            return f"table of ({', '.join(node.inputs)})"
        case _:
            assert_never(node)


def _head(program: Program, node: Head) -> str:
    what = _selection(program, node, _ONE.get(node.key, node.key))
    if what == "nothing":
        fallback = f"copies {node.value} at 0" if node.default is None else f"always {node.default!r}"
        return f"selects nothing, {fallback}"
    otherwise = "" if node.default is None else f", else {node.default!r}"
    what = _DIRECTION[node.mask] + what + _window(program, node)
    return f"nearest {what}, copies {_ONE.get(node.value, node.value)}{otherwise}"


def _numeric_head(program: Program, node: NumericHead) -> str:
    what = _selection(program, node, node.key)
    if what == "nothing":
        return f"selects nothing, always {0 if node.default is None else node.default}"
    what = _DIRECTION[node.mask] + what + _window(program, node)
    if node.reduce == "mean":
        return f"mean of {node.value} at {what}, else {node.default}"
    return f"counts {what}" if node.value == "ones" else f"sums {node.value} at {what}"


def _window(program: Program, node: AttentionHead) -> str:
    """What of its window a head's mask does not say: a causal head sees no later position, `skip_first` not 0."""
    return " so far" * (program.causal and node.mask == "all") + " beyond 0" * node.skip_first


def _selection(program: Program, node: AttentionHead, key: str) -> str:
    """The positions that a head selects, as an adjective and the key's name, or as an equation."""
    queries, keys = program.symbols(node.query).values, program.symbols(node.key).values
    relation = relation_of(queries, keys, node.predicate)
    aside = ""
    if not relation and not _MARKS.isdisjoint(queries):
        between_letters = relation_of(*_without_marks(queries, keys, node.predicate))
        relation, aside = ("", "") if between_letters == "nothing" else (between_letters, " (marks aside)")
    same = node.query == node.key
    query = _ONE.get(node.query, node.query)
    match relation:
        case "":
            return f"{key} = f({query})"
        case "nothing" | "anything":
            every = "position" if isinstance(node, Head) else "positions"
            return ("nothing" if relation == "nothing" else every) + aside
        case "smaller" | "greater":
            return (f"{relation} {key}" if same else f"{key} {'<' if relation == 'smaller' else '>'} {query}") + aside
        case "equal" | "different":
            return (f"{relation} {key}" if same else f"{key} {'=' if relation == 'equal' else '!='} {query}") + aside
        case "not smaller" | "not greater":
            return f"{key} {'>=' if relation == 'not smaller' else '<='} {query}{aside}"
        case _ if relation.startswith("= "):
            return f"{key} {relation}{aside}"
        case "+ 0":
            return f"{key} = {query}{aside}"
        case _:
            return f"{key} = {query} {relation}{aside}"


def _without_marks(
    queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Sequence[Keys | None]
) -> tuple[list[Symbol], list[Symbol], list[Keys | None]]:
    """A predicate between letters only."""
    kept = [(query, row) for query, row in zip(queries, rows, strict=True) if query not in _MARKS]
    return (
        [query for query, _ in kept],
        [key for key in keys if key not in _MARKS],
        [None if row is None else tuple(key for key in row if key not in _MARKS) for _, row in kept],
    )


def relation_of(queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Sequence[Keys | None]) -> str:
    """The name of the relation that a predicate is, or an empty string.

    An order is named only where the key's domain ascends; a query value that is no key has none. ``= 'a'`` is a
    constant and ``+ 1`` an offset of whole numbers, where rows whose shifted value is no key accept one
    key or none.
    """
    if None in rows:
        return ""
    found = [row or () for row in rows]
    if not any(found):
        return "nothing"
    if all(len(row) == len(keys) for row in found):
        return "anything"
    if len(set(found)) == 1:
        return f"= {found[0][0]!r}" if len(found[0]) == 1 else ""
    place = {key: index for index, key in enumerate(keys)}
    if all(query in place for query in queries):
        for name, row_at in _RELATIONS.items():
            ordered = name in ("equal", "different") or _ascends(keys)
            matching = (row == row_at(tuple(keys), place[query]) for query, row in zip(queries, found, strict=True))
            if ordered and all(matching):
                return name
    return _offset(queries, keys, found)


def _ascends(keys: Sequence[Symbol]) -> bool:
    """Whether the order of a domain is the one that "smaller" makes a reader think of."""
    numbers = [key for key in keys if isinstance(key, int)]
    words = [key for key in keys if isinstance(key, str)]
    return (not words and numbers == sorted(numbers)) or (not numbers and words == sorted(words))


def _offset(queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Sequence[Keys]) -> str:
    """``+ 1`` where every query q accepts exactly q + 1, as far as q + 1 is a key; at least two rows must show it."""
    shifts: set[int] = set()
    shown = 0
    known = set(keys)
    for query, row in zip(queries, rows, strict=True):
        if type(query) is not int or len(row) > 1:
            return ""
        for key in row:
            if type(key) is not int:
                return ""
            shifts.add(key - query)
            shown += 1
    if len(shifts) != 1 or shown < 2:
        return ""
    shift = shifts.pop()
    missed = any(type(q) is int and q + shift in known for q, row in zip(queries, rows, strict=True) if not row)
    return "" if missed else f"{'-' if shift < 0 else '+'} {abs(shift)}"


def _shortened(text: str) -> str:
    return text if len(text) <= LIMIT else text[: LIMIT - 3].rstrip() + "..."
