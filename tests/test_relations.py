"""Relations: what a predicate says is recognised, with the rows that say something else, and said back as the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tprog.ir.domains import BEGIN, END, Keys, Symbol
from tprog.text.relations import (
    ANYTHING,
    DIFFERENT,
    EQUAL,
    GREATER,
    MARKS,
    NOT_GREATER,
    NOT_SMALLER,
    NOTHING,
    ONE_LESS,
    ONE_MORE,
    ORDERS,
    SMALLER,
    Constant,
    Recognised,
    Relation,
    follows,
    imposed,
    recognised,
    without,
)

LETTERS = ("a", "b", "c", "d", "e")
WORDS = (BEGIN, *LETTERS, END)
NUMBERS = tuple(range(9))


def _row(word: str) -> Keys:
    return tuple(word)


@pytest.mark.parametrize(
    ("relation", "rows"),
    [
        (NOTHING, ["", "", "", "", ""]),
        (ANYTHING, ["abcde"] * 5),
        (Constant(("c",)), ["c"] * 5),
        (Constant(("b", "d")), ["bd"] * 5),
        (EQUAL, ["a", "b", "c", "d", "e"]),
        (DIFFERENT, ["bcde", "acde", "abde", "abce", "abcd"]),
        (SMALLER, ["", "a", "ab", "abc", "abcd"]),
        (GREATER, ["bcde", "cde", "de", "e", ""]),
        (NOT_GREATER, ["a", "ab", "abc", "abcd", "abcde"]),
        (NOT_SMALLER, ["abcde", "bcde", "cde", "de", "e"]),
    ],
)
def test_a_predicate_is_recognised_as_what_all_its_rows_say(relation: Relation | Constant, rows: list[str]) -> None:
    predicate = [_row(row) for row in rows]
    assert recognised(LETTERS, LETTERS, predicate) == Recognised(relation)
    if isinstance(relation, Relation):
        assert list(relation.rows(LETTERS, LETTERS)) == predicate


@pytest.mark.parametrize("relation", [Relation("offset", 2), Relation("offset", -3), Relation("congruent", 1, 3)])
def test_a_distance_and_a_remainder_are_those_of_the_numbers_whatever_their_places(relation: Relation) -> None:
    queries, keys = tuple(range(4, 12)), (*range(3, 14), "word")
    rows = relation.rows(queries, keys, "value")
    assert recognised(queries, keys, rows) == Recognised(relation)
    assert all(
        row == tuple(k for k in keys if isinstance(k, int) and bool(relation.holds(np.array(q), np.array(k))))
        for q, row in zip(queries, rows, strict=True)
    )


def test_remainders_are_looked_for_only_where_they_are_asked_for() -> None:
    rows = Relation("congruent", 0, 2).rows(NUMBERS, NUMBERS, "value")
    assert recognised(NUMBERS, NUMBERS, rows) == Recognised(Relation("congruent", 0, 2))
    assert recognised(NUMBERS, NUMBERS, rows, modular=False) is None


def test_an_order_is_no_order_where_the_domain_does_not_ascend() -> None:
    shuffled = ("b", "a", "c")
    assert recognised(shuffled, shuffled, SMALLER.rows(shuffled, shuffled)) is None
    assert recognised(shuffled, shuffled, EQUAL.rows(shuffled, shuffled)) == Recognised(EQUAL)


def test_one_row_alone_shows_no_distance() -> None:
    assert recognised((0, 1, 9), (3, 4), ((3,), (), ())) is None
    assert recognised((0, 1, 9), (3, 4), ((3,), (4,), ())) == Recognised(Relation("offset", 3))
    assert recognised((0, 1, 9), (3, 4), ((3,), (4,), (4,))) is None


_relations = st.sampled_from([EQUAL, DIFFERENT, *ORDERS, Relation("offset", 2), Relation("congruent", 1, 3)])


@given(_relations, st.data())
def test_rows_that_say_something_else_are_exceptions_up_to_as_many_as_are_allowed(
    relation: Relation, data: st.DataObject
) -> None:
    rows: list[Keys | None] = list(relation.rows(NUMBERS, NUMBERS, relation.scale))
    at = sorted(data.draw(st.sets(st.integers(0, 8), max_size=2)))
    for place in at:
        other = data.draw(st.sampled_from([None, (), (0, 5), (7,), NUMBERS]))
        assume(other != rows[place])
        rows[place] = other
    found = recognised(NUMBERS, NUMBERS, rows, most=2)
    assert found == Recognised(relation, tuple(at))
    if at:
        assert recognised(NUMBERS, NUMBERS, rows, most=len(at) - 1) is None


@given(st.lists(st.one_of(st.none(), st.sets(st.sampled_from(NUMBERS))), min_size=9, max_size=9), st.integers(0, 9))
def test_what_is_recognised_is_said_by_all_rows_but_the_exceptions(drawn: list[set[int] | None], most: int) -> None:
    rows = [None if row is None else tuple(sorted(row)) for row in drawn]
    found = recognised(NUMBERS, NUMBERS, rows, most)
    if found is None:
        return
    assert len(found.exceptions) <= most
    said = found.relation
    wanted: Sequence[Keys | None] = (
        [said.keys] * 9 if isinstance(said, Constant) else said.rows(NUMBERS, NUMBERS, said.scale)
    )
    assert [at for at in range(9) if rows[at] is None or rows[at] != wanted[at]] == list(found.exceptions)


def test_marks_left_aside_neither_ask_nor_count_as_keys() -> None:
    rows = tuple(
        (END,) if query == BEGIN else (BEGIN, *(k for k in LETTERS if k < query)) if query != END else ()
        for query in WORDS
    )
    assert recognised(WORDS, WORDS, rows) is None
    assert recognised(*without(MARKS, WORDS, WORDS, rows)) == Recognised(SMALLER)
    equal = imposed(EQUAL, WORDS, WORDS, rows, aside=MARKS)
    assert equal == ((END,), *((BEGIN, letter) for letter in LETTERS), ())
    assert imposed(EQUAL, WORDS, WORDS, rows) == tuple((word,) for word in WORDS)


def test_a_query_that_is_no_key_keeps_its_row() -> None:
    assert imposed(EQUAL, ("a", "z"), ("a", "b"), ((), ("b",))) == (("a",), ("b",))
    assert imposed(EQUAL, ("a", "z"), ("a", "b"), (None, None)) == (("a",), None)


def test_a_missing_row_follows_no_relation() -> None:
    assert follows(EQUAL, ("a", "b", "z"), ("a", "b"), (("a",), None, None)) == [True, False, False]


def test_one_beside_by_place_is_the_neighbour_in_the_domain() -> None:
    shuffled: tuple[Symbol, ...] = ("b", "a", 7)
    assert ONE_MORE.rows(shuffled, shuffled) == (("a",), (7,), ())
    assert ONE_LESS.rows(shuffled, shuffled) == ((), ("b",), ("a",))


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        (NOTHING, "no rank"),
        (ANYTHING, "any rank"),
        (EQUAL, "rank = position"),
        (DIFFERENT, "rank != position"),
        (SMALLER, "rank < position"),
        (GREATER, "rank > position"),
        (NOT_SMALLER, "rank >= position"),
        (NOT_GREATER, "rank <= position"),
        (Relation("offset", 0), "rank = position"),
        (Relation("offset", 2), "rank = position + 2"),
        (Relation("offset", -1), "rank = position - 1"),
        (Relation("congruent", 0, 2), "rank = position modulo 2"),
        (Relation("congruent", 1, 3), "rank = position + 1 modulo 3"),
    ],
)
def test_a_relation_is_said_in_signs(relation: Relation, said: str) -> None:
    assert relation.equation("rank", "position") == said


def test_numbers_of_any_size_are_compared() -> None:
    huge = (10**30, 10**30 + 1)
    assert recognised(huge, (*huge, 10**30 + 2), ((huge[1],), (10**30 + 2,))) == Recognised(Relation("offset", 1))
