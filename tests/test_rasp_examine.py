"""Trying a RASP program on all inputs: where it fails, and what the causal mask changes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.rasp_programs import RASP_L, TRACR
from tprog.errors import BadInput, BadUsage
from tprog.rasp.evaluate import evaluate
from tprog.rasp.examine import changed, examine
from tprog.rasp.program import program_of
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import aggregate, indices, length, mapped, select, selector_width, tokens


def test_the_mask_is_told_with_the_node_and_a_smallest_input() -> None:
    found = examine(program_of(t.make_reverse(tokens)), "ab", 4)
    assert (found.inputs, found.exhaustive, found.failures) == (30, True, ())
    (first, *_) = found.masked
    assert first.node is length
    assert first.tokens == ("a", "a")
    assert str(first).endswith("the causal mask changes length: on the input 'a a' it is '1 2', not '2 2'")


def test_only_what_the_mask_changes_first_is_told() -> None:
    width = selector_width(select(tokens, tokens, "==")).named("hist")
    found = examine(program_of(width * 2 + 1, aggregate(select(indices, 0, "=="), width)), "ab", 3)
    assert [str(change.node) for change in found.masked] == ["hist"]


def test_a_program_that_looks_back_alone_is_not_changed() -> None:
    for name in ("frac_prevs", "pair_balance", "shift_by_1", "detect_pattern_ab", "earlier_equal"):
        assert examine(program_of(TRACR[name]), "ab", 4).masked == ()
    assert examine(program_of(RASP_L["raspl_maximum"]), [0, 1], 3).masked == ()


def test_where_nothing_is_told_both_evaluations_agree() -> None:
    for name, sop in TRACR.items():
        found = examine(program_of(sop), [1, 2], 3)
        for tokens_ in ([1, 2, 1], [2], [2, 2]):
            if not found.masked and not found.failures:
                assert evaluate(sop, tokens_, False) == evaluate(sop, tokens_, True), name


def test_a_failure_is_told_with_a_smallest_input() -> None:
    found = examine(program_of(mapped(lambda x: 1 // (x - 2), length)), "ab", 5)
    (failure,) = found.failures
    assert (failure.tokens, failure.causal) == (("a", "a"), False)
    assert "ZeroDivisionError" in str(failure)
    alone = mapped(lambda here, all_of_them: 1 // (here + 1 - all_of_them or 1), indices, length)
    assert examine(program_of(alone), "ab", 3).failures == ()


def test_a_large_domain_is_tried_in_part() -> None:
    found = examine(program_of(tokens), "abc", 20, limit=50)
    assert (found.inputs, found.exhaustive) == (50, False)


@pytest.mark.parametrize(
    ("vocabulary", "longest", "said"),
    [
        ("a", 3, "expected two tokens or more"),
        ("", 3, "expected two tokens or more"),
        ("aba", 3, "has 'a' twice"),
        ("ab", 0, "the longest input has 0 tokens"),
        ("ab", True, "the longest input has True tokens"),
    ],
)
def test_inputs_that_tell_nothing_are_refused(vocabulary: str, longest: int, said: str) -> None:
    with pytest.raises(BadUsage, match=said):
        examine(program_of(tokens), vocabulary, longest)


@pytest.mark.parametrize("vocabulary", [["a", None], [[1], 2]])
def test_a_vocabulary_of_other_things_is_refused(vocabulary: Sequence[object]) -> None:
    with pytest.raises(BadInput):
        examine(program_of(tokens), vocabulary, 2)


def test_a_change_on_one_input_is_shown_on_a_smaller_one() -> None:
    (change,) = changed(program_of(t.make_hist()), "abcab")
    assert change.tokens == ("a", "a")
    assert changed(program_of(RASP_L["raspl_mean"]), [1, 2]) == []
