"""The verb `schema`: what JSON an analysis prints."""

from __future__ import annotations

from typing import Annotated

import typer

from tprog.errors import BadUsage
from tprog.escape import json_text


def complete_schema(incomplete: str) -> list[str]:
    """The results whose name begins so."""
    from analyze.schema import results

    return [name for name in results() if name.startswith(incomplete)]


def schema(
    verb: Annotated[
        str | None,
        typer.Argument(
            metavar="VERB",
            help="The verb whose --json is asked about. Left out: list what there is.",
            show_default=False,
            autocompletion=complete_schema,
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of what a verb prints with --json."""
    from analyze.schema import results, schema_of

    known = results()
    if verb is None:
        typer.echo("\n".join(f"{name:14}{kind.schema()}" for name, kind in known.items()))
        return
    if verb not in known:
        raise BadUsage(f"there is no schema {verb!r}; known are {', '.join(known)}")
    typer.echo(json_text(schema_of(known[verb]), indent=2))
