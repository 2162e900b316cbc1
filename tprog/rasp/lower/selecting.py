"""Selectors as what a head asks: a variable of the query, one of the key, and the keys that each query accepts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tprog.ir.domains import Keys, Mask
from tprog.ir.selections import Clause, all_of, any_of, none_of
from tprog.ir.selections import Selection as Alternatives
from tprog.ir.values import Symbol
from tprog.rasp.expressions import (
    Constant,
    Elementwise,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
)
from tprog.rasp.functions import Function, comparison
from tprog.rasp.lower.building import Building
from tprog.rasp.lower.held import Held, NotLowered
from tprog.rasp.lower.judging import Judge, Side, selects_of, side_of, tokens_of, variables_of
from tprog.rasp.lower.splitting import Split, split

MOST_PAIRS, MOST_COMPARED = 200_000, 2_000_000
"""Pairs of a query value and a key value for which a predicate is asked; and pairs of numbers that are compared."""

FEW_PAIRS = 40_000
"""Pairs up to which several selects become one predicate; with more, each has its own."""


@dataclass(frozen=True)
class Selection:
    """What a selector selects.

    Attributes:
        query, key: variables.
        rows: query value, in the order of its domain -> the accepted keys; None is a hole.
        single: whether it is known to select one position at most.
        filled: whether it is known to select one at least.
        rank: whether its width is known to be 0 to n - 1 on the n positions, each once.
        uniform: whether it is known to select the same for all positions.
        also, instead: further clauses and alternatives, as of a head.
        own: whether it is known to select each position for itself alone.
    """

    query: str
    key: str
    rows: tuple[Keys | None, ...]
    mask: Mask
    single: bool
    filled: bool
    rank: bool
    uniform: bool
    also: tuple[Clause, ...] = ()
    instead: tuple[tuple[Clause, ...], ...] = ()
    own: bool = False


def selection(building: Building, selector: Selector) -> Selection:
    """What a head must ask to select what a selector does.

    Raises:
        NotLowered: there is no such head.
    """
    if id(selector) not in building.selections:
        building.selections[id(selector)] = _selection(building, selector)
        building.alive.append(selector)
    found = building.selections[id(selector)]
    assert isinstance(found, Selection)
    return found


def _selection(building: Building, selector: Selector) -> Selection:
    mask, rest = _without_masks(building, selector)
    selects = list({id(each): each for one in rest for each in selects_of(one)}.values())
    if (found := split(building, mask, rest, selects)) is not None:
        return _of_split(building, selector, mask, found)
    if len(selects) > 1 and _is_large(building, selects):
        return _of_clauses(building, selector, mask, rest, selects)
    query, key, table = _predicate(building, selector, mask, rest, selects)
    symbols = tuple(key.values)
    rows = tuple(None if row is None else tuple(symbols[at] for at in row) for row in table)
    return _facts(building, selector, query, key, rows, mask, _is_order(query, key, table))


def _of_split(building: Building, selector: Selector, mask: Mask, found: Split) -> Selection:
    single, filled = _known(building, selector) or (found.single, mask == "all" and found.filled)
    rank = not building.frame.causal and mask == "all" and found.order
    (first, *also), *instead = found.alternatives
    uniform = _same_for_all(building, mask, found.alternatives)
    return Selection(
        first.query, first.key, first.predicate, mask, single, filled, rank, uniform, tuple(also), tuple(instead)
    )


def _same_for_all(building: Building, mask: Mask, alternatives: Alternatives) -> bool:
    """Whether clauses select the same for every query."""
    clauses = [clause for each in alternatives for clause in each]
    return mask == "all" and not building.frame.causal and all(len(set(each.predicate)) == 1 for each in clauses)


def _predicate(
    building: Building, selector: Selector, mask: Mask, parts: Sequence[Selector], selects: Sequence[Select]
) -> tuple[Held, Held, list[list[int] | None]]:
    """One variable of the query, one of the key, and the places of the keys that each query accepts."""
    keys = side_of(building, [select.keys for select in selects])
    queries = side_of(building, [select.queries for select in selects])
    query, key = variables_of(building, queries.held, keys.held)
    judge = Judge(building, parts, keys, queries)
    most = MOST_COMPARED if judge.compares_numbers else MOST_PAIRS
    if len(query.values) * len(key.values) > most:
        raise NotLowered(
            selector, f"it asks {len(query.values):,} x {len(key.values):,} pairs of values; expected at most {most:,}"
        )
    table = judge.table(selector, query, key, mask)
    judge.guard(query, key, mask)
    if (truth := _truth_of_keys(building, keys, selects, table)) is not None:
        return _predicate(building, truth, mask, [truth], [truth])
    tokens = tokens_of(building)
    if len(tokens.values) < len(query.values) and None not in table and _is_one_row(table):
        return tokens, key, table[:1] * len(tokens.values)  # nothing is asked of the query
    return query, key, table


def _truth_of_keys(
    building: Building, keys: Side, selects: Sequence[Select], table: list[list[int] | None]
) -> Select | None:
    """The same as a select of a truth, if nothing is asked of the query and the keys are no symbols by themselves."""
    held, first = keys.held, table[0] if table and _is_one_row(table) else None
    if held is None or len(selects) != 1 or first is None:
        return None
    roots = [building.held(root) for root in building.table(keys.exprs).roots]
    if (len(roots) == 1 and not roots[0].numeric) or sum(map(bool, held.values.values())) < 3:
        return None
    (select,) = selects
    symbols = list(held.values)
    yes = {value for at in first for row in keys.options[symbols[at]] for value in row}
    function = Function(select.predicate.symbol, lambda value: value in yes, "operator", sees_nothing=True, wanted=1)
    truth = Elementwise(dialect=select.dialect, function=function, inputs=(select.keys,), where=select.where)
    true = Constant(dialect=select.dialect, value=True, where=select.where)
    made = replace(select, keys=truth, queries=true, predicate=comparison("=="))
    building.alive.append(made)
    return made


def _is_one_row(table: Sequence[list[int] | None]) -> bool:
    """Whether all queries accept the same keys."""
    return all(row == table[0] for row in table)


# Clauses ##############################################################################################################

MOST_ALTERNATIVES = 16
"""Alternatives of a selector of clauses."""


def _is_large(building: Building, selects: Sequence[Select]) -> bool:
    """Whether one variable for all keys, or all queries, of several selects would have very many values."""
    most = 1
    for side in ([select.keys for select in selects], [select.queries for select in selects]):
        roots = {id(root): building.held(root) for root in building.chain(side).roots}
        if len(roots) > 1:
            most *= math.prod(len(held.values) for held in roots.values())
    return most > FEW_PAIRS


def _of_clauses(
    building: Building, selector: Selector, mask: Mask, parts: Sequence[Selector], selects: Sequence[Select]
) -> Selection:
    """A selector as alternatives of clauses, each of which is a select with variables of its own."""
    leaves: dict[int, Alternatives] = {}
    facts: dict[Clause, Selection] = {}
    domains: dict[str, tuple[Symbol, ...]] = {}
    for select in selects:
        query, key, table = _predicate(building, select, mask, [select], [select])
        domains[key.variable] = tuple(key.values)
        rows = _named(table, tuple(key.values))
        clause = Clause(query.variable, key.variable, rows)
        leaves[id(select)] = ((clause,),)
        facts[clause] = _facts(building, select, query, key, rows, mask, order=False)
    found = all_of(*(_alternatives(part, leaves, domains) for part in parts))
    if not 1 <= len(found) <= MOST_ALTERNATIVES:
        raise NotLowered(selector, f"it has {len(found):,} alternatives; expected 1 to {MOST_ALTERNATIVES}")
    (first, *also), *instead = found
    single = not instead and any(clause in facts and facts[clause].single for clause in (first, *also))
    filled = (known := _known(building, selector)) is not None and known[1]
    uniform = _same_for_all(building, mask, ((first, *also), *instead))
    return Selection(
        first.query, first.key, first.predicate, mask, single, filled, False, uniform, tuple(also), tuple(instead)
    )


def _named(table: Sequence[list[int] | None], symbols: Sequence[Symbol]) -> tuple[Keys | None, ...]:
    """The rows of a table, with the symbols in the place of their numbers."""
    return tuple(None if row is None else tuple(symbols[at] for at in row) for row in table)


def _alternatives(
    selector: Selector, leaves: dict[int, Alternatives], domains: Mapping[str, tuple[Symbol, ...]]
) -> Alternatives:
    """The alternatives of a selector.

    Args:
        leaves: of each select; those of a selector that is made of them are added, as it may be part of many.
    """
    if id(selector) not in leaves:
        match selector:
            case SelectorAnd():
                found = all_of(
                    _alternatives(selector.first, leaves, domains), _alternatives(selector.second, leaves, domains)
                )
            case SelectorOr():
                found = any_of(
                    _alternatives(selector.first, leaves, domains), _alternatives(selector.second, leaves, domains)
                )
            case _:
                assert isinstance(selector, SelectorNot)
                found = none_of(_alternatives(selector.inner, leaves, domains), domains)
        if len(found) > 20 * MOST_ALTERNATIVES:
            raise NotLowered(selector, f"it has {len(found):,} alternatives; expected 1 to {MOST_ALTERNATIVES}")
        leaves[id(selector)] = found
    return leaves[id(selector)]


def beside(building: Building, asked: Selection) -> Selection:
    """The same for a head that attends to the nearest: the position before is the nearest of all before it, and in a
    program that is not causal the one behind the nearest of all behind."""
    if (asked.query, asked.key) != ("positions", "positions") or asked.also or asked.instead:
        return asked
    places = range(building.frame.length)
    steps: list[tuple[int, Mask]] = [(-1, "before"), *([] if building.frame.causal else [(1, "after")])]  # type: ignore[list-item]
    for step, mask in steps:
        wanted = tuple((at + step,) if at + step in places else () for at in places)
        if asked.rows == wanted and asked.mask in ("all", mask):
            every = (tuple(places),) * len(building.frame.words)
            return replace(asked, query="tokens", rows=every, mask=mask)
    return asked


def joined(asked: Selection, best: str, by: Held) -> Selection:
    """A selection, of whose positions only those count where a variable is what another says.

    Args:
        best: what it must be, in the domain of `by`.
    """
    same = Clause(best, by.variable, tuple((symbol,) for symbol in by.values))
    return replace(
        asked, also=(*asked.also, same), instead=tuple((*alternative, same) for alternative in asked.instead)
    )


# Masks ################################################################################################################


def _without_masks(building: Building, selector: Selector) -> tuple[Mask, list[Selector]]:
    """The mask that one of the selectors of an And is, and the others."""
    mask: Mask = "all"
    rest: list[Selector] = []
    for each in _conjuncts(selector):
        found = _mask(building, each)
        if found is not None and mask in ("all", found):
            mask = found
        elif not (building.frame.causal and _compares_indices(each, "<=")):
            rest.append(each)
    return mask, rest


def _conjuncts(selector: Selector) -> list[Selector]:
    found: dict[int, Selector] = {}
    stack, seen = [selector], set[int]()
    while stack:
        each = stack.pop()
        if isinstance(each, SelectorAnd) and id(each) not in seen:
            stack += [each.second, each.first]
        elif not isinstance(each, SelectorAnd):
            found[id(each)] = each
        seen.add(id(each))
    return list(found.values())


def _mask(building: Building, selector: Selector) -> Mask | None:
    if _compares_indices(selector, "<"):
        return "before"
    return "after" if _compares_indices(selector, ">") and not building.frame.causal else None


def _compares_indices(selector: Selector, symbol: str) -> bool:
    return (
        isinstance(selector, Select)
        and isinstance(selector.keys, Indices)
        and isinstance(selector.queries, Indices)
        and selector.predicate is comparison(symbol)
    )


# Facts ################################################################################################################


def _known(building: Building, selector: Selector) -> tuple[bool, bool] | None:
    """Whether a selector that depends on the length alone selects one position at most, and one at least; else None."""
    runs = building.fixed.of(selector)
    if runs is None:
        return None
    counts = [row.bit_count() for run in runs for row in run.rows(selector)]
    return max(counts) <= 1, min(counts) >= 1


def _facts(
    building: Building,
    selector: Selector,
    query: Held,
    key: Held,
    rows: tuple[Keys | None, ...],
    mask: Mask,
    order: bool,
) -> Selection:
    sees_all = mask == "all" and not building.frame.causal
    if (known := _known(building, selector)) is not None:
        single, filled = known
    else:
        single = key.distinct and max((len(row or ()) for row in rows), default=0) <= 1
        filled = mask == "all" and _is_filled(building, query, key, rows)
    rank = sees_all and order
    uniform = sees_all and (query.uniform or len(set(rows)) == 1)
    own = mask == "all" and _is_own(query, key, rows)
    return Selection(query.variable, key.variable, rows, mask, single, filled, rank, uniform, own=own)


def _is_own(query: Held, key: Held, rows: tuple[Keys | None, ...]) -> bool:
    """Whether each query selects its own position alone."""
    if query.variable != key.variable or not key.distinct:
        return False
    return all(row == (symbol,) for symbol, row in zip(query.values, rows, strict=True) if query.values[symbol])


def _is_filled(building: Building, query: Held, key: Held, rows: tuple[Keys | None, ...]) -> bool:
    """Whether each query selects its own position, or any, or one that is there at every length."""
    reached = {symbol for symbol, meant in key.values.items() if meant}
    asked = [(symbol, set(row)) for symbol, row in zip(query.values, rows, strict=True) if row is not None]
    if all(reached <= row for _, row in asked):
        return True
    if query.variable == key.variable:
        return all(symbol in row for symbol, row in asked)
    if not key.rank or building.frame.causal:
        return False
    if query.variable == "positions":  # then the symbols are the positions, and the input is longer than each
        return all(min(row, default=math.inf) <= place for place, row in asked)  # type: ignore[type-var,operator]  # numbers
    return all(0 in row for _, row in asked)


def _is_order(query: Held, key: Held, rows: list[list[int] | None]) -> bool:
    """Whether it selects the positions before the own one in an order in which no two are equal."""
    if query.variable != key.variable or not key.distinct:
        return False
    reached = {at for at, meant in enumerate(key.values.values()) if meant}
    taken = {at: reached.intersection(row or ()) for at, row in enumerate(rows) if at in reached}
    ordered = sorted(reached, key=lambda at: len(taken[at]))
    return all(taken[at] == set(ordered[:place]) for place, at in enumerate(ordered))
