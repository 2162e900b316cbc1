"""What `circuits` found: what suffices for each sub-problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from analyze.record import Result
from analyze.results.checked import Checked
from analyze.results.source import AnnotatedSource
from tprog.ir.answering import Kind
from tprog.ir.values import Value


@dataclass(frozen=True)
class CircuitNode:
    """A head or lookup: what a circuit keeps or leaves out."""

    name: str
    kind: Kind
    reading: str
    line: int | None


@dataclass(frozen=True)
class Proof:
    """How far the search for a smaller set, over all sets, came.

    Attributes:
        proven: whether no set with fewer members suffices.
        excluded, sets: of how many sets with fewer members that is known, and how many there are (heads and lookups
            that make no difference to any prediction left out).
        least: every set that suffices has at least so many members.
        seconds: how long it took; None where it was over at once, and not asked for.
        interrupted: whether it was stopped by hand.
    """

    proven: bool
    excluded: int
    sets: int
    least: int
    seconds: float | None
    interrupted: bool


@dataclass(frozen=True)
class Resampled:
    """A statistic, no verdict: how many predictions stay when ablated nodes yield what they compute on other inputs.

    Attributes:
        draws: how often other inputs were drawn, of the same length each.
        predictions: of the sub-problem.
        stay: in each draw, how many of them stay with the circuit kept.
        stay_without: the same with no head or lookup kept, to compare.
        alone: predictions on inputs without another of their length to draw; their own values were taken.
    """

    draws: int
    seed: int
    predictions: int
    stay: tuple[int, ...]
    stay_without: tuple[int, ...]
    alone: int


@dataclass(frozen=True)
class Overlap:
    """How far two circuits overlap.

    Attributes:
        one, other: indices in `CircuitResult.circuits`.
        shared: members of both.
        either: members of at least one of them.
        jaccard: shared / either; 1 if both are empty.
    """

    one: int
    other: int
    shared: int
    either: int
    jaccard: float


@dataclass(frozen=True)
class Circuit:
    """The circuit of one sub-problem.

    Attributes:
        problem: the sub-problem in words.
        kind: class, position, token, input, where or all; several if more than one condition must hold.
        value: which class, position (as text), token, input or condition; empty for all.
        pairs, inputs: how many predictions, on how many inputs, it stands for; all were checked.
        members: the heads and lookups it keeps, in execution order. They suffice; with any one of them left out,
            they do not (1-minimal); no smaller set was found.
        ablated: (node, the constant it is fixed at), of all other heads and lookups.
        alternatives: the other 1-minimal sets found, smallest first.
        core: what all sets found have in common.
        status: how far the claim goes; ``smallest``: proven by search over all smaller sets.
        proof: that search, if it was asked for.
        resampled: if it was asked for.
    """

    problem: str
    kind: Literal["class", "output", "position", "token", "input", "where", "all", "several"]
    value: str
    pairs: int
    inputs: int
    members: tuple[str, ...]
    ablated: tuple[tuple[str, Value], ...]
    alternatives: tuple[tuple[str, ...], ...]
    core: tuple[str, ...]
    status: Literal["smallest found, 1-minimal", "smallest"]
    proof: Proof | None = None
    resampled: Resampled | None = None


@dataclass(frozen=True)
class CircuitResult(Result):
    """Circuits, one a sub-problem.

    Attributes:
        checked: the inputs from which the sub-problems and the baseline were taken.
        baseline: what an ablated node yields, in words.
        nodes: all heads and lookups, in execution order.
        notes: what was left out, such as classes that are never predicted.
        overlaps: one a pair of circuits.
        source: the program's lines, those of members marked, if that was asked for.
    """

    verb: ClassVar[str] = "circuits"
    schema_version: ClassVar[int] = 2

    program: str
    checked: Checked
    baseline: str
    nodes: tuple[CircuitNode, ...]
    circuits: tuple[Circuit, ...]
    notes: tuple[str, ...]
    overlaps: tuple[Overlap, ...]
    source: AnnotatedSource | None = None
