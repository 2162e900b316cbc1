"""The data flow of a program: who reads whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from analyze.record import UNTOLD, WHERE_TOLD, Result
from analyze.results.checked import Checked
from tprog.ir.answering import VariableKind
from tprog.ir.provenance import SourceLine


@dataclass(frozen=True)
class GraphNode:
    """One variable, or the readout: where a variable comes out, the place where it does. Of several outputs each that
    is a variable has a place of its own.

    Attributes:
        kind: input, embedding, head, numeric head, lookup, readout, or output: one of several.
        stage: the column from left to right: inputs 0, embeddings 1, then heads on even and lookups on odd columns,
            each as early as what it reads allows; the readout last.
        layer: the 0-based Transformer layer of a head or lookup; None for the others.
        reading: what the node does, in words.
        swing: see `GraphEdge`; 0 where the readout does not read the variable.
        highlighted: whether the node belongs to the circuit or slice that was asked for.
        circuits: where several circuits were asked for, the sub-problems of those that have it.
        source: where it was written, in a written program.
    """

    name: str
    kind: VariableKind | Literal["readout", "output"]
    stage: int
    layer: int | None
    reading: str
    line: int | None
    swing: float
    dead: bool
    highlighted: bool
    circuits: tuple[str, ...] = ()
    source: SourceLine | None = None


@dataclass(frozen=True)
class GraphEdge:
    """One read.

    Attributes:
        role: query, key, value, by (what a head compares to choose among matches), input, term, readout, or output: it
            comes out beside others.
        swing: for a readout edge, the most, in logits, by which the variable's value can change the difference between
            two classes, or, if `GraphResult.toward` is one, between that and another; 0 means that it does not tell
            them apart. None for the others.
    """

    source: str
    target: str
    role: Literal["query", "key", "value", "by", "input", "term", "readout", "output"]
    swing: float | None


@dataclass(frozen=True)
class GraphResult(Result):
    """The data flow of a program.

    Attributes:
        title: what is highlighted, in words.
        circuit: whether that is a circuit, or several, and not a slice; JSON tells it by the title.
        dead, highlighted: names of nodes.
        checked: the inputs on which dead nodes and a circuit were looked for; None where nothing was.
        toward: the class whose decision is asked about; None: all of them.
        output: the variable that comes out, whose swing is then 1; None if a readout does, or several outputs do.
        outputs: the names of several outputs, in their order; none where there is one.
    """

    verb: ClassVar[str] = "graph"
    schema_version: ClassVar[int] = 2

    program: str
    title: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    dead: tuple[str, ...]
    highlighted: tuple[str, ...]
    checked: Checked | None = None
    toward: str | None = None
    output: str | None = None
    circuit: bool = field(default=False, metadata=UNTOLD)
    outputs: tuple[str, ...] = field(default=(), metadata=WHERE_TOLD)

    @classmethod
    def restored(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "circuit": fields["title"].startswith("circuit")}
