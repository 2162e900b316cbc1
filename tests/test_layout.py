"""The text of a module is the one that Python would run, and its lines are those that Python counts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tprog
from analyze.blame.responsibility import annotate_all
from analyze.callgraph import call_graph
from cli.main import main
from tests.bench import odd_layout
from tests.programs import PROGRAMS
from tprog.errors import BadFile, BadSource, TpdebugError
from tprog.text.read import read_module
from tprog.text.splice import Places, with_ends
from tprog.text.syntax import python_lines, read_python

MODULE = tprog.emit(PROGRAMS["sort_with_a_fault"].program).text


def written(folder: Path, data: bytes) -> Path:
    path = folder / "odd.py"
    path.write_bytes(data)
    return path


def test_a_statement_that_only_another_coding_shows_is_not_read_past(tmp_path: Path) -> None:
    hidden = b"\r# coding: raw_unicode_escape\n" + MODULE.replace("TASK", "# \\u000araise SystemExit\nTASK", 1).encode()
    path = written(tmp_path, hidden)
    with pytest.raises(SystemExit):
        exec(compile(hidden, "odd.py", "exec"), {"__name__": "odd"})
    with pytest.raises(BadSource, match=r"odd.py:2:1: found the coding 'raw_unicode_escape'; expected"):
        read_module(path)
    assert main(["verify", str(path)]) == 2


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("before", [b"", b"\n", b"\r", b"\r\n", b"# a\r", b" \f\t\r", b"\f", b"\n\r", b"'''\n"])
@pytest.mark.parametrize(
    "coding",
    ["utf-8", "UTF-8", "utf_8", "utf-8-sig", "utf-8-unix", "utf8", "UTF8", "ascii", "latin-1", "utf-7", "cp1252"],
)
def test_what_is_accepted_python_decodes_as_utf_8(tmp_path: Path, mark: bytes, before: bytes, coding: str) -> None:
    end = b"'''" if before == b"'''\n" else b""
    data = mark + before + f"# coding: {coding}\nx = 'é'\n".encode() + end
    try:
        found = read_python(written(tmp_path, data))
    except BadSource:
        return
    assert ast.dump(ast.parse(found)) == ast.dump(ast.parse(data))


@pytest.mark.parametrize("coding", ["utf-8", "utf8", "UTF_8", "utf-8-unix", "ascii"])
def test_the_usual_declarations_are_accepted(tmp_path: Path, coding: str) -> None:
    path = written(tmp_path, f"#!/usr/bin/python\n# -*- coding: {coding} -*-\n{MODULE}".encode())
    assert read_module(path).program == PROGRAMS["sort_with_a_fault"].program


def test_a_second_byte_order_mark_and_other_unicode_are_refused(tmp_path: Path) -> None:
    mark = "\ufeff"
    assert read_module(written(tmp_path, f"{mark}{MODULE}".encode())).text == MODULE
    with pytest.raises(BadSource, match=r"U\+FEFF"):
        read_module(written(tmp_path, f"{mark}{mark}{MODULE}".encode()))
    for coding in ("utf-16", "utf-16-le", "utf-32"):
        with pytest.raises(BadFile):
            read_module(written(tmp_path, MODULE.encode(coding)))


def test_modules_of_an_odd_layout_mean_what_python_reads_in_them() -> None:
    tally = odd_layout.check(range(200), odd_layout.own_sources(), lambda seed: seed % 20 == 0)
    assert tally.faults == []
    assert tally.counts["accepted"] >= 50
    assert tally.counts["refused"] >= 50


def test_lines_end_where_python_ends_them() -> None:
    text = "a\rb\r\nc\n\rd\fe\vf\x1cg\x85h\u2028i\u2029j"
    assert python_lines(text) == ["a", "b", "c", "", "d\fe\vf\x1cg\x85h\u2028i\u2029j"]
    assert python_lines("") == []
    assert python_lines("a\n") == ["a"]
    assert python_lines("a\n\n") == ["a", ""]


@pytest.mark.parametrize("text", ["", "a", "a\n", "a\n\n", "a\rb\r\nc\n\rd\fe\u2028f", "\n", "\r\n\r"])
def test_the_lines_of_a_text_with_their_ends_are_the_text(text: str) -> None:
    lines = with_ends(text)
    assert "".join(lines) == text
    assert [line.rstrip("\r\n") for line in lines] == python_lines(text)
    places = Places(text)
    for at, letter in enumerate(text):
        begin, end = places.line(at)
        assert begin <= at <= end + 1
        assert "\n" not in text[begin:end]
        assert (letter in "\r\n") == (at >= end)
        assert lines[places.number(at) - 1].startswith(text[begin:end])


ODD_COMMENT = "# a\u2028b\x85c\x1cd\fe\vf\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_in_a_listing_is_the_line_that_the_reader_names(tmp_path: Path, end: str) -> None:
    text = MODULE.replace("TASK = ", f"{ODD_COMMENT}TASK = ", 1)
    module = read_module(written(tmp_path, text.replace("\n", end).encode()))
    lines = python_lines(module.text)
    assert len(lines) == text.count("\n")
    assert {lines[at - 1].split("(")[0] for at in _functions(module.text)} == {
        f"def {name}" for name in _functions(module.text).values()
    }
    assert [line.text for line in annotate_all(module.path, module.text, [], []).lines] == lines


def _functions(text: str) -> dict[int, str]:
    return {node.lineno: node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_call_graph_counts_lines_as_python_does(end: str) -> None:
    text = ODD_COMMENT.replace("\n", end) + end.join(("", "def a():", "    return 1", "", "def b():", "    return a()"))
    lines = {node.name: node.line for node in call_graph(text, "odd.py").nodes}
    assert {name: lines[name] for name in ("a", "b")} == {name: at for at, name in _functions(text).items()}


def test_a_file_that_asks_for_another_coding_is_refused_by_whoever_reads_python(tmp_path: Path) -> None:
    path = written(tmp_path, b"# coding: latin-1\ndef transform(tokens):\n    return tokens\n")
    for arguments in (["graph", "--calls", str(path)], ["train", str(path)]):
        assert main(arguments) == 2
    with pytest.raises(TpdebugError):
        read_python(path)
