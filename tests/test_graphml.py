"""Graphs as GraphML: what another program reads back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from analyze.callgraph import call_graph
from analyze.dataflow import data_flow
from analyze.render import graphml
from analyze.results.calls import CallGraphResult
from analyze.results.graph import GraphResult
from tests.programs import PROGRAMS
from tprog.files import is_ours
from tprog.ir.provenance import SourceLine
from tprog.text.emit import emit

_IN = f"{{{graphml.NAMESPACE}}}"
_BOOLEANS = {"true": True, "false": False}
_TYPES: dict[str, Callable[[str], object]] = {
    "string": str,
    "int": int,
    "double": float,
    "boolean": _BOOLEANS.__getitem__,
}


def _read(text: str) -> tuple[dict[str, dict[str, object]], list[tuple[str, str, dict[str, object]]]]:
    """name -> attributes, and (source, target, attributes), as a reader of GraphML gets them."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{_IN}graphml"
    keys = {key.attrib["id"]: key.attrib for key in root.iter(f"{_IN}key")}
    # The schema wants keys before the graph.
    order = [child.tag for child in root if isinstance(child.tag, str)]
    assert order == [f"{_IN}desc", *[f"{_IN}key"] * len(keys), f"{_IN}graph"]

    def attributes(element: ElementTree.Element, domain: str) -> dict[str, object]:
        found = {}
        for data in element.iter(f"{_IN}data"):
            key = keys[data.attrib["key"]]
            assert key["for"] == domain
            found[key["attr.name"]] = _TYPES[key["attr.type"]](data.text or "")
        return found

    nodes = {node.attrib["id"]: attributes(node, "node") for node in root.iter(f"{_IN}node")}
    edges = [(e.attrib["source"], e.attrib["target"], attributes(e, "edge")) for e in root.iter(f"{_IN}edge")]
    assert all(source in nodes and target in nodes for source, target, _ in edges)
    return nodes, edges


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_a_data_flow_keeps_its_nodes_edges_and_attributes(name: str) -> None:
    program = PROGRAMS[name].program
    some = list(program.variables)[3:5]
    result = data_flow(program, dead=some[:1], highlighted=some, title='what is <asked> & "told"', name="p.py")
    nodes, edges = _read(graphml.data_flow(result))
    assert list(nodes) == [node.name for node in result.nodes]
    for node in result.nodes:
        found = nodes[node.name]
        assert (found["kind"], found["reading"], found["stage"]) == (node.kind, node.reading, node.stage)
        assert (found["dead"], found["highlighted"], found["swing"]) == (node.dead, node.highlighted, node.swing)
        assert ("layer" in found) == (node.layer is not None)
        assert "line" not in found
    assert [(s, t, found["role"]) for s, t, found in edges] == [(e.source, e.target, e.role) for e in result.edges]
    assert [found.get("swing") for _, _, found in edges] == [edge.swing for edge in result.edges]


def test_a_written_program_says_where_its_nodes_were_written() -> None:
    program = PROGRAMS["hist"].program
    written = SourceLine("count", "hist <1>.rasp", 7, 'hist = selector_width(select(tokens, tokens, ==)); # "&"')
    nodes, _ = _read(graphml.data_flow(data_flow(replace(program, sources=(written,)))))
    found = nodes["count"]
    assert (found["source_file"], found["source_line"], found["source_text"]) == (written.file, 7, written.text)
    assert not [name for name, of in nodes.items() if name != "count" and "source_line" in of]


def test_a_call_graph_keeps_lines_and_kinds() -> None:
    called = call_graph(emit(PROGRAMS["sort"].program).text, "sort.py")
    nodes, edges = _read(graphml.call_graph(called))
    assert nodes["run"]["line"] == next(node.line for node in called.nodes if node.name == "run")
    assert nodes["<module>"]["defined"] is True
    assert ("run", "predicate_sorted", {"kind": "passes"}) in [
        (source, target, {"kind": found["kind"]}) for source, target, found in edges
    ]
    assert len(edges) == len(called.edges)


def test_both_say_that_tpdebug_wrote_them_and_no_name_breaks_them() -> None:
    flow = data_flow(PROGRAMS["sort"].program, name="a\x00<b>&\"'\x1b\ud800.py", title="\x07")
    called = replace(call_graph("def f(): pass", "x.py"), program="\x01")
    for text in (graphml.data_flow(flow), graphml.call_graph(called)):
        assert is_ours(text.encode("utf-8"))
        _read(text)
    assert "a\\x00&lt;b&gt;&amp;" in graphml.data_flow(flow)


def test_networkx_reads_them() -> None:
    networkx = pytest.importorskip("networkx")
    result = data_flow(PROGRAMS["most_freq"].program)
    graph = networkx.parse_graphml(graphml.data_flow(result))
    assert graph.is_directed()
    assert set(graph.nodes) == {node.name for node in result.nodes}
    assert graph.number_of_edges() == len(result.edges)
    assert graph.nodes["readout"]["kind"] == "readout"


def test_a_graph_without_edges_is_one() -> None:
    empty = GraphResult("p", "", (), (), (), ())
    assert _read(graphml.data_flow(empty)) == ({}, [])
    assert _read(graphml.call_graph(CallGraphResult("p", "libcst", (), (), None))) == ({}, [])
