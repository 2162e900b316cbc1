"""The verbs about a program's structure: its graphs, and the circuits in it.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.discovery import told_program
from cli.options import (
    ClassOption,
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    LengthOption,
    PositionOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    SubProblemInputOption,
    TaskOption,
    TokenOption,
    WeightsOption,
    WhereOption,
)
from cli.output import Color, Engine, Output, Pictures, working
from cli.subject import Subject, read_subject
from cli.subproblems import named_baseline, sub_problem
from tprog.errors import BadUsage
from tprog.escape import visible

if TYPE_CHECKING:
    from analyze.circuits import Progress
    from analyze.circuits.subproblem import SubProblem
    from analyze.results.calls import CallGraphResult
    from analyze.results.circuits import CircuitResult
    from analyze.results.graph import GraphResult
    from tprog.tasks.builtin import Inputs

PICTURES = ("svg", "dot", "graphml")


class Ablation(StrEnum):
    """What an ablated node yields."""

    MODE = "mode"
    RESAMPLE = "resample"


def graph(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
    position: PositionOption = None,
    token: TokenOption = None,
    text: SubProblemInputOption = None,
    where: WhereOption = None,
    source: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="Highlight what this variable flows into.")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--to", metavar="NAME", help="Highlight what flows into this variable, or a class: class:b."),
    ] = None,
    calls: Annotated[bool, typer.Option("--calls", help="The call graph of the file instead.")] = False,
    engine: Annotated[Engine, typer.Option("--engine", help="What finds the calls.")] = Engine.LIBCST,
    cross_check: Annotated[bool, typer.Option("--cross-check", help="Show where the engines differ.")] = False,
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
    """Draw the data flow. Dead heads are grey; a circuit or a slice is highlighted where one is asked for."""
    output = Output(as_json, file, force, color, PICTURES)
    from analyze.render.graph import graph_text

    if calls or cross_check or engine is not Engine.LIBCST:
        asked: dict[str, object] = {"--class": answer, "--position": position, "--token": token, "--input": text}
        asked |= {"--where": where, "--task": task, "--weights": weights, "--length": length, "--sample": sample}
        asked |= {"--from": source, "--to": target}
        if given := [option for option, value in asked.items() if value is not None]:
            raise BadUsage(f"{given[0]} is about the data flow; a call graph has no such thing")
        if cross_check and file is not None and file.suffix.lower().removeprefix(".") in PICTURES:
            raise BadUsage(f"-o {file}: --cross-check is a table of differences; expected .txt or .json")
        _show_calls(output, _call_graph(argument, program, engine, cross_check))
        return
    subject = read_subject(argument, program, task, weights, length)
    problem = sub_problem(subject, answer, position, token, text, where)
    if problem is not None and (source or target):
        raise BadUsage("a circuit and a slice (--from, --to) are two things to highlight; ask for one")
    inputs = subject.inputs(sample, seed)
    with working("graph", inputs.description):
        if problem is not None:
            flow = _circuit_flow(subject, inputs, _circuits_of(subject, inputs, [problem]))
        else:
            flow = _slice_flow(subject, inputs, source, target)
    output.show(flow, partial(graph_text, flow), _pictures(flow))


def circuits(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
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
    """Find the heads and lookups that suffice for a sub-problem. Left out: for each class."""
    output = Output(as_json, file, force, color, (*PICTURES, "html"))
    from analyze.circuits import Exactly, find_circuits
    from analyze.circuits.member_lines import circuit_source
    from analyze.render.circuits import circuits_html, circuits_text

    if time_limit is not None and not exact:
        raise BadUsage("--time-limit is that of the proofs of --exact; ask for both")
    subject = read_subject(argument, program, task, weights, length)
    problem = sub_problem(subject, answer, position, token, text, where)
    constants = named_baseline(subject, baseline or [])
    inputs = subject.inputs(sample, seed)
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
        with _proving(inputs.description) as progress:
            result = find(exactly=Exactly(time_limit, progress))
    else:
        with working("circuits", inputs.description):
            result = find()
    if annotate or (file is not None and file.suffix.lower() == ".html"):
        module = subject.module
        result = dataclasses.replace(result, source=circuit_source(result, module.path, module.text, module.blocks))
    pictures: Pictures = {}
    if file is not None and file.suffix.lower().removeprefix(".") in PICTURES:
        pictures = _pictures(_circuit_flow(subject, inputs, result))
    pictures = {**pictures, "html": partial(circuits_html, result)}
    output.show(result, partial(circuits_text, result), pictures)


# Parts ################################################################################################################


def _pictures(flow: GraphResult) -> Pictures:
    from analyze.render import dot, graphml, svg

    draw = partial(dot.data_flow, flow)
    what = f"The variables of {flow.program}, and who reads whom. {flow.title}".rstrip()
    return {
        "dot": draw,
        "svg": lambda: svg.svg(draw(), f"Data flow of {flow.program}", what),
        "graphml": partial(graphml.data_flow, flow),
    }


def _circuits_of(subject: Subject, inputs: Inputs, problems: list[SubProblem]) -> CircuitResult:
    from analyze.circuits import find_circuits

    return find_circuits(subject.program, inputs, problems, task=subject.task)


def _circuit_flow(subject: Subject, inputs: Inputs, found: CircuitResult) -> GraphResult:
    """The data flow with one circuit highlighted, or with the members of several, each with those that have it."""
    if len(found.circuits) == 1:
        (circuit,) = found.circuits
        return _flow(subject, inputs, set(circuit.members), f"circuit: {circuit.problem}")
    having = {n.name: [c.value or c.problem for c in found.circuits if n.name in c.members] for n in found.nodes}
    members = {name for name, circuits in having.items() if circuits}
    kinds = {circuit.kind for circuit in found.circuits}
    title = f"circuits of {len(found.circuits)} " + ("classes" if kinds == {"class"} else "sub-problems")
    return _flow(subject, inputs, members, title, having)


def _slice_flow(subject: Subject, inputs: Inputs, source: str | None, target: str | None) -> GraphResult:
    from analyze.dataflow import class_of, reached_from, reaching

    program, answer = subject.program, None if target is None else class_of(target)
    into = f"decides about {answer!r}" if answer is not None else f"flows into {target}"
    if source is not None and target is not None:
        highlighted = reached_from(program, [source]) & reaching(program, [target])
        title = (
            f"what flows from {source} and {into}" if answer is not None else f"what flows from {source} into {target}"
        )
    elif source is not None:
        highlighted, title = reached_from(program, [source]), f"what {source} flows into"
    elif target is not None:
        highlighted, title = reaching(program, [target]), f"what {into}"
    else:
        highlighted, title = set(), ""
    return _flow(subject, inputs, highlighted, title, toward=answer)


def _flow(
    subject: Subject,
    inputs: Inputs,
    highlighted: set[str],
    title: str,
    circuits: dict[str, list[str]] | None = None,
    toward: str | None = None,
) -> GraphResult:
    from analyze.dataflow import data_flow
    from analyze.dead import find_dead

    found = find_dead(subject.program, inputs)
    return data_flow(
        subject.program,
        dead=[n.name for n in found.dead if any(verdict.kind != "mergeable" for verdict in n.verdicts)],
        checked=found.checked,
        highlighted=highlighted,
        circuits=circuits,
        toward=toward,
        title=title,
        lines=subject.module.lines,
        name=subject.name,
    )


@contextmanager
def _proving(over: str) -> Iterator[Progress | None]:
    """On a terminal's stderr, a bar for the proof of one sub-problem after the other."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.1f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task(f"circuits: {over}", total=None)

        def tell(problem: str, index: int, count: int, share: float) -> None:
            said = f"circuits: smaller sets excluded, {problem} ({index + 1} of {count}); Ctrl-C to go without"
            bar.update(shown, description=visible(said), total=1.0, completed=share)

        yield tell


def _show_calls(output: Output, called: CallGraphResult) -> None:
    from analyze.render import dot, graphml, svg
    from analyze.render.calls import calls_text

    draw = partial(dot.call_graph, called)
    what = f"The functions of {called.program}, and who calls or passes whom."
    pictures: Pictures = {
        "dot": draw,
        "svg": lambda: svg.svg(draw(), f"Call graph of {called.program}", what),
        "graphml": partial(graphml.call_graph, called),
    }
    output.show(called, partial(calls_text, called), pictures)


def _call_graph(argument: str | None, option: str | None, engine: Engine, cross_check: bool) -> CallGraphResult:
    """The call graph of any Python file, program or not."""
    from analyze import callgraph, pyan
    from tprog.text.syntax import read_python

    file = told_program(argument, option)
    source, path = read_python(file, "a Python module"), str(file)
    if cross_check:
        return pyan.cross_check(source, path)
    if engine is Engine.PYAN3:
        return pyan.pyan_graph(source, path)
    return callgraph.call_graph(source, path)
