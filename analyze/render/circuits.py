"""Circuits as text: one in words, several side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from analyze.render.tables import at_line, counted, evidence, page, table
from analyze.results import Circuit, CircuitResult

MOST_COLUMNS = 12
"""Sub-problems that stand side by side; more are listed one a row."""


def circuits_text(result: CircuitResult) -> RenderableType:
    """The circuit of each sub-problem: one in words, several as the columns of one table."""
    if len(result.circuits) == 1:
        return _one_circuit(result)
    shared = [node.name for node in result.nodes if all(node.name in c.members for c in result.circuits)]
    status = {circuit.status for circuit in result.circuits}
    what = f"{result.program}: {counted(len(result.circuits), 'circuit')} among {counted(len(result.nodes), 'node')}"
    return page(
        what + (f"; in all of them: {', '.join(shared)}" if shared else ""),
        "bold",
        f"{'each ' if len(status) == 1 else ''}{', '.join(sorted(status))}; {evidence(result.checked)}",
        f"all other nodes fixed at {result.baseline}",
        "predictions that stay: " + "; ".join(f"{_short(circuit)} {circuit.pairs:,}" for circuit in result.circuits),
        _side_by_side(result) if len(result.circuits) <= MOST_COLUMNS else _one_a_row(result),
        "+ keeps the node, and so does every sufficient set that was found; o keeps it, another set does without",
        *result.notes,
    )


def _short(circuit: Circuit) -> str:
    return circuit.value or circuit.problem


def _mark(circuit: Circuit, node: str) -> str:
    return "+" if node in circuit.core else "o" if node in circuit.members else ""


def _side_by_side(result: CircuitResult) -> Table:
    """One column a circuit, one row a node: where they overlap is seen at a glance."""
    kinds = {circuit.kind for circuit in result.circuits}
    heads = [_short(circuit) if len(kinds) == 1 else circuit.problem for circuit in result.circuits]
    rows: list[Sequence[object]] = [("size", *(len(circuit.members) for circuit in result.circuits), None, None)]
    for node in result.nodes:
        marks = (_mark(circuit, node.name) for circuit in result.circuits)
        rows.append((node.name, *marks, at_line(node.line), node.reading))
    first = f"circuit of {kinds.pop()}" if len(kinds) == 1 else "circuit of"
    return table((first, *heads, "line", "what it does"), rows, (*heads, "line"), whole=[first])


def _one_a_row(result: CircuitResult) -> Table:
    rows = []
    for circuit in result.circuits:
        members = ", ".join(f"{name} {_mark(circuit, name)}" for name in circuit.members)
        rows.append((circuit.problem, f"{len(circuit.members)}", Text(members or "none: constants suffice")))
    return table(("sub-problem", "size", "circuit"), rows, ("size",))


def _one_circuit(result: CircuitResult) -> RenderableType:
    (circuit,) = result.circuits
    rows = [
        (f"{node.name} {_mark(circuit, node.name)}", node.kind, node.reading, at_line(node.line))
        for node in result.nodes
        if node.name in circuit.members
    ]
    stays = f"{counted(circuit.pairs, 'prediction')} on {counted(circuit.inputs, 'input')} stay"
    others = [", ".join(names) or "none" for names in circuit.alternatives]
    many = counted(len(result.nodes), "node")
    return page(
        f"{result.program}: {len(circuit.members)} of {many} suffice for {circuit.problem}",
        "bold",
        f"{circuit.status}; {stays}; {evidence(result.checked)}",
        f"all other nodes fixed at {result.baseline}",
        table(("member", "kind", "what it does", "line"), rows, ("line",)) if rows else None,
        "+ is in every sufficient set that was found; o is not" if rows else None,
        *(f"or: {names}" for names in others),
        *result.notes,
    )
