"""The verb `tasks`: what a program can be trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from cli.options import (
    ColorOption,
    JsonOption,
)
from cli.output import Color, put, terminal
from tprog.escape import json_text

if TYPE_CHECKING:
    pass


def tasks(as_json: JsonOption = False, color: ColorOption = Color.AUTO) -> None:
    """List the tasks that a program can be trained on."""
    from tprog.tasks.builtin import TASKS, get_task
    from tprog.text.tokens import is_spaced, show_tokens

    rows: list[dict[str, Any]] = []
    for task in map(get_task, TASKS):
        example = task.sample(1, seed=3)[0]
        rows.append(
            {
                "task": task.name,
                "symbols": list(task.symbols),
                "classes": list(task.classes),
                "max_length": task.max_length,
                "inputs": task.size,
                "example": show_tokens(example, is_spaced(task.vocabulary)),
                "answer": show_tokens(
                    [answer for answer in task.oracle(example) if answer is not None], is_spaced(task.classes)
                ),
            }
        )
    if as_json:
        typer.echo(json_text({"schema": "tpdebug.tasks/1", "tasks": rows}, indent=2))
        return
    from rich.table import Table
    from rich.text import Text

    table = Table("task", "symbols", "answers", "longest", "inputs", "example", box=None, pad_edge=False)
    for row in rows:
        cells = (
            row["task"],
            " ".join(row["symbols"]),
            " ".join(row["classes"]),
            str(row["max_length"]),
            f"{row['inputs']:,}",
            f"{row['example']} -> {row['answer']}",
        )
        table.add_row(*map(Text, cells))  # a symbol such as [ is no markup
    put(terminal(color), table)
