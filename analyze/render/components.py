"""The heads and MLPs of a compiled model, as text and as DOT. The text depends on the result alone."""

from __future__ import annotations

import re

from analyze.render.document import STRONG, Document, document
from analyze.render.document import table as text_table
from analyze.render.labels import Words, label, line, table
from analyze.render.look import FAINT, HIGHLIGHT, PALE, SMALL, TEXT, caption, colour_of, escaped, new_graph
from analyze.render.phrases import counted
from analyze.results.components import Component, ComponentsResult
from tprog.ir.answering import VariableKind

_LAYER = re.compile(r"blocks\.([0-9]+)\.(attn|mlp)")


def components_document(result: ComponentsResult, name: str = "the model") -> Document:
    """What each component computes and reads, and whether an output needs it."""
    needed = {part for circuit in result.circuits for part in circuit.nodes}
    reads: dict[str, list[str]] = {}
    for source, target in result.edges:
        reads.setdefault(target, []).append(source)
    rows = [
        (
            f"{node.name} +" if node.name in needed else node.name,
            ", ".join(node.computes),
            ", ".join(reads.get(node.name, ())),
        )
        for node in result.nodes
    ]
    size = f"{counted(len(result.nodes), 'component')}, {counted(len(result.edges), 'edge')}"
    listed = text_table(("component", "computes", "reads"), rows, name="components")
    outputs = ", ".join(circuit.output for circuit in result.circuits)
    return document(f"{name}: {size}", STRONG, listed, f"+ is in the circuit of {outputs}")


def components_dot(name: str, result: ComponentsResult) -> str:
    """The components as DOT, layer by layer from left to right; what an output needs is framed in orange."""
    graph = new_graph()
    needed = {edge for circuit in result.circuits for edge in circuit.edges}
    within = {part for circuit in result.circuits for part in circuit.nodes}
    outputs = ", ".join(circuit.output for circuit in result.circuits)
    said = [f"Heads and MLPs of a compiled model. Orange and bold: the circuit of {outputs}."]
    graph.attr("graph", label=caption(name, said, [], ["An arrow: reads what the other writes."]), ranksep="0.9")
    for node in result.nodes:
        graph.node(node.name, label=_label(node, node.name in within), tooltip=escaped(", ".join(node.computes)))
    for stage in _stages(result):
        with graph.subgraph() as same:
            same.attr(rank="same")
            for part in stage:
                same.node(part)
    for source, target in result.edges:
        inside = (source, target) in needed
        look = {"color": HIGHLIGHT, "penwidth": "1.6"} if inside else {"color": FAINT, "style": "dashed"}
        graph.edge(source, target, tooltip=escaped(f"{target} reads {source}"), **look)
    return str(graph.source)


def _label(node: Component, needed: bool) -> str:
    look = f' STYLE="ROUNDED" COLOR="{HIGHLIGHT if needed else PALE}" BGCOLOR="{colour_of(_kind(node.name))}"'
    rows = [line([Words(node.name, TEXT, bold=needed)])]
    rows += [line([Words(computed, SMALL, PALE)]) for computed in node.computes]
    return label(table(rows, border=1, look=look))


def _kind(name: str) -> VariableKind:
    found = _LAYER.match(name)
    if found is None:
        return "input"
    return "head" if found[2] == "attn" else "lookup"


def _stages(result: ComponentsResult) -> list[list[str]]:
    """The components that stand below each other: the embeddings, the heads of a layer, an MLP, the unembedding."""
    found: dict[tuple[int, int], list[str]] = {}
    for node in result.nodes:
        layer = _LAYER.match(node.name)
        if layer is not None:
            at = (int(layer[1]), int(layer[2] == "mlp"))
        else:
            at = (-1, 0) if "embed" in node.name and node.name != "unembed" else (len(result.nodes), 0)
        found.setdefault(at, []).append(node.name)
    return [found[at] for at in sorted(found)]
