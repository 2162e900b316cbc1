"""The texts of `sweep`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from analyze.render.tables import BAD, GOOD, counted, page, table


def sweep_text(
    columns: Sequence[str], numbers: Sequence[str], cells: Sequence[Sequence[str]], failed: int
) -> RenderableType:
    """How many trials there are, how many failed, and one line of cells a trial.

    Args:
        numbers: the columns that are aligned right.
    """
    answer = f"{counted(len(cells), 'trial')}, {failed} failed; * is the best of its row on validation"
    shown = table(columns, cells, numbers, optional=("class", "settings"), whole=("name", "class", "best"))
    return page(answer, BAD if failed else GOOD, shown)


def spread_text(
    columns: Sequence[str], numbers: Sequence[str], cells: Sequence[Sequence[str]], failed: int
) -> RenderableType:
    """How many rows there are, how many trials failed, and one line of cells a row.

    Args:
        numbers: the columns that are aligned right.
    """
    answer = f"{counted(len(cells), 'row')}, {counted(failed, 'trial')} failed; best, median and worst are wrong inputs"
    shown = table(columns, cells, numbers, optional=("class", "settings", "how", "failed"), whole=("name",))
    return page(answer, BAD if failed else GOOD, shown)
