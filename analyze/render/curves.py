"""Learning curves, accuracy by length and wrong inputs by seed as one picture: a panel each, series by colour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyze.render.chart import SIZE, band, line, look_of, page, text, ticks
from analyze.render.metrics import width
from analyze.render.phrases import counted
from analyze.render.strip_chart import Dot, Strip, strips_drawn
from analyze.results.plot import Curve, PlotPoint, PlotResult

WIDE, HIGH = 430, 190
"""Of the field of a panel."""

EDGE, LEFT, RIGHT, TOP, BOTTOM = 16, 70, 24, 34, 46
"""Around a picture; around the field of a panel."""

LEGEND = 20
"""A line of the legend."""

_PANELS = (
    ("loss", "loss in training", False),
    ("whole sequence", "whole sequences right, validation", True),
    ("per token", "tokens right, validation", True),
)
"""Figure, title, and whether it is a share."""


def curves_svg(result: PlotResult) -> str:
    """The picture. A line is the median over seeds, the tint about it reaches from the least to the most."""
    series = _series(result)
    fields = list(_fields(result))
    parts, y = list(_legend(series)), EDGE + LEGEND * (len(series) + 1)
    across = 2 if len(fields) > 1 else 1
    for place, field in enumerate(fields):
        row, column = divmod(place, across)
        x = EDGE + column * (LEFT + WIDE + RIGHT)
        parts += field.drawn(series, x, y + row * (TOP + HIGH + BOTTOM))
    y += -(-len(fields) // across) * (TOP + HIGH + BOTTOM)
    wide = 2 * EDGE + across * (LEFT + WIDE + RIGHT)
    if result.seeds:
        strips_wide, end, strips = strips_drawn(_strips(result, series), y + 18)
        parts += [text(EDGE, y + 14, "wrong inputs by seed", bold=True), *strips]
        wide, y = max(wide, strips_wide), end
    wide = max(wide, math.ceil(max((width(name, SIZE) for name in series), default=0)) + 4 * EDGE + LEFT)
    title = f"Training runs: {counted(result.runs, 'run')}"
    about = "Learning curves, accuracy by length and wrong inputs by seed; a line is the median over seeds."
    return page(wide, math.ceil(y + EDGE), title, about, parts)


def _series(result: PlotResult) -> list[str]:
    named = [*(curve.series for curve in (*result.curves, *result.lengths)), *(seed.series for seed in result.seeds)]
    return list(dict.fromkeys(named))


def _legend(series: Sequence[str]) -> Iterator[str]:
    for place, name in enumerate(series):
        y = EDGE + LEGEND * place + 8
        yield line([(EDGE, y), (EDGE + 34, y)], look_of(place))
        yield text(EDGE + 42, y + 4, name)
    y = EDGE + LEGEND * len(series) + 12
    yield text(EDGE, y, "a line: the median over seeds; the tint about it: from the least to the most")


def _strips(result: PlotResult, series: Sequence[str]) -> Iterator[Strip]:
    for name in series:
        seeds = [seed for seed in result.seeds if seed.series == name]
        if seeds:
            dots = tuple(Dot(seed.wrong, seed.seconds, seed.how, str(seed.seed)) for seed in seeds)
            yield Strip(name, dots, seeds[0].inputs, all(seed.exhaustive for seed in seeds))


# Panels ###############################################################################################################


def _fields(result: PlotResult) -> Iterator[_Field]:
    """The panels that have anything in them."""
    drawn: dict[str, list[Curve]] = {}
    for curve in result.curves:
        drawn.setdefault(curve.figure, []).append(curve)
    titled = {name for name, _, _ in _PANELS}
    others = ((name, f"{name}, validation", True) for name in drawn if name not in titled)
    for figure, title, share in (*_PANELS, *others):
        if figure in drawn:
            yield _Field(title, result.axis, tuple(drawn[figure]), share)
    if result.lengths:
        yield _Field("whole sequences right, by length", "symbols of the input", result.lengths, share=True)


def _drawn(curve: Curve, frame: _Frame, place: int) -> Iterator[str]:
    """A line through the medians, and a band from the least to the most where they differ."""
    if any(p.least < p.most for p in curve.points):
        most, least = ([frame.at(p, p.most) for p in curve.points], [frame.at(p, p.least) for p in curve.points])
        yield band(most, least, place)
    yield line([frame.at(p, p.median) for p in curve.points], look_of(place))


def _ticks_of_share(least: float) -> list[float]:
    """Those of an axis from a round value below the least up to 1."""
    up = list(ticks(least, 1.0))
    return [value for value in up if value <= 1 + 1e-9] if up[0] < 1 else [0.0, 0.5, 1.0]


@dataclass(frozen=True)
class _Field:
    """A panel: curves over an axis. A share goes from 0 or a round value above it to 1."""

    title: str
    axis: str
    curves: tuple[Curve, ...]
    share: bool

    def drawn(self, series: Sequence[str], left: float, top: float) -> Iterator[str]:
        """The panel; its curves in the looks of their series."""
        points = [point for curve in self.curves for point in curve.points]
        across = list(ticks(min(p.at for p in points), max(p.at for p in points)))
        least, most = min(p.least for p in points), max(p.most for p in points)
        up = _ticks_of_share(least) if self.share else list(ticks(least, most))
        frame = _Frame(left + LEFT, top + TOP, across[0], across[-1], up[0], up[-1])
        yield text(left + LEFT, top + 16, self.title, bold=True)
        yield from self._axes(frame, across, up)
        for curve in self.curves:
            yield from _drawn(curve, frame, series.index(curve.series))

    def _axes(self, frame: _Frame, across: Sequence[float], up: Sequence[float]) -> Iterator[str]:
        bottom = frame.top + HIGH
        for value in up:
            y = frame.y(value)
            yield f'<path d="M{frame.left:.1f} {y:.1f}L{frame.left + WIDE:.1f} {y:.1f}" stroke="#dddddd"/>'
            yield text(frame.left - 8, y + 4, f"{100 * value:g} %" if self.share else f"{value:g}", "end")
        for value in across:
            if value == int(value):
                x = frame.x(value)
                yield f'<path d="M{x:.1f} {bottom:.1f}L{x:.1f} {bottom + 4:.1f}" stroke="#888888"/>'
                yield text(frame.x(value), bottom + 18, f"{value:,.0f}", "middle")
        yield f'<path d="M{frame.left:.1f} {bottom:.1f}L{frame.left + WIDE:.1f} {bottom:.1f}" stroke="#888888"/>'
        yield text(frame.left + WIDE / 2, bottom + 36, self.axis, "middle")


@dataclass(frozen=True)
class _Frame:
    """Where values stand in a panel."""

    left: float
    top: float
    first: float
    last: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return self.left + WIDE * (value - self.first) / (self.last - self.first)

    def y(self, value: float) -> float:
        return self.top + HIGH * (self.high - value) / (self.high - self.low)

    def at(self, point: PlotPoint, value: float) -> tuple[float, float]:
        return self.x(point.at), self.y(value)
