"""The data flow of a program as DOT, the language of Graphviz. The text depends on the result alone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import graphviz

from analyze.render.labels import Words, label, line, lines, table
from analyze.render.legend import flow_caption, highlights
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
from analyze.render.tables import shorten
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

WEAK = 0.05
"""Readout edges whose swing is below this share of the widest edge's are left out of the picture."""

READOUT_WIDTHS = (0.5, 2.5)
"""Points: the width of the weakest and of the strongest readout edge."""


def data_flow(result: GraphResult, *, weak: float = WEAK, only_highlighted: bool = False) -> str:
    """The data flow of a program as DOT, from its inputs on the left to the readout on the right.

    A node shows its name, its reading, and a row for each role with the variable that it reads; the edge of that read
    ends at the row. Reads of the same variable share a row. A dead node is grey, says so, and has its rows but no
    edges. Where something is highlighted, an edge stands out if both its ends do, and all others fade. Within a column
    the nodes stand so that few edges cross.

    Args:
        weak: readout edges below this share of the widest one's swing are left out, but for those of highlighted nodes;
            0 leaves out only those that do not tell classes apart.
        only_highlighted: show highlighted nodes, what they read and the readout, and nothing else.
    """
    shown, lit = _shown(result, only_highlighted), _standing_out(result)
    rows = _rows(result, shown)
    read_edges = _read_edges(result, rows, shown)
    readouts = [edge for edge in result.edges if edge.role in _LAST and edge.source in shown]
    largest = _largest(readouts, {node.name: node for node in result.nodes})
    drawn = _strong(result, readouts, weak * largest)
    ends = [*((source, target) for source, target, _ in read_edges), *((edge.source, edge.target) for edge in drawn)]
    nodes = _drawn_nodes(result, shown, {source for source, _ in ends})
    graph = new_graph()
    graph.attr("graph", label=flow_caption(result, nodes, len(readouts) - len(drawn)), ranksep="1.4", nodesep="0.12")
    _columns(graph, nodes, rows, ends, lit)
    for source, target, port in read_edges:
        _read_edge(graph, source, target, port, rows[target][port][0], lit)
    for edge in drawn:
        _readout_edge(graph, edge, largest, lit, _told_of_readout(result, edge))
    return str(graph.source)


_LAST = ("readout", "output")
"""The kinds of the nodes in which all ends, and the roles in which they read."""

_Rows: TypeAlias = Mapping[str, Sequence[tuple[list[str], str]]]
"""node -> its rows, from the top: the roles in which it reads a variable, and that variable."""


def _rows(result: GraphResult, shown: set[str]) -> _Rows:
    reads = _reads(edge for edge in result.edges if edge.target in shown and edge.role not in _LAST)
    return {name: [(roles, source) for source, roles in sources.items()] for name, sources in reads.items()}


def _drawn_nodes(result: GraphResult, shown: set[str], read: set[str]) -> list[GraphNode]:
    """The nodes that are drawn: of the inputs, those that an edge leaves."""
    return [node for node in result.nodes if node.name in shown and (node.kind != "input" or node.name in read)]


def _read_edges(result: GraphResult, rows: _Rows, shown: set[str]) -> list[tuple[str, str, int]]:
    """Source, target and row of the reads that are drawn: of no dead node, nor of the 1s that a head counts."""
    idle = _idle_nodes(result)
    by_name = {node.name: node for node in result.nodes}
    return [
        (source, target, port)
        for target, sources in rows.items()
        for port, (roles, source) in enumerate(sources)
        if source in shown
        and idle.isdisjoint((source, target))
        and (not _counts(by_name[target], source, roles) or _asked_for(result, source))
    ]


def _strong(result: GraphResult, readouts: Sequence[GraphEdge], least: float) -> list[GraphEdge]:
    """The readout edges that are drawn: those of at least this swing, of what a highlight makes stand out, and of
    variables that come out."""
    idle = _idle_nodes(result)
    highlighted = {node.name for node in result.nodes if node.highlighted and highlights(result)}
    return [
        edge
        for edge in readouts
        if edge.role == "output"
        or (edge.swing and edge.source not in idle and (edge.swing >= least or edge.source in highlighted))
    ]


def _standing_out(result: GraphResult) -> set[str] | None:
    """What a highlight makes stand out; None without one.

    To a circuit belong the inputs and embeddings, which are never held constant, and the readout. A slice has those
    that it reaches.
    """
    if not highlights(result):
        return None
    given = ("input", "embedding", *_LAST) if result.circuit else ()
    return set(result.highlighted) | {node.name for node in result.nodes if node.kind in given}


def _idle_nodes(result: GraphResult) -> set[str]:
    return {node.name for node in result.nodes if _idle(result, node)}


def _of_kinds(result: GraphResult, *kinds: str) -> set[str]:
    return {node.name for node in result.nodes if node.kind in kinds}


def _idle(result: GraphResult, node: GraphNode) -> bool:
    """Whether a node is dead and no member of a circuit: with other nodes held constant, it can matter all the same."""
    return node.dead and not (result.circuit and node.highlighted)


def _counts(node: GraphNode, source: str, roles: Sequence[str]) -> bool:
    """Whether a read is that of a head which counts: it adds up `ones`, which its reading says well enough."""
    return node.kind == "numeric head" and source == "ones" and roles == ["value"]


def _asked_for(result: GraphResult, name: str) -> bool:
    """Whether an input is what a slice starts from."""
    inputs = {node.name for node in result.nodes if node.kind == "input"}
    return inputs & set(result.highlighted) == {name}


def _largest(readouts: Sequence[GraphEdge], by_name: Mapping[str, GraphNode]) -> float:
    """The swing of the widest readout edge.

    Sums are left out if they can be: the range that is proven for a sum of sums lies far above what it takes, and
    would make all else look weak.
    """
    swings = [edge.swing or 0.0 for edge in readouts if by_name[edge.source].kind not in ("numeric head", "linear")]
    return max(swings, default=0.0) or max((edge.swing or 0.0 for edge in readouts), default=0.0)


def _shown(result: GraphResult, only_highlighted: bool) -> set[str]:
    """The nodes to draw; of the inputs, those among them that an edge leaves."""
    if not only_highlighted or not result.highlighted:
        return {node.name for node in result.nodes}
    kept = set(result.highlighted) | _of_kinds(result, *_LAST)
    given = _of_kinds(result, "input", "embedding")
    return kept | {edge.source for edge in result.edges if edge.target in kept and edge.source in given}


def _reads(edges: Iterable[GraphEdge]) -> dict[str, dict[str, list[str]]]:
    """target -> source -> roles, in the order of the edges."""
    reads: dict[str, dict[str, list[str]]] = {}
    for edge in edges:
        reads.setdefault(edge.target, {}).setdefault(edge.source, []).append(edge.role)
    return reads


def _columns(
    graph: graphviz.Digraph,
    nodes: Sequence[GraphNode],
    rows: Mapping[str, Sequence[tuple[list[str], str]]],
    edges: Sequence[tuple[str, str]],
    lit: set[str] | None,
) -> None:
    """One rank a stage, from left to right, each below its heading."""
    by_name = {node.name: node for node in nodes}
    stages = sorted({node.stage for node in nodes})
    columns = [[node.name for node in nodes if node.stage == stage] for stage in stages]
    previous = ""
    for stage, names in zip(stages, with_few_crossings(columns, edges), strict=True):
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
                label = _node_label(node, rows.get(node.name, ()), lit)
                column.node(node.name, label=label, tooltip=escaped(_tooltip(node)), id=f"node-{node.name}")
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
    made = [lines([Words(_shown_name(node) + marks, TEXT, ink, bold=True)])]
    if reading := node.reading or GIVEN.get(node.name, ""):
        made.append(_wrapped(visible(reading), TEXT, ink))
    if node.source is not None:
        made.append(_wrapped(shorten(visible(str(node.source)), SOURCE), SMALL, ink))
    if node.circuits:
        made.append(_wrapped(f"* in: {', '.join(map(spelled, node.circuits))}", TEXT, bold=True))
    for port, (roles, source) in enumerate(rows):
        made.append(line([*_roles(roles, node.dead), Words(source, SMALL, ink)], f"read{port}"))
    return label(table(made, border=3 if node.highlighted else 1, look=_look(node, faded)))


def _wrapped(text: str, size: int, ink: str = INK, bold: bool = False) -> str:
    return lines([Words(part, size, ink, bold=bold) for part in textwrap.wrap(text, WRAP)])


def _roles(roles: Sequence[str], dead: bool) -> list[Words]:
    """The roles in which a variable is read, with commas between."""
    commas = [","] * (len(roles) - 1) + [""]
    return [
        Words(role + comma, SMALL, PALE if dead else ROLE_COLOURS[role])
        for role, comma in zip(roles, commas, strict=True)
    ]


def _shown_name(node: GraphNode) -> str:
    """Its name; a place that only shows what comes out, and adds up nothing, is no readout."""
    return "output" if node.kind == "readout" and node.line is None and not node.reading else node.name


def _look(node: GraphNode, faded: bool) -> str:
    """The border and the fill of a node's table."""
    style = "ROUNDED,DASHED" if node.dead else "ROUNDED"
    border = HIGHLIGHT if node.highlighted else FAINT if node.dead else PALE
    fill = DEAD_FILL if node.dead else "#FFFFFF" if faded else colour_of(node.kind)
    return f' STYLE="{style}" COLOR="{border}" BGCOLOR="{fill}"'


def _tooltip(node: GraphNode) -> str:
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
    faded = _fades(source, target, lit)
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


def _fades(source: str, target: str, lit: set[str] | None) -> bool:
    return lit is not None and not (source in lit and target in lit)


def _told_of_readout(result: GraphResult, edge: GraphEdge) -> str:
    if result.output is not None or edge.role == "output":
        return f"{edge.source} comes out"
    return f"readout of {edge.source}: moves the decision by up to {edge.swing:.3g}"


def _readout_edge(graph: graphviz.Digraph, edge: GraphEdge, largest: float, lit: set[str] | None, told: str) -> None:
    thin, thick = READOUT_WIDTHS
    share = 0.5 if edge.swing is None else min(1.0, edge.swing / largest)
    faded = _fades(edge.source, edge.target, lit)
    graph.edge(
        edge.source,
        edge.target,
        tailport="e",
        headport="w",
        color=FAINT if faded else ROLE_COLOURS["readout"] if lit is not None else READOUT_PALE,
        penwidth="0.6" if faded else f"{thin + (thick - thin) * share:.2f}",
        arrowsize="0.4",
        tooltip=escaped(told),
    )
