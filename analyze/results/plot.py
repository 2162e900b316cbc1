"""What training runs come to, over their seeds: learning curves, accuracy by length, wrong inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from analyze.record import Result


@dataclass(frozen=True)
class PlotPoint:
    """A figure over the seeds of a series.

    Attributes:
        at: the epoch, the step, or the number of symbols of an input.
        median, least, most: over the runs that have the figure there.
        runs: how many these are.
    """

    at: int
    median: float
    least: float
    most: float
    runs: int


@dataclass(frozen=True)
class Curve:
    """A figure of a series, point by point.

    Attributes:
        series: the runs that differ in their seeds alone, by what they are called.
        figure: ``loss``, ``per token`` or ``whole sequence`` of validation; by length, ``whole sequence``.
    """

    series: str
    figure: str
    points: tuple[PlotPoint, ...]


@dataclass(frozen=True)
class SeedPoint:
    """The program of one run.

    Attributes:
        seed: of the run.
        wrong, inputs: how many inputs it gets wrong, of how many that were tried.
        exhaustive: whether these are all that there are.
        seconds: CPU-seconds of its training, where they are known.
        how: how the program came about: ``searched``, ``grown``, ``trained``, or nothing where it is not known.
    """

    series: str
    seed: int
    wrong: int
    inputs: int
    exhaustive: bool
    seconds: float | None
    how: str


@dataclass(frozen=True)
class PlotResult(Result):
    """What runs come to.

    Attributes:
        runs: how many were looked at.
        axis: what curves run over: ``epoch`` or ``step``.
        curves: over the training.
        lengths: over the number of symbols of an input.
        seeds: one a program.
        notes: what is left out, and why.
    """

    verb: ClassVar[str] = "plot"

    runs: int
    axis: str
    curves: tuple[Curve, ...]
    lengths: tuple[Curve, ...]
    seeds: tuple[SeedPoint, ...]
    notes: tuple[str, ...] = ()
