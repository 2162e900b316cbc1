"""The ground truth of compiled models: what computes which node, and the circuits that are found lie inside it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analyze.circuits import find_circuits
from analyze.circuits.subproblem import SubProblem
from analyze.components import read_components
from analyze.results.components import ComponentsResult
from cli.main import main
from tests.programs import PROGRAMS
from tests.test_rasp_lower import BY_NAME, MODES, rasp_of
from tprog.errors import BadFile
from tprog.ir.program import Program
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from trainer.compile import compile_program
from trainer.compile.circuit import GroundTruth, ground_truth, translated
from trainer.compile.folder import write_model

COMPONENT = re.compile(r"embed|pos_embed|unembed|blocks\.[0-9]+\.(mlp|attn\[[0-9]+\])")


def truth_of(program: Program) -> GroundTruth:
    return ground_truth(compile_program(program))


def test_a_sort_is_computed_by_the_heads_that_its_nodes_are() -> None:
    truth = truth_of(PROGRAMS["sort"].program)
    assert truth.alignment == {
        "less": ("blocks.0.attn[0]", "blocks.0.mlp", "blocks.1.mlp"),
        "same": ("blocks.0.attn[1]", "blocks.0.mlp", "blocks.1.mlp"),
        "rank": ("blocks.2.mlp",),
        "sorted": ("blocks.3.attn[0]",),
    }
    (circuit,) = truth.circuits
    assert circuit.output == "readout"
    assert circuit.edges == (
        ("embed", "blocks.0.attn[0]"),
        ("embed", "blocks.0.attn[1]"),
        ("embed", "blocks.3.attn[0]"),
        ("embed", "unembed"),  # the marks are forced
        ("pos_embed", "blocks.0.attn[1]"),
        ("pos_embed", "blocks.3.attn[0]"),
        ("blocks.0.attn[0]", "blocks.0.mlp"),
        ("blocks.0.attn[1]", "blocks.0.mlp"),
        ("blocks.0.mlp", "blocks.1.mlp"),
        ("blocks.1.mlp", "blocks.2.mlp"),
        ("blocks.2.mlp", "blocks.3.attn[0]"),
        ("blocks.3.attn[0]", "unembed"),
    )


@pytest.mark.parametrize("name", ["masks", "partial", "question_type", "match_count", "apart", "rationals"])
def test_edges_go_from_what_is_computed_earlier_to_what_is_later(name: str) -> None:
    truth = truth_of(PROGRAMS[name].program)
    place = {component: at for at, component in enumerate(truth.nodes)}
    assert all(COMPONENT.fullmatch(component) for component in truth.nodes)
    assert all(place[source] < place[target] for source, target in truth.edges)
    for circuit in truth.circuits:
        assert set(circuit.edges) <= set(truth.edges)
        assert set(circuit.nodes) <= set(truth.nodes)


@pytest.mark.parametrize(("name", "mode"), [each for each in MODES if BY_NAME[each[0]]["dialect"] == "tracr"])
def test_the_circuit_that_is_found_lies_inside_the_known_one(name: str, mode: str) -> None:
    """Every node without which a prediction changes is computed by components of the ground truth, edges and all."""
    vocabulary = BY_NAME[name]["vocabulary"][:3]
    program = rasp_of(name).to_program(vocabulary, 4, mode == "causal")
    if not program.nodes:
        return
    found = find_circuits(program, inputs_for(program), [SubProblem("all")]).circuits[0]
    truth = truth_of(program)
    (known,) = truth.circuits
    assert translated(truth, found.members) <= set(known.nodes)
    for reader in found.members:
        for read in program.by_name[reader].reads:
            if read in found.members:
                between = {(a, b) for a in truth.alignment[read] for b in truth.alignment[reader]} & set(truth.edges)
                assert between <= set(known.edges)
                assert between or set(truth.alignment[read]) & set(truth.alignment[reader]) or not truth.alignment[read]


# Files and pictures ###################################################################################################


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_model(compile_program(PROGRAMS["sort"].program), Path("model"))
    return Path("model")


def test_the_file_holds_edges_as_benchmarks_of_circuit_discovery_read_them(model: Path) -> None:
    told = json.loads((model / "circuit.json").read_text())
    assert told["granularity"] == "component"
    edges = told["circuits"][0]["edges"]
    # As `edges_list_to_circuit` of circuits-benchmark takes them apart.
    ends = {
        (end.split("[")[0], int(end.split("[")[1].split("]")[0]) if "[" in end else None) for e in edges for end in e
    }
    assert ("blocks.3.attn", 0) in ends
    assert ("blocks.0.mlp", None) in ends
    assert read_components(model) == ComponentsResult.from_json(told)
    assert read_components(model).to_json()["edges"] == told["edges"]


def test_the_components_are_drawn_and_listed(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("svg", "dot", "graphml", "json", "txt"):
        assert main(["graph", "--weights", "model", "-o", f"out.{ending}"]) == 0
        assert "blocks.3.attn[0]" in Path(f"out.{ending}").read_text()
    capsys.readouterr()
    assert main(["graph", "--weights", "model"]) == 0
    said = capsys.readouterr().out
    assert "model: 9 components, 12 edges" in said
    assert "blocks.2.mlp +" in said
    assert "+ is in the circuit of readout" in said


def test_what_a_picture_of_components_has_not_is_refused(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("sort.py").write_text(emit(PROGRAMS["sort"].program, "sort").text, encoding="utf-8")
    assert main(["graph", "sort.py", "--weights", "model"]) == 2
    assert "model is a compiled model, which holds its program; leave out PROGRAM" in capsys.readouterr().err
    path = model / "circuit.json"
    told = json.loads(path.read_text())
    for change in ({"edges": [["embed", "nowhere"]]}, {"schema": "other"}, {"nodes": 3}, {"edges": [["embed"]]}):
        path.write_text(json.dumps({**told, **change}))
        with pytest.raises(BadFile, match=re.escape("circuit.json: ")):
            read_components(model)
