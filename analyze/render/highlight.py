"""Python source as words with their kinds, as Pygments tells them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String, _TokenType

from tprog.escape import visible

_KINDS = ((Comment, "c"), (Keyword, "k"), (Operator.Word, "k"), (String, "s"), (Number, "n"))
"""Kinds of words and what they are called here; all others are plain."""

Piece: TypeAlias = tuple[str, str]
"""A kind, or nothing, and a text."""

_BETWEEN = re.compile(r"[\s,]*")


def highlighted(lines: Sequence[str]) -> list[list[Piece]]:
    """Each line of a module in pieces. They are told together, since a string may go over several.

    Numbers or strings in a row are one piece with the commas between them: most lines of a program are such lists.
    """
    made: list[list[Piece]] = [[]]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        first, *others = text.split("\n")
        made[-1].append((_kind(kind), first))
        made.extend([(_kind(kind), part)] for part in others)
    # A form feed, say, is no end of a line to Pygments either; but what it counts is not worth a wrong line.
    return list(map(_joined, made if len(made) == len(lines) else [[("", line)] for line in lines]))


def _kind(kind: _TokenType) -> str:
    return next((name for among, name in _KINDS if kind in among), "")


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces that show anything, those of a kind in one."""
    made: list[Piece] = []
    for kind, text in pieces:
        shown = visible(text.expandtabs())
        if not shown:
            continue
        if made and made[-1][0] == kind:
            made[-1] = kind, made[-1][1] + shown
        elif len(made) > 1 and kind and made[-2][0] == kind and _BETWEEN.fullmatch(made[-1][1]):
            (_, before), (_, between) = made[-2:]
            made[-2:] = [(kind, before + between + shown)]
        else:
            made.append((kind, shown))
    return made
