"""What a head attends to, as arrays, against what the primitives say on lists."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tests.strategies import programs
from tprog import primitives
from tprog.ir.domains import masks
from tprog.ir.program import AttentionHead, Program, Symbols
from tprog.run.attention import (
    accepted,
    accepting,
    by_preference,
    mask_word,
    preference,
    sees,
    visible,
    window,
    windows,
)
from tprog.run.batch import Batch
from tprog.run.evaluate import _codes
from tprog.run.matches import _attended, _bits, _powers, _prefixes, _sizes


def _heads(program: Program) -> list[AttentionHead]:
    return [node for node in program.nodes if isinstance(node, AttentionHead)]


@given(programs())
def test_a_window_holds_what_the_primitive_calls_visible(program: Program) -> None:
    for node in _heads(program):
        shown = window(node, program, 5)
        for i in range(5):
            expected = list(primitives.visible(i, 5, mask_word(node, program), node.skip_first))
            assert np.flatnonzero(shown[i]).tolist() == expected == list(visible(node, program, i, 5))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("skip_first", [False, True])
def test_a_head_sees_something_where_a_visible_position_lies_within_the_input(causal: bool, skip_first: bool) -> None:
    program = next(case.program for case in PROGRAMS.values() if case.program.causal == causal)
    batch = Batch(np.zeros((6, 5), np.int8), np.arange(6))
    for mask in masks(causal):
        head = replace(_heads(program)[0], mask=mask, skip_first=skip_first)
        seen = window(head, program, 5) & batch.present[:, None, :]
        assert np.array_equal(sees(head, program, batch), seen.any(axis=2))


def test_no_position_sees_anything_in_a_batch_without_positions() -> None:
    program = next(p.program for p in PROGRAMS.values() if _heads(p.program))
    assert sees(_heads(program)[0], program, Batch(np.zeros((2, 0), np.int8), np.zeros(2, np.int64))).shape == (2, 0)


@pytest.mark.parametrize("n", [1, 2, 5, 200])
def test_the_most_preferred_of_some_matches_is_the_one_that_the_primitive_calls_closest(n: int) -> None:
    matches = np.random.default_rng(n).random((n, n)) < 0.3
    closest = primitives.select_closest(range(n), range(n), lambda query, key: bool(matches[query, key]))
    ranks = matches * preference(n)
    assert [int(ranks[i].argmax()) if ranks[i].any() else None for i in range(n)] == closest


@pytest.mark.parametrize("n", [1, 4, 130])
def test_ranks_are_the_places_in_the_order_of_preference(n: int) -> None:
    assert np.array_equal((-preference(n).astype(int)).argsort(axis=1), by_preference(n))
    assert preference(n).min() == 1


@pytest.mark.parametrize("size", [1, 8, 9, 64, 65, 70])
def test_a_table_accepts_what_its_rows_name_however_many_keys_there_are(size: int) -> None:
    rng = np.random.default_rng(size)
    keys = Symbols(tuple(range(size)))
    rows = [None, *(tuple(k for k in range(size) if rng.random() < 0.5) for _ in range(6))]
    query, key = rng.integers(0, 7, (3, 4)), rng.integers(0, size, (3, 4))
    found = accepted(accepting(tuple(rows), keys), query.astype(np.int8), key.astype(np.int8))
    for at in np.ndindex(3, 4, 4):
        assert found[at] == (key[at[0], at[2]] in (rows[query[at[0], at[1]]] or ()))


@given(st.integers(1, 6))
def test_what_is_shared_cannot_be_changed(n: int) -> None:
    table = accepting(((),) * n, Symbols(tuple(range(n))))
    for shared in (windows(n, "all"), preference(n), by_preference(n), table):
        with pytest.raises(ValueError, match="read-only"):
            shared[0, 0] = 0


def test_what_all_heads_share_cannot_be_written() -> None:
    keys = Symbols(("a", "b", "c"))
    tables, holes = _codes(("a", None), keys)
    assert holes is not None
    shared = [windows(3, "before"), accepting((("a",),), keys), by_preference(3), preference(3), tables, holes]
    shared += [_powers(3), _prefixes(3), _bits(3), _sizes(3), _attended(3, "nearest", "last")]
    for array in shared:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
