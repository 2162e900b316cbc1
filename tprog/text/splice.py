"""Changes of a text at stated places: what is not named stays as it is, byte by byte, line ends included."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from functools import cached_property
from typing import TypeAlias

from tprog.text.syntax import LINE_END

Change: TypeAlias = tuple[int, int, str]
"""Where a piece of a text begins and ends (0-based, in characters), and what stands there instead.

Its line breaks are written ``\\n``; in the text they become those of the line that it stands in.
"""

Piece: TypeAlias = ast.expr | ast.stmt | ast.arg | ast.keyword
"""Syntax that stands at a place of the text."""

GONE = "\0"
"""What stands instead of a piece that goes: the space around it goes too, and its line, if nothing else is left there.

No module has this character: the reader refuses it.
"""

_EMPTIED = re.compile(rf"(?<![^\r\n])[ \t]*{GONE}[ \t{GONE}]*(?:\r\n|\r|\n|\Z)")
_SPACE_BEFORE = re.compile(rf"[ \t]*{GONE}[ \t{GONE}]*(?=\r|\n|\Z)")
_SPACE_BEHIND = re.compile(rf"{GONE}[ \t{GONE}]*")
_FILLING = re.compile(r"(?:[ \t\f]+|\\?(?:\r\n|\r|\n)|#[^\r\n]*)*")


def with_ends(text: str) -> list[str]:
    """The lines of a text, each with its end: the lines that Python counts, and that begin nowhere else."""
    if "\r" not in text:  # as nearly always, and quick
        *whole, rest = text.split("\n")
        return [*(f"{line}\n" for line in whole), *([rest] if rest else [])]
    lines, start = [], 0
    for end in LINE_END.finditer(text):
        lines.append(text[start : end.end()])
        start = end.end()
    return [*lines, text[start:]] if start < len(text) else lines


def line_end(text: str) -> str:
    """How most lines of a text end; of none, ``\\n``."""
    ends = LINE_END.findall(text)
    return max(dict.fromkeys(ends), key=ends.count) if ends else "\n"


class Places:
    """A text by the lines and columns of its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = with_ends(text)
        self.starts = [0]
        for line in self._lines:
            self.starts.append(self.starts[-1] + len(line))

    def offset(self, line: int, column: int) -> int:
        """Where a line (1-based) and column (0-based, in bytes of UTF-8) stand, in characters from the beginning."""
        whole = self._lines[line - 1] if line <= len(self._lines) else ""
        return self.starts[line - 1] + (
            column if whole.isascii() else len(whole.encode("utf-8")[:column].decode("utf-8"))
        )

    def begin(self, node: Piece) -> int:
        """Where a syntax node begins."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Piece) -> int:
        """Where a syntax node ends."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.end_lineno, node.end_col_offset)

    def of(self, node: Piece) -> str:
        """What is written for a syntax node."""
        return self.text[self.begin(node) : self.end(node)]

    def line(self, at: int) -> tuple[int, int]:
        """Where the line of a place begins, and where its end (a line break, or that of the text) stands."""
        number = self.number(at)
        whole = self._lines[number - 1] if number <= len(self._lines) else ""
        return self.starts[number - 1], self.starts[number - 1] + len(whole.rstrip("\r\n"))

    def number(self, at: int) -> int:
        """The line (1-based) of a place."""
        low, high = 0, len(self.starts) - 1
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= at else (low, middle)
        return low + 1

    def code_from(self, at: int) -> int:
        """The first place from `at` on that is no space, comment or line break."""
        found = _FILLING.match(self.text, at)
        assert found is not None
        return found.end()

    def on_one_line(self, begin: int, end: int) -> bool:
        """Whether two places stand on the same line."""
        return self.number(begin) == self.number(end)

    def begins_line(self, at: int) -> bool:
        """Whether nothing but space stands before a place on its line."""
        return not self.text[self.line(at)[0] : at].strip()

    @cached_property
    def comments(self) -> dict[int, str]:
        """Where each comment begins -> its text."""
        plain = "".join(line.rstrip("\r\n") + "\n" for line in self._lines)
        found = {}
        for token in tokenize.generate_tokens(io.StringIO(plain).readline):
            if token.type == tokenize.COMMENT:
                found[self.starts[token.start[0] - 1] + token.start[1]] = token.string
        return found

    def comments_in(self, begin: int, end: int) -> list[str]:
        """The comments between two places."""
        return [text for at, text in self.comments.items() if begin <= at < end]


def spliced(text: str, changes: Iterable[Change]) -> str:
    """The text after changes that do not overlap; of two at the same place, the first named stands first."""
    places, usual = Places(text), line_end(text)
    parts: list[str] = []
    done = 0
    for begin, end, new in sorted(changes, key=lambda change: change[:2]):
        own = LINE_END.match(text, places.line(begin)[1])
        parts += [text[done:begin], new.replace("\n", own[0] if own else usual)]
        done = end
    whole = "".join([*parts, text[done:]])
    for pattern in (_EMPTIED, _SPACE_BEFORE, _SPACE_BEHIND):
        whole = pattern.sub("", whole)
    return whole
