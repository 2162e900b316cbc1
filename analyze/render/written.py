"""Where nodes were written: what results of a written program show beside their own tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from analyze.render.document import Table, table
from tprog.ir.provenance import SourceLine


def written(sources: Iterable[SourceLine], nodes: Collection[str] | None = None) -> Table:
    """A table of nodes and their source lines.

    Args:
        nodes: those that are shown; left out, all.
    """
    rows = [
        (source.node, f"{source.file}:{source.line}", source.text)
        for source in sources
        if nodes is None or source.node in nodes
    ]
    return table(("node", "written at", "source"), rows, name="written", title="Written at")
