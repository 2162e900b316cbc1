"""What the verbs that write a program's module share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.discovery import remember
from tprog.errors import BadFile, BadUsage, TpdebugError
from tprog.files.beside import Written, write_together

if TYPE_CHECKING:
    from tprog.ir.program import Program

ModuleOption = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="The module to write.", show_default=False)
]
ModuleOrAnswerOption = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="The module to write; or the answer: .csv, .html, ...",
        show_default=False,
    ),
]


@contextmanager
def needs_training() -> Iterator[None]:
    """Say how to install what is missing, should the imports within need what only training needs."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "safetensors", "dask", "distributed"):
            raise
        raise BadUsage(
            f"this needs {error.name}, which is not installed: pip install '.[train]' in tpdebug's folder"
        ) from None


def module_path(file: Path, force: bool) -> Path:
    """The path of a module that can be written: told before the work begins."""
    from tprog.files import check_target

    if file.suffix != ".py":
        raise BadUsage(f"-o {file}: a program is written as a module; expected the ending .py")
    check_target(file, force=force)
    if not force and file.exists() and _edited(file):
        raise BadFile(
            f"{file} is not, or no longer, as tpdebug writes it; use --force to overwrite it, or another name"
        )
    return file


def _edited(file: Path) -> bool:
    """Whether a module is no longer what tpdebug would write: somebody's work, which is not overwritten unasked."""
    from tprog.text.emit import emit as emit_program
    from tprog.text.read import read_module

    try:
        module = read_module(file)
    except TpdebugError:
        return file.stat().st_size > 0
    return emit_program(module.program, file.stem).text != module.text


def write_module(program: Program, file: Path, force: bool) -> Written:
    """Write a program's module and its side files, and remember it as the one last written."""
    from tprog.text.emit import emit as emit_program

    emitted = emit_program(program, file.stem)
    written = write_together(file, emitted.text, emitted.side, force=force)
    remember(file, Path.cwd())
    return written
