"""`tasks` as documents."""

from __future__ import annotations

from collections.abc import Iterable

from analyze.render.document import Document, document, number, table
from tprog.tasks.listing import TaskLine
from tprog.tasks.next_token.listing import NextTokenLine


def tasks_document(lines: Iterable[TaskLine]) -> Document:
    """One line a task."""
    rows = (
        (
            line.task,
            " ".join(line.symbols),
            " ".join(line.classes),
            line.max_length,
            number(line.inputs),
            f"{line.example} -> {line.answer}",
        )
        for line in lines
    )
    columns = ("task", "symbols", "answers", "longest", "inputs", "example")
    return document("", "", table(columns, rows, name="tasks", dense=True), title="Tasks")


def next_token_document(lines: Iterable[NextTokenLine]) -> Document:
    """One line a task."""
    rows = ((line.task, line.kind, line.about, " ".join(line.example)) for line in lines)
    listed = table(("task", "kind", "what", "example"), rows, name="tasks", dense=True)
    return document("", "", listed, title="Tasks")
