"""The verb `words`: the clusters of words that embeddings make, and other names for them."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from cli.edited import edited_path, write_edited
from cli.options import (
    ColorOption,
    FileOption,
    ForceOption,
    JsonOption,
    ProgramArgument,
    ProgramOption,
    WeightsOption,
)
from cli.output import Color, Output
from cli.subject import Subject, read_subject
from tprog.errors import BadUsage

if TYPE_CHECKING:
    from analyze.results.words import WordsResult
    from tprog.ir.program import Program

COMPARED = 2000
"""Inputs on which a program with other names is compared with the one before."""


def words(
    argument: ProgramArgument = None,
    program: ProgramOption = None,
    find: Annotated[
        str | None,
        typer.Option("--find", metavar="WORD", help="What the program reads for a word.", show_default=False),
    ] = None,
    variable: Annotated[
        str | None, typer.Option("--variable", metavar="NAME", help="Of this embedding alone.", show_default=False)
    ] = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="VALUE", help="Of this value alone.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="COUNT",
            help="List so many words of a cluster.",
            show_default="10; of --value 100",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="NAME:VALUE=NEW",
            help="Give a value another name wherever it is read, as emb_0:7=PERSON-LIKE; -o writes the module, or the "
            "change to FILE.diff. May be given more than once.",
            show_default=False,
        ),
    ] = None,
    weights: WeightsOption = None,
    as_json: JsonOption = False,
    file: FileOption = None,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> int:
    """List the words of each value of an embedding. Exit 1 if a word looked for is none of the program's."""
    if rename:
        if (find, variable, value, limit) != (None,) * 4:
            raise BadUsage("--find, --variable, --value and --limit are about looking; leave them out with --rename")
        if file is not None:
            edited_path(file, force)
    output = Output(as_json, None if rename else file, force, color)
    from analyze.render.words import words_document
    from analyze.words import find_words

    subject = read_subject(argument, program, weights=weights)
    if rename:
        result, after = _renamed(subject, rename)
        # What goes to a file need not stand in the terminal as well.
        told = result if file is None or as_json else dataclasses.replace(result, diff="")
        output.show(told, partial(words_document, told))
        if file is not None:
            claim = "; ".join(result.renamed)
            write_edited(subject, after, result.diff, ("renamed", claim), file, force, measured=False)
        return 0
    found = find_words(
        subject.module.program,
        word=find,
        variable=variable,
        value=value,
        limit=limit or _listed(value, whole=as_json or file is not None),
        lines=subject.module.lines,
        name=subject.name,
    )
    output.show(found, partial(words_document, found))
    return int(found.found is not None and found.found.reads_as != found.found.word)


def _listed(value: str | None, *, whole: bool) -> int | None:
    """How many words of a cluster are listed unless told otherwise; None: all."""
    return None if whole else 10 if value is None else 100


def _renamed(subject: Subject, given: list[str]) -> tuple[WordsResult, Program]:
    from analyze.words import parse_renaming, rename_values
    from tprog.tasks.builtin import inputs_for
    from tprog.tasks.classes import change

    program = subject.module.program
    edits = []
    after = program
    for text in given:
        edits.append(parse_renaming(text, after))
        after = edits[-1].apply(after)
    inputs = inputs_for(dataclasses.replace(program, task=None), COMPARED)
    return rename_values(
        program,
        edits,
        inputs.batch,
        inputs.description,
        show=partial(change, subject.module),
        lines=subject.module.lines,
        name=subject.name,
    )
