"""What a head selects, in two forms: as sets of positions in numbers it is what comparing every pair says."""

from __future__ import annotations

from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import programs, some_inputs
from tprog.ir.domains import ATTENDING, RANKING, SelfRule
from tprog.ir.program import AttentionHead, Number, Numbers, Program
from tprog.run.attention import accepted
from tprog.run.batch import Batch, encode
from tprog.run.evaluate import level_codes
from tprog.run.execute import execute
from tprog.run.matches import (
    LEAST_INPUTS,
    MOST_POSITIONS,
    Pairs,
    Sets,
    _attended,
    _bits,
    _powers,
    _prefixes,
    _sizes,
    accepted_sets,
    matches_of,
    pairs_of,
)


def _both(n: int, inputs: int = 100) -> tuple[Pairs, Sets]:
    matches = np.random.default_rng(n).random((inputs, n, n)) < 0.4
    kind = np.uint8 if n <= 8 else np.uint16
    return Pairs(matches), Sets((matches @ (1 << np.arange(n))).T.astype(kind))


@pytest.mark.parametrize("n", range(1, MOST_POSITIONS + 1))
def test_a_set_has_as_many_positions_as_pairs_match_and_the_same_sum(n: int) -> None:
    pairs, sets = _both(n)
    values = np.random.default_rng(n).integers(-128, 128, (100, n)).astype(np.int8)
    for mine, theirs in ((pairs.none(), sets.none()), (pairs.counts(), sets.counts())):
        assert np.array_equal(mine, theirs)
    assert np.array_equal(pairs.sums(values), sets.sums(values))
    assert sets.sums(values).dtype == pairs.sums(values).dtype == np.int64


@pytest.mark.parametrize("rule", get_args(SelfRule))
@pytest.mark.parametrize("n", [1, 5, 9])
def test_a_head_copies_from_the_same_position_of_a_set(n: int, rule: SelfRule) -> None:
    pairs, sets = _both(n)
    values = np.random.default_rng(n).integers(0, 1000, (100, n))
    for attend in ATTENDING:
        if attend not in RANKING:
            assert np.array_equal(pairs.copied(values, attend, rule), sets.copied(values, attend, rule))


@pytest.mark.parametrize("width", [1, 8, 9, 33, 64, 65, 200])
def test_a_set_holds_the_positions_whose_keys_a_row_accepts_however_many_keys_there_are(width: int) -> None:
    rng = np.random.default_rng(width)
    table, n = rng.random((7, width)) < 0.5, 9
    query, key = rng.integers(0, 7, (80, n)), rng.integers(0, width, (80, n)).astype(np.uint8)
    assert np.array_equal(accepted_sets(table, query, key), (accepted(table, query, key) @ (1 << np.arange(n))).T)


@given(programs(lengths=st.integers(3, MOST_POSITIONS)))
def test_many_inputs_are_computed_as_few_are(program: Program) -> None:
    few = encode(program, some_inputs(program, 20))
    times = -(-LEAST_INPUTS // len(few))
    many = Batch(np.tile(few.tokens, (times, 1)), np.tile(few.lengths, times))
    one, other = execute(program, few), execute(program, many)
    assert one.holed.keys() == other.holed.keys()
    for table, at in one.holed.items():
        assert np.array_equal(at, other.holed[table][: len(few)])
    whole = ~one.in_hole[:, None] & few.present  # elsewhere a value means nothing
    for name in program.variables:
        assert np.array_equal(one.values[name][whole], other.values[name][: len(few)][whole])
    assert np.array_equal(one.predictions[~one.in_hole], other.predictions[: len(few)][~one.in_hole])


@given(programs())
def test_long_inputs_and_few_are_compared_pair_by_pair(program: Program) -> None:
    for node in (node for node in program.nodes if isinstance(node, AttentionHead)):
        for inputs, n in ((LEAST_INPUTS - 1, 3), (LEAST_INPUTS, MOST_POSITIONS + 1), (LEAST_INPUTS, 0)):
            values = {name: np.zeros((inputs, n), dtype=np.int8) for name in program.variables}
            batch = Batch(np.zeros((inputs, n), dtype=np.int32), np.full(inputs, n))
            found = matches_of(node, program, batch, values)
            assert isinstance(found, Pairs)
            assert np.array_equal(found.matches, pairs_of(node, program, batch, values).matches)


@pytest.mark.parametrize("levels", [(0,), (0, 1, 2), (-1, 3, Fraction(7, 2)), (-500, 0, 500)])
def test_many_bytes_read_as_the_levels_that_each_reads_as(levels: tuple[Number, ...]) -> None:
    domain, every = Numbers(Fraction(-60), Fraction(60), 2), np.arange(-128, 128).astype(np.int8)
    expected = [max((at for at, level in enumerate(levels) if level <= Fraction(int(n), 2)), default=0) for n in every]
    assert level_codes(np.tile(every, (2, 1)), levels, domain).tolist() == [expected, expected]
    assert level_codes(every, levels, domain).tolist() == expected


@pytest.mark.parametrize("n", [1, 8, 9])
def test_the_tables_that_heads_share_cannot_be_changed(n: int) -> None:
    for shared in (_powers(n), _prefixes(n), _bits(n), _sizes(n), _attended(n, "nearest", "last")):
        with pytest.raises(ValueError, match="read-only"):
            shared[...] = 0
