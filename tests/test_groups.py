"""Groups of equal rows: as sorting finds them, whether numbers are counted or sorted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tprog.run.groups
from tprog.run.groups import firsts, groups, tallied


@given(st.lists(st.tuples(*[st.integers(-(2**40), 2**40) | st.integers(-3, 3)] * 3), max_size=30), st.booleans())
def test_equal_rows_have_one_number_in_the_order_of_the_rows(rows: list[tuple[int, ...]], counted: bool) -> None:
    columns = [np.array([row[which] for row in rows], dtype=np.int64) for which in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.groups, "_DENSE", 2**16 if counted else 1)
        found = groups(columns, len(rows))
    distinct = sorted(set(rows))
    assert found.tolist() == [distinct.index(row) for row in rows]
    assert firsts(found).tolist() == [rows.index(row) for row in distinct]


def test_rows_without_columns_are_all_the_same() -> None:
    assert groups([], 3).tolist() == [0, 0, 0]
    assert groups([], 0).tolist() == firsts(groups([], 0)).tolist() == []


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**40), 2**40), max_size=30), st.booleans())
def test_numbers_are_tallied_in_their_order(numbers: list[int], counted: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.groups, "_DENSE", 2**16 if counted else 1)
        found = tallied(np.array(numbers, dtype=np.int64))
    assert found == (sorted(set(numbers)), [numbers.count(number) for number in sorted(set(numbers))])


def test_the_ends_of_a_type_are_tallied() -> None:
    assert tallied(np.array([127, -128, 127], dtype=np.int8)) == ([-128, 127], [1, 2])
