"""The computation of an s-op on one input as DOT: a box an expression, from the input on the left to the s-op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyze.render.labels import Words, label, lines, table
from analyze.render.look import HEADING, INK, PALE, SMALL, TEXT, colour_of, new_graph
from analyze.render.phrases import shorten
from tprog.rasp.drawing import Box, Drawing

WIDEST = 40
"""Characters of a name or a value."""

MARK = "●"
"""Where a selector selects; the colour says it too."""


def flow(drawing: Drawing) -> str:
    """The picture as DOT. An s-op shows its values below the tokens, a selector a row for each query."""
    graph = new_graph()
    told = f"{shorten(drawing.name, WIDEST)} on {shorten(' '.join(drawing.tokens), 2 * WIDEST)}"
    graph.attr("graph", label=label(table([lines([Words(told, HEADING, bold=True)])], border=0)), ranksep="0.5")
    for place, box in enumerate(drawing.boxes):
        rows = _selected(box, drawing.tokens) if box.rows else _values(box, drawing.tokens)
        colour = colour_of("head" if box.rows else "input" if not box.reads else "lookup")
        look = f' BGCOLOR="{colour}" COLOR="{PALE}"'
        head = lines([Words(shorten(box.name, WIDEST), TEXT, bold=True)])
        graph.node(f"n{place}", label=label(table([head, f"<TD>{_grid(list(rows))}</TD>"], border=1, look=look)))
        for read in box.reads:
            graph.edge(f"n{read}", f"n{place}", color=INK)
    return str(graph.source)


def _grid(rows: Sequence[str]) -> str:
    return table(rows, border=0, spacing=1)


def _cell(text: str, pale: bool = False) -> str:
    if not text:
        return "<TD></TD>"  # no text is no label
    return lines([Words(shorten(text, WIDEST), SMALL, PALE if pale else "")])


def _values(box: Box, tokens: Sequence[str]) -> Iterator[str]:
    if box.reads:
        yield "".join(_cell(token, pale=True) for token in tokens)
    yield "".join(map(_cell, box.values))


def _selected(box: Box, tokens: Sequence[str]) -> Iterator[str]:
    yield "<TD></TD>" + "".join(_cell(token, pale=True) for token in tokens)
    for token, row in zip(tokens, box.rows, strict=True):
        yield _cell(token, pale=True) + "".join(_cell(MARK if row >> at & 1 else "·") for at in range(len(tokens)))
