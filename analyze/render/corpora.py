"""`data` as a document."""

from __future__ import annotations

from analyze.render.document import GOOD, Cell, Document, Heading, document, number, table
from analyze.render.phrases import counted
from analyze.results.corpus import CorporaResult


def corpora_document(result: CorporaResult) -> Document:
    """The corpora that can be named; of one alone, what it holds."""
    return _one(result) if result.splits else _all(result)


def _all(result: CorporaResult) -> Document:
    ready = sum(bool(line.where) for line in result.corpora)
    rows = [(line.name, line.what, "yes" if line.where else "no") for line in result.corpora]
    missing = [(line.name, line.advice) for line in result.corpora if line.advice]
    return document(
        f"{ready} of {len(rows)} are here",
        GOOD,
        table(("name", "what", "here"), rows, whole=("name", "here"), name="corpora"),
        table(("name", "to prepare it, run"), missing, whole=("name",), name="missing"),
    )


def _one(result: CorporaResult) -> Document:
    (line,) = result.corpora
    sentences = sum(split.sentences for split in result.splits)
    answers = "tags" if result.scheme is not None else "answers"
    told = f"{len(result.classes)} {answers}; {result.vocabulary:,} different words in training (digits as @)"
    columns = ("split", f"{result.noun}s", "words", "longest", "words seen in training")
    splits = [
        (
            split.split,
            number(split.sentences),
            number(split.words),
            number(split.longest),
            _share(split.known / max(split.words, 1)),
        )
        for split in result.splits
    ]
    classes = [(name, number(count)) for name, count in result.classes]
    return document(
        f"{line.name}: {counted(sentences, result.noun)}, {line.where or 'not prepared'}",
        GOOD,
        told,
        table(columns, splits, columns[1:], name="splits"),
        table(("answer", "in training"), classes, ("in training",), name="answers"),
        table(("how it was read",), [(note,) for note in result.notes]),
        Heading(f"terms: {result.licence}") if result.licence else None,
    )


def _share(share: float) -> Cell:
    return Cell(share, f"{100 * share:.1f} %")
