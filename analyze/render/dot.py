"""The data flow of a program as DOT, the language of Graphviz. The text depends on the result alone."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import graphviz

from analyze.render.drawn import ALL, Drawn, Wanted, drawn
from analyze.render.labels import Words, label, line, lines, table
from analyze.render.legend import flow_caption
from analyze.render.look import (
    DEAD_FILL,
    FAINT,
    HEADING,
    HIGHLIGHT,
    INK,
    PALE,
    READOUT_PALE,
    ROLE_COLOURS,
    ROLE_STYLES,
    SMALL,
    TEXT,
    colour_of,
    escaped,
    new_graph,
)
from analyze.render.metrics import width
from analyze.render.order import with_few_crossings
from analyze.render.phrases import shorten
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tprog.escape import spelled, visible

GIVEN = {"tokens": "the symbols of the input", "positions": "0, 1, 2, ...", "ones": "1 everywhere"}
"""What the three input variables hold."""

POINTS = 72
"""In an inch, in which Graphviz measures nodes."""

WRAP = 30
"""Characters in a line of a reading."""

SOURCE = 3 * WRAP
"""Characters of a node's source line, and where it stands."""

READOUT_WIDTHS = (0.5, 2.5)
"""Points: the width of the weakest and of the strongest readout edge."""


def data_flow(result: GraphResult, wanted: Wanted = ALL) -> str:
    """The data flow of a program as DOT, from its inputs on the left to the readout on the right.

    A node shows its name, its reading, and a row for each role with the variable that it reads; the edge of that read
    ends at the row. Reads of the same variable share a row. A dead node is grey, says so, and has its rows but no
    edges. Where something is highlighted, an edge stands out if both its ends do, and all others fade. Within a column
    the nodes stand so that few edges cross.
    """
    shown = drawn(result, wanted)
    graph = new_graph()
    graph.attr("graph", label=flow_caption(result, shown.nodes, shown.left_out), ranksep="1.4", nodesep="0.12")
    _columns(graph, shown)
    for source, target, port in shown.reads:
        _read_edge(graph, source, target, port, shown.rows[target][port][0], shown.lit)
    for edge in shown.readouts:
        readout_edge(graph, edge, shown, told_of_readout(result, edge))
    return str(graph.source)


def _columns(graph: graphviz.Digraph, shown: Drawn) -> None:
    """One rank a stage, from left to right, each below its heading."""
    nodes, rows = shown.nodes, shown.rows
    by_name = {node.name: node for node in nodes}
    stages = sorted({node.stage for node in nodes})
    columns = [[node.name for node in nodes if node.stage == stage] for stage in stages]
    previous = ""
    for stage, names in zip(stages, with_few_crossings(columns, shown.ends), strict=True):
        heading = f"stage {stage}"
        with graph.subgraph() as column:
            column.attr(rank="same")
            members = [by_name[name] for name in names]
            said = _heading(members)
            wide = f"{width(said, HEADING) / POINTS:.2f}"
            column.node(
                heading, label=said, shape="plaintext", fontsize=str(HEADING), width=wide, margin="0.05", tooltip=" "
            )
            above = heading
            for node in members:
                label = _node_label(node, rows.get(node.name, ()), shown.lit)
                column.node(node.name, label=label, tooltip=escaped(tooltip_of(node)), id=f"node-{node.name}")
                column.edge(above, node.name, style="invis")  # an edge within a rank says what stands above
                above = node.name
        if previous:
            graph.edge(previous, heading, style="invis", weight="100")  # weight keeps the headings on one line
        previous = heading


def _heading(members: Sequence[GraphNode]) -> str:
    kinds = {node.kind for node in members}
    if kinds <= {"input"}:
        return "inputs"
    if kinds <= {"readout"}:
        return "prediction"
    if kinds <= {"readout", "output"}:
        return "outputs"
    named = {"lookup": "lookups", "embedding": "embeddings", "linear": "sums"}
    plurals = [plural for kind, plural in named.items() if kind in kinds]
    what = ", ".join(plurals) if kinds <= named.keys() else "heads"
    layers = sorted({node.layer for node in members if node.layer is not None})
    return f"layer {', '.join(map(str, layers))}: {what}" if layers else what


def _node_label(node: GraphNode, rows: Sequence[tuple[list[str], str]], lit: set[str] | None) -> str:
    """A table: name, reading, and one row a variable read, which is the port of its edge."""
    faded = lit is not None and node.name not in lit
    ink = PALE if node.dead or faded else INK
    marks = " (dead)" * node.dead + " *" * (node.highlighted and node.kind not in ("input", "readout"))
    made = [lines([Words(shown_name(node) + marks, TEXT, ink, bold=True)])]
    if reading := node.reading or GIVEN.get(node.name, ""):
        made.append(_wrapped(visible(reading), TEXT, ink))
    if node.source is not None:
        made.append(_wrapped(shorten(visible(str(node.source)), SOURCE), SMALL, ink))
    if node.circuits:
        made.append(_wrapped(f"* in: {', '.join(map(spelled, node.circuits))}", TEXT, bold=True))
    for port, (roles, source) in enumerate(rows):
        made.append(line([*_roles(roles, node.dead), Words(source, SMALL, ink)], f"read{port}"))
    return label(table(made, border=3 if node.highlighted else 1, look=look_of(node, faded)))


def _wrapped(text: str, size: int, ink: str = INK, bold: bool = False) -> str:
    return lines([Words(part, size, ink, bold=bold) for part in textwrap.wrap(text, WRAP)])


def _roles(roles: Sequence[str], dead: bool) -> list[Words]:
    """The roles in which a variable is read, with commas between."""
    commas = [","] * (len(roles) - 1) + [""]
    return [
        Words(role + comma, SMALL, PALE if dead else ROLE_COLOURS[role])
        for role, comma in zip(roles, commas, strict=True)
    ]


def shown_name(node: GraphNode) -> str:
    """Its name; a place that only shows what comes out, and adds up nothing, is no readout."""
    return "output" if node.kind == "readout" and node.line is None and not node.reading else node.name


def look_of(node: GraphNode, faded: bool) -> str:
    """The border and the fill of a node's table."""
    style = "ROUNDED,DASHED" if node.dead else "ROUNDED"
    border = HIGHLIGHT if node.highlighted else FAINT if node.dead else PALE
    fill = DEAD_FILL if node.dead else "#FFFFFF" if faded else colour_of(node.kind)
    return f' STYLE="{style}" COLOR="{border}" BGCOLOR="{fill}"'


def tooltip_of(node: GraphNode) -> str:
    parts = [f"{node.name}: {node.reading}" if node.reading else node.name, node.kind]
    if node.line is not None:
        parts.append(f"line {node.line}")
    if node.swing:
        parts.append(f"moves the decision by up to {node.swing:.3g}")
    parts += ["dead"] * node.dead + ["highlighted"] * node.highlighted
    return "; ".join(parts)


def _read_edge(
    graph: graphviz.Digraph, source: str, target: str, port: int, roles: Sequence[str], lit: set[str] | None
) -> None:
    faded = fades(source, target, lit)
    graph.edge(
        source,
        target,
        tailport="e",
        headport=f"read{port}:w",
        color=FAINT if faded else ":".join(ROLE_COLOURS[role] for role in roles),
        style=ROLE_STYLES[roles[0]] if len(roles) == 1 else "solid",
        penwidth="0.6" if faded else "1.1" if lit is None else "2",
        tooltip=escaped(f"{target} reads {source} as {' and '.join(roles)}"),
    )


def fades(source: str, target: str, lit: set[str] | None) -> bool:
    return lit is not None and not (source in lit and target in lit)


def told_of_readout(result: GraphResult, edge: GraphEdge) -> str:
    if result.output is not None or edge.role == "output":
        return f"{edge.source} comes out"
    return f"readout of {edge.source}: moves the decision by up to {edge.swing:.3g}"


def readout_edge(
    graph: graphviz.Digraph, edge: GraphEdge, shown: Drawn, told: str, sides: tuple[str, str] = ("e", "w")
) -> None:
    """Draw an edge into where all ends, the wider the more it can move the decision.

    Args:
        sides: of the boxes, at which it begins and ends.
    """
    thin, thick = READOUT_WIDTHS
    share = 0.5 if edge.swing is None else min(1.0, edge.swing / shown.largest)
    faded, strong = fades(edge.source, edge.target, shown.lit), shown.lit is not None
    graph.edge(
        edge.source,
        edge.target,
        tailport=sides[0],
        headport=sides[1],
        color=FAINT if faded else ROLE_COLOURS["readout"] if strong else READOUT_PALE,
        penwidth="0.6" if faded else f"{thin + (thick - thin) * share:.2f}",
        arrowsize="0.4",
        tooltip=escaped(told),
    )
