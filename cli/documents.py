"""The documents that come with tpdebug: which there are, and parts of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tprog.errors import BadFile, BadUsage

TOPICS = {
    "tutorial": "the verbs one by one, and debugging a program with a planted fault",
    "own-task": "training on a task of your own: a Python file, or examples",
    "ner": "names in sentences, from data to a mended error: words, clusters, corpora",
    "data": "corpora: sentences with tags or labels, their formats, and how they are asked about",
    "rasp": "programs and tasks written in RASP: the language, the console, Python",
    "compile": "any program as the weights of a Transformer, exact, with its circuit known",
    "method": "what each word of an answer means exactly, with its source",
    "training": "the same for training",
    "decompile": "small GPTs: training one, its tasks, its folder",
    "api": "the functions, for use in Python",
    "messages": "what an error message means and what to do",
    "how-it-works": "the code, and what may be edited in a module",
    "compatibility": "what modules and results of one version mean to another",
}
"""Topic -> what it is about. The document of each is ``docs/TOPIC.md``."""


INSTALLED = Path(__file__).parent / "docs"
"""Where the documents are once tpdebug is installed; in a clone they are in ``docs/``."""


def document(topic: str) -> str:
    """The text of a topic, in Markdown.

    Raises:
        BadFile: it is not installed.
    """
    for folder in (INSTALLED, Path(__file__).parents[1] / "docs"):
        if (folder / f"{topic}.md").is_file():
            return (folder / f"{topic}.md").read_text(encoding="utf-8")
    raise BadFile(f"the document {topic}.md is not installed; expected it in {INSTALLED}: install tpdebug anew")


def sections(text: str, topic: str, wanted: str) -> Iterator[str]:
    """The sections whose heading has the words in it, each with those below it."""
    parts = re.split(r"^(?=#+ )", _outside_code(text), flags=re.MULTILINE)
    found, depth = False, 0
    for part in parts:
        marks, _, heading = part.partition("\n")[0].partition(" ")
        inside = 0 < depth < len(marks)
        if not inside:
            depth = len(marks) if wanted.casefold() in heading.casefold() and marks else 0
        if depth:
            found = True
            yield part.replace(_HASH, "#")
    if not found:
        headings = [line.lstrip("# ") for line in _outside_code(text).split("\n") if line.startswith("#")]
        raise BadUsage(f"no heading of {topic} has {wanted!r} in it; it has: {'; '.join(headings)}")


_HASH = "\0"  # stands for a # that begins a line of code, which is no heading


def _outside_code(text: str) -> str:
    """The text with ``#`` at the beginning of code lines hidden."""
    return re.sub(
        r"^```.*?^```", lambda code: re.sub("^#", _HASH, code[0], flags=re.MULTILINE), text, flags=re.M | re.S
    )


def linked(text: str) -> str:
    """The text with links to documents as what to type, and other links as their words."""

    def told(link: re.Match[str]) -> str:
        words, target = link[1], link[2].partition("#")[0].removeprefix("docs/")
        topic = target.removesuffix(".md")
        if topic not in TOPICS or target == topic:
            return link[0] if "://" in link[2] else words
        return (
            f"`tpdebug help {topic}`" if words.removeprefix("docs/") == target else f"{words} (`tpdebug help {topic}`)"
        )

    return re.sub(r"(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)", told, text)
