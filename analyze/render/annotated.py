"""Annotated source, for a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from rich.console import RenderableType
from rich.text import Text

from analyze.render.tables import width
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from tprog.escape import html_text, visible, visible_lines
from tprog.listing import bounded
from tprog.version import VERSION

Html: TypeAlias = str
"""Text that is HTML already."""

SIGNS: dict[Mark, str] = {"": " ", "lit": "+", "part": "~", "dim": "-", "bad": "!"}
"""What says in a terminal without colour what a line is."""

_STYLES: dict[Mark, str] = {"": "", "lit": "green", "part": "yellow", "dim": "dim", "bad": "bold red"}

EDGE = " | "


def source_text(source: AnnotatedSource, around: int | None = None) -> RenderableType:
    """The lines, each behind its sign, margin and number; long ones are left for the terminal to wrap.

    Args:
        around: show only marked lines and so many lines around each; what is left out is said. None shows all.
    """
    margin = width(*map(visible, (source.heading, *(line.margin for line in source.lines))))
    numbers = len(str(len(source.lines)))
    page = Text(no_wrap=True, overflow="ignore")
    for mark, meaning in source.legend:
        page.append(f"{SIGNS[mark]} {visible(meaning)}\n", _STYLES[mark])
    page.append(f"\n  {visible(source.heading):>{margin}} {'line':>{numbers}}{EDGE}{visible(source.path)}\n", "bold")
    shown = _shown(source, around)
    previous = 0
    for line in source.lines:
        if line.number not in shown:
            continue
        if line.number > previous + 1 and around is not None:
            page.append(f"  {'':>{margin}} {'...':>{numbers}}\n", "dim")
        previous = line.number
        beside = visible(line.margin)
        behind = " " * (margin - width(beside))
        page.append(f"{SIGNS[line.mark]} {behind}{beside} {line.number:>{numbers}}{EDGE}", "dim")
        page.append(f"{bounded(visible(line.text.expandtabs()))}\n", _STYLES[line.mark])
    page.rstrip()
    return page


def _shown(source: AnnotatedSource, around: int | None) -> set[int]:
    if around is None:
        return {line.number for line in source.lines}
    marked = [line.number for line in source.lines if line.mark or line.margin]
    return {number + step for number in marked for step in range(-around, around + 1)}


def diff_lines(diff: str) -> list[Text]:
    """A unified diff, as long as its lines are; `+` and `-` say what colour says too."""
    lines = []
    for line in diff.rstrip("\n").split("\n"):
        style = "" if line.startswith(("+++", "---")) else {"+": "green", "-": "red"}.get(line[:1], "")
        shown = bounded(visible_lines(line.removesuffix("\r")))
        lines.append(Text(shown, style, no_wrap=True, overflow="ignore"))  # a change that is wrapped cannot be applied
    return lines


def source_html(source: AnnotatedSource) -> Html:
    """The lines as a table of a page that `html_page` makes; line n has the anchor ``L<n>``."""
    meanings = "".join(
        f'<li><span class="{mark or "plain"}">{html_text(SIGNS[mark])} {html_text(meaning)}</span></li>'
        for mark, meaning in source.legend
    )
    rows = "\n".join(_row(line) for line in source.lines)
    head = f"<tr><th></th><th>{html_text(source.heading)}</th><th>line</th><th>{html_text(source.path)}</th></tr>"
    return f'<ul class="legend">{meanings}</ul>\n<table class="source">\n{head}\n{rows}\n</table>'


def _row(line: SourceLine) -> Html:
    kind, number = line.mark or "plain", line.number
    return (
        f'<tr id="L{number}" class="{kind}"><td class="sign">{SIGNS[line.mark]}</td>'
        f'<td class="margin">{html_text(line.margin)}</td><td class="number"><a href="#L{number}">{number}</a></td>'
        f"<td><pre>{html_text(line.text.expandtabs())}</pre></td></tr>"
    )


def table_html(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Html:
    """A plain table; numbers are aligned right, None is left empty."""
    head = "".join(f"<th>{html_text(column)}</th>" for column in columns)
    body = "\n".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f'<table class="listing">\n<tr>{head}</tr>\n{body}\n</table>'


def _cell(value: object) -> Html:
    number = isinstance(value, int | float)
    shown = "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
    return f'<td class="amount">{shown}</td>' if number else f"<td>{html_text(shown)}</td>"


def paragraph(text: str) -> Html:
    """A paragraph of plain text."""
    return f"<p>{html_text(text)}</p>"


def html_page(title: str, *parts: Html) -> Html:
    """A page that stands alone: no script, nothing loaded from elsewhere, light or dark as the reader's system is."""
    body = "\n".join(parts)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="written by tpdebug {VERSION}">\n'
        f"<title>{html_text(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n"
        f"<h1>{html_text(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


_CSS = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1b1f24; --faint: #6a737d; --rule: #d8dee4;
  --lit: #dff5e3; --part: #fff3cd; --bad: #ffd9d6; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --ink: #e3e7eb; --faint: #8f99a3; --rule: #343b43;
  --lit: #143a20; --part: #43380f; --bad: #57201c; } }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto;
  max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th { color: var(--faint); font-weight: 600; text-align: left; }
.listing th, .listing td { border-bottom: 1px solid var(--rule); padding: .2rem .8rem .2rem 0; }
.amount { font-variant-numeric: tabular-nums; text-align: right; }
.source { font: 13px/1.45 ui-monospace, Menlo, Consolas, monospace; width: 100%; }
.source td, .source th { padding: 0 .5rem; vertical-align: top; } .source th { white-space: nowrap; }
.source td:last-child { width: 100%; }
.source pre { font: inherit; margin: 0; white-space: pre-wrap; }
.margin, .number { color: var(--faint); text-align: right; white-space: nowrap; }
.number a { color: inherit; text-decoration: none; } tr:target td { outline: 1px solid currentColor; }
.lit { background: var(--lit); } .part { background: var(--part); } .bad { background: var(--bad); }
.dim { color: var(--faint); }
.legend { list-style: none; padding: 0; } .legend span { border-radius: 3px; padding: .1rem .4rem; }
"""
