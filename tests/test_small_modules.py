"""Modules of many small programs: run by Python, read back, and changed in place."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

from tests.programs import PROGRAMS
from tests.small_programs import small
from tests.strategies import some_inputs
from tprog.edits.edit import CellEdit, apply, candidates
from tprog.errors import BadProgram, NotExact
from tprog.ir.program import IMPLIED, Linear, Lookup, Node, Program, RowsNeeded, SelfRule
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
from tprog.text.emit import emit
from tprog.text.needs import primitives_used
from tprog.text.patch import patched
from tprog.text.read import read_source

COUNT, CHANGED = 120, 36


def written(seed: int) -> Program:
    """A small program: one in three has holes, and one in four of those with a readout is pooled."""
    program, draw = small(seed), random.Random(seed)
    if seed % 4 == 3:
        program = replace(program, nodes=tuple(_with_a_fraction(node) for node in program.nodes))
    if seed % 3 == 1:
        program = replace(program, nodes=tuple(_with_a_hole(draw, node) for node in program.nodes))
    if program.written_classes and seed % 8 == 0:
        return replace(program, readout=replace(program.readout, pooled=True))
    rows_needed: RowsNeeded = "everywhere" if seed % 8 == 2 else "free"
    return replace(program, readout=replace(program.readout, rows_needed=rows_needed))


def _with_a_fraction(node: Node) -> Node:
    """A sum half as large again, and a lookup whose first level lies between two numbers."""
    match node:
        case Linear():
            return replace(node, constant=Fraction(node.constant) + Fraction(1, 2))
        case Lookup():
            return replace(node, levels=tuple(levels and (Fraction(1, 2), *levels[1:]) for levels in node.levels))
    return node


def _with_a_hole(draw: random.Random, node: Node) -> Node:
    if isinstance(node, Lookup):
        at = draw.randrange(len(node.cells))
        return replace(node, cells=(*node.cells[:at], None, *node.cells[at + 1 :]))
    if isinstance(node, Linear) or node.selection is None:
        return node
    at = draw.randrange(len(node.selection.predicate))
    rows = node.selection.predicate
    return replace(node.selection, predicate=(*rows[:at], None, *rows[at + 1 :]))


def _answer(run: Execution, row: int) -> object:
    try:
        return run.outputs(row)
    except LookupError as hole:
        return str(hole)


def _answer_of_module(names: dict[str, Any], tokens: list[str]) -> object:
    try:
        return names["run"](tokens)
    except LookupError as hole:
        return str(hole)


def test_small_modules_answer_as_their_programs_do_and_are_read_back() -> None:
    for seed in range(COUNT):
        program = written(seed)
        text = emit(program).text
        module = read_source(text)
        assert module.program == program
        said = {
            where.at[1:]: text.splitlines()[line - 1] for where, line in module.lines.items() if where.part == "weights"
        }
        assert len([where for where in module.lines if where.part == "weights"]) == sum(
            row is not None for term in program.weights for row in term.rows
        )
        assert all(str(value) in line for at, line in said.items() for value in at)
        names: dict[str, Any] = {"__name__": "small"}
        exec(compile(text, "small.py", "exec"), names)
        inputs = some_inputs(program, 12)
        run = execute(program, encode(program, inputs))
        for row, tokens in enumerate(inputs):
            assert _answer_of_module(names, tokens) == _answer(run, row), (seed, tokens)


def test_small_modules_are_changed_in_place_as_they_would_be_written() -> None:
    changed = 0
    for seed in range(CHANGED):
        program, draw = written(seed), random.Random(seed)
        edits = [edit for node in program.nodes for edit in candidates(program, node)]
        module = read_source(emit(program).text)
        for edit in draw.sample(edits, min(2, len(edits))):
            try:
                after = apply(program, edit)
            except (BadProgram, NotExact):
                continue
            text = patched(module, after)
            assert read_source(text).program == after
            if primitives_used(after) == primitives_used(program):
                assert text == emit(after).text
                changed += 1
    assert changed > CHANGED


def test_what_a_lookup_that_lists_answers_otherwise_is_written_where_nothing_was() -> None:
    listing = Lookup("l", ("tokens", "tokens"), (None, None), ("x", "y"), ("x", None), ((0, 0),))
    program = Program(("a", "b"), (), 2, (listing,), IMPLIED, outputs=("l",))
    after = apply(program, CellEdit("l", (), "y"))
    text = patched(read_source(emit(program).text), after)
    assert text == emit(after).text
    assert read_source(text).program == after
    names: dict[str, Any] = {"__name__": "small"}
    exec(compile(text, "small.py", "exec"), names)
    assert names["run"](["a", "b"]) == ["x", "y"]


def test_another_rule_for_matches_with_itself_is_said_where_the_module_says_one_or_on_a_line_of_its_own() -> None:
    program = PROGRAMS["match_count"].program
    rules: tuple[SelfRule, SelfRule] = ("match-count", "last")
    for before, after in (rules, rules[::-1]):
        module = read_source(emit(replace(program, self_rule=before)).text)
        assert read_source(patched(module, replace(program, self_rule=after))).program.self_rule == after
