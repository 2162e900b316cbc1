"""Coverage: what coverage.py sees of the module and what the executor counts of its entries must fit together."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tprog
from analyze.coverage import find_coverage
from analyze.coverage.entry_counts import JUDGED, entry_counts
from analyze.coverage.sandbox import Limits
from analyze.render.coverage import coverage_document
from analyze.render.pages import page_html
from analyze.render.terminal import as_text
from analyze.results.coverage import CoverageResult
from cli.main import main
from tests.programs import PROGRAMS
from tests.published import write
from tests.test_published import CASES
from tprog.edits.edit import CellEdit, apply
from tprog.errors import BadFile
from tprog.ir.entry import Entry
from tprog.ir.program import Program, Value
from tprog.run.execute import execute
from tprog.tasks.builtin import Inputs, inputs_for
from tprog.text.read import Module, read_module, read_source

SAMPLE = 150
COVERED = ("sort_with_a_fault", "partial", "question_type", "rationals", "match_count", "no_nodes")


def module_of(program: Program) -> Module:
    return read_source(tprog.emit(program).text, "module.py")


def inputs_of(name: str, sample: int = SAMPLE) -> Inputs:
    return inputs_for(PROGRAMS[name].program, sample=sample, seed=1)


@cache
def covered(name: str) -> CoverageResult:
    return find_coverage(module_of(PROGRAMS[name].program), inputs_of(name), annotate=True)


# Entries ##############################################################################################################


def _by_hand(program: Program, words: Sequence[str]) -> set[Entry]:
    """The predicate rows and lookup cells that one input consults, seen by calling the module's functions."""
    seen: set[Entry] = set()
    names: dict[str, Any] = {}
    text = tprog.emit(program).text
    exec(compile(text, "module.py", "exec"), names)
    for name, function in [*names.items()]:
        kind, _, node = name.partition("_")
        if kind in ("predicate", "lookup") and callable(function):

            def spy(*arguments: Value, kind: str = kind, node: str = node, function: Any = function) -> object:
                if kind == "predicate":
                    seen.add(Entry(node, "row", (arguments[0],)))
                return function(*arguments)

            spy.__name__ = name
            names[name] = spy
    with suppress(LookupError):
        names["run"](list(words))
    return seen


@pytest.mark.parametrize("name", ["sort_with_a_fault", "masks", "match_count"])
def test_the_rows_that_an_input_reaches_are_those_that_its_run_asks(name: str) -> None:
    program = PROGRAMS[name].program
    inputs = inputs_of(name, 12)
    for row in range(len(inputs.batch)):
        expected = None if inputs.expected is None else inputs.expected[[row]]
        one = Inputs(inputs.batch.take(np.array([row])), expected, False, "one")
        counts = entry_counts(program, one).by_entry(program)
        reached = {entry for entry, by_column in counts.items() if any(by_column) and entry.part == "row"}
        assert reached == _by_hand(program, inputs.batch.words(program, row))


def test_outcomes_are_those_of_the_task_and_add_up() -> None:
    program = PROGRAMS["sort_with_a_fault"].program
    inputs = inputs_for(program)
    counts = entry_counts(program, inputs)
    assert counts.outcomes == JUDGED
    assert counts.member[:, :3].sum(axis=1).tolist() == [1] * 19_530
    assert counts.member[:, 1].sum() == PROGRAMS["sort_with_a_fault"].wrong
    for by_column in counts.by_entry(program).values():
        assert all(0 <= count <= 19_530 for count in by_column)
    # `<s>` stands in every input, and is asked by the head `less` in each
    assert sum(counts.by_entry(program)[Entry("less", "row", ("<s>",))][:3]) == 19_530


def test_inputs_that_end_in_a_hole_are_counted_apart() -> None:
    program = PROGRAMS["partial"].program
    inputs = inputs_for(program)
    counts = entry_counts(program, inputs)
    assert counts.member[:, counts.outcomes.index("hole")].tolist() == execute(program, inputs.batch).in_hole.tolist()
    assert counts.member[:, counts.outcomes.index("hole")].any()
    in_hole = counts.member[:, counts.outcomes.index("hole")]
    assert not counts.member[in_hole][:, len(counts.outcomes) :].any(), "what is not predicted is no class"


# Lines and entries ####################################################################################################


@pytest.mark.parametrize("name", COVERED)
def test_a_line_that_answers_runs_in_the_contexts_in_which_an_entry_of_it_is_reached(name: str) -> None:
    result = covered(name)
    module = module_of(PROGRAMS[name].program)
    returns = {node.lineno for node in ast.walk(ast.parse(module.text)) if isinstance(node, ast.Return)}
    running = {line.number: set(line.contexts) for line in result.line_contexts}
    by_line: dict[int, set[int]] = {}
    for entry in result.entry_counts:
        if entry.part in ("row", "cell") and entry.line in returns and not entry.missing:
            places = by_line.setdefault(entry.line or 0, set())
            places |= {place for place, count in enumerate(entry.counts) if count}
    assert by_line or not PROGRAMS[name].program.nodes
    for line, places in by_line.items():
        assert running[line] == places, f"line {line}"


@pytest.mark.parametrize("name", COVERED)
def test_the_figures_of_a_result_add_up(name: str) -> None:
    result = covered(name)
    ran = [line for line in result.line_contexts if line.ran]
    assert (result.lines.reached, result.lines.whole) == (len(ran), len(result.line_contexts))
    assert sum(f.lines.reached for f in result.functions if f.own) == result.own_lines.reached
    assert sum(f.branches.whole for f in result.functions if f.own) == result.own_branches.whole
    there = [entry for entry in result.entry_counts if not entry.missing]
    assert result.entries.whole == len(there)
    assert result.entries.reached == sum(any(entry.counts) for entry in there)
    outcomes = [context for context in result.contexts if context.kind == "outcome"]
    assert sum(context.inputs for context in outcomes) == result.checked.inputs
    for context in result.contexts:
        assert (context.lines or 0) <= result.own_lines.reached
        assert (context.lines == 0) == (context.inputs == 0)


def test_a_line_that_only_wrong_inputs_reach_is_marked() -> None:
    program = apply(PROGRAMS["sort"].program, CellEdit("rank", (1, 3), 9))  # that no other cell answers
    inputs = inputs_for(program)
    result = find_coverage(module_of(program), inputs, runs=300, annotate=True)
    (fault,) = [entry for entry in result.entry_counts if entry.node == "rank" and entry.at == (1, 3)]
    assert fault.counts[:3] == (0, 410, 0)
    assert result.source is not None
    marked = [(line.number, line.margin) for line in result.source.lines if line.mark == "bad"]
    assert (fault.line, "0/410") in marked
    assert result.ran.inputs <= 300
    assert not result.ran.exhaustive
    assert result.checked.exhaustive


def test_a_branch_that_no_input_takes_is_named() -> None:
    program = PROGRAMS["sort"].program
    inputs = inputs_for(program, sample=60, seed=3)
    short = np.flatnonzero(inputs.batch.lengths <= 4)
    assert inputs.expected is not None
    few = Inputs(inputs.batch.take(short), inputs.expected[short], False, "short ones")
    result = find_coverage(module_of(program), few)
    named = {(branch.function, branch.never) for branch in result.untaken}
    assert ("lookup_rank", "never true") in named
    assert ("main", "never true") not in named, "it never runs at all"


def test_a_total_table_has_no_branch_off_its_end() -> None:
    program = PROGRAMS["sort"].program
    result = find_coverage(module_of(program), inputs_for(program, sample=500))
    (less,) = [function for function in result.functions if function.name == "predicate_less"]
    assert less.branches.reached == less.branches.whole > 0


# The child ############################################################################################################


def test_a_module_that_answers_otherwise_than_it_reads_is_an_error() -> None:
    module = module_of(PROGRAMS["sort"].program)
    lying = replace(module, text=module.text.replace("return classify(", "return classify_("))
    with pytest.raises(BadFile, match="NameError"):
        find_coverage(lying, inputs_of("sort", 5))
    other = replace(module, text=tprog.emit(PROGRAMS["reverse"].program).text)
    with pytest.raises(BadFile, match="report"):
        find_coverage(other, inputs_of("sort", 50))


def test_a_run_that_takes_too_long_is_stopped() -> None:
    with pytest.raises(BadFile, match="more than 0 s"):
        find_coverage(module_of(PROGRAMS["sort"].program), inputs_of("sort"), limits=Limits(seconds=0))


def test_progress_counts_up_to_the_inputs() -> None:
    told: list[int] = []
    find_coverage(module_of(PROGRAMS["most_freq"].program), inputs_of("most_freq", 700), progress=told.append)
    assert told == sorted(told)
    assert all(0 < done <= 700 for done in told)


def test_a_published_module_is_covered_by_its_conversion(tmp_path: Path) -> None:
    wanted, how = CASES["heads"]
    module = read_module(write(wanted, tmp_path, how=how))
    result = find_coverage(module, inputs_for(module.program, sample=50), annotate=True)
    assert result.converted
    assert result.source is not None
    assert result.conversion is not None
    assert [line.text for line in result.source.lines] == module.text.splitlines()
    assert "def run(tokens):" in [line.text for line in result.conversion.lines]
    rows = [entry for entry in result.entry_counts if entry.part == "row" and not entry.missing]
    assert {entry.line for entry in rows} <= set(module.lines.values())
    assert "conversion" in as_text(coverage_document(result))


# What is shown ########################################################################################################


@pytest.mark.parametrize("name", COVERED)
def test_a_result_comes_back_from_json(name: str) -> None:
    data = json.loads(json.dumps(covered(name).to_json(), allow_nan=False))
    assert CoverageResult.from_json(data) == covered(name)


def test_the_text_says_what_is_reached_and_what_is_not() -> None:
    text = as_text(coverage_document(covered("sort_with_a_fault")))
    assert text.startswith("sort: inputs reach ")
    assert "are wrong" in text
    assert "entry that no input reaches" in text
    assert "def lookup_rank(" in text


def test_the_page_stands_alone_and_has_every_line() -> None:
    result = covered("sort_with_a_fault")
    page = page_html(coverage_document(result))
    assert page.startswith("<!DOCTYPE html>")
    assert "src=" not in page
    assert "http" not in page
    assert result.source is not None
    assert page.count('<tr id="L') == len(result.source.lines)


def test_the_verb_prints_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.py").write_text(tprog.emit(PROGRAMS["sort_with_a_fault"].program).text, encoding="utf-8")
    assert main(["coverage", "p.py", "--sample", "60", "--json", "-o", "cov.html"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["checked"]["inputs"] == 60
    assert data["ran"]["inputs"] == 60
    assert "lookup_rank" in (tmp_path / "cov.html").read_text(encoding="utf-8")
    assert main(["coverage", "p.py", "--sample", "60", "--runs", "10", "-o", "cov.txt"]) == 0
    written = " ".join((tmp_path / "cov.txt").read_text(encoding="utf-8").split())
    assert re.search(r"which ran the module on (\d|10) of them: one for each entry and outcome", written)
