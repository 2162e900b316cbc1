"""The text and the page of `blame --all`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from analyze.render.annotated import Html, html_page, paragraph, source_html, source_text, table_html
from analyze.render.blame import AROUND, EDITS, UNPROVEN, diff_text
from analyze.render.tables import BAD, GOOD, counted, evidence, page, table, typed
from analyze.render.written import written, written_html
from analyze.results.blame import BlameAllResult, Bucket
from tprog.text.tokens import Spacing

BUCKETS = ("inputs", "first suspect", "line", "such as")

NONE = "no small edit"
"""What stands for the suspect of inputs that no single small edit mends."""


def blame_all_text(result: BlameAllResult, number: int = 1) -> RenderableType:
    """Which entries to look at first, how much each mends, and which failing inputs belong together.

    Args:
        number: of which edit of the list to show the change of the source.
    """
    if not result.wrong:
        return page(f"{result.program}: nothing is wrong; {evidence(result.checked)}", GOOD)
    parts: list[RenderableType | str | None] = [evidence(result.checked), *_entries(result, number), *_buckets(result)]
    if result.source is not None:
        parts += ["\nthe module, with what the best edit of each line mends:", Text("")]
        parts.append(source_text(result.source, AROUND))
    return page(_answer(result), BAD, *parts)


def _answer(result: BlameAllResult) -> str:
    found = f"{result.program}: {counted(result.wrong, 'wrong prediction')} on {counted(result.wrong_inputs, 'input')}"
    if not result.entries:
        return f"{found}; no single edit mends more than it breaks"
    best = result.entries[0]
    first = f"{found}; first suspect: {best.entry}" + ("" if best.line is None else f", line {best.line}")
    return first + (", whose edit mends all" if best.restores else f", whose edit mends {best.mended:,}")


def _entries(result: BlameAllResult, number: int) -> list[RenderableType | str | None]:
    if not result.entries:
        return []
    rows = [
        (
            index,
            c.entry,
            "" if c.line is None else str(c.line),
            c.becomes,
            c.mended,
            c.broken,
            f"{c.net:+d}{' all' if c.restores else ''}",
        )
        for index, c in enumerate(result.entries, 1)
    ]
    return [
        "the best edit of each entry, by what it mends less what it breaks",
        table(("", *EDITS), rows, ("", "line", "mends", "breaks", "net")),
        "all: with this edit no prediction is wrong any more" if any(c.restores for c in result.entries) else None,
        None if result.proven else UNPROVEN,
        written(result.sources, {entry.node for entry in result.entries}),
        *diff_text(result.entries[number - 1].diff, number),
    ]


def _buckets(result: BlameAllResult) -> list[RenderableType | str | None]:
    """The failing inputs by suspect."""
    part = "" if result.searched == result.wrong_inputs else f" ({result.searched:,} of them, evenly spread)"
    rows = [
        (
            bucket.inputs,
            bucket.entry or NONE,
            "" if bucket.line is None else str(bucket.line),
            _examples(bucket, result.spaced),
        )
        for bucket in result.buckets
    ]
    return [
        f"\nthe failing inputs{part} by the entry whose edit mends their first wrong prediction best:",
        table(BUCKETS, rows, ("inputs", "line")),
        f"{counted(result.unmended, 'of these inputs', 'of these inputs')} no edit of one key, cell, word, read, mask "
        "or weight mends there"
        if result.unmended
        else None,
    ]


def _examples(bucket: Bucket, spaced: Spacing) -> str:
    more = ", ..." if bucket.inputs > len(bucket.examples) else ""
    return ", ".join(typed(tokens, spaced.inputs) for tokens in bucket.examples) + more


def blame_all_html(result: BlameAllResult) -> Html:
    """A page that stands alone: the tables and the whole module."""
    parts = [paragraph(f"{_answer(result) if result.wrong else 'nothing is wrong'}; {evidence(result.checked)}")]
    if result.entries:
        rows = [(c.entry, c.line, c.becomes, c.mended, c.broken, c.net) for c in result.entries]
        parts += ["<h2>The best edit of each entry</h2>", table_html(EDITS, rows)]
    if result.buckets:
        groups = [
            (bucket.inputs, bucket.entry or NONE, bucket.line, _examples(bucket, result.spaced))
            for bucket in result.buckets
        ]
        parts += ["<h2>Failing inputs by first suspect</h2>", table_html(BUCKETS, groups)]
    parts += written_html(result.sources, {entry.node for entry in result.entries})
    if result.source is not None:
        parts += ["<h2>Source</h2>", source_html(result.source)]
    return html_page(f"Blame in {result.program}", *parts)
