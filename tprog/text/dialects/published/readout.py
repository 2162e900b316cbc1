"""The readout of a published module: rows of a CSV that stand for weights, kept as the decimals that they are."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from tprog.ir.domains import Numbers, Symbols, Value
from tprog.ir.entry import Entry
from tprog.ir.readout import Weights
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.published.scope import Scope, Term
from tprog.text.dialects.published.side import Row, decimal
from tprog.text.syntax import walk

_NAME = r"([A-Za-z_]\w*)"
_ROWS = re.compile(
    rf"classifier_weights\.loc\[\[\('([^'\\]+)', (?:str\({_NAME}\)|'([^'\\]+)')\) for {_NAME} in {_NAME}\]\]"
    rf"(?:\.mul\({_NAME}, axis=0\))?"
)

Exact = tuple[int, int]
"""A decimal: digits * 10**exponent."""


def read_scores(scope: Scope, value: ast.expr) -> Term | None:
    """``classifier_weights.loc[...]``: which rows the values of a variable take. None if it is something else."""
    match = _ROWS.fullmatch(ast.unparse(value))
    if match is None:
        return None
    feature, shown, row, bound, iterated, times = match.groups()
    names = {n.id: n for n in walk(value) if isinstance(n, ast.Name)}
    variable = scope.variable(names[iterated])
    if shown is not None and times is None and shown == bound:
        return Term(variable, feature, None, value)
    if row is None or times is None or shown is not None:
        scope.source.unexpected(value, "`(feature, str(v)) for v in x`, or `(feature, '_') for v in x` times a number")
    number = scope.variable(names[times])
    if row != "_" or not isinstance(scope.known[number].domain, Numbers):
        scope.source.unexpected(value, "the row '_' times a numeric variable")
    return Term(number, feature, times, value)


def read_terms(scope: Scope, names: Sequence[ast.expr]) -> tuple[tuple[Weights, ...], int]:
    """The weights of the scores that are summed, and the scale that makes all of them whole numbers."""
    terms = _summed(scope, names)
    rows = {name: _rows(scope, terms[name]) for name in scope.known if name in terms}
    exact = {name: [None if row is None else _exact(scope, name, row) for row in found] for name, found in rows.items()}
    exponents = (exponent for found in exact.values() for row in found if row is not None for _, exponent in row)
    places = -min(0, *exponents, 0)

    def scaled(row: list[Exact] | None) -> tuple[int, ...] | None:
        return None if row is None else tuple(digits * 10 ** (places + exponent) for digits, exponent in row)

    _note_duplicates(scope)
    return tuple(Weights(name, tuple(map(scaled, found))) for name, found in exact.items()), 10**places


def _summed(scope: Scope, names: Sequence[ast.expr]) -> dict[str, Term]:
    """The terms of a sum of scores, by variable."""
    terms: dict[str, Term] = {}
    for at in names:
        if not isinstance(at, ast.Name) or at.id not in scope.scores:
            scope.check_defined(at)
            scope.source.unexpected(at, "scores made from classifier_weights above")
        term = scope.scores[at.id]
        if term.variable in terms:
            scope.source.refuse(at, f"the scores of `{term.variable}` a second time", "each variable once")
        terms[term.variable] = term
    return terms


def _rows(scope: Scope, term: Term) -> list[Row | None]:
    """The row of each value of a variable; one row for a number."""
    values = _values(scope, term)
    found = [_row(scope, term, value) for value in values]
    if absent := [value for value, row in zip(values, found, strict=True) if row is None]:
        shown = ", ".join(repr(value) for value in absent[:8]) + (", ..." if len(absent) > 8 else "")
        text = f"no row of weights for {term.feature} = {shown}: run raises KeyError there"
        scope.defects.append(Defect("missing-row", term.variable, None, term.at.lineno, text))
    scope.features[term.variable] = term.feature
    return found


def _values(scope: Scope, term: Term) -> list[Value | None]:
    """The values that have a row of weights each; of a number, none in particular."""
    domain = scope.known[term.variable].domain
    if isinstance(domain, Symbols):
        assert term.times is None, "`read_scores` multiplies numbers alone"
        return list(domain)
    if term.times is None:
        scope.source.unexpected(term.at, "`'_'` and `.mul`, because this variable is a number")
    return [None]


def _row(scope: Scope, term: Term, value: Value | None) -> Row | None:
    """The row of a value, or of a number; None if there is none, which a number cannot do without."""
    key = (term.feature, "_" if value is None else str(value))
    rows = scope.weights.weights.get(key, [])
    if len(rows) > 1:
        scope.weights.refuse(rows[1], f"the row {', '.join(key)} a second time", "each value once")
    if rows:
        entry = Entry("readout", "weights", (term.variable,) if value is None else (term.variable, value))
        scope.side_lines[entry] = (scope.weights.name, rows[0].line)
        return rows[0]
    if value is None:
        scope.source.unexpected(term.at, f"a row {', '.join(key)} in {scope.weights.name}: no input can do without")
    return None


def _exact(scope: Scope, variable: str, row: Row) -> list[Exact]:
    weights: list[Exact] = []
    for place in range(2, len(scope.weights.header)):
        found = decimal(scope.weights, row, place)
        if found is None:
            text = f"pandas reads the weight {row.cells[place]!r} as missing, and the sum counts it as 0"
            scope.defects.append(Defect("missing-value", variable, scope.weights.name, row.line, text))
        weights.append(found or (0, 0))
    return weights


def _note_duplicates(scope: Scope) -> None:
    """Only rows that nothing reaches can be there more than once: see `_rows`."""
    several = {key: rows for key, rows in scope.weights.weights.items() if len(rows) > 1}
    if several:
        (feature, value), rows = next(iter(several.items()))
        others = f", and those of {len(several) - 1} more features" if len(several) > 1 else ""
        text = f"the row {feature}, {value} stands {len(rows)} times{others}; no input reaches them"
        scope.defects.append(Defect("duplicate-rows", "readout", scope.weights.name, rows[1].line, text))
