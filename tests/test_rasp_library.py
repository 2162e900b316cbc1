"""The libraries of RASP in Python: each function against what its first line says, in plain Python."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tprog.ir.values import NOTHING
from tprog.rasp.evaluate import evaluate
from tprog.rasp.expressions import SOp
from tprog.rasp.rasp_l import core as c
from tprog.rasp.rasp_l import library as lib
from tprog.rasp.tracr import language as tracr
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import indices, mapped, select, selector_width, tokens

Oracle = Callable[[Sequence[int], int], Any]
"""The value at a position of a word."""

DRAW = random.Random(0)
WORDS = [list(word) for n in range(1, 4) for word in product((0, 1, 2), repeat=n)] + [
    DRAW.choices(range(-2, 4), k=DRAW.randint(4, 9)) for _ in range(25)
]


def first(word: Sequence[int], wanted: Callable[[int], bool], default: Any) -> Any:
    return next((at for at, value in enumerate(word) if wanted(value)), default)


def last(word: Sequence[int], wanted: Callable[[int], bool], default: int) -> int:
    return max((at for at, value in enumerate(word) if wanted(value)), default=default)


def largest_so_far(word: Sequence[int], i: int) -> int:
    """The last position so far at which the own value was the largest so far."""
    return max((j for j in range(i + 1) if word[i] == max(word[: j + 1])), default=0)


def counted(word: Sequence[int]) -> list[int]:
    return [list(word[: at + 1]).count(value) for at, value in enumerate(word)]


def cut(total: int, count: int) -> int:
    return int(Fraction(total, count))


x, two, i_ = c.tokens, c.full(c.tokens, 2), c.indices(c.tokens)

RASP_L: dict[str, tuple[SOp, Oracle]] = {
    "shift_right": (lib.shift_right(x, 2), lambda w, i: w[i - 2] if i >= 2 else 0),
    "shift_right, default": (lib.shift_right(x, 1, default=9), lambda w, i: w[i - 1] if i else 9),
    "cumsum": (lib.cumsum(x == 1), lambda w, i: list(w[: i + 1]).count(1)),
    "where": (lib.where(x > 1, x, i_), lambda w, i: w[i] if w[i] > 1 else i),
    "mask": (lib.mask(x, x > 1), lambda w, i: w[i] if w[i] > 1 else 0),
    "maximum": (lib.maximum(x), lambda w, i: max(w[: i + 1])),
    "minimum": (lib.minimum(x), lambda w, i: min(w[: i + 1])),
    "argmax": (lib.argmax(x), largest_so_far),
    "argmin": (lib.argmin(x), lambda w, i: largest_so_far([-value for value in w], i)),
    "num_prev": (lib.num_prev(x, two), lambda w, i: list(w[: i + 1]).count(2)),
    "has_seen": (lib.has_seen(x, two), lambda w, i: int(2 in w[: i + 1])),
    "firsts": (lib.firsts(x, x), lambda w, i: list(w).index(w[i])),
    "firsts, none": (lib.firsts(x, two), lambda w, i: first(w[: i + 1], lambda value: value == 2, -1)),
    "lasts": (lib.lasts(x, two), lambda w, i: last(w[: i + 1], lambda value: value == 2, -1)),
    "index_select": (lib.index_select(x, x), lambda w, i: w[w[i]] if 0 <= w[i] <= i else 0),
    "first_true": (lib.first_true(x == 2), lambda w, i: first(w[: i + 1], lambda value: value == 2, -1)),
    "mode": (lib.mode(x), lambda w, i: w[largest_so_far(counted(w), i)]),
    "binary_mode": (
        lib.binary_mode(x),
        lambda w, i: int(list(w[: i + 1]).count(1) > list(w[: i + 1]).count(0)),
    ),
    "induct": (
        lib.induct(x, x, offset=1),
        lambda w, i: w[at] if (at := list(w).index(w[i]) + 1) <= i else 0,
    ),
    "induct_kqv": (
        lib.induct_kqv(x, two, i_, offset=2, default=-1),
        lambda w, i: at if 0 <= (at := first(w, lambda value: value == 2, -9) + 2) <= i else -1,
    ),
    "induct_prev": (
        lib.induct_prev(x, x, offset=-1),
        lambda w, i: w[at] if (at := list(w).index(w[i]) - 1) >= 0 else 0,
    ),
    "aggr_mean": (c.aggr_mean(c.select(x, x, c.leq), x), lambda w, i: _mean([v for v in w[: i + 1] if v <= w[i]])),
    "aggr_max": (c.aggr_max(c.select(x, x, c.lt), x), lambda w, i: max((v for v in w[: i + 1] if v < w[i]), default=0)),
    "aggr_min": (c.aggr_min(c.select(x, x, c.gt), x), lambda w, i: min((v for v in w[: i + 1] if v > w[i]), default=0)),
    "sel_width": (c.sel_width(c.select(x, x, c.geq)), lambda w, i: sum(v >= w[i] for v in w[: i + 1])),
    "a predicate of one's own": (
        c.sel_width(c.select(x, i_, lambda key, query: key == query + 1)),
        lambda w, i: sum(v == i + 1 for v in w[: i + 1]),
    ),
    "tok_map": (c.tok_map(x, lambda value: value / 2), lambda w, i: cut(w[i], 2)),
    "seq_map": (c.seq_map(x, i_, lambda one, other: one - other), lambda w, i: w[i] - i),
    "seq_map of a comparison": (c.seq_map(x, i_, c.lt), lambda w, i: int(w[i] < i)),
    "seq_map of true": (c.seq_map(x, i_, c.true), lambda w, i: 1),
}


def _mean(values: Sequence[int]) -> int:
    return cut(sum(values), len(values))


@pytest.mark.parametrize("name", RASP_L)
def test_a_function_of_rasp_l_is_what_it_says(name: str) -> None:
    sop, oracle = RASP_L[name]
    for word in WORDS:
        found = evaluate(sop, word)
        assert found == [oracle(word, i) for i in range(len(word))], word
        assert all(type(value) is int for value in found)


def test_the_predicates_of_rasp_l_compare_plain_numbers_too() -> None:
    own = [operator.eq, operator.le, operator.lt, operator.ge, operator.gt]
    for one, other in product(range(3), repeat=2):
        asked = [predicate(one, other) for predicate in (c.equals, c.leq, c.lt, c.geq, c.gt)]
        assert asked == [compare(one, other) for compare in own]
        assert c.true(one, other)


def balance(word: Sequence[int], i: int, opening: int = 1, closing: int = 2) -> Fraction:
    so_far = list(word[: i + 1])
    return Fraction(so_far.count(opening) - so_far.count(closing), i + 1)


def balanced(word: Sequence[int], *pairs: tuple[int, int]) -> bool:
    ever = [balance(word, i, *pair) for pair in pairs for i in range(len(word))]
    return min(ever) >= 0 and all(balance(word, len(word) - 1, *pair) == 0 for pair in pairs)


def by_frequency(word: Sequence[int]) -> list[int]:
    return sorted(word, key=lambda value: -list(word).count(value))


NUMBERED = selector_width(select(indices, indices, "<="))

TRACR: dict[str, tuple[SOp, Oracle]] = {
    "make_length": (t.make_length(), lambda w, i: len(w)),
    "make_reverse": (t.make_reverse(tokens), lambda w, i: w[-1 - i]),
    "make_frac_prevs": (
        t.make_frac_prevs(tokens == 1),
        lambda w, i: Fraction(list(w[: i + 1]).count(1), i + 1),
    ),
    "make_pair_balance": (t.make_pair_balance(tokens, 1, 2), balance),
    "make_shuffle_dyck": (t.make_shuffle_dyck([(1, 2)]), lambda w, i: balanced(w, (1, 2))),
    "make_shuffle_dyck of two": (
        t.make_shuffle_dyck([(1, 2), (0, 2), (3, 2)]),
        lambda w, i: balanced(w, (1, 2), (0, 2), (3, 2)),
    ),
    "make_hist": (t.make_hist(), lambda w, i: list(w).count(w[i])),
    "make_sort": (t.make_sort(indices, tokens, max_seq_len=9, min_key=1), lambda w, i: _order(w)[i]),
    "make_sort_unique": (t.make_sort_unique(tokens, -NUMBERED), lambda w, i: w[-1 - i]),
    "make_sort_freq": (t.make_sort_freq(9), lambda w, i: by_frequency(w)[i]),
    "shift_by": (t.shift_by(2, tokens), lambda w, i: w[i - 2] if i >= 2 else NOTHING),
    "detect_pattern": (
        t.detect_pattern(tokens, [1, 2, 1]),
        lambda w, i: NOTHING if i < 2 else w[i - 2 : i + 1] == [1, 2, 1],
    ),
    "make_count_less_freq": (
        t.make_count_less_freq(2),
        lambda w, i: sum(list(w).count(value) <= 2 for value in w),
    ),
    "make_count": (t.make_count(tokens, 1), lambda w, i: list(w).count(1)),
    "make_nary_sequencemap": (
        t.make_nary_sequencemap(lambda one, two, three: one * two - three, tokens, indices, tokens),
        lambda w, i: w[i] * i - w[i],
    ),
    "linear_sequence_map": (tracr.linear_sequence_map(tokens, indices, 3, -2), lambda w, i: 3 * w[i] - 2 * i),
    "sequence_map": (tracr.sequence_map(lambda one, other: one - other, tokens, indices), lambda w, i: w[i] - i),
    "where": (tracr.where(tokens > indices, 7, tokens), lambda w, i: 7 if w[i] > i else w[i]),
    "fill": (tracr.fill(t.shift_by(1, tokens), -5), lambda w, i: w[i - 1] if i else -5),
    "fill, falsehood": (
        tracr.fill(mapped(lambda value: value or None, tokens), indices),
        lambda w, i: w[i] or i,
    ),
    "first": (tracr.first(select(tokens, tokens, "!="), indices), lambda w, i: first(w, lambda v: v != w[i], None)),
    "last": (tracr.last(select(tokens, tokens, "=="), indices), lambda w, i: last(w, lambda v: v == w[i], -1)),
    "nearest": (tracr.nearest(select(tokens, tokens, "=="), indices), lambda w, i: _nearest(i, _where(w, w[i]))),
    "best": (
        tracr.best(select(tokens, tokens, "!="), indices, by=tokens, default=-1),
        lambda w, i: _best(w, i, max),
    ),
    "best, smallest": (
        tracr.best(select(tokens, tokens, "!="), indices, by=tokens, smallest=True, default=-1),
        lambda w, i: _best(w, i, min),
    ),
    "maximum": (
        tracr.maximum(select(tokens, tokens, "<"), tokens, -9),
        lambda w, i: max((v for v in w if v < w[i]), default=-9),
    ),
    "minimum": (
        tracr.minimum(select(tokens, tokens, ">"), tokens, 9),
        lambda w, i: min((v for v in w if v > w[i]), default=9),
    ),
    "selectors": (
        selector_width(
            tracr.selector_or(
                tracr.selector_and(select(tokens, tokens, "<="), tracr.selector_not(select(indices, 0, "=="))),
                select(tokens, indices, "False"),
            )
        ),
        lambda w, i: sum(v <= w[i] for v in w[1:]),
    ),
}


def _order(word: Sequence[int]) -> list[int]:
    return sorted(range(len(word)), key=lambda at: word[at])


def _where(word: Sequence[int], wanted: int) -> list[int]:
    return [at for at, value in enumerate(word) if value == wanted]


def _nearest(i: int, places: Sequence[int]) -> int:
    """The left one of two, the own one only if it is alone."""
    return min((at for at in places if at != i), key=lambda at: (abs(at - i), at), default=i)


def _best(word: Sequence[int], i: int, pick: Any) -> int:
    others = [value for value in word if value != word[i]]
    return _nearest(i, _where(word, pick(others))) if others else -1


@pytest.mark.parametrize("name", TRACR)
def test_a_function_of_tracr_is_what_it_says(name: str) -> None:
    sop, oracle = TRACR[name]
    for word in WORDS:
        wanted = [oracle(word, i) for i in range(len(word))]
        assert evaluate(sop, word) == [NOTHING if value is None else value for value in wanted], word


def test_every_function_of_both_libraries_is_looked_at() -> None:
    for module, looked_at in ((lib, RASP_L), (t, TRACR)):
        own = {name for name, each in vars(module).items() if getattr(each, "__module__", None) == module.__name__}
        told = {name.partition(",")[0] for name in looked_at}
        assert {name for name in own if name[0] != "_"} <= told | {"make_shuffle_dyck2"}


def test_what_has_a_row_of_its_own_is_read_from_it() -> None:
    rows = [[True, False, True], [False, False, False], [False, True, True]]
    chosen = tracr.constant_selector(rows)
    assert evaluate(selector_width(chosen), "abc") == [2, 0, 2]
    assert evaluate(tracr.aggregate(chosen, indices), "abc") == [1, NOTHING, Fraction(3, 2)]
