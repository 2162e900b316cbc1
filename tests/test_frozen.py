"""What older versions wrote is read as it was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import frozen
from tprog.errors import BadInput
from tprog.ir.program import Program
from tprog.run.batch import encode
from tprog.run.execute import execute
from tprog.text.read import read_module

V0_1 = frozen.FIXTURES / "v0_1"
RECORDED = frozen.recorded(V0_1)


def answers(program: Program) -> list[object]:
    """What `execute` says of each input that the module was run on."""
    found: dict[int, object] = {}
    taken: dict[int, list[str]] = {}
    for place, tokens in enumerate(frozen.inputs_of(program.vocabulary, program.max_length)):
        try:
            encode(program, [tokens])
            taken[place] = tokens
        except BadInput as error:
            found[place] = {"refused": str(error)}
    run = execute(program, encode(program, list(taken.values())))
    for row, place in enumerate(taken):
        found[place] = {"hole": str(hole)} if (hole := run.hole(row)) else run.outputs(row)
    return [found[place] for place in sorted(found)]


def test_every_frozen_module_has_a_record() -> None:
    assert sorted(RECORDED) == sorted(path.name for path in V0_1.glob("*.py"))
    assert sum(record["without an answer"] for record in RECORDED.values()) > 0


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_a_module_of_version_0_1_reads_to_the_same_answers(name: str) -> None:
    found = answers(read_module(V0_1 / name).program)
    assert (len(found), frozen.digest(found)) == (RECORDED[name]["inputs"], RECORDED[name]["digest"])


@pytest.mark.parametrize("name", ["partial.py", "side_file.py"])
def test_the_record_is_what_the_module_itself_answers(name: str) -> None:
    assert frozen.digest(frozen.answers_of_run(Path(V0_1 / name))) == RECORDED[name]["digest"]
