"""`dead` as a document."""

from __future__ import annotations

from analyze.render.document import STRONG, Document, Heading, Part, Table, again, document, noted, table
from analyze.render.phrases import as_called, counted, evidence, shorten
from analyze.results.dead import DeadResult, Proof, TableCount
from tprog.escape import spelled

WORST = 10
"""Tables with dead entries that a short answer lists."""

HOLDS_FOR = {"static": "every input", "enumerated": "all inputs tried", "sampled": "the sample"}


def dead_document(result: DeadResult, lines: bool = False) -> Document:
    """The dead nodes with their verdicts, the set that can go together, and the dead entries, worst tables first.

    Args:
        lines: list every table with dead entries and every dead line.
    """
    together, noun = counted(len(result.removable), "node"), result.checked.noun
    removable = ", ".join(
        f"{r.name} -> {r.mate}" if r.mate is not None else f"{r.name} = {spelled(str(r.constant))}"
        for r in result.removable
    )
    return document(
        _answer(result),
        STRONG,
        evidence(result.checked),
        _nodes(result),
        Heading(f"{together} can be removed together, no prediction changes: {removable}")
        if result.removable
        else None,
        f"only values that occur were tried for: {', '.join(result.untried)}" if result.untried else None,
        *_entries(result, lines),
        *_lines(result, seen=lines),
        *noted(result.notes, result.read, noun),
        noun=noun,
    )


def _holds_for(proof: Proof, result: DeadResult) -> str:
    return as_called(HOLDS_FOR[proof], result.checked.noun) if proof != "static" else HOLDS_FOR[proof]


def _answer(result: DeadResult) -> str:
    entries = sum(found.entries for found in result.tables)
    said = [
        f"{len(result.dead)} of {counted(result.nodes, 'node')}",
        f"{len(result.dead_entries):,} of {counted(entries, 'entry', 'entries')}",
    ]
    if result.lines_with_entries:
        said.append(f"{len(result.dead_lines):,} of {counted(result.lines_with_entries, 'line')} with entries")
    return f"{result.program}: {', '.join(said[:-1])} and {said[-1]} are dead"


def _nodes(result: DeadResult) -> Table:
    rows: list[tuple[object, ...]] = []
    for node in result.dead:
        for index, verdict in enumerate(node.verdicts):
            name, line = (node.name, node.line) if index == 0 else (again(node.name), again(node.line))
            rows.append((name, verdict.kind, verdict.evidence, _holds_for(verdict.proof, result), line))
    return table(("node", "verdict", "evidence", "holds for", "line"), rows, ("line",), name="nodes")


def _entries(result: DeadResult, every: bool) -> list[Part | str | None]:
    """Dead entries counted by table, and missing ones, which are no entries."""
    return [*_dead_entries(result, every), *_missing_entries(result)]


def _dead_entries(result: DeadResult, every: bool) -> list[Part | str | None]:
    worst = sorted((found for found in result.tables if found.dead), key=lambda found: -found.dead)
    shown = worst if every else worst[:WORST]
    columns = ("dead entries in", "what", "dead", "of", "for every input", "line")
    listed = table(columns, map(_counts, worst), columns[2:], brief=map(_counts, shown), name="tables")
    if not worst:
        return [listed]
    parts: list[Part | str | None] = [listed]
    if hidden := len(worst) - len(shown):
        parts.append(f"and {counted(sum(found.dead for found in worst[WORST:]), 'entry', 'entries')} in {hidden} more")
    static = sum(found.static for found in result.tables)
    dead = counted(len(result.dead_entries), "dead entry", "dead entries")
    more = "" if every else "; --lines lists the lines, --json everything"
    return [*parts, Heading(f"proven for every input: {static:,} of the {dead}{more}")]


def _counts(found: TableCount) -> tuple[object, ...]:
    part = found.part if found.part == "weights" else found.part + "s"
    return found.table, part, found.dead, found.entries, found.static, found.line


def _missing_entries(result: DeadResult) -> list[Part]:
    missing = [found for found in result.tables if found.missing]
    if not missing:
        return []
    total, met = (sum(found.missing for found in missing), sum(found.missing_reached for found in missing))
    named = shorten(", ".join(f"{found.table} {found.missing}" for found in missing))
    return [Heading(f"missing entries: {total:,}, of which {result.checked.noun}s run into {met:,} ({named})")]


def _lines(result: DeadResult, seen: bool) -> list[Part]:
    rows = [(found.line, "; ".join(found.entries), _holds_for(found.proof, result)) for found in result.dead_lines]
    listed = table(("dead line", "its entries", "holds for"), rows, ("dead line",), name="lines", seen=seen)
    return [Heading("no line is dead"), listed] if seen and not rows else [listed]
