"""The verb that looks for inputs that fail.

Imports stand inside the functions, so that ``tpdebug --help`` and a bad option cost nothing.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import (
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    LengthOption,
    ProgramArgument,
    ProgramOption,
    SampleOption,
    SeedOption,
    TaskOption,
    VocabularyOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.progress import working
from cli.subject import Subject, read_named, read_subject
from tprog.errors import BadUsage
from tprog.escape import string_literal
from tprog.rasp.names import is_source

if TYPE_CHECKING:
    from analyze.fuzz.oracles import Oracle
    from analyze.fuzz.relation import Relation
    from analyze.input_space import InputSpace
    from tprog.ir.program import Program

FOLDER = Path(".tpdebug") / "fuzz"
"""Where failing inputs are kept."""


def fuzz(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="PROGRAM", help="Compare with this program, not the task.", show_default=False
        ),
    ] = None,
    metamorphic: Annotated[
        bool, typer.Option("--metamorphic", help="Compare the answers to related inputs, not with right ones.")
    ] = False,
    relation: Annotated[
        list[str] | None,
        typer.Option(
            "--relation",
            metavar="FILE|NAME",
            help="The same, with a relation of your own in a Python file, or a named one; may be repeated.",
            show_default=False,
        ),
    ] = None,
    blamed: Annotated[
        int, typer.Option("--buckets-limit", min=0, metavar="COUNT", help="Blame at most so many failures.")
    ] = 40,
    database: Annotated[
        bool, typer.Option("--database/--no-database", help=f"Keep failures in {FOLDER}, and try them first.")
    ] = True,
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
) -> int:
    """Look for inputs that fail. They are shrunk and grouped by cause; exit 1 if there is one.

    A small input domain is tried whole, a larger one drawn from. -o FILE.py writes the failures as tests for pytest.
    """
    output = Output(as_json, file, force, color, ("py",))
    if against is not None and (metamorphic or relation):
        raise BadUsage("--against compares with a program, --metamorphic and --relation with none; give one of them")
    from analyze import fuzz as analysis
    from analyze.input_space import space_of
    from analyze.render.failing_tests import failing_tests
    from analyze.render.fuzz import fuzz_document

    if file is not None and file.suffix.lower() == ".py" and is_source(named := argument or program or ""):
        raise BadUsage(
            f"-o {file}: a test is of a module, and {named} is RASP source; write its module first, with tpdebug emit"
        )
    subject = read_subject(argument, program, task, weights, length, vocabulary, against)
    subject.tell()
    space = space_of(subject.program, subject.task, subject.length.tokens)
    other = None if against is None else read_named(against, length, vocabulary).program
    oracle, notes = _oracle(subject, space, other, against or "", metamorphic, tuple(relation or ()))
    with working("fuzz", f"against {oracle.against}") as report:
        result = analysis.fuzz(
            oracle,
            examples=sample,
            seed=seed,
            blamed=blamed,
            database=FOLDER if database else None,
            lines=subject.module.lines,
            name=subject.name,
            notes=notes,
            progress=report,
        )

    def tests() -> str:
        assert file is not None
        folder = file.absolute().parent
        files = [Path(path) for path in relation or () if _is_file(path)]
        own = {str(path): Path(os.path.relpath(path, folder)).as_posix() for path in files}
        judged = "" if task is None else _task_named(task, folder)
        return failing_tests(result, Path(os.path.relpath(subject.name, folder)).as_posix(), own, judged)

    output.show(result, partial(fuzz_document, result), {"py": tests})
    return int(result.failing > 0)


def _task_named(task: str, folder: Path) -> str:
    """The expression by which a test in a folder names a task: a file of somebody's own from where the test is."""
    from tprog.tasks.own import is_own
    from tprog.words.names import PREFIX, CorpusName, is_corpus

    def from_there(path: Path) -> str:
        return f"str(Path(__file__).parent / {string_literal(Path(os.path.relpath(path, folder)).as_posix())})"

    if is_corpus(task):
        named = CorpusName.of(task)
        if not named.path.exists():
            return string_literal(task)
        behind = str(named).removeprefix(f"{PREFIX}{named.path}")
        return f"{string_literal(PREFIX)} + {from_there(named.path)}" + (
            f" + {string_literal(behind)}" if behind else ""
        )
    return from_there(Path(task)) if is_own(task) else string_literal(task)


def _oracle(
    subject: Subject,
    space: InputSpace,
    other: Program | None,
    against: str,
    metamorphic: bool,
    named: tuple[str, ...],
) -> tuple[Oracle, tuple[str, ...]]:
    """What to compare with, and what is to be said about it."""
    from analyze.fuzz.oracles import Answers, Relations, against_program

    if other is not None:
        return against_program(space, other, against)
    if metamorphic or named:
        relations, notes = _relations(space, metamorphic, named)
        return Relations(space, relations), notes
    if space.task is not None:
        return Answers(space), ()
    if subject.unknown_task is not None:
        raise BadUsage(f"{subject.unknown_task}, or compare with --against, --metamorphic or --relation")
    raise BadUsage(
        f"{subject.name} names no task, so right answers are unknown; give --task, --against, --metamorphic or "
        "--relation"
    )


def _relations(
    space: InputSpace, metamorphic: bool, named: tuple[str, ...]
) -> tuple[tuple[Relation, ...], tuple[str, ...]]:
    from analyze.fuzz.own_relation import read_relation
    from analyze.fuzz.relations import find_relation, relations_of, worth_trying

    found = [*(relations_of(space) if metamorphic else ())]
    files = {str(Path(name)): read_relation(name) for name in named if _is_file(name)}
    found += [files[str(Path(name))] if _is_file(name) else find_relation(space, name) for name in named]
    return worth_trying(space, found)


def _is_file(name: str) -> bool:
    return name.lower().endswith(".py")
