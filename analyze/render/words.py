"""The text of `words`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from analyze.render.tables import counted, page, table
from analyze.results.words import ClusterShown, EmbeddingShown, FoundWord, WordsResult
from tprog.escape import visible_lines
from tprog.ir.values import shown
from tprog.text.clusters import word_shown

SHOWN = 100
"""Lines of a change that a terminal shows: an embedding has thousands of rows."""


def words_text(result: WordsResult) -> RenderableType:
    """The clusters, embedding by embedding; of a word, what it reads as; of other names, the change."""
    order = "the most frequent first" if result.frequent_first else "in the order of the vocabulary"
    if result.renamed:
        assert result.checked is not None
        return page(
            f"{result.program}: {counted(len(result.renamed), 'value')} renamed",
            "bold",
            *result.renamed,
            "no prediction changes: names alone do, and those taken back give the program again",
            f"compared as well on {result.checked.description}",
            _diff(result.diff) if result.diff else None,
        )
    embeddings = counted(len(result.variables), "embedding")
    return page(
        f"{result.program}: {counted(result.vocabulary, 'word')}, {embeddings}",
        "bold",
        *(() if result.found is None else _found(result.found)),
        f"words stand {order}" if result.found is None or result.found.reads_as is not None else None,
        *(part for each in result.variables if each.clusters for part in _embedding(each)),
    )


def _diff(diff: str) -> Text:
    """The change, or its beginning."""
    lines = visible_lines(diff).rstrip("\n").split("\n")
    more = f"\n... and {len(lines) - SHOWN:,} more lines; -o FILE.diff writes all" if len(lines) > SHOWN else ""
    return Text("\n" + "\n".join(lines[:SHOWN]) + more)


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


def _embedding(each: EmbeddingShown) -> list[RenderableType | str]:
    readers = ", ".join(each.readers) or "nothing"
    line = "" if each.line is None else f"line {each.line}; "
    columns = (each.variable, "words", "which")
    rows = [_row(cluster) for cluster in each.clusters]
    return [table(columns, rows, ("words",)), f"{line}read by {readers}"]


def _row(cluster: ClusterShown) -> tuple[object, ...]:
    value = "a hole" if cluster.value is None else shown(cluster.value)
    return value, f"{cluster.count:,}", Text(_listed(cluster.words, cluster.count))


def _listed(words: tuple[str, ...], count: int) -> str:
    return ", ".join(map(word_shown, words)) + (", ..." if count > len(words) else "")
