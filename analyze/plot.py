"""Training runs, over their seeds: learning curves, accuracy by length, wrong inputs by seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from analyze.results.plot import Curve, PlotPoint, PlotResult, SeedPoint
from analyze.verify import verify
from tprog.errors import TpdebugError
from tprog.files.run_folder import SEEDS, NotedRun, read_run, runs_in
from tprog.ir.program import Program
from tprog.tasks.builtin import TASKS, inputs_for
from tprog.text.read import read_module

SAMPLE = 2_000
"""Inputs on which a program is looked at."""

_TRAINED = {"loss": "loss", "validation_per_token": "per token", "validation_whole_sequence": "whole sequence"}
"""Figures that a run notes -> what they are called."""


@dataclass(frozen=True)
class PlottedRun:
    """A run that is looked at.

    Attributes:
        series: what it has in common with those that differ from it in the seed alone.
        rows: epoch or step -> figure -> value, as they were noted.
        axis: which of the two.
        program: the program that came of it, if it is there.
        judged: what is known of it already.
    """

    series: str
    seed: int
    rows: Mapping[int, Mapping[str, float]]
    axis: str = "epoch"
    program: Program | None = None
    judged: SeedPoint | None = None


def plot(folders: Iterable[Path | str], sample: int = SAMPLE, seed: int = 0) -> PlotResult:
    """Learning curves of runs with their spread over seeds, and how right their programs are.

    Args:
        folders: run folders, or folders of such. Runs whose settings differ in the seed alone are one series.
        sample, seed: a program is run on so many inputs, drawn with this seed, or on all if they are fewer.

    Raises:
        BadFile: a folder is none of a run, or what it holds cannot be read.
    """
    noted = [read_run(run) for folder in folders for run in runs_in(Path(folder))]
    names = _series(noted)
    return plotted([_plotted(run, name) for run, name in zip(noted, names, strict=True)], sample, seed)


def plotted(runs: Sequence[PlottedRun], sample: int = SAMPLE, seed: int = 0) -> PlotResult:
    """The same of runs that were read elsewhere."""
    notes: list[str] = []
    lengths: dict[tuple[str, str], dict[int, list[float]]] = {}
    seeds = []
    for run in runs:
        if run.judged is not None:
            seeds.append(run.judged)
        if run.program is not None:
            try:
                _judge(run, run.program, (sample, seed), lengths, seeds)
            except TpdebugError as error:
                notes.append(f"{run.series}, seed {run.seed}: not judged: {error}")
    figures = _noted(runs)
    axes = {run.axis for run in runs if run.rows}
    if len(axes) > 1:
        notes.append("some runs note epochs, some steps: their curves share an axis that means both")
    axis = " or ".join(sorted(axes)) or "epoch"
    return PlotResult(len(runs), axis, _curves(figures), _curves(lengths), tuple(seeds), tuple(dict.fromkeys(notes)))


def _noted(runs: Sequence[PlottedRun]) -> dict[tuple[str, str], dict[int, list[float]]]:
    """(series, figure) -> place on the axis -> what its runs noted there."""
    figures: dict[tuple[str, str], dict[int, list[float]]] = {}
    for run in runs:
        for at, row in run.rows.items():
            for figure, value in row.items():
                figures.setdefault((run.series, figure), {}).setdefault(at, []).append(value)
    return figures


def _judge(
    run: PlottedRun,
    program: Program,
    drawn: tuple[int, int],
    lengths: dict[tuple[str, str], dict[int, list[float]]],
    seeds: list[SeedPoint],
) -> None:
    """Run a program on inputs: note how right it is at each length and, if that is not known, over all."""
    if program.task not in TASKS:
        return
    inputs = inputs_for(program, sample=drawn[0], seed=drawn[1])
    found = verify(program, inputs, limit=0)
    points = lengths.setdefault((run.series, "whole sequence"), {})
    for each in found.lengths:
        points.setdefault(each.symbols, []).append((each.inputs - each.wrong_inputs) / each.inputs)
    if run.judged is None:
        checked = found.checked
        seeds.append(SeedPoint(run.series, run.seed, found.wrong_inputs, checked.inputs, checked.exhaustive, None, ""))


def _curves(figures: Mapping[tuple[str, str], Mapping[int, Sequence[float]]]) -> tuple[Curve, ...]:
    return tuple(
        Curve(series, figure, tuple(_point(at, values) for at, values in sorted(found.items())))
        for (series, figure), found in figures.items()
    )


def _point(at: int, values: Sequence[float]) -> PlotPoint:
    return PlotPoint(at, median(values), min(values), max(values), len(values))


# Run folders ##########################################################################################################


def _series(runs: Sequence[NotedRun]) -> list[str]:
    """What each run is called: the settings in which it differs from others, its seeds aside; the task if in none."""
    keys = dict.fromkeys(key for run in runs for key in run.settings if key not in SEEDS)
    differing = [key for key in keys if len({_text(run.settings.get(key)) for run in runs}) > 1]
    told = [", ".join(f"{key} = {run.settings.get(key)}" for key in differing) for run in runs]
    return [text or str(run.settings.get("task", run.folder.name)) for text, run in zip(told, runs, strict=True)]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _plotted(run: NotedRun, series: str) -> PlottedRun:
    seed = run.settings.get("seed", 0)
    axis, rows = figures_of(run)
    program = None if run.program is None else read_module(run.program).program
    return PlottedRun(series, seed if type(seed) is int else 0, rows, axis, program)


def figures_of(run: NotedRun) -> tuple[str, dict[int, dict[str, float]]]:
    """What a run counts, epochs or steps; and its figures at each."""
    axis = "step" if any("step" in row for row in run.rows) else "epoch"
    return axis, {row[axis]: dict(_figures(row)) for row in run.rows if type(row.get(axis)) is int}


def _figures(row: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The figures of a row that are numbers; those of a GPT are told for each range of lengths."""
    for noted, name in _TRAINED.items():
        if _is_number(row.get(noted)):
            yield name, float(row[noted])
    right = row.get("right")
    for place, share in enumerate(right if isinstance(right, list) else (), 1):
        if _is_number(share):
            yield f"whole sequence, range {place}", float(share)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
