"""Where the nodes of a written program were written: a field of the program, kept and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyze.dataflow import data_flow
from analyze.results.graph import GraphResult
from cli.main import main
from tests import hostile_text
from tests.hostile_text import raw
from tests.programs import PROGRAMS
from tests.test_hostile_text import FEW
from tprog.errors import BadProgram, BadSource
from tprog.ir.provenance import SourceLine
from tprog.simplify import simplify
from tprog.tasks.builtin import inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

LINES = (
    SourceLine("less", "sort.rasp", 1, "less = selector_width(select(tokens, tokens, <));"),
    SourceLine("rank", "sort.rasp", 3, "rank = less + same;"),
    SourceLine("readout", "sort.rasp", 4, "sorted;"),
)
WRITTEN = replace(PROGRAMS["sort_with_a_fault"].program, sources=LINES)


def test_source_lines_stand_in_a_module_and_are_read_back() -> None:
    text = emit(WRITTEN).text
    assert '\n# Where each was written.\nSOURCES = {\n    "less": ("sort.rasp", 1, "less = ' in text
    assert read_source(text).program == WRITTEN
    assert "SOURCES" not in emit(replace(WRITTEN, sources=())).text


@given(st.tuples(hostile_text.texts, hostile_text.texts))
@FEW
def test_a_source_line_is_any_text(texts: tuple[str, str]) -> None:
    program = replace(WRITTEN, sources=(SourceLine("rank", texts[0], 7, texts[1]),))
    text = emit(program).text
    assert not raw(text)
    assert read_source(text).program == program


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ((SourceLine("other", "f", 1, ""),), "the source line 'f:1: ' is of 'other', which is no node"),
        ((SourceLine("rank", "", 1, ""),), "expected a file's name and a text"),
        ((SourceLine("rank", "f", 0, ""),), "is line 0; expected a number from 1"),
        ((SourceLine("rank", "f", 1, "x\ud800"),), "has half of a surrogate pair"),
        ((LINES[1], LINES[0]), "the source line of 'less' stands behind that of 'rank'"),
        ((LINES[0], LINES[0]), "the source line of 'less' stands behind that of 'less'"),
    ],
)
def test_what_is_no_source_line_of_a_node_is_refused(sources: tuple[SourceLine, ...], message: str) -> None:
    with pytest.raises(BadProgram) as refused:
        replace(WRITTEN, sources=sources)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("()", "a dict written out"),
        ('{"other": ("f", 1, "x")}', "'other' in SOURCES; expected the name of a node"),
        ('{"rank": ("f", "1", "x")}', "the name of a file, a line from 1 on, and what stands there"),
        ('{"rank": ("f", 0, "x")}', "the name of a file, a line from 1 on, and what stands there"),
        ('{"rank": ("", 1, "x")}', "the name of a file, a line from 1 on, and what stands there"),
        ('{"rank": ("f", 1, open("x"))}', "`open('x')`"),
    ],
)
def test_the_reader_refuses_other_source_lines(written: str, message: str) -> None:
    text = emit(replace(WRITTEN, sources=())).text.replace("\nDOMAINS = ", f"\nSOURCES = {written}\nDOMAINS = ")
    with pytest.raises(BadSource) as refused:
        read_source(text)
    assert message in str(refused.value)


def test_a_node_that_goes_takes_its_source_line_with_it() -> None:
    spare = replace(WRITTEN.nodes[0], name="spare")
    line = SourceLine("spare", "sort.rasp", 2, "spare;")
    program = replace(WRITTEN, nodes=(*WRITTEN.nodes, spare), sources=(*LINES[:2], line, LINES[2]))
    small = simplify(program, inputs_for(program, sample=200)).program
    assert "spare" not in small.by_name
    assert small.sources == small.sources_of(small.nodes) != ()


# Shown ################################################################################################################


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "p.py").write_text(emit(WRITTEN).text, encoding="utf-8")
    return tmp_path


ASKS: dict[str, list[str]] = {
    "trace": ["trace", "p.py", "--input", "abbbb"],
    "graph": ["graph", "p.py"],
    "blame": ["blame", "p.py", "--input", "abbbb"],
    "blame --all": ["blame", "p.py", "--all"],
}


@pytest.mark.parametrize("name", ASKS)
def test_results_show_where_a_node_was_written(name: str, module: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ASKS[name]) == 0
    assert "rank sort.rasp:3 rank = less + same;" in " ".join(capsys.readouterr().out.split())
    assert main([*ASKS[name], "--json"]) == 0
    found: Any = json.loads(capsys.readouterr().out)
    told = found["sources"] if "sources" in found else [node["source"] for node in found["nodes"]]
    assert {"node": "rank", "file": "sort.rasp", "line": 3, "text": "rank = less + same;"} in told


@pytest.mark.parametrize("form", ["dot", "svg"])
def test_a_picture_shows_where_a_node_was_written(form: str, module: Path) -> None:
    assert main(["graph", "p.py", "-o", f"p.{form}"]) == 0
    shown = (module / f"p.{form}").read_text(encoding="utf-8").replace("&#160;", " ").replace("\xa0", " ")
    assert "sort.rasp:3: rank = less +" in shown


def test_a_page_of_blame_shows_where_a_node_was_written(module: Path) -> None:
    assert main([*ASKS["blame"], "-o", "p.html"]) == 0
    assert "<td>rank = less + same;</td>" in (module / "p.html").read_text(encoding="utf-8")


def test_a_result_with_source_lines_comes_back_from_json() -> None:
    found = data_flow(WRITTEN)
    assert GraphResult.from_json(json.loads(json.dumps(found.to_json()))) == found
