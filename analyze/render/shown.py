"""Of a result or a simplification the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TypeAlias

from analyze.render.document import Document

_HOMES: Mapping[str, str] = {
    "BlameAllResult": "blame_all",
    "BlameResult": "blame",
    "CallGraphResult": "calls",
    "CircuitResult": "circuits",
    "ComponentsResult": "components",
    "CorporaResult": "corpora",
    "CoverageResult": "coverage",
    "DeadResult": "dead",
    "DecompileResult": "decompile",
    "DiffResult": "diff",
    "FuzzResult": "fuzz",
    "GraphResult": "graph",
    "PlotResult": "plot",
    "RepairResult": "repair",
    "ReportResult": "report",
    "Simplification": "simplify",
    "SweepResult": "sweep:swept",
    "TraceLoopResult": "loop:trace_loop",
    "TraceResult": "trace",
    "VerifyLoopResult": "loop:verify_loop",
    "VerifyResult": "verify",
    "WordsResult": "words",
}
"""Type -> the module of this package that makes its document, by the function ``<module>_document``."""

_Maker: TypeAlias = Callable[[object], Document]


def document_of(shown: object) -> Document:
    """The document of a result or a simplification. Its module is imported only now."""
    module, _, name = _HOMES[type(shown).__name__].partition(":")
    maker: _Maker = getattr(import_module(f"analyze.render.{module}"), f"{name or module}_document")
    return maker(shown)
