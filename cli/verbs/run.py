"""The verb `run`: the answers of a program."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from cli.options import (
    ForceOption,
    JsonOption,
    LoopOption,
    ProgramArgument,
    ProgramOption,
    StepsOption,
    StopOption,
    WeightsOption,
    check_loop,
)
from cli.output import note
from cli.subject import read_subject
from tprog.errors import BadInput, BadUsage
from tprog.escape import json_text, spelled, visible
from tprog.files import check_target, write_atomic
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from tprog.ir.program import Program
    from tprog.run.execute import Execution
    from tprog.run.generate import Generated


def run(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    texts: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="TEXT", help="One input; may be repeated. Left out: one a line of stdin."),
    ] = None,
    weights: WeightsOption = None,
    causal: Annotated[
        bool, typer.Option("--causal", help="Of RASP source: let position i see none behind it.")
    ] = False,
    loop: LoopOption = False,
    stop: StopOption = None,
    steps: StepsOption = None,
    as_json: JsonOption = False,
    file: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the answers: .txt, .jsonl.", show_default=False),
    ] = None,
    force: ForceOption = False,
) -> int:
    """Run a program on inputs. The file is read, not executed; exit 1 if an input reaches a hole.

    RASP source (.rasp) is evaluated; paper.rasp:hist,sorted names the s-ops to show.
    """
    if file is not None:
        _check_file(file, force)
    check_loop(loop, stop, steps)
    looped = Loop(stop, steps) if loop else None
    answers = _answers_of(argument, program, weights, causal, looped, _texts(texts))
    found_hole, kept = False, []
    for answer in answers:
        found_hole = found_hole or answer.is_hole
        if file is not None:
            kept.append(answer.line(as_json=file.suffix.lower() == ".jsonl"))
        if file is None or as_json:
            typer.echo(answer.line(as_json))
    if file is not None:
        _write(file, kept, force)
    return int(found_hole)


def _write(file: Path, answers: Sequence[str], force: bool) -> None:
    """Put the answers into a file, a line each."""
    head = "tpdebug run, written by tpdebug\n\n" if file.suffix.lower() == ".txt" else ""
    write_atomic(file, head + "".join(f"{line}\n" for line in answers), force=force)
    note(f"wrote {file}")


class Answer(Protocol):
    """What a program answers to one input."""

    @property
    def is_hole(self) -> bool:
        """Whether there is no answer, and the line says why."""

    def line(self, as_json: bool) -> str:
        """The answer in one line, of several outputs one each."""


@dataclass(frozen=True)
class Loop:
    """How a program is looped; see `tprog.run.generate`."""

    stop: str | None
    steps: int | None


def _answers_of(
    argument: str | None,
    option: str | None,
    weights: Path | None,
    causal: bool,
    loop: Loop | None,
    texts: Iterator[tuple[str, str]],
) -> Iterator[Answer]:
    """The answers of a module, or of RASP source, as soon as the inputs are there."""
    named = argument or option
    if named is not None and is_source(named):
        if weights is not None:
            raise BadUsage(f"--weights is about a module, and {named} is RASP source; leave it out")
        if loop is not None:
            raise BadUsage(f"--loop is about a module, and {named} is RASP source; leave it out")
        from cli.sources import evaluated

        return evaluated(named, causal, texts)
    if causal:
        raise BadUsage("--causal is about RASP source; a module says itself whether it is causal")
    return _executed(read_subject(argument, option, weights=weights).program, loop, texts)


def _texts(texts: list[str] | None) -> Iterator[tuple[str, str]]:
    """Each input's text, and where it stands if that is not on the command line."""
    if texts is not None:
        yield from ((text, "") for text in texts)
        return
    if sys.stdin.isatty():
        raise BadUsage('no input is given; give --input "abbc", or one input a line on stdin')
    for place, line in enumerate(sys.stdin, start=1):
        if line.strip():
            yield line.rstrip("\n"), f"line {place} of stdin: "


def _executed(program: Program, loop: Loop | None, texts: Iterator[tuple[str, str]]) -> Iterator[Answer]:
    """What a program makes of each input."""
    from tprog.run.batch import encode
    from tprog.run.execute import execute
    from tprog.run.generate import STEPS, generate
    from tprog.text.tokens import parse_input

    for text, where in texts:
        try:
            tokens = parse_input(text, program)
            if loop is None:
                yield Executed(tokens, execute(program, encode(program, [tokens])))
            else:
                yield Looped(program, generate(program, tokens, stop=loop.stop, steps=loop.steps or STEPS))
        except BadInput as error:
            raise BadInput(f"{where}{error}") from None


@dataclass(frozen=True)
class Executed:
    """The answer of a Program."""

    tokens: list[str]
    execution: Execution

    @property
    def is_hole(self) -> bool:
        """Whether the input reaches a hole."""
        return self.execution.hole(0) is not None

    def line(self, as_json: bool) -> str:
        """The answer in one line, of several outputs one each."""
        from tprog.text.tokens import show_outputs, spacing

        hole = self.execution.hole(0)
        prediction = None if hole else self.execution.spelled(0)
        if as_json:
            from analyze.results.run import RunResult

            return json_text(RunResult(tuple(self.tokens), prediction, hole=str(hole) if hole else None).to_json())
        if hole is not None:
            return visible(str(hole))
        spaced = spacing(self.execution.program).outputs
        if isinstance(prediction, dict):
            rows = prediction.items()
            return "\n".join(f"{name}: {show_outputs(values, self.tokens, spaced)}" for name, values in rows)
        if not isinstance(prediction, list):
            return spelled(str(prediction))
        return show_outputs(prediction, self.tokens, spaced)


@dataclass(frozen=True)
class Looped:
    """What a Program makes of a prompt, step by step."""

    program: Program
    found: Generated

    @property
    def is_hole(self) -> bool:
        """Whether a step reached a hole."""
        return self.found.hole is not None

    def line(self, as_json: bool) -> str:
        """What was appended, in one line."""
        from tprog.text.tokens import show_tokens, spacing

        found = self.found
        hole = None if found.hole is None else str(found.hole)
        if as_json:
            from analyze.results.run import RunLoopResult

            return json_text(RunLoopResult(found.prompt, found.tokens, found.ended, hole).to_json())
        text = show_tokens(found.tokens, spacing(self.program).inputs)
        return text if found.ended == "stop" else visible(f"{text} ({hole or _WHY[found.ended]})")


_WHY = {"steps": "no stop after so many steps", "length": "no stop before the longest input"}
"""Why a loop ended, where neither a stop nor a hole did it."""


def _check_file(file: Path, force: bool) -> None:
    """Refuse a file that answers cannot be written to."""
    if file.suffix.lower() not in (".txt", ".jsonl"):
        raise BadUsage(f"-o {file}: the ending picks the form, and this verb writes .txt, .jsonl")
    check_target(file, force=force)
