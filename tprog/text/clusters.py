"""Clusters: the words that an embedding gives one value, and the comments of a module that list them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tprog.escape import spelled, string_literal, visible
from tprog.ir.program import Node, Program, Symbol
from tprog.ir.values import shown
from tprog.listing import counted
from tprog.text.builder import LINE_LENGTH

LISTED_WORDS = 100
"""A module of a larger vocabulary lists its clusters: in a smaller table a reader sees them as it stands."""

FIRST_WORDS = 10
"""Words of a cluster that are listed."""

LONGEST_WORD = 40
"""Characters of a word that are shown where many words stand together."""

FREQUENT_FIRST = ("vocabulary", "most frequent first")
"""The provenance of a program whose vocabulary is in the order of how often words were counted."""


@dataclass(frozen=True)
class Cluster:
    """The words of one value.

    Attributes:
        value: None for the words that have none, which are holes.
        words: in the order of the vocabulary.
    """

    value: Symbol | None
    words: tuple[str, ...]


def clusters(program: Program, node: Node) -> tuple[Cluster, ...]:
    """The clusters of an embedding, in the order of its values, holes last if there are any; none of another node."""
    if node.words is None or node.declares is None:
        return ()
    found: dict[Symbol | None, list[str]] = {value: [] for value in node.declares}
    for word, value in zip(program.vocabulary, node.words, strict=True):
        found.setdefault(value, []).append(word)
    return tuple(Cluster(value, tuple(words)) for value, words in found.items())


def word_shown(word: str) -> str:
    """A word among others: as it stands where that is plain, else quoted; the end of a long one is cut."""
    told = word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 3]}..."
    return told if told.isalnum() and spelled(told) == told else string_literal(told)


def cluster_comments(program: Program) -> Mapping[str, Mapping[Symbol | None, tuple[str, ...]]]:
    """Embedding -> value -> the lines of its comment, in the order in which they stand.

    There are none of a vocabulary that is small enough to read.
    """
    if len(program.vocabulary) <= LISTED_WORDS:
        return {}
    found = {node.name: clusters(program, node) for node in program.nodes if node.words is not None}
    return {name: {each.value: tuple(_lines(each)) for each in some} for name, some in found.items()}


def cluster_head(program: Program) -> str:
    """The line above these comments."""
    order = "the most frequent" if FREQUENT_FIRST in program.provenance else f"the first {FIRST_WORDS} of VOCABULARY"
    return f"# What each value of an embedding stands for: how many words, and {order}."


def _lines(cluster: Cluster) -> Iterator[str]:
    """The comment of a cluster. A word is never broken, lest it be taken for two."""
    value = "no value" if cluster.value is None else visible(shown(cluster.value))
    line = f"#   {value}: {counted(len(cluster.words), 'word')}{':' * bool(cluster.words)}"
    told = [f"{word_shown(word)}," for word in cluster.words[:FIRST_WORDS]]
    if len(cluster.words) > FIRST_WORDS:
        told.append("...")
    elif told:
        told[-1] = told[-1][:-1]
    for word in told:
        if len(line) + 1 + len(word) > LINE_LENGTH:
            yield line
            line = "#      "
        line += f" {word}"
    yield line
