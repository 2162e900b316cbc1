"""Modules in which a single thing is changed, whatever it is: refused, or read as Python runs them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.planting import faults
from tests.published import own_run, write
from tests.strategies import some_inputs
from tests.test_published import CASES, outcome, own_outcomes
from tests.test_small_modules import written
from tprog.errors import TpdebugError
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.emit import emit
from tprog.text.read import read_module, read_source

FAULTS, LINES = 16, 6
"""Changes of a module that are tried: something else in an expression or statement; and a line left out or twice."""


def _changed(text: str, folder: Path, seed: int) -> Iterator[str]:
    draw, path = random.Random(seed), folder / "module.py"
    path.write_text(text, encoding="utf-8")
    for fault in faults(folder, [path], draw, FAULTS):
        yield fault.planted(text.encode()).decode()
    lines = text.splitlines(keepends=True)
    for at in draw.sample(range(len(lines)), min(LINES, len(lines))):
        yield "".join([*lines[:at], *lines[at + 1 :]])
        yield "".join([*lines[:at], lines[at], *lines[at:]])


def _by_python(text: str, inputs: list[list[str]]) -> list[object]:
    names: dict[str, Any] = {"__name__": "changed"}
    exec(compile(text, "changed.py", "exec"), names)
    found: list[object] = []
    for tokens in inputs:
        try:
            found.append(names["run"](list(tokens)))
        except LookupError as hole:
            found.append(str(hole))
    return found


def _as_read(program: Program, inputs: list[list[str]]) -> list[object]:
    run = execute(program, encode(program, inputs))
    return [str(hole) if (hole := run.hole(row)) else run.outputs(row) for row in range(len(inputs))]


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_module_is_refused_or_means_what_python_makes_of_it(seed: int, tmp_path: Path) -> None:
    text, read = emit(written(seed)).text, 0
    for changed in _changed(text, tmp_path, seed):
        try:
            program = read_source(changed).program
        except TpdebugError:
            continue
        inputs = some_inputs(program, 10)
        assert _as_read(program, inputs) == _by_python(changed, inputs), changed
        read += 1
    assert read


READ = 2
"""Changed modules of the original research code that are run, of each of some: pandas takes its time."""


@pytest.mark.parametrize(
    "name",
    ["heads", "counts and lookups with a default", "embeddings in enums", "embeddings in the module"],
)
def test_a_changed_published_module_is_refused_or_means_what_python_makes_of_it(name: str, tmp_path: Path) -> None:
    wanted, how = CASES[name]
    path, read = write(wanted, tmp_path, how=replace(how, examples=False)), 0
    whole, inputs = path.read_bytes(), some_inputs(wanted, 4)
    for fault in faults(tmp_path, [path], random.Random(name), 1000):
        path.write_bytes(fault.planted(whole))
        try:
            program = read_module(path).program
        except TpdebugError:
            continue
        with own_run(path) as run:
            assert own_outcomes(program, inputs) == [outcome(run, tokens) for tokens in inputs], fault
        read += 1
        if read == READ:
            return
    raise AssertionError("too few are read")
