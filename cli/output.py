"""Where an answer goes: to the terminal as text, to stdout as JSON, or to a file whose ending picks the form."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import typer

from tprog.errors import BadUsage
from tprog.escape import json_text, visible, visible_lines
from tprog.files import check_target, write_atomic
from tprog.listing import bounded

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from analyze.record import Result

Pictures: TypeAlias = Mapping[str, Callable[[], str]]
"""Ending -> the text of a file of that form."""

PIPE_WIDTH = 160
"""Columns of a table that goes into a pipe or a file: wide, because it can be scrolled there."""


class Color(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Engine(StrEnum):
    """What finds the calls in a file."""

    LIBCST = "libcst"
    PYAN3 = "pyan3"


class Preset(StrEnum):
    """Settings that a training run starts from."""

    DEFAULT = "default"
    PUBLISHED = "published"
    DEMO = "demo"


class Output:
    """Where one command's answer goes.

    Args:
        as_json: print JSON instead of text.
        file: also write this file, in the form that its ending names.
        force: overwrite a file that tpdebug did not write.
        pictures: the endings that this verb can write besides ``json`` and ``txt``.

    Raises:
        BadUsage: the file's ending names no form that the verb can write.
        BadFile: the file cannot be written. Both are told before the work begins.
    """

    def __init__(
        self, as_json: bool, file: Path | None, force: bool, color: Color = Color.AUTO, pictures: tuple[str, ...] = ()
    ) -> None:
        self.as_json, self.file, self.force, self.color = as_json, file, force, color
        endings = (*pictures, "json", "txt")
        if file is not None and file.suffix.lower().removeprefix(".") not in endings:
            known = ", ".join(f".{ending}" for ending in endings)
            raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes {known}")
        if file is not None:
            check_target(file, force=force)

    def show(self, result: Result, text: Callable[[], RenderableType], pictures: Pictures | None = None) -> None:
        """Print the result, or write it to the file.

        Args:
            text, pictures: renderings of the result, made only where they are asked for.
        """
        as_json = json_text(result.to_json(), indent=2) + "\n"
        if self.file is not None:
            match self.file.suffix.lower():
                case ".json":
                    content = as_json
                case ".txt":
                    content = f"tpdebug {result.verb}, written by tpdebug\n\n{as_text(text())}"
                case ending:
                    content = (pictures or {})[ending.removeprefix(".")]()
            write_atomic(self.file, content, force=self.force)
            note(f"wrote {self.file}")
        if self.as_json:
            sys.stdout.write(as_json)
        elif self.file is None:
            put(terminal(self.color), text())


def terminal(color: Color) -> Console:
    """The console on stdout. A pipe has no width of its own, so tables are not squeezed there."""
    from rich.console import Console

    forced = {Color.AUTO: None, Color.ALWAYS: True, Color.NEVER: False}[color]
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(force_terminal=forced, no_color=color is Color.NEVER or None, width=width, highlight=False)


def put(console: Console, renderable: RenderableType) -> None:
    """Print whole lines: without blanks at their ends, and never cut, so that a narrow terminal wraps what is wider.

    Colour is rich's own; text that still holds a terminal code, though renderers quote what they are given, has none.
    """
    from rich.segment import Segment, Segments

    shown: list[Segment] = []
    for line in Segment.split_lines(console.render(renderable)):
        while line and not line[-1].text.strip(" "):
            line.pop()
        if line:
            line[-1] = Segment(line[-1].text.rstrip(" "), line[-1].style)
        shown += [*(Segment(visible_lines(part.text), part.style) for part in line), Segment.line()]
    console.print(Segments(shown), crop=False)


def as_text(renderable: RenderableType, width: int = PIPE_WIDTH) -> str:
    """What a console without colour would print."""
    from rich.console import Console

    page = io.StringIO()
    put(Console(width=width, no_color=True, highlight=False, file=page), renderable)
    return page.getvalue()


def note(text: str) -> None:
    """A remark beside the answer, on stderr, so that stdout holds nothing but the answer."""
    print(f"tpdebug: {bounded(visible(text))}", file=sys.stderr)


def say(text: str) -> None:
    """One line of the answer, on stdout."""
    typer.echo(visible(text))
