"""What notebooks, `print` and `to_frame` show of a result or a Program: the renderer that `analyze` registers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from analyze.render.data import frame
from analyze.render.document import Document, Picture
from analyze.render.pages import fragment_html
from analyze.render.shown import document_of
from analyze.render.svg import NoRenderer
from analyze.render.terminal import as_text
from analyze.results.graph import GraphResult
from tprog.ir.program import Program

if TYPE_CHECKING:
    import pandas

WIDTH = 100
"""Columns of the plain text."""

LINES = 20
"""Lines of plain text that a notebook shows where it can show nothing better."""


class Notebook:
    """Shows results and Programs.

    Args:
        flow_of: the data flow of a Program, which is all of it that is drawn and not said.
    """

    def __init__(self, flow_of: Callable[[Program], GraphResult]) -> None:
        self._flow_of = flow_of

    def document(self, shown: object) -> Document:
        """The document of a result, a Program or a simplification."""
        if not isinstance(shown, Program):
            return document_of(shown)
        from analyze.render.program import program_document  # it draws, which results do that have a picture

        return program_document(shown, self._flow_of(shown))

    def text(self, shown: object) -> str:
        """As a terminal shows it, without the last line end."""
        return as_text(self.document(shown), WIDTH).rstrip("\n")

    def bundle(self, shown: object) -> dict[str, str]:
        """MIME type -> what a notebook shows: a page's part, the picture if there is one, and the beginning of the
        text."""
        document = self.document(shown)
        lines = as_text(document, WIDTH).rstrip("\n").split("\n")
        more = [f"... and {len(lines) - LINES} more lines: print() shows them"] if len(lines) > LINES else []
        plain = "\n".join(line[: 2 * WIDTH] for line in [*lines[:LINES], *more])
        return {"text/plain": plain, **_drawn(document)}

    def frame(self, shown: object, table: str | None) -> pandas.DataFrame:
        """One of its tables; see `analyze.render.data.frame`."""
        return frame(self.document(shown), table)


def _drawn(document: Document) -> dict[str, str]:
    pictures = [part for part in document.parts if isinstance(part, Picture)]
    try:
        drawn = {"image/svg+xml": pictures[0].svg()} if pictures else {}
        return {"text/html": fragment_html(document), **drawn}
    except NoRenderer:  # the tables say the same
        others = tuple(part for part in document.parts if not isinstance(part, Picture))
        return {"text/html": fragment_html(Document(document.answer, document.tone, others, document.title))}
