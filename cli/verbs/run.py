"""The verb `run`: the answers of a program."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    ForceOption,
    JsonOption,
    ProgramArgument,
    ProgramOption,
    WeightsOption,
)
from cli.output import note
from cli.subject import read_subject
from tprog.errors import BadInput, BadUsage
from tprog.escape import json_text, spelled, visible
from tprog.files import check_target, write_atomic

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from tprog.run.execute import Execution


def run(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="TEXT", help="One input; may be repeated. Left out: one a line of stdin."),
    ] = None,
    weights: WeightsOption = None,
    as_json: JsonOption = False,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the answers: .txt, .jsonl.", show_default=False),
    ] = None,
    force: ForceOption = False,
) -> int:
    """Run a program on inputs. The file is read, not executed; exit 1 if an input reaches a hole."""
    if file is not None and file.suffix.lower() not in (".txt", ".jsonl"):
        raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes .txt, .jsonl")
    if file is not None:
        check_target(file, force=force)
    subject = read_subject(argument, program, weights=weights)
    if texts is None and sys.stdin.isatty():
        raise BadUsage('no input is given; give --input "abbc", or one input a line on stdin')
    found_hole, kept = False, []
    for tokens, execution in _executed(subject.program, texts):
        found_hole = found_hole or execution.hole(0) is not None
        if file is not None:
            kept.append(_answer(tokens, execution, as_json=file.suffix.lower() == ".jsonl"))
        if file is None or as_json:
            typer.echo(_answer(tokens, execution, as_json))
    if file is not None:
        head = "tpdebug run, written by tpdebug\n\n" if file.suffix.lower() == ".txt" else ""
        write_atomic(file, head + "".join(f"{line}\n" for line in kept), force=force)
        note(f"wrote {file}")
    return int(found_hole)


def _executed(program: Program, texts: list[str] | None) -> Iterator[tuple[list[str], Execution]]:
    """What a program makes of each input, as soon as it is there: the texts, or the lines of stdin."""
    from tprog.run.batch import encode
    from tprog.run.execute import execute
    from tprog.text.tokens import parse_input

    for place, line in enumerate(sys.stdin if texts is None else texts, start=1):
        if texts is None and not line.strip():
            continue
        try:
            tokens = parse_input(line.rstrip("\n"), program)
            yield tokens, execute(program, encode(program, [tokens]))
        except BadInput as error:
            if texts is None:
                raise BadInput(f"line {place} of stdin: {error}") from None
            raise


def _answer(tokens: list[str], execution: Execution, as_json: bool) -> str:
    """The answer to one input, as a line."""
    from tprog.text.tokens import show_tokens, spacing

    hole = execution.hole(0)
    prediction = None if hole else execution.outputs(0)
    if as_json:
        told = {"tokens": tokens, "prediction": prediction, "hole": str(hole) if hole else None}
        return json_text({"schema": "tpdebug.run/1", **told})
    if hole is not None:
        return visible(str(hole))
    if not isinstance(prediction, list):
        return spelled(str(prediction))
    return show_tokens(prediction, spacing(execution.program).outputs)
