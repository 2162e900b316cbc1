"""Entries reached: counted in bulk as a plain walk over each input finds them, and as the module asks for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyze.blame.slice import consults, entries_at
from analyze.reached_entries import Counts, count_reached, entries_of, holes_of, reached
from tests.interventions import listed
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.ir.entries import WeightsOf
from tprog.ir.entry import Entry
from tprog.ir.program import END, AttentionHead, Program, Symbols, Value
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
from tprog.run.logits import read_out_at
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source


def _walked(run: Execution) -> Counter[Entry]:
    """What the one input of `run` consults, node by node, up to its first hole."""
    program, found = run.program, Counter[Entry]()
    hole = run.hole(0)
    tables = [(node, table) for node in program.nodes for table in node.tables]
    for node, table in tables:
        for position in range(int(run.batch.lengths[0])):
            if consults(run, node, position):
                found.update(where for where in entries_at(run, node, position) if where.table == table)
            if hole is not None and (hole.node, hole.position) == (str(table), position):
                return found
    for term in program.weights:
        categorical = isinstance(program.variables[term.variable].domain, Symbols)
        everywhere = program.readout.rows_needed == "everywhere"
        read = run.batch.present if everywhere else read_out_at(program, run.batch)
        for position in np.flatnonzero(read[0]).tolist():
            value = run.value(term.variable, 0, position)
            found[Entry("readout", "weights", (term.variable, value) if categorical else (term.variable,))] += 1
            if (at := run.holed.get(WeightsOf(term.variable))) is not None and at[0, position]:
                return found
    return found


@settings(max_examples=80)
@given(st.data())
def test_entries_are_counted_in_bulk_as_a_walk_over_each_input_finds_them(data: st.DataObject) -> None:
    program = replace(data.draw(programs()), task=None)
    inputs = some_inputs(program, 20)
    run = execute(program, encode(program, inputs))
    walked = [_walked(execute(program, encode(program, [tokens]))) for tokens in inputs]
    by_positions, by_inputs = reached(run), reached(run, unit="inputs")
    for entry in by_positions:
        assert by_positions[entry] == sum(found[entry] for found in walked), entry
        assert by_inputs[entry] == sum(found[entry] > 0 for found in walked), entry
    assert sum(map(len, map(set, walked))) == sum(by_inputs.values())  # nothing was walked that is not counted


@settings(max_examples=30)
@given(st.data())
def test_groups_of_inputs_add_up_and_a_selection_counts_its_own(data: st.DataObject) -> None:
    program = replace(data.draw(programs()), task=None)
    inputs = some_inputs(program, 20)
    chosen = np.array([data.draw(st.booleans()) for _ in inputs])
    run = execute(program, encode(program, inputs))
    counts = Counts(program, 2)
    counts.add(run, chosen.astype(np.int64))
    every, some = reached(run), reached(run, inputs=chosen)
    for entry, (without, within) in counts.by_entry().items():
        assert within == some[entry]
        assert without + within == every[entry]


def test_pieces_give_the_counts_of_the_whole() -> None:
    program = PROGRAMS["sort"].program
    batch = inputs_for(program).batch
    whole = reached(execute(program, batch))
    assert {entry: int(n[0]) for entry, n in count_reached(program, batch).by_entry().items()} == whole
    assert whole[Entry("less", "row", (END,))] == len(batch)
    assert whole[Entry("readout", "weights", ("sorted", "</s>"))] == 0  # outputs are forced where it is copied
    assert whole[Entry("rank", "cell", (7, 5))] == 0  # 7 smaller tokens leave no room for 5 equal ones


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_the_tables_hold_every_entry_of_the_program(name: str) -> None:
    program: Program = PROGRAMS[name].program
    found, holes = entries_of(program), holes_of(program)
    there = {e for table, rows in found.items() for e, hole in zip(rows, holes[table], strict=True) if not hole}
    lines = {entry for entry in read_source(emit(program).text).lines if entry.part != "wiring"}
    assert there <= lines <= {entry for rows in found.values() for entry in rows}


@pytest.mark.parametrize("name", ["sort", "partial", "masks", "most_freq"])
def test_the_rows_that_the_emitted_module_asks_for_are_those_that_are_counted(name: str) -> None:
    program = PROGRAMS[name].program
    inputs = some_inputs(program, 40)
    module: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(program).text, "emitted", "exec"), module)
    asked: set[Entry] = set()
    for head in (node for node in program.nodes if isinstance(node, AttentionHead)):
        module[f"predicate_{head.name}"] = _noting(module[f"predicate_{head.name}"], head.name, asked)
    for tokens in inputs:
        with suppress(LookupError):
            module["run"](tokens)
    counted = reached(execute(program, encode(program, inputs)))
    assert asked == {entry for entry, count in counted.items() if count and entry.part == "row"}


def _noting(predicate: Callable[[Value, Value], object], name: str, asked: set[Entry]) -> Callable[..., object]:
    def noting(query: Value, key: Value) -> object:
        asked.add(Entry(name, "row", (query,)))
        return predicate(query, key)

    noting.__name__ = predicate.__name__
    return noting


def test_a_head_that_sees_nothing_consults_nothing() -> None:
    program = PROGRAMS["masks"].program
    run = execute(program, listed(program, some_inputs(program, 1)).batch)
    walked = _walked(run)
    assert {entry: n for entry, n in reached(run).items() if n} == dict(walked)
