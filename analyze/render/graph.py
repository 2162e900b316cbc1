"""A data flow graph as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyze.render import dot
from analyze.render.document import STRONG, Cell, Document, Picture, Table, document, table
from analyze.render.phrases import counted, evidence
from analyze.render.svg import svg
from analyze.render.written import written
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tprog.listing import listing


def graph_document(result: GraphResult) -> Document:
    """Who reads whom. `*` marks what is highlighted."""
    nodes = _own(result)
    return document(
        f"{result.program}: {counted(len(nodes), 'node')}" + (f"; {result.title}" if result.title else ""),
        STRONG,
        "; ".join(_remarks(result, sum(node.highlighted for node in nodes))),
        nodes_table(result),
        *_meanings(result),
        flow_picture(result),
        written(node.source for node in result.nodes if node.source is not None),
        _edges(result),
    )


def flow_picture(result: GraphResult) -> Picture:
    """The picture of a data flow."""
    return Picture(lambda: flow_svg(result, dot.data_flow(result)), _told(result))


def flow_svg(result: GraphResult, drawn: str) -> str:
    """A picture of a data flow, from its DOT."""
    return svg(drawn, f"Data flow of {result.program}", _told(result))


def _told(result: GraphResult) -> str:
    return f"The variables of {result.program}, and who reads whom. {result.title}".rstrip()


def _own(result: GraphResult) -> list[GraphNode]:
    """The nodes of the program, which are neither given nor a place where something comes out."""
    return [node for node in result.nodes if node.kind not in ("input", "readout", "output")]


def nodes_table(result: GraphResult) -> Table:
    """The nodes, with what each reads."""
    reads: dict[str, list[GraphEdge]] = {}
    for edge in result.edges:
        reads.setdefault(edge.target, []).append(edge)
    coming_out = {edge.source for edge in result.edges if edge.role == "output"}
    rows = [_row(node, reads.get(node.name, ()), node.name in coming_out) for node in _own(result)]
    last = "readout" if _classifies(result) else "output"
    return table(("node", "what it does", "reads", last, "line"), rows, (last, "line"), name="nodes")


def _edges(result: GraphResult) -> Table:
    """The reads, as data."""
    rows = [(edge.source, edge.target, edge.role, edge.swing) for edge in result.edges]
    return table(("variable", "read by", "as", "swing"), rows, name="reads", seen=False)


def _classifies(result: GraphResult) -> bool:
    """Whether a readout comes out, alone or beside variables."""
    return result.output is None and any(node.kind == "readout" for node in result.nodes)


def _remarks(result: GraphResult, marked: int) -> Iterator[str]:
    """What is highlighted and dead, and over which inputs."""
    if result.highlighted:
        yield f"* {counted(marked, 'node')} highlighted"
    if result.dead:
        yield counted(len(result.dead), "dead node")
    if result.checked:
        yield evidence(result.checked)


def _meanings(result: GraphResult) -> Iterator[str]:
    """What the column of the readout says."""
    if result.output is not None:
        yield f"output: {result.output} comes out"
        return
    if result.outputs:
        alone = len(result.outputs) == 1
        come = "comes out; what it is not computed from is left out" if alone else "come out, each by its name"
        yield f"output: {listing(result.outputs)} {come}"
    if _classifies(result):
        between = "two classes" if result.toward is None else f"{result.toward!r} and another class"
        yield f"readout: the most, in logits, by which the variable can move the difference between {between}"


def _row(node: GraphNode, reads: Iterable[GraphEdge], comes_out: bool) -> tuple[object, ...]:
    sources = ", ".join(f"{edge.role} {edge.source}" for edge in reads)
    marks = "*" * node.highlighted + " dead" * node.dead
    last = [f"{node.swing:.4g}"] * bool(node.swing) + ["output"] * comes_out
    swing = Cell(node.swing or None, ", ".join(last) or "-")
    return Cell(node.name, node.name + marks), node.reading, sources, swing, node.line
