"""What a node may yield: neither less nor more than comes out when everything that may be is tried."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from analyze.abstract.transfer import (
    add_fallback,
    added,
    answers,
    attended,
    bounds,
    composed,
    consulted,
    levels_between,
    summed,
)
from tprog.ir.domains import Attend
from tprog.ir.entries import Listed
from tprog.ir.program import Head, Linear, Lookup, Numbers, NumericHead, Program, Readout, Symbols
from tprog.primitives import round_down
from tprog.run.batch import Bools

LETTERS = ("a", "b", "c")
N = 3
PREFERRED: dict[Attend, Callable[[int, int, int, list[int]], tuple[int, ...]]] = {
    "nearest": lambda i, j, value, matches: (j == i, abs(i - j)),
    "first": lambda i, j, value, matches: (j,),
    "last": lambda i, j, value, matches: (-j,),
    "largest": lambda i, j, value, matches: (-value, abs(i - j)),
    "smallest": lambda i, j, value, matches: (value, abs(i - j)),
}
"""By what a head chooses the position j, from i: the least; ties go left."""


def _matches(may: Bools, must: Bools) -> Iterator[list[int]]:
    """Every set of positions that may match, of one query."""
    for chosen in product(*([True] if must[j] else [False, True] if may[j] else [False] for j in range(N))):
        yield [j for j in range(N) if chosen[j]]


def _may_and_must(draw: random.Random) -> tuple[Bools, Bools]:
    state = np.array([[draw.randint(0, 2) for _ in range(N)] for _ in range(N)])
    return state > 0, state > 1


def _head(attend: Attend) -> Head:
    by = "tokens" if attend in ("largest", "smallest") else None
    return Head("h", "tokens", "tokens", "tokens", (LETTERS,) * 3, default="a", attend=attend, by=by)


@pytest.mark.parametrize("attend", PREFERRED)
def test_a_head_may_attend_where_some_matches_and_some_values_let_it_and_nowhere_else(attend: Attend) -> None:
    draw = random.Random(0)
    for _ in range(60):
        may, must = _may_and_must(draw)
        low = [draw.randint(-1, 1) for _ in range(N)]
        high = [least + draw.randint(0, 2) for least in low]
        wanted = np.zeros((N, N), dtype=np.bool_)
        for i, values in product(range(N), product(*(range(low[j], high[j] + 1) for j in range(N)))):
            for matches in _matches(may[i], must[i]):
                if matches:
                    wanted[i, min(matches, key=lambda j: PREFERRED[attend](i, j, values[j], matches))] = True
        by = (np.array([low]), np.array([high])) if _head(attend).by else None
        assert np.array_equal(attended(_head(attend), may, must, "last", by), wanted)


def test_where_a_match_with_itself_counts_as_a_distance_nothing_that_may_win_is_left_out() -> None:
    draw = random.Random(1)
    for _ in range(60):
        may, must = _may_and_must(draw)
        found = attended(_head("nearest"), may, must, "match-count")
        for i in range(N):
            for matches in filter(None, _matches(may[i], must[i])):
                chosen = min(matches, key=lambda j: len(matches) if j == i else abs(i - j))
                assert found[i, chosen]


def test_a_sum_over_matches_lies_between_its_bounds_and_reaches_both() -> None:
    draw = random.Random(2)
    for _ in range(60):
        may, must = _may_and_must(draw)
        low = [draw.randint(-2, 2) for _ in range(N)]
        high = [least + draw.randint(0, 2) for least in low]
        least, most = summed(np.array([low]), np.array([high]), may, must)
        for i in range(N):
            every = [*_matches(may[i], must[i])]
            assert least[i] == min(sum(low[j] for j in matches) for matches in every)
            assert most[i] == max(sum(high[j] for j in matches) for matches in every)


@pytest.mark.parametrize("default", [None, 2])
def test_a_head_that_may_select_nothing_may_say_its_default_or_what_stands_first(default: int | None) -> None:
    values = np.array([[True, True, False], [False, False, True]])
    for alone in product([False, True], repeat=2):
        found = np.zeros((2, 3), dtype=np.bool_)
        add_fallback(found, np.array(alone), values, default)
        wanted = [[nothing and (code == default if default else code < 2) for code in range(3)] for nothing in alone]
        assert found.tolist() == wanted


def test_the_bounds_of_a_set_are_the_least_and_the_largest_in_it() -> None:
    sets = [[bool(bits >> code & 1) for code in range(4)] for bits in range(1, 16)]
    low, high = bounds(np.array(sets))
    within = [[code for code in range(4) if one[code]] for one in sets]
    assert (low.tolist(), high.tolist()) == ([min(one) for one in within], [max(one) for one in within])


def test_relations_are_composed_as_their_pairs_are() -> None:
    draw = np.random.default_rng(0)
    left, right = draw.random((5, 4, 3)) < 0.4, draw.random((5, 3, 6)) < 0.4
    assert np.array_equal(composed(left, right), (left[:, :, :, None] & right[:, None]).any(axis=2))


def _program(*nodes: NumericHead | Linear | Lookup) -> Program:
    return Program(LETTERS, ("x",), N, nodes, Readout((), forced=()))


def test_a_sum_of_variables_lies_between_its_bounds_and_reaches_both() -> None:
    counted = NumericHead("count", "tokens", "tokens", "ones", (LETTERS,) * 3)
    averaged = NumericHead("mean", "tokens", "tokens", "count", (LETTERS,) * 3, reduce="mean", default=0)
    total = Linear("total", ("count", "mean"), (-2, Fraction(1, 2)), Fraction(-3, 4))
    program = _program(counted, averaged, total)
    domain, one, other = (program.numeric(name) for name in ("total", "count", "mean"))
    for spans in product([(0, 1), (1, 3), (2, 2)], repeat=2):
        low, high = (
            [np.array([read.code(span[end])]) for read, span in zip((one, other), spans, strict=True)] for end in (0, 1)
        )
        least, most = added(total, program, low, high)
        made = [-2 * count + Fraction(mean, 2) - Fraction(3, 4) for count, mean in product(*spans)]
        assert (least[0], most[0]) == (domain.code(min(made)), domain.code(max(made)))


def test_numbers_between_two_read_as_all_levels_that_one_of_them_reads_as() -> None:
    domain, levels = Numbers(Fraction(-2), Fraction(2), 2), (Fraction(-1, 2), 0, Fraction(3, 2))
    for low in range(-4, 5):
        for high in range(low, 5):
            wanted = {round_down(Fraction(number, 2), levels) for number in range(low, high + 1)}
            (found,) = levels_between(np.array([low]), np.array([high]), levels, domain)
            assert {level for level, may in zip(levels, found, strict=True) if may} == wanted


SETS = [np.array(one) for one in product([False, True], repeat=3) if any(one)]
"""All sets of three values that are not empty."""


@pytest.mark.parametrize("listed", [None, ((0, 0), (0, 1)), tuple(product(range(3), range(3)))])
def test_a_lookup_may_read_the_cells_of_what_it_may_read_and_no_others(listed: Listed | None) -> None:
    where = [*(product(range(3), range(3)) if listed is None else listed)]
    node = Lookup(
        "l", ("tokens", "positions"), (None, None), ("x",), ("x",) * (9 if listed is None else len(where) + 1), listed
    )
    for one, other in product(SETS, repeat=2):
        places = product(*(np.flatnonzero(each).tolist() for each in (one, other)))
        wanted = {where.index(place) if place in where else len(where) for place in places}
        assert set(np.flatnonzero(consulted(node, [one[None], other[None]])[0])) == wanted


def test_a_lookup_that_reads_a_variable_twice_reads_the_same_of_both() -> None:
    node = Lookup("l", ("tokens", "tokens"), (None, None), ("x",), ("x",) * 9)
    for one in SETS:
        found = consulted(node, [one[None], one[None]])[0]
        assert np.array_equal(found.reshape(3, 3), np.diag(one))


def test_a_table_says_what_its_entries_say_and_a_hole_says_nothing() -> None:
    domain = Symbols(("x", "y", "z"))
    support, said = answers(("z", None, "x"), domain)
    assert support.tolist() == [0, 1, 2]
    assert said.tolist() == [[False, False, True], [False] * 3, [True, False, False]]
    numbers = Numbers(Fraction(-2), Fraction(4), 2)
    support, said = answers((Fraction(3, 2), None, -2, Fraction(3, 2)), numbers)
    assert [Fraction(code, 2) for code in support.tolist()] == [-2, Fraction(3, 2)]
    assert said.tolist() == [[False, True], [False, False], [True, False], [False, True]]
