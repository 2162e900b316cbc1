"""The verb that explains a prediction, and finds what would mend it: or what would mend all failures.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.edited import edited_path, write_edited
from cli.options import (
    ColorOption,
    ExpectOption,
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
    TaskOption,
    VerifyOnOption,
    VisitedOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import Subject, inputs_of_other, read_subject
from tprog.errors import BadUsage
from tprog.listing import counted

if TYPE_CHECKING:
    from analyze.blame.candidates import Blamed
    from analyze.blame.presentation import Presentation
    from analyze.results.blame import BlameAllResult, BlameResult, Candidate, Suspect
    from tprog.ir.places import ByOutput
    from tprog.tasks.builtin import Inputs

LISTED, LISTED_ALL = 10, 20
"""Edits of one prediction, and entries for all failures, that are shown unless told otherwise."""


def blame(
    text: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="TEXT",
            help='The input to explain: "abbc", "words with spaces", or a JSON list.',
            show_default=False,
        ),
    ] = None,
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    every: Annotated[bool, typer.Option("--all", help="All failures: which lines are to blame for how many.")] = False,
    position: PositionOption = None,
    of: OfOption = None,
    expect: ExpectOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="COUNT",
            help="Show at most so many edits.",
            show_default=f"{LISTED}; {LISTED_ALL} with --all",
        ),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Show the module too, with responsibility in its margin.")
    ] = False,
    thorough: Annotated[
        bool,
        typer.Option(
            "--thorough", help="If no single edit mends all, look for redefinitions of nodes in large programs too."
        ),
    ] = False,
    number: Annotated[
        int | None,
        typer.Option(
            "--show",
            min=1,
            metavar="N",
            help="Show edit N of the list as a change of the source.",
            show_default="the first",
        ),
    ] = None,
    applied: Annotated[
        int | None,
        typer.Option(
            "--apply",
            min=1,
            metavar="N",
            help="Write the module with edit N of the list to -o FILE.py, or the change to FILE.diff.",
            show_default=False,
        ),
    ] = None,
    verify_on: VerifyOnOption = None,
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
    """Find the edits that mend a wrong prediction, or all. Where it is right: the entries that it depends on."""
    of_one = any(given not in (None, False) for given in (position, of, expect, thorough))
    _refuse_contradictions(every, text, of_one, number, applied, verify_on)
    output = _output(as_json, file, force, color, applied)
    subject = read_subject(argument, program, task, weights, length, vocabulary)
    # A terminal shows the diff of one edit alone, and a diff takes as long as reading the module.
    one_diff = not as_json and (file is None or applied is not None)
    number = number or applied
    writes = None if applied is None or file is None else (file, force)
    wish = _Wish(subject, _limit(limit, every, number), number, one_diff, annotate or _is_page(file), writes)
    inputs = partial(subject.inputs, sample, seed, loop=loop, stop=stop)
    if text is None:
        other = None if verify_on is None else inputs_of_other(subject, verify_on, task, length)
        _blame_all(wish, output, inputs, other)
    else:
        _blame_one(wish, output, _Question(text, position, of, expect, thorough), inputs)


def _limit(asked: int | None, every: bool, number: int | None) -> int:
    """How many edits are shown: the one that is shown as a change among them."""
    return max(asked or (LISTED_ALL if every else LISTED), number or 1)


@dataclass(frozen=True)
class _Question:
    """The prediction to explain, as the command line names it."""

    text: str
    position: int | None
    of: str | None
    expect: str | None
    thorough: bool


@dataclass(frozen=True)
class _Wish:
    """How the edits that are found are to be shown.

    Attributes:
        limit: at most so many of them.
        number: which of them as a change of the source; None: the first.
        one_diff: whether the change of no other one is shown.
        annotate: whether the module is shown too.
        writes: the file to which the edit `number` is written, and whether one that is there is replaced.
    """

    subject: Subject
    limit: int
    number: int | None
    one_diff: bool
    annotate: bool
    writes: tuple[Path, bool] | None

    def presentation(self) -> Presentation:
        """As the analysis is told."""
        from analyze.blame.presentation import Presentation
        from tprog.tasks.classes import change

        module = self.subject.module
        text, diffs = module.text if self.annotate else None, (self.number or 1) if self.one_diff else None
        return Presentation(self.subject.name, text, module.lines, partial(change, module), diffs)

    def write(self, blamed: Blamed[BlameResult] | Blamed[BlameAllResult], edits: Sequence[Suspect | Candidate]) -> None:
        """Write the module with the edit of a list that is wished for, or the change."""
        if self.writes is None or self.number is None:
            return
        edit = edits[self.number - 1]
        said = "; ".join(edit.edits) if hasattr(edit, "edits") else edit.edit
        on = blamed.result.checked.description
        claim = f"{said}; mends {edit.mended:,} and breaks {edit.broken:,} predictions on {on}"
        write_edited(self.subject, blamed.after(edit), edit.diff, ("edited", claim), *self.writes)


def _is_page(file: Path | None) -> bool:
    return file is not None and file.suffix.lower() == ".html"


def _refuse_contradictions(
    every: bool, text: str | None, of_one: bool, number: int | None, applied: int | None, verify_on: str | None
) -> None:
    """Refuses options that say two things."""
    if every == (text is not None):
        raise BadUsage("name one input with --input TEXT, or ask about all failures with --all")
    if every and of_one:
        raise BadUsage("--position, --of, --expect and --thorough are about one input; leave them out with --all")
    if number is not None and applied is not None and number != applied:
        raise BadUsage(f"--show {number} and --apply {applied} are two edits; give one")
    if verify_on is not None and not every:
        raise BadUsage("--verify-on is about the edits of --all; leave it out with --input")


def _blame_one(wish: _Wish, output: Output, asked: _Question, drawn: Callable[[], Inputs]) -> None:
    from analyze.blame import explained
    from analyze.blame.prediction import ask
    from analyze.render.blame import blame_document, listed
    from tprog.text.tokens import parse_input

    tokens = parse_input(asked.text, wish.subject.program)
    expected = _expected(wish.subject, tokens, asked)
    inputs = drawn()
    with working("blame", inputs.description):
        prediction = ask(wish.subject.program, tokens, asked.position, expected, asked.of)
        blamed = explained(prediction, inputs, wish.limit, asked.thorough or None, wish.presentation())
    result = blamed.result
    edits = listed(result, wish.limit)
    none = "the prediction is right, so there is no list of edits" if result.right else ""
    _refuse_number(wish.number, len(edits), none)
    output.show(result, partial(blame_document, result, wish.limit, wish.number or 1))
    wish.write(blamed, edits)


def _expected(subject: Subject, tokens: Sequence[str], asked: _Question) -> ByOutput[str | None]:
    expected = subject.answers(tokens, asked.expect, asked.position, asked.of)
    if expected is not None:
        return expected
    if subject.task is not None:
        raise BadUsage(f"the task {subject.task.name!r} has no answer to this input; give it with --expect")
    if subject.unknown_task is not None:
        raise BadUsage(f"{subject.unknown_task}, or the right answer with --expect")
    raise BadUsage(f"{subject.name} names no task, so the right answer is unknown; give --expect or --task")


def _blame_all(wish: _Wish, output: Output, drawn: Callable[[], Inputs], verify_on: Inputs | None) -> None:
    from analyze.blame.all_failures import all_explained
    from analyze.render.blame_all import blame_all_document

    subject = wish.subject
    if subject.task is None:
        if subject.unknown_task is not None:
            raise BadUsage(subject.unknown_task)
        raise BadUsage(f"{subject.name} names no task, so the right answers are unknown; name one with --task")
    inputs = drawn()
    with working("blame --all", inputs.description):
        blamed = all_explained(subject.program, inputs, wish.limit, wish.presentation(), verify_on)
    result = blamed.result
    nothing = "nothing is wrong, so there is no edit" if not result.wrong else ""
    _refuse_number(wish.number, len(result.entries), nothing)
    output.show(result, partial(blame_all_document, result, wish.number or 1))
    wish.write(blamed, result.entries)


def _output(as_json: bool, file: Path | None, force: bool, color: Color, applied: int | None) -> Output:
    """Where the answer goes: with ``--apply``, the file is not for the answer but for the edited module."""
    if applied is None:
        return Output(as_json, file, force, color)
    if file is None:
        raise BadUsage(f"--apply {applied} writes a module, or a .diff; name it with -o FILE")
    edited_path(file, force)
    return Output(as_json, None, force, color)


def _refuse_number(number: int | None, count: int, none: str) -> None:
    """Refuses an edit that the list does not have."""
    if number is None or number <= count:
        return
    has = none or ("no edit was found" if count == 0 else f"the list has {counted(count, 'edit')}")
    raise BadUsage(f"there is no edit {number}: {has}")
