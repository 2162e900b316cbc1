"""A report: what the other analyses find of a program, put together for a page that executes it."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Callable
from itertools import product

import numpy as np

from analyze.blame.all_failures import blame_all
from analyze.blame.presentation import Presentation
from analyze.circuits import find_circuits
from analyze.circuits.member_lines import nodes_at
from analyze.dataflow import data_flow
from analyze.dead import find_dead
from analyze.outcome import checked_on
from analyze.reached_entries import Counts, count_reached
from analyze.results.blame import BlameAllResult
from analyze.results.dead import DeadResult
from analyze.results.report import EntriesReached, ReportLine, ReportResult, Tried
from analyze.verify import verify
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.coded import coded
from tprog.run.generate import stop_of
from tprog.tasks.builtin import Inputs, Task
from tprog.text.read import Module
from tprog.text.syntax import python_lines

WRONG_LISTED = 5_000
"""Wrong inputs that a page holds: they take some 50 bytes each."""

TOKENS_LISTED = 200_000
"""Tokens of inputs that a page holds where no rule tells which were tried; they take a byte each."""


def report(
    module: Module,
    program: Program,
    inputs: Inputs,
    *,
    task: Task | None = None,
    blamed: bool = False,
    name: str | None = None,
    notes: tuple[str, ...] = (),
    progress: Callable[[str], object] = lambda stage: None,
) -> ReportResult:
    """All that a page tells of a program.

    Args:
        module: where the program stands.
        program: the same, judged by its task.
        blamed: whether to look for the lines to blame, which takes longer than all the rest.
        name: what the result calls the program.
        notes: how it is judged.
        progress: told which part is looked at next.

    Raises:
        BadUsage: blame is asked for, and nothing says what is right.
    """
    if blamed and inputs.expected is None:
        raise BadUsage(
            "nothing says what is right, so nothing is to blame: name a task with --task, or leave out --blame"
        )
    named = name or module.path
    progress("verify")
    verified = None if inputs.expected is None else verify(program, inputs, limit=WRONG_LISTED, name=named)
    progress("dead")
    dead = find_dead(program, inputs, lines=module.lines, name=named)
    progress("circuits")
    circuits = find_circuits(program, inputs, lines=module.lines, name=named, task=task)
    progress("coverage")
    counts = count_reached(program, inputs.batch)
    found = None
    if blamed and verified is not None and verified.wrong_inputs:
        progress("blame")
        found = blame_all(program, inputs, shown=Presentation(named, None, module.lines))
    checked = checked_on(inputs)
    tried = _tried(program, inputs)
    alone = {node.name for node in dead.dead}
    looped, stop = _loop(program)
    return ReportResult(
        program=named,
        path=module.path,
        task=program.task,
        tables=json.loads(json.dumps(coded(program))),
        checked=checked,
        tried=tried,
        verify=verified,
        dead=dead,
        circuits=circuits,
        graph=data_flow(program, dead=alone, checked=checked, lines=module.lines, name=named),
        blame=found,
        divided=() if tried.regular else _divided(inputs),
        reached=tuple(EntriesReached(str(table), tuple(at[:, 0].tolist())) for table, at in counts.tables.items()),
        lines=_lines(module, program, counts, dead, found),
        example=_example(inputs.batch),
        looped=looped,
        stop=stop,
        notes=notes,
    )


def _loop(program: Program) -> tuple[bool, str | None]:
    """Whether the program can be fed its own output, and the class that ends that."""
    try:
        return True, stop_of(program, None)
    except BadUsage:
        return False, None


def _example(batch: Batch) -> tuple[int, ...]:
    """One of the longest inputs, from the middle of them, so that its tokens are not all alike."""
    longest = np.flatnonzero(batch.lengths == batch.lengths.max(initial=0))
    if not len(longest):
        return ()
    row = longest[len(longest) * 2 // 5]
    return tuple(batch.tokens[row, : batch.lengths[row]].tolist())


# Inputs ###############################################################################################################


def _tried(program: Program, inputs: Inputs) -> Tried:
    batch, marks = inputs.batch, program.marks
    within = np.arange(batch.tokens.shape[1]) - marks.first
    inner = batch.tokens[(within >= 0) & (within < (batch.lengths - marks.count)[:, None])]
    symbols = tuple(np.unique(inner).tolist())
    lengths = batch.lengths - marks.count
    least, most = int(lengths.min(initial=program.max_length)), int(lengths.max(initial=0))
    if inputs.exhaustive and _all_there(batch, symbols, least, most, marks.first):
        return Tried(True, symbols, least, most, (), True)
    few = int(np.searchsorted(np.cumsum(batch.lengths), TOKENS_LISTED, side="right"))
    rows = zip(batch.tokens[:few], batch.lengths[:few], strict=True)
    listed = tuple(tuple(row[:length].tolist()) for row, length in rows)
    return Tried(False, symbols, least, most, listed, few >= len(batch))


def _divided(inputs: Inputs) -> tuple[tuple[int, ...], ...]:
    """What is read alike and has different right answers."""
    batch, expected = inputs.batch, inputs.expected
    if expected is None or not len(batch):
        return ()
    read = np.concatenate([np.where(batch.present, batch.tokens, -1), batch.lengths[:, None]], axis=1)
    _, first, which = np.unique(read, axis=0, return_index=True, return_inverse=True)
    which = which.reshape(-1)  # NumPy 2.0 gives it another shape
    unlike = (expected != expected[first][which]).reshape(len(batch), -1).any(axis=1)
    rows = sorted(first[np.unique(which[unlike])].tolist())
    return tuple(tuple(batch.tokens[row, : batch.lengths[row]].tolist()) for row in rows)


def _all_there(batch: Batch, symbols: tuple[int, ...], least: int, most: int, first: int) -> bool:
    """Whether a batch holds every sequence of some symbols of some lengths, in order."""
    if len(batch) != sum(len(symbols) ** length for length in range(least, most + 1)):
        return False
    start = 0
    for length in range(least, most + 1):
        wanted = np.array(list(product(symbols, repeat=length)), dtype=batch.tokens.dtype)
        rows = slice(start, start + len(wanted))
        if not np.array_equal(batch.tokens[rows, first : first + length], wanted.reshape(len(wanted), length)):
            return False
        start += len(wanted)
    return True


# The source ###########################################################################################################


def _lines(
    module: Module, program: Program, counts: Counts, dead: DeadResult, blamed: BlameAllResult | None
) -> tuple[ReportLine, ...]:
    reached: dict[int, int] = defaultdict(int)
    for entry, by_group in counts.by_entry().items():
        if (line := module.lines.get(entry)) is not None:
            reached[line] += int(by_group[0])
    nodes = nodes_at(module.blocks, set(program.variables))
    dead_lines = {line.line for line in dead.dead_lines}
    mends: dict[int | None, int] = defaultdict(int)
    for candidate in blamed.entries if blamed is not None else ():
        mends[candidate.line] = max(mends[candidate.line], candidate.mended)
    folded = _helpers(module.text, set(nodes))
    return tuple(
        ReportLine(at, text, nodes.get(at), reached.get(at), at in dead_lines, mends.get(at, 0), at in folded)
        for at, text in enumerate(python_lines(module.text), 1)
    )


def _helpers(text: str, own: set[int]) -> set[int]:
    """The lines of functions and classes in which no node stands, but for `run`: the primitives, and the like."""
    found: set[int] = set()
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef) and statement.name != "run":
            span = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
            if own.isdisjoint(span):
                found.update(span)
    return found
