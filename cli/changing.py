"""The verbs that make a program from a program: simplify, repair."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.discovery import remember
from cli.modules import ModuleOption, module_path, write_module
from cli.options import (
    ColorOption,
    ForceOption,
    JsonOption,
    LengthOption,
    ProgramArgument,
    ProgramOption,
    SeedOption,
    TaskOption,
    WeightsOption,
)
from cli.output import Color, Output, note, put, terminal, working
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage
from tprog.escape import json_text, visible
from tprog.files import check_target, is_ours, write_atomic
from tprog.files.beside import write_together
from tprog.version import VERSION

if TYPE_CHECKING:
    from analyze.repair import Repaired
    from analyze.results.repair import RepairResult
    from tprog.ir.program import Program
    from tprog.simplify import Simplification
    from tprog.text.read import Module


class Kept(StrEnum):
    """Which predictions must stay."""

    ALL = "all"
    RIGHT = "right"


def simplify(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    file: ModuleOption = None,
    keep: Annotated[Kept, typer.Option("--keep", help="Which predictions must stay.")] = Kept.ALL,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", min=1, metavar="COUNT", help="Check so many random inputs only.", show_default="all inputs"
        ),
    ] = None,
    task: TaskOption = None,
    weights: WeightsOption = None,
    length: LengthOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Make a program smaller, equal on every input. Each step is checked by execution."""
    if file is not None:
        module_path(file, force)
    from tprog.simplify import simplify as simplified
    from tprog.simplify import told

    subject = read_subject(argument, program, task, weights, length)
    inputs = subject.inputs(sample, seed)
    if not inputs.exhaustive and sample is None:
        raise BadUsage(
            f"{subject.name} has too many inputs to run them all; --sample {len(inputs.batch)} checks so many"
        )
    with working("simplify", inputs.description):
        result = told(simplified(subject.program, inputs, keep=keep.value), subject.module.program)
    told_last = "nothing is written; name a module with -o FILE"
    if file is not None:
        told_last = str(write_module(result.program, file, force))
    if as_json:
        typer.echo(json_text({"program": subject.name, **result.to_json()}, indent=2))
    else:
        _show(subject.name, result, color)
    note(told_last)


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
    put(console, Text(visible(f"{name}: {result.predictions:,} {kept} stay, on {result.description}")))
    put(console, counts)
    if result.changed:
        put(console, Text(f"{result.changed:,} wrong predictions changed"))
    steps = Table("changed", "how", box=None, pad_edge=False)
    for (node, reason), times in Counter((step.node, step.reason) for step in result.steps).items():
        steps.add_row(Text(node), Text(visible(reason if times == 1 else f"{reason} ({times} times)")))
    if result.steps:
        put(console, Text())
        put(console, steps)


CHANGES = (".diff", ".patch")
"""Endings of files that hold a change, not a module."""


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
            "-o", "--output", metavar="FILE", help="The module to write, or the change: .py, .diff.", show_default=False
        ),
    ] = None,
    on: Annotated[
        ChosenOn,
        typer.Option("--on", help="Choose edits on the training split of a sample, or on all inputs there are."),
    ] = ChosenOn.SAMPLE,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="COUNT", help="Take at most so many steps.")] = 40,
    task: TaskOption = None,
    weights: WeightsOption = None,
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
    if file is not None:
        edited_path(file, force)
    output = Output(as_json, None, force, color)
    from analyze import repair as analysis
    from analyze.render.repair import repair_text

    subject = read_subject(argument, program, task, weights, length)
    if subject.unknown_task is not None:
        raise BadUsage(subject.unknown_task)
    subject.tell()
    inputs = analysis.divide(subject.program, subject.task, on=on.value, sample=sample, seed=seed)
    with _status("repair") as progress:
        repaired = analysis.repair(
            subject.program,
            inputs,
            limit=limit,
            show=subject.diff,
            lines=subject.module.lines,
            name=subject.name,
            progress=progress,
        )
    output.show(repaired.result, partial(repair_text, repaired.result))
    _write_repaired(subject, repaired, file, force)
    return int(repaired.result.wrong_inputs > 0)


@contextmanager
def _status(verb: str) -> Iterator[Callable[[str], None]]:
    """What is being done, as it changes, on a terminal's stderr."""
    if not sys.stderr.isatty():
        yield lambda words: None
        return
    from rich.console import Console
    from rich.text import Text

    with Console(stderr=True).status(verb) as status:
        yield lambda words: status.update(Text(visible(f"{verb}, {words} (Ctrl-C keeps what was found)")))


def _write_repaired(subject: Subject, repaired: Repaired, file: Path | None, force: bool) -> None:
    """Write the repaired module, or the change."""
    if file is None:
        note("nothing is written; name a module, or a .diff, with -o FILE")
    elif not repaired.result.steps:
        note(f"nothing was changed, so {file} is not written")
    else:
        claim = ("repaired", _repair_claim(repaired.result))
        write_edited(subject, repaired.program, repaired.result.diff, claim, file, force)


def edited_path(file: Path, force: bool) -> None:
    """Refuse a file to which no edited module, nor its change, can be written: told before the work begins."""
    if file.suffix in CHANGES:
        check_target(file, force=force)
    else:
        module_path(file, force)


def write_edited(subject: Subject, edited: Program, diff: str, claim: tuple[str, str], file: Path, force: bool) -> None:
    """Write the module of an edited program, or the change alone if the file's ending asks for it.

    Args:
        edited: the program after the edits.
        diff: the change.
        claim: what the module says of itself, as a key and a text.
    """
    if file.suffix in CHANGES:
        # patch and git skip what stands before the first file.
        head = f"# {visible(f'{claim[0]} {subject.name}')}; written by tpdebug {VERSION}\n"
        write_atomic(file, head + diff, force=force)
        note(f"wrote {file}")
        return
    from tprog.tasks.classes import narrowed

    own = subject.module.program
    told = [
        (f"{key} before repair" if key.endswith(" accuracy") or key == "rounding" else key, text)
        for key, text in own.provenance
    ]
    after = dataclasses.replace(narrowed(edited, own.classes), task=own.task)
    told_after = dataclasses.replace(after, provenance=(*told, claim))
    found = _in_its_form(subject.module, after, told_after, file)
    if found is None:
        written = write_module(told_after, file, force)
    else:
        written = write_together(file, *found, force=force)
        remember(file, Path.cwd())
    note(str(written))


def _in_its_form(module: Module, after: Program, told_after: Program, file: Path) -> tuple[str, dict[str, str]] | None:
    """The repaired module with nothing else of it changed, dialect, comments and formatting: and its side files.

    Returns:
        None if the module is as tpdebug writes it, or if the change cannot be said in its form.
    """
    from tprog.files import BYTE_ORDER_MARK, read_text
    from tprog.text.emit import emit, provenance_lines
    from tprog.text.patch import patched_files
    from tprog.text.side_names import with_free_names
    from tprog.text.splice import line_end

    here = Path(module.path)
    if module.dialect == "tpdebug" and emit(module.program, here.stem).text == module.text:
        return None
    texts = patched_files(module, after)
    text = texts[module.path]
    sides = {name: texts.get(str(module.side_path(name)), old) for name, old in module.sides.items()}
    end = line_end(text)
    said = end.join(provenance_lines(after))
    if said and said in text:
        text = text.replace(said, end.join(provenance_lines(told_after)), 1)
    if (found := with_free_names(module, text, sides, after, file)) is None:
        return None
    text, sides = found
    first = BYTE_ORDER_MARK if read_text(here, keep_mark=True).startswith(BYTE_ORDER_MARK) else ""
    return first + (text if is_ours(text.encode()) else _marked(text)), sides


def _marked(text: str) -> str:
    """A module with a first line that says who wrote it, behind the one that a shell reads."""
    from tprog.text.splice import line_end

    end = line_end(text)
    for_shell, rest = text.split(end, 1) if text.startswith("#!") and end in text else ("", text)
    return f"{for_shell}{end * bool(for_shell)}# Repaired; written by tpdebug {VERSION}{end}{rest}"


def _repair_claim(result: RepairResult) -> str:
    """What the module says of itself."""
    steps = f"{len(result.steps)} step{'s' * (len(result.steps) != 1)} chosen on {result.chosen.checked.description}"
    judged = result.whole or result.rest
    if judged is None:
        return steps
    wrong = f"wrong on {judged.after.wrong_inputs:,} of {judged.after.inputs:,} inputs"
    return f"{steps}; {wrong}, before on {judged.before.wrong_inputs:,}"
