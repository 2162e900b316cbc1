"""The verb `rasp`: a console for the language RASP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import say
from tprog.errors import BadUsage
from tprog.rasp.names import ENDING

if TYPE_CHECKING:
    from tprog.rasp.source.console import Console

PROMPT, GOES_ON = ">> ", ".. "


def rasp(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="A source to begin with: its definitions are known.", show_default=False),
    ] = None,
) -> int:
    """Open a console for RASP. Statements come from stdin, line by line; exit 1 if one has no meaning.

    `load "NAME";` reads NAME.rasp at or below this folder, or below that of FILE; nothing is written.
    """
    from tprog.rasp.source.console import Console

    if file is not None and file.suffix.lower() != ENDING:
        raise BadUsage(f"{file} is no RASP source; expected a file that ends in {ENDING}")
    console = Console(Path.cwd() if file is None else file.absolute().parent)
    if file is not None:
        _tell(console.feed(f'load "{_stem(file)}";'))
    typed = sys.stdin.isatty()
    for line in _lines(console, typed):
        _tell(console.feed(line))
        if console.done:
            break
    _tell(console.close())
    return int(console.errors > 0 and not typed)


def _stem(file: Path) -> str:
    from tprog.files import read_text

    read_text(file, "a RASP source")  # what cannot be read is told as everywhere
    return file.stem


def _lines(console: Console, typed: bool) -> Iterator[str]:
    """The lines of stdin; a terminal is prompted for them."""
    if not typed:
        yield from sys.stdin
        return
    while True:
        try:
            yield input(GOES_ON if console.waiting else PROMPT)
        except EOFError:
            typer.echo()
            return


def _tell(lines: list[str]) -> None:
    for line in lines:
        say(line)
