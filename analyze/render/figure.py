"""A data flow for print: no caption, from top to bottom, and narrow, so that its text can be read in a column.

A figure is as wide as `ACROSS` boxes beside each other and the edges between, however many nodes a layer has: more
stand in rows below each other. A box is `WRAP` characters wide, or as wide as its name.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

import graphviz

from analyze.render.dot import fades, look_of, readout_edge, shown_name, told_of_readout, tooltip_of
from analyze.render.drawn import ALL, Drawn, Wanted, drawn
from analyze.render.labels import Words, label, lines, table
from analyze.render.look import FAINT, INK, PALE, ROLE_COLOURS, ROLE_STYLES, TEXT, escaped, new_graph
from analyze.render.order import with_few_crossings
from analyze.results.graph import GraphNode, GraphResult
from tprog.escape import visible

ACROSS = 3
"""Boxes of a stage beside each other at most. Where it has more, two: edges to those below need room beside them."""

WRAP = 18
"""Characters in a line of a reading."""

GIVEN = {"tokens": "symbols", "positions": "0, 1, 2, ...", "ones": "1 everywhere"}
"""What the three input variables hold."""


def figure(result: GraphResult, wanted: Wanted = ALL) -> str:
    """The data flow as DOT. A box shows its name and its reading; edges are coloured and dashed by role."""
    shown = drawn(result, wanted)
    if wanted.only_highlighted:  # all of it is, so nothing need stand out
        plain = tuple(replace(node, highlighted=False, circuits=()) for node in shown.nodes)
        shown = replace(shown, nodes=plain, lit=None)
    graph = new_graph()
    graph.attr("graph", rankdir="TB", ranksep="0.3", nodesep="0.09", margin="0", pad="0.02")
    _rows(graph, shown)
    for source, target, port in shown.reads:
        roles = shown.rows[target][port][0]
        faded = fades(source, target, shown.lit)
        graph.edge(
            source,
            target,
            color=FAINT if faded else ":".join(ROLE_COLOURS[role] for role in roles),
            style=ROLE_STYLES[roles[0]] if len(roles) == 1 else "solid",
            penwidth="0.6" if faded else "1.1" if shown.lit is None else "2",
            tooltip=escaped(f"{target} reads {source} as {' and '.join(roles)}"),
        )
    for edge in shown.readouts:
        readout_edge(graph, edge, shown, told_of_readout(result, edge), sides=("s", "n"))
    return str(graph.source)


def _rows(graph: graphviz.Digraph, shown: Drawn) -> None:
    """Each stage in rows of boxes, below those of the stage before."""
    by_name = {node.name: node for node in shown.nodes}
    stages = sorted({node.stage for node in shown.nodes})
    columns = [[node.name for node in shown.nodes if node.stage == stage] for stage in stages]
    rows = [row for column in with_few_crossings(columns, shown.ends) for row in _evenly(column)]
    for place, row in enumerate(rows):
        with graph.subgraph() as level:
            level.attr(rank="same")
            for name in row:
                node = by_name[name]
                level.node(name, label=_label(node, shown), tooltip=escaped(tooltip_of(node)), id=f"node-{name}")
        for above in rows[place - 1] if place else ():
            graph.edge(above, row[0], style="invis", weight="0")  # the rows of a stage stand below each other, too


def _evenly(column: Sequence[str]) -> list[list[str]]:
    """A stage in rows of about as many boxes each."""
    count = 1 if len(column) <= ACROSS else -(-len(column) // 2)
    return [list(column[at * len(column) // count : (at + 1) * len(column) // count]) for at in range(count)]


def _label(node: GraphNode, shown: Drawn) -> str:
    faded = shown.lit is not None and node.name not in shown.lit
    ink = PALE if node.dead or faded else INK
    marks = " (dead)" * node.dead + " *" * (node.highlighted and node.kind not in ("input", "readout"))
    made = [lines([Words(shown_name(node) + marks, TEXT, ink, bold=True)])]
    if reading := GIVEN.get(node.name, node.reading):
        wrapped = textwrap.wrap(visible(reading), WRAP)
        made.append(lines([Words(part, TEXT, ink) for part in wrapped]))
    return label(table(made, border=3 if node.highlighted else 1, look=look_of(node, faded)))
