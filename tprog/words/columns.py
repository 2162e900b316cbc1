"""CoNLL columns: a word a line, its tag in another column of it, blank lines between sentences.

Tabs divide columns if the first line has one, else blanks do. Lines of ``-DOCSTART-`` belong to no sentence, and so do
comments (``# …`` before the first word of a sentence).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from sys import intern

from tprog.errors import BadFile
from tprog.words.corpus import Sentence
from tprog.words.rows import Columns

DOCUMENT = "-DOCSTART-"

ENDINGS = (".conll", ".iob", ".iob2", ".bio", ".bioes")
"""What tells a file of columns."""


def read_columns(path: Path, text: str, columns: Columns | None = None) -> tuple[Sentence, ...]:
    """The sentences of a text in columns, with their tags as they are written.

    Args:
        path: where it stands, for messages.
        columns: the numbers of the columns of words and of tags, from 1; left out, the first and the last.

    Raises:
        BadFile: a line has not the columns of the first one, or no such columns; the message names it.
    """
    blocks = tuple(_blocks(text))
    beginning = blocks[0][0] if blocks else (1, "")
    cut = "\t" if "\t" in beginning[1] else None
    count = len(beginning[1].split(cut))
    word, tag = _chosen(f"{path}:{beginning[0]}", count, cut, columns)
    sentences: list[Sentence] = []
    for block in blocks:
        rows = [(at, cells) for at, line in block if (cells := line.split(cut))[0] != DOCUMENT]
        while rows and rows[0][1][0].startswith("#") and len(rows[0][1]) != count:
            del rows[0]
        for at, cells in rows:
            if len(cells) != count or not cells[word] or not cells[tag]:
                raise _misfit(f"{path}:{at}", cells, count, cut, beginning[0])
        if rows:
            words, tags = (tuple(intern(cells[column]) for _, cells in rows) for column in (word, tag))
            sentences.append(Sentence(words, tags, rows[0][0]))
    return tuple(sentences)


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """The lines between blank ones, each with its number."""
    block: list[tuple[int, str]] = []
    for at, written in enumerate(text.split("\n"), 1):
        if line := written.strip("\r ") and written.removesuffix("\r"):
            block.append((at, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _chosen(where: str, count: int, cut: str | None, columns: Columns | None) -> tuple[int, int]:
    """The places of the word and of the tag in a line, from 0."""
    if columns is None:
        if count < 2:
            raise BadFile(f"{where}: one column; expected a word and a tag at least, with {_divider(cut)} between them")
        return 0, count - 1
    if columns.more:
        raise BadFile(
            f"{where}: {len(columns.names)} columns are named; expected that of the words and that of the tags"
        )
    numbers = [int(name) if re.fullmatch("[1-9][0-9]{0,2}", name) else 0 for name in (columns.input, columns.output)]
    for name, number in zip((columns.input, columns.output), numbers, strict=True):
        if not 1 <= number <= count:
            raise BadFile(f"{where}: there is no column {name!r}; expected numbers from 1 to {count}")
    return numbers[0] - 1, numbers[1] - 1


def _misfit(where: str, cells: Sequence[str], count: int, cut: str | None, first: int) -> BadFile:
    if len(cells) != count:
        found = f"{len(cells)} column{'s' * (len(cells) != 1)}"
        return BadFile(f"{where}: {found}; expected {count}, as in line {first} ({_divider(cut)} divide them)")
    return BadFile(f"{where}: a column is empty; expected a word and a tag")


def _divider(cut: str | None) -> str:
    return "blanks" if cut is None else "tabs"
