"""CoNLL columns: a word a line, its tag in another column of it, blank lines between sentences.

Tabs divide columns if the first line of words has one, else blanks do. Lines of ``-DOCSTART-`` belong to no sentence.

CoNLL-2003 and its kin have no comments, so a ``#`` is a word there. In CoNLL-U (universaldependencies.org/format)
lines that begin with ``#`` before the first word of a sentence are comments, and lines whose number is a range or a
fraction (``1-2``, ``3.1``) are no words. What a line is that begins with ``#`` is told by its columns; where nothing
tells, it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from sys import intern
from typing import TypeAlias

from tprog.errors import BadFile
from tprog.listing import counted
from tprog.words.corpus import Sentence
from tprog.words.rows import Columns
from tprog.words.tag_schemes import is_span_tag

DOCUMENT = "-DOCSTART-"

ENDINGS = (".conll", ".conllu", ".iob", ".iob2", ".bio", ".bioes")
"""What tells a file of columns."""

Line: TypeAlias = tuple[int, list[str]]
"""Its number, from 1, and its columns."""

_SIGN = "#"
_NO_WORD = re.compile(r"[0-9]+[-.][0-9]+")


def read_columns(path: Path, text: str, columns: Columns | None = None) -> tuple[tuple[Sentence, ...], tuple[str, ...]]:
    """The sentences of a text in columns, with their tags as they are written; and what was left out, a line each.

    Args:
        path: where it stands, for messages.
        columns: the numbers of the columns of words and of tags, from 1; left out, the first and the last.

    Raises:
        BadFile: a line has not the columns of the first one, or no such columns, or may be a word or a comment; or the
            first column, which nobody named, counts the words. The message names the line.
    """
    shape, blocks = _shaped(path, text, columns)
    read = _Read(path, shape, {row[shape.tag] for row in _clear(blocks, shape)})
    sentences: list[Sentence] = []
    counted = _is_counted(blocks, shape)
    if counted and columns is None:
        raise BadFile(
            f"{path}:{shape.line}: the first column counts the words of a sentence; expected --columns with that of "
            f"the words and that of the tags, such as 2,{shape.count}"
        )
    for block in blocks:
        rows = read.words(block, counted)
        if rows:
            words, tags = (tuple(intern(cells[column]) for _, cells in rows) for column in (shape.word, shape.tag))
            sentences.append(Sentence(words, tags, rows[0][0]))
    return tuple(sentences), read.notes


@dataclass(frozen=True)
class _Shape:
    """How lines are divided.

    Attributes:
        line: the number of the line that tells, from 1.
        cut: what divides columns; None stands for blanks.
        count: how many there are.
        word, tag: the places of the two that are read, from 0.
    """

    line: int
    cut: str | None
    count: int
    word: int
    tag: int


class _Read:
    """Reads the lines of sentences, and counts those that are left out.

    Args:
        tags: those of lines that are certainly words.
    """

    def __init__(self, path: Path, shape: _Shape, tags: set[str]) -> None:
        self.path, self.shape, self.tags = path, shape, tags
        self.spans = all(map(is_span_tag, tags))
        self.comments = self.no_words = 0

    def words(self, block: Iterable[Line], counted: bool) -> list[Line]:
        """The lines of a sentence that are words."""
        rows = list(block)
        first = next((at for at, row in enumerate(rows) if not self._is_comment(*row)), len(rows))
        self.comments += first
        left = [row for row in rows[first:] if not (counted and _NO_WORD.fullmatch(row[1][0]))]
        self.no_words += len(rows) - first - len(left)
        shape = self.shape
        for at, cells in left:
            if len(cells) != shape.count or not cells[shape.word] or not cells[shape.tag]:
                raise _misfit(f"{self.path}:{at}", cells, shape)
        return left

    def _is_comment(self, at: int, cells: Sequence[str]) -> bool:
        """Whether a line before the first word of a sentence is a comment."""
        if not cells[0].startswith(_SIGN):
            return False
        if len(cells) != self.shape.count or (len(cells) > 2 and "=" in cells[1:3]):
            return True
        tag = cells[self.shape.tag]
        if tag in self.tags or (self.spans and is_span_tag(tag)):
            return False
        if self.spans and self.tags:
            return True
        raise BadFile(
            f"{self.path}:{at}: a word or a comment, since {tag!r} is the tag of no other line; expected comments as "
            f"'# key = value', or without as many as {self.shape.count} columns"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out."""
        told = (
            (self.comments, "comment", f"({_SIGN} before the first word of a sentence)"),
            (self.no_words, "line", "of a range or a fraction, which are no words,"),
        )
        return tuple(f"{self.path}: {counted(count, what)} {which} left out" for count, what, which in told if count)


def _shaped(path: Path, text: str, columns: Columns | None) -> tuple[_Shape, list[list[Line]]]:
    """How the lines of a text are divided, and the lines between blank ones."""
    written = tuple(_blocks(text))
    told = next(
        (row for block in written for row in block if not row[1].startswith((_SIGN, DOCUMENT))),
        written[0][0] if written else (1, ""),
    )
    cut = "\t" if "\t" in told[1] else None
    count = len(told[1].split(cut))
    word, tag = _chosen(f"{path}:{told[0]}", count, cut, columns)
    blocks = [[(at, line.split(cut)) for at, line in block] for block in written]
    blocks = [[row for row in block if row[1][0] != DOCUMENT] for block in blocks]
    return _Shape(told[0], cut, count, word, tag), blocks


def _clear(blocks: Iterable[Sequence[Line]], shape: _Shape) -> Iterator[list[str]]:
    """The columns of the lines that are certainly words."""
    for block in blocks:
        signed = True
        for _, cells in block:
            signed = signed and cells[0].startswith(_SIGN)
            if not signed and len(cells) == shape.count:
                yield cells


def _is_counted(blocks: Iterable[Sequence[Line]], shape: _Shape) -> bool:
    """Whether the first column counts the words of each sentence, and one of them has several."""
    several = False
    for block in blocks:
        first = [cells[0] for _, cells in block if len(cells) == shape.count and not cells[0].startswith(_SIGN)]
        numbers = [cell for cell in first if not _NO_WORD.fullmatch(cell)]
        if any(number != str(at) for at, number in enumerate(numbers, 1)):
            return False
        several = several or len(numbers) > 1
    return several


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


def _misfit(where: str, cells: Sequence[str], shape: _Shape) -> BadFile:
    if len(cells) != shape.count:
        found = counted(len(cells), "column")
        divided = f"as in line {shape.line} ({_divider(shape.cut)} divide them)"
        return BadFile(f"{where}: {found}; expected {shape.count}, {divided}")
    return BadFile(f"{where}: a column is empty; expected a word and a tag")


def _divider(cut: str | None) -> str:
    return "blanks" if cut is None else "tabs"
