"""The verb `help`: what is written about tpdebug."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.documents import TOPICS, document, linked, sections
from cli.options import ColorOption
from cli.output import Color, terminal
from tprog.errors import BadUsage

WIDEST = 100
"""Columns of a page of text, however wide the terminal is."""


def complete_topic(incomplete: str) -> list[str]:
    """The topics that begin so."""
    return [topic for topic in TOPICS if topic.startswith(incomplete)]


def help_(
    context: typer.Context,
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="TOPIC",
            help=f"One of {', '.join(TOPICS)}, or a verb. Left out: what there is.",
            show_default=False,
            autocompletion=complete_topic,
        ),
    ] = None,
    section: Annotated[
        str | None,
        typer.Argument(metavar="SECTION", help="Only the sections whose heading has this in it.", show_default=False),
    ] = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """Print a document, or a section of it. All that messages refer to is here."""
    if topic is None:
        for name, about in TOPICS.items():
            typer.echo(f"tpdebug help {name:14}{about}")
        typer.echo("tpdebug help VERB          the options of a verb; tpdebug --help lists the verbs")
        return
    if topic not in TOPICS:
        typer.echo(_page_of_verb(context, topic))
        return
    text = document(topic)
    if section is not None:
        text = "\n".join(sections(text, topic, section))
    from rich.markdown import Markdown

    console = terminal(color)
    console.width = min(console.width, WIDEST)
    from analyze.render.terminal import put

    put(console, Markdown(linked(text), hyperlinks=False))


def _page_of_verb(context: typer.Context, name: str) -> str:
    parent = context.parent
    assert parent is not None
    verbs = parent.command.commands  # type: ignore[attr-defined]  # the group of all verbs
    if name not in verbs:
        raise BadUsage(
            f"there is no topic {name!r}; expected {', '.join(TOPICS)}, or a verb: tpdebug --help lists them"
        )
    with type(context)(verbs[name], info_name=name, parent=parent) as of_verb:
        return str(verbs[name].get_help(of_verb))
