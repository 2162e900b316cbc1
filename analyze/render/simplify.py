"""The text of `simplify`."""

from __future__ import annotations

from collections import Counter

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tprog.escape import visible
from tprog.simplify.record import Simplification


def simplify_text(name: str, result: Simplification) -> Group:
    """The sizes before and after, what they were checked on, and every step.

    Args:
        name: what to call the program.
    """
    kept = "predictions" if result.keep == "all" else "right predictions"
    parts: list[RenderableType] = [
        Text(visible(f"{name}: {result.predictions:,} {kept} stay, on {result.description}")),
        _counts(result),
    ]
    if result.changed:
        parts.append(Text(f"{result.changed:,} wrong predictions changed"))
    if result.steps:
        parts += [Text(), _steps(result)]
    return Group(*parts)


def _counts(result: Simplification) -> Table:
    counts = Table("", "before", "after", box=None, pad_edge=False)
    for what in ("nodes", "entries", "lines"):
        counts.add_row(what, f"{getattr(result.before, what):,}", f"{getattr(result.after, what):,}")
    if result.wrong_before is not None:
        counts.add_row("wrong inputs", f"{result.wrong_before:,}", f"{result.wrong_after:,}")
    return counts


def _steps(result: Simplification) -> Table:
    steps = Table("changed", "how", box=None, pad_edge=False)
    for (node, reason), times in Counter((step.node, step.reason) for step in result.steps).items():
        steps.add_row(Text(node), Text(visible(reason if times == 1 else f"{reason} ({times} times)")))
    return steps
