"""The verb `dead`: nodes, entries and lines that do nothing."""

from __future__ import annotations

from dataclasses import replace
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
    StopOption,
    TaskOption,
    VisitedOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import read_subject


def dead(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    lines: Annotated[bool, typer.Option("--lines", help="List every dead line.")] = False,
    loop: VisitedOption = False,
    stop: StopOption = None,
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
) -> None:
    """Find the nodes, entries and lines that do nothing. Each verdict has its evidence."""
    output = Output(as_json, file, force, color)
    from analyze.dead import find_dead
    from analyze.render.dead import dead_document

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    inputs = subject.inputs(sample, seed, noted=True, loop=loop, stop=stop)
    with working("dead", inputs.description) as report:
        result = find_dead(subject.program, inputs, lines=subject.module.lines, name=subject.name, progress=report)
        result = replace(result, notes=(*result.notes, *subject.notes(inputs)), read=subject.read)
    output.show(result, partial(dead_document, result, lines))
