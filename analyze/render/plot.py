"""`plot` as a document."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyze.render.curves import curves_svg
from analyze.render.document import STRONG, Cell, Document, Picture, Table, document, number, table
from analyze.render.phrases import counted
from analyze.results.plot import Curve, PlotPoint, PlotResult


def plot_document(result: PlotResult) -> Document:
    """How far each series has come, over its seeds; the curves, as data; the picture."""
    figures = [*(_last(curve, result.axis) for curve in result.curves)]
    columns = ("runs of", "figure", "at", "median", "least", "most", "seeds")
    return document(
        f"{counted(result.runs, 'run')}: " + _told(result),
        STRONG,
        table(columns, figures, columns[3:], name="last", title="At the end"),
        _points(result.curves, "curves", result.axis),
        _points(result.lengths, "lengths", "symbols"),
        _seeds(result),
        Picture(lambda: curves_svg(result), "Learning curves, accuracy by length and wrong inputs by seed"),
        *result.notes,
        title="Training runs",
    )


def _told(result: PlotResult) -> str:
    right = sum(not seed.wrong for seed in result.seeds)
    judged = f"{right} of {counted(len(result.seeds), 'program')} without a wrong input" if result.seeds else ""
    noted = sum(len(curve.points) for curve in result.curves if curve.figure == "loss")
    return judged or f"{counted(noted, 'point')} of learning curves"


def _last(curve: Curve, axis: str) -> tuple[object, ...]:
    point = curve.points[-1]
    return curve.series, curve.figure, f"{axis} {point.at:,}", *_figures(curve.figure, point), point.runs


def _figures(figure: str, point: PlotPoint) -> Iterator[Cell]:
    for value in (point.median, point.least, point.most):
        yield Cell(value, f"{value:.4g}" if figure == "loss" else f"{value:.2%}")


def _points(curves: Iterable[Curve], name: str, axis: str) -> Table:
    """A row a point of each curve, as data."""
    columns = ("runs of", "figure", axis, "median", "least", "most", "seeds")
    rows = [
        (curve.series, curve.figure, point.at, point.median, point.least, point.most, point.runs)
        for curve in curves
        for point in curve.points
    ]
    return table(columns, rows, columns[2:], name=name, seen=False, main=name == "curves")


def _seeds(result: PlotResult) -> Table:
    rows = [
        (
            seed.series,
            seed.seed,
            number(seed.wrong),
            Cell(seed.inputs, f"{'' if seed.exhaustive else '~'}{seed.inputs:,}"),
            None if seed.seconds is None else Cell(seed.seconds, f"{seed.seconds:.1f}"),
            seed.how,
        )
        for seed in result.seeds
    ]
    columns = ("runs of", "seed", "wrong inputs", "of", "CPU s", "how")
    return table(columns, rows, columns[1:5], ("CPU s", "how"), name="seeds", title="Wrong inputs by seed")
