"""A Program as a document: its size, where it comes from, its nodes and its picture."""

from __future__ import annotations

from collections import Counter

from analyze.render.document import STRONG, Document, document, table
from analyze.render.graph import flow_picture, nodes_table
from analyze.render.phrases import counted, shorten
from analyze.results.graph import GraphResult
from tprog.escape import spelled
from tprog.ir.program import Program


def program_document(program: Program, flow: GraphResult) -> Document:
    """What a program is, at a glance; `flow` is its data flow."""
    kinds = Counter(node.kind for node in program.nodes)
    told = ", ".join(counted(count, kind) for kind, count in kinds.items())
    symbols = shorten(" ".join(map(spelled, program.vocabulary)))
    answers = shorten(" ".join(map(spelled, program.classes)))
    return document(
        f"{flow.program}: {counted(len(program.nodes), 'node')}" + (f" ({told})" if told else ""),
        STRONG,
        f"reads up to {program.max_length} of {symbols}",
        f"answers {answers}" + (f"; outputs {', '.join(program.outputs)}" if program.places.several else ""),
        nodes_table(flow),
        flow_picture(flow),
        table(("", "says"), program.provenance, name="provenance", title="Where it comes from"),
    )
