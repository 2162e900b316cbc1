"""The verb `tasks`: what a program can be trained on, and what a decoder can."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from cli.options import ColorOption, FileOption, ForceOption, JsonOption
from cli.output import Color, Output, Told


def tasks(
    next_token: Annotated[
        bool, typer.Option("--next-token", help="List those of tpdebug train-gpt that programs do not learn.")
    ] = False,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """List the tasks that a program can be trained on."""
    output = Output(as_json, file, force, color)
    from analyze.render.tasks import next_token_document, tasks_document
    from tprog.tasks.listing import listing
    from tprog.tasks.next_token.listing import listing as next_token_listing

    lines = next_token_listing() if next_token else listing()
    schema = "tpdebug.next-token-tasks/1" if next_token else "tpdebug.tasks/1"
    told = Told("tasks", {"schema": schema, "tasks": [dataclasses.asdict(line) for line in lines]})
    output.show(told, lambda: next_token_document(next_token_listing()) if next_token else tasks_document(listing()))
