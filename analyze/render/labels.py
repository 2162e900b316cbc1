"""Labels of a graph, in the markup of Graphviz: tables that are wide enough wherever they are drawn.

Graphviz sizes a table by the fonts that it finds, or by a guess. So each cell says how wide its text is (see
`analyze.render.metrics`), and words of different colours or sizes on one line stand in cells of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from analyze.render.metrics import width
from tprog.escape import html_text, visible

PADDING = 3
"""Points around the text of a cell."""

LINE = 1.25
"""The height of a line in font sizes."""


@dataclass(frozen=True)
class Words:
    """Text of one look, on one line."""

    text: str
    size: float
    colour: str = ""
    bold: bool = False

    @property
    def markup(self) -> str:
        """The text as Graphviz reads it."""
        colour = f' COLOR="{self.colour}"' if self.colour else ""
        text = html_text(self.text)
        return f'<FONT POINT-SIZE="{self.size:g}"{colour}>{f"<B>{text}</B>" if self.bold else text}</FONT>'

    @property
    def width(self) -> float:
        """Points."""
        return width(visible(self.text), self.size, bold=self.bold)


def lines(texts: Sequence[Words]) -> str:
    """A cell with a line below the other, from the left."""
    text = "".join(f'{words.markup}<BR ALIGN="LEFT"/>' for words in texts) if len(texts) > 1 else texts[0].markup
    wide = ceil(max(words.width for words in texts)) + 2 * PADDING
    return f'<TD ALIGN="LEFT" BALIGN="LEFT" CELLPADDING="{PADDING}" WIDTH="{wide}">{text}</TD>'


def line(texts: Sequence[Words], port: str = "") -> str:
    """A cell with words behind each other, a space between them; edges may end at its port."""
    at = f' PORT="{port}"' if port else ""
    widths = [ceil(words.width + width(" ", words.size)) for words in texts]
    cells = "".join(
        f'<TD ALIGN="LEFT" WIDTH="{wide}">{words.markup}</TD>' for words, wide in zip(texts, widths, strict=True)
    )
    # Where it is not fixed, Graphviz spreads the words over the width of the cell.
    high = ceil(LINE * max(words.size for words in texts))
    fixed = f' ALIGN="LEFT" FIXEDSIZE="TRUE" WIDTH="{sum(widths)}" HEIGHT="{high}"'
    return f'<TD{at} ALIGN="LEFT" CELLPADDING="{PADDING}">{table([cells], border=0, look=fixed)}</TD>'


def table(rows: Sequence[str], *, border: int, spacing: int = 0, look: str = "") -> str:
    """A table of rows, each of which is the text of its cells."""
    return (
        f'<TABLE BORDER="{border}" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="0"{look}>'
        f"{''.join(f'<TR>{row}</TR>' for row in rows)}</TABLE>"
    )


def label(table: str) -> str:
    """A table as the label of a node or graph."""
    return f"<{table}>"
