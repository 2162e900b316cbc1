"""Where nodes were written: what results of a written program show beside their own tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from rich.table import Table

from analyze.render.annotated import Html, table_html
from analyze.render.tables import table
from tprog.ir.provenance import SourceLine

COLUMNS = ("node", "written at", "source")


def written(sources: Iterable[SourceLine], nodes: Collection[str] | None = None) -> Table | None:
    """A table of nodes and their source lines; None where there are none.

    Args:
        nodes: those that are shown; left out, all.
    """
    rows = _rows(sources, nodes)
    return table(COLUMNS, rows) if rows else None


def written_html(sources: Iterable[SourceLine], nodes: Collection[str]) -> list[Html]:
    """The same as a part of a page."""
    rows = _rows(sources, nodes)
    return ["<h2>Written at</h2>", table_html(COLUMNS, rows)] if rows else []


def _rows(sources: Iterable[SourceLine], nodes: Collection[str] | None) -> list[tuple[str, str, str]]:
    return [
        (source.node, f"{source.file}:{source.line}", source.text)
        for source in sources
        if nodes is None or source.node in nodes
    ]
