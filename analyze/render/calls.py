"""A call graph as a document."""

from __future__ import annotations

from collections.abc import Iterator

from analyze.render.document import STRONG, Document, document, table
from analyze.render.phrases import counted
from analyze.results.calls import MODULE, CallGraphResult


def calls_document(result: CallGraphResult) -> Document:
    """Who calls and passes whom, and where two engines differ."""
    functions = sum(node.defined and node.name != MODULE for node in result.nodes)
    listed = table(("function", "calls", "passes as an argument", "line"), _rows(result), ("line",), name="functions")
    size = f"{counted(functions, 'function')}, {counted(len(result.edges), 'edge')}"
    if result.differences is None:
        return document(f"{result.program}: {size}, found by {result.engine}", STRONG, listed)
    differ = table(
        ("only found by", "from", "to", "why"),
        [(d.only, _function(d.source), _function(d.target), d.reason) for d in result.differences],
        name="differences",
    )
    says = (
        f"the two engines differ in {counted(len(result.differences), 'edge')}"
        if result.differences
        else "the two engines agree"
    )
    return document(
        f"{result.program}: {says}; {result.engine} finds {size}",
        STRONG,
        differ,
        listed,
    )


def _rows(result: CallGraphResult) -> Iterator[tuple[str, str, str, int | None]]:
    """The functions that call or pass any."""
    out: dict[tuple[str, str], list[str]] = {}
    for edge in result.edges:
        out.setdefault((edge.source, edge.kind), []).append(edge.target)
    for node in result.nodes:
        called, passed = (", ".join(out.get((node.name, kind), ())) for kind in ("calls", "passes"))
        if called or passed:
            yield _function(node.name), called, passed, node.line


def _function(name: str) -> str:
    return "(top level)" if name == MODULE else name
