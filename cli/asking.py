"""The verbs that ask: each reads a program, calls one analysis and shows its result.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

from dataclasses import replace
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
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    TaskOption,
    WeightsOption,
)
from cli.output import Color, Output, working
from cli.subject import read_subject
from tprog.errors import BadUsage

LISTED = 20
"""Wrong inputs that a terminal shows."""


def trace(
    text: InputOption,
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    contrast: Annotated[
        bool, typer.Option("--contrast", help="Beside a wrong input, the nearest right one; mark where they part.")
    ] = False,
    expect: ExpectOption = None,
    task: TaskOption = None,
    weights: WeightsOption = None,
    length: LengthOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Show each variable's value at each position, for one input."""
    output = Output(as_json, file, force, color)
    from analyze import trace as analysis
    from analyze.render.trace import trace_text
    from tprog.text.tokens import parse_input

    subject = read_subject(argument, program, task, weights, length)
    tokens = parse_input(text, subject.program)
    result = analysis.trace(
        subject.program,
        tokens,
        expected=subject.answers(tokens, expect),
        contrast=subject.inputs(sample, seed) if contrast else None,
        lines=subject.module.lines,
        name=subject.name,
    )
    output.show(result, partial(trace_text, result))


def dead(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    lines: Annotated[bool, typer.Option("--lines", help="List every dead line.")] = False,
    task: TaskOption = None,
    weights: WeightsOption = None,
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
    from analyze.render.dead import dead_text

    subject = read_subject(argument, program, task, weights, length)
    inputs = subject.inputs(sample, seed, noted=True)
    with working("dead", inputs.description) as report:
        result = find_dead(subject.program, inputs, lines=subject.module.lines, name=subject.name, progress=report)
        result = replace(result, notes=(*result.notes, *subject.notes(inputs)))
    output.show(result, partial(dead_text, result, lines))


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

    subject = read_subject(argument, program, task, weights, length)
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
