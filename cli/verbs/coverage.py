"""The verb that runs a program's module, in a child process: coverage.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

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
    StopOption,
    TaskOption,
    VisitedOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.progress import counting
from cli.subject import read_subject


def coverage(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    annotate: Annotated[bool, typer.Option("--annotate", help="Also print the source with counts beside it.")] = False,
    runs: Annotated[
        int | None,
        typer.Option(
            "--runs",
            min=1,
            metavar="COUNT",
            help="Run the module itself on at most so many inputs.",
            show_default="20,000, or fewer where they are long",
        ),
    ] = None,
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
    """Show which lines, branches and entries inputs reach. Right and wrong ones apart, and by class."""
    output = Output(as_json, file, force, color)
    from analyze.coverage import find_coverage, runs_for
    from analyze.render.coverage import coverage_document

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    inputs = subject.inputs(sample, seed, loop=loop, stop=stop)
    page = file is not None and file.suffix.lower() == ".html"
    total = runs_for(subject.program, inputs) if runs is None else min(runs, len(inputs.batch))
    with counting("coverage", total, inputs.description) as advance:
        result = find_coverage(
            subject.module, inputs, runs=runs, annotate=annotate or page, progress=advance, name=subject.name
        )
    output.show(result, partial(coverage_document, result))
