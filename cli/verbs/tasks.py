"""The verb `tasks`: what a program can be trained on."""

from __future__ import annotations

import dataclasses

import typer

from cli.options import ColorOption, JsonOption
from cli.output import Color, put, terminal
from tprog.escape import json_text


def tasks(as_json: JsonOption = False, color: ColorOption = Color.AUTO) -> None:
    """List the tasks that a program can be trained on."""
    from tprog.tasks.listing import listing

    if as_json:
        told = [dataclasses.asdict(line) for line in listing()]
        typer.echo(json_text({"schema": "tpdebug.tasks/1", "tasks": told}, indent=2))
        return
    from analyze.render.tasks import tasks_text

    put(terminal(color), tasks_text(listing()))
