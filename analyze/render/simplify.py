"""`simplify` as a document."""

from __future__ import annotations

from collections import Counter

from analyze.render.document import Document, Note, Table, document, number, table
from tprog.simplify.record import Simplification


def simplify_document(result: Simplification, name: str = "the program") -> Document:
    """The sizes before and after, what they were checked on, and every step.

    Args:
        name: what to call the program.
    """
    kept = "predictions" if result.keep == "all" else "right predictions"
    return document(
        f"{name}: {result.predictions:,} {kept} stay, on {result.description}",
        "",
        _counts(result),
        f"{result.changed:,} wrong predictions changed" if result.changed else None,
        Note("") if result.steps else None,
        _steps(result),
    )


def _counts(result: Simplification) -> Table:
    rows: list[tuple[object, ...]] = [
        (what, number(getattr(result.before, what)), number(getattr(result.after, what)))
        for what in ("nodes", "entries", "lines")
    ]
    if result.wrong_before is not None and result.wrong_after is not None:
        rows.append((f"wrong {result.noun}s", number(result.wrong_before), number(result.wrong_after)))
    return table(("", "before", "after"), rows, name="sizes", dense=True)


def _steps(result: Simplification) -> Table:
    times = Counter((step.node, step.reason) for step in result.steps)
    rows = [(node, how if often == 1 else f"{how} ({often} times)") for (node, how), often in times.items()]
    return table(("changed", "how"), rows, name="steps", dense=True)
