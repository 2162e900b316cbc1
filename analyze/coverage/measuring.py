"""Running a module on inputs under coverage.py, in a child process: the lines, and ways between them, that ran."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from analyze.coverage.entry_counts import EntryCounts
from analyze.coverage.sandbox import Limits, Progress, run_confined
from analyze.outcome import Rows
from analyze.reached_entries import holes_of
from tprog.errors import BadFile
from tprog.run.batch import Batch
from tprog.run.execute import execute
from tprog.run.pieces import pieces_of
from tprog.tasks.builtin import Inputs
from tprog.text.needs import primitive_texts
from tprog.text.read import Module

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


def measure(
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


def extents_of(tree: ast.Module) -> list[Extent]:
    return [
        Extent(f.name, f.lineno, f.end_lineno or f.lineno, f.name not in primitive_texts())
        for f in tree.body
        if isinstance(f, ast.FunctionDef)
    ]
