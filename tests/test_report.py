"""The page of `report`: what it holds, and what it says of an input."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analyze.render.page import SCRIPT, script, text_of
from analyze.render.report import report_document, report_html
from analyze.render.terminal import as_text
from analyze.report import report
from analyze.results.report import ReportResult
from analyze.trace import trace
from cli.main import main
from tests import programs
from tests.bench.random_program import random_program
from tests.javascript import engine, load, value_of
from tests.test_several_outputs import TASK, edited, fitted_pair
from tprog.errors import BadUsage
from tprog.ir.program import BEGIN, Program
from tprog.ir.values import spelling
from tprog.run.batch import Batch, encode
from tprog.run.execute import execute
from tprog.tasks.builtin import get_task, inputs_for
from tprog.text.emit import emit
from tprog.text.read import read_source

ROOT = Path(__file__).parents[1]
FAULTY = programs.sort_with_a_fault()


def made(program: Program, *, sample: int | None = None, blamed: bool = False) -> ReportResult:
    emitted = emit(program, "program")
    module = read_source(emitted.text, "program.py", emitted.side.__getitem__)
    return report(module, program, inputs_for(program, sample=sample), blamed=blamed)


@cache
def faulty() -> ReportResult:
    return made(FAULTY)


def data(page: str) -> dict[str, Any]:
    """What a page holds."""
    found = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', page)
    assert found is not None
    read: dict[str, Any] = json.loads(gzip.decompress(base64.b64decode(found[1])))
    return read


def test_a_report_comes_back_from_json_as_it_was() -> None:
    result = faulty()
    assert ReportResult.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_the_page_lets_nothing_run_or_load_but_its_own_script_and_style() -> None:
    page = report_html(faulty())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    for tag, text in (("script", script(*SCRIPT)), ("style", re.search(r"<style>(.*?)</style>", page, re.S)[1])):  # type: ignore[index]
        assert f"<{tag}>{text}</{tag}>" in page
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy[1]
    assert not re.findall(r'(?:src|href)="(?!#)', page)
    assert "unsafe" not in policy[1]


def test_the_page_of_a_large_program_is_less_than_a_megabyte() -> None:
    page = report_html(made(random_program()))
    assert len(page.encode()) < 1_000_000
    assert len(data(page)["program"]["nodes"]) == 36


def test_the_page_holds_the_words_of_a_vocabulary_once() -> None:
    page = data(report_html(faulty()))["program"]
    assert {"symbols": None} in page["domains"]
    assert page["vocabulary"] == list(FAULTY.vocabulary)


def test_the_page_says_what_the_verbs_say() -> None:
    result = faulty()
    assert result.verify is not None
    said = as_text(report_document(result))
    assert f"wrong on {result.verify.wrong_inputs:,} of 19,530 inputs of the task sort" in said
    assert f"{len(result.dead.dead_entries)} dead entries" in said
    assert "checked on all 19,530 inputs" in said


def test_each_line_tells_its_node_and_how_often_it_is_reached() -> None:
    result = faulty()
    by_node = {line.node for line in result.lines}
    assert {node.name for node in FAULTY.nodes} <= by_node
    dead = {line.line for line in result.dead.dead_lines}
    assert {line.number for line in result.lines if line.dead} == dead
    assert all(line.reached == 0 for line in result.lines if line.dead)
    assert any(line.folded and line.text.startswith("def select") for line in result.lines)
    assert not any(line.folded for line in result.lines if line.node is not None)


def test_with_blame_the_lines_to_blame_are_marked() -> None:
    assert not any(line.mends for line in faulty().lines)
    result = made(FAULTY, sample=400, blamed=True)
    assert result.blame is not None
    top = result.blame.entries[0]
    (line,) = [line for line in result.lines if line.number == top.line]
    assert line.mends == top.mended
    shown = data(report_html(result))["source"][line.number - 1]
    assert shown["mends"] == top.mended
    assert shown["node"] is not None


def test_the_nearest_right_input_and_where_the_two_part_are_those_of_trace() -> None:
    program, inputs, task = FAULTY, inputs_for(FAULTY), get_task("sort")
    assert task is not None
    page = data(report_html(faulty()))
    load(program)
    engine().eval(f"var known = knowledge(machine, {json.dumps(page['known'])}); 0")
    result = faulty()
    assert result.verify is not None
    for wrong in result.verify.counterexamples[::40]:
        told = trace(program, wrong.tokens, expected=task.oracle(wrong.tokens), contrast=inputs).contrast
        assert told is not None
        codes = encode(program, [wrong.tokens]).tokens[0].tolist()
        nearest = value_of(f"nearestRight(known, {codes})")
        assert [program.vocabulary[code] for code in nearest] == list(told.table.tokens)
        expected = json.dumps(wrong.expected)
        parts = value_of(f"parting(machine, execute(machine, {codes}), execute(machine, {nearest}), {expected})")
        assert list(program.variables)[parts["variable"]] == told.parts_at
        assert tuple(parts["positions"]) == told.positions
        judgement = value_of(f"judged(known, {codes})")
        assert judgement == {"state": "wrong", "expected": list(wrong.expected)}
        assert value_of(f"judged(known, {nearest})")["state"] == "right"


def test_with_several_outputs_a_wrong_one_is_named_and_two_inputs_part_where_it_comes_of(tmp_path: Path) -> None:
    (tmp_path / "both.py").write_text(TASK, encoding="utf-8")
    program, own = fitted_pair(edited(), tmp_path / "both.py")
    inputs = inputs_for(program, task=own)
    module = read_source(emit(program).text, "program.py")
    page = data(report_html(report(module, program, inputs, task=own)))
    load(program)
    engine().eval(f"var known = knowledge(machine, {json.dumps(page['known'])}); 0")
    codes = encode(program, [[BEGIN, "b", "a"]]).tokens[0].tolist()
    names = {way: value_of(f"bucketsOf(known, '{way}').map((bucket) => bucket.name)") for way in ("answer", "node")}
    assert names == {"answer": ["last: a instead of b"], "node": ["before"]}
    told = trace(program, [BEGIN, "b", "a"], expected=own.oracle([BEGIN, "b", "a"]), contrast=inputs).contrast
    expected = json.dumps(value_of(f"judged(known, {codes})")["expected"])
    runs = f"execute(machine, {codes}), execute(machine, nearestRight(known, {codes}))"
    parts = value_of(f"parting(machine, {runs}, {expected})")
    assert told is not None
    assert (list(program.variables)[parts["variable"]], tuple(parts["positions"])) == (told.parts_at, told.positions)
    assert told.parts_at == "before"


def test_an_input_that_was_not_tried_is_not_said_to_be_right() -> None:
    result = made(FAULTY, sample=50)
    load(FAULTY)
    known = json.dumps(data(report_html(result))["known"])
    tried = set(result.tried.listed)
    assert len(tried) == 50
    for codes in ([0, 1, 1, 2, 6], list(next(iter(tried)))):
        state = value_of(f"judged(knowledge(machine, {known}), {codes})")["state"]
        assert (state == "unknown") == (tuple(codes) not in tried)


def test_of_inputs_that_are_read_alike_and_have_different_answers_none_is_said_to_be_right_or_wrong() -> None:
    given = inputs_for(FAULTY, sample=20)
    assert given.expected is not None
    other = given.expected[:1].copy()
    other[0, 1] = (other[0, 1] + 1) % len(FAULTY.classes)
    batch = Batch(*(np.concatenate([part, part[:1]]) for part in (given.batch.tokens, given.batch.lengths)))
    twice = dataclasses.replace(given, batch=batch, expected=np.concatenate([given.expected, other]))
    result = report(read_source(emit(FAULTY).text, "program.py"), FAULTY, twice)
    codes = tuple(batch.tokens[0, : batch.lengths[0]].tolist())
    assert result.divided == (codes,)
    load(FAULTY)
    known = json.dumps(data(report_html(result))["known"])
    assert value_of(f"judged(knowledge(machine, {known}), {list(codes)})") == {"state": "divided", "expected": None}
    others = batch.tokens[1, : batch.lengths[1]].tolist()
    assert value_of(f"judged(knowledge(machine, {known}), {others})")["state"] != "divided"


@pytest.mark.parametrize("name", ["rationals", "partial", "mean_of_means", "next_larger", "apart"])
def test_the_page_writes_values_as_they_are_spelled(name: str) -> None:
    program = programs.PROGRAMS[name].program
    load(program)
    inputs = inputs_for(program, sample=20).batch
    run = execute(program, inputs)
    for row in range(len(inputs)):
        if run.in_hole[row]:
            continue
        codes = inputs.tokens[row, : inputs.lengths[row]].tolist()
        engine().eval(f"var ran_ = execute(machine, {codes}); 0")
        shown = value_of("ran_.values.map((column, at) => column.map((code) => decoded(machine, at, code)))")
        for column, variable in zip(shown, program.variables, strict=True):
            assert column == [spelling(run.value(variable, row, at)) for at in range(len(codes))], variable


def test_a_report_is_written_and_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "wrong.py").write_text(emit(FAULTY).text, encoding="utf-8")
    arguments = ["report", str(tmp_path / "wrong.py"), "--sample", "60"]
    for _ in range(2):
        assert main([*arguments, "-o", str(tmp_path / "report.html")]) == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "tpdebug.report/1"


def test_a_report_of_rasp_source_tells_where_each_node_was_written(tmp_path: Path) -> None:
    source = 'vocabulary = "abc";\nlongest = 4;\nhist = selector_width(select(tokens, tokens, ==));\nhist;\n'
    (tmp_path / "hist.rasp").write_text(source, encoding="utf-8")
    assert main(["report", str(tmp_path / "hist.rasp"), "-o", str(tmp_path / "hist.html")]) == 0
    graph = data((tmp_path / "hist.html").read_text(encoding="utf-8"))["graph"]
    assert any(node["source"] and "hist = selector_width" in node["source"]["text"] for node in graph["nodes"])


def test_what_cannot_be_reported_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "p.py").write_text(emit(programs.parity()).text, encoding="utf-8")
    assert main(["report", str(tmp_path / "p.py")]) == 2
    assert "write it with -o report.html" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "p.py"), "-o", str(tmp_path / "p.png")]) == 2
    assert "this verb writes .html, .json, .txt" in capsys.readouterr().err
    program = programs.parity()
    if program.task is None:
        with pytest.raises(BadUsage, match="nothing is to blame"):
            made(program, sample=10, blamed=True)


def test_no_two_modules_of_the_page_give_one_name_two_meanings() -> None:
    """They stand in one scope, and the later of two functions of one name would be called for both."""
    named = re.compile(r"^(?:export )?(?:async )?(?:function\*?|class|const|let) (\w+)", re.MULTILINE)
    names = [name for module in SCRIPT for name in named.findall(script(module))]
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))


def test_every_function_of_the_page_says_of_what_type_its_parameters_are() -> None:
    declared = re.compile(
        r"^(?P<doc>(?: *(?:/\*)?\*.*\n)*)(?:  )?(?:export )?(?:async )?(?:function\*? )?(\w+)\((.*)\) \{$", re.M
    )
    untold = []
    for module in SCRIPT:
        text = text_of(module)
        for found in declared.finditer(text):
            name, inner = found[2], re.sub(r"[\[{(][^\[\]{}()]*[\]})]", "given", found[3])
            if name in ("if", "for", "while", "switch", "catch"):
                continue
            parameters = len([part for part in inner.split(",") if part.strip()])
            if len(re.findall(r"@param \{.+\} \[?\w+", found["doc"])) < parameters:
                untold.append(f"{module}: {name}({found[3]})")
    assert untold == []
