"""The data-flow graph: stages, edges, what the readout makes of a variable, slices."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyze.dataflow import data_flow, deciding, mattering, reached_from, reaching, stages, swing
from tests.programs import PROGRAMS
from tests.strategies import programs, some_inputs
from tprog.errors import BadUsage
from tprog.ir.entry import Entry
from tprog.ir.program import Head, Lookup, Program, Symbols, Weights
from tprog.run.batch import encode
from tprog.run.execute import execute

SORT = PROGRAMS["sort"].program


def test_the_graph_of_the_sort_program() -> None:
    lines = {Entry("less", "wiring"): 9}
    graph = data_flow(SORT, dead=["same"], highlighted=["less", "readout"], title="a test", lines=lines)
    nodes = {node.name: node for node in graph.nodes}
    assert list(nodes) == ["tokens", "positions", "ones", "less", "same", "rank", "sorted", "readout"]
    assert [(node.stage, node.layer) for node in graph.nodes] == [
        (0, None), (0, None), (0, None), (2, 0), (2, 0), (3, 0), (4, 1), (5, None),
    ]  # fmt: skip
    assert {(edge.source, edge.target, edge.role) for edge in graph.edges} == {
        *(("tokens", head, role) for head in ("less", "same") for role in ("query", "key")),
        *(("ones", head, "value") for head in ("less", "same")),
        ("less", "rank", "input"),
        ("same", "rank", "input"),
        ("positions", "sorted", "query"),
        ("rank", "sorted", "key"),
        ("tokens", "sorted", "value"),
        ("sorted", "readout", "readout"),
    }
    assert nodes["less"].line == 9
    assert (nodes["same"].dead, nodes["less"].dead) == (True, False)
    assert graph.dead == ("same",)
    assert graph.highlighted == ("less", "readout")
    assert nodes["sorted"].swing == 2.0  # from +1 for one class and 0 for another to 0 and +1
    assert nodes["readout"].reading == "best of 5 classes"


def test_a_pooled_readout_says_so() -> None:
    assert data_flow(PROGRAMS["question_type"].program).nodes[-1].reading.startswith("mean over positions")


@given(programs())
def test_heads_and_lookups_stand_behind_all_they_read(program: Program) -> None:
    stage = stages(program)
    for node in program.nodes:
        assert all(stage[read] < stage[node.name] for read in node.reads)
        kind = {"Embedding": {1}, "Lookup": {1}, "Linear": {1}, "Head": {0}, "NumericHead": {0}}[type(node).__name__]
        assert stage[node.name] % 2 in kind
    graph = data_flow(program)
    # Of several clauses that read the same variable, one edge is drawn.
    read = [[(read.role, read.variable) for read in node.roles] for node in program.nodes]
    reads = sum(
        len(each if node.selection is None else set(each)) for node, each in zip(program.nodes, read, strict=True)
    )
    ends = [edge for edge in graph.edges if edge.role in ("readout", "output")]
    assert len(graph.edges) == reads + len(ends)
    assert len(ends) == len(program.weights) + len(program.variables_out)


def test_a_learned_node_stands_in_the_layer_that_its_name_tells() -> None:
    less, same, rank, copied = SORT.nodes
    assert isinstance(rank, Lookup)
    assert isinstance(copied, Head)
    nodes = (
        replace(less, name="num_attn_1_0"),
        replace(same, name="num_attn_0_1"),
        replace(rank, name="mlp_1_0", inputs=("num_attn_1_0", "num_attn_0_1")),
        replace(copied, name="attn_3_0", key="mlp_1_0"),
    )
    terms = tuple(replace(term, variable="attn_3_0") for term in SORT.readout.terms)
    graph = data_flow(replace(SORT, nodes=nodes, readout=replace(SORT.readout, terms=terms)))
    assert [(node.name, node.stage, node.layer) for node in graph.nodes[3:]] == [
        ("num_attn_1_0", 4, 1), ("num_attn_0_1", 2, 0), ("mlp_1_0", 5, 1), ("attn_3_0", 8, 3), ("readout", 9, None),
    ]  # fmt: skip


@given(programs())
def test_swing_is_the_largest_change_of_a_difference_between_two_classes(program: Program) -> None:
    for term in program.weights:
        domain = program.variables[term.variable].domain
        largest = Fraction(0)
        if isinstance(domain, Symbols):
            rows = [row for row in term.rows if row is not None]
            values = [[Fraction(w, program.readout.scale) for w in row] for row in rows]
        else:
            row = term.rows[0] or ()
            values = [[Fraction(w, program.readout.scale) * x for w in row] for x in (domain.low, domain.high)]
        for one, other in combinations(values, 2):
            for c, d in combinations(range(len(program.written_classes)), 2):
                largest = max(largest, abs((one[c] - one[d]) - (other[c] - other[d])))
        assert swing(program, term) == largest


def test_slices_follow_reads_backward_and_forward() -> None:
    assert reaching(SORT, ["rank"]) == {"rank", "less", "same", "tokens", "ones"}
    assert reaching(SORT, ["readout"]) == {"readout", *SORT.variables}
    assert reached_from(SORT, ["less"]) == {"less", "rank", "sorted", "readout"}
    assert reached_from(SORT, ["positions"]) == {"positions", "sorted", "readout"}
    no_readout = replace(SORT, readout=replace(SORT.readout, terms=(Weights("ones", ((1, 0, 0, 0, 0),)),)))
    assert reached_from(no_readout, ["rank"]) == {"rank", "sorted"}


def test_a_slice_from_nowhere_is_refused() -> None:
    for ask in (reaching, reached_from):
        with pytest.raises(BadUsage, match="no variable 'nowhere'"):
            ask(SORT, ["nowhere"])


def test_highlighting_what_is_not_there_is_refused() -> None:
    with pytest.raises(BadUsage, match="no variable 'nowhere'"):
        data_flow(SORT, highlighted=["nowhere"])


def test_what_decides_about_a_class_is_what_can_move_it_against_another() -> None:
    (term,) = SORT.readout.terms
    # `positions` raises every class alike, `less` none; `same` tells a from all others, and so each of these from a.
    terms = (
        Weights("positions", tuple((place,) * 5 for place in range(8))),
        Weights("less", ((0, 0, 0, 0, 0),)),
        Weights("same", ((1, 0, 0, 0, 0),)),
        term,
    )
    program = replace(SORT, readout=replace(SORT.readout, terms=terms))
    assert deciding(program, "a") == ["same", "sorted"]
    assert reaching(program, ["class:a"]) == {
        "readout",
        "same",
        "sorted",
        "rank",
        "less",
        "positions",
        "tokens",
        "ones",
    }
    graph = data_flow(program, toward="b")
    assert graph.toward == "b"
    assert {edge.source: edge.swing for edge in graph.edges if edge.role == "readout"}["positions"] == 0
    without = replace(SORT, readout=replace(SORT.readout, terms=terms[:3]))
    assert reaching(without, ["class:b"]) == {"readout", "same", "tokens", "ones"}


@given(programs(), st.data())
def test_what_does_not_decide_about_a_class_never_changes_whether_it_is_predicted(
    program: Program, data: st.DataObject
) -> None:
    answer = data.draw(st.sampled_from(program.classes))
    inside = reaching(program, [f"class:{answer}"])
    outside = [node.name for node in program.nodes if node.name not in inside]
    batch = encode(program, some_inputs(program, 20))
    run = execute(program, batch)
    changed = execute(program, batch, overrides={name: run.values[name][::-1] for name in outside})
    at = program.classes.index(answer)
    kept = ~run.in_hole & ~changed.in_hole
    assert ((run.predictions == at) == (changed.predictions == at))[kept].all()


@given(programs(), st.data())
def test_the_swing_toward_a_class_is_that_of_its_differences(program: Program, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, max(len(program.written_classes) - 1, 0)))
    for term in program.weights:
        others = [swing(program, term, name) for name in program.written_classes]
        assert swing(program, term) == max(others)
        rows = [row for row in term.rows if row is not None]
        if isinstance(program.variables[term.variable].domain, Symbols):
            by_class = [[row[at] - row[other] for row in rows] for other in range(len(program.written_classes))]
            largest = max((max(found) - min(found) for found in by_class if found), default=0)
            assert others[at] == Fraction(largest, program.readout.scale)


def test_what_makes_no_difference_is_what_has_no_path_to_weights_that_tell_classes_apart() -> None:
    assert mattering(SORT) == {"less", "same", "rank", "sorted"}
    blind = replace(SORT, readout=replace(SORT.readout, terms=(Weights("same", ((1, 0, 0, 0, 0),)),)))
    assert mattering(blind) == {"same"}
    partial = PROGRAMS["partial"].program
    assert mattering(partial) == set(partial.by_name)


@pytest.mark.parametrize("target", ["class:z", "class:", "klass:b"])
def test_a_slice_into_what_is_no_class_is_refused(target: str) -> None:
    with pytest.raises(BadUsage, match=r"is not a class; expected one of 'a', 'b'|no variable"):
        reaching(SORT, [target])


def test_the_circuits_of_several_sub_problems_stand_at_their_nodes() -> None:
    graph = data_flow(SORT, highlighted=["less"], circuits={"less": ["a", "b"]})
    assert [node.circuits for node in graph.nodes if node.circuits] == [("a", "b")]
