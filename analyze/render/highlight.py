"""Python source as HTML, its words coloured by Pygments."""

from __future__ import annotations

from collections.abc import Sequence

from pygments.lexers import PythonLexer
from pygments.token import Comment, Keyword, Number, Operator, String, _TokenType

from analyze.render.pages import Html
from tprog.escape import html_text

_CLASSES = ((Comment, "c"), (Keyword, "k"), (Operator.Word, "k"), (String, "s"), (Number, "n"))
"""Kinds of words and their classes; all others are plain."""


def highlighted(lines: Sequence[str]) -> list[Html]:
    """Each line of a module as HTML. They are coloured together, since a string may go over several."""
    made: list[list[Html]] = [[]]
    for kind, text in PythonLexer(stripnl=False, ensurenl=False).get_tokens("\n".join(lines)):
        first, *others = text.split("\n")
        made[-1].append(_word(kind, first))
        made.extend([_word(kind, part)] for part in others)
    # A form feed, say, is no end of a line to Pygments either; but what it counts is not worth a wrong line.
    return list(map("".join, made)) if len(made) == len(lines) else [html_text(line.expandtabs()) for line in lines]


def _word(kind: _TokenType, text: str) -> Html:
    shown = html_text(text.expandtabs())
    name = next((name for among, name in _CLASSES if kind in among), None)
    return shown if name is None or not shown else f'<span class="tok-{name}">{shown}</span>'
