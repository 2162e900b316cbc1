"""The text of `tasks`."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from tprog.tasks.listing import TaskLine
from tprog.tasks.next_token.listing import NextTokenLine


def tasks_text(lines: Iterable[TaskLine]) -> RenderableType:
    """One line a task."""
    table = Table("task", "symbols", "answers", "longest", "inputs", "example", box=None, pad_edge=False)
    for line in lines:
        cells = (
            line.task,
            " ".join(line.symbols),
            " ".join(line.classes),
            str(line.max_length),
            f"{line.inputs:,}",
            f"{line.example} -> {line.answer}",
        )
        table.add_row(*map(Text, cells))  # a symbol such as [ is no markup
    return table


def next_token_text(lines: Iterable[NextTokenLine]) -> RenderableType:
    """One line a task."""
    table = Table("task", "kind", "what", "example", box=None, pad_edge=False)
    for line in lines:
        table.add_row(*map(Text, (line.task, line.kind, line.about, " ".join(line.example))))
    return table
