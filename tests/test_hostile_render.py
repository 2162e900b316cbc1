"""A picture, a page and a table show any text as text: the same elements stand there as with harmless text."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from analyze.render import dot, graphml, svg
from analyze.render.document import Document, Grid, GridRow, Heading, Picture, Source, document, table
from analyze.render.pages import page_html
from analyze.render.terminal import as_text
from analyze.results.checked import Checked
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from analyze.results.source import AnnotatedSource, SourceLine
from tests import hostile_text
from tests.hostile_text import raw
from tprog.escape import visible

SOME = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def flow(texts: list[str]) -> GraphResult:
    """A data flow with a text in each field that may hold any."""
    program, title, reading, circuit, toward, checked = texts
    nodes = (
        GraphNode("tokens", "input", 0, None, "", None, 1.0, False, False),
        GraphNode("near", "head", 2, 0, reading, 3, 2.0, False, True, (circuit, circuit)),
        GraphNode("state", "lookup", 3, 0, reading, 4, 0.0, True, False),
        GraphNode("readout", "readout", 4, None, reading, 5, 0.0, False, False),
    )
    edges = (
        GraphEdge("tokens", "near", "key", None),
        GraphEdge("near", "state", "input", None),
        GraphEdge("near", "readout", "readout", 2.0),
    )
    return GraphResult(program, title, nodes, edges, ("state",), ("near",), Checked(3, False, checked), toward)


fields = st.lists(hostile_text.texts, min_size=6, max_size=6)
PLAIN = flow(["x"] * 6)


def parts(drawn: str) -> list[tuple[str, frozenset[str]]]:
    """The elements of an XML text with the names of their attributes, but for text and its line breaks."""
    tree = ElementTree.fromstring(drawn)
    found = [(element.tag.rpartition("}")[2], frozenset(element.attrib)) for element in tree.iter()]
    return [element for element in found if element[0] != "text"]


@pytest.mark.skipif(shutil.which("dot") is None, reason="there is no Graphviz")
@given(fields)
@SOME
def test_dot_holds_the_same_nodes_and_attributes_whatever_the_text(texts: list[str]) -> None:
    def described(written: str) -> list[tuple[str, list[str]]]:
        assert not raw(written)
        done = subprocess.run(["dot", "-Tdot_json"], input=written, capture_output=True, encoding="utf-8", check=True)
        assert done.stderr == ""
        graph = json.loads(done.stdout)
        members = [graph, *graph["objects"], *graph["edges"]]
        return [(str(member.get("name", "")), sorted(member.keys() - {"nodes", "edges"})) for member in members]

    assert described(dot.data_flow(flow(texts))) == described(dot.data_flow(PLAIN))


@given(fields)
@SOME
def test_an_svg_holds_the_same_elements_whatever_the_text(texts: list[str]) -> None:
    def drawn(result: GraphResult) -> str:
        return svg.svg(dot.data_flow(result), result.program, result.title)

    written = drawn(flow(texts))
    assert not raw(written)
    assert parts(written) == parts(drawn(PLAIN))
    tree = ElementTree.fromstring(written)
    assert tree[0].text == visible(texts[0])
    assert tree[1].text == visible(texts[1])
    shown = "".join("".join(tree.itertext()).replace("\xa0", " ").split())
    assert "".join(visible(texts[0]).split()) in shown


@given(fields)
@SOME
def test_graphml_holds_the_same_elements_whatever_the_text(texts: list[str]) -> None:
    written = graphml.data_flow(flow(texts))
    assert not raw(written)
    assert parts(written) == parts(graphml.data_flow(PLAIN))
    data = [element.text for element in ElementTree.fromstring(written).iter() if "key" in element.attrib]
    assert visible(texts[2]) in data
    assert visible(f"{texts[3]}, {texts[3]}") in data


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment",))


def source(texts: list[str]) -> AnnotatedSource:
    path, heading, meaning, line, margin, _ = texts
    return AnnotatedSource(path, heading, (("bad", meaning),), (SourceLine(1, line, margin, "bad"),))


def hostile(texts: list[str]) -> Document:
    """A document that holds the texts in all kinds of parts."""
    listing = table(texts[:3], [texts[3:], (1, 2.5, None)], optional=(), name="listing")
    picture = Picture(lambda: "<svg></svg>", texts[3])
    grid = Grid(
        tuple((text, text) for text in texts[:2]),
        (GridRow(texts[4], texts[5], tuple(texts[2:4]), frozenset({1})),),
        listing,
    )
    heading = Heading(f"noted: {texts[2]}")
    return document(
        texts[0], "good", f"noted: {texts[1]}", listing, heading, picture, grid, Source(source(texts), title=texts[5])
    )


@given(fields)
@SOME
def test_a_page_holds_the_same_elements_whatever_the_text(texts: list[str]) -> None:
    def written(some: list[str]) -> str:
        return page_html(hostile(some))

    def tags(page: str) -> list[tuple[str, ...]]:
        parser = _Tags()
        parser.feed(page)
        parser.close()
        return parser.tags

    page = written(texts)
    assert not raw(page)
    assert tags(page) == tags(written(["x"] * 6))
    shown = html.unescape(page)
    assert all(visible(text) in shown or visible(text.expandtabs()) in shown for text in texts)


@given(fields)
@example(["x", "x", "\n", "x", "x", "x"])
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
def test_a_terminal_shows_the_same_lines_whatever_the_text(texts: list[str]) -> None:
    def shown(some: list[str]) -> list[str]:
        return as_text(hostile(some), width=5000).split("\n")

    found = shown(texts)
    assert not raw("\n".join(found))
    assert len(found) == len(shown(["x"] * 6))
    assert found[:2] == [visible(text).rstrip(" ") for text in (texts[0], f"noted: {texts[1]}")]
    assert all(visible(text).strip() in "\n".join(found) for text in texts if "\t" not in text)
