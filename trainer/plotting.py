"""What a store of a sweep has to plot: of each trial that is done its series, its program and its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tprog.files.run_folder import NotedRun, is_run, read_run
from tprog.ir.program import Program
from tprog.text.read import read_source
from trainer.record import Record
from trainer.spread import spreads
from trainer.store import Store


@dataclass(frozen=True)
class StoredRun:
    """A trial that is done.

    Attributes:
        series: the row of the grid, and the settings in which its trials differ, their seeds aside.
        program: what came of it; None where the trial makes none.
        noted: its run folder, where it was kept.
    """

    series: str
    record: Record
    program: Program | None
    noted: NotedRun | None


def stored_runs(store: Store, runs: Path | None) -> Iterator[StoredRun]:
    """All trials of a store that are done, row by row, by seed.

    Args:
        runs: where the sweep has kept its run folders.

    Raises:
        BadFile: the store or a run folder is damaged.
    """
    for row in spreads(store.lines(None)):
        series = " ".join(filter(None, (row.name, row.program_class, row.settings)))
        for record in row.records:
            folder = None if runs is None else runs / record.key[:16]
            noted = read_run(folder) if folder is not None and is_run(folder) else None
            yield StoredRun(series, record, _program(store.files(record.key)), noted)


def _program(files: dict[str, str]) -> Program | None:
    """The program of a trial: the one module among its files."""
    for name, text in files.items():
        if name.endswith(".py"):
            return read_source(text, name, files.__getitem__).program
    return None
