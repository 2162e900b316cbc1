"""A changed Program as a change of the module that it was read from."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.programs import PROGRAMS
from tprog.edits.edit import RowEdit, WeightEdit, apply, candidates
from tprog.errors import BadProgram, NotExact
from tprog.ir.program import Embedding, Head, Lookup, Program
from tprog.text.emit import emit
from tprog.text.needs import primitives_used
from tprog.text.patch import diff, patched
from tprog.text.read import Module, read_module, read_source

NAMES = [name for name, case in PROGRAMS.items() if case.program.nodes]


def changed(program: Program, number: int) -> Program:
    """The program after the candidate edit of that number (as far as there are so many)."""
    nodes = program.nodes
    edits = list(candidates(program, nodes[number % len(nodes)]))
    return apply(program, edits[number % len(edits)]) if edits else program


@given(st.sampled_from(NAMES), st.integers(0, 10_000))
@example("partial", 340)  # a word whose row was missing gets one
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_patching_a_module_that_tpdebug_wrote_equals_emitting_the_changed_program(name: str, number: int) -> None:
    module = read_source(emit(PROGRAMS[name].program).text)
    try:
        after = changed(module.program, number)
    except (BadProgram, NotExact):
        return
    text = patched(module, after)
    assert read_source(text).program == after
    if primitives_used(after) == primitives_used(module.program):
        assert text == emit(after).text


def edited_by_hand(path: Path) -> Module:
    """The sort program with a person's comments and blank lines in it."""
    text = emit(PROGRAMS["sort"].program).text
    text = text.replace("READOUT = {", "# my notes: look at the weights of e\n\nREADOUT = {", 1)
    text = text.replace("def run(tokens):", "def run(tokens):  # the whole program", 1)
    path.write_text(text, encoding="utf-8")
    return read_module(path)


def test_the_diff_of_a_hand_edited_module_touches_only_what_changed_and_patch_applies_it(tmp_path: Path) -> None:
    path = tmp_path / "sort_program.py"
    module = edited_by_hand(path)
    head = next(node for node in module.program.nodes if isinstance(node, Head))
    query = module.program.symbols(head.query).values[-1]
    after = apply(module.program, RowEdit(head.name, query, (module.program.symbols(head.key).values[0],)))
    difference = diff(module, after)
    assert "# my notes" not in "".join(line for line in difference.splitlines() if line[:1] in "+-")
    done = subprocess.run(["patch", "-s", "-p0", str(path)], input=difference, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0
    text = path.read_text(encoding="utf-8")
    assert read_module(path).program == after
    assert "# my notes: look at the weights of e" in text
    assert "# the whole program" in text


def test_one_weight_is_one_line_of_the_diff() -> None:
    program = PROGRAMS["sort"].program
    module = read_source(emit(program).text, "sort_program.py")
    term = program.readout.terms[0]
    value = program.symbols(term.variable).values[0]
    after = apply(program, WeightEdit(term.variable, value, program.classes[0], 7))
    changes = [line for line in diff(module, after).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert [line[0] for line in changes] == ["-", "+"]


def test_a_row_that_becomes_a_hole_and_a_new_set_of_nodes_are_emitted_anew() -> None:
    program = PROGRAMS["sort"].program
    module = read_source(emit(program).text)
    head = next(node for node in program.nodes if isinstance(node, Head))
    holed = apply(program, RowEdit(head.name, program.symbols(head.query).values[0], None))
    assert read_source(patched(module, holed)).program == holed
    bare = replace(program, nodes=(), readout=replace(program.readout, terms=()))
    assert patched(module, bare) == emit(bare).text


def test_an_unchanged_program_has_no_diff() -> None:
    module = read_source(emit(PROGRAMS["sort"].program).text)
    assert diff(module, module.program) == ""


def test_a_word_of_an_embedding_is_one_line_of_the_diff() -> None:
    name = next(n for n in NAMES if any(isinstance(node, Embedding) for node in PROGRAMS[n].program.nodes))
    program = PROGRAMS[name].program
    module = read_source(emit(program).text, "words.py")
    node = next(n for n in program.nodes if isinstance(n, Embedding))
    edit = next(iter(candidates(program, node)))
    changes = [line for line in diff(module, apply(program, edit)).splitlines() if line[:1] in "+-"]
    assert len(changes) == 4


@pytest.mark.parametrize("name", NAMES)
def test_every_node_of_the_shared_programs_has_its_blocks(name: str) -> None:
    program = PROGRAMS[name].program
    module = read_source(emit(program).text)
    for node in program.nodes:
        assert ("assignment", node.name) in module.blocks
        several = node.selection is not None and not node.selection.alone
        for table in node.functions:
            assert ("function", node.name, *([str(table)] if several else [])) in module.blocks
        if isinstance(node, Lookup):
            first, last = module.blocks["function", node.name]
            assert module.text.splitlines()[first - 1].startswith(f"def lookup_{node.name}(")
            assert last >= first
