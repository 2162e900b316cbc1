"""What notebooks, `print` and `to_frame` show of a result or a Program: the renderer that `analyze` registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyze.render.data import frame as _frame
from analyze.render.document import Document, Picture
from analyze.render.pages import fragment_html
from analyze.render.shown import document_of
from analyze.render.svg import NoRenderer
from analyze.render.terminal import as_text

if TYPE_CHECKING:
    import pandas

WIDTH = 100
"""Columns of the plain text."""

LINES = 20
"""Lines of plain text that a notebook shows where it can show nothing better."""


def text(shown: object) -> str:
    """As a terminal shows it, without the last line end."""
    return as_text(document_of(shown), WIDTH).rstrip("\n")


def bundle(shown: object) -> dict[str, str]:
    """MIME type -> what a notebook shows: a page's part, the picture if there is one, and the beginning of the text."""
    document = document_of(shown)
    lines = as_text(document, WIDTH).rstrip("\n").split("\n")
    more = [f"... and {len(lines) - LINES} more lines: print() shows them"] if len(lines) > LINES else []
    plain = "\n".join(line[: 2 * WIDTH] for line in [*lines[:LINES], *more])
    return {"text/plain": plain, **_drawn(document)}


def _drawn(document: Document) -> dict[str, str]:
    pictures = [part for part in document.parts if isinstance(part, Picture)]
    try:
        drawn = {"image/svg+xml": pictures[0].svg()} if pictures else {}
        return {"text/html": fragment_html(document), **drawn}
    except NoRenderer:  # the tables say the same
        others = tuple(part for part in document.parts if not isinstance(part, Picture))
        return {"text/html": fragment_html(Document(document.answer, document.tone, others, document.title))}


def frame(shown: object, table: str | None) -> pandas.DataFrame:
    """One of its tables; see `analyze.render.data.frame`."""
    return _frame(document_of(shown), table)
