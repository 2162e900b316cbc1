"""Pictures for print."""

from __future__ import annotations

import re
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from analyze.dataflow import data_flow, reaching
from analyze.render import dot, figure, raster
from analyze.render.drawn import Wanted
from analyze.render.graph import flow_svg
from analyze.results.graph import GraphResult
from cli.main import main
from tests.programs import PROGRAMS
from tests.test_dot import SMALL, highlighted
from tprog.errors import BadUsage, TpdebugError
from tprog.files import is_ours
from tprog.text.emit import emit

COLUMN = 3.3 * raster.INCH
"""Points: the width of a column of a paper."""

SIX = [name for name, case in PROGRAMS.items() if 4 <= len(case.program.nodes) <= 6]


def drawn(result: GraphResult, wanted: Wanted | None = None) -> str:
    return flow_svg(result, figure.figure(result, wanted or Wanted()))


def names(text: str) -> set[str]:
    """The nodes of a picture, in DOT."""
    return set(re.findall(r'^\t+"?(\w+)"? \[label=', text, re.MULTILINE)) - {"graph"}


@pytest.mark.parametrize("name", SIX)
def test_the_text_of_six_nodes_has_six_points_in_a_column(name: str) -> None:
    svg = drawn(data_flow(PROGRAMS[name].program))
    wide, _ = raster.size(svg)
    smallest = min(float(size) for size in re.findall(r'font-size="([0-9.]+)"', svg))
    assert smallest * min(1.0, COLUMN / wide) >= 6


def test_six_heads_of_one_layer_stand_in_rows_that_fit_too() -> None:
    nodes = [node for node in SMALL.nodes if node.kind in ("head", "numeric head")][:1]
    rest = [node for node in SMALL.nodes if node.kind in ("input", "readout")]
    six = [
        replace(nodes[0], name=f"num_attn_0_{place}", reading="counts earlier tokens = f(position)")
        for place in range(6)
    ]
    reads = [edge for edge in SMALL.edges if edge.target == nodes[0].name or edge.source == nodes[0].name]
    edges = [
        replace(
            edge,
            source=one.name if edge.source == nodes[0].name else edge.source,
            target=one.name if edge.target == nodes[0].name else edge.target,
        )
        for one in six
        for edge in reads
        if {edge.source, edge.target} <= {nodes[0].name, *(node.name for node in rest)}
    ]
    flow = replace(SMALL, nodes=(*rest[:-1], *six, rest[-1]), edges=tuple(edges), dead=(), highlighted=())
    wide, _ = raster.size(drawn(flow))
    assert wide <= COLUMN * 10 / 6  # all text has 10 points


def test_a_bare_picture_has_no_caption_and_no_headings() -> None:
    svg = drawn(SMALL)
    assert "Data flow" not in re.sub("<(title|desc).*?</(title|desc)>", "", svg)
    assert "inputs" not in svg
    assert "Data flow" in dot.data_flow(SMALL)


def test_only_the_circuit_is_drawn_and_then_nothing_of_it_stands_out() -> None:
    flow = highlighted(SMALL, "attn_0_0", "attn_1_0")
    text = figure.figure(flow, Wanted(only_highlighted=True))
    assert names(text) == {"tokens", "positions", "attn_0_0", "attn_1_0", "readout"} & names(figure.figure(flow))
    assert " *</B>" not in text
    with pytest.raises(BadUsage, match="nothing is highlighted"):
        figure.figure(SMALL, Wanted(only_highlighted=True))


def test_the_focus_is_drawn_with_what_it_reads_and_what_reads_it() -> None:
    program = PROGRAMS["sort"].program
    flow = data_flow(program)
    reads = {edge.source for edge in flow.edges if edge.target == "rank"}
    readers = {edge.target for edge in flow.edges if edge.source == "rank"}
    assert names(dot.data_flow(flow, Wanted(focus="rank"))) == {"rank"} | reads | readers
    assert "tokens" in names(dot.data_flow(flow, Wanted(focus="tokens")))
    with pytest.raises(BadUsage, match="no variable 'ranks' to focus on; expected one of 'tokens'"):
        dot.data_flow(flow, Wanted(focus="ranks"))


# Forms ################################################################################################################


def test_a_png_has_three_hundred_pixels_an_inch_and_is_known_as_ours() -> None:
    svg = drawn(SMALL)
    made = raster.png(svg)
    assert made.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high = struct.unpack(">II", made[16:24])
    assert (wide, high) == tuple(pytest.approx(side * 300 / 72, abs=1.5) for side in raster.size(svg))
    assert is_ours(made)
    assert made == raster.png(svg)


def test_a_pdf_is_as_large_as_the_picture_holds_its_fonts_and_is_known_as_ours() -> None:
    svg = drawn(SMALL)
    made = raster.pdf(svg)
    box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+)", made)
    assert box is not None
    assert tuple(map(float, box.groups())) == pytest.approx(raster.size(svg), abs=1)
    assert b"BitstreamVera" in made
    assert is_ours(made)
    assert made == raster.pdf(svg)
    last = int(made.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert made[last:].startswith(b"xref")  # the mark has moved nothing


def test_letters_that_the_font_of_a_pdf_lacks_are_spelled_out() -> None:
    svg = '<svg width="90pt" height="20pt" xmlns="http://www.w3.org/2000/svg"><text x="1" y="9">{}</text></svg>'
    assert raster.pdf(svg.format("\u4e2d")) == raster.pdf(svg.format("\\u4e2d"))


def test_what_draws_is_asked_for_before_the_work_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    assert main(["graph", "no_such_program.py", "-o", "x.png"]) == 2
    assert "a .png needs resvg_py; expected it installed: pip install 'tpdebug[figures]'" in capsys.readouterr().err
    with pytest.raises(TpdebugError):
        raster.pdf("<svg/>")


def test_options_of_a_picture_are_refused_where_none_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sort.py").write_text(emit(PROGRAMS["sort"].program).text, encoding="utf-8")
    for options, told in (
        (["--bare"], "--bare is about a picture; write one with -o FILE.svg, .pdf, .png or .dot"),
        (["--focus", "rank", "-o", "x.json"], "--focus is about a picture"),
        (["--only-circuit", "-o", "x.svg"], "--only-circuit draws a circuit or a slice alone; ask for one"),
        (["--calls", "--bare", "-o", "x.svg"], "--bare is about the data flow"),
    ):
        assert main(["graph", "sort.py", *options]) == 2
        assert told in capsys.readouterr().err
    assert main(["graph", "sort.py", "--to", "rank", "--only-circuit", "--bare", "-o", "x.dot"]) == 0
    kept = reaching(PROGRAMS["sort"].program, ["rank"])
    assert names((tmp_path / "x.dot").read_text(encoding="utf-8")) <= kept | {"readout"}
