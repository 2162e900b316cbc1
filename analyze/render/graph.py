"""The text of a data flow graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import RenderableType

from analyze.render.tables import at_line, counted, evidence, page, table
from analyze.render.written import written
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tprog.listing import listing


def graph_text(result: GraphResult) -> RenderableType:
    """Who reads whom. `*` marks what is highlighted."""
    reads: dict[str, list[GraphEdge]] = {}
    for edge in result.edges:
        reads.setdefault(edge.target, []).append(edge)
    nodes = [node for node in result.nodes if node.kind not in ("input", "readout", "output")]
    coming_out = {edge.source for edge in result.edges if edge.role == "output"}
    rows = [_row(node, reads.get(node.name, ()), node.name in coming_out) for node in nodes]
    last = "readout" if _classifies(result) else "output"
    listed = table(("node", "what it does", "reads", last, "line"), rows, (last, "line"))
    return page(
        f"{result.program}: {counted(len(nodes), 'node')}" + (f"; {result.title}" if result.title else ""),
        "bold",
        "; ".join(_remarks(result, sum(node.highlighted for node in nodes))),
        listed,
        *_meanings(result),
        written(node.source for node in result.nodes if node.source is not None),
    )


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
        yield f"output: {listing(result.outputs)} come out, each by its name"
    if _classifies(result):
        between = "two classes" if result.toward is None else f"{result.toward!r} and another class"
        yield f"readout: the most, in logits, by which the variable can move the difference between {between}"


def _row(node: GraphNode, reads: Iterable[GraphEdge], comes_out: bool) -> tuple[str, str, str, str, str]:
    sources = ", ".join(f"{edge.role} {edge.source}" for edge in reads)
    marks = "*" * node.highlighted + " dead" * node.dead
    last = [f"{node.swing:.4g}"] * bool(node.swing) + ["output"] * comes_out
    return node.name + marks, node.reading, sources, ", ".join(last) or "-", at_line(node.line)
