"""What somebody calls a corpus: its prepared name, a file or a folder, and a split of it: ``corpus:tags.csv@valid``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tprog.words.columns import ENDINGS
from tprog.words.prepared import is_prepared
from tprog.words.rows import split_columns
from tprog.words.sources import SOURCES
from tprog.words.synthetic import MADE

PREFIX = "corpus:"
"""What says that a file is to be read as a corpus, though it could be read as examples."""

_SPLITS = "(?:train|valid|test|all)(?:,(?:train|valid|test|all))*"

_SPLIT = re.compile(f"(.+)@({_SPLITS})", re.DOTALL)


def are_splits(name: str) -> bool:
    """Whether these are splits of a corpus, with commas between."""
    return re.fullmatch(_SPLITS, name) is not None


@dataclass(frozen=True)
class CorpusName:
    """A corpus and a split of it.

    Attributes:
        source: a prepared corpus, a file or a folder, with the columns of a file behind it if they are said.
        split: None where nobody says which.
    """

    source: str
    split: str | None = None

    @classmethod
    def of(cls, name: str) -> CorpusName:
        """What is meant by a name."""
        found = _SPLIT.fullmatch(name.removeprefix(PREFIX))
        return cls(name.removeprefix(PREFIX)) if found is None else cls(found[1], found[2])

    @property
    def path(self) -> Path:
        """The file or folder, if it is one."""
        return Path(split_columns(self.source)[0])

    def __str__(self) -> str:
        return PREFIX + self.source + ("" if self.split is None else f"@{self.split}")


def is_corpus(name: str) -> bool:
    """Whether a task's name is that of a corpus."""
    if name.startswith(PREFIX):
        return True
    called = CorpusName.of(name)
    if called.path.suffix.lower() in ENDINGS:
        return True
    return called.source in SOURCES or called.source in MADE or is_prepared(called.source)
