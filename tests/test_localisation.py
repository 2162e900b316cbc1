"""A small run of the localisation benchmark: what is claimed is true, and faults are found at least this often."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.bench.faults import OUTSIDE, WITHIN, differing, restored
from tests.bench.localisation import OURS, Score, measured, page, subject, wrong_at
from tests.bench.spectra import FORMULAS, all_entries, coverage, first_found, suspiciousness
from tests.programs import FAULT, PROGRAMS, sort_with_a_fault
from tprog.edits.edit import RowEdit, apply
from tprog.ir.entry import Entry
from tprog.run.execute import execute
from tprog.tasks.builtin import inputs_for

SMALL = ("match_count", "rationals", "sort")
"""Subjects with few nodes and short inputs."""


@pytest.fixture(scope="module")
def scores() -> list[Score]:
    return measured(24, seed=1, sample=100, only=SMALL)


def test_half_of_the_faults_are_single_edits(scores: list[Score]) -> None:
    assert len(scores) == 24
    assert sum(score.kind in WITHIN for score in scores) == 12
    assert len({score.kind for score in scores}) > 8


def test_faults_are_found_more_often_than_by_any_spectrum(scores: list[Score]) -> None:
    for kinds, floor in ((WITHIN, 0.75), (OUTSIDE, 0.5)):
        of = [score for score in scores if score.kind in kinds]
        ours = np.mean([score.top[OURS][0] for score in of])
        assert ours >= floor
        assert all(ours > np.mean([score.top[tool][0] for score in of]) for tool in (*FORMULAS, "random"))


def test_of_the_first_three_edits_one_nearly_always_undoes_a_single_fault(scores: list[Score]) -> None:
    assert np.mean([score.mends for score in scores if score.kind in WITHIN]) >= 0.9


def test_a_run_is_repeated_to_the_last_figure(scores: list[Score]) -> None:
    again = measured(4, seed=1, sample=100, only=SMALL)
    timeless = [{**vars(score), "seconds": 0} for score in again]
    before = {score.key: {**vars(score), "seconds": 0} for score in scores}
    assert all(before.get(str(score["key"]), score) == score for score in timeless)


def test_the_tables_name_every_kind(scores: list[Score]) -> None:
    text = page(scores)
    assert all(f"| {score.kind} |" in text for score in scores)
    assert "EXAM" in text


def test_what_differs_is_what_was_planted() -> None:
    assert differing(PROGRAMS["sort"].program, sort_with_a_fault()) == {Entry("rank", "cell", FAULT)}
    edited = apply(PROGRAMS["sort"].program, RowEdit("less", "c", ("a",)))
    assert differing(PROGRAMS["sort"].program, edited) == {Entry("less", "row", ("c",))}


@pytest.mark.parametrize("kind", [*WITHIN, *OUTSIDE])
def test_restoring_all_that_differs_gives_the_program_back(kind: str) -> None:
    plant = {**WITHIN, **OUTSIDE}[kind]
    tried = (
        (before, plant(before, random.Random(seed)))
        for before in (PROGRAMS["sort"].program, PROGRAMS["masks"].program)
        for seed in range(5)
    )
    before, mutant = next((before, mutant) for before, mutant in tried if mutant is not None and mutant != before)
    entries = differing(before, mutant)
    assert entries
    if kind != "head frozen":  # a head has other entries than the table in its place
        made = mutant
        for where in entries:
            step = restored(made, before, where)
            assert step is not None
            made = step
        assert made == before


def test_a_subject_is_right_by_definition() -> None:
    on = subject("sort", PROGRAMS["sort"].program)
    assert not wrong_at(on, PROGRAMS["sort"].program).any()
    assert wrong_at(on, sort_with_a_fault()).any(axis=1).sum() == PROGRAMS["sort_with_a_fault"].wrong


def test_the_formulas_are_those_of_their_papers() -> None:
    #            ef ep nf np
    spectrum = [np.array([value]) for value in (3, 1, 1, 5)]
    assert FORMULAS["Tarantula"](*spectrum)[0] == pytest.approx((3 / 4) / (3 / 4 + 1 / 6))
    assert FORMULAS["Ochiai"](*spectrum)[0] == pytest.approx(3 / np.sqrt(4 * 4))
    assert FORMULAS["DStar"](*spectrum)[0] == pytest.approx(9 / 2)


def test_an_entry_that_only_failing_inputs_consult_is_suspected_most() -> None:
    program = sort_with_a_fault()
    inputs = inputs_for(program)
    run = execute(program, inputs.batch)
    assert inputs.expected is not None
    failing = ((run.predictions != inputs.expected) & (inputs.expected >= 0)).any(axis=1)
    entries = all_entries(program)
    at = entries.index(Entry("rank", "cell", FAULT))
    for scores in suspiciousness(coverage(run), failing).values():
        assert scores[at] == scores.max()


def test_ties_are_taken_in_random_order() -> None:
    found = first_found(np.array([5.0, 3.0, 3.0, 3.0, 1.0]), [2, 4], (1, 2, 3))
    assert found.rank == 1 + (3 + 1) / 2
    assert found.within == {1: 0, 2: pytest.approx(1 / 3), 3: pytest.approx(2 / 3)}
    assert first_found(np.zeros(9), [0, 1, 2], (9,)).rank == pytest.approx(10 / 4)
