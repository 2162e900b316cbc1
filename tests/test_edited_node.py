"""What edits of one node make it yield: those that are alike, evaluated at once, as each does alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

import analyze.blame.edited_node
import tprog
from analyze.blame.edited_node import EditedNode
from analyze.outcome import evaluated_at_once
from tests.strategies import programs, some_inputs
from tprog.edits.edit import ReadEdit, candidates
from tprog.ir.program import Head, Node, Program, Readout
from tprog.run.batch import Array, Batch, any_position, encode
from tprog.run.evaluate import Missing, evaluate
from tprog.run.execute import execute


def _compared(program: Program) -> Counter[str]:
    """How many edits of each role were compared."""
    found: Counter[str] = Counter()
    run = execute(program, encode(program, some_inputs(program, 12)))
    rows = np.arange(len(run.batch))[::-1][:8]
    for node in program.nodes:
        edits = [edit for edit in candidates(program, node, lambda entry: True) if not edit.recodes(program)]
        alone = EditedNode(run, node.name, rows)
        for edit, output in EditedNode(run, node.name, rows).outputs(edits):
            other = alone.output(edit)
            assert np.array_equal(output.rows, other.rows), edit
            assert np.array_equal(output.values, other.values), edit
            assert np.array_equal(output.lost, other.lost), edit
            found[edit.role if isinstance(edit, ReadEdit) else "none"] += 1
    return found


@given(programs())
def test_edits_evaluated_at_once_yield_what_each_yields_alone(program: Program) -> None:
    _compared(program)


def test_all_reads_of_a_program_are_compared() -> None:
    compared = _compared(tprog.load(Path(__file__).parents[1] / "docs/examples/sort_program.py"))
    assert {"query", "key", "value", "first input"} <= set(compared)


@pytest.mark.parametrize("width", [0, 1, 8, 32, 33])
def test_an_input_is_marked_if_a_position_is_however_many_there_are(width: int) -> None:
    at = np.random.default_rng(width).random((40, width)) < 0.1
    assert any_position(at).tolist() == [any(row) for row in at.tolist()]


@pytest.mark.parametrize(("rows", "length"), [(0, 4), (8, 4), (8, 130)])
def test_edits_are_evaluated_at_once_on_no_more_inputs_than_are_executed_so(
    monkeypatch: pytest.MonkeyPatch, rows: int, length: int
) -> None:
    voc = ("a", "b")
    heads = tuple(Head(f"h{i}", "tokens", "tokens", "tokens", (("a",), ("b",)), "all", False, "a") for i in range(40))
    program = Program(voc, ("x",), length, heads, Readout((), forced=()))
    run = execute(program, encode(program, [["a"] * length] * rows))
    asked: list[int] = []

    def evaluated(node: Node, on: Program, batch: Batch, values: Mapping[str, Array]) -> tuple[Array, Missing]:
        asked.append(len(batch))
        return evaluate(node, on, batch, values)

    monkeypatch.setattr(analyze.blame.edited_node, "evaluate", evaluated)
    edits = [ReadEdit("h39", "value", head.name) for head in heads[:-1]]
    outputs = [output for _, output in EditedNode(run, "h39", np.arange(rows)).outputs(edits)]
    assert len(outputs) == len(edits)
    assert asked == ([39 * 8] if length == 4 and rows else [rows] * 39)
    assert max(asked) <= evaluated_at_once(program, run.batch)
