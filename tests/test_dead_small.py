"""Many small programs whose dead nodes and entries are known by taking each away: what is said is right, all that there
is is found, and no less is proven for every input than has been."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

import analyze.dead.constants
import analyze.dead.removal
import analyze.dead.suspects
import analyze.piecewise
import tprog.run.pieces
from analyze.dead import dead_nodes, find_dead
from analyze.reached_entries import entries_of, holes_of
from analyze.results.dead import DeadResult
from tests.bench.brute_force import answers, lacking, truths, values_of, without
from tests.interventions import listed
from tests.small_programs import CLASSES, small
from tprog.ir.entry import Entry
from tprog.ir.program import Head, Linear, Node, Program, Weights
from tprog.run.execute import execute
from tprog.tasks.builtin import Inputs, inputs_for

TWENTY = 20

KINDS = ("unread", "constant", "inert", "mergeable", "entry", "removed")

PROVEN: tuple[tuple[int, ...], ...] = (
    (20, 13, 28, 7, 30, 44),
    (24, 21, 33, 11, 58, 42),
    (11, 15, 22, 10, 97, 37),
    (15, 14, 22, 8, 47, 40),
    (21, 22, 33, 10, 87, 44),
    (24, 15, 31, 9, 19, 39),
)
"""Of each twenty programs, by `KINDS`: nodes and entries proven dead, and nodes taken out together."""


def _drawn(seed: int) -> Program:
    """A small program, to half of which a node is added that equals another or nearly does; some lack entries."""
    draw = random.Random(seed)
    program = small(seed)
    if seed % 4 < 2:
        program = _with_twin(program, draw)
    if seed % 5 == 4:
        gone = [
            (table, index)
            for table, entries in entries_of(program).items()
            for index, entry in enumerate(entries)
            if entry.part in ("row", "cell", "word")
        ]
        program = lacking(program, draw.sample(gone, min(2, len(gone))))
    return program


def _with_twin(program: Program, draw: random.Random) -> Program:
    node = draw.choice(program.nodes)
    twin = replace(_nearly(node, draw) if draw.random() < 0.5 else node, name="twin")
    made = replace(program, nodes=(*program.nodes, twin))
    if program.readout.implied:
        return replace(made, outputs=(*program.outputs, "twin"))
    rows = 1 if made.by_name["twin"].declares is None and not isinstance(twin, Head) else len(made.symbols("twin"))
    votes = Weights("twin", tuple(tuple(draw.randint(-2, 2) for _ in CLASSES) for _ in range(rows)))
    return replace(made, readout=replace(program.readout, terms=(*program.readout.terms, votes)))


def _nearly(node: Node, draw: random.Random) -> Node:
    """A node with one entry as another of its entries."""
    if isinstance(node, Linear):
        return replace(node, constant=node.constant + 1)
    table, entries = draw.choice([*node.tables.items()])
    every = list(entries.answers)
    every[draw.randrange(len(every))] = draw.choice(every)
    return node.with_answers(tuple(every), table)


def _programs(part: int) -> Iterator[tuple[Program, Inputs]]:
    """The programs of a part, with all their inputs; without those all of whose inputs end in a hole."""
    for seed in range(part * TWENTY, (part + 1) * TWENTY):
        program = _drawn(seed)
        inputs = inputs_for(program)
        if not execute(program, inputs.batch).in_hole.all():
            yield program, inputs


def _check_nodes(program: Program, inputs: Inputs, result: DeadResult) -> None:
    """Each verdict is true over the inputs, none is missing, and what is to be removed can be."""
    said = {node.name: {verdict.kind: verdict for verdict in node.verdicts} for node in result.dead}
    for name, true in truths(program, inputs).items():
        mine = said.get(name, {})
        assert true.inert_at is not None
        assert mine.keys() - {"unread"} == true.kinds - {"unread"}
        assert mine.keys() >= true.kinds
        if "unread" in mine:
            assert true.inert_at == values_of(program, name)
        if "inert" in mine:
            assert mine["inert"].constant in true.inert_at
    assert dead_nodes(program, inputs) == [name for name, kinds in said.items() if kinds.keys() != {"mergeable"}]
    taken_out = without(program, result.removable)
    assert (answers(taken_out, inputs.batch) == answers(program, inputs.batch)).all()
    assert result.untried == ()


def _check_entries(program: Program, inputs: Inputs, result: DeadResult, lines: Mapping[Entry, int]) -> None:
    """No input misses a dead entry, some input misses each other one, and they are counted by table and line."""
    before, holes = answers(program, inputs.batch), holes_of(program)
    dead = {found.entry: found.proof for found in result.dead_entries}
    gone, on_line = [], dict[int, list[str]]()
    for counted, (table, entries) in zip(result.tables, entries_of(program).items(), strict=True):
        here = [index for index in range(len(entries)) if not holes[table][index]]
        dead_here = [index for index in here if str(entries[index]) in dead]
        assert (counted.entries, counted.missing) == (len(here), len(entries) - len(here))
        assert counted.dead == len(dead_here)
        assert counted.static == sum(dead[str(entries[index])] == "static" for index in dead_here)
        assert counted.line == min(lines[entries[index]] for index in range(len(entries)))
        for index in here:
            on_line.setdefault(lines[entries[index]], []).append(str(entries[index]))
        if entries[0].part in ("row", "cell", "word"):
            gone += [(table, index) for index in dead_here]
            for index in {*here}.difference(dead_here):
                assert (answers(lacking(program, [(table, index)]), inputs.batch) != before).any()
    assert (answers(lacking(program, gone), inputs.batch) == before).all()
    assert result.lines_with_entries == len(on_line)
    assert {line.line: (line.entries, line.proof == "static") for line in result.dead_lines} == {
        line: (tuple(entries), all(dead[entry] == "static" for entry in entries))
        for line, entries in on_line.items()
        if dead.keys() >= {*entries}
    }


def _proven(result: DeadResult) -> dict[tuple[str, str], str]:
    """What is said to hold for every input, of nodes and of entries, with its evidence."""
    nodes = ((node.name, verdict) for node in result.dead for verdict in node.verdicts)
    proven = {(name, verdict.kind): verdict.evidence for name, verdict in nodes if verdict.proof == "static"}
    return proven | {(entry.entry, "entry"): "" for entry in result.dead_entries if entry.proof == "static"}


@pytest.mark.parametrize("part", range(len(PROVEN)))
def test_of_small_programs_all_that_is_dead_is_found_and_as_much_is_proven_as_has_been(
    part: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if part % 2:  # one input after the other
        for module, name, value in (
            (analyze.dead.constants, "_FEWEST", 1),
            (analyze.dead.removal, "_FIRST", 1),
            (analyze.dead.removal, "_REFUTING", 1),
            (analyze.dead.suspects, "SECOND_SAMPLE", 1),
            (analyze.piecewise, "KEPT", 0),
            (tprog.run.pieces, "CHUNK", 1),
        ):
            monkeypatch.setattr(module, name, value)
    found = Counter[str]()
    for program, inputs in _programs(part):
        lines = {
            entry: 7 * at + index // 2
            for at, entries in enumerate(entries_of(program).values())
            for index, entry in enumerate(entries)
        }
        result = find_dead(program, inputs, lines=lines)
        _check_nodes(program, inputs, result)
        _check_entries(program, inputs, result, lines)
        few = listed(program, [inputs.batch.words(program, row) for row in (len(inputs.batch) // 2, -1)])
        of_few, of_all = _proven(find_dead(program, few)), _proven(result)
        for (name, kind), evidence in of_few.items():
            assert (name, kind) in of_all
            assert kind == "inert" or of_all[name, kind] == evidence
        found.update(kind for _, kind in of_few)
        found["removed"] += len(result.removable)
    assert all(found[kind] >= least for kind, least in zip(KINDS, PROVEN[part], strict=True)), dict(found)
