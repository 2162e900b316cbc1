"""Which lines, branches and entries of a program its inputs run, by outcome and by class predicted.

Lines and branches are measured by coverage.py on the emitted module, in a child process (`analyze.coverage.sandbox`);
entries are counted by the executor (`analyze.coverage.entry_counts`). The two meet: the answers of the module that ran
are compared with those of the Program that was read, and a difference is an error.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from analyze.coverage.entry_counts import EntryCounts, entry_counts
from analyze.coverage.line_counts import RunLines, covered_source
from analyze.coverage.measuring import MODULE, Extent, Measured, extents_of, measure
from analyze.coverage.sandbox import Limits, Progress
from analyze.outcome import Rows, checked_on, label, spread
from analyze.reached_entries import holes_of
from analyze.results.checked import Checked
from analyze.results.coverage import (
    CoverageContext,
    CoverageResult,
    CoveredEntry,
    CoveredFunction,
    CoveredLine,
    Tally,
    UntakenBranch,
)
from analyze.results.source import AnnotatedSource
from tprog.ir.program import Program
from tprog.tasks.builtin import SAMPLE, Inputs
from tprog.text.emit import emit
from tprog.text.read import Module, read_source
from tprog.text.syntax import python_lines

RUNS = SAMPLE
"""Inputs that the module is run on at most, where nobody says how many; the executor counts entries over all."""

STEPS = 200_000_000
"""Calls of predicates and look-ups of values that all these runs may take together: some minutes of plain Python."""


def find_coverage(
    module: Module,
    inputs: Inputs,
    *,
    runs: int | None = None,
    annotate: bool = False,
    limits: Limits | None = None,
    progress: Progress | None = None,
    name: str | None = None,
) -> CoverageResult:
    """Run a module on inputs and see what they reach.

    Args:
        runs: the most inputs that the module is run on; left out: see `runs_for`. Where there are more, those are taken
            that reach each entry first, with each outcome, and the rest evenly from all.
        annotate: also return the source with notes.
        limits: of the child process; left out, in proportion to `runs`.
        progress: called with the number of inputs run so far.
        name: what the result calls the program.

    Raises:
        BadUsage: this platform has no such child processes.
        BadFile: the module did not run to its end, or its answers are not those that reading it predicts.
    """
    counts = entry_counts(module.program, inputs, module.lines)
    rows = _chosen(counts, len(inputs.batch), runs_for(module.program, inputs) if runs is None else runs)
    converted = module.dialect != "tpdebug"
    ran, side = _conversion(module.program) if converted else (module, module.sides)
    found = measure(ran, side, inputs, counts, rows, limits or Limits(seconds=120 + 0.03 * len(rows)), progress)
    return _result(module, ran, inputs, counts, found, len(rows), annotate, label(module.program, name))


def runs_for(program: Program, inputs: Inputs) -> int:
    """How many of the inputs to run a module on: all up to `RUNS` where they are short, about a millisecond each."""
    width = int(inputs.batch.lengths.max(initial=1))
    heads = sum(node.selection is not None for node in program.nodes)
    looked_up = len(program.nodes) - heads + len(program.weights) * len(program.written_classes)
    return min(len(inputs.batch), RUNS, max(1, STEPS // (heads * width**2 + looked_up * width + 1)))


def _chosen(counts: EntryCounts, inputs: int, runs: int) -> Rows:
    if inputs <= runs:
        return np.arange(inputs)
    first = sorted(counts.firsts)[:runs]
    return np.unique(np.concatenate([np.array(first, dtype=np.intp), spread(inputs, runs - len(first))]))


def _conversion(program: Program) -> tuple[Module, Mapping[str, str]]:
    """A program of another dialect in the form that tpdebug writes."""
    emitted = emit(program, MODULE.removesuffix(".py"))
    return read_source(emitted.text, MODULE, emitted.side.__getitem__), emitted.side


# The result ###########################################################################################################


def _result(
    module: Module,
    ran: Module,
    inputs: Inputs,
    counts: EntryCounts,
    found: Measured,
    runs: int,
    annotate: bool,
    name: str,
) -> CoverageResult:
    tree = ast.parse(ran.text)
    extents = extents_of(tree)
    own = [extent for extent in extents if extent.own]
    entries = _entries(module, counts)
    nodes = {function: node.name for node in ran.program.nodes for function in node.functions.values()}
    return CoverageResult(
        program=name,
        checked=checked_on(inputs),
        ran=_ran(inputs, counts, runs),
        converted=ran is not module,
        lacking=found.lacking,
        version=found.version,
        own_lines=_lines(found, own),
        own_branches=_branches(found, own),
        lines=Tally(len(found.executed), len(found.executed | found.missing)),
        branches=Tally(len(found.taken), len(found.taken) + len(found.untaken)),
        entries=Tally(*_reached(entries)),
        contexts=_contexts(counts, found, own, entries),
        functions=tuple(_function(nodes, extent, found, entries) for extent in extents),
        line_contexts=tuple(
            CoveredLine(number, number in found.executed, _running(found, number))
            for number in sorted(found.executed | found.missing)
        ),
        untaken=_untaken(ran.text, tree, extents, found),
        entry_counts=entries,
        source=_source(module, counts, None if ran is not module else found) if annotate else None,
        conversion=_source(ran, entry_counts(ran.program, inputs, ran.lines), found)
        if annotate and ran is not module
        else None,
    )


def _ran(inputs: Inputs, counts: EntryCounts, runs: int) -> Checked:
    """The inputs that were run."""
    if runs == len(inputs.batch):
        return Checked(runs, inputs.exhaustive, "all of them", inputs.noun)
    told = "one for each entry and outcome, the rest evenly from all"
    if runs < len(counts.firsts):
        told = f"not one for each entry and outcome, which takes {len(counts.firsts):,}"
    return Checked(runs, False, f"{runs:,} of them: {told}", inputs.noun)


def _source(module: Module, counts: EntryCounts, found: Measured | None) -> AnnotatedSource:
    run = None
    if found is not None:
        partial = {start for start, _ in found.untaken} & found.executed
        by_outcome = [lines or frozenset() for lines in found.contexts[: len(counts.outcomes)]]
        run = RunLines(found.executed, found.missing, partial, by_outcome)
    return covered_source(module.path, module.text, module.program, module.lines, counts, run)


def _inside(line: int, extents: Iterable[Extent]) -> bool:
    return any(extent.first <= line <= extent.last for extent in extents)


def _lines(found: Measured, extents: Sequence[Extent]) -> Tally:
    ran = sum(_inside(line, extents) for line in found.executed)
    return Tally(ran, ran + sum(_inside(line, extents) for line in found.missing))


def _branches(found: Measured, extents: Sequence[Extent]) -> Tally:
    taken = sum(_inside(start, extents) for start, _ in found.taken)
    return Tally(taken, taken + sum(_inside(start, extents) for start, _ in found.untaken))


def _running(found: Measured, line: int) -> tuple[int, ...]:
    return tuple(place for place, lines in enumerate(found.contexts) if lines is not None and line in lines)


def _entries(module: Module, counts: EntryCounts) -> tuple[CoveredEntry, ...]:
    missing = np.concatenate([*holes_of(module.program).values(), np.zeros(0, np.bool_)])
    return tuple(
        CoveredEntry(
            node=entry.node,
            part=entry.part,
            clause=entry.clause,
            at=entry.at,
            text=str(entry),
            line=module.lines.get(entry),
            missing=bool(absent),
            counts=by_column,
        )
        for (entry, by_column), absent in zip(counts.by_entry(module.program).items(), missing, strict=True)
    )


def _reached(entries: Iterable[CoveredEntry], outcomes: int | None = None) -> tuple[int, int]:
    """How many of the entries that there are any input reaches, and how many there are."""
    there = [entry for entry in entries if not entry.missing]
    return sum(any(entry.counts[:outcomes]) for entry in there), len(there)


def _contexts(
    counts: EntryCounts, found: Measured, own: Sequence[Extent], entries: Sequence[CoveredEntry]
) -> tuple[CoverageContext, ...]:
    made = []
    for column, name in enumerate((*counts.outcomes, *counts.classes)):
        lines = found.contexts[column]
        made.append(
            CoverageContext(
                name=name,
                kind="outcome" if column < len(counts.outcomes) else "class",
                inputs=int(counts.member[:, column].sum()),
                lines=None if lines is None else sum(_inside(line, own) for line in lines),
                entries=sum(entry.counts[column] > 0 and not entry.missing for entry in entries),
            )
        )
    return tuple(made)


def _function(
    nodes: Mapping[str, str], extent: Extent, found: Measured, entries: Sequence[CoveredEntry]
) -> CoveredFunction:
    node = nodes.get(extent.name)
    held = [entry for entry in entries if node is not None and entry.node == node]
    return CoveredFunction(
        name=extent.name,
        own=extent.own,
        line=extent.first,
        lines=_lines(found, [extent]),
        branches=_branches(found, [extent]),
        entries=Tally(*_reached(held)),
    )


# Branches #############################################################################################################


def _untaken(text: str, tree: ast.Module, extents: Sequence[Extent], found: Measured) -> tuple[UntakenBranch, ...]:
    """The ways on that no input takes, from lines that run."""
    rows = python_lines(text)
    tests = {node.lineno: node for node in ast.walk(tree) if isinstance(node, ast.If | ast.While)}
    made = []
    for start, end in found.untaken:
        within = next((extent.name for extent in extents if extent.first <= start <= extent.last), "the module")
        if start in found.executed:
            made.append(UntakenBranch(start, within, rows[start - 1].strip(), _never(tests.get(start), end)))
    return tuple(made)


def _never(test: ast.If | ast.While | None, end: int) -> str:
    if test is not None:
        return "never true" if test.body[0].lineno == end else "never false"
    return "never left here" if end < 1 else f"never goes on to line {end}"
