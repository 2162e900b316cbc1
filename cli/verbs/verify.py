"""The verb `verify`: a program against its task."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cli.options import (
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    LengthOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    TaskOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import read_subject
from tprog.errors import BadUsage

LISTED = 20
"""Wrong inputs that a terminal shows."""


def verify(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=0,
            metavar="COUNT",
            help="List at most so many wrong inputs.",
            show_default=f"{LISTED}; all in JSON and files",
        ),
    ] = None,
    task: TaskOption = None,
    weights: WeightsOption = None,
    vocabulary: VocabularyOption = None,
    length: LengthOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Compare a program with its task. On every input there is, or a sample; exit 1 if it is wrong on any."""
    output = Output(as_json, file, force, color)
    from analyze import verify as analysis
    from analyze.render.verify import verify_text

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    if subject.unknown_task is not None:
        raise BadUsage(subject.unknown_task)
    if limit is None and not as_json and file is None:
        limit = LISTED
    inputs = subject.inputs(sample, seed, noted=True)
    with working("verify", inputs.description) as report:
        result = analysis.verify(
            subject.program, inputs, limit=limit, name=subject.name, notes=subject.notes(inputs), progress=report
        )
    output.show(result, partial(verify_text, result))
    return int(result.wrong_inputs > 0)
