"""One input, step by step: the value of each variable at each position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyze.dataflow import reaching
from analyze.outcome import Ground, ground, hole_order, label, node_line
from analyze.results.trace import Contrast, TraceResult, TraceRow, TraceTable
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.places import ByOutput, by_output
from tprog.ir.program import Program
from tprog.ir.values import Value
from tprog.run.batch import encode
from tprog.run.execute import Execution, execute
from tprog.run.outcome import NOT_GRADED, outcomes
from tprog.tasks.builtin import Inputs
from tprog.text.describe import reading
from tprog.text.tokens import spacing

Lines = Mapping[Entry, int] | None


@dataclass(frozen=True)
class _Run:
    """One input, executed alone, with its right answers."""

    execution: Execution
    expected: ByOutput[str | None] | None


def trace(
    program: Program,
    tokens: Sequence[str],
    *,
    expected: Sequence[str | None] | Mapping[str, Sequence[str | None]] | None = None,
    contrast: Inputs | None = None,
    lines: Lines = None,
    name: str | None = None,
) -> TraceResult:
    """Each variable's value at each position.

    Args:
        tokens: a whole sequence.
        expected: the right answer at each position (pooled: one), None where nothing is graded; of several outputs,
            name -> these.
        contrast: the inputs among which the nearest right one is looked for, to be set beside a wrong one.
        lines: entry -> its line in the program's file.
        name: what the result calls the program.

    Raises:
        BadInput: the program cannot take the tokens.
        BadUsage: a contrast is asked for, and nothing says what is right.
    """
    right = None if expected is None else program.places.apart(program.places.beside(expected))
    run = _Run(execute(program, encode(program, [tokens])), right)
    table = _table(run, lines)
    found, note = None, ""
    if contrast is not None:
        if expected is None or contrast.expected is None:
            raise BadUsage("a contrast needs right answers: the program names no task; give one with --task")
        if not any(wrong for _, wrong in by_output(table.wrong)):
            note = "the input is right at every graded position: there is nothing to contrast"
        else:
            found = _contrast(run, ground(program, contrast), lines)
            note = "" if found else f"no other input is right everywhere (looked for among {contrast.description})"
    return TraceResult(label(program, name), table, found, note, spacing(program), program.sources)


def _table(run: _Run, lines: Lines) -> TraceTable:
    execution, program = run.execution, run.execution.program
    classes, places = program.classes, program.places
    predicted = [classes[code] if code >= 0 else None for code in outcomes(execution)[0].tolist()]
    expected = () if run.expected is None else places.beside(run.expected)
    wrong = [i for i, right in enumerate(expected) if right not in (NOT_GRADED, predicted[i])]
    hole = execution.hole(0)
    words = tuple(execution.batch.words(program, 0))
    rows = tuple(_rows(execution, lines))
    return TraceTable(
        words,
        rows,
        places.apart(predicted),
        run.expected,
        places.positions(wrong),
        None if hole is None else str(hole),
    )


def _rows(execution: Execution, lines: Lines) -> Iterator[TraceRow]:
    """What each variable is, at every position, up to the first hole."""
    program, n = execution.program, int(execution.batch.lengths[0])
    order = hole_order(program)
    first = min((order[key] for key in execution.holed), default=len(order))
    for variable in program.variables:
        node = program.by_name.get(variable)
        values: tuple[Value | None, ...] = (None,) * n
        if order.get(variable, -1) < first:
            values = tuple(execution.value(variable, 0, i) for i in range(n))
        says = "" if node is None else reading(program, node)
        kind = "input" if node is None else node.kind
        yield TraceRow(variable, kind, says, node_line(lines, variable), values)


def _contrast(run: _Run, on: Ground, lines: Lines) -> Contrast | None:
    """The nearest right input beside a wrong one; see `Contrast`."""
    program = on.program
    row = _nearest_right(run.execution, on)
    if row is None:
        return None
    assert on.expected is not None
    count = program.places.count(int(on.batch.lengths[row]))
    expected = [program.classes[c] if c >= 0 else None for c in on.expected[row, :count].tolist()]
    other = _Run(execute(program, encode(program, [on.batch.words(program, row)])), program.places.apart(expected))
    table, own = _table(other, lines), run.execution.batch.words(program, 0)
    shared = [i for i, (a, b) in enumerate(zip(own, table.tokens, strict=False)) if a == b]
    distance = max(len(own), len(table.tokens)) - len(shared)
    ours = _table(run, lines)
    wrong = [name for name, at in by_output(ours.wrong) if at]
    asked = reaching(program, wrong) if program.places.several else set(program.variables)
    parts_at, positions = _parting(ours, table, set(shared), asked)
    return Contrast(table, distance, parts_at, positions, on.checked)


def _nearest_right(execution: Execution, on: Ground) -> int | None:
    """The input that is right everywhere, nearest in length, then in Hamming distance, then first in the batch.

    Never the executed input itself, which the task may find right where the user expects something else.
    """
    right = ~((on.outcomes != on.expected) & on.graded).any(axis=1)
    rows = np.flatnonzero(right)
    length = int(execution.batch.lengths[0])
    width = min(length, on.batch.tokens.shape[1])
    apart = np.abs(on.batch.lengths[rows] - length)
    unlike = (on.batch.tokens[rows, :width] != execution.batch.tokens[0, :width]).sum(axis=1)
    nearest = [i for i in np.lexsort((rows, unlike, apart))[:2] if apart[i] or unlike[i]]  # inputs are unique
    return int(rows[nearest[0]]) if nearest else None


def _parting(
    one: TraceTable, other: TraceTable, shared: set[int], asked: set[str]
) -> tuple[str | None, tuple[int, ...]]:
    """The first of the nodes asked about at which two runs part beyond their tokens, and the positions; see
    `Contrast.parts_at`."""
    at_all: tuple[str | None, tuple[int, ...]] = (None, ())
    for ours, theirs in zip(one.rows, other.rows, strict=True):
        if ours.kind == "input" or ours.variable not in asked:
            continue
        differ = [i for i, (a, b) in enumerate(zip(ours.values, theirs.values, strict=False)) if a != b]
        if beyond := tuple(i for i in differ if i in shared):
            return ours.variable, beyond
        if differ and at_all[0] is None:
            at_all = (ours.variable, tuple(differ))
    return at_all
