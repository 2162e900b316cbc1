"""The verb that prints what is written about tpdebug: the documents are installed with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from cli.options import ColorOption
from cli.output import Color, put, terminal
from tprog.errors import BadFile, BadUsage

TOPICS = {
    "tutorial": "the verbs one by one, and debugging a program with a planted fault",
    "own-task": "training on a task of your own: a Python file, or examples",
    "method": "what each word of an answer means exactly, with its source",
    "training": "the same for training",
    "messages": "what an error message means and what to do",
    "how-it-works": "the code, and what may be edited in a module",
}
"""Topic -> what it is about. The document of each is ``docs/TOPIC.md``."""

INSTALLED = Path(__file__).parent / "docs"
"""Where the documents are once tpdebug is installed; in a clone they are in ``docs/``."""

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
        text = "\n".join(_sections(text, topic, section))
    from rich.markdown import Markdown

    console = terminal(color)
    console.width = min(console.width, WIDEST)
    put(console, Markdown(_linked(text), hyperlinks=False))


def document(topic: str) -> str:
    """The text of a topic, in Markdown.

    Raises:
        BadFile: it is not installed.
    """
    for folder in (INSTALLED, Path(__file__).parents[1] / "docs"):
        if (folder / f"{topic}.md").is_file():
            return (folder / f"{topic}.md").read_text(encoding="utf-8")
    raise BadFile(f"the document {topic}.md is not installed; expected it in {INSTALLED}: install tpdebug anew")


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


def _sections(text: str, topic: str, wanted: str) -> Iterator[str]:
    """The sections whose heading has the words in it, each with those below it."""
    parts = re.split(r"^(?=#+ )", _outside_code(text), flags=re.MULTILINE)
    found, depth = False, 0
    for part in parts:
        marks, _, heading = part.partition("\n")[0].partition(" ")
        inside = 0 < depth < len(marks)
        if not inside:
            depth = len(marks) if wanted.casefold() in heading.casefold() and marks else 0
        if depth:
            found = True
            yield part.replace(_HASH, "#")
    if not found:
        headings = [line.lstrip("# ") for line in _outside_code(text).split("\n") if line.startswith("#")]
        raise BadUsage(f"no heading of {topic} has {wanted!r} in it; it has: {'; '.join(headings)}")


_HASH = "\0"  # stands for a # that begins a line of code, which is no heading


def _outside_code(text: str) -> str:
    """The text with ``#`` at the beginning of code lines hidden."""
    return re.sub(
        r"^```.*?^```", lambda code: re.sub("^#", _HASH, code[0], flags=re.MULTILINE), text, flags=re.M | re.S
    )


def _linked(text: str) -> str:
    """The text with links to documents as what to type, and other links as their words."""

    def told(link: re.Match[str]) -> str:
        words, target = link[1], link[2].partition("#")[0].removeprefix("docs/")
        topic = target.removesuffix(".md")
        if topic not in TOPICS or target == topic:
            return link[0] if "://" in link[2] else words
        return (
            f"`tpdebug help {topic}`" if words.removeprefix("docs/") == target else f"{words} (`tpdebug help {topic}`)"
        )

    return re.sub(r"(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)", told, text)
