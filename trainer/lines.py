"""The lines of a sweep's table: a trial in its row, which of a row is the best, and what stands in the cells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tprog.escape import markdown_text
from trainer.record import Record


@dataclass(frozen=True)
class Line:
    """A trial as a member of a row of the grid. A trial may be a member of several."""

    name: str
    program_class: str
    record: Record

    def to_mapping(self) -> dict[str, Any]:
        """What is known of the trial as JSON types, without the files of its program."""
        told = self.record.to_mapping()
        del told["files"]
        return {"name": self.name, "class": self.program_class, **told}


def best(lines: Iterable[Line]) -> dict[tuple[str, str], Line]:
    """The best trial of each row, (name, class) -> line.

    Chosen by what `Record.judged` says: per token, then whole sequence, then fewer lines, then the lower key.
    """
    rank: dict[tuple[str, str], tuple[tuple[float, float, int, str], Line]] = {}
    for line in lines:
        counts = line.record.judged
        if line.record.status != "done" or counts is None:
            continue
        per_token, whole = counts.score
        order = (-per_token, -whole, line.record.size.get("lines", 0), line.record.key)
        row = (line.name, line.program_class)
        if row not in rank or order < rank[row][0]:
            rank[row] = (order, line)
    return {row: line for row, (_, line) in rank.items()}


# Tables ###############################################################################################################

COLUMNS = (
    "name",
    "class",
    "settings",
    "seed",
    "best",
    "per token %",
    "whole %",
    "wrong",
    "inputs",
    "heads",
    "entries",
    "lines",
    "CPU s",
    "status",
)
"""Both percentages are of the test split; wrong inputs are of all that there are, or of a sample (``~``)."""

NUMBERS = ("seed", "per token %", "whole %", "wrong", "inputs", "heads", "entries", "lines", "CPU s")
"""The columns that are aligned right."""


def cells(lines: list[Line]) -> list[tuple[str, ...]]:
    """The cells of a table with one line a trial, by `COLUMNS`; ``best`` marks the row's choice with a star."""
    chosen = {(line.name, line.program_class, line.record.key) for line in best(lines).values()}
    differing = varied(lines)
    return [_cells(line, differing[line.name, line.program_class], chosen) for line in lines]


def _cells(line: Line, differing: list[str], chosen: Collection[tuple[str, str, str]]) -> tuple[str, ...]:
    record = line.record
    settings = ", ".join(f"{key} = {record.settings.get(key)}" for key in differing)
    mark = "*" if (line.name, line.program_class, record.key) in chosen else ""
    status = record.status if record.message is None else f"{record.status}: {record.message}"
    if record.settings.get("whole_domain"):
        status += ", trained on the whole domain"
    return (
        line.name,
        line.program_class,
        settings,
        _seeds(record),
        mark,
        *_figures(record),
        *(f"{record.size[what]:,}" if what in record.size else "-" for what in ("heads", "entries", "lines")),
        "-" if record.cpu_seconds is None else f"{record.cpu_seconds:.1f}{'+' if record.resumed else ''}",
        status,
    )


def _seeds(record: Record) -> str:
    """The seed of a trial, or the first and the last of those of its members."""
    seed, members = record.settings.get("seed", "-"), record.settings.get("members", 1)
    return str(seed) if members == 1 else f"{seed} to {seed + members - 1}"


def _figures(record: Record) -> tuple[str, ...]:
    """What is right of the test inputs, per token and per sequence; what is wrong on the whole domain, and its size."""
    test, domain = record.counts.get("test"), record.counts.get("domain")
    right = (_percent(test.tokens_right, test.tokens), _percent(test.sequences_right, test.sequences)) if test else ()
    wrong = (f"{domain.wrong:,}", f"{'' if domain.exhaustive else '~'}{domain.sequences:,}") if domain else ()
    return (*(right or ("-", "-")), *(wrong or ("-", "-")))


def markdown(lines: list[Line]) -> str:
    """The same table in Markdown."""
    rows = [[markdown_text(cell) for cell in row] for row in cells(lines)]
    rule = ["---:" if column in NUMBERS else "---" for column in COLUMNS]
    return "".join(f"| {' | '.join(row)} |\n" for row in ([*COLUMNS], rule, *rows))


def _percent(part: int, whole: int) -> str:
    """In hundredths, rounded down, so that 100.00 says that nothing is missing."""
    return f"{10_000 * part // whole / 100:.2f}" if whole else "-"


def varied(lines: Iterable[Line], besides: Collection[str] = ("seed",)) -> dict[tuple[str, str], list[str]]:
    """The settings in which the trials of a row differ, by (name, class), besides these."""
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for line in lines:
        rows.setdefault((line.name, line.program_class), []).append(line.record.settings)
    return {
        row: [
            key
            for key in dict.fromkeys(key for settings in found for key in settings)
            if key not in besides and any(settings.get(key) != found[0].get(key) for settings in found)
        ]
        for row, found in rows.items()
    }
