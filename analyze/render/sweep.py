"""The text of `sweep`."""

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
