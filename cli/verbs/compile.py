"""The verb `compile`: a program as the weights of an ordinary Transformer."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import ProgramArgument, ProgramOption, SourceLengthOption, VocabularyOption, WeightsOption
from cli.output import note, say
from tprog.errors import BadUsage
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from trainer.compile.assemble import Weights


class Dtype(StrEnum):
    """The type of the weights."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class Form(StrEnum):
    """Whose names and shapes the tensors have."""

    TPDEBUG = "tpdebug"
    TRANSFORMER_LENS = "transformer-lens"


def compile(  # it is what the verb is called
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    folder: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="The folder to write.")] = Path("model"),
    dtype: Annotated[
        Dtype | None,
        typer.Option("--dtype", help="The type of the weights.", show_default="float32 where that is exact"),
    ] = None,
    uniform: Annotated[bool, typer.Option("--uniform", help="Pad all layers to one size.")] = False,
    form: Annotated[
        Form, typer.Option("--format", help="What the tensors are called, and of which shapes they are.")
    ] = Form.TPDEBUG,
    weights: WeightsOption = None,
    vocabulary: VocabularyOption = None,
    length: SourceLengthOption = None,
    causal: Annotated[
        bool, typer.Option("--causal", help="Of RASP source: let position i see none behind it.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace a compiled model in that folder.")] = False,
) -> None:
    """Write a program as the weights of a Transformer. It answers the same on every input."""
    from cli.discovery import told_program
    from trainer.compile import compile_program
    from trainer.compile.folder import check_target_folder, write_model

    check_target_folder(folder, force=force)
    path = told_program(argument, program)
    found = _program(path, weights, vocabulary, length, causal)
    made = compile_program(found, None if dtype is None else dtype.value)
    write_model(made, folder, uniform=uniform, form=form.value, force=force)
    _tell(path, made, uniform or form is Form.TRANSFORMER_LENS)
    note(f"wrote {folder}")


def _program(path: Path, weights: Path | None, vocabulary: str | None, length: int | None, causal: bool) -> Program:
    """The program of a module, of a run, or of RASP source."""
    from cli.subject import read_named

    if not is_source(path):
        if vocabulary is not None or length is not None or causal:
            raise BadUsage(
                f"--vocabulary, --length and --causal are about RASP source, and {path} is none; leave them out"
            )
        return read_named(path, weights=weights).program
    if weights is not None:
        raise BadUsage(f"--weights is about a module, and {path} is RASP source; leave it out")
    from cli.sources import program_of_source

    return program_of_source(str(path), vocabulary, length, causal)


def _tell(path: Path, made: Weights, uniform: bool) -> None:
    """How large it is, and how exact."""
    from trainer.compile.sizes import sizes

    found, lowered = sizes(made), made.lowered
    say(f"{path}: a Transformer in {lowered.precision.name} that answers the same on every input")
    say(
        f"layers {found.layers} (one node after the other: {found.one_by_one}), dimensions {found.width}, "
        f"weights {found.uniform if uniform else found.parameters:,}, {found.not_zero:,} of them not 0"
        + ("" if uniform else f" (all layers of one size: {found.uniform:,})")
    )
    if lowered.margins:
        tightest = min(lowered.margins, key=lambda margin: margin.times)
        say(f"tightest margin: {tightest.what} of {tightest.node}, {tightest.times:,.4g} times what is needed")
