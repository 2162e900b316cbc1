"""Circuits beside the source: which lines belong to their members, and which to the heads and lookups left out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from analyze.results.circuits import Circuit, CircuitResult
from analyze.results.source import AnnotatedSource, Mark, SourceLine
from tprog.text.emit import Block
from tprog.text.syntax import python_lines

_PLAIN: tuple[str, Mark] = ("", "")
"""Margin and mark of a line of no head or lookup."""

_LONGEST = 24
"""Columns of a margin."""


def circuit_source(
    result: CircuitResult, path: str, text: str, blocks: Mapping[Block, tuple[int, int]]
) -> AnnotatedSource:
    """A module with its circuits beside it.

    The lines of a head or lookup are those of its function, of its assignment and of its weights. They are lit if every
    circuit has it, lit in part if some have, with the sub-problems of these in the margin, and dim if none has.

    Args:
        blocks: block -> its first and last line in the text (1-based, both included).
    """
    count = len(result.circuits)
    having = {node.name: [c for c in result.circuits if node.name in c.members] for node in result.nodes}
    node_at = nodes_at(blocks, having)
    beside = {node: _beside(circuits, count) for node, circuits in having.items()}
    rows = []
    for number, line in enumerate(python_lines(text), 1):
        node = node_at.get(number)
        margin, mark = _PLAIN if node is None else beside[node]
        rows.append(SourceLine(number, line, margin, mark))
    every = "the circuit" if count == 1 else "every circuit"
    legend: list[tuple[Mark, str]] = [("lit", f"of a member of {every}")]
    if count > 1:
        legend.append(("part", "of a member of the circuits in the margin"))
    legend.append(("dim", f"of a head or lookup that {every} does without"))
    return AnnotatedSource(path, "in" if count > 1 else "", tuple(legend), tuple(rows))


def nodes_at(blocks: Mapping[Block, tuple[int, int]], nodes: Collection[str]) -> dict[int, str]:
    """line -> the node whose function, assignment or weights stand there."""
    found: dict[int, str] = {}
    for (kind, *rest), (first, last) in blocks.items():
        if kind in ("function", "assignment", "weights") and rest[0] in nodes:
            found.update(dict.fromkeys(range(first, last + 1), str(rest[0])))
    return found


def _beside(having: Sequence[Circuit], count: int) -> tuple[str, Mark]:
    """Margin and mark of the lines of a node that these of so many circuits have."""
    if not having:
        return "", "dim"
    if len(having) == count:
        return "", "lit"
    named = ", ".join(circuit.value or circuit.problem for circuit in having)
    return named if len(named) <= _LONGEST else f"{len(having)} circuits", "part"
