"""Verify: both accuracies, counterexamples, holes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyze.verify import verify
from tests.interventions import listed
from tests.programs import FAULT, PROGRAMS
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadUsage
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program


def test_an_exact_program_is_right_on_every_input() -> None:
    result = verify(SORT, inputs_for(SORT))
    assert (result.task, result.wrong_inputs, result.counterexamples, result.holes) == ("sort", 0, (), ())
    assert result.token_accuracy == result.sequence_accuracy == 1.0
    assert result.tokens == sum(n * 5**n for n in range(1, 7))
    assert result.checked.exhaustive


def test_both_accuracies_count_what_they_say() -> None:
    result = verify(FAULTY, inputs_for(FAULTY))
    assert result.wrong_inputs == len(result.counterexamples) == PROGRAMS["sort_with_a_fault"].wrong
    assert result.inputs_right + result.wrong_inputs == 19530
    assert result.sequence_accuracy == pytest.approx(1 - 410 / 19530)
    wrong_tokens = sum(len(example.wrong) for example in result.counterexamples)
    assert result.tokens - result.tokens_right == wrong_tokens
    assert result.token_accuracy == pytest.approx(1 - wrong_tokens / result.tokens)


def test_the_smallest_counterexample_stands_first() -> None:
    result = verify(FAULTY, inputs_for(FAULTY), limit=3)
    assert result.wrong_inputs == 410
    lengths = [len(example.tokens) for example in result.counterexamples]
    assert lengths == sorted(lengths)
    first = result.counterexamples[0]
    assert sum(token == "a" for token in first.tokens) <= FAULT[0]
    assert first.expected == (None, *sorted(first.tokens[1:-1]), None)
    assert isinstance(first.got, tuple)
    assert isinstance(first.expected, tuple)
    assert isinstance(first.wrong, tuple)
    assert [first.got[place] != first.expected[place] for place in first.wrong] == [True] * len(first.wrong)
    assert first.got[0] is None


def test_an_input_that_reaches_a_hole_is_wrong_and_the_hole_is_named() -> None:
    program = apply(SORT, CellEdit("rank", (1, 0), None))
    inputs = inputs_for(program)
    result = verify(program, inputs)
    (hole,) = result.holes
    assert hole.hole == "hole at rank, input 1, 0"
    assert hole.inputs == result.wrong_inputs
    assert hole.example == ("<s>", "a", "b", "</s>")
    example = result.counterexamples[0]
    assert (example.hole, example.got, example.wrong) == (hole.hole, (None,) * 4, (1, 2))
    assert inputs.expected is not None
    in_hole = execute(program, inputs.batch).in_hole
    assert result.tokens - result.tokens_right == (inputs.expected[in_hole] >= 0).sum()


def test_a_pooled_program_has_one_prediction_an_input() -> None:
    program = PROGRAMS["question_type"].program
    inputs = listed(program, [["<s>", "who"], ["<s>", "where", "is"]], [[1], [0]])
    result = verify(program, inputs)
    assert (result.tokens, result.tokens_right, result.wrong_inputs) == (2, 1, 1)
    assert result.counterexamples[0].expected == ("number",)
    assert result.counterexamples[0].got == ("place",)


def test_a_sample_says_that_it_is_one() -> None:
    result = verify(SORT, inputs_for(SORT, sample=100, seed=3), name="mine.py")
    assert (result.program, result.checked.inputs, result.checked.exhaustive) == ("mine.py", 100, False)
    assert "seed 3" in result.checked.description


def test_without_a_task_there_is_nothing_to_verify() -> None:
    program = replace(SORT, task=None)
    with pytest.raises(BadUsage, match="no task"):
        verify(program, inputs_for(program, sample=10))
