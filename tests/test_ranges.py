"""Static ranges: no input ever leaves them, and they know what the structure of a program says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyze.abstract.ranges
from analyze.abstract.ranges import Ranges, ranges
from analyze.outcome import ground
from analyze.reached_entries import Counts
from tests.interventions import listed
from tests.programs import PROGRAMS, equal, everything
from tests.strategies import programs, some_inputs
from tprog.ir.entries import WeightsOf
from tprog.ir.program import BEGIN, END, Head, Lookup, NumericHead, Program, Symbols, Weights
from tprog.tasks.builtin import Inputs, inputs_for

SORT = PROGRAMS["sort"].program
WORDS = SORT.vocabulary


def _check_sound(found: Ranges, inputs: Inputs) -> None:
    """Every value that is computed is in its range, and every entry that is consulted is reachable."""
    on = ground(found.program, inputs)
    for variable in found.program.variables:
        inside = found.holds(variable, on.intact.values[variable], on.batch.lengths)
        outside = np.argwhere(on.computed(variable) & ~inside)
        assert not len(outside), (variable, outside[0])
    counts = Counts(found.program)
    counts.add(on.intact)
    for table, counted in counts.tables.items():
        assert not (counted[:, 0].astype(bool) & ~found.reachable[table]).any(), table


@settings(max_examples=200)
@given(st.data())
def test_no_value_is_outside_its_range_and_no_entry_consulted_is_unreachable(data: st.DataObject) -> None:
    program = replace(data.draw(programs()), task=None)
    _check_sound(ranges(program), listed(program, some_inputs(program, 150)))


@settings(max_examples=40)
@given(st.data())
def test_ranges_over_lengths_taken_together_are_sound_as_well(data: st.DataObject) -> None:
    program = replace(data.draw(programs()), task=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyze.abstract.ranges, "_WORK", data.draw(st.sampled_from([1, 100, 400])))
        found = ranges(program)
    _check_sound(found, listed(program, some_inputs(program, 100)))


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_ranges_of_every_program_hold_on_its_inputs(name: str) -> None:
    program = PROGRAMS[name].program
    _check_sound(ranges(program), inputs_for(program, sample=2000))


def _with(node: Head | NumericHead | Lookup) -> Program:
    return replace(PROGRAMS["sort"].program, nodes=(*SORT.nodes, node))


def _values(program: Program, variable: str) -> set[object]:
    found = ranges(program).of[variable].anywhere
    assert found is not None
    domain = program.variables[variable].domain
    return {domain.values[code] if isinstance(domain, Symbols) else int(code) for code in found}


def test_the_marks_stand_where_they_must_and_letters_between_them() -> None:
    found = ranges(SORT)
    tokens = found.of["tokens"].possible
    assert tokens is not None
    for group, (length,) in enumerate(found.groups):
        for position in range(SORT.max_length):
            can_be = {WORDS[code] for code in np.flatnonzero(tokens[group, position])}
            letters = {"a", "b", "c", "d", "e"}
            wanted = {BEGIN} if position == 0 else {END} if position == length - 1 else letters
            assert can_be == (wanted if position < length else set())


def test_a_count_is_bounded_by_what_its_mask_shows() -> None:
    ends = tuple((END,) for _ in WORDS)
    assert _values(_with(NumericHead("n", "tokens", "tokens", "ones", ends)), "n") == {1}
    assert _values(_with(NumericHead("n", "tokens", "tokens", "ones", ends, mask="before")), "n") == {0}
    everyone = everything(WORDS, WORDS)
    counted = _values(_with(NumericHead("n", "tokens", "tokens", "ones", everyone, "before", True)), "n")
    assert counted == {0, 1, 2, 3, 4, 5, 6}


def test_a_key_that_surely_matches_hides_all_behind_it() -> None:
    # What stands just before is a letter or <s>; </s> is never to the left of anything.
    left = Head("left", "tokens", "tokens", "positions", everything(WORDS, WORDS), mask="before")
    found = ranges(_with(left)).of["left"].possible
    assert found is not None
    for position in range(1, SORT.max_length):
        assert set(np.flatnonzero(found[-1, position])) == {position - 1}


def test_what_a_head_copies_from_its_key_is_a_key_that_it_accepts() -> None:
    nearest = Head("nearest", "tokens", "tokens", "tokens", tuple(("a",) for _ in WORDS), default="b")
    assert _values(_with(nearest), "nearest") == {"a", "b"}


def test_a_position_that_sees_itself_has_its_own_query_for_a_key() -> None:
    alike = NumericHead("alike", "tokens", "tokens", "ones", equal(WORDS, WORDS))
    assert _values(_with(alike), "alike") == {1, 2, 3, 4, 5, 6}


def test_sums_of_values_with_gaps_keep_the_gaps() -> None:
    fives = Lookup("fives", ("tokens",), (None,), None, (0, 5, 5, 5, 5, 5, 0))
    total = NumericHead("total", "tokens", "tokens", "fives", everything(WORDS, WORDS))
    program = replace(SORT, nodes=(*SORT.nodes, fives, total))
    assert _values(program, "total") <= {0, 5, 10, 15, 20, 25, 30}


def test_a_lookup_reads_no_level_that_lies_in_a_gap() -> None:
    fives = Lookup("fives", ("tokens",), (None,), None, (0, 5, 0, 5, 5, 5, 0))
    told = Lookup("told", ("fives",), ((0, 2, 5),), ("low", "middle", "high"), ("low", "middle", "high"))
    found = ranges(replace(SORT, nodes=(*SORT.nodes, fives, told)))
    assert found.reachable["told"].tolist() == [True, False, True]
    assert (found.of["fives"].bounds, found.of["told"].bounds) == ((0, 5), (0, 2))


@pytest.mark.parametrize("forced", [(BEGIN, END), (END,), (BEGIN,), ()])
def test_a_weight_is_read_where_the_output_is_not_forced(forced: tuple[str, ...]) -> None:
    program = replace(SORT, readout=replace(SORT.readout, terms=(Weights("tokens", ((0,) * 5,) * 7),), forced=forced))
    reachable = ranges(program).reachable[WeightsOf("tokens")]
    assert {word for word, read in zip(WORDS, reachable, strict=True) if not read} == set(forced)


def test_nothing_goes_on_behind_a_hole() -> None:
    table = Lookup("table", ("tokens",), (None,), (0, 1), (0, 1, 1, 1, 1, None, 0))
    after = Lookup("after", ("table",), (None,), (0, 1), (0, 1))
    program = replace(SORT, nodes=(*SORT.nodes, table, after))
    holey = replace(table, cells=(None,) * 7)
    stopped = ranges(replace(SORT, nodes=(*SORT.nodes, holey, after)))
    assert _values(program, "after") == {0, 1}
    assert not stopped.of["after"].some.any()
    assert stopped.of["after"].bounds == (0, -1)
    assert not stopped.reachable["after"].any()
