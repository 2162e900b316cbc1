"""Trace: the values that the emitted program would hold, and the contrast with the nearest right input."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from analyze.trace import trace
from cli.main import main
from tests.interventions import listed
from tests.programs import PROGRAMS
from tests.strategies import some_inputs
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadInput, BadUsage
from tprog.ir.entry import Entry
from tprog.tasks.builtin import get_task, inputs_for
from tprog.text.emit import emit

SORT = PROGRAMS["sort"].program
FAULTY = PROGRAMS["sort_with_a_fault"].program
WRONG = ["<s>", "a", "b", "b", "b", "b", "</s>"]
TASK = get_task("sort")


def test_every_variable_has_its_value_at_every_position() -> None:
    table = trace(SORT, ["<s>", "b", "a", "b", "</s>"], lines={Entry("less", "wiring"): 7}).table
    rows = {row.variable: row for row in table.rows}
    assert list(rows) == ["tokens", "positions", "ones", "less", "same", "rank", "sorted"]
    assert rows["less"].values[1:4] == (1, 0, 1)
    assert rows["same"].values[1:4] == (0, 0, 1)
    assert rows["rank"].values[1:4] == (2, 1, 3)
    assert rows["sorted"].values[1:4] == ("a", "b", "b")
    assert table.predicted == (None, "a", "b", "b", None)
    assert (table.expected, table.wrong, table.hole) == (None, (), None)
    assert [row.kind for row in table.rows][2:5] == ["input", "numeric head", "numeric head"]
    assert rows["less"].line == 7
    assert rows["rank"].reading == "table of (less, same)"


def test_the_first_line_and_run_show_what_the_module_prints_which_is_nothing_at_the_marks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hist = PROGRAMS["hist"].program
    unforced = replace(hist, readout=replace(hist.readout, forced=()))
    for program, typed, answer in ((PROGRAMS["frac_prevs"].program, "xax", "1 1/2 2/3"), (unforced, "aab", "221")):
        path = tmp_path / "p.py"
        path.write_text(emit(program).text, encoding="utf-8")
        printed = subprocess.run([sys.executable, path, typed], capture_output=True, text=True, check=True).stdout
        assert main(["run", str(path), "--input", typed]) == 0
        assert printed == capsys.readouterr().out == f"{answer}\n"
        assert main(["trace", str(path), "--input", typed, "--expect", answer]) == 0
        assert f"predicts {answer}, which is right\n" in capsys.readouterr().out


def test_fractions_are_shown_exactly() -> None:
    program = PROGRAMS["rationals"].program
    table = trace(program, ["<s>", "x", "y", "y"]).table
    (fractions,) = (row for row in table.rows if row.variable == "fraction_x")
    assert fractions.values == (Fraction(-1, 2), 1, Fraction(1, 2), Fraction(1, 3))


def test_values_end_where_a_hole_is_reached() -> None:
    program = apply(SORT, CellEdit("rank", (1, 0), None))
    table = trace(program, ["<s>", "a", "b", "</s>"], expected=[None, "a", "b", None]).table
    rows = {row.variable: row.values for row in table.rows}
    assert table.hole == "hole at rank, input 1, 0"
    assert None not in rows["same"]
    assert set(rows["rank"]) == set(rows["sorted"]) == {None}
    assert (table.predicted, table.wrong) == ((None,) * 4, (1, 2))


def test_a_pooled_program_predicts_once() -> None:
    table = trace(PROGRAMS["question_type"].program, ["<s>", "who", "is"], expected=["person"]).table
    assert (table.predicted, table.wrong) == (("person",), ())


def test_a_wrong_input_is_set_beside_the_nearest_right_one() -> None:
    inputs = inputs_for(FAULTY)
    result = trace(FAULTY, WRONG, expected=TASK.oracle(WRONG), contrast=inputs)
    contrast = result.contrast
    assert contrast is not None
    assert contrast.table.wrong == ()
    assert contrast.distance == 1
    assert len(contrast.table.tokens) == len(WRONG)
    # Of the inputs that differ in one letter, the first in order of enumeration that is right.
    assert contrast.table.tokens == ("<s>", "a", "a", "b", "b", "b", "</s>")
    # One b fewer is seen by the other b's at positions where both inputs hold the same token.
    assert contrast.parts_at == "less"
    shared = [i for i, (a, b) in enumerate(zip(WRONG, contrast.table.tokens, strict=True)) if a == b]
    assert contrast.positions
    assert set(contrast.positions) <= set(shared)
    assert contrast.checked.exhaustive


def test_a_right_input_has_nothing_to_contrast() -> None:
    tokens = ["<s>", "a", "</s>"]
    result = trace(FAULTY, tokens, expected=TASK.oracle(tokens), contrast=inputs_for(FAULTY))
    assert result.contrast is None
    assert "nothing to contrast" in result.note


def test_a_contrast_of_another_length_is_taken_where_there_is_no_other() -> None:
    inputs = listed(FAULTY, [["<s>", "a", "</s>"], ["<s>", "a", "b", "</s>"]], [[-1, 0, -1, -1], [-1, 0, 1, -1]])
    contrast = trace(FAULTY, WRONG, expected=TASK.oracle(WRONG), contrast=inputs).contrast
    assert contrast is not None
    assert contrast.table.tokens == ("<s>", "a", "b", "</s>")
    assert contrast.distance == 4  # the mark at the end and three letters more


def test_it_says_so_if_nothing_is_right() -> None:
    inputs = listed(FAULTY, [WRONG], [np.array([-1, 0, 1, 1, 1, 1, -1]).tolist()])
    result = trace(FAULTY, WRONG, expected=TASK.oracle(WRONG), contrast=inputs)
    assert result.contrast is None
    assert result.note == "no other input is right everywhere (looked for among all 1 inputs listed)"


def test_an_input_that_the_user_expects_something_else_of_is_not_its_own_contrast() -> None:
    tokens = ["<s>", "a", "b", "</s>"]
    contrast = trace(FAULTY, tokens, expected=[None, "b", "a", None], contrast=inputs_for(FAULTY)).contrast
    assert contrast is not None
    assert contrast.table.tokens != tuple(tokens)
    assert contrast.distance == 1
    alone = trace(FAULTY, tokens, expected=[None, "b", "a", None], contrast=listed(FAULTY, [tokens], [[-1, 0, 1, -1]]))
    assert alone.contrast is None


def test_a_contrast_needs_right_answers() -> None:
    with pytest.raises(BadUsage, match="needs right answers"):
        trace(FAULTY, WRONG, contrast=inputs_for(FAULTY))


def test_a_bad_input_is_refused() -> None:
    with pytest.raises(BadInput, match="token 1 is '\\?'"):
        trace(SORT, ["<s>", "?", "</s>"])


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_every_program_can_be_traced(name: str) -> None:
    program = PROGRAMS[name].program
    for tokens in some_inputs(program, 12):
        table = trace(program, tokens).table
        assert [row.variable for row in table.rows] == list(program.variables)
        assert all(len(row.values) == len(tokens) for row in table.rows)
