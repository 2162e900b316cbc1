"""Relations between a query and a key: what a predicate says, where it says one thing of all its rows.

A relation compares whole numbers. Symbols have them in two ways: by *place*, the index in the key's domain, in which a
query that is no key has none; and by *value*, where a symbol is written as a whole number. Orders are told by place, a
distance and a remainder by value. The marks ``<s>`` and ``</s>`` are symbols like others: who wants them left aside
says so, and then no pair with a mark counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, islice, pairwise, product
from math import gcd
from typing import Any, Literal, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from tprog.ir.domains import BEGIN, END, Keys, Symbol
from tprog.ir.values import Boolean

Kind: TypeAlias = Literal[
    "nothing",
    "anything",
    "equal",
    "different",
    "smaller",
    "greater",
    "not smaller",
    "not greater",
    "offset",
    "congruent",
]
"""In the order in which a predicate is taken for one of them; ``smaller`` accepts keys that are smaller."""

Scale: TypeAlias = Literal["place", "value"]

Rows: TypeAlias = Sequence[Keys | None]
"""Of a predicate: for each query the keys that it accepts, None where a row is missing."""

MARKS = frozenset({BEGIN, END})

_SIGNS: Mapping[Kind, str] = {
    "equal": "=",
    "different": "!=",
    "smaller": "<",
    "greater": ">",
    "not smaller": ">=",
    "not greater": "<=",
}


@dataclass(frozen=True)
class Relation:
    """How a key must stand to a query to be accepted.

    Attributes:
        kind: how they are compared.
        number: of an ``offset``, key - query; else 0.
        modulus: of a ``congruent`` relation, at least 2, where (key - query - number) is a multiple of it; else 0.
    """

    kind: Kind
    number: int = 0
    modulus: int = 0

    def __post_init__(self) -> None:
        assert (self.kind == "congruent") == (self.modulus >= 2)
        assert self.kind in ("offset", "congruent") or not self.number

    @property
    def scale(self) -> Scale:
        """The numbers that it compares where it is recognised."""
        return "value" if self.kind in ("offset", "congruent") else "place"

    def holds(self, query: NDArray[Any], key: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether keys are accepted by queries, both as whole numbers, broadcast against each other."""
        match self.kind:
            case "nothing" | "anything":
                return np.full(np.broadcast_shapes(query.shape, key.shape), self.kind == "anything")
            case "equal":
                found = key == query
            case "different":
                found = key != query
            case "smaller":
                found = key < query
            case "greater":
                found = key > query
            case "not smaller":
                found = key >= query
            case "not greater":
                found = key <= query
            case "offset":
                found = key == query + self.number
            case "congruent":
                found = (key - query - self.number) % self.modulus == 0
            case _:
                assert_never(self.kind)
        return np.asarray(found)

    def rows(
        self, queries: Sequence[Symbol], keys: Sequence[Symbol], scale: Scale = "place"
    ) -> tuple[Keys | None, ...]:
        """The keys that each query accepts; None for a query without a number, of which it says nothing."""
        return _rows(self, tuple(queries), tuple(keys), scale)

    def test(self, key: str, query: str) -> str:
        """The relation as Python tests it on values: ``rank == position + 1``."""
        match self.kind:
            case "congruent":
                return f"({key} - {query}) % {self.modulus} == {self.number}"
            case "equal" | "offset":
                return f"{key} == {query}" + (
                    f" {'-' if self.number < 0 else '+'} {abs(self.number)}" * bool(self.number)
                )
            case "nothing" | "anything":
                return str(self.kind == "anything")
            case _:
                return f"{key} {_SIGNS[self.kind]} {query}"

    def equation(self, key: str, query: str) -> str:
        """The relation in signs, with names for both sides: ``rank = position + 1``."""
        match self.kind:
            case "nothing" | "anything":
                return f"{'no' if self.kind == 'nothing' else 'any'} {key}"
            case "offset" | "congruent":
                step = f" {'-' if self.number < 0 else '+'} {abs(self.number)}" if self.number else ""
                modulo = f" modulo {self.modulus}" if self.modulus else ""
                return f"{key} = {query}{step}{modulo}"
            case _:
                return f"{key} {_SIGNS[self.kind]} {query}"


NOTHING, ANYTHING = Relation("nothing"), Relation("anything")
EQUAL, DIFFERENT = Relation("equal"), Relation("different")
SMALLER, GREATER = Relation("smaller"), Relation("greater")
NOT_SMALLER, NOT_GREATER = Relation("not smaller"), Relation("not greater")
ONE_LESS, ONE_MORE = Relation("offset", -1), Relation("offset", 1)

ORDERS = (SMALLER, GREATER, NOT_SMALLER, NOT_GREATER)


@dataclass(frozen=True)
class Constant:
    """The same keys for every query: some of them, not all."""

    keys: Keys


@dataclass(frozen=True)
class Recognised:
    """What a predicate is.

    Attributes:
        exceptions: the places of the queries whose rows say something else, ascending.
        aside: keys that no row accepts, whatever the relation says of them.
        placed: whether code compares the places of words in the vocabulary, and not the words.
    """

    relation: Relation | Constant
    exceptions: tuple[int, ...] = ()
    aside: Keys = ()
    placed: bool = False


def recognised(
    queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows, most: int = 0, modular: bool = True
) -> Recognised | None:
    """The relation that a predicate is, or that all its rows follow but the fewest; ties go to the simplest kind.

    An order is recognised only where the key's domain ascends: there ``smaller`` is what a reader thinks of. An offset
    must be shown by two rows at least; a row whose shifted query is no key accepts none.

    Args:
        most: how many rows may be exceptions; a missing row is one.
        modular: whether to look for remainders too.
    """
    best: Recognised | None = None
    for relation in _candidates(queries, keys, rows, most, modular):
        wanted = [relation.keys] * len(rows) if isinstance(relation, Constant) else _wanted(relation, queries, keys)
        others = _exceptions(rows, wanted, most)
        if others is not None:
            best, most = Recognised(relation, others), len(others) - 1
            if most < 0:
                break
    return best


LEAST_SAID = 16
"""Rows that a relation must replace where a function says it in place of them."""

_MOST_ASIDE = 3
"""Keys at most that are left aside where places are compared."""

_MOST_TRIED = 8
"""Offsets, and remainders, that are tried, those that most rows show first."""


# Cached, since a program is printed anew for each of very many candidates, which differ in one node.
@lru_cache(maxsize=4096)
def said_in_code(
    queries: tuple[Symbol, ...],
    keys: tuple[Symbol, ...],
    rows: tuple[Keys | None, ...],
    vocabulary: tuple[Symbol, ...] = (),
) -> Recognised | None:
    """The relation that a function of query and key says for most rows, if those are `LEAST_SAID` at least.

    It compares symbols as Python does: whole numbers as such, words by their letters, and any by whether they differ.
    That a query accepts itself alone is said otherwise, of fewer rows. Fewer may be alike in any other way than follow
    it, holes apart. The marks are keys that are told apart where words are compared: mostly no row accepts them. Words
    of a vocabulary that show no such relation are compared by their places in it: numbers that are written as words.
    """
    if len(rows) < LEAST_SAID:
        return None
    equal = sum(follows(EQUAL, queries, keys, rows))
    alike = max(equal, *Counter(row for row in rows if row is not None).values(), LEAST_SAID - 1)
    best: Recognised | None = None
    by_value = ((*each, False) for each in _sayable(queries, keys, rows))
    by_place = ((*each, True) for each in _of_places(queries, keys, rows, vocabulary))
    for relation, aside, wanted, placed in chain(by_value, by_place):
        if placed and best is not None and not best.placed:
            break
        others = _exceptions(rows, wanted, len(rows) - alike - 1)
        if others is not None:
            best, alike = Recognised(relation, others, aside, placed), len(rows) - len(others)
    return best


def _sayable(queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows) -> Iterator[tuple[Relation, Keys, Rows]]:
    """Relations, what each leaves aside, and the rows that it says."""
    yield DIFFERENT, (), DIFFERENT.rows(queries, keys)
    if all(type(symbol) is int for symbol in (*queries, *keys)):
        shown = [(query, row) for query, row in zip(queries, rows, strict=True) if type(query) is int and row]
        offsets, congruences = islice(_offsets(shown), _MOST_TRIED), islice(_congruences(shown), _MOST_TRIED)
        for relation in (*ORDERS, *offsets, *congruences):
            yield relation, (), relation.rows(queries, keys, "value")
    elif all(isinstance(symbol, str) for symbol in (*queries, *keys)):
        marks = tuple(key for key in keys if key in MARKS)
        for relation, aside in product(ORDERS, ((), marks) if marks else ((),)):
            yield relation, aside, _of_words(relation, queries, keys, aside)


def _of_words(relation: Relation, queries: Sequence[Symbol], keys: Sequence[Symbol], aside: Keys) -> Rows:
    """The rows of an order of words, as Python compares them; a query need be no key."""
    return _in_order(relation, queries, keys, aside, sorted({*map(str, queries), *map(str, keys)}))


def _of_places(
    queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows, vocabulary: Sequence[Symbol]
) -> Iterator[tuple[Relation, Keys, Rows]]:
    """Orders of words by their places in a vocabulary, the keys that no row accepts left aside if they are few."""
    words = [word for word in vocabulary if isinstance(word, str)]
    if not {*queries, *keys} <= set(words):
        return
    accepted = {key for row in rows for key in row or ()}
    never = tuple(key for key in keys if key not in accepted)
    for relation, aside in product(ORDERS, ((), never) if 0 < len(never) <= _MOST_ASIDE else ((),)):
        yield relation, aside, _in_order(relation, queries, keys, aside, words)


def _in_order(
    relation: Relation, queries: Sequence[Symbol], keys: Sequence[Symbol], aside: Keys, order: Sequence[str]
) -> Rows:
    """The rows of a relation between the places of words in an order."""
    place = {word: at for at, word in enumerate(order)}
    own, others = (np.array([place[str(word)] for word in words]) for words in (queries, keys))
    kept = np.array([key not in aside for key in keys])
    held = relation.holds(own[:, None], others[None, :]) & kept
    return [tuple(key for key, accepted in zip(keys, row, strict=True) if accepted) for row in held.tolist()]


def follows(relation: Relation, queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows) -> list[bool]:
    """For each row of a predicate whether it is that of the relation; a missing one is not."""
    return _followed(rows, _wanted(relation, queries, keys))


def imposed(
    relation: Relation, queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows, aside: Collection[Symbol] = ()
) -> tuple[Keys | None, ...]:
    """A predicate made one that follows a relation, by place, wherever a query is a key and neither is left aside."""
    made: list[Keys | None] = []
    for query, old, wanted in zip(queries, rows, relation.rows(queries, keys), strict=True):
        if wanted is None or query in aside:
            made.append(old)
        else:
            made.append(tuple(key for key in keys if key in ((old or ()) if key in aside else wanted)))
    return tuple(made)


def without(
    aside: Collection[Symbol], queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows
) -> tuple[tuple[Symbol, ...], Keys, tuple[Keys | None, ...]]:
    """Queries, keys and rows of a predicate, without some symbols."""
    kept = [(query, row) for query, row in zip(queries, rows, strict=True) if query not in aside]
    return (
        tuple(query for query, _ in kept),
        tuple(key for key in keys if key not in aside),
        tuple(None if row is None else tuple(key for key in row if key not in aside) for _, row in kept),
    )


def _ascends(keys: Sequence[Symbol]) -> bool:
    """Whether the order of a domain is that of its numbers, words or booleans, which are all that is in it."""
    numbers = [key for key in keys if isinstance(key, int | Fraction)]
    words = [key for key in keys if isinstance(key, str)]
    booleans = [key.value for key in keys if isinstance(key, Boolean)]
    return len(keys) in (len(numbers), len(words), len(booleans)) and (
        numbers == sorted(numbers) and words == sorted(words) and booleans == sorted(booleans)
    )


# Recognising ##########################################################################################################


def _numbers(symbols: Sequence[Symbol], keys: Sequence[Symbol], scale: Scale) -> list[int | None]:
    if scale == "value":
        return [symbol if type(symbol) is int else None for symbol in symbols]
    place = {key: at for at, key in enumerate(keys)}
    return [place.get(symbol) for symbol in symbols]


# Simplifying asks it of the same few domains for every candidate.
@lru_cache(maxsize=4096)
def _rows(
    relation: Relation, queries: tuple[Symbol, ...], keys: tuple[Symbol, ...], scale: Scale
) -> tuple[Keys | None, ...]:
    own, others = _numbers(queries, keys, scale), _numbers(keys, keys, scale)
    known = [at for at, number in enumerate(others) if number is not None]
    # As objects, since a symbol that is written as a whole number may be of any size.
    held = relation.holds(
        np.array([number or 0 for number in own], dtype=object)[:, None],
        np.array([others[at] for at in known], dtype=object)[None, :],
    )
    return tuple(
        None if number is None else tuple(keys[at] for at, accepted in zip(known, row, strict=True) if accepted)
        for number, row in zip(own, held.tolist(), strict=True)
    )


def _wanted(relation: Relation, queries: Sequence[Symbol], keys: Sequence[Symbol]) -> Rows:
    if relation.kind in ("nothing", "anything"):
        return [tuple(keys) if relation.kind == "anything" else ()] * len(queries)
    return relation.rows(queries, keys, relation.scale)


def _exceptions(rows: Rows, wanted: Rows, most: int) -> tuple[int, ...] | None:
    """The places of the rows that are not as wanted, or None once they are more than `most`."""
    found: list[int] = []
    for at, (row, other) in enumerate(zip(rows, wanted, strict=True)):
        if row != other or row is None:
            found.append(at)
            if len(found) > most:
                return None
    return tuple(found)


def _followed(rows: Rows, wanted: Rows) -> list[bool]:
    return [row is not None and row == other for row, other in zip(rows, wanted, strict=True)]


def _candidates(
    queries: Sequence[Symbol], keys: Sequence[Symbol], rows: Rows, most: int, modular: bool
) -> Iterator[Relation | Constant]:
    """Simple ones first, each once."""
    if not rows:
        yield NOTHING
        return
    common = max(Counter(rows).items(), key=lambda counted: counted[1])[0] if most else rows[0]  # ties: the first
    if common is not None:
        yield NOTHING if not common else ANYTHING if len(common) == len(keys) else Constant(common)
    yield from (EQUAL, DIFFERENT)
    if _ascends(keys):
        yield from ORDERS
    shown = [(query, row) for query, row in zip(queries, rows, strict=True) if type(query) is int and row]
    yield from _offsets(shown)
    if modular:
        yield from _congruences(shown)


def _offsets(shown: Sequence[tuple[int, Keys]]) -> Iterator[Relation]:
    """Distances that two rows show at least, those that most show first."""
    steps = Counter(row[0] - query for query, row in shown if len(row) == 1 and type(row[0]) is int)
    yield from (Relation("offset", step) for step, times in steps.most_common() if times >= 2)


def _congruences(shown: Sequence[tuple[int, Keys]]) -> Iterator[Relation]:
    """Remainders that a row of two keys or more shows, those that most show first."""
    found: Counter[Relation] = Counter()
    for query, row in shown:
        numbers = sorted(key for key in row if type(key) is int)
        modulus = gcd(*(larger - smaller for smaller, larger in pairwise(numbers)))
        if modulus >= 2:
            found[Relation("congruent", (numbers[0] - query) % modulus, modulus)] += 1
    yield from (relation for relation, _ in found.most_common())
