"""Groups of equal rows: as sorting finds them, whether numbers are counted or sorted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tprog.run.groups
from tprog.run.groups import contradictory, firsts, groups, scattered, tallied


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


@given(
    st.lists(st.tuples(*[st.integers(-(2**40), 2**40) | st.integers(-2, 2)] * 3, st.integers(0, 2)), max_size=40),
    st.integers(0, 3),
    st.sampled_from((2, 512)),
    st.booleans(),
)
def test_rows_contradict_each_other_where_alike_ones_have_different_labels(
    rows: list[tuple[int, ...]], count: int, few: int, all_in_one_slot: bool
) -> None:
    columns = [np.array([row[which] for row in rows], dtype=np.int64) for which in range(count)]
    marks = [np.zeros_like(mark) if all_in_one_slot else mark for mark in scattered(columns)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.groups, "_FEW", few)
        found = contradictory(columns, marks, np.array([row[3] for row in rows], dtype=np.int64))
    labels: dict[tuple[int, ...], set[int]] = {}
    for row in rows:
        labels.setdefault(row[:count], set()).add(row[3])
    assert found == any(len(each) > 1 for each in labels.values())


@given(st.lists(st.integers(-3, 3) | st.integers(-(2**40), 2**40), max_size=30), st.booleans())
def test_numbers_are_tallied_in_their_order(numbers: list[int], counted: bool) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.groups, "_DENSE", 2**16 if counted else 1)
        found = tallied(np.array(numbers, dtype=np.int64))
    assert found == (sorted(set(numbers)), [numbers.count(number) for number in sorted(set(numbers))])


def test_the_ends_of_a_type_are_tallied() -> None:
    assert tallied(np.array([127, -128, 127], dtype=np.int8)) == ([-128, 127], [1, 2])
