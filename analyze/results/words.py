"""What `words` tells: the clusters of words that a program's embeddings make, and what other names change."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from analyze.record import Result
from analyze.results.checked import Checked
from tprog.ir.values import Value


@dataclass(frozen=True)
class ClusterShown:
    """The words of one value of an embedding.

    Attributes:
        value: None for the words that have none, which are holes.
        count: how many words.
        words: the first of them, in the order of the vocabulary.
    """

    value: Value | None
    count: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddingShown:
    """One embedding variable.

    Attributes:
        values: how many values it may have.
        readers: who reads it, in execution order; the readout is one of them.
        clusters: those that were asked for, in the order of the values, holes last.
    """

    variable: str
    line: int | None
    values: int
    readers: tuple[str, ...]
    clusters: tuple[ClusterShown, ...]


@dataclass(frozen=True)
class FoundWord:
    """What a program reads for a word.

    Attributes:
        word: as asked for.
        reads_as: the word of the vocabulary that it reads as; None where the program cannot read it.
        alike: other words that have the same value in all embeddings, the first of them.
        alike_count: how many these are.
        near: words of the vocabulary that have it in them, whatever the case, where it is none itself.
    """

    word: str
    reads_as: str | None
    alike: tuple[str, ...]
    alike_count: int
    near: tuple[str, ...]


@dataclass(frozen=True)
class WordsResult(Result):
    """The clusters of a program, or what other names of values change.

    Attributes:
        vocabulary: how many words the program knows, its marks included.
        frequent_first: whether words are in the order of how often they were counted.
        variables: the embeddings that were asked about, in execution order.
        found: the word that was looked for.
        renamed: each value that has another name, in words; none: nothing was renamed.
        checked: the inputs on which the programs before and after were compared, and nothing differed.
        diff: the change.
    """

    verb: ClassVar[str] = "words"

    program: str
    vocabulary: int
    frequent_first: bool
    variables: tuple[EmbeddingShown, ...]
    found: FoundWord | None = None
    renamed: tuple[str, ...] = field(default=())
    checked: Checked | None = None
    diff: str = ""
