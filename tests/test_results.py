"""Results: plain types only, and back from JSON as they were."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, get_args, get_type_hints

import pytest

from analyze.blame import blame
from analyze.circuits import SubProblem, find_circuits
from analyze.dataflow import data_flow
from analyze.dead import find_dead
from analyze.record import Result
from analyze.results.blame import BlameResult
from analyze.results.calls import CallDifference, CallEdge, CallGraphResult, CallNode
from analyze.results.graph import GraphResult
from analyze.results.repair import RepairEdit
from analyze.results.verify import VerifyResult
from analyze.trace import trace
from analyze.verify import verify
from tests.programs import PROGRAMS
from tprog.errors import BadFile
from tprog.ir.provenance import SourceLine
from tprog.ir.values import Label
from tprog.tasks.builtin import get_task, inputs_for
from tprog.version import VERSION

PROGRAM = PROGRAMS["sort_with_a_fault"].program
TOKENS = ["<s>", "a", "b", "b", "b", "b", "</s>"]


def _results() -> list[Result]:
    inputs = inputs_for(PROGRAM, sample=300)
    fractions = PROGRAMS["rationals"].program
    return [
        verify(PROGRAM, inputs_for(PROGRAM), limit=3),
        trace(PROGRAM, TOKENS, expected=get_task("sort").oracle(TOKENS), contrast=inputs),
        trace(fractions, ["<s>", "x", "y"]),
        data_flow(PROGRAM, dead=["less"]),
        find_dead(fractions, inputs_for(fractions)),
        find_circuits(PROGRAM, inputs, [SubProblem("all"), SubProblem("input", tuple(TOKENS))]),
        blame(PROGRAM, inputs, TOKENS, limit=2),
        blame(PROGRAM, inputs, TOKENS, position=1, limit=2),
        CallGraphResult(
            program="p.py",
            engine="libcst",
            nodes=(CallNode("run", 3, True), CallNode("len", None, False)),
            edges=(CallEdge("run", "len", "calls", (4, 5)),),
            differences=(CallDifference("run", "f", "libcst", "passed"),),
        ),
    ]


def test_every_result_comes_back_from_json_as_it_was() -> None:
    for result in _results():
        data = result.to_json()
        text = json.dumps(data, allow_nan=False)
        assert json.loads(text) == data
        assert type(result).from_json(json.loads(text)) == result
        changed = (
            _holds_what_is_new(type(result)) or result.verb == "graph"
        )  # which tells of an output that is a variable
        assert data["schema"] == f"tpdebug.{result.verb}/{1 + changed}"
        assert data["tool"] == VERSION


def _holds_what_is_new(kind: Any) -> bool:
    """Whether a record, or one within it, holds values of variables, or source lines, of which 0.1 told otherwise."""
    if dataclasses.is_dataclass(kind) and kind not in (Label, SourceLine):
        return any(map(_holds_what_is_new, get_type_hints(kind).values()))
    return kind in (Label, SourceLine) or any(map(_holds_what_is_new, get_args(kind)))


def test_a_result_of_another_schema_is_refused() -> None:
    data = verify(PROGRAM, inputs_for(PROGRAM, sample=10)).to_json()
    with pytest.raises(BadFile, match=r"expected 'tpdebug.blame/2'"):
        BlameResult.from_json(data)
    with pytest.raises(BadFile, match="does not fit its schema"):
        VerifyResult.from_json({**data, "more": 1})
    with pytest.raises(BadFile, match="does not fit its schema"):
        VerifyResult.from_json({key: value for key, value in data.items() if key != "tokens"})


@pytest.mark.parametrize("circuit", [True, False])
def test_json_tells_a_circuit_by_its_title_and_has_no_field_for_it(circuit: bool) -> None:
    title = "circuit: class 'a'" if circuit else "what tokens flows into"
    result = GraphResult("p", title, (), (), (), (), circuit=circuit)
    assert "circuit" not in result.to_json()
    assert GraphResult.from_json(result.to_json()) == result


def test_json_has_what_an_entry_becomes_in_the_sentence_alone() -> None:
    result = blame(PROGRAM, inputs_for(PROGRAM, sample=300), TOKENS, limit=2)
    (*_, best) = result.candidates
    assert best.edit == f"{best.entry}: {best.becomes}"
    assert "becomes" not in result.to_json()["candidates"][0]
    data = result.to_json()
    with pytest.raises(BadFile, match="does not fit its schema"):
        BlameResult.from_json({**data, "candidates": [{**data["candidates"][0], "edit": 3}]})


@pytest.mark.parametrize(
    ("said", "becomes"),
    [("same, query 'b': accept 'a'", "accept 'a'"), ("same: key becomes tokens", "same: key becomes tokens")],
)
def test_what_an_entry_becomes_comes_back_from_the_sentence(said: str, becomes: str) -> None:
    edit = RepairEdit("same, query 'b'", "same", "row", ("b",), None, said, becomes=becomes)
    assert RepairEdit(**RepairEdit.restored({**dataclasses.asdict(edit), "becomes": ""})) == edit
