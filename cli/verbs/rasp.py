"""The verb `rasp`: a console for the language RASP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import FileOption, ForceOption
from cli.output import note, say
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
    picture: FileOption = None,
    force: ForceOption = False,
) -> int:
    """Open a console for RASP. Statements come from stdin, line by line; exit 1 if one has no meaning.

    `load "NAME";` reads NAME.rasp at or below this folder, or below that of FILE. Nothing is written without -o: in
    FILE.svg, or .dot, a picture of what `draw(s-op, input);` computes; of several, FILE-2.svg and so on.
    """
    if picture is not None:
        _check_picture(picture, force)
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
    if picture is not None:
        _write_pictures(console, picture, force)
    return int(console.errors > 0 and not typed)


PICTURES = (".svg", ".dot")


def _check_picture(file: Path, force: bool) -> None:
    from tprog.files import check_target

    if file.suffix.lower() not in PICTURES:
        raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes {', '.join(PICTURES)}")
    check_target(file, force=force)


def _write_pictures(console: Console, file: Path, force: bool) -> None:
    """Write a picture of each draw: all of them, or none."""
    from analyze.render.rasp_flow import flow
    from analyze.render.svg import svg
    from tprog.files import write_atomic

    made: dict[Path, str] = {}
    for number, drawn in enumerate(console.drawings(), start=1):
        path = file if number == 1 else file.with_stem(f"{file.stem}-{number}")
        _check_picture(path, force)
        told = f"How {drawn.name} comes to its values on the input {' '.join(drawn.tokens)}."
        dot = flow(drawn)
        made[path] = dot if path.suffix.lower() == ".dot" else svg(dot, f"Computation of {drawn.name}", told)
    if not made:
        raise BadUsage(
            f'nothing was drawn, so {file} is not written; expected a statement such as draw(length, "abc");'
        )
    for path, content in made.items():
        write_atomic(path, content, force=force)
        note(f"wrote {path}")


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
