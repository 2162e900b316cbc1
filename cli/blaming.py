"""The verb that explains a prediction, and finds what would mend it.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

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
    PositionOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    TaskOption,
)
from cli.output import Color, Output, working
from cli.subject import read_subject
from tprog.errors import BadUsage


def blame(
    text: InputOption,
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    position: PositionOption = None,
    expect: ExpectOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="COUNT", help="Show at most so many edits.")] = 10,
    task: TaskOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Find the edits that mend a wrong prediction. Where it is right: the entries that it depends on."""
    output = Output(as_json, file, force, color)
    from analyze import blame as analysis
    from analyze.render.blame import blame_text
    from tprog.text import parse_input

    subject = read_subject(argument, program, task)
    tokens = parse_input(text, subject.program)
    expected = subject.answers(tokens, expect, position)
    if expected is None:
        if subject.task is not None:
            raise BadUsage(f"the task {subject.task.name!r} has no answer to this input; give it with --expect")
        if subject.unknown_task is not None:
            raise BadUsage(f"{subject.unknown_task}, or the right answer with --expect")
        raise BadUsage(f"{subject.name} names no task, so the right answer is unknown; give --expect or --task")
    inputs = subject.inputs(sample, seed)
    with working("blame", inputs.description):
        result = analysis.blame(
            subject.program,
            inputs,
            tokens,
            position=position,
            expected=expected,
            limit=limit,
            show=subject.diff,
            lines=subject.module.lines,
            name=subject.name,
        )
    output.show(subject.choice, result, partial(blame_text, result, limit))
