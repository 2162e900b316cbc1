"""A node that was made to read another kind of variable: refused where it reads it, not within its function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction

from tprog.errors import BadSource
from tprog.ir.domains import Domain, Symbol, Symbols
from tprog.text.dialects.subset import Source, comparisons, literal_value

Read = tuple[str, ast.expr, Domain]
"""An argument of a function, where the variable is named that it stands for, and that variable's domain."""

SHOWN = 4


def check_wiring(source: Source, function: ast.FunctionDef, reads: Sequence[Read]) -> None:
    """Refuse a variable of which nothing is what a function compares it with.

    One literal that is no value may be a slip of the pen; if none is, and there are several or all are of another type,
    it is the wiring that was changed.

    Raises:
        BadSource: at the place where the variable is read.
    """
    unlike = _unlike(source, function, {name: domain for name, _, domain in reads})
    for name, at, domain in reads:
        found = unlike[name]
        capped = any(target == name for target in _bound(function))
        if isinstance(domain, Symbols) and capped:
            wanted = f"a number: `{function.name}`, line {function.lineno}, brings it to levels"
            source.refuse(at, f"{source.shown(at)}, whose values are {_listed(domain.values)}", wanted)
        if found and _is_another(domain, found):
            shown = f"whose values are {_listed(domain.values)}" if isinstance(domain, Symbols) else "a number"
            wanted = f"a variable with values such as {_listed(found)}, which `{function.name}` asks for"
            source.refuse(at, f"{source.shown(at)}, {shown}", f"{wanted} in line {function.lineno}")


def _unlike(
    source: Source, function: ast.FunctionDef, domains: Mapping[str, Domain]
) -> Mapping[str, tuple[Symbol, ...]]:
    """Argument -> the literals that it is compared with; none if one of them is a value of its domain.

    Nearly always the first is, of each, and then the rest of the function is not looked through.
    """
    values = {name: domain.codes if isinstance(domain, Symbols) else {} for name, domain in domains.items()}
    found = {name: dict[Symbol, None]() for name in domains}
    open_still = set(domains)
    for comparison in comparisons(function):
        for name in sorted(open_still):
            compared = list(_compared(source, comparison, name))
            found[name] |= dict.fromkeys(compared)
            if any(value in values[name] for value in compared):
                found[name].clear()
                open_still.remove(name)
        if not open_still:
            break
    return {name: tuple(literals) for name, literals in found.items()}


def _is_another(domain: Domain, compared: Sequence[Symbol]) -> bool:
    """Whether literals, none of this domain, must be those of another variable's, rather than a slip of the pen."""
    if not isinstance(domain, Symbols) and all(isinstance(value, int | Fraction) for value in compared):
        return False
    values = domain.values if isinstance(domain, Symbols) else ()
    other_type = {type(value) for value in compared}.isdisjoint({type(value) for value in values})
    return len(compared) > 1 or other_type


def _compared(source: Source, comparison: ast.Compare, name: str) -> Iterator[Symbol]:
    """The literals that an argument is compared with."""
    sides = [comparison.left, *comparison.comparators]
    others = [side for side in sides if not (isinstance(side, ast.Name) and side.id == name)]
    for side in others if len(others) < len(sides) else ():
        items = side.elts if isinstance(side, ast.Set | ast.Tuple | ast.List) else [side]
        yield from _literals(source, items)


def _literals(source: Source, items: Sequence[ast.expr]) -> Iterator[Symbol]:
    for item in items:
        with suppress(BadSource):
            yield literal_value(source, item)


def _bound(function: ast.FunctionDef) -> Iterator[str]:
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            yield from (target.id for target in statement.targets if isinstance(target, ast.Name))


def _listed(values: Sequence[Symbol]) -> str:
    return ", ".join(map(repr, values[:SHOWN])) + ", ..." * (len(values) > SHOWN)
