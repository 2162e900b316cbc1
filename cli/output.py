"""Where an answer goes: to the terminal as text, to stdout as JSON, or to a file whose ending picks the form."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import typer

from tprog.errors import BadUsage
from tprog.escape import json_text, visible
from tprog.files import check_target, write_atomic
from tprog.listing import bounded

if TYPE_CHECKING:
    from rich.console import Console

    from analyze.render.document import Document

Pictures: TypeAlias = Mapping[str, Callable[[], str | bytes]]
"""Ending -> what a file of that form holds."""

EVERYWHERE = ("html", "csv", "json", "txt")
"""The endings that every result can be written with."""


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


class Answer(Protocol):
    """What is shown: a result of an analysis, or of what is no analysis."""

    @property
    def verb(self) -> str:
        """Whose answer it is."""

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""


@dataclass(frozen=True)
class Told:
    """The answer of a verb that is no analysis, as JSON has it."""

    verb: str
    plain: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As it was given."""
        return dict(self.plain)


def for_answer(file: Path | None) -> bool:
    """Whether ``-o FILE`` of a verb that also writes something else, such as a module, means its answer."""
    return file is not None and file.suffix.lower().removeprefix(".") in EVERYWHERE


class Output:
    """Where one command's answer goes.

    Args:
        as_json: print JSON instead of text.
        file: also write this file, in the form that its ending names.
        force: overwrite a file that tpdebug did not write.
        pictures: the endings that this verb can write besides `EVERYWHERE`.
        tables: whether the answer has tables, which may be written as CSV.

    Raises:
        BadUsage: the file's ending names no form that the verb can write.
        BadFile: the file cannot be written.
        NoDrawing: what draws a picture of that form is not installed. All are told before the work begins.
    """

    def __init__(
        self,
        as_json: bool,
        file: Path | None,
        force: bool,
        color: Color = Color.AUTO,
        pictures: tuple[str, ...] = (),
        tables: bool = True,
    ) -> None:
        self.as_json, self.file, self.force, self.color = as_json, file, force, color
        endings = dict.fromkeys((*pictures, *(form for form in EVERYWHERE if tables or form != "csv")))
        if file is not None and file.suffix.lower().removeprefix(".") not in endings:
            known = ", ".join(f".{ending}" for ending in endings)
            raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes {known}")
        if file is not None:
            check_target(file, force=force)
            if file.suffix.lower() in (".pdf", ".png"):
                from analyze.render.raster import check_installed

                check_installed(file.suffix.lower())

    def show(self, result: Answer, document: Callable[[], Document], pictures: Pictures | None = None) -> None:
        """Print the result, or write it to the file.

        Args:
            document, pictures: renderings of the result, made only where they are asked for.
        """
        if self.file is not None:
            match self.file.suffix.lower().removeprefix("."):
                case "json":
                    self._write(_as_json(result))
                case ending if ending in (pictures or {}):
                    self._write((pictures or {})[ending]())
                case ending:
                    self._write_document(document(), result.verb, ending)
        if self.as_json:
            sys.stdout.write(_as_json(result))
        elif self.file is None:
            put_document(self.color, document())

    def _write_document(self, document: Document, verb: str, ending: str) -> None:
        """Write a document in one of the forms that any has."""
        assert self.file is not None
        match ending:
            case "html":
                from analyze.render.pages import page_html

                self._write(page_html(document))
            case "csv":
                from analyze.render.data import csv_text, table_of_file

                table, told = table_of_file(document, self.file)
                self._write(csv_text(table), f", {told}")
            case _:
                from analyze.render.terminal import as_text

                self._write(f"tpdebug {verb}, written by tpdebug\n\n{as_text(document)}")

    def _write(self, content: str | bytes, told: str = "") -> None:
        assert self.file is not None
        write_atomic(self.file, content, force=self.force)
        note(f"wrote {self.file}{told}")


def _as_json(result: Answer) -> str:
    return json_text(result.to_json(), indent=2) + "\n"


def put_document(color: Color, document: Document) -> None:
    """Print a document on stdout."""
    from analyze.render.terminal import put

    put(terminal(color), document)


def terminal(color: Color) -> Console:
    """The console on stdout. A pipe has no width of its own, so tables are not squeezed there."""
    from rich.console import Console

    from analyze.render.terminal import PIPE_WIDTH

    forced = {Color.AUTO: None, Color.ALWAYS: True, Color.NEVER: False}[color]
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(force_terminal=forced, no_color=color is Color.NEVER or None, width=width, highlight=False)


def note(text: str) -> None:
    """A remark beside the answer, on stderr, so that stdout holds nothing but the answer."""
    print(f"tpdebug: {bounded(visible(text))}", file=sys.stderr)


def say(text: str) -> None:
    """One line of the answer, on stdout."""
    typer.echo(visible(text))
