"""RASP as Tracr knows it: what a program is made of.

Every function is there under the name that it has in Tracr too (`Select`, `Map`, ...). The meaning is that of Tracr's
own evaluator, with exact fractions; what its compiler refuses has its meaning here all the same. Beyond Tracr:
``where``, ``fill``, maps of any number of s-ops, comparisons of two, and aggregates that choose one position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from tprog.errors import BadUsage
from tprog.ir.values import NOTHING
from tprog.rasp import expressions as records
from tprog.rasp.expressions import Expression, How, Indices, Selector, SOp, Tokens, check_kinds, lifted
from tprog.rasp.functions import EVERY, NONE, Dialect, Function, Where, at, caller, comparison, python_function

_DIALECT = Dialect.TRACR
_HERE = Where(__file__, 0)

Expressed = TypeVar("Expressed", bound=Expression)

tokens = Tokens(dialect=_DIALECT, where=_HERE)
"""The input."""

indices = Indices(dialect=_DIALECT, where=_HERE)
"""0, 1, 2, ...: each position's own number."""

length = records.SelectorWidth(
    dialect=_DIALECT,
    selector=records.Select(dialect=_DIALECT, keys=indices, queries=indices, predicate=EVERY, where=_HERE),
    name="length",
    where=_HERE,
)
"""How many positions there are; causally, how many so far."""


class Comparison(StrEnum):
    """The predicates of a select that have a name: of a key, then a query."""

    EQ = "=="
    LT = "<"
    LEQ = "<="
    GT = ">"
    GEQ = ">="
    NEQ = "!="
    TRUE = "True"
    FALSE = "False"


# S-ops ################################################################################################################


def full(fill: object) -> SOp:
    """The same value everywhere.

    >>> shown(full(7), "abc")
    '7 7 7'
    """
    return records.Constant(dialect=_DIALECT, value=fill)  # type: ignore[arg-type]  # checked there


def mapped(function: Callable[..., Any], *inner: SOp, simplify: bool = True) -> SOp:
    """A function of the values that stand at a position; *nothing* where one of them is *nothing*.

    Args:
        function: of as many values as there are s-ops; it must be a function of its arguments alone.
        simplify: as in Tracr, where it changes nothing that is computed.

    >>> shown(mapped(lambda x: x / 3, tokens), [1, 2, 3])
    '1/3 2/3 1'
    """
    return records.Elementwise(
        dialect=_DIALECT, function=python_function(function, len(inner), caller()), inputs=tuple(inner)
    )


def sequence_map(function: Callable[[Any, Any], Any], first: SOp, second: SOp) -> SOp:
    """A function of two values that stand at a position.

    >>> shown(sequence_map(lambda x, y: 10 * x - y, tokens, indices), [1, 2, 3])
    '10 19 28'
    """
    return mapped(function, first, second)


def linear_sequence_map(first: SOp, second: SOp, first_factor: Any, second_factor: Any) -> SOp:
    """A sum of two s-ops, each times a number.

    >>> shown(linear_sequence_map(tokens, indices, 2, -1), [5, 5, 5])
    '10 9 8'
    """
    check_kinds(caller(), "a linear map", SOp, first, second)
    summed: SOp = first * first_factor + second * second_factor
    return summed


def where(condition: SOp, chosen: object, other: object) -> SOp:
    """One of two values, as a condition at the position says; *nothing* where any of the three is *nothing*.

    >>> shown(where(tokens == "a", indices, -1), "aba")
    '0 -1 2'
    """
    check_kinds(caller(), "where", SOp, condition)
    return records.elementwise("where", condition, lifted(chosen, _DIALECT), lifted(other, _DIALECT))


def fill(sop: SOp, value: object) -> SOp:
    """The s-op, with a value in the place of *nothing*.

    >>> shown(fill(aggregate(select(indices, indices - 1, "=="), tokens), "-"), "abc")
    '- a b'
    """
    chosen = lifted(value, _DIALECT)
    function = Function("fill", lambda a, b: b if a is NOTHING else a, sees_nothing=True, wanted=2)
    return records.Elementwise(dialect=_DIALECT, function=function, inputs=(sop, chosen))


def constant_sop(value: Sequence[object], check_length: bool = True) -> SOp:
    """The values given, one a position.

    Args:
        check_length: an input of another length has no outcome; else only a longer one has none.

    >>> shown(constant_sop([5, 6, 7]), "abc")
    '5 6 7'
    """
    known = tuple(value)

    def given(index: int, count: int) -> object:
        if index >= len(known) or (check_length and count != len(known)):
            raise ValueError(f"there are {len(known)} values for {count} positions")
        return known[index]

    return records.Elementwise(
        dialect=_DIALECT, function=python_function(given, 2), inputs=(indices, length), name="constant_sop"
    )


# Selectors ############################################################################################################


def select(keys: object, queries: object, predicate: Comparison | str | Callable[[Any, Any], Any]) -> Selector:
    """The positions whose key, with the query of the own position, meets a predicate.

    Args:
        keys, queries: s-ops; a value stands for the s-op that holds it everywhere.
        predicate: a comparison, or a function of a key and a query that says true or false.

    >>> shown(selector_width(select(tokens, tokens, "<")), "bac")
    '1 0 2'
    """
    wheres = caller()
    if isinstance(predicate, str):
        if predicate not in set(Comparison):
            raise BadUsage(
                f"{at(wheres)}the predicate {predicate!r}; expected one of {', '.join(Comparison)}, or a function"
            )
        named = {"True": EVERY, "False": NONE}
        function = named[predicate] if predicate in named else comparison(str(predicate))
    else:
        function = python_function(predicate, 2, wheres)
    return records.Select(
        dialect=_DIALECT, keys=lifted(keys, _DIALECT), queries=lifted(queries, _DIALECT), predicate=function
    )


def selector_and(first: Selector, second: Selector, simplify: bool = True) -> Selector:
    """The positions that both select.

    >>> shown(selector_width(selector_and(select(tokens, "a", "=="), select(indices, indices, "<"))), "aba")
    '0 1 1'
    """
    return records.SelectorAnd(dialect=_DIALECT, first=first, second=second)


def selector_or(first: Selector, second: Selector, simplify: bool = True) -> Selector:
    """The positions that one of them selects, or both.

    >>> shown(selector_width(selector_or(select(tokens, "a", "=="), select(indices, 1, "=="))), "aba")
    '3 3 3'
    """
    return records.SelectorOr(dialect=_DIALECT, first=first, second=second)


def selector_not(inner: Selector, simplify: bool = True) -> Selector:
    """The positions that it does not select.

    >>> shown(selector_width(selector_not(select(tokens, "a", "=="))), "aba")
    '1 1 1'
    """
    return records.SelectorNot(dialect=_DIALECT, inner=inner)


def constant_selector(value: Sequence[Sequence[bool]], check_length: bool = True) -> Selector:
    """The rows given: one a query position, true where the key position is selected.

    >>> shown(selector_width(constant_selector([[True, True], [False, True]])), "ab")
    '2 1'
    """
    rows = tuple(tuple(row) for row in value)

    def given(key: int, query: tuple[int, int]) -> bool:
        row, count = query
        if row >= len(rows) or (check_length and not count == len(rows) == len(rows[row])):
            raise ValueError(f"there are {len(rows)} rows for {count} positions")
        return bool(rows[row][key])

    return select(indices, mapped(lambda index, count: (index, count), indices, length), given)


# Aggregates ###########################################################################################################


def aggregate(selector: Selector, sop: SOp, default: object = None, how: How = "mean", by: SOp | None = None) -> SOp:
    """What the selected positions hold: the one value, or the mean of several numbers.

    Args:
        default: the value where nothing is selected; None for *nothing*.
        how, by: another way to make one value of several, as `tprog.rasp.expressions.Aggregate` lists them.

    >>> shown(aggregate(select(tokens, tokens, "<"), tokens), [3, 1, 2])
    '3/2 nothing 1'
    """
    return records.Aggregate(
        dialect=_DIALECT,
        selector=selector,
        sop=sop,
        default=default,  # type: ignore[arg-type]  # checked there
        how=how,
        by=by,
    )


def selector_width(selector: Selector) -> SOp:
    """How many positions are selected.

    >>> shown(selector_width(select(tokens, tokens, "==")), "abac")
    '2 1 2 1'
    """
    return records.SelectorWidth(dialect=_DIALECT, selector=selector)


def first(selector: Selector, sop: SOp, default: object = None) -> SOp:
    """The value at the first position that is selected.

    >>> shown(first(select(tokens, tokens, "!="), indices), "aab")
    '2 2 0'
    """
    return aggregate(selector, sop, default, "first")


def last(selector: Selector, sop: SOp, default: object = None) -> SOp:
    """The value at the last position that is selected.

    >>> shown(last(select(tokens, tokens, "=="), indices), "aba")
    '2 1 2'
    """
    return aggregate(selector, sop, default, "last")


def nearest(selector: Selector, sop: SOp, default: object = None) -> SOp:
    """The value at the nearest position that is selected: the left one of two, the own one only if it is alone.

    >>> shown(nearest(select(tokens, tokens, "=="), indices), "aaba")
    '1 0 2 1'
    """
    return aggregate(selector, sop, default, "nearest")


def best(selector: Selector, sop: SOp, by: SOp, smallest: bool = False, default: object = None) -> SOp:
    """The value at the selected position where `by` is largest, or smallest; of several as `nearest` has it.

    >>> shown(best(select(indices, indices, "<="), indices, by=tokens), [2, 7, 5, 7, 7])
    '0 1 1 1 3'
    """
    return aggregate(selector, sop, default, "smallest" if smallest else "largest", by)


def maximum(selector: Selector, sop: SOp, default: object = None) -> SOp:
    """The largest value at a selected position.

    >>> shown(maximum(select(indices, indices, "<="), tokens), [2, 1, 3])
    '2 2 3'
    """
    return aggregate(selector, sop, default, "max")


def minimum(selector: Selector, sop: SOp, default: object = None) -> SOp:
    """The smallest value at a selected position.

    >>> shown(minimum(select(indices, indices, "<="), tokens), [2, 1, 3])
    '2 1 1'
    """
    return aggregate(selector, sop, default, "min")


# Notes ################################################################################################################


def numerical(sop: Expressed) -> Expressed:
    """The s-op with a note for Tracr's compiler, that it is a number in one dimension; the meaning stays.

    >>> shown(numerical(tokens), [1, 2])
    '1 2'
    """
    return sop.annotated(encoding="numerical")


def categorical(sop: Expressed) -> Expressed:
    """The s-op with a note for Tracr's compiler, that it has a dimension a value; the meaning stays.

    >>> shown(categorical(tokens), "ab")
    'a b'
    """
    return sop.annotated(encoding="categorical")


Full, ConstantSOp, ConstantSelector = full, constant_sop, constant_selector
Map, SequenceMap, LinearSequenceMap = mapped, sequence_map, linear_sequence_map
Select, SelectorAnd, SelectorOr, SelectorNot = select, selector_and, selector_or, selector_not
Aggregate, SelectorWidth = aggregate, selector_width
