"""The verb `emit`: a module, from a run folder or anew from a module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.modules import ModuleOption, module_path, needs_training, write_module
from cli.options import (
    ForceOption,
    WeightsOption,
)
from cli.output import note
from cli.settings import expect_named
from tprog.errors import BadUsage

if TYPE_CHECKING:
    pass


def emit(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A run folder, or a program's module.")],
    file: ModuleOption = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="FILE", help="The run's own task, if that is Python code.", show_default=False),
    ] = None,
    weights: WeightsOption = None,
    force: ForceOption = False,
) -> None:
    """Write a module: from a run folder, or anew from a module. Left out -o, print it."""
    if file is not None:
        file = module_path(file, force)
    if Path(source).is_dir() and weights is not None:
        raise BadUsage(f"--weights is about a module, and {source} is a run folder; leave it out")
    if Path(source).is_dir():
        with needs_training():
            from trainer.checkpoint import load_config
            from trainer.fit import load_program
        expect_named(load_config(Path(source)).task, task, Path(source), "it with --task")
        program = load_program(source)
    elif task is not None:
        raise BadUsage(f"--task is about a run folder, and {source} is none; leave it out")
    else:
        from tprog.text.read import read_module

        program = read_module(source, weights).program
    if file is None:
        from tprog.text.emit import emit as emit_program

        emitted = emit_program(program)
        if emitted.side:
            raise BadUsage(
                f"{source} has tables that belong into a file beside the module; name the module with -o FILE"
            )
        typer.echo(emitted.text, nl=False)
        return
    note(str(write_module(program, file, force)))
