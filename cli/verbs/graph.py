"""The verb `graph`: the data flow of a program, or the calls in a file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
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
    OfOption,
    PositionOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    SubProblemInputOption,
    TaskOption,
    TokenOption,
    VocabularyOption,
    WhereOption,
)
from cli.output import Color, Engine, Output
from cli.pictures import PICTURES, calls_pictures, components_pictures, flow_pictures, refuse_for_tables
from cli.progress import working
from cli.subject import Subject, read_subject
from cli.subproblems import sub_problem
from tprog.errors import BadUsage
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from analyze.circuits.subproblem import SubProblem
    from analyze.results.calls import CallGraphResult
    from analyze.results.graph import GraphResult
    from tprog.tasks.builtin import Inputs


def graph(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    answer: ClassOption = None,
    of: OfOption = None,
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
    only_circuit: Annotated[
        bool, typer.Option("--only-circuit", help="Draw what is highlighted, what it reads of the input, nothing else.")
    ] = False,
    focus: Annotated[
        str | None, typer.Option("--focus", metavar="NAME", help="Draw this variable, what it reads, what reads it.")
    ] = None,
    bare: Annotated[
        bool,
        typer.Option("--bare", help="Draw for print: no caption, and narrow enough for a column of a paper."),
    ] = False,
    calls: Annotated[bool, typer.Option("--calls", help="The call graph of the file instead.")] = False,
    engine: Annotated[Engine, typer.Option("--engine", help="What finds the calls.")] = Engine.LIBCST,
    cross_check: Annotated[bool, typer.Option("--cross-check", help="Show where the engines differ.")] = False,
    task: TaskOption = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            metavar="FILE",
            help="The weights (CSV) of a module of the original research code. Or a compiled model, whose heads and "
            "MLPs are drawn.",
            show_default="beside the module, as it says",
        ),
    ] = None,
    vocabulary: VocabularyOption = None,
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
    from analyze.render.graph import graph_document

    looks: dict[str, object] = {"--only-circuit": only_circuit, "--focus": focus, "--bare": bare}
    refuse_for_tables(looks, file)
    asked: dict[str, object] = {"--class": answer, "--of": of, "--position": position, "--token": token}
    asked |= {"--input": text, "--where": where, "--task": task, "--weights": weights, "--vocabulary": vocabulary}
    asked |= {"--length": length, "--sample": sample, "--from": source, "--to": target}
    asked |= {option: value or None for option, value in looks.items()}
    if calls or cross_check or engine is not Engine.LIBCST:
        _refuse_for_calls(asked, cross_check, file)
        _show_calls(output, _call_graph(argument, program, engine, cross_check))
        return
    if weights is not None and weights.is_dir():
        _show_components(output, weights, {"PROGRAM": argument, "--program": program, **asked, "--weights": None})
        return
    from analyze.render.drawn import Wanted

    subject = read_subject(argument, program, task, weights, length, vocabulary)
    problem = sub_problem(subject, answer, position, token, text, where, of)
    _refuse_two_highlights(problem is not None, bool(source or target), only_circuit)
    flow = _flow(subject, subject.inputs(sample, seed), problem, of, source, target)
    wanted = Wanted(only_highlighted=only_circuit, focus=focus)
    output.show(flow, partial(graph_document, flow), flow_pictures(flow, wanted, bare))


def _refuse_two_highlights(circuit: bool, of_slice: bool, only_circuit: bool) -> None:
    """Refuses more than one thing to highlight, or none where only that is to be drawn."""
    if only_circuit and not circuit and not of_slice:
        raise BadUsage("--only-circuit draws a circuit or a slice alone; ask for one, say with --class or --to")
    if circuit and of_slice:
        raise BadUsage("a circuit and a slice (--from, --to) are two things to highlight; ask for one")


def _flow(
    subject: Subject,
    inputs: Inputs,
    problem: SubProblem | None,
    of: str | None,
    source: str | None,
    target: str | None,
) -> GraphResult:
    """The data flow, with a circuit or a slice in it."""
    from analyze.circuits import find_circuits
    from analyze.highlighted import circuit_flow, slice_flow

    with working("graph", inputs.description):
        if problem is None:
            return slice_flow(subject.program, inputs, source, target, lines=subject.module.lines, name=subject.name)
        found = find_circuits(subject.program, inputs, [problem], task=subject.task)
        return circuit_flow(subject.program, inputs, found, of=of, lines=subject.module.lines, name=subject.name)


def _show_components(output: Output, folder: Path, options: Mapping[str, object]) -> None:
    """The heads and MLPs of a compiled model."""
    if given := [option for option, value in options.items() if value is not None]:
        raise BadUsage(f"{folder} is a compiled model, which holds its program; leave out {given[0]}")
    from analyze.components import read_components
    from analyze.render.components import components_document

    found = read_components(folder)
    output.show(found, partial(components_document, found, str(folder)), components_pictures(str(folder), found))


def _refuse_for_calls(options: Mapping[str, object], cross_check: bool, file: Path | None) -> None:
    """Refuses what a call graph does not have: options about the data flow (None: not given), or a picture."""
    if given := [option for option, value in options.items() if value is not None]:
        raise BadUsage(f"{given[0]} is about the data flow; a call graph has no such thing")
    if cross_check and file is not None and file.suffix.lower().removeprefix(".") in PICTURES:
        raise BadUsage(f"-o {file}: --cross-check is a table of differences; expected .txt or .json")


def _show_calls(output: Output, called: CallGraphResult) -> None:
    from analyze.render.calls import calls_document

    output.show(called, partial(calls_document, called), calls_pictures(called))


def _call_graph(argument: str | None, option: str | None, engine: Engine, cross_check: bool) -> CallGraphResult:
    """The call graph of any Python file, program or not."""
    from analyze import callgraph, pyan
    from tprog.text.syntax import read_python

    file = told_program(argument, option)
    if is_source(file):
        raise BadUsage(
            f"a call graph is of a Python file, and {file} is RASP source; write its module first, with tpdebug emit"
        )
    source, path = read_python(file, "a Python module"), str(file)
    if cross_check:
        return pyan.cross_check(source, path)
    if engine is Engine.PYAN3:
        return pyan.pyan_graph(source, path)
    return callgraph.call_graph(source, path)
