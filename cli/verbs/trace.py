"""The verb `trace`: one input, step by step."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cli.options import (
    ColorOption,
    ExpectOption,
    FileOption,
    ForceOption,
    InputOption,
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
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage


def trace(
    text: InputOption,
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    contrast: Annotated[
        bool, typer.Option("--contrast", help="Beside a wrong input, the nearest right one; mark where they part.")
    ] = False,
    loop: LoopOption = False,
    stop: StopOption = None,
    steps: StepsOption = None,
    expect: ExpectOption = None,
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
    """Show each variable's value at each position, for one input."""
    check_loop(loop, stop, steps)
    if loop and (contrast or expect is not None):
        raise BadUsage("--contrast and --expect are about one step; leave them out with --loop")
    output = Output(as_json, file, force, color)
    from analyze import trace as analysis
    from analyze.render.trace import trace_document
    from tprog.text.tokens import parse_input

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    tokens = parse_input(text, subject.program)
    if loop:
        _looped(subject, tokens, output, stop, steps)
        return
    result = analysis.trace(
        subject.program,
        tokens,
        expected=subject.answers(tokens, expect),
        contrast=subject.inputs(sample, seed) if contrast else None,
        lines=subject.module.lines,
        name=subject.name,
    )
    output.show(result, partial(trace_document, result))


def _looped(subject: Subject, tokens: list[str], output: Output, stop: str | None, steps: int | None) -> None:
    from analyze.loop import trace_loop
    from analyze.render.loop import trace_loop_document
    from tprog.run.generate import STEPS

    result = trace_loop(
        subject.program,
        tokens,
        stop=stop,
        steps=steps or STEPS,
        task=subject.task,
        lines=subject.module.lines,
        name=subject.name,
    )
    output.show(result, partial(trace_loop_document, result))
