"""A source cut into statements, each of which is then read by itself.

A statement ends with its ``;``, that of a function or a loop with its last ``}``, and a command of the console with its
line. So one statement that is wrong does not hide the next, and reading takes time in proportion to the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tprog.rasp.source.bounds import DEEPEST_NESTING, LONGEST_STATEMENT
from tprog.rasp.source.syntax import Place

_PIECE = re.compile(r'"[^"\r\n]*"?|#[^\r\n]*|[A-Za-z_][A-Za-z_0-9]*|\r\n|[\s\S]')
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_COMMAND = re.compile(
    r"(?:set|show)\b|(?:s-op|selector)[ \t]+examples\b|examples\b|full seq display\b|(?:exit|quit)\b(?:\(\))?"
)
_BLOCK = re.compile(r"(?:def|for)\b")
_ENDS = re.compile(r"""[)\]}"]|(?!(?:in|and|or|not|if|else)$)\w""")
"""How the last word or sign of an expression begins."""

_OPENS = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Piece:
    """A statement's text.

    Attributes:
        text: up to its end, or up to the end of the source.
        at: where it begins.
        whole: whether its end was found.
        command: whether it is one of the console.
        deep: where its brackets nest too deeply, or None.
    """

    text: str
    at: Place
    whole: bool
    command: bool = False
    deep: Place | None = None

    @property
    def too_long(self) -> bool:
        """Whether it is longer than a statement may be."""
        return len(self.text) > LONGEST_STATEMENT


def pieces(text: str, line: int = 1) -> Iterator[Piece]:
    """The statements of a text, in order.

    Args:
        line: the number of its first line.
    """
    at, places = 0, _Places(text, line)
    while (at := _skip(text, at)) < len(text):
        command = _COMMAND.match(text, at) is not None
        end, whole, deep = _command_end(text, at) if command else _end(text, at)
        yield Piece(text[at:end], places.of(at), whole, command, None if deep is None else places.of(deep))
        at = end


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _command_end(text: str, at: int) -> tuple[int, bool, int | None]:
    """A command ends with its line, unless a bracket is open."""
    depth = 0
    for piece in _PIECE.finditer(text, at):
        if piece[0] in _OPENS:
            depth += 1
        elif piece[0] in ")]}":
            depth -= 1
        elif piece[0] in ("\n", "\r", "\r\n") and depth <= 0:
            return piece.start(), True, None
        if depth > DEEPEST_NESTING:
            return len(text), True, piece.start()
    return len(text), depth <= 0, None


def _end(text: str, at: int) -> tuple[int, bool, int | None]:
    """Where the statement that begins here ends, whether it does, and where it nests too deeply."""
    block = _BLOCK.match(text, at) is not None
    closing: list[str] = []
    deep, body, before = None, False, ""
    for piece in _PIECE.finditer(text, at):
        found = piece[0]
        if found in _OPENS:
            # What goes through a dict has braces too, but a body stands behind the end of an expression.
            body = body or (block and found == "{" and not closing and _ENDS.match(before) is not None)
            closing.append(_OPENS[found])
            if deep is None and len(closing) > DEEPEST_NESTING:
                deep = piece.start()
        elif closing and found == closing[-1]:
            closing.pop()
            if body and not closing:
                return piece.end(), True, deep
        elif found in (")", "]", "}"):
            return piece.end(), True, deep
        elif found == ";" and not (block and "}" in closing):
            # Within brackets a semicolon is a mistake, which is told where it stands.
            return piece.end(), True, deep
        if not found.isspace() and not found.startswith("#"):
            before = found
    return len(text), False, deep


class _Places:
    """Lines and columns of offsets that only grow."""

    def __init__(self, text: str, line: int) -> None:
        self._text, self._line, self._from, self._at = text, line, 0, 0

    def of(self, offset: int) -> Place:
        if offset < self._at:  # of something within the statement before
            return self._later(offset)
        place = self._later(offset)
        self._line, self._at = place.line, offset
        self._from = offset - place.column + 1
        return place

    def _later(self, offset: int) -> Place:
        begins, line = self._from, self._line
        for end in re.finditer(r"\r\n|\n|\r", self._text[self._at : offset]):
            line, begins = line + 1, self._at + end.end()
        return Place(line, offset - begins + 1)
