"""The verbs that ask: each reads a program, calls one analysis and shows its result.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.discovery import find_program
from cli.options import (
    ClassOption,
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
    SubProblemInputOption,
    TaskOption,
    TokenOption,
)
from cli.output import Color, Engine, Output, Pictures, working
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from analyze.circuits import SubProblem
    from analyze.results import CallGraphResult, GraphResult
    from tprog.tasks import Inputs

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
    from analyze.render import text as render
    from tprog.text import parse_input

    subject = read_subject(argument, program, task)
    tokens = parse_input(text, subject.program)
    result = analysis.trace(
        subject.program,
        tokens,
        expected=subject.answers(tokens, expect),
        contrast=subject.inputs(sample, seed) if contrast else None,
        lines=subject.module.lines,
        name=subject.name,
    )
    output.show(subject.choice, result, partial(render.trace_text, result))


def graph(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
    position: PositionOption = None,
    token: TokenOption = None,
    text: SubProblemInputOption = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="Highlight what this variable flows into.")
    ] = None,
    target: Annotated[
        str | None, typer.Option("--to", metavar="NAME", help="Highlight what flows into this variable.")
    ] = None,
    calls: Annotated[bool, typer.Option("--calls", help="The call graph of the file instead.")] = False,
    engine: Annotated[Engine, typer.Option("--engine", help="What finds the calls.")] = Engine.LIBCST,
    cross_check: Annotated[bool, typer.Option("--cross-check", help="Show where the engines differ.")] = False,
    task: TaskOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Draw the data flow. Dead heads are grey; a circuit or a slice is highlighted where one is asked for."""
    output = Output(as_json, file, force, color, ("svg", "dot"))
    from analyze.render import dot, svg
    from analyze.render import text as render

    if calls or cross_check or engine is not Engine.LIBCST:
        asked = {"--class": answer, "--position": position, "--token": token, "--input": text, "--task": task}
        asked |= {"--from": source, "--to": target, "--sample": sample}
        if given := [option for option, value in asked.items() if value is not None]:
            raise BadUsage(f"{given[0]} is about the data flow; a call graph has no such thing")
        if cross_check and file is not None and file.suffix.lower() in (".svg", ".dot"):
            raise BadUsage(f"-o {file}: --cross-check is a table of differences; expected .txt or .json")
        called, choice = _call_graph(argument, program, engine, cross_check)
        draw = partial(dot.call_graph, called)
        what = f"The functions of {called.program}, and who calls or passes whom."
        pictures: Pictures = {"dot": draw, "svg": lambda: svg.svg(draw(), f"Call graph of {called.program}", what)}
        output.show(choice, called, partial(render.calls_text, called), pictures)
        return
    subject = read_subject(argument, program, task)
    problems = _sub_problems(subject, answer, position, token, text)
    if problems is not None and (source or target):
        raise BadUsage("a circuit and a slice (--from, --to) are two things to highlight; ask for one")
    inputs = subject.inputs(sample, seed)
    with working("graph", inputs.description):
        flow = _data_flow(subject, inputs, problems, source, target)
    draw = partial(dot.data_flow, flow)
    what = f"The variables of {flow.program}, and who reads whom. {flow.title}".rstrip()
    pictures = {"dot": draw, "svg": lambda: svg.svg(draw(), f"Data flow of {flow.program}", what)}
    output.show(subject.choice, flow, partial(render.graph_text, flow), pictures)


def circuits(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
    position: PositionOption = None,
    token: TokenOption = None,
    text: SubProblemInputOption = None,
    task: TaskOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Find the heads and lookups that suffice for a sub-problem. Left out: for each class."""
    output = Output(as_json, file, force, color)
    from analyze.circuits import find_circuits
    from analyze.render import text as render

    subject = read_subject(argument, program, task)
    problems = _sub_problems(subject, answer, position, token, text)
    inputs = subject.inputs(sample, seed)
    with working("circuits", inputs.description):
        result = find_circuits(
            subject.program, inputs, problems, lines=subject.module.lines, name=subject.name, task=subject.task
        )
    output.show(subject.choice, result, partial(render.circuits_text, result))


def dead(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    task: TaskOption = None,
    sample: SampleOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Find the heads and lookups that do nothing, with the evidence."""
    output = Output(as_json, file, force, color)
    from analyze.dead import find_dead
    from analyze.render import text as render

    subject = read_subject(argument, program, task)
    inputs = subject.inputs(sample, seed)
    with working("dead", inputs.description):
        result = find_dead(subject.program, inputs, lines=subject.module.lines, name=subject.name)
    output.show(subject.choice, result, partial(render.dead_text, result))


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
    from analyze.render import text as render
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
    output.show(subject.choice, result, partial(render.blame_text, result, limit))


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
    from analyze.render import text as render

    subject = read_subject(argument, program, task)
    if subject.unknown_task is not None:
        raise BadUsage(subject.unknown_task)
    if limit is None and not as_json and file is None:
        limit = LISTED
    inputs = subject.inputs(sample, seed)
    with working("verify", inputs.description):
        result = analysis.verify(subject.program, inputs, limit=limit, name=subject.name)
    output.show(subject.choice, result, partial(render.verify_text, result))
    return int(result.wrong_inputs > 0)


# Parts ################################################################################################################


def _sub_problems(
    subject: Subject, answer: str | None, position: int | None, token: str | None, text: str | None
) -> list[SubProblem] | None:
    """The sub-problem that the options name, or None if they name none."""
    from analyze.circuits import SubProblem
    from tprog.text import parse_input

    asked = {"--class": answer, "--position": position, "--token": token, "--input": text}
    given = [option for option, value in asked.items() if value is not None]
    if len(given) > 1:
        raise BadUsage(f"{given[0]} and {given[1]} are two sub-problems; ask for one")
    if answer is not None:
        return [SubProblem("class", answer)]
    if position is not None:
        return [SubProblem("position", position)]
    if token is not None:
        return [SubProblem("token", token)]
    if text is not None:
        return [SubProblem("input", tuple(parse_input(text, subject.program)))]
    return None


def _data_flow(
    subject: Subject, inputs: Inputs, problems: list[SubProblem] | None, source: str | None, target: str | None
) -> GraphResult:
    from analyze.circuits import find_circuits
    from analyze.dataflow import data_flow, reached_from, reaching
    from analyze.dead import find_dead

    program = subject.program
    highlighted: set[str] = set()
    title = ""
    if problems is not None:
        (circuit,) = find_circuits(program, inputs, problems, task=subject.task).circuits
        highlighted, title = set(circuit.members), f"circuit: {circuit.problem}"
    elif source is not None and target is not None:
        highlighted = reached_from(program, [source]) & reaching(program, [target])
        title = f"what flows from {source} into {target}"
    elif source is not None:
        highlighted, title = reached_from(program, [source]), f"what {source} flows into"
    elif target is not None:
        highlighted, title = reaching(program, [target]), f"what flows into {target}"
    found = find_dead(program, inputs)
    return data_flow(
        program,
        dead=[node.name for node in found.dead],
        checked=found.checked,
        highlighted=highlighted,
        title=title,
        lines=subject.module.lines,
        name=subject.name,
    )


def _call_graph(
    argument: str | None, option: str | None, engine: Engine, cross_check: bool
) -> tuple[CallGraphResult, str | None]:
    """The call graph of any Python file, program or not; and why it is this file, if it was not named."""
    from analyze import callgraph, pyan
    from tprog.files import read_text

    chosen = find_program(argument, option, Path.cwd())
    source, path = read_text(chosen.path, "a Python module"), str(chosen.path)
    if cross_check:
        found = pyan.cross_check(source, path)
    elif engine is Engine.PYAN3:
        found = pyan.pyan_graph(source, path)
    else:
        found = callgraph.call_graph(source, path)
    return found, chosen.note
