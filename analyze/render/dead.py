"""The text of `dead`."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from analyze.render.tables import at_line, counted, evidence, noted, page, shorten, table
from analyze.results.dead import DeadResult, TableCount
from tprog.escape import spelled

WORST = 10
"""Tables with dead entries that a short answer lists."""

HOLDS_FOR = {"static": "every input", "enumerated": "all inputs tried", "sampled": "the sample"}


def dead_text(result: DeadResult, lines: bool = False) -> RenderableType:
    """The dead nodes with their verdicts, the set that can go together, and the dead entries, worst tables first.

    Args:
        lines: list every table with dead entries and every dead line.
    """
    together = counted(len(result.removable), "node")
    removable = ", ".join(
        f"{r.name} -> {r.mate}" if r.mate is not None else f"{r.name} = {spelled(str(r.constant))}"
        for r in result.removable
    )
    return page(
        _answer(result),
        "bold",
        evidence(result.checked),
        _nodes(result),
        f"\n{together} can be removed together, no prediction changes: {removable}" if result.removable else None,
        f"only values that occur were tried for: {', '.join(result.untried)}" if result.untried else None,
        *_entries(result, lines),
        *(_lines(result) if lines else ()),
        noted(result.notes),
    )


def _answer(result: DeadResult) -> str:
    entries = sum(found.entries for found in result.tables)
    said = [
        f"{len(result.dead)} of {counted(result.nodes, 'node')}",
        f"{len(result.dead_entries):,} of {counted(entries, 'entry', 'entries')}",
    ]
    if result.lines_with_entries:
        said.append(f"{len(result.dead_lines):,} of {counted(result.lines_with_entries, 'line')} with entries")
    return f"{result.program}: {', '.join(said[:-1])} and {said[-1]} are dead"


def _nodes(result: DeadResult) -> Table | None:
    rows = []
    for node in result.dead:
        for index, verdict in enumerate(node.verdicts):
            first = (node.name, at_line(node.line)) if index == 0 else ("", "")
            rows.append((first[0], verdict.kind, verdict.evidence, HOLDS_FOR[verdict.proof], first[1]))
    return table(("node", "verdict", "evidence", "holds for", "line"), rows, ("line",)) if rows else None


def _entries(result: DeadResult, every: bool) -> list[RenderableType | str | None]:
    """Dead entries counted by table, and missing ones, which are no entries."""
    return [*_dead_entries(result, every), *_missing_entries(result)]


def _dead_entries(result: DeadResult, every: bool) -> list[RenderableType | str | None]:
    worst = sorted((found for found in result.tables if found.dead), key=lambda found: -found.dead)
    shown = worst if every else worst[:WORST]
    rows = list(map(_counts, shown))
    if not rows:
        return []
    columns = ("dead entries in", "what", "dead", "of", "for every input", "line")
    parts: list[RenderableType | str | None] = [table(columns, rows, ("dead", "of", "for every input", "line"))]
    if hidden := len(worst) - len(shown):
        parts.append(f"and {counted(sum(found.dead for found in worst[WORST:]), 'entry', 'entries')} in {hidden} more")
    static = sum(found.static for found in result.tables)
    dead = counted(len(result.dead_entries), "dead entry", "dead entries")
    more = "" if every else "; --lines lists the lines, --json everything"
    return [*parts, f"\nproven for every input: {static:,} of the {dead}{more}"]


def _counts(found: TableCount) -> tuple[object, ...]:
    part = found.part if found.part == "weights" else found.part + "s"
    return found.table, part, found.dead, found.entries, found.static, at_line(found.line)


def _missing_entries(result: DeadResult) -> list[str]:
    missing = [found for found in result.tables if found.missing]
    if not missing:
        return []
    total, met = (sum(found.missing for found in missing), sum(found.missing_reached for found in missing))
    named = shorten(", ".join(f"{found.table} {found.missing}" for found in missing))
    return [f"\nmissing entries: {total:,}, of which inputs run into {met:,} ({named})"]


def _lines(result: DeadResult) -> list[RenderableType | str | None]:
    if not result.dead_lines:
        return ["\nno line is dead"]
    rows = [(found.line, "; ".join(found.entries), HOLDS_FOR[found.proof]) for found in result.dead_lines]
    return [table(("dead line", "its entries", "holds for"), rows, ("dead line",))]
