"""One result of each kind that functions of the API return, small: what the page of the API and tests show."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import tpdebug
from analyze.plot import PlottedRun, plotted
from tests.programs import PROGRAMS
from tprog.shown import Shown
from tprog.text.emit import emit

FAULTY = PROGRAMS["sort_with_a_fault"].program
RIGHT = PROGRAMS["sort"].program
INPUT = ["<s>", "b", "b", "b", "b", "a", "</s>"]
EXPECTED = [None, "a", "b", "b", "b", "b", None]


@cache
def results() -> dict[str, Shown]:
    """The function that returns it -> a result."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "faulty.py"
        path.write_text(emit(FAULTY).text, encoding="utf-8")
        module = tpdebug.read_module(path)
    inputs = tpdebug.inputs_for(FAULTY, sample=300)
    shown = tpdebug.Presentation.of(module)
    runs = [
        PlottedRun("sort", seed, {1: {"loss": 2.0, "whole sequence": 0.5}, 2: {"loss": 1.0}}, program=program)
        for seed, program in enumerate((FAULTY, RIGHT))
    ]
    return {
        "Program": FAULTY,
        "verify": tpdebug.verify(FAULTY, inputs),
        "trace": tpdebug.trace(FAULTY, INPUT, expected=EXPECTED),
        "data_flow": tpdebug.data_flow(FAULTY),
        "call_graph": tpdebug.call_graph(module.text, "faulty.py"),
        "find_circuits": tpdebug.find_circuits(FAULTY, inputs, resample=0),
        "find_dead": tpdebug.find_dead(FAULTY, inputs),
        "find_coverage": tpdebug.find_coverage(module, inputs, runs=20),
        "fuzz": tpdebug.fuzz(tpdebug.Answers(tpdebug.space_of(FAULTY)), examples=300, blamed=2),
        "blame": tpdebug.blame(FAULTY, inputs, INPUT, shown=shown),
        "blame_all": tpdebug.blame_all(FAULTY, inputs, shown=shown),
        "repair": tpdebug.repair(FAULTY, tpdebug.divide(FAULTY, sample=200), limit=1).result,
        "diff": tpdebug.diff(FAULTY, RIGHT),
        "simplify": tpdebug.simplify(FAULTY, inputs),
        "plot": plotted(runs, sample=100),
    }
