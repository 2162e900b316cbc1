"""The text of `dead`."""

from __future__ import annotations

from rich.console import RenderableType

from analyze.render.tables import at_line, counted, evidence, page, table
from analyze.results import DeadResult


def dead_text(result: DeadResult) -> RenderableType:
    """The dead nodes with their verdicts, and the set that can go together."""
    rows = []
    for node in result.dead:
        for index, verdict in enumerate(node.verdicts):
            first = (node.name, at_line(node.line)) if index == 0 else ("", "")
            rows.append(
                (
                    first[0],
                    verdict.kind,
                    verdict.evidence,
                    "every input" if verdict.proof == "static" else "inputs tried",
                    first[1],
                )
            )
    together = counted(len(result.removable), "node")
    are = "is" if len(result.dead) == 1 else "are"
    answer = f"{result.program}: {len(result.dead)} of {counted(result.nodes, 'node')} {are} dead"
    removable = ", ".join(
        f"{r.name} -> {r.mate}" if r.mate is not None else f"{r.name} = {r.constant}" for r in result.removable
    )
    return page(
        answer,
        "bold",
        evidence(result.checked),
        table(("node", "verdict", "evidence", "holds for", "line"), rows, ("line",)) if rows else None,
        f"\n{together} can be removed together, no prediction changes: {removable}" if result.removable else None,
        f"only values that occur were tried for: {', '.join(result.untried)}" if result.untried else None,
    )
