"""How graphs look: their colours, fonts and captions.

A picture must be readable in print and by the colour-blind: whatever a colour or a line style says, a word says too.
The colours are those of Okabe and Ito (2008, "Color Universal Design").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

import graphviz

from analyze.render.labels import Words, label, lines, table
from tprog.escape import visible
from tprog.ir.answering import VariableKind
from tprog.version import VERSION

FONT = "DejaVu Sans"
"""The font that Graphviz lays out for; `analyze.render.labels` widens what it guesses too narrow."""

TITLE, HEADING, TEXT, SMALL = 16, 12, 10, 9
"""Font sizes in points."""

ROLE_COLOURS = {
    "query": "#0072B2",
    "key": "#D55E00",
    "value": "#009E73",
    "by": "#7A5C00",
    "input": "#AA4499",
    "term": "#4B7A2B",
    "readout": "#555555",
    "output": "#555555",
}
ROLE_STYLES = {
    "query": "solid",
    "key": "dashed",
    "value": "solid",
    "by": "dotted",
    "input": "solid",
    "term": "solid",
    "readout": "solid",
    "output": "solid",
}
INK, PALE, FAINT = "#222222", "#8C8C8C", "#D0D0D0"
READOUT_PALE = "#BBBBBB"
"""Readout edges where nothing is highlighted: every node has one, so that they must not drown the reads."""

DEAD_FILL, HIGHLIGHT = "#F4F4F4", "#E69F00"


def new_graph() -> graphviz.Digraph:
    graph = graphviz.Digraph("tpdebug", comment=f"written by tpdebug {VERSION}")
    graph.attr(
        "graph", rankdir="LR", fontname=FONT, fontsize=str(HEADING), labelloc="t", labeljust="l", bgcolor="white"
    )
    graph.attr("node", fontname=FONT, fontsize=str(TEXT), fontcolor=INK, shape="plain")
    graph.attr("edge", fontname=FONT, fontsize=str(SMALL), arrowsize="0.6", color=PALE)
    return graph


def colour_of(kind: VariableKind | Literal["readout", "output"]) -> str:
    """The colour of a node."""
    match kind:
        case "input" | "embedding":
            return "#FFF6D6"
        case "head":
            return "#E8F1FA"
        case "numeric head":
            return "#E6F4EE"
        case "lookup":
            return "#F6E9F3"
        case "linear":
            return "#EDF5E1"
        case "readout" | "output":
            return "#EEEEEE"
        case _:
            assert_never(kind)


def caption(title: str, said: Sequence[str], rows: Sequence[str], notes: Sequence[str]) -> str:
    """What stands above a graph: its title, a line or two, rows of its own, and notes."""
    cells = [lines([Words(title, TITLE, bold=True)]), *(lines([Words(text, HEADING)]) for text in said), *rows]
    if notes:
        cells.append(lines([Words(text, TEXT) for text in notes]))
    return label(table(cells, border=0, spacing=2))


def escaped(text: str) -> str:
    """Plain text as a quoted attribute: Graphviz would read a backslash, ``&lt;`` and ``<...>`` as more."""
    escaped = graphviz.escape(visible(text).replace("&", "&amp;"))
    return escaped if not (escaped.startswith("<") and escaped.endswith(">")) else f"{escaped} "
