"""A document as HTML: a page that stands alone, and the part of one that a notebook shows."""

from __future__ import annotations

import base64
from typing import TypeAlias

from analyze.render.columns import MEANINGS
from analyze.render.document import (
    SIGNS,
    Cell,
    Change,
    Document,
    Grid,
    GridRow,
    Heading,
    Note,
    Part,
    Picture,
    Source,
    Table,
)
from analyze.results.source import AnnotatedSource, SourceLine
from tprog.escape import html_text, visible_lines
from tprog.version import VERSION

Html: TypeAlias = str
"""Text that is HTML already."""


def page_html(shown: Document) -> Html:
    """A page that stands alone: no script, nothing loaded from elsewhere, light or dark as the reader's system is."""
    title = html_text(shown.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="written by tpdebug {VERSION}">\n'
        f"<title>{title}</title>\n<style>{_PAGE_CSS}{_CSS}</style>\n</head>\n"
        f"<body>\n<h1>{title}</h1>\n{document_html(shown)}\n</body>\n</html>\n"
    )


def document_html(shown: Document) -> Html:
    """What stands in the page, below its title."""
    parts = [f'<p class="answer {shown.tone}">{html_text(shown.answer)}</p>', *_anchored(shown.parts)]
    return f'<div class="tpdebug">\n{chr(10).join(filter(None, parts))}\n</div>'


def fragment_html(shown: Document) -> Html:
    """The same with its own look, to stand among other things, as in a notebook."""
    return f"<style>{_CSS}</style>\n{document_html(shown)}"


def _anchored(parts: tuple[Part, ...]) -> list[Html]:
    """The parts; lines of source have the anchors ``L1``, of a second source ``L1-2``, and so on."""
    made, sources = [], 0
    for part in parts:
        sources += isinstance(part, Source)
        made.append(_part(part, "" if sources < 2 else f"-{sources}"))
    return made


def _part(part: Part, behind: str) -> Html:
    match part:
        case Note(text):
            return f"<p>{html_text(text)}</p>"
        case Heading(text):
            return f"<h2>{html_text(text.removesuffix(':'))}</h2>"
        case Table():
            return _titled(part.title, _table(part)) if part.seen and part.rows else ""
        case Grid():
            return _grid(part)
        case Source(source, _, title):
            return _titled(title, source_html(source, behind))
        case Change(diff):
            return _change(diff)
        case Picture(svg, told):
            drawn = base64.b64encode(svg().encode()).decode()
            # As an image, it has names and a look of its own, whatever stands beside it.
            return f'<img class="picture" alt="{html_text(told)}" src="data:image/svg+xml;base64,{drawn}">'


def _titled(title: str, what: Html) -> Html:
    return f"<h2>{html_text(title)}</h2>\n{what}" if title else what


def _table(made: Table) -> Html:
    """A plain table; numbers are aligned right, and a heading says what it means to who points at it."""
    kept = made.kept(made.rows)
    right = [made.columns[at] in made.numbers for at in kept]
    heads = ((made.columns[at], made.headings[at]) for at in kept)
    head = "".join(_head(*head, number) for head, number in zip(heads, right, strict=True))
    body = "\n".join(
        "<tr>" + "".join(_cell(row[at], number) for at, number in zip(kept, right, strict=True)) + "</tr>"
        for row in made.rows
    )
    return f'<table class="listing">\n<tr>{head}</tr>\n{body}\n</table>'


def _head(name: str, said: str, number: bool) -> Html:
    meaning = MEANINGS.get(name, "")
    told = f' title="{html_text(meaning)}"' if meaning else ""
    return f"<th{' class=amount' * number}{told}>{html_text(said)}</th>"


def _cell(cell: Cell, number: bool) -> Html:
    return f'<td class="amount">{html_text(cell.text)}</td>' if number else f"<td>{html_text(cell.text)}</td>"


def _grid(grid: Grid) -> Html:
    which = any(row.which for row in grid.rows)
    names = [("position", "token"), *([("input", "")] if which else []), *grid.headers]
    head = "".join(f"<th>{html_text(above)}<br>{html_text(below)}</th>" for above, below in names)
    rows = "\n".join(_grid_row(row, which) for row in grid.rows)
    return f'<table class="grid">\n<tr>{head}</tr>\n{rows}\n</table>'


def _grid_row(row: GridRow, which: bool) -> Html:
    looks = "rule " * row.rule + "strong" * row.strong
    cells = "".join(
        f'<td class="bad">{html_text(cell)}*</td>' if at in row.marked else f"<td>{html_text(cell)}</td>"
        for at, cell in enumerate(row.cells)
    )
    beside = f"<td>{html_text(row.which)}</td>" if which else ""
    return (
        f"<tr{f' class={chr(34)}{looks}{chr(34)}' if looks else ''}><th>{html_text(row.name)}</th>{beside}{cells}</tr>"
    )


def _change(diff: str) -> Html:
    kinds = {"+": "lit", "-": "bad"}
    lines = [
        f'<span class="{"" if found.startswith(("+++", "---")) else kinds.get(found[:1], "")}">'
        f"{html_text(visible_lines(found.removesuffix(chr(13)).expandtabs()))}</span>"
        for found in diff.rstrip("\n").split("\n")
    ]
    return f'<pre class="change">{chr(10).join(lines)}</pre>'


def source_html(source: AnnotatedSource, behind: str = "") -> Html:
    """The lines as a table; line n has the anchor ``L<n>``.

    Args:
        behind: what tells its anchors from those of another source.
    """
    meanings = "".join(
        f'<li><span class="{mark or "plain"}">{html_text(SIGNS[mark])} {html_text(meaning)}</span></li>'
        for mark, meaning in source.legend
    )
    rows = "\n".join(_row(line, behind) for line in source.lines)
    head = f"<tr><th></th><th>{html_text(source.heading)}</th><th>line</th><th>{html_text(source.path)}</th></tr>"
    return f'<ul class="legend">{meanings}</ul>\n<table class="source">\n{head}\n{rows}\n</table>'


def _row(line: SourceLine, behind: str) -> Html:
    kind, number = line.mark or "plain", line.number
    anchor = f"L{number}{behind}"
    return (
        f'<tr id="{anchor}" class="{kind}"><td class="sign">{SIGNS[line.mark]}</td>'
        f'<td class="margin">{html_text(line.margin)}</td><td class="number"><a href="#{anchor}">{number}</a></td>'
        f"<td><pre>{html_text(line.text.expandtabs())}</pre></td></tr>"
    )


_PAGE_CSS = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --ink: #e3e7eb; } }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
"""

# A notebook may be light or dark whatever the system is, so nothing here sets what stands on it: tints let it through.
_CSS = """
.tpdebug { --faint: #78828c; --rule: #8888; --lit: #2ea04333; --part: #d2992255; --bad: #f8514944; }
.tpdebug h2 { font-size: 1.1rem; margin: 1.6rem 0 .6rem; }
.tpdebug p { margin: .3rem 0; }
.tpdebug .answer { font-weight: 600; } .tpdebug .answer.good::before { content: "\\2713  "; }
.tpdebug .answer.bad::before { content: "\\2717  "; }
.tpdebug table { border-collapse: collapse; margin: .8rem 0; width: auto; }
.tpdebug th { color: var(--faint); font-weight: 600; text-align: left; vertical-align: bottom; }
.tpdebug td { text-align: left; vertical-align: top; }
.tpdebug .listing th, .tpdebug .listing td { border-bottom: 1px solid var(--rule); min-width: 4em;
  overflow-wrap: anywhere; padding: .2rem .8rem .2rem 0; }
.tpdebug .amount { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.tpdebug .grid, .tpdebug .source { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; }
.tpdebug .grid td, .tpdebug .grid th { border: 0; padding: .1rem .8rem .1rem .2rem; white-space: nowrap; }
.tpdebug .grid .rule > * { border-top: 1px solid var(--rule); }
.tpdebug .grid .strong > * { color: inherit; font-weight: 700; }
.tpdebug .source { width: 100%; }
.tpdebug .source td, .tpdebug .source th { padding: 0 .5rem; vertical-align: top; }
.tpdebug .source th { white-space: nowrap; }
.tpdebug .source td:last-child { width: 100%; }
.tpdebug .source pre { background: none; font: inherit; margin: 0; white-space: pre-wrap; }
.tpdebug .change { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; }
.tpdebug .margin, .tpdebug .number { color: var(--faint); text-align: right; white-space: nowrap; }
.tpdebug .number a { color: inherit; text-decoration: none; }
.tpdebug tr:target td { outline: 1px solid currentColor; }
.tpdebug .lit { background: var(--lit); } .tpdebug .part { background: var(--part); }
.tpdebug .bad:not(.answer) { background: var(--bad); } .tpdebug .dim { color: var(--faint); }
.tpdebug .legend { list-style: none; padding: 0; } .tpdebug .legend span { border-radius: 3px; padding: .1rem .4rem; }
.tpdebug .picture { background: #fff; height: auto; max-width: 100%; }
"""
