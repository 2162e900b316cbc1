"""Large programs: what is computed at once depends on nodes, tokens and classes, so that memory stays bounded."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import analyze.outcome
import tprog.run.pieces
from analyze.coverage import RUNS, runs_for
from analyze.outcome import ground
from tests.bench.random_program import random_program
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, END, Embedding, Head, Keys, NumericHead, Program, Readout, Weights
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
from tprog.run.pieces import CHUNK, MEMORY, held_bytes, inputs_at_once
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit

MEGABYTES = 500
"""The most that a verb may take, Python and its libraries included."""


def long_program(length: int = 200) -> Program:
    """2,000 words in 8 groups, inputs of 200 tokens: each head compares 40,000 pairs an input."""
    words = (BEGIN, *(f"w{number}" for number in range(2000)), END)
    groups = Embedding("group", tuple(range(8)), tuple(number % 8 for number in range(len(words))))
    rows: tuple[Keys, ...] = tuple(tuple(sorted((number, (number + 3) % 8))) for number in range(8))
    near = Head("near", "group", "group", "group", rows, "before")
    count = NumericHead("count", "group", "near", "ones", rows)
    at = Head("at", "near", "group", "positions", rows)
    weights = [
        Weights("tokens", tuple((number % 7, number % 5, 3) for number in range(len(words)))),
        Weights("near", tuple((number, 8 - number, 4) for number in range(8))),
        Weights("count", ((1, 0, -1),)),
        Weights("at", tuple((number % 3, 1, 2) for number in range(length))),
    ]
    readout = Readout(tuple(weights), 1, False, (BEGIN, END))
    return Program(words, ("a", "b", "c"), length, (groups, near, count, at), readout)


def alike(one: Execution, other: Execution) -> bool:
    """Whether two executions of one batch say the same wherever something is computed."""
    present = one.batch.present
    values = all(np.array_equal(one.values[name][present], other.values[name][present]) for name in one.values)
    holed = one.holed.keys() == other.holed.keys() and all(
        np.array_equal(at, other.holed[name]) for name, at in one.holed.items()
    )
    return values and holed and np.array_equal(one.predictions, other.predictions)


@pytest.mark.parametrize("width", [10, 100, 1000, 4000])
def test_inputs_that_are_executed_at_once_have_no_more_pairs_and_values_than_memory_holds(width: int) -> None:
    program = long_program()
    each = 20 * width**2 + held_bytes(program, width)
    most = inputs_at_once(program, width)
    assert most == 1 or each * most <= MEMORY
    assert each * (2 * most + 1) > MEMORY / 2  # and not many fewer than would fit


@given(programs(), st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_execution_in_pieces_equals_one_at_once(program: Program, data: st.DataObject) -> None:
    batch = encode(program, some_inputs(program, 30))
    whole = execute(program, batch)
    names = [node.name for node in program.nodes]
    fixed: dict[str, object] = {}
    if names:
        name = data.draw(st.sampled_from(names))
        rows = data.draw(st.booleans())
        fixed[name] = whole.values[name][::-1] if rows else int(whole.values[name][0, 0])
    base = whole if data.draw(st.booleans()) else None
    at_once = execute(program, batch, overrides=fixed, base=base)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tprog.run.pieces, "MEMORY", data.draw(st.sampled_from([1, 2000, 20_000])))
        in_pieces = execute(program, batch, overrides=fixed, base=base)  # type: ignore[arg-type]
        assert alike(in_pieces, at_once)
        assert alike(execute(program, batch), whole)


def test_pieces_are_smaller_for_longer_inputs_more_nodes_and_more_classes() -> None:
    small = random_program(seed=1)
    assert inputs_at_once(small, small.max_length) >= CHUNK
    long, deep = long_program(), random_program(seed=1, layers=42)
    assert inputs_at_once(long, 200) < 400
    assert held_bytes(deep, 8) > 10 * held_bytes(small, 8)
    wide = replace(long, classes=tuple(f"c{number}" for number in range(2000)), readout=replace(long.readout, terms=()))
    assert inputs_at_once(wide, 200) < inputs_at_once(long, 200)


def test_a_module_is_run_on_fewer_inputs_where_they_are_long_and_never_on_none() -> None:
    small = PROGRAMS["sort"].program
    inputs = inputs_for(small)
    assert runs_for(small, inputs) == min(RUNS, len(inputs.batch))
    long = long_program()
    assert 1 <= runs_for(long, inputs_for(long, sample=5000)) < 2500


def test_more_than_can_be_held_is_refused_with_a_sample_that_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    program = PROGRAMS["sort"].program
    monkeypatch.setattr(analyze.outcome, "LARGEST", 100_000)
    with pytest.raises(BadUsage, match=r"on 19,530 inputs of 8 tokens take \d+ MB; ask for a --sample of at most \d+$"):
        ground(program, inputs_for(program))


def peak(folder: Path, *arguments: str) -> float:
    """Megabytes that a verb takes on the long program."""
    emitted = emit(long_program(), "long_program")
    (folder / "long_program.py").write_text(emitted.text)
    for name, text in emitted.side.items():
        (folder / name).write_text(text)
    # Not ru_maxrss, which begins with what the process had that started this one.
    run = (
        "import re, sys; from cli.main import main; status = main(sys.argv[1:]); "
        "peak = re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read()); "
        "print(peak[1], file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", run, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stderr.split()[-1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak of a process so")
@pytest.mark.parametrize(
    "arguments",
    [
        ("dead", "long_program.py", "--sample", "3000"),
        ("circuits", "long_program.py", "--class", "a", "--sample", "3000"),
        ("coverage", "long_program.py", "--sample", "3000", "--runs", "5"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_verb_on_long_inputs_stays_in_bounded_memory(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert peak(tmp_path, *arguments) < MEGABYTES
