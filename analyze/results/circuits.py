"""What `circuits` found: what suffices for each sub-problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Plain, Result
from analyze.results.checked import Checked


@dataclass(frozen=True)
class CircuitNode:
    """A head or lookup: what a circuit keeps or leaves out."""

    name: str
    kind: str
    reading: str
    line: int | None


@dataclass(frozen=True)
class Circuit:
    """The circuit of one sub-problem.

    Attributes:
        problem: the sub-problem in words.
        kind: class, position, token, input or all.
        value: which class, position (as text), token or input; empty for all.
        pairs, inputs: how many predictions, on how many inputs, it stands for; all were checked.
        members: the heads and lookups it keeps, in execution order. They suffice; with any one of them left out,
            they do not (1-minimal); no smaller set was found.
        ablated: (node, the constant it is fixed at), of all other heads and lookups.
        alternatives: the other 1-minimal sets found, smallest first.
        core: what all sets found have in common.
        status: how far the claim goes.
    """

    problem: str
    kind: Literal["class", "position", "token", "input", "all"]
    value: str
    pairs: int
    inputs: int
    members: tuple[str, ...]
    ablated: tuple[tuple[str, Plain], ...]
    alternatives: tuple[tuple[str, ...], ...]
    core: tuple[str, ...]
    status: Literal["smallest found, 1-minimal", "smallest"]


@dataclass(frozen=True)
class CircuitResult(Result):
    """Circuits, one a sub-problem.

    Attributes:
        checked: the inputs from which the sub-problems and the baseline were taken.
        baseline: what an ablated node yields, in words.
        nodes: all heads and lookups, in execution order.
        notes: what was left out, such as classes that are never predicted.
    """

    verb: ClassVar[str] = "circuits"

    program: str
    checked: Checked
    baseline: str
    nodes: tuple[CircuitNode, ...]
    circuits: tuple[Circuit, ...]
    notes: tuple[str, ...]
