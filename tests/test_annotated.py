"""Annotated source in a terminal and as HTML."""

from __future__ import annotations

import io
from html.parser import HTMLParser

from rich.console import Console

from analyze.render.document import Source, document, number, table
from analyze.render.pages import page_html
from analyze.render.terminal import source_text
from analyze.results.source import AnnotatedSource, SourceLine
from tprog.escape import visible

HOSTILE = '    return k == "<script>&[bold]"  # \x1b[31m'

SOURCE = AnnotatedSource(
    "p.py",
    "inputs",
    (("lit", "reached"), ("dim", "reached by none")),
    (
        SourceLine(1, "def predicate_a(q, k):", "12", "lit"),
        SourceLine(2, HOSTILE, "1,200", "lit"),
        SourceLine(3, ""),
        *(SourceLine(number, f"x = {number}") for number in range(4, 12)),
        SourceLine(12, "    return None", "0", "dim"),
    ),
)


def _printed(around: int | None = None) -> list[str]:
    page = io.StringIO()
    Console(file=page, width=40, no_color=True, highlight=False).print(source_text(SOURCE, around))
    return page.getvalue().splitlines()


def test_a_line_stands_behind_its_sign_its_margin_and_its_number() -> None:
    printed = _printed()
    assert "+     12  1 | def predicate_a(q, k):" in "\n".join(printed).replace("   ", "   ")
    assert any(line.startswith("-") and line.endswith("12 |     return None") for line in printed)


def test_source_is_no_markup_and_no_line_is_lost() -> None:
    printed = "\n".join(_printed())
    assert '"<script>&[bold]"' in printed
    assert all(f"x = {number}" in printed for number in range(4, 12))


def test_only_the_surroundings_of_marked_lines_are_shown_and_gaps_are_said() -> None:
    printed = "\n".join(_printed(around=1))
    assert "x = 11" in printed
    assert "x = 7" not in printed
    assert "..." in printed


class _Checker(HTMLParser):
    """Notes the tags that are open, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_is_whole_runs_nothing_and_shows_the_source_as_it_is() -> None:
    listed = table(("node", "inputs"), [("<b>", number(1200)), ("none", None)])
    page = page_html(document("A & B", "", listed, Source(SOURCE)))
    checker = _Checker()
    checker.feed(page)
    assert not checker.open
    assert "script" not in checker.tags
    assert visible(HOSTILE) in checker.text
    assert "1,200" in checker.text
