"""`tpdebug circuits` and `tpdebug graph` as a user meets them: sub-problems, proofs, baselines, files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tprog
from analyze.circuits import find_circuits
from analyze.render.circuits import circuits_document
from analyze.render.terminal import as_text
from tests import programs
from tests.bench.bench_speed import sentences
from tests.bench.random_program import word_program
from tests.said import Said
from tprog.tasks.builtin import Inputs


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a faulty program."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "faulty.py").write_text(tprog.emit(programs.sort_with_a_fault()).text, encoding="utf-8")
    return tmp_path


def test_several_options_narrow_one_sub_problem(said: Said) -> None:
    options = ("--class", "b", "--position", "3", "--where", "x[0] == 'a' and i < 5")
    found = json.loads(said("circuits", "faulty.py", *options, "--json")[1])
    (circuit,) = found["circuits"]
    assert circuit["problem"] == "predictions of 'b' at position 3 where x[0] == 'a' and i < 5"
    assert circuit["kind"] == "several"
    drawn = json.loads(said("graph", "faulty.py", *options, "--json")[1])
    assert drawn["highlighted"] == circuit["members"]


def test_a_condition_that_cannot_be_read_is_one_line_and_exit_code_2(said: Said) -> None:
    for condition in ("x[0", "open('f')", "x < 3", "len(x) > 90"):
        code, out, err = said("circuits", "faulty.py", "--where", condition)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert condition in err


def test_the_proof_is_told_and_a_time_limit_needs_it(said: Said) -> None:
    code, out, _ = said("circuits", "faulty.py", "--class", "b", "--exact", "--time-limit", "100000")
    assert code == 0
    assert out.splitlines()[1].startswith("smallest, proven; ")
    assert said("circuits", "faulty.py", "--time-limit", "3")[0] == 2


def test_baselines_are_given_by_name_and_resampling_is_a_statistic(said: Said) -> None:
    options = (
        "--class",
        "c",
        "--baseline",
        "sorted=c",
        "--baseline",
        "less=8",
        "--ablation",
        "resample",
        "--seed",
        "4",
    )
    found = json.loads(said("circuits", "faulty.py", *options, "--json")[1])
    (circuit,) = found["circuits"]
    assert circuit["members"] == []
    assert dict(circuit["ablated"])["less"] == 8
    assert (circuit["resampled"]["seed"], circuit["resampled"]["predictions"]) == (4, circuit["pairs"])
    assert "no verdict" in said("circuits", "faulty.py", *options)[1]
    assert said("circuits", "faulty.py", "--baseline", "sorted=z")[0] == 2
    assert said("circuits", "faulty.py", "--baseline", "sorted")[0] == 2


def test_the_lines_of_a_circuit_are_marked_in_the_source(said: Said, folder: Path) -> None:
    _, out, _ = said("circuits", "faulty.py", "--position", "1", "--annotate")
    assert "| def predicate_sorted(position, rank):" in out
    assert "of a member of the circuit" in out
    assert said("circuits", "faulty.py", "-o", "page.html")[0] == 0
    page = (folder / "page.html").read_text(encoding="utf-8")
    assert "Circuits of faulty.py" in page
    assert 'id="L1"' in page
    assert said("circuits", "faulty.py", "-o", "page.html")[0] == 0  # a file of ours is written again


@pytest.mark.parametrize("verb", ["circuits", "graph"])
def test_a_circuit_is_drawn_in_each_form(verb: str, said: Said, folder: Path) -> None:
    for more in (("--class", "b"), () if verb == "circuits" else ("--to", "class:b")):
        for ending in ("svg", "dot", "graphml"):
            file = folder / f"drawn{len(more)}.{ending}"
            assert said(verb, "faulty.py", *more, "-o", str(file))[0] == 0
            text = file.read_text(encoding="utf-8")
            assert "written by tpdebug" in text
            if ending != "dot":
                ElementTree.fromstring(text.encode("utf-8"))
    if verb == "circuits":
        assert "* in: b, c, d, e" in (folder / "drawn0.dot").read_text(encoding="utf-8")


def test_a_call_graph_is_written_as_graphml(said: Said, folder: Path) -> None:
    assert said("graph", "faulty.py", "--calls", "-o", "calls.graphml")[0] == 0
    ElementTree.parse(folder / "calls.graphml")
    assert said("graph", "faulty.py", "--calls", "--where", "i < 3")[0] == 2
    assert said("graph", "faulty.py", "--cross-check", "-o", "calls2.graphml")[0] == 2


def test_slices_from_and_to_combine_and_end_in_a_class(said: Said) -> None:
    found = json.loads(said("graph", "faulty.py", "--from", "less", "--to", "class:b", "--json")[1])
    assert found["title"] == "what flows from less and decides about 'b'"
    assert found["highlighted"] == ["less", "rank", "sorted", "readout"]
    assert found["toward"] == "b"
    assert "'b' and another class" in said("graph", "faulty.py", "--to", "class:b")[1]
    assert said("graph", "faulty.py", "--to", "class:z")[0] == 2
    assert said("graph", "faulty.py", "--class", "b", "--to", "class:b")[0] == 2


def test_circuits_of_classes_with_long_names_fit_a_terminal_of_usual_width() -> None:
    program = word_program(300, values=4, heads=2)
    result = find_circuits(program, Inputs(sentences(program, 30), None, False, "30 sentences"))
    assert len(result.circuits) > 5
    assert max(map(len, as_text(circuits_document(result), 80).splitlines())) <= 80
