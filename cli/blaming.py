"""The verb that explains a prediction, and finds what would mend it: or what would mend all failures.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from cli.options import (
    ColorOption,
    ExpectOption,
    FileOption,
    ForceOption,
    JsonOption,
    PositionOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    TaskOption,
    WeightsOption,
)
from cli.output import Color, Output, working
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage

LISTED, LISTED_ALL = 10, 20
"""Edits of one prediction, and entries for all failures, that are shown unless told otherwise."""


def blame(
    text: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="TEXT",
            help='The input to explain: "abbc", "words with spaces", or a JSON list.',
            show_default=False,
        ),
    ] = None,
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    every: Annotated[bool, typer.Option("--all", help="All failures: which lines are to blame for how many.")] = False,
    position: PositionOption = None,
    expect: ExpectOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="COUNT",
            help="Show at most so many edits.",
            show_default=f"{LISTED}; {LISTED_ALL} with --all",
        ),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Show the module too, with responsibility in its margin.")
    ] = False,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough", help="If no single edit mends all, look for redefinitions of nodes in large programs too."
        ),
    ] = False,
    task: TaskOption = None,
    weights: WeightsOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Find the edits that mend a wrong prediction, or all. Where it is right: the entries that it depends on."""
    if every == (text is not None):
        raise BadUsage("name one input with --input TEXT, or ask about all failures with --all")
    if every and (position is not None or expect is not None or thorough):
        raise BadUsage("--position, --expect and --thorough are about one input; leave them out with --all")
    output = Output(as_json, file, force, color, pictures=("html",))
    annotate = annotate or (file is not None and file.suffix.lower() == ".html")
    # A terminal shows the diff of the first edit alone, and a diff takes as long as reading the module.
    diffs = 1 if not as_json and file is None else None
    subject = read_subject(argument, program, task, weights)
    if every:
        _blame_all(subject, output, limit or LISTED_ALL, diffs, annotate, sample, seed)
        return
    from analyze import blame as analysis
    from analyze.render.blame import blame_html, blame_text
    from tprog.text import parse_input

    assert text is not None
    tokens = parse_input(text, subject.program)
    expected = _expected(subject, tokens, expect, position)
    inputs = subject.inputs(sample, seed)
    limit = limit or LISTED
    with working("blame", inputs.description):
        result = analysis.blame(
            subject.program,
            inputs,
            tokens,
            position=position,
            expected=expected,
            limit=limit,
            diffs=diffs,
            thorough=thorough or None,
            show=subject.diff,
            lines=subject.module.lines,
            text=subject.module.text if annotate else None,
            name=subject.name,
        )
    pages = {"html": partial(blame_html, result, limit)}
    output.show(subject.choice, result, partial(blame_text, result, limit), pages)


def _expected(
    subject: Subject, tokens: Sequence[str], expect: str | None, position: int | None
) -> tuple[str | None, ...]:
    expected = subject.answers(tokens, expect, position)
    if expected is not None:
        return expected
    if subject.task is not None:
        raise BadUsage(f"the task {subject.task.name!r} has no answer to this input; give it with --expect")
    if subject.unknown_task is not None:
        raise BadUsage(f"{subject.unknown_task}, or the right answer with --expect")
    raise BadUsage(f"{subject.name} names no task, so the right answer is unknown; give --expect or --task")


def _blame_all(
    subject: Subject, output: Output, limit: int, diffs: int | None, annotate: bool, sample: int | None, seed: int
) -> None:
    from analyze.blame import everything as analysis
    from analyze.render.blame_all import blame_all_html, blame_all_text

    if subject.task is None:
        if subject.unknown_task is not None:
            raise BadUsage(subject.unknown_task)
        raise BadUsage(f"{subject.name} names no task, so the right answers are unknown; name one with --task")
    inputs = subject.inputs(sample, seed)
    with working("blame --all", inputs.description):
        result = analysis.blame_all(
            subject.program,
            inputs,
            limit=limit,
            diffs=diffs,
            show=subject.diff,
            lines=subject.module.lines,
            text=subject.module.text if annotate else None,
            name=subject.name,
        )
    output.show(subject.choice, result, partial(blame_all_text, result), {"html": partial(blame_all_html, result)})
