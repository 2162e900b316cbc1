"""`words` as a document."""

from __future__ import annotations

from analyze.render.document import STRONG, Cell, Change, Document, Heading, Part, Table, document, number, table, word
from analyze.render.phrases import counted
from analyze.results.words import ClusterShown, EmbeddingShown, FoundWord, WordsResult
from tprog.ir.values import shown
from tprog.text.clusters import word_shown

SHOWN = 100
"""Lines of a change that a terminal shows: an embedding has thousands of rows."""


def words_document(result: WordsResult) -> Document:
    """The clusters, embedding by embedding; of a word, what it reads as; of other names, the change."""
    order = "the most frequent first" if result.frequent_first else "in the order of the vocabulary"
    if result.renamed:
        assert result.checked is not None
        return document(
            f"{result.program}: {counted(len(result.renamed), 'value')} renamed",
            STRONG,
            *result.renamed,
            "no prediction changes: names alone do, and those taken back give the program again",
            f"compared as well on {result.checked.description}",
            *_change(result.diff),
        )
    embeddings = counted(len(result.variables), "embedding")
    return document(
        f"{result.program}: {counted(result.vocabulary, 'word')}, {embeddings}",
        STRONG,
        *(() if result.found is None else _found(result.found)),
        f"words stand {order}" if result.found is None or result.found.reads_as is not None else None,
        *(part for each in result.variables if each.clusters for part in _embedding(each)),
        _clusters(result),
    )


def _change(diff: str) -> list[Part]:
    """The change, or its beginning."""
    return [Heading("the change:"), Change(diff, SHOWN, "-o FILE.diff writes all")] if diff else []


def _found(found: FoundWord) -> list[str]:
    said = word_shown(found.word)
    if found.reads_as is None:
        lines = [f"{said} is no word of the program, which refuses it"]
    elif found.reads_as != found.word:
        lines = [f"{said} is no word of the program: it reads as {word_shown(found.reads_as)}"]
    else:
        lines = []
    if found.near:
        lines.append(f"words with it in them: {_listed(found.near, len(found.near))}")
    if found.reads_as is not None:
        own = word_shown(found.reads_as)
        others = "has the values of no other word in all embeddings"
        if found.alike_count:
            others = f"has all values in common with {counted(found.alike_count, 'other word')}: "
            others += _listed(found.alike, found.alike_count)
        lines.append(f"{own} {others}")
    return lines


def _embedding(each: EmbeddingShown) -> list[Part | str]:
    readers = ", ".join(each.readers) or "nothing"
    line = "" if each.line is None else f"line {each.line}; "
    rows = map(_row, each.clusters)
    return [table((each.variable, "words", "which"), rows, ("words",)), f"{line}read by {readers}"]


def _row(cluster: ClusterShown) -> tuple[object, ...]:
    value = "a hole" if cluster.value is None else shown(cluster.value)
    listed = _listed(cluster.words, cluster.count)
    return value, number(cluster.count), Cell(listed, listed, whole=True)


def _clusters(result: WordsResult) -> Table:
    """A row for each word that is listed, as data."""
    rows = [
        (each.variable, None if cluster.value is None else shown(cluster.value), word(listed), cluster.count)
        for each in result.variables
        for cluster in each.clusters
        for listed in cluster.words
    ]
    return table(("embedding", "value", "word", "words of the value"), rows, name="words", seen=False)


def _listed(words: tuple[str, ...], count: int) -> str:
    return ", ".join(map(word_shown, words)) + (", ..." if count > len(words) else "")
