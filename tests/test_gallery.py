"""The gallery holds what its page and its records say: programs that are read, run and right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from analyze.verify import verify
from tests.bench.gallery import GALLERY, RECORD, index
from tprog.emit import emit
from tprog.read import read_module
from tprog.simplify.record import size
from tprog.tasks import inputs_for

TASKS = sorted(path.parent.name for path in GALLERY.glob(f"*/{RECORD}"))

ENUMERATED = 50_000
"""Larger domains are sampled here; the records are of all inputs."""


def recorded(task: str) -> tuple[Path, dict[str, Any]]:
    return GALLERY / task / f"{task}.py", json.loads((GALLERY / task / RECORD).read_text())


def test_there_is_a_gallery_and_its_page_is_that_of_its_records() -> None:
    assert "sort" in TASKS
    assert (GALLERY / "README.md").read_text() == index()


@pytest.mark.parametrize("task", TASKS)
def test_a_program_is_as_large_and_as_right_as_its_record_says(task: str) -> None:
    path, record = recorded(task)
    module = read_module(path)
    sizes = size(module.program)
    assert (sizes.nodes, sizes.entries, sizes.lines) == (record["nodes"], record["entries"], record["lines"])
    assert emit(module.program, path.stem).text == module.text
    inputs = inputs_for(module.program, limit=ENUMERATED)
    found = verify(module.program, inputs).wrong_inputs
    if inputs.exhaustive:
        assert (found, len(inputs.batch)) == (record["wrong_inputs"], record["inputs"])
    else:
        assert found <= record["wrong_inputs"]


@pytest.mark.parametrize("task", TASKS)
def test_a_picture_shows_every_node(task: str) -> None:
    path, _ = recorded(task)
    drawn = path.with_suffix(".svg").read_text()
    assert all(node.name in drawn for node in read_module(path).program.nodes)


def test_the_sort_program_runs_by_itself_and_is_exact() -> None:
    path, record = recorded("sort")
    assert record["wrong_inputs"] == 0
    assert record["exhaustive"]
    ran = subprocess.run([sys.executable, "-S", "-I", str(path), "cbab"], capture_output=True, text=True, check=True)
    assert ran.stdout == "abbc\n"
