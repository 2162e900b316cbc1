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
        network_wrong, program_wrong: inputs on which each is wrong somewhere; None where nobody knows what is right.
        both_wrong, wrong_alike: those on which both are, and those of them on which they say the same everywhere.
    """

    on: str
    inputs: int
    same_inputs: int
    positions: int
    same_positions: int
    trained: bool
    network_wrong: int | None = None
    program_wrong: int | None = None
    both_wrong: int | None = None
    wrong_alike: int | None = None


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
        paths, most_paths: those over the links that are needed, where they are too many to be looked at; else None.
        precision: of the fresh inputs on which the program is wrong, the share on which the network is too.
        recall: of those on which the network is wrong, the share on which the program is. None where it never is.
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
    paths: int | None = None
    most_paths: int | None = None
    precision: float | None = None
    recall: float | None = None
