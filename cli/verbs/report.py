"""The verb `report`: a page that executes the program and shows what was found of it."""

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
from cli.progress import status
from cli.subject import read_subject
from tprog.errors import BadUsage


def report(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    blame: Annotated[
        bool, typer.Option("--blame", help="Also mark the lines to blame; takes as long as `blame --all`.")
    ] = False,
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
    """Write a page that runs the program. Type an input and see each node at work; one file, for any browser."""
    if file is None and not as_json:
        raise BadUsage("a report is a page, which a terminal does not show; write it with -o report.html")
    output = Output(as_json, file, force, color, ("html",), tables=False)
    from analyze import report as analysis
    from analyze.render.report import report_document, report_html

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    inputs = subject.inputs(sample, seed, noted=True)
    with status("report") as tell:
        result = analysis.report(
            subject.module,
            subject.program,
            inputs,
            task=subject.task,
            blamed=blame,
            name=subject.name,
            notes=(*subject.read, *subject.notes(inputs)),
            progress=tell,
        )
    output.show(result, partial(report_document, result), {"html": partial(report_html, result)})
