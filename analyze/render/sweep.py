"""`sweep` as documents."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.document import BAD, GOOD, STRONG, Document, document, table
from analyze.render.phrases import counted
from analyze.results.sweep import SweepResult


def sweep_document(
    columns: Sequence[str], numbers: Sequence[str], cells: Sequence[Sequence[str]], failed: int
) -> Document:
    """How many trials there are, how many failed, and one line of cells a trial.

    Args:
        numbers: the columns that are aligned right.
    """
    answer = f"{counted(len(cells), 'trial')}, {failed} failed; * is the best of its row on validation"
    shown = table(
        columns, cells, numbers, optional=("class", "settings"), whole=("name", "class", "best"), name="trials"
    )
    return document(answer, BAD if failed else GOOD, shown)


def spread_document(
    columns: Sequence[str], numbers: Sequence[str], cells: Sequence[Sequence[str]], failed: int
) -> Document:
    """How many rows there are, how many trials failed, and one line of cells a row.

    Args:
        numbers: the columns that are aligned right.
    """
    answer = f"{counted(len(cells), 'row')}, {counted(failed, 'trial')} failed; best, median and worst are wrong inputs"
    shown = table(
        columns, cells, numbers, optional=("class", "settings", "how", "failed"), whole=("name",), name="rows"
    )
    return document(answer, BAD if failed else GOOD, shown)


def swept_document(result: SweepResult) -> Document:
    """The same from the record alone: what is known of each trial, by its own name."""
    columns = list(dict.fromkeys(key for trial in result.trials for key in trial))
    rows = [[trial.get(column) for column in columns] for trial in result.trials]
    return document(counted(len(rows), "trial"), STRONG, table(columns, rows, name="trials"))
