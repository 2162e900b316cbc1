"""A call graph as DOT, the language of Graphviz. The text depends on the result alone."""

from __future__ import annotations

from analyze.render.labels import Words, label, line, table
from analyze.render.look import DEAD_FILL, PALE, ROLE_COLOURS, SMALL, TEXT, caption, colour_of, escaped, new_graph
from analyze.results.calls import MODULE, CallGraphResult, CallNode


def call_graph(result: CallGraphResult) -> str:
    """A call graph as DOT: callers on the left; calls as solid, functions passed on as dashed arrows."""
    graph = new_graph()
    graph.attr("graph", label=_call_caption(result), ranksep="1.2", nodesep="0.08")
    used = {end for edge in result.edges for end in (edge.source, edge.target)}
    for node in result.nodes:
        if node.defined or node.name in used:
            graph.node(_id(node.name), label=_call_label(node), tooltip=escaped(_call_tooltip(node)))
    for edge in result.edges:
        passes = edge.kind == "passes"
        lines = f" (line {', '.join(map(str, edge.lines))})" if edge.lines else ""
        graph.edge(
            _id(edge.source),
            _id(edge.target),
            color=ROLE_COLOURS["key" if passes else "query"],
            style="dashed" if passes else "solid",
            tooltip=escaped(f"{edge.source} {edge.kind} {edge.target}{lines}"),
        )
    return str(graph.source)


def _id(name: str) -> str:
    """A node's identifier; Graphviz would take ``<module>`` for markup."""
    return "(module)" if name == MODULE else name


def _call_label(node: CallNode) -> str:
    name = "top level of the file" if node.name == MODULE else node.name
    where = [Words(f"line {node.line}", SMALL, PALE)] if node.line is not None else []
    fill = colour_of("input") if node.name == MODULE else colour_of("head") if node.defined else DEAD_FILL
    look = f' STYLE="ROUNDED" COLOR="{PALE}" BGCOLOR="{fill}"'
    return label(table([line([Words(name, TEXT), *where])], border=1, look=look))


def _call_tooltip(node: CallNode) -> str:
    where = f"line {node.line}" if node.line is not None else "the file itself"
    return f"{node.name}: {where if node.defined else 'not defined in this file'}"


def _call_caption(result: CallGraphResult) -> str:
    arrows = "Solid arrow: calls. Dashed arrow: passes the function on, as an argument for instance."
    return caption(result.program, [f"Call graph, found by {result.engine}."], [], [arrows])
