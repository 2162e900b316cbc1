"""The verb `simplify`: a program made smaller."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.modules import ModuleOrAnswerOption, module_path, write_module
from cli.options import (
    ColorOption,
    ForceOption,
    JsonOption,
    LengthOption,
    ProgramArgument,
    ProgramOption,
    SeedOption,
    StopOption,
    TaskOption,
    VisitedOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output, Told, for_answer, note
from cli.progress import working
from cli.subject import read_subject
from tprog.errors import BadUsage


class Kept(StrEnum):
    """Which predictions must stay."""

    ALL = "all"
    RIGHT = "right"


def simplify(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    file: ModuleOrAnswerOption = None,
    keep: Annotated[Kept, typer.Option("--keep", help="Which predictions must stay.")] = Kept.ALL,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", min=1, metavar="COUNT", help="Check so many random inputs only.", show_default="all inputs"
        ),
    ] = None,
    loop: VisitedOption = False,
    stop: StopOption = None,
    task: TaskOption = None,
    weights: WeightsOption = None,
    vocabulary: VocabularyOption = None,
    length: LengthOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Make a program smaller, equal on every input. Each step is checked by execution."""
    answer = file if for_answer(file) else None
    if file is not None and answer is None:
        module_path(file, force)
    output = Output(as_json, answer, force, color)
    from analyze.render.simplify import simplify_document
    from tprog.simplify import simplify as simplified
    from tprog.simplify import told

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    inputs = subject.inputs(sample, seed, loop=loop, stop=stop)
    if not inputs.exhaustive and sample is None:
        raise BadUsage(
            f"{subject.name} has too many inputs to run them all; --sample {len(inputs.batch)} checks so many"
        )
    with working("simplify", inputs.description):
        result = told(simplified(subject.program, inputs, keep=keep.value), subject.module.program)
    told_last = "nothing is written; name a module with -o FILE"
    if file is not None and answer is None:
        told_last = str(write_module(result.program, file, force))
    found = Told("simplify", {"program": subject.name, **result.to_json()})
    output.show(found, lambda: simplify_document(result, subject.name))
    if answer is None:
        note(told_last)
