"""Heads that a person would write: other definitions of a node, from a small grammar of named predicates.

The grammar: what the node reads (or, if it is no head, what the other heads read, or the inputs), each mask, and the
predicates *none*, *all*, *equal*, *less*, *greater*, *one before*, *one behind*, one key for every query, and those of
the program's other heads. That a repair is likely to stand elsewhere in the program is the plastic surgery hypothesis
(Barr et al., FSE 2014).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from tprog.ir.domains import BEGIN, END, masks
from tprog.ir.program import AttentionHead, Clause, Domain, Head, Keys, Node, NumericHead, Program, Symbol, Symbols
from tprog.text.relations import EQUAL, GREATER, MARKS, ONE_LESS, ONE_MORE, SMALLER, Relation


def named_heads(program: Program, node: Node) -> Iterator[Node]:
    """Other definitions of a node that keep the domain of its values, as far as a head can."""
    before = _before(program, node)
    domain = program.variables[node.name].domain
    for frame in _frames(program, node, before, domain):
        for predicate in _predicates(program, frame):
            for mask in masks(program.causal):
                made = replace(frame, predicate=predicate, mask=mask)
                if made != node:
                    yield made


def _clauses(program: Program) -> Iterator[Clause]:
    """Those of all heads, in order."""
    for node in program.nodes:
        if node.selection is not None:
            yield from node.selection.clauses.values()


def _before(program: Program, node: Node) -> list[str]:
    names = list(program.variables)
    return names[: names.index(node.name)]


def _frames(program: Program, node: Node, before: list[str], domain: Domain) -> Iterator[AttentionHead]:
    """Heads with everything but a predicate and a mask."""
    if node.selection is not None:
        pairs = dict.fromkeys((clause.query, clause.key) for clause in node.selection.clauses.values())
        yield from (node.selection.selecting(((Clause(query, key, ()),),)) for query, key in pairs)
        return
    inputs = [("tokens", "tokens"), ("positions", "positions")]
    read = [(clause.query, clause.key) for clause in _clauses(program)]
    pairs = dict.fromkeys(pair for pair in [*inputs, *read] if set(pair) <= set(before))
    for query, key in pairs:
        if isinstance(domain, Symbols):
            for value in before:
                if program.variables[value].domain == domain:
                    yield Head(node.name, query, key, value, ())
        else:
            yield NumericHead(node.name, query, key, "ones", ())


def _predicates(program: Program, frame: AttentionHead) -> Iterator[tuple[Keys, ...]]:
    queries, keys = program.symbols(frame.query), program.symbols(frame.key)
    made: dict[tuple[Keys, ...], None] = {}

    def add(relation: Relation, but: Collection[Symbol] = ()) -> None:
        """A relation by place, which accepts none of some keys; a query that is no key accepts none."""
        rows = relation.rows(queries.values, keys.values)
        made[tuple(tuple(key for key in row or () if key not in but) for row in rows)] = None

    made[((),) * len(queries)] = None
    made[(keys.values,) * len(queries)] = None
    for but in ((), (BEGIN, END), (BEGIN,)):
        add(EQUAL, but)
    add(SMALLER, MARKS)
    add(GREATER, MARKS)
    add(ONE_LESS)
    add(ONE_MORE)
    for key in keys:
        made[((key,),) * len(queries)] = None
    for clause in _clauses(program):
        if (program.symbols(clause.query), program.symbols(clause.key)) == (queries, keys) and not clause.partial:
            made[tuple(row or () for row in clause.predicate)] = None
    yield from made
