"""Graphs as GraphML, which networkx, yEd, Gephi and Cytoscape read: the data flow of a program, and a call graph.

Source of the form: Brandes et al., "GraphML Progress Report", GD 2001; http://graphml.graphdrawing.org.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias
from xml.etree import ElementTree

from analyze.results.calls import CallGraphResult
from analyze.results.components import ComponentsResult
from analyze.results.graph import GraphResult
from tprog.escape import visible
from tprog.version import VERSION

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"

_Kind: TypeAlias = Literal["string", "int", "double", "boolean"]
_Attributes: TypeAlias = Mapping[str, _Kind]
_Data: TypeAlias = Mapping[str, str | int | float | bool | None]

_FLOW_NODE: _Attributes = {
    "label": "string",
    "kind": "string",
    "reading": "string",
    "line": "int",
    "stage": "int",
    "layer": "int",
    "swing": "double",
    "dead": "boolean",
    "highlighted": "boolean",
    "circuits": "string",
    "source_file": "string",
    "source_line": "int",
    "source_text": "string",
}
_FLOW_EDGE: _Attributes = {"role": "string", "swing": "double", "highlighted": "boolean"}
_COMPONENT_NODE: _Attributes = {"label": "string", "computes": "string", "needed": "boolean"}
_CALL_NODE: _Attributes = {"label": "string", "line": "int", "defined": "boolean"}
_CALL_EDGE: _Attributes = {"kind": "string", "lines": "string"}


def data_flow(result: GraphResult) -> str:
    """The data flow of a program; the attributes are those of `GraphNode` and `GraphEdge`.

    A variable that a node reads in two roles has two edges to it. `source_file`, `source_line` and `source_text` say
    where a node of a written program was written. What has no value, such as the line of an input, is left out.
    """
    lit = {node.name for node in result.nodes if node.highlighted}
    nodes = [
        (
            node.name,
            {
                "label": node.name,
                "kind": node.kind,
                "reading": node.reading,
                "line": node.line,
                "stage": node.stage,
                "layer": node.layer,
                "swing": node.swing,
                "dead": node.dead,
                "highlighted": node.highlighted,
                "circuits": ", ".join(node.circuits) or None,
                "source_file": None if node.source is None else node.source.file,
                "source_line": None if node.source is None else node.source.line,
                "source_text": None if node.source is None else node.source.text,
            },
        )
        for node in result.nodes
    ]
    edges = [
        (e.source, e.target, {"role": e.role, "swing": e.swing, "highlighted": e.source in lit and e.target in lit})
        for e in result.edges
    ]
    title = f"Data flow of {result.program}" + (f": {result.title}" if result.title else "")
    return _document(title, _FLOW_NODE, nodes, _FLOW_EDGE, edges)


def call_graph(result: CallGraphResult) -> str:
    """A call graph: kinds of edges are ``calls`` and ``passes``; `lines` are those of the calls, joined by commas."""
    nodes = [(n.name, {"label": n.name, "line": n.line, "defined": n.defined}) for n in result.nodes]
    edges = [(e.source, e.target, {"kind": e.kind, "lines": ", ".join(map(str, e.lines))}) for e in result.edges]
    return _document(f"Call graph of {result.program}", _CALL_NODE, nodes, _CALL_EDGE, edges)


def components(name: str, result: ComponentsResult) -> str:
    """Heads and MLPs: `computes` are nodes, joined by commas; `needed` is what an output needs."""
    within = {part for circuit in result.circuits for part in circuit.nodes}
    needed = {edge for circuit in result.circuits for edge in circuit.edges}
    nodes: list[tuple[str, _Data]] = [
        (n.name, {"label": n.name, "computes": ", ".join(n.computes) or None, "needed": n.name in within})
        for n in result.nodes
    ]
    edges: list[tuple[str, str, _Data]] = [(*edge, {"needed": edge in needed}) for edge in result.edges]
    return _document(f"Components of {name}", _COMPONENT_NODE, nodes, {"needed": "boolean"}, edges)


def _document(
    title: str,
    node_attributes: _Attributes,
    nodes: Sequence[tuple[str, _Data]],
    edge_attributes: _Attributes,
    edges: Sequence[tuple[str, str, _Data]],
) -> str:
    root = ElementTree.Element("graphml", xmlns=NAMESPACE)
    root.append(ElementTree.Comment(f" written by tpdebug {VERSION} "))
    ElementTree.SubElement(root, "desc").text = _text(title)
    for domain, attributes in (("node", node_attributes), ("edge", edge_attributes)):
        for name, kind in attributes.items():
            key = {"id": f"{domain}_{name}", "for": domain, "attr.name": name, "attr.type": kind}
            ElementTree.SubElement(root, "key", key)
    graph = ElementTree.SubElement(root, "graph", id="tpdebug", edgedefault="directed")
    for name, data in nodes:
        _add(ElementTree.SubElement(graph, "node", id=_text(name)), "node", data.items())
    for index, (source, target, data) in enumerate(edges):
        ends = {"id": f"e{index}", "source": _text(source), "target": _text(target)}
        _add(ElementTree.SubElement(graph, "edge", ends), "edge", data.items())
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: ElementTree.Element, domain: str, data: Iterable[tuple[str, str | int | float | bool | None]]) -> None:
    for name, value in data:
        if value is not None:
            ElementTree.SubElement(parent, "data", key=f"{domain}_{name}").text = _text(value)


def _text(value: str | int | float | bool) -> str:
    """A value as GraphML writes it; the writer of XML quotes it once more."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return visible(str(value))
