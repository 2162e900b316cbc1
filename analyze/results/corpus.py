"""What corpora there are, or what one of them holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from analyze.record import WHERE_TOLD, Result


@dataclass(frozen=True)
class SplitCount:
    """A split of a corpus.

    Attributes:
        longest: words of the longest sentence.
        known: words that stand in training too, each as often as it stands there.
    """

    split: str
    sentences: int
    words: int
    longest: int
    known: int


@dataclass(frozen=True)
class CorpusLine:
    """A corpus.

    Attributes:
        what: in words.
        where: the folder of its prepared copy, "made by tpdebug", or empty where it has not been prepared.
        advice: what to run to prepare it.
    """

    name: str
    what: str
    where: str
    advice: str = ""


@dataclass(frozen=True)
class CorporaResult(Result):
    """The corpora that are known, or one of them with what it holds.

    Attributes:
        sha256: of what was read, in hexadecimal.
        classes: its tags or labels, with how often each stands in training.
        scheme: of its tags, before they were read as IOB2.
        vocabulary: different words in training, runs of digits as one.
        notes: how it was read, where there was a choice, one line each.
        licence: under which terms it may be used.
        noun: what one of them is, in a word.
    """

    verb: ClassVar[str] = "data"

    corpora: tuple[CorpusLine, ...]
    sha256: str = ""
    splits: tuple[SplitCount, ...] = ()
    classes: tuple[tuple[str, int], ...] = ()
    scheme: str | None = None
    vocabulary: int = 0
    notes: tuple[str, ...] = ()
    licence: str = ""
    noun: str = field(default="sentence", metadata=WHERE_TOLD)
