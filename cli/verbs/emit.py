"""The verb `emit`: a module, from a run folder or a compiled model, or anew from a module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.modules import ModuleOption, module_path, needs_training, write_module
from cli.options import (
    ForceOption,
    SourceLengthOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import note
from cli.settings import expect_named
from tprog.errors import BadUsage
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from tprog.ir.program import Program


def emit(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A run folder, a compiled model, a program's module, or RASP source."),
    ],
    file: ModuleOption = None,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="FILE", help="The run's own task, if that is Python code.", show_default=False),
    ] = None,
    weights: WeightsOption = None,
    vocabulary: VocabularyOption = None,
    length: SourceLengthOption = None,
    causal: Annotated[
        bool, typer.Option("--causal", help="Evaluate RASP source so that no position sees a later one.")
    ] = False,
    force: ForceOption = False,
) -> None:
    """Write the module of a run, a compiled model or RASP source. Of a module, write it anew. Left out -o, print it."""
    if file is not None:
        file = module_path(file, force)
    if is_source(source):
        if weights is not None or task is not None:
            raise BadUsage(f"--weights and --task are not about RASP source, which {source} is; leave them out")
        from cli.sources import program_of_source

        program = program_of_source(source, vocabulary, length, causal)
    elif vocabulary is not None or length is not None or causal:
        raise BadUsage(
            f"--vocabulary, --length and --causal are about RASP source, and {source} is none; leave them out"
        )
    else:
        program = _program(source, task, weights)
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


def _program(source: str, task: str | None, weights: Path | None) -> Program:
    """The program of a run folder, of a compiled model or of a module."""
    if not Path(source).is_dir():
        if task is not None:
            raise BadUsage(f"--task is about a run folder, and {source} is none; leave it out")
        from tprog.text.read import read_module

        return read_module(source, weights).program
    if weights is not None:
        raise BadUsage(f"--weights is about a module, and {source} is a run folder; leave it out")
    from trainer.compile.folder import is_compiled, read_program

    if is_compiled(Path(source)):
        if task is not None:
            raise BadUsage(f"--task is about a run folder, and {source} is a compiled model; leave it out")
        return read_program(Path(source))
    with needs_training():
        from trainer.checkpoint import load_config
        from trainer.fit import load_program
    expect_named(load_config(Path(source)).task, task, Path(source), "it with --task")
    return load_program(source)
