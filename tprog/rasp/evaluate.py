"""What a RASP program computes: each expression in turn, on one input, by its definition.

A row of a selector is a whole number whose bit j says whether position j is selected. In a causal evaluation position i
sees j <= i alone, which is asked once, where a selector is used: And, Or and Not of masked selectors would select the
same. Every expression is computed at every position; where one fails there, the input has no outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias, assert_never

from tprog.errors import BadInput, BadUsage
from tprog.ir.values import NOTHING, Nothing
from tprog.listing import shortened
from tprog.rasp.aggregates import aggregated
from tprog.rasp.calls import Calls, Refused, accepted, applied
from tprog.rasp.expressions import (
    Aggregate,
    Constant,
    Elementwise,
    Expression,
    Indices,
    Select,
    Selector,
    SelectorAnd,
    SelectorNot,
    SelectorOr,
    SelectorWidth,
    SOp,
    Tokens,
    in_order,
)
from tprog.rasp.failures import Budget, Failed
from tprog.rasp.functions import Dialect, at, comparison
from tprog.rasp.values import Unfit, Value, is_number, number_of_float, settled, spelled_values

MOST_TOKENS = 10_000
"""Tokens of an input."""

Rows: TypeAlias = list[int]
"""[query position] -> the set of key positions, as bits."""


def evaluate(sop: SOp, tokens: Sequence[object], causal: bool | None = None) -> list[Value]:
    """The values of an s-op on one input.

    Args:
        tokens: the input: words, numbers, booleans; a text is one token a character.
        causal: whether position i sees j <= i alone. Left out: in `rasp-l`, which is always causal.

    Raises:
        Failed: it has no value somewhere; the message names the expression, where it was written, and why.
        BadInput: the input is empty, or a token is no value.
        BadUsage: `rasp-l` without the mask.
    """
    if not isinstance(sop, SOp):
        raise BadUsage(f"only an s-op has values; found {shortened(sop)}")
    return Run(tokens, is_causal(sop.dialect, causal)).values(sop)


def shown(sop: SOp, tokens: Sequence[object], causal: bool | None = None) -> str:
    """The values of an s-op on one input, spelled and with blanks between; as `evaluate`."""
    return " ".join(spelled_values(evaluate(sop, tokens, causal)))


def is_causal(dialect: Dialect, causal: bool | None) -> bool:
    """Whether a program of that dialect is evaluated causally, if so asked.

    Raises:
        BadUsage: `rasp-l` knows no other evaluation.
    """
    if causal is False and dialect is Dialect.RASP_L:
        raise BadUsage("a program of rasp-l is causal: position i sees none behind it; leave the choice out")
    return dialect is Dialect.RASP_L if causal is None else causal


class Run:
    """The evaluation of expressions on one input; each is computed once.

    Args:
        budget: what they may take in all; None for any number of steps.
        calls: answers of Python functions, which evaluations on other inputs may share.
    """

    def __init__(
        self, tokens: Sequence[object], causal: bool = False, budget: Budget | None = None, calls: Calls | None = None
    ) -> None:
        self.tokens = checked_input(tokens)
        self.n = len(self.tokens)
        self.causal, self._budget = causal, budget
        self._calls = Calls() if calls is None else calls
        self._known: dict[int, tuple[Expression, Any]] = {}

    def values(self, sop: SOp) -> list[Value]:
        """[position] the values of an s-op."""
        return list(self._of(sop))

    def rows(self, selector: Selector) -> Rows:
        """[query] the positions that a selector selects, as bits, of those that may be seen."""
        return self._seen(self._of(selector))

    def _of(self, wanted: Expression) -> Any:
        if id(wanted) not in self._known:
            for node in in_order([wanted], self._known):
                self._known[id(node)] = (node, self._compute(node))
        return self._known[id(wanted)][1]

    def _compute(self, node: Expression) -> Any:
        match node:
            case SOp():
                self._spend(self.n)
                values = self._sop(node)
                if node.dialect is Dialect.RASP:
                    _check_one_kind(node, values)
                return values
            case Selector():
                return self._selector(node)
        raise BadUsage(f"{at(node.where)}found {type(node).__name__}, which is neither an s-op nor a selector")

    def _spend(self, steps: int) -> None:
        if self._budget is not None:
            self._budget.spend(steps)

    # S-ops

    def _sop(self, node: SOp) -> list[Value]:
        match node:
            case Tokens():
                return [_read(node, place, token) for place, token in enumerate(self.tokens)]
            case Indices():
                return list(range(self.n))
            case Constant():
                return [node.value] * self.n
            case Elementwise():
                columns = [self._of(read) for read in node.inputs]
                return [self._mapped(node, place, row) for place, row in enumerate(zip(*columns, strict=True))]
            case SelectorWidth():
                return [row.bit_count() for row in self.rows(node.selector)]
            case Aggregate():
                return self._aggregated(node)
        raise BadUsage(f"{at(node.where)}found {type(node).__name__}; expected an s-op of this package")

    def _mapped(self, node: Elementwise, place: int, row: tuple[Value, ...]) -> Value:
        found = applied(self._calls, node, row)
        if isinstance(found, Refused):
            raise Failed(node, place, str(found))
        return found

    def _aggregated(self, node: Aggregate) -> list[Value]:
        held, rows = self._of(node.sop), self.rows(node.selector)
        keys = None if node.by is None else self._of(node.by)
        return [
            aggregated(node, place, places, held, keys) if (places := _places(row)) else node.default
            for place, row in enumerate(rows)
        ]

    # Selectors

    def _seen(self, rows: Rows) -> Rows:
        if not self.causal:
            return rows
        return [row & ((2 << place) - 1) for place, row in enumerate(rows)]

    def _selector(self, node: Selector) -> Rows:
        match node:
            case Select():
                return self._selected(node)
            case SelectorAnd():
                return [a & b for a, b in zip(self._of(node.first), self._of(node.second), strict=True)]
            case SelectorOr():
                return [a | b for a, b in zip(self._of(node.first), self._of(node.second), strict=True)]
            case SelectorNot():
                every = (1 << self.n) - 1
                return [every ^ row for row in self._of(node.inner)]
        raise BadUsage(f"{at(node.where)}found {type(node).__name__}; expected a selector of this package")

    def _selected(self, node: Select) -> Rows:
        """The predicate is asked once for each pair of different values that may be compared."""
        held, asked = self._of(node.keys), self._of(node.queries)
        if node.predicate is comparison("==") and NOTHING not in held and NOTHING not in asked:
            self._spend(2 * self.n)
            return _equal(held, asked)
        keys, queries = _holders(held), _holders(asked)
        self._spend(self.n + len(keys) * len(queries))
        rows = [0] * self.n
        for query, asking in queries.items():
            last = asking[-1] if self.causal else self.n - 1
            row = 0
            for key, holding in keys.items():
                if holding[0] <= last and self._accepts(node, key[1], query[1], asking[-1]):
                    row |= _bits(holding)
            for place in asking:
                rows[place] = row
        return rows

    def _accepts(self, node: Select, key: Value, query: Value, place: int) -> bool:
        found = accepted(self._calls, node, key, query)
        if isinstance(found, Refused):
            raise Failed(node, place, str(found))
        return found


def checked_input(tokens: Sequence[object]) -> list[Value]:
    """The tokens as values.

    Raises:
        BadInput: there are none, or too many, or one is no value; the message names it and its index.
    """
    if not isinstance(tokens, Iterable) or isinstance(tokens, (dict, set, frozenset, bytes)):
        raise BadInput(f"the input is {shortened(tokens)}; expected a list of tokens, or a text")
    listed = list(tokens)
    if not 1 <= len(listed) <= MOST_TOKENS:
        count = f"{len(listed):,} tokens" if listed else "no token"
        raise BadInput(f"the input has {count}; expected 1 to {MOST_TOKENS:,}")
    read: list[Value] = []
    for place, token in enumerate(listed):
        try:
            read.append(settled(token))
        except Unfit as error:
            raise BadInput(f"token {place} of the input is {error}") from None
        if isinstance(read[-1], Nothing):
            raise BadInput(f"token {place} of the input is nothing; expected a word, a number, True or False")
    return read


def checked_vocabulary(vocabulary: Sequence[object], longest: int) -> list[Value]:
    """The tokens as values.

    Raises:
        BadInput, BadUsage: they are no values, fewer than two or not all different; or the length is none.
    """
    if isinstance(longest, bool) or not isinstance(longest, int) or not 1 <= longest <= MOST_TOKENS:
        raise BadUsage(f"the longest input has {shortened(longest)} tokens; expected 1 to {MOST_TOKENS:,}")
    symbols = checked_input(vocabulary) if len(vocabulary) else []
    if len(symbols) < 2:
        raise BadUsage(f"the vocabulary is {shortened(list(vocabulary))}; expected two tokens or more")
    if len(set(symbols)) < len(symbols):
        twice = next(symbol for symbol in symbols if symbols.count(symbol) > 1)
        raise BadUsage(f"the vocabulary has {twice!r} twice; expected each token once")
    return symbols


def _holders(values: list[Value]) -> dict[tuple[type, Value], list[int]]:
    """Each value, and where it stands."""
    found: dict[tuple[type, Value], list[int]] = {}
    for place, value in enumerate(values):
        found.setdefault((type(value), value), []).append(place)
    return found


def _bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _equal(keys: list[Value], queries: list[Value]) -> Rows:
    """The rows of a select by equality: True is 1, and 4/2 is 2."""
    holding: dict[Value, int] = {}
    for place, key in enumerate(keys):
        holding[key] = holding.get(key, 0) | 1 << place
    return [holding.get(query, 0) for query in queries]


def _places(row: int) -> list[int]:
    return [place for place in range(row.bit_length()) if row >> place & 1]


# Tokens, in the language of 2021 ######################################################################################


def _read(node: Tokens, place: int, token: Value) -> Value:
    try:
        match node.reading:
            case "asis":
                return token
            case "str":
                return text_of(token)
            case "bool":
                return bool(token)
            case "int":
                return settled(int(token))  # type: ignore[arg-type]  # what is no number raises
            case "float":
                return _as_float(token)
        assert_never(node.reading)
    except (ValueError, TypeError, OverflowError) as error:
        reason = error if isinstance(error, Unfit) else f"the token {token!r} is no {node.reading}"
        raise Failed(node, place, str(reason)) from None


def text_of(value: Value) -> str:
    """A value as a word, as `tokens_str` reads it: a fraction as the decimal that a float prints."""
    return repr(float(value)) if isinstance(value, Fraction) else str(value)


def _as_float(token: Value) -> Fraction | float:
    if isinstance(token, str):
        token = number_of_float(float(token))
    return token if isinstance(token, float) else Fraction(token)  # type: ignore[arg-type]  # what is no number raises


def _check_one_kind(node: SOp, values: list[Value]) -> None:
    """Refuse an s-op of the language of 2021 whose values are of several kinds.

    Raises:
        Failed: at the first position whose value is of another kind than the first value.
    """
    number = is_number(values[0])
    for place, value in enumerate(values):
        alike = is_number(value) if number else type(value) is type(values[0])
        if not alike or isinstance(value, (tuple, Nothing)):
            raise Failed(
                node,
                place,
                f"its values are of several kinds, {values[0]!r} and {value!r}; expected all words or all numbers",
            )
