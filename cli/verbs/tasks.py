"""The verb `tasks`: what a program can be trained on, and what a decoder can."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from cli.options import ColorOption, JsonOption
from cli.output import Color, put_document
from tprog.escape import json_text


def tasks(
    next_token: Annotated[
        bool, typer.Option("--next-token", help="List those of tpdebug train-gpt that programs do not learn.")
    ] = False,
    as_json: JsonOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """List the tasks that a program can be trained on."""
    from tprog.tasks.listing import listing
    from tprog.tasks.next_token.listing import listing as next_token_listing

    if as_json:
        lines = next_token_listing() if next_token else listing()
        told = [dataclasses.asdict(line) for line in lines]
        schema = "tpdebug.next-token-tasks/1" if next_token else "tpdebug.tasks/1"
        typer.echo(json_text({"schema": schema, "tasks": told}, indent=2))
        return
    from analyze.render.tasks import next_token_document, tasks_document

    put_document(color, next_token_document(next_token_listing()) if next_token else tasks_document(listing()))
