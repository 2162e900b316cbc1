"""What `decompile` found: what each stage left, and how network and program agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyze.record import Result


@dataclass(frozen=True)
class StageLine:
    """What a stage of pruning left.

    Attributes:
        stage: its name.
        edges: how many edges are left.
        match: the graded positions that are predicted like the network's own, a fraction of 1.
        divergence: of the predictions, in nats.
    """

    stage: str
    edges: int
    match: float
    divergence: float


@dataclass(frozen=True)
class StepLine:
    """A part of the network, and what stands for it.

    Attributes:
        match: of positions, once it does.
    """

    part: str
    stands: str
    match: float
    divergence: float | None


@dataclass(frozen=True)
class AgreementLine:
    """How often network and program predict the same on some inputs.

    Attributes:
        on: the inputs, in words.
        same_inputs: inputs with all graded positions predicted alike.
        trained: whether they are like those that the network was trained on.
    """

    on: str
    inputs: int
    same_inputs: int
    positions: int
    same_positions: int
    trained: bool


@dataclass(frozen=True)
class PartingLine:
    """An input on which they part, and what each says at the first such position."""

    tokens: tuple[str, ...]
    position: int
    network: str
    program: str


@dataclass(frozen=True)
class DecompileResult(Result):
    """A network decompiled.

    Attributes:
        model, task: what was decompiled, and what draws its inputs.
        accuracy: inputs that the network is right on, by length, fractions of 1.
        found: whether there is a program as it was asked for; None where a stage before it was the last.
        match: the least share of fresh inputs of a row that are predicted alike; None without a program.
        wanted_match, most_nodes: what was asked for.
        nodes, lines: of the program; `lines` without the primitives that all modules share.
        edges: those that pruning left, in words.
        module: where the program was written, if it was.
        seconds: of processor time, by stage.
    """

    verb: ClassVar[str] = "decompile"

    model: str
    task: str
    accuracy: tuple[float, ...]
    found: bool | None
    match: float | None
    wanted_match: float
    most_nodes: int
    nodes: int | None
    lines: int | None
    module: str | None
    edges: tuple[str, ...]
    stages: tuple[StageLine, ...]
    steps: tuple[StepLine, ...]
    agreement: tuple[AgreementLine, ...]
    parting: tuple[PartingLine, ...]
    seconds: tuple[tuple[str, float], ...]
