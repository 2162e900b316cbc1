"""The verbs that make a program from a program: simplify."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.modules import ModuleOption, module_path, write_module
from cli.options import ColorOption, ForceOption, JsonOption, ProgramArgument, ProgramOption, SeedOption, TaskOption
from cli.output import Color, note, put, terminal, working
from cli.subject import read_subject
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from tprog.simplify import Simplification


class Kept(StrEnum):
    """Which predictions must stay."""

    ALL = "all"
    RIGHT = "right"


def simplify(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    file: ModuleOption = None,
    keep: Annotated[Kept, typer.Option("--keep", help="Which predictions must stay.")] = Kept.ALL,
    sampled: Annotated[
        int | None,
        typer.Option(
            "--sampled", min=1, metavar="COUNT", help="Check so many random inputs only.", show_default="all inputs"
        ),
    ] = None,
    task: TaskOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Make a program smaller: equal on every input, each step checked by execution."""
    if file is not None:
        module_path(file, force)
    from tprog.simplify import simplify as simplified

    subject = read_subject(argument, program, task)
    inputs = subject.inputs(sampled, seed)
    if not inputs.exhaustive and sampled is None:
        raise BadUsage(
            f"{subject.name} has too many inputs to run them all; --sampled {len(inputs.batch)} checks so many"
        )
    if subject.choice is not None:
        note(subject.choice)
    with working("simplify", inputs.description):
        result = simplified(subject.program, inputs, keep=keep.value)
    if file is not None:
        provenance = (*_still_true(subject.module.program.provenance, result), ("simplified", _claim(result)))
        task_named = subject.module.program.task
        write_module(dataclasses.replace(result.program, task=task_named, provenance=provenance), file, force)
    if as_json:
        told = {"program": subject.name, **result.to_json()}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(subject.name, result, color)
    note(f"wrote {file}" if file is not None else "nothing is written; name a module with -o FILE")


def _still_true(provenance: Sequence[tuple[str, str]], result: Simplification) -> Iterator[tuple[str, str]]:
    """What a module said of itself, where predictions may have changed as said of the program that it was."""
    same = result.keep == "all" and result.exhaustive
    for key, text in provenance:
        measured = key.endswith(" accuracy") or key == "rounding"
        yield (key if same or not measured else f"{key} before simplifying", text)


def _claim(result: Simplification) -> str:
    """What the module says of itself."""
    what = "predicts" if result.keep == "all" else "wherever that was right, predicts"
    sizes = f"from {result.before.nodes} nodes to {result.after.nodes}"
    return f"{sizes}; {what} as the program it was made from on {result.description}"


def _show(name: str, result: Simplification, color: Color) -> None:
    """The sizes before and after, what they were checked on, and every step."""
    from rich.table import Table
    from rich.text import Text

    console = terminal(color)
    counts = Table("", "before", "after", box=None, pad_edge=False)
    for what in ("nodes", "entries", "lines"):
        counts.add_row(what, f"{getattr(result.before, what):,}", f"{getattr(result.after, what):,}")
    if result.wrong_before is not None:
        counts.add_row("wrong inputs", f"{result.wrong_before:,}", f"{result.wrong_after:,}")
    kept = "predictions" if result.keep == "all" else "right predictions"
    put(console, Text(f"{name}: {result.predictions:,} {kept} stay, on {result.description}"))
    put(console, counts)
    if result.changed:
        put(console, Text(f"{result.changed:,} wrong predictions changed"))
    steps = Table("changed", "how", box=None, pad_edge=False)
    for step in result.steps:
        steps.add_row(Text(step.node), Text(step.reason))
    if result.steps:
        put(console, Text())
        put(console, steps)
