"""What one node does, in words: the comments of an emitted module and the labels of a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

from tprog.ir.program import (
    AttentionHead,
    Clause,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
)
from tprog.ir.values import shown
from tprog.text.relations import (
    ANYTHING,
    DIFFERENT,
    EQUAL,
    GREATER,
    MARKS,
    NOTHING,
    SMALLER,
    Constant,
    Relation,
    recognised,
    said_in_code,
    without,
)

LIMIT = 60
"""No reading is longer than this many characters, unless a variable's own name is."""

_ONE = {"tokens": "token", "positions": "position"}
"""The given variables in the singular."""

_DIRECTION = {"all": "", "before": "earlier ", "after": "later "}


def reading(program: Program, node: Node) -> str:
    """One node in words, on one line: ``nearest earlier equal token, copies position``.

    A predicate is named as a relation where it is one for *all* its rows: nothing, anything, one constant, the same
    symbol, another symbol, an order (where the key's domain ascends), or a fixed offset of whole numbers; failing
    that, as what it is between letters, ``(marks aside)``; failing that, as the relation that its function says for
    most queries; otherwise it is ``f(query)``. A reading is a summary: the rows define.
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
        case Lookup(inputs=(_, _)):
            return f"table of ({', '.join(node.inputs)})"
        case Lookup():
            return _shortened(f"table of ({', '.join(node.inputs)})")
        case Linear():
            return _shortened(_formula(node))
        case _:
            assert_never(node)


def _formula(node: Linear) -> str:
    """The sum as one writes it: ``2 opened - closed + 3``."""
    said = ""
    for number, name in [*zip(node.coefficients, node.inputs, strict=True), (node.constant, "")]:
        size = "" if name and abs(number) == 1 else str(abs(number))
        said += f" {'-' if number < 0 else '+'} {f'{size} {name}'.strip()}" if number else ""
    return f"-{said[3:]}" if said.startswith(" - ") else said[3:] or "0"


def _head(program: Program, node: Head) -> str:
    what = _selection(program, node, _ONE.get(node.key, node.key))
    if what == "nothing":
        fallback = f"copies {node.value} at 0" if node.copies_first else f"always {shown(node.default)}"
        return f"selects nothing, {fallback}"
    otherwise = "" if node.copies_first else f", else {shown(node.default)}"
    what = _DIRECTION[node.mask] + what + _window(program, node)
    which = f"{what} with the {node.attend} {_ONE.get(node.by, node.by)}" if node.by else f"{node.attend} {what}"
    return f"{which}, copies {_ONE.get(node.value, node.value)}{otherwise}"


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
    """The positions that a head selects, as an adjective and the key's name, or as an equation.

    With several clauses: positions with one and another, or with a third.
    """
    every = "position" if node.kind == "head" else "positions"
    if not node.alone:
        said = (" and ".join(clause_reading(program, clause) for clause in clauses) for clauses in node.alternatives)
        return f"{every} with {', or '.join(said)}"
    clause = node.clauses[node.name]
    relation, marks_aside = named_relation(program, clause)
    if relation == NOTHING:
        return "nothing"
    if relation == ANYTHING:
        return every + " (marks aside)" * marks_aside
    return _said(program, clause, key, relation, marks_aside)


def clause_reading(program: Program, clause: Clause) -> str:
    """One of several clauses in words: ``equal token``, ``depth < depth``, ``token = f(position)``."""
    return _said(program, clause, _ONE.get(clause.key, clause.key), *named_relation(program, clause))


def _said(program: Program, clause: Clause, key: str, relation: Relation | Constant | None, marks_aside: bool) -> str:
    query = _ONE.get(clause.query, clause.query)
    aside = " (marks aside)" * marks_aside
    if relation is None:
        queries, keys = program.symbols(clause.query).values, program.symbols(clause.key).values
        found = said_in_code(queries, keys, clause.predicate, program.vocabulary)
        if found is None:
            return f"{key} = f({query})"
        relation, others = found.relation, len(found.exceptions)
        aside = f" ({'marks' if MARKS.issuperset(found.aside) else ' and '.join(map(shown, found.aside))} aside)"
        aside *= bool(found.aside)
        aside += f" but for {others} {'query' if others == 1 else 'queries'}" if others else ""
    if isinstance(relation, Constant):
        return f"{key} = {shown(relation.keys[0])}{aside}"
    if clause.query == clause.key and relation in (EQUAL, DIFFERENT, SMALLER, GREATER):
        return f"{relation.kind} {key}{aside}"
    return relation.equation(key, query) + aside


def named_relation(program: Program, clause: Clause) -> tuple[Relation | Constant | None, bool]:
    """The relation by which a predicate is named, None if by none; and whether it is one only with the marks aside."""
    queries, keys = program.symbols(clause.query).values, program.symbols(clause.key).values
    relation = _relation(queries, keys, clause.predicate)
    if relation is None and not MARKS.isdisjoint(queries):
        between_letters = _relation(*without(MARKS, queries, keys, clause.predicate))
        if between_letters not in (None, NOTHING):
            return between_letters, True
    return relation, False


# Cached, since simplifying prints a program anew for each of very many candidates, which differ in one node.
@lru_cache(maxsize=4096)
def _relation(queries: tuple[Symbol, ...], keys: Keys, rows: tuple[Keys | None, ...]) -> Relation | Constant | None:
    """What all rows of a predicate are, as far as it is said in words: of constants, only one key."""
    found = recognised(queries, keys, rows, modular=False)
    several = found is not None and isinstance(found.relation, Constant) and len(found.relation.keys) > 1
    return None if found is None or several else found.relation


def _shortened(text: str) -> str:
    return text if len(text) <= LIMIT else text[: LIMIT - 3].rstrip() + "..."
