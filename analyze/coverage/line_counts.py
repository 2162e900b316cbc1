"""Coverage beside the source: the counts of each line that holds entries, and what is reached in part or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyze.coverage.entry_counts import EntryCounts
from analyze.reached_entries import holes_of
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.text.syntax import python_lines


@dataclass(frozen=True, eq=False)
class RunLines:
    """What coverage.py says of lines (1-based).

    Attributes:
        executed, missing: lines that ran, and that did not.
        partial: lines that ran, and from which some way on was never taken.
        by_outcome: [outcome] the lines that its inputs run.
    """

    executed: Collection[int]
    missing: Collection[int]
    partial: Collection[int]
    by_outcome: Sequence[Collection[int]]


def covered_source(
    path: str,
    text: str,
    program: Program,
    lines: Mapping[Entry, int],
    counts: EntryCounts,
    run: RunLines | None,
) -> AnnotatedSource:
    """A module with its coverage beside it.

    Args:
        lines: entry -> its line in this text.
        counts: with the counts of these lines.
        run: what coverage.py says of this text; None if another text ran in its place.
    """
    judged = "wrong" in counts.outcomes
    holes = bool(counts.member[:, counts.outcomes.index("hole")].any())
    shown = len(counts.outcomes) if holes else len(counts.outcomes) - 1
    at_line = _reached_at(program, lines, counts)
    held = {line for entry, line in lines.items() if entry.part == "wiring"} | at_line.keys()
    rows = []
    for number, line_text in enumerate(python_lines(text), 1):
        by_outcome = counts.lines[number][: len(counts.outcomes)] if number in held else ()
        margin = "/".join(f"{count:,}" for count in by_outcome[:shown]) if by_outcome else ""
        mark = _mark(number, by_outcome, at_line.get(number, []), run, judged)
        rows.append(SourceLine(number, line_text, margin, mark))
    legend: list[tuple[Mark, str]] = [
        ("lit", "reached"),
        ("part", "reached in part: an entry of the line is not, or a way on is never taken"),
        ("dim", f"not reached by any {counts.noun}"),
    ]
    if judged:
        legend.append(("bad", f"reached by {counts.noun}s with a wrong answer alone"))
    return AnnotatedSource(path, "/".join(counts.outcomes[:shown]), tuple(legend), tuple(rows))


def _reached_at(program: Program, lines: Mapping[Entry, int], counts: EntryCounts) -> dict[int, list[bool]]:
    """line -> for each of its entries, whether an input reaches it; holes that none reaches are left out."""
    missing = np.concatenate([np.zeros(0, np.bool_), *holes_of(program).values()]).tolist()
    found: dict[int, list[bool]] = {}
    for (entry, by_column), absent in zip(counts.by_entry(program).items(), missing, strict=True):
        if (line := lines.get(entry)) and (not absent or any(by_column)):
            found.setdefault(line, []).append(any(by_column))
    return found


def _mark(number: int, by_outcome: Sequence[int], reached: Sequence[bool], run: RunLines | None, judged: bool) -> Mark:
    """How a line is marked: by the entries that it holds, or else by whether it ran."""
    partial = run is not None and number in run.partial
    if by_outcome:
        return _of_counts(by_outcome, all(reached) and not partial, judged) or "dim"
    if run is None or number not in {*run.executed, *run.missing}:
        return ""
    if number in run.missing:
        return "dim"
    # Where no input runs it, loading alone does.
    return _of_counts([number in lines for lines in run.by_outcome], not partial, judged)


def _of_counts(by_outcome: Sequence[int], whole: bool, judged: bool) -> Mark:
    """The mark of a line that so many inputs of each outcome reach; none if it is none."""
    if not any(by_outcome):
        return ""
    if judged and by_outcome[0] == 0 and by_outcome[1]:
        return "bad"
    return "lit" if whole else "part"
