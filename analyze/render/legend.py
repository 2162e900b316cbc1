"""What stands above a picture of the data flow: its title, what the colours mean, and what is not drawn."""

from __future__ import annotations

from collections.abc import Sequence

from analyze.render.labels import Words, lines, table
from analyze.render.look import READOUT_PALE, ROLE_COLOURS, TEXT, caption
from analyze.render.phrases import evidence
from analyze.results.graph import GraphNode, GraphResult


def flow_caption(result: GraphResult, nodes: Sequence[GraphNode], left_out: int) -> str:
    """Title, what the picture shows, and the legend."""
    what = f"Data flow: {result.title}" if result.title else "Data flow"
    return caption(result.program, [what], _legend(result), _flow_notes(result, nodes, left_out))


def highlights(result: GraphResult) -> bool:
    """Whether a circuit or a slice was asked for; that of a constant answer is empty."""
    return bool(result.highlighted) or result.circuit


def _legend(result: GraphResult) -> list[str]:
    """A row with the colour of each role that there is; none without any."""
    roles = {edge.role for edge in result.edges}
    meaning = {
        "query": "query: what a position asks",
        "key": "key: what it is compared with",
        "value": "value: what is copied or added",
        "by": "by: what chooses among several",
        "input": "input: what is looked up",
        "term": "term: what is added",
        "readout": _meaning_of_readout(result),
        "output": "output: what comes out",
    }
    pale = dict.fromkeys(("readout", "output"), READOUT_PALE)
    colours = ROLE_COLOURS if highlights(result) else {**ROLE_COLOURS, **pale}
    swatches = "".join(
        f'<TD BGCOLOR="{colours[role]}" WIDTH="22" HEIGHT="6" FIXEDSIZE="TRUE"></TD>{lines([Words(text, TEXT)])}'
        for role, text in meaning.items()
        if role in roles
    )
    return [f'<TD ALIGN="LEFT">{table([swatches], border=0, spacing=4)}</TD>'] if swatches else []


def _meaning_of_readout(result: GraphResult) -> str:
    if result.output is not None:
        return "output: what comes out"
    about = "" if result.toward is None else f" about {result.toward!r}"
    return f"readout: the wider, the more it can move the decision{about}"


def _flow_notes(result: GraphResult, nodes: Sequence[GraphNode], left_out: int) -> list[str]:
    """What must be said of a picture with these nodes, without so many readout edges."""
    notes = ["A box is a variable: a list with one value a position. Arrows run from a variable to what reads it."]
    if any(node.dead for node in nodes):
        notes.append("Grey with a dashed border: dead, no prediction depends on it; its edges are not drawn.")
    if highlights(result):
        notes.append(f"Bold (a thick border and *): {_meaning(result)}.")
    if _counts_ones(result, nodes):
        notes.append("Not drawn: ones, which is 1 everywhere; a head that counts adds it up.")
    if result.checked is not None and (result.dead or highlights(result)):
        notes.append(f"What is dead, and a circuit: {evidence(result.checked)}.")
    if left_out:
        notes.append(f"Readout edges not drawn: {left_out} (weak, from a dead node, or telling no classes apart).")
    return notes


def _counts_ones(result: GraphResult, nodes: Sequence[GraphNode]) -> bool:
    """Whether a head counts with `ones`, and these nodes are without it."""
    return all(node.name != "ones" for node in nodes) and any(edge.source == "ones" for edge in result.edges)


def _meaning(result: GraphResult) -> str:
    """What the highlight says of the program."""
    if result.circuit:
        if any(node.circuits for node in result.nodes):
            return "in a circuit, of what stands behind 'in'; in the others it is held at a constant"
        return "the circuit; every faded box is held at a constant"
    return result.title or "highlighted"
