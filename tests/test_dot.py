"""Graphs as DOT."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from typing import Literal, TypeAlias

import pytest

from analyze.callgraph import call_graph
from analyze.dataflow import data_flow
from analyze.render import calls_dot, dot, look
from analyze.render.drawn import Wanted
from analyze.render.order import with_few_crossings
from analyze.results.calls import CallEdge, CallGraphResult, CallNode
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tests import gold
from tests.programs import PROGRAMS
from tprog.files import is_ours
from tprog.ir.answering import VariableKind
from tprog.text.emit import emit
from tprog.version import VERSION


def node(
    name: str,
    kind: VariableKind | Literal["readout"],
    stage: int,
    *,
    swing: float = 0.0,
    dead: bool = False,
    on: bool = False,
) -> GraphNode:
    layer = None if kind in ("input", "readout") else stage // 2 - 1
    reading = "" if kind == "input" else f"what {name} does"
    return GraphNode(name, kind, stage, layer, reading, 7, swing, dead, on)


Role: TypeAlias = Literal["query", "key", "value", "input", "readout"]


def edge(source: str, target: str, role: Role, swing: float | None = None) -> GraphEdge:
    return GraphEdge(source, target, role, swing)


SMALL = GraphResult(
    "small.py",
    "the circuit of class 'a'",
    (
        node("tokens", "input", 0),
        node("positions", "input", 0),
        node("ones", "input", 0),
        node("attn_0_0", "head", 2, swing=4.0),
        node("attn_0_1", "head", 2, dead=True),
        node("mlp_0_0", "lookup", 3, swing=1.0),
        node("attn_1_0", "head", 4, swing=0.1),
        node("readout", "readout", 5),
    ),
    (
        edge("tokens", "attn_0_0", "query"),
        edge("tokens", "attn_0_0", "key"),
        edge("positions", "attn_0_0", "value"),
        edge("positions", "attn_0_1", "query"),
        edge("tokens", "attn_0_1", "key"),
        edge("tokens", "attn_0_1", "value"),
        edge("attn_0_0", "mlp_0_0", "input"),
        edge("attn_0_1", "mlp_0_0", "input"),
        edge("attn_0_0", "attn_1_0", "query"),
        edge("mlp_0_0", "attn_1_0", "key"),
        edge("tokens", "attn_1_0", "value"),
        edge("attn_0_0", "readout", "readout", 4.0),
        edge("attn_0_1", "readout", "readout", 3.0),
        edge("mlp_0_0", "readout", "readout", 1.0),
        edge("attn_1_0", "readout", "readout", 0.1),
        edge("positions", "readout", "readout", 0.0),
    ),
    ("attn_0_1",),
    (),
)


SLICE = "what flows into attn_1_0"


def highlighted(result: GraphResult, *names: str) -> GraphResult:
    nodes = tuple(dataclasses.replace(n, highlighted=n.name in names) for n in result.nodes)
    return dataclasses.replace(result, nodes=nodes, highlighted=names)


def statements(text: str) -> tuple[dict[str, str], dict[tuple[str, str], list[str]]]:
    """name -> a node's statement, and (source, target) -> the statements of their edges that can be seen."""
    nodes, edges = {}, dict[tuple[str, str], list[str]]()
    for line in map(str.strip, text.splitlines()):
        if found := re.match(r'("?)([\w.() ]+)\1 -> ("?)([\w.() ]+?)\3 \[', line):
            if "style=invis" not in line:
                edges.setdefault((found[2], found[4]), []).append(line)
        elif (found := re.match(r'("?)([\w.() ]+)\1 \[', line)) and found[2] not in ("graph", "node", "edge"):
            assert found[2] not in nodes, f"{found[2]} stands twice"
            nodes[found[2]] = line
    return nodes, edges


def words(statement: str) -> str:
    """What a reader reads in a node: its label without markup."""
    return " ".join(re.sub(r"<[^<>]+>", " ", statement).split())


def attribute(statement: str, name: str) -> str:
    found = re.search(rf'\b{name}="?([^"\s\]]+)', statement)
    assert found, statement
    return found[1]


def test_every_node_stands_once_with_its_name_and_reading() -> None:
    result = data_flow(PROGRAMS["most_freq"].program, name="most_freq.py")
    nodes, _ = statements(dot.data_flow(result))
    for shown in result.nodes:
        if shown.name == "ones":  # only counted with
            continue
        assert f"{shown.name} {shown.reading}" in words(nodes[shown.name])


def test_inputs_stand_at_the_left_and_the_readout_at_the_right_under_headings() -> None:
    text = dot.data_flow(SMALL)
    assert "rankdir=LR" in text
    columns = [re.findall(r"^\t\t(\w+) \[", block, re.M) for block in text.split("rank=same")[1:]]
    assert columns == [["tokens", "positions"], ["attn_0_0", "attn_0_1"], ["mlp_0_0"], ["attn_1_0"], ["readout"]]
    headings = re.findall(r'"stage \d+" \[label="?([\w :]+?)"? fontsize', text)
    assert headings == ["inputs", "layer 0: heads", "layer 0: lookups", "layer 1: heads", "prediction"]


def test_each_read_ends_at_a_row_that_says_its_role_and_variable() -> None:
    nodes, edges = statements(dot.data_flow(SMALL))
    assert "query, key tokens value positions" in words(nodes["attn_0_0"]).replace(" ,", ",")
    (merged,) = edges["tokens", "attn_0_0"]
    assert attribute(merged, "headport") == "read0:w"
    assert f"{look.ROLE_COLOURS['query']}:{look.ROLE_COLOURS['key']}" in merged
    assert "attn_0_0 reads tokens as query and key" in merged
    (value,) = edges["positions", "attn_0_0"]
    assert attribute(value, "headport") == "read1:w"
    (looked_up,) = edges["attn_0_0", "mlp_0_0"]
    assert attribute(looked_up, "color") == look.ROLE_COLOURS["input"]
    assert nodes["mlp_0_0"].index('"read0"') < nodes["mlp_0_0"].index('"read1"')


def test_a_dead_node_is_grey_says_so_and_has_rows_but_no_edges() -> None:
    nodes, edges = statements(dot.data_flow(SMALL))
    assert "attn_0_1 (dead)" in words(nodes["attn_0_1"])
    assert look.DEAD_FILL in nodes["attn_0_1"]
    assert "DASHED" in nodes["attn_0_1"]
    assert not any(colour in nodes["attn_0_1"] for colour in look.ROLE_COLOURS.values())
    assert not [ends for ends in edges if "attn_0_1" in ends]
    assert "query positions" in words(nodes["attn_0_1"])
    assert "(dead)" not in nodes["attn_0_0"]


def test_a_readout_edge_is_the_wider_the_more_it_moves_the_decision() -> None:
    _, edges = statements(dot.data_flow(SMALL))
    widths = {source: float(attribute(edges[source, "readout"][0], "penwidth")) for source in ("attn_0_0", "mlp_0_0")}
    assert widths["attn_0_0"] == dot.READOUT_WIDTHS[1]
    assert dot.READOUT_WIDTHS[0] < widths["mlp_0_0"] < widths["attn_0_0"]


def test_the_wide_range_of_a_sum_does_not_make_all_else_look_weak() -> None:
    total = node("num_attn_0_0", "numeric head", 2, swing=900.0)
    result = dataclasses.replace(
        SMALL, nodes=(*SMALL.nodes, total), edges=(*SMALL.edges, edge("num_attn_0_0", "readout", "readout", 900.0))
    )
    _, edges = statements(dot.data_flow(result))
    for source in ("num_attn_0_0", "attn_0_0"):
        assert float(attribute(edges[source, "readout"][0], "penwidth")) == dot.READOUT_WIDTHS[1]


def test_weak_readout_edges_are_left_out_and_counted() -> None:
    text = dot.data_flow(SMALL)
    _, edges = statements(text)
    assert ("attn_1_0", "readout") not in edges
    assert "Readout edges not drawn: 3 (weak, from a dead node, or telling no classes apart)." in text
    _, all_edges = statements(dot.data_flow(SMALL, Wanted(weak=0)))
    assert ("attn_1_0", "readout") in all_edges
    assert ("positions", "readout") not in all_edges


def test_an_input_that_nothing_reads_is_left_out() -> None:
    nodes, _ = statements(dot.data_flow(SMALL))
    assert "ones" not in nodes


def test_counting_heads_name_ones_but_no_edge_leads_from_it() -> None:
    text = dot.data_flow(data_flow(PROGRAMS["sort"].program))
    nodes, edges = statements(text)
    assert "ones" not in nodes
    assert not [ends for ends in edges if "ones" in ends]
    assert "value ones" in words(nodes["less"])
    assert "Not drawn: ones" in text
    asked = data_flow(PROGRAMS["sort"].program, highlighted=["ones", "less"], title="what ones flows into")
    nodes, edges = statements(dot.data_flow(asked))
    assert ("ones", "less") in edges


def test_nodes_of_a_column_stand_so_that_edges_do_not_cross() -> None:
    columns = [["a", "b", "c"], ["x", "idle", "y", "z"], ["end"]]
    edges = [("a", "z"), ("b", "y"), ("c", "x"), ("z", "end"), ("c", "end")]
    first, second, _ = with_few_crossings(columns, edges)
    assert second[-1] == "idle"
    paired = [("a", "z"), ("b", "y"), ("c", "x")]
    assert [first.index(one) for one, _ in paired] == [second.index(other) for _, other in paired]
    assert with_few_crossings(columns, []) == columns


def test_what_is_highlighted_stands_out_and_the_rest_fades() -> None:
    text = dot.data_flow(dataclasses.replace(highlighted(SMALL, "attn_0_0", "attn_1_0"), title=SLICE), Wanted(weak=0))
    nodes, edges = statements(text)
    assert "attn_0_0 *" in words(nodes["attn_0_0"])
    assert look.HIGHLIGHT in nodes["attn_0_0"]
    assert look.HIGHLIGHT not in nodes["mlp_0_0"]
    assert look.ROLE_COLOURS["query"] in edges["attn_0_0", "attn_1_0"][0]
    assert attribute(edges["mlp_0_0", "attn_1_0"][0], "color") == look.FAINT
    assert attribute(edges["attn_0_0", "mlp_0_0"][0], "color") == look.FAINT
    for source in ("attn_0_0", "mlp_0_0"):  # the readout is not in the slice
        assert attribute(edges[source, "readout"][0], "color") == look.FAINT
        assert float(attribute(edges[source, "readout"][0], "penwidth")) < 1
    assert attribute(edges["tokens", "attn_0_0"][0], "color") == look.FAINT
    assert f"Bold (a thick border and *): {SLICE}." in text


def test_a_circuit_stands_out_from_its_inputs_to_the_readout_and_the_rest_is_held_constant() -> None:
    circuit = dataclasses.replace(highlighted(SMALL, "attn_0_0", "attn_1_0"), title="circuit: class 'a'", circuit=True)
    text = dot.data_flow(circuit)
    _, edges = statements(text)
    assert attribute(edges["attn_0_0", "readout"][0], "color") == look.ROLE_COLOURS["readout"]
    assert attribute(edges["mlp_0_0", "readout"][0], "color") == look.FAINT
    assert look.ROLE_COLOURS["query"] in edges["tokens", "attn_0_0"][0]
    assert "Bold (a thick border and *): the circuit; every faded box is held at a constant." in text
    assert "circuit: class &#x27;a&#x27;" in text


def test_an_empty_circuit_leaves_every_head_and_lookup_faded() -> None:
    text = dot.data_flow(dataclasses.replace(SMALL, title="circuit: class 'a'", circuit=True))
    _, edges = statements(text)
    assert attribute(edges["attn_0_0", "readout"][0], "color") == look.FAINT
    assert "every faded box is held at a constant" in text


def test_a_highlight_without_a_title_is_called_one() -> None:
    untitled = dataclasses.replace(highlighted(SMALL, "attn_0_0"), title="")
    assert "Bold (a thick border and *): highlighted." in dot.data_flow(untitled)


def test_the_highlighted_part_can_be_drawn_alone() -> None:
    nodes, edges = statements(dot.data_flow(highlighted(SMALL, "attn_0_0", "attn_1_0"), Wanted(only_highlighted=True)))
    named = {name for name in nodes if not name.startswith("stage")}
    assert named == {"tokens", "positions", "attn_0_0", "attn_1_0", "readout"}
    assert "key mlp_0_0" in words(nodes["attn_1_0"])
    assert {end for ends in edges for end in ends} <= named


def test_names_and_readings_cannot_break_the_markup() -> None:
    odd = dataclasses.replace(SMALL.nodes[3], reading='nearest token = "<s>" & \\N, copies <b>')
    result = dataclasses.replace(SMALL, program="a<b>&\\n.py", nodes=(*SMALL.nodes[:3], odd, *SMALL.nodes[4:]))
    text = dot.data_flow(result)
    nodes, _ = statements(text)
    assert "&quot;&lt;s&gt;&quot; &amp; \\N" in nodes["attn_0_0"]
    assert "a&lt;b&gt;&amp;" in text


def test_the_text_carries_the_mark_that_lets_tpdebug_overwrite_it() -> None:
    assert is_ours(dot.data_flow(SMALL).encode())
    assert is_ours(calls_dot.call_graph(call_graph("def f(): f()", "m.py")).encode())


def test_the_graph_of_sort_is_as_it_was_last_read() -> None:
    text = dot.data_flow(data_flow(PROGRAMS["sort"].program, name="sort_program.py"))
    gold.check("sort.dot", text.replace(f"tpdebug {VERSION}", "tpdebug VERSION", 1))


def test_a_call_graph_tells_calls_from_passes_by_the_line_too() -> None:
    text = calls_dot.call_graph(call_graph(emit(PROGRAMS["sort"].program).text, "sort_program.py"))
    nodes, edges = statements(text)
    assert attribute(edges["run", "select_closest"][0], "style") == "solid"
    assert attribute(edges["run", "predicate_less"][0], "style") == "dashed"
    assert "run passes predicate_less (line " in edges["run", "predicate_less"][0]
    assert words(nodes["(module)"]).count("top level of the file") == 1
    assert re.search(r"predicate_less line \d+", words(nodes["predicate_less"]))


def test_a_call_graph_shows_names_of_other_files_only_if_they_are_used() -> None:
    result = CallGraphResult(
        "m.py",
        "other",
        (CallNode("f", 1, True), CallNode("math.floor", None, False), CallNode("unused", None, False)),
        (CallEdge("f", "math.floor", "calls", ()),),
        None,
    )
    nodes, edges = statements(calls_dot.call_graph(result))
    assert "unused" not in nodes
    assert "not defined in this file" in nodes["math.floor"]
    assert ("f", "math.floor") in edges


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_text_does_not_depend_on_the_hash_seed(seed: str) -> None:
    program = "\n".join(
        [
            "from analyze.callgraph import call_graph",
            "from analyze.render import calls_dot, dot",
            "from analyze.render.drawn import Wanted",
            "from tests.test_dot import SMALL, highlighted",
            "source = 'def f(): pass\\ndef g(): pass\\nt = {1: f, 2: g}\\ndef a(x): t[x](); return [f, g]'",
            "print(dot.data_flow(highlighted(SMALL, 'attn_0_0', 'attn_1_0'), Wanted(weak=0)))",
            "print(calls_dot.call_graph(call_graph(source, 'm.py')))",
        ]
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, encoding="utf-8", check=True
    )
    here: dict[str, object] = {}
    printed: list[str] = []
    exec(program, {"print": printed.append, **here})
    assert done.stdout == "".join(f"{text}\n" for text in printed)
