"""The text of `data`."""

from __future__ import annotations

from rich.console import RenderableType

from analyze.render.tables import GOOD, counted, page, table
from analyze.results.corpus import CorporaResult


def corpora_text(result: CorporaResult) -> RenderableType:
    """The corpora that can be named; of one alone, what it holds."""
    return _one(result) if result.splits else _all(result)


def _all(result: CorporaResult) -> RenderableType:
    ready = sum(bool(line.where) for line in result.corpora)
    rows = [(line.name, line.what, "yes" if line.where else "no") for line in result.corpora]
    missing = [(line.name, line.advice) for line in result.corpora if line.advice]
    return page(
        f"{ready} of {len(rows)} are here",
        GOOD,
        table(("name", "what", "here"), rows, whole=("name", "here")),
        table(("name", "to prepare it, run"), missing, whole=("name",)) if missing else None,
    )


def _one(result: CorporaResult) -> RenderableType:
    (line,) = result.corpora
    sentences = sum(split.sentences for split in result.splits)
    answers = "tags" if result.scheme is not None else "answers"
    told = f"{len(result.classes)} {answers}; {result.vocabulary:,} different words in training (digits as @)"
    splits = table(
        ("split", "sentences", "words", "longest", "words seen in training"),
        [
            (
                split.split,
                f"{split.sentences:,}",
                f"{split.words:,}",
                f"{split.longest:,}",
                f"{100 * split.known / max(split.words, 1):.1f} %",
            )
            for split in result.splits
        ],
        ("sentences", "words", "longest", "words seen in training"),
    )
    classes = table(
        ("answer", "in training"), [(name, f"{count:,}") for name, count in result.classes], ("in training",)
    )
    return page(
        f"{line.name}: {counted(sentences, 'sentence')}, {line.where or 'not prepared'}",
        GOOD,
        told,
        splits,
        classes,
        *([table(("how it was read",), [(note,) for note in result.notes])] if result.notes else []),
        f"\nterms: {result.licence}" if result.licence else None,
    )
