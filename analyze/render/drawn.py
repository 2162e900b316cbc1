"""Which variables and reads of a data flow a picture shows: what its forms (`dot`, `figure`) have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from analyze.render.legend import highlights
from analyze.results.graph import GraphEdge, GraphNode, GraphResult
from tprog.errors import BadUsage
from tprog.listing import listing

WEAK = 0.05
"""Readout edges whose swing is below this share of the widest edge's are left out of the picture."""

_LAST = ("readout", "output")
"""The kinds of the nodes in which all ends, and the roles in which they read."""

Rows: TypeAlias = Mapping[str, Sequence[tuple[list[str], str]]]
"""node -> its rows, from the top: the roles in which it reads a variable, and that variable."""


@dataclass(frozen=True)
class Wanted:
    """What of a data flow is wanted.

    Attributes:
        weak: readout edges below this share of the widest one's swing are left out, but for those of highlighted nodes;
            0 leaves out only those that do not tell classes apart.
        only_highlighted: show highlighted nodes, what they read of inputs and embeddings, and where all ends, and
            nothing else.
        focus: show this variable, what it reads and what reads it, and nothing else.
    """

    weak: float = WEAK
    only_highlighted: bool = False
    focus: str | None = None


ALL = Wanted()
"""Everything but weak readout edges."""


@dataclass(frozen=True)
class Drawn:
    """What of a data flow is drawn.

    Attributes:
        nodes: the variables, and where all ends; of the inputs, those that an edge leaves.
        rows: of each node.
        reads: source, target and row of each read that is drawn.
        readouts: the edges into where all ends that are drawn.
        left_out: how many others there are.
        largest: the swing of the widest.
        lit: what a highlight makes stand out; None without one.
    """

    nodes: tuple[GraphNode, ...]
    rows: Rows
    reads: tuple[tuple[str, str, int], ...]
    readouts: tuple[GraphEdge, ...]
    left_out: int
    largest: float
    lit: set[str] | None

    @property
    def ends(self) -> list[tuple[str, str]]:
        """Source and target of all that is drawn."""
        reads = [(source, target) for source, target, _ in self.reads]
        return [*reads, *((edge.source, edge.target) for edge in self.readouts)]


def drawn(result: GraphResult, wanted: Wanted) -> Drawn:
    """What is drawn of a data flow.

    Raises:
        BadUsage: the focus is no variable of the program, or nothing is highlighted and only that is wanted.
    """
    shown = _shown(result, wanted)
    rows = _rows(result, shown)
    reads = _read_edges(result, rows, shown)
    readouts = [edge for edge in result.edges if edge.role in _LAST and edge.source in shown and edge.target in shown]
    largest = _largest(readouts, {node.name: node for node in result.nodes})
    strong = _strong(result, readouts, wanted.weak * largest)
    sources = {source for source, _, _ in reads} | {edge.source for edge in strong}
    nodes = _drawn_nodes(result, shown, sources, wanted.focus)
    left_out = len(readouts) - len(strong)
    return Drawn(tuple(nodes), rows, tuple(reads), tuple(strong), left_out, largest, _standing_out(result))


def _rows(result: GraphResult, shown: set[str]) -> Rows:
    reads = _reads(edge for edge in result.edges if edge.target in shown and edge.role not in _LAST)
    return {name: [(roles, source) for source, roles in sources.items()] for name, sources in reads.items()}


def _drawn_nodes(result: GraphResult, shown: set[str], read: set[str], focus: str | None) -> list[GraphNode]:
    """The nodes that are drawn: of the inputs, those that an edge leaves, and that which is asked for."""
    kept = read | {focus}
    return [node for node in result.nodes if node.name in shown and (node.kind != "input" or node.name in kept)]


def _read_edges(result: GraphResult, rows: Rows, shown: set[str]) -> list[tuple[str, str, int]]:
    """Source, target and row of the reads that are drawn: of no dead node, nor of the 1s that a head counts."""
    idle = _idle_nodes(result)
    by_name = {node.name: node for node in result.nodes}
    return [
        (source, target, port)
        for target, sources in rows.items()
        for port, (roles, source) in enumerate(sources)
        if source in shown
        and idle.isdisjoint((source, target))
        and (not _counts(by_name[target], source, roles) or _asked_for(result, source))
    ]


def _strong(result: GraphResult, readouts: Sequence[GraphEdge], least: float) -> list[GraphEdge]:
    """The readout edges that are drawn: those of at least this swing, of what a highlight makes stand out, and of
    variables that come out."""
    idle = _idle_nodes(result)
    highlighted = {node.name for node in result.nodes if node.highlighted and highlights(result)}
    return [
        edge
        for edge in readouts
        if edge.role == "output"
        or (edge.swing and edge.source not in idle and (edge.swing >= least or edge.source in highlighted))
    ]


def _standing_out(result: GraphResult) -> set[str] | None:
    """What a highlight makes stand out; None without one.

    To a circuit belong the inputs and embeddings, which are never held constant, and the readout. A slice has those
    that it reaches.
    """
    if not highlights(result):
        return None
    given = ("input", "embedding", *_LAST) if result.circuit else ()
    return set(result.highlighted) | {node.name for node in result.nodes if node.kind in given}


def _idle_nodes(result: GraphResult) -> set[str]:
    return {node.name for node in result.nodes if _idle(result, node)}


def _of_kinds(result: GraphResult, *kinds: str) -> set[str]:
    return {node.name for node in result.nodes if node.kind in kinds}


def _idle(result: GraphResult, node: GraphNode) -> bool:
    """Whether a node is dead and no member of a circuit: with other nodes held constant, it can matter all the same."""
    return node.dead and not (result.circuit and node.highlighted)


def _counts(node: GraphNode, source: str, roles: Sequence[str]) -> bool:
    """Whether a read is that of a head which counts: it adds up `ones`, which its reading says well enough."""
    return node.kind == "numeric head" and source == "ones" and roles == ["value"]


def _asked_for(result: GraphResult, name: str) -> bool:
    """Whether an input is what a slice starts from."""
    inputs = {node.name for node in result.nodes if node.kind == "input"}
    return inputs & set(result.highlighted) == {name}


def _largest(readouts: Sequence[GraphEdge], by_name: Mapping[str, GraphNode]) -> float:
    """The swing of the widest readout edge.

    Sums are left out if they can be: the range that is proven for a sum of sums lies far above what it takes, and
    would make all else look weak.
    """
    swings = [edge.swing or 0.0 for edge in readouts if by_name[edge.source].kind not in ("numeric head", "linear")]
    return max(swings, default=0.0) or max((edge.swing or 0.0 for edge in readouts), default=0.0)


def _shown(result: GraphResult, wanted: Wanted) -> set[str]:
    """The nodes to draw; of the inputs, those among them that an edge leaves."""
    shown = {node.name for node in result.nodes}
    if wanted.only_highlighted:
        shown &= _around_highlights(result)
    return shown if wanted.focus is None else shown & _around(result, wanted.focus)


def _around_highlights(result: GraphResult) -> set[str]:
    if not highlights(result):
        raise BadUsage("nothing is highlighted, so there is nothing to show alone; ask for a circuit or a slice")
    kept = set(result.highlighted) | _of_kinds(result, *_LAST)
    given = _of_kinds(result, "input", "embedding")
    return kept | {edge.source for edge in result.edges if edge.target in kept and edge.source in given}


def _around(result: GraphResult, focus: str) -> set[str]:
    """A variable, what it reads and what reads it."""
    names = [node.name for node in result.nodes]
    if focus not in names:
        raise BadUsage(f"the program has no variable {focus!r} to focus on; expected one of {listing(names)}")
    read = {edge.source for edge in result.edges if edge.target == focus}
    return {focus} | read | {edge.target for edge in result.edges if edge.source == focus}


def _reads(edges: Iterable[GraphEdge]) -> dict[str, dict[str, list[str]]]:
    """target -> source -> roles, in the order of the edges."""
    reads: dict[str, dict[str, list[str]]] = {}
    for edge in edges:
        reads.setdefault(edge.target, {}).setdefault(edge.source, []).append(edge.role)
    return reads
