"""The verb `repair`: a program mended by edits."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.edited import edited_path, write_edited
from cli.options import (
    ColorOption,
    ForceOption,
    JsonOption,
    LengthOption,
    ProgramArgument,
    ProgramOption,
    SeedOption,
    TaskOption,
    VerifyOnOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output, for_answer, note
from cli.progress import status
from cli.subject import Subject, inputs_of_other, read_subject
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from analyze.repair import Repaired


class ChosenOn(StrEnum):
    """What repair chooses its edits on."""

    SAMPLE = "sample"
    DOMAIN = "domain"


def repair(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="The module to write, or the change: .py, .diff; or the answer: .csv, .html, ...",
            show_default=False,
        ),
    ] = None,
    on: Annotated[
        ChosenOn,
        typer.Option("--on", help="Choose edits on the training split of a sample, or on all inputs there are."),
    ] = ChosenOn.SAMPLE,
    accept_on: Annotated[
        str | None,
        typer.Option(
            "--accept-on",
            metavar="SPLIT",
            help="Take a step only if it gains on other inputs too: a split of the corpus, or another corpus.",
            show_default=False,
        ),
    ] = None,
    verify_on: VerifyOnOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="COUNT", help="Take at most so many steps.")] = 40,
    task: TaskOption = None,
    weights: WeightsOption = None,
    vocabulary: VocabularyOption = None,
    length: LengthOption = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample",
            min=2,
            metavar="COUNT",
            help="Draw so many inputs; 80 % of them are the training split.",
            show_default="20,000, as in training",
        ),
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """Mend wrong predictions by edits. One at a time, the best first; exit 1 if any input stays wrong."""
    told = file if for_answer(file) else None
    if file is not None and told is None:
        edited_path(file, force)
    output = Output(as_json, told, force, color)
    from analyze import repair as analysis
    from analyze.render.repair import repair_document
    from tprog.tasks.classes import change

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    if subject.unknown_task is not None:
        raise BadUsage(subject.unknown_task)
    subject.tell()
    if verify_on is None and accept_on is None:
        inputs = analysis.divide(subject.program, subject.task, on=on.value, sample=sample, seed=seed)
    else:
        if subject.task is None:
            raise BadUsage(f"{subject.name} names no task, so nothing says what is right; give --corpus")
        chosen = subject.inputs(sample, seed, noted=True)
        rest, accepted = (
            None if name is None else inputs_of_other(subject, name, task, length, option)
            for name, option in ((verify_on, "--verify-on"), (accept_on, "--accept-on"))
        )
        # Those that accept steps stand for others themselves.
        inputs = analysis.Division(chosen, rest, None, accepted, subject.task.is_corpus and accepted is None)
    with status("repair") as progress:
        repaired = analysis.repair(
            subject.program,
            inputs,
            limit=limit,
            show=partial(change, subject.module),
            lines=subject.module.lines,
            name=subject.name,
            progress=progress,
        )
    output.show(repaired.result, partial(repair_document, repaired.result))
    if told is None:
        _write_repaired(subject, repaired, file, force)
    return int(repaired.result.wrong_inputs > 0)


def _write_repaired(subject: Subject, repaired: Repaired, file: Path | None, force: bool) -> None:
    """Write the repaired module, or the change."""
    from analyze.render.repair import repair_claim

    if file is None:
        note("nothing is written; name a module, or a .diff, with -o FILE")
    elif not repaired.result.steps:
        note(f"nothing was changed, so {file} is not written")
    else:
        claim = ("repaired", repair_claim(repaired.result))
        write_edited(subject, repaired.program, repaired.result.diff, claim, file, force)
