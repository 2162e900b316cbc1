"""The text of a call graph."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType

from analyze.render.tables import at_line, counted, page, table
from analyze.results.calls import MODULE, CallGraphResult


def calls_text(result: CallGraphResult) -> RenderableType:
    """Who calls and passes whom, and where two engines differ."""
    functions = sum(node.defined and node.name != MODULE for node in result.nodes)
    listed = table(("function", "calls", "passes as an argument", "line"), list(_rows(result)), ("line",))
    size = f"{counted(functions, 'function')}, {counted(len(result.edges), 'edge')}"
    if result.differences is None:
        return page(f"{result.program}: {size}, found by {result.engine}", "bold", listed)
    differ = table(
        ("only found by", "from", "to", "why"),
        [(d.only, _function(d.source), _function(d.target), d.reason) for d in result.differences],
    )
    says = (
        f"the two engines differ in {counted(len(result.differences), 'edge')}"
        if result.differences
        else "the two engines agree"
    )
    return page(
        f"{result.program}: {says}; {result.engine} finds {size}",
        "bold",
        differ if result.differences else None,
        listed,
    )


def _rows(result: CallGraphResult) -> Iterator[tuple[str, str, str, str]]:
    """The functions that call or pass any."""
    out: dict[tuple[str, str], list[str]] = {}
    for edge in result.edges:
        out.setdefault((edge.source, edge.kind), []).append(edge.target)
    for node in result.nodes:
        called, passed = (", ".join(out.get((node.name, kind), ())) for kind in ("calls", "passes"))
        if called or passed:
            yield _function(node.name), called, passed, at_line(node.line)


def _function(name: str) -> str:
    return "(top level)" if name == MODULE else name
