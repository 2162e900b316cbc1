"""The verb that compares two programs.

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
    SampleOption,
    SeedOption,
    TaskOption,
    VocabularyOption,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import read_named, read_subject
from tprog.rasp.names import is_source

LISTED = 10
"""Inputs that a terminal shows."""


def diff(
    first: Annotated[
        str, typer.Argument(metavar="A", help="A program's module, a run's folder, or RASP source.", show_default=False)
    ],
    second: Annotated[str, typer.Argument(metavar="B", help="The one to compare it with.", show_default=False)],
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=0,
            metavar="COUNT",
            help="List at most so many inputs.",
            show_default=f"{LISTED}; all in JSON and files",
        ),
    ] = None,
    task: TaskOption = None,
    vocabulary: VocabularyOption = None,
    length: LengthOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Compare two programs, node by node and by their answers. Exit 1 if they answer differently."""
    output = Output(as_json, file, force, color)
    from analyze import diff as analysis
    from analyze.render.diff import diff_document

    subject = read_subject(first, None, task, length=length, vocabulary=vocabulary, beside=second)
    other = read_named(second, length, vocabulary)
    subject.tell()
    if limit is None and not as_json and file is None:
        limit = LISTED
    with working("diff", f"{first} and {second}"):
        result = analysis.diff(
            subject.program,
            other.program,
            task=subject.task if task is not None else None,
            length=subject.length.tokens,
            sample=sample,
            seed=seed,
            limit=limit,
            lines=(subject.module.lines, other.lines),
            names=(first if is_source(first) else subject.name, second if is_source(second) else other.path),
        )
    output.show(result, partial(diff_document, result))
    return int(result.differing > 0)
