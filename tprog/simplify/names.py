"""Names for the symbols of lookups that say what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tprog.ir.program import Clause, Program, Symbol
from tprog.simplify.search import Search
from tprog.simplify.stand_ins import renamed


def natural_names(search: Search) -> None:
    """Where a head matches a lookup's symbols one to one with another variable's, give them the names of those.

    "rank = 3 accepts position 5" becomes "equal", which is one line and not sixteen.
    """
    for name in [node.name for node in search.program.nodes]:
        for names in _matches(search.program, name):
            before, state = search.size.lines, search.state()
            if renamed(search, name, names, "its symbols named after what they are compared with"):
                if search.size.lines < before:
                    break
                search.restore(state)


def _matches(program: Program, name: str) -> Iterator[Mapping[Symbol, Symbol]]:
    """Names that would make a head that compares the node's symbols with another variable's compare for equality."""
    node = program.by_name[name]
    if node.declares is None:
        return
    for other in program.nodes:
        for clause in () if other.selection is None else other.selection.clauses.values():
            if (clause.query == name) == (clause.key == name):
                continue
            names = _names(program, node.declares, clause, clause.key == name)
            if names is not None and [*names.items()] != [(symbol, symbol) for symbol in node.declares]:
                yield names


def _names(
    program: Program, symbols: tuple[Symbol, ...], clause: Clause, as_key: bool
) -> Mapping[Symbol, Symbol] | None:
    """Old name -> new one; None if a symbol has no partner of its own."""
    partner = _partners(program, clause, as_key)
    if partner is None or len(partner) < 3:
        return None
    # What is compared with nothing needs a name that nothing else has.
    spare = (number for number in range(len(symbols) + len(partner) + 1) if number not in partner.values())
    named = {symbol: partner[symbol] if symbol in partner else next(spare) for symbol in symbols}
    order = {other: at for at, other in enumerate(program.symbols(clause.query if as_key else clause.key))}
    return dict(sorted(named.items(), key=lambda item: (order.get(item[1], len(order)), str(item[1]))))


def _partners(program: Program, clause: Clause, as_key: bool) -> dict[Symbol, Symbol] | None:
    """Each symbol and the one that it is compared with, where that is one alone; None if it is not."""
    partner: dict[Symbol, Symbol] = {}
    for query, row in zip(program.symbols(clause.query), clause.predicate, strict=True):
        if row is None or len(row) > 1:
            return None
        for key in row:
            symbol, other = (key, query) if as_key else (query, key)
            if symbol in partner or other in partner.values():
                return None
            partner[symbol] = other
    return partner
