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
    from analyze.blame.presentation import Presentation
    from analyze.results.blame import Candidate, Suspect
    from analyze.results.checked import Checked
    from tprog.ir.places import ByOutput
    from tprog.ir.program import Program
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
    writes = None if applied is None or file is None else ChosenEdit(subject, applied, file, force)
    # A terminal shows the diff of one edit alone, and a diff takes as long as reading the module.
    one_diff = not as_json and (file is None or applied is not None)
    number = number or applied
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
        writes: the edit that is written to a file.
    """

    subject: Subject
    limit: int
    number: int | None
    one_diff: bool
    annotate: bool
    writes: ChosenEdit | None

    def presentation(self) -> Presentation:
        """As the analysis is told."""
        from analyze.blame.presentation import Presentation

        module, show = self.subject.module, self.subject.diff if self.writes is None else self.writes.diff
        text, diffs = module.text if self.annotate else None, (self.number or 1) if self.one_diff else None
        return Presentation(self.subject.name, text, module.lines, show, diffs)


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
    from analyze import blame as analysis
    from analyze.render.blame import blame_document, listed
    from tprog.text.tokens import parse_input

    tokens = parse_input(asked.text, wish.subject.program)
    expected = _expected(wish.subject, tokens, asked)
    inputs = drawn()
    with working("blame", inputs.description):
        result = analysis.blame(
            wish.subject.program,
            inputs,
            tokens,
            position=asked.position,
            output=asked.of,
            expected=expected,
            limit=wish.limit,
            thorough=asked.thorough or None,
            shown=wish.presentation(),
        )
    edits = listed(result, wish.limit)
    none = "the prediction is right, so there is no list of edits" if result.right else ""
    _refuse_number(wish.number, len(edits), none)
    output.show(result, partial(blame_document, result, wish.limit, wish.number or 1))
    if wish.writes is not None:
        wish.writes.write(edits, result.checked)


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
    from analyze.blame import all_failures as analysis
    from analyze.render.blame_all import blame_all_document

    subject = wish.subject
    if subject.task is None:
        if subject.unknown_task is not None:
            raise BadUsage(subject.unknown_task)
        raise BadUsage(f"{subject.name} names no task, so the right answers are unknown; name one with --task")
    inputs = drawn()
    with working("blame --all", inputs.description):
        result = analysis.blame_all(
            subject.program, inputs, limit=wish.limit, shown=wish.presentation(), verify_on=verify_on
        )
    nothing = "nothing is wrong, so there is no edit" if not result.wrong else ""
    _refuse_number(wish.number, len(result.entries), nothing)
    output.show(result, partial(blame_all_document, result, wish.number or 1))
    if wish.writes is not None:
        wish.writes.write(result.entries, result.checked)


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


class ChosenEdit:
    """The edit of a list that is to be written: the programs after each edit are kept until it is known which."""

    def __init__(self, subject: Subject, number: int, file: Path, force: bool) -> None:
        self.subject, self.number, self.file, self.force = subject, number, file, force
        self._after: dict[str, Program] = {}

    def diff(self, after: Program) -> str:
        """The change from the module to the program after an edit."""
        found = self.subject.diff(after)
        self._after[found] = after
        return found

    def write(self, edits: Sequence[Suspect | Candidate], checked: Checked) -> None:
        """Write the module, or the change."""
        edit = edits[self.number - 1]
        said = "; ".join(edit.edits) if hasattr(edit, "edits") else edit.edit
        claim = f"{said}; mends {edit.mended:,} and breaks {edit.broken:,} predictions on {checked.description}"
        write_edited(self.subject, self._after[edit.diff], edit.diff, ("edited", claim), self.file, self.force)
