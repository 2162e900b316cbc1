"""Which lines, branches and entries of a program its inputs run, by outcome and by class predicted.

Lines and branches are measured by coverage.py on the emitted module, in a child process (`analyze.coverage.sandbox`);
entries are counted by the executor (`analyze.coverage.entry_counts`). The two meet: the answers of the module that ran
are compared with those of the Program that was read, and a difference is an error.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analyze.coverage.entry_counts import EntryCounts, entry_counts
from analyze.coverage.line_counts import RunLines, covered_source
from analyze.coverage.sandbox import Limits, Progress, run_confined
from analyze.outcome import Rows, label, spread
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
from tprog.errors import BadFile
from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import execute
from tprog.run.pieces import pieces_of
from tprog.tasks.builtin import SAMPLE, Inputs
from tprog.text.emit import emit
from tprog.text.needs import primitive_texts
from tprog.text.read import Module, read_source
from tprog.text.syntax import python_lines

RUNS = SAMPLE
"""Inputs that the module is run on at most, where nobody says how many; the executor counts entries over all."""

STEPS = 200_000_000
"""Calls of predicates and look-ups of values that all these runs may take together: some minutes of plain Python."""

GROUPS = 1000
"""Dynamic contexts at most: each costs coverage.py a row a line that it runs."""

PURE = ("visible", "round_down")
"""Primitives that are functions of numbers alone; see `analyze.coverage.confined.cover`."""

MODULE = "program.py"
"""What the module is called in the child's folder."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What coverage.py saw, with lines 1-based.

    Attributes:
        executed, missing: lines that ran and did not, loading included.
        taken, untaken: (from, to) of branches, but for those that no input could take; a `to` below 1 leaves the
            function.
        contexts: [context] the lines that the inputs of each run; None where contexts were not told apart.
    """

    version: str
    executed: frozenset[int]
    missing: frozenset[int]
    taken: tuple[tuple[int, int], ...]
    untaken: tuple[tuple[int, int], ...]
    contexts: tuple[frozenset[int] | None, ...]
    lacking: tuple[str, ...]


class Extent(NamedTuple):
    """A function of a module and its first and last line."""

    name: str
    first: int
    last: int
    own: bool


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
    found = _measure(ran, side, inputs, counts, rows, limits or Limits(seconds=120 + 0.03 * len(rows)), progress)
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


# Measuring ############################################################################################################


def _measure(
    ran: Module,
    side: Mapping[str, str],
    inputs: Inputs,
    counts: EntryCounts,
    rows: Rows,
    limits: Limits,
    progress: Progress | None,
) -> Measured:
    groups, kept = _groups(counts, rows)
    batch = inputs.batch.take(rows)
    package = importlib.util.find_spec("coverage")
    assert package is not None
    assert package.origin is not None
    pairs = zip(batch.tokens.tolist(), batch.lengths.tolist(), strict=True)
    job = {
        "job": "cover",
        "module": MODULE,
        "vocabulary": ran.program.vocabulary,
        "inputs": [tokens[:length] for tokens, length in pairs],
        "groups": [list(group) for group in groups.values()],
        "pure": [function for node in ran.program.nodes for function in node.functions.values()] + [*PURE],
        "coverage": str(Path(package.origin).parents[1]),
    }
    answer = run_confined(ran.path, {MODULE: ran.text, **side}, job, limits, progress)
    _compare(ran, inputs.batch.take(rows), answer.values["answers"])
    contexts = answer.values["contexts"]
    lines = _lines_of_columns(ran, [*groups], [contexts.get(str(place), ()) for place in range(len(groups))], kept)
    untold = [None] * (counts.member.shape[1] - kept)
    return Measured(
        version=str(answer.values["version"]),
        executed=frozenset(answer.values["executed"]),
        missing=frozenset(answer.values["missing"]),
        taken=_pairs(answer.values["taken"]),
        untaken=tuple(way for way in _pairs(answer.values["untaken"]) if not _impossible(ran, way)),
        contexts=(*map(frozenset, lines), *untold),
        lacking=answer.lacking,
    )


def _lines_of_columns(
    ran: Module, groups: Sequence[tuple[bool, ...]], lines: Sequence[Iterable[int]], columns: int
) -> list[set[int]]:
    """The lines that the inputs of each column run, from those that the inputs of each group do.

    Args:
        groups: for each group, whether its inputs count in each column.
    """
    first = _first_lines(ast.parse(ran.text))
    found: list[set[int]] = [set() for _ in range(columns)]
    for group, run in zip(groups, lines, strict=True):
        for column in np.flatnonzero(group).tolist():
            found[column].update(first.get(line, line) for line in run)
    return found


def _pairs(found: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in found)


def _impossible(ran: Module, way: tuple[int, int]) -> bool:
    """Whether a branch falls off the end of a predicate or lookup that answers always: no input could take it."""
    start, end = way
    holes = {str(table): missing for table, missing in holes_of(ran.program).items()}
    within = (
        block[-1] for block, (first, last) in ran.blocks.items() if block[0] == "function" and first <= start <= last
    )
    return end < 1 and any(not holes[str(table)].any() for table in within)


def _first_lines(tree: ast.Module) -> dict[int, int]:
    """Each further line of a statement, or of the head of a compound one -> its first, which is what counts."""
    found: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            found |= dict.fromkeys(range(node.lineno + 1, last + 1), node.lineno)
    return found


def _groups(counts: EntryCounts, rows: Rows) -> tuple[dict[tuple[bool, ...], list[int]], int]:
    """The inputs of a run (indices in `rows`) by the columns in which they count; and how many columns that tells.

    So each context switch, which is dear, serves many inputs.
    """
    for kept in (counts.member.shape[1], len(counts.outcomes)):
        groups: dict[tuple[bool, ...], list[int]] = {}
        for place, key in enumerate(map(tuple, counts.member[rows][:, :kept].tolist())):
            groups.setdefault(key, []).append(place)
        if len(groups) <= GROUPS:
            break
    return groups, kept


def _as_told(answer: object) -> object:
    """An answer as text alone: fractions and symbols that are no text come so out of the child process."""
    if isinstance(answer, dict):
        return {name: _as_told(row) for name, row in answer.items()}
    if not isinstance(answer, list):
        return answer
    return [value if isinstance(value, str) else str(value) for value in answer]


def _compare(ran: Module, batch: Batch, answers: Sequence[object]) -> None:
    """Refuse a run whose answers are not those of the Program."""
    for rows, piece in pieces_of(ran.program, batch):
        execution = execute(ran.program, piece)
        for row, found in enumerate(answers[rows]):
            expected = None if execution.in_hole[row] else _as_told(execution.outputs(row))
            if _as_told(found) != expected:
                tokens = " ".join(piece.words(ran.program, row))
                raise BadFile(
                    f"{ran.path}: on {tokens} it answers {found!r} when run and {expected!r} when read; "
                    "please report this as a defect of tpdebug"
                )


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
    extents = _extents(tree)
    own = [extent for extent in extents if extent.own]
    entries = _entries(module, counts)
    nodes = {function: node.name for node in ran.program.nodes for function in node.functions.values()}
    return CoverageResult(
        program=name,
        checked=Checked(len(inputs.batch), inputs.exhaustive, inputs.description),
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
        return Checked(runs, inputs.exhaustive, "all of them")
    told = "one for each entry and outcome, the rest evenly from all"
    if runs < len(counts.firsts):
        told = f"not one for each entry and outcome, which takes {len(counts.firsts):,}"
    return Checked(runs, False, f"{runs:,} of them: {told}")


def _source(module: Module, counts: EntryCounts, found: Measured | None) -> AnnotatedSource:
    run = None
    if found is not None:
        partial = {start for start, _ in found.untaken} & found.executed
        by_outcome = [lines or frozenset() for lines in found.contexts[: len(counts.outcomes)]]
        run = RunLines(found.executed, found.missing, partial, by_outcome)
    return covered_source(module.path, module.text, module.program, module.lines, counts, run)


def _extents(tree: ast.Module) -> list[Extent]:
    return [
        Extent(f.name, f.lineno, f.end_lineno or f.lineno, f.name not in primitive_texts())
        for f in tree.body
        if isinstance(f, ast.FunctionDef)
    ]


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
