"""The verbs about a program's structure: its graphs, and the circuits in it.

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
    FileOption,
    ForceOption,
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
    from analyze.render.calls import calls_text
    from analyze.render.graph import graph_text

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
        output.show(choice, called, partial(calls_text, called), pictures)
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
    output.show(subject.choice, flow, partial(graph_text, flow), pictures)


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
    from analyze.render.circuits import circuits_text

    subject = read_subject(argument, program, task)
    problems = _sub_problems(subject, answer, position, token, text)
    inputs = subject.inputs(sample, seed)
    with working("circuits", inputs.description):
        result = find_circuits(
            subject.program, inputs, problems, lines=subject.module.lines, name=subject.name, task=subject.task
        )
    output.show(subject.choice, result, partial(circuits_text, result))


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
