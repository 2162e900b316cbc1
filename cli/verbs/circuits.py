"""The verb `circuits`: what suffices for a sub-problem."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    ClassOption,
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    LengthOption,
    OfOption,
    PositionOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    StopOption,
    SubProblemInputOption,
    TaskOption,
    TokenOption,
    VisitedOption,
    VocabularyOption,
    WeightsOption,
    WhereOption,
)
from cli.output import Color, Output, Pictures
from cli.pictures import PICTURES, flow_pictures
from cli.progress import proving, working
from cli.subject import read_subject
from cli.subproblems import named_baseline, sub_problem
from tprog.errors import BadUsage

if TYPE_CHECKING:
    pass


class Ablation(StrEnum):
    """What an ablated node yields."""

    MODE = "mode"
    RESAMPLE = "resample"


def circuits(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
    of: OfOption = None,
    position: PositionOption = None,
    token: TokenOption = None,
    text: SubProblemInputOption = None,
    where: WhereOption = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Prove that no smaller set suffices, however long it takes; Ctrl-C ends it.")
    ] = False,
    time_limit: Annotated[
        float | None,
        typer.Option(
            "--time-limit", min=0, metavar="SECONDS", help="For the proofs, all together.", show_default=False
        ),
    ] = None,
    ablation: Annotated[
        Ablation,
        typer.Option("--ablation", help="resample: also how many predictions stay with other inputs' values instead."),
    ] = Ablation.MODE,
    baseline: Annotated[
        list[str] | None,
        typer.Option("--baseline", metavar="NODE=VALUE", help="What this node yields when ablated; may be repeated."),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Show the source, with the lines of the circuits marked.")
    ] = False,
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
    """Find the heads and lookups that suffice for a sub-problem. Left out: for each class, or each of several
    outputs."""
    output = Output(as_json, file, force, color, PICTURES)
    from analyze.circuits import Exactly, find_circuits
    from analyze.circuits.member_lines import circuit_source
    from analyze.highlighted import circuit_flow
    from analyze.render.circuits import circuits_document

    if time_limit is not None and not exact:
        raise BadUsage("--time-limit is that of the proofs of --exact; ask for both")
    subject = read_subject(argument, program, task, weights, length, vocabulary)
    problem = sub_problem(subject, answer, position, token, text, where, of)
    constants = named_baseline(subject, baseline or [])
    inputs = subject.inputs(sample, seed, loop=loop, stop=stop)
    find = partial(
        find_circuits,
        subject.program,
        inputs,
        None if problem is None else [problem],
        baseline=constants,
        resample=seed if ablation is Ablation.RESAMPLE else None,
        lines=subject.module.lines,
        name=subject.name,
        task=subject.task,
    )
    if exact:
        with proving(inputs.description) as progress:
            result = find(exactly=Exactly(time_limit, progress))
    else:
        with working("circuits", inputs.description):
            result = find()
    if annotate or _ends_in(file, "html"):
        module = subject.module
        result = dataclasses.replace(result, source=circuit_source(result, module.path, module.text, module.blocks))
    pictures: Pictures = {}
    if _ends_in(file, *PICTURES):
        flow = circuit_flow(subject.program, inputs, result, of=of, lines=subject.module.lines, name=subject.name)
        pictures = flow_pictures(flow)
    output.show(result, partial(circuits_document, result), pictures)


def _ends_in(file: Path | None, *formats: str) -> bool:
    """Whether the answer goes to a file of one of these formats."""
    return file is not None and file.suffix.lower().removeprefix(".") in formats
