"""The verb `verify`: a program against its task."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    LengthOption,
    LoopOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    StepsOption,
    StopOption,
    TaskOption,
    VocabularyOption,
    WeightsOption,
    check_loop,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from tprog.tasks.builtin import Inputs

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
    loop: LoopOption = False,
    stop: StopOption = None,
    steps: StepsOption = None,
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
    check_loop(loop, stop, steps)
    from analyze import verify as analysis
    from analyze.render.verify import verify_document

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    if subject.unknown_task is not None:
        raise BadUsage(subject.unknown_task)
    if limit is None and not as_json and file is None:
        limit = LISTED
    inputs = subject.inputs(sample, seed, noted=True)
    if loop:
        return _looped(subject, inputs, output, limit, stop, steps)
    with working("verify", inputs.description) as report:
        met = subject.met(inputs)
        result = analysis.verify(subject.program, inputs, limit=limit, name=subject.name, progress=report, seen=met.see)
        result = replace(result, notes=subject.notes(inputs, met), read=subject.read)
    output.show(result, partial(verify_document, result))
    return int(result.wrong_inputs > 0)


def _looped(
    subject: Subject, inputs: Inputs, output: Output, limit: int | None, stop: str | None, steps: int | None
) -> int:
    from analyze.loop import verify_loop
    from analyze.render.loop import verify_loop_document
    from tprog.run.generate import STEPS

    if subject.task is None:
        raise BadUsage(f"{subject.name} names no task, so nothing says what comes next; name one with --task")
    with working("verify --loop", inputs.description):
        result = verify_loop(
            subject.program, subject.task, inputs, stop=stop, steps=steps or STEPS, limit=limit, name=subject.name
        )
    output.show(result, partial(verify_loop_document, result))
    return int(result.wrong_prompts > 0)
