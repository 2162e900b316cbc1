"""A strip chart of a sweep: one line a row, on it a dot a seed, at its wrong inputs; CPU-seconds beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

from analyze.render.chart import SIZE, page, text
from analyze.render.metrics import width
from tprog.escape import html_text

PLOT = 420
"""Width of the axis, from no wrong input to the last power of ten."""

ROW, TOP, BOTTOM, EDGE, GAP = 30, 70, 52, 16, 14
RADIUS, STEP, LEVELS = 3.0, 6.5, (0, -1, 1)
"""Of a dot; the distance of two dots that would cover each other; the places above and below a line."""

ROOM = 40
"""Left of the axis, for dots that there is no other place for: sixteen seeds without a wrong input."""

SMALL, NAMED = 9, 6
"""The size of the names of seeds, and how many stand together at most."""

LOOKS = {
    "searched": ("#0072b2", "#0072b2", "found by search, before training"),
    "grown": ("#009e73", "#ffffff", "trained, then grown anew by search"),
    "trained": ("#d55e00", "#ffffff", "trained"),
    "": ("#555555", "#ffffff", "not told how"),
}
"""Line, filling and legend of a dot by how its program came about: told apart by the filling, too, and in colours that
the colour-blind can tell apart."""


class Dot(NamedTuple):
    """A seed: wrong inputs, CPU-seconds if they are known, how its program came about (a key of `LOOKS`), its name."""

    wrong: int
    seconds: float | None
    how: str
    seed: str = ""

    @property
    def told(self) -> str:
        """What a reader is told who points at it."""
        wrong = f"{self.wrong:,} wrong input{'s' * (self.wrong != 1)}"
        return f"seed {self.seed}: {wrong}" if self.seed else wrong


class Strip(NamedTuple):
    """A line of the chart, of one dot or more.

    Attributes:
        inputs: how many were tried.
        exhaustive: whether these are all that there are.
    """

    label: str
    dots: tuple[Dot, ...]
    inputs: int
    exhaustive: bool

    @property
    def figures(self) -> tuple[str, str]:
        """How many dots have no wrong input, of how many inputs; median and worst CPU-seconds, where they are known."""
        about, right = "" if self.exhaustive else "~", sum(dot.wrong == 0 for dot in self.dots)
        seconds = [dot.seconds for dot in self.dots if dot.seconds is not None]
        return (
            f"{right} of {len(self.dots)} on {about}{self.inputs:,}",
            f"{median(seconds):,.1f} ({max(seconds):,.1f})" if seconds else "",
        )


class _Frame(NamedTuple):
    """Where things stand: the axis begins at `left`, and `powers` powers of ten fit on it."""

    left: float
    powers: int
    rows: int
    top: float

    def x(self, wrong: float) -> float:
        """Of a number of wrong inputs."""
        return self.left + PLOT * math.log10(1 + wrong) / math.log10(1 + 10**self.powers)

    @property
    def bottom(self) -> float:
        return self.top + ROW * self.rows


def strip_chart(strips: Iterable[Strip]) -> str:
    """The chart as SVG text. The axis is log(1 + wrong inputs); a bar on a line is its median."""
    title = "Wrong inputs of the programs of a sweep, seed by seed"
    about = "One line a row of the sweep; a dot is a seed, further right the more inputs its program gets wrong."
    wide, high, parts = strips_drawn(strips)
    return page(wide, high, title, about, parts)


def strips_drawn(strips: Iterable[Strip], above: float = 0) -> tuple[int, int, list[str]]:
    """The right and the lower end of the chart, and its parts, to stand by itself or below something else."""
    kept = tuple(strips)
    frame = _frame_of(kept, above)
    figures = [strip.figures for strip in kept]
    heads = ("no wrong input", "CPU s (worst)" if any(told[1] for told in figures) else "")
    wide = [max(width(said, SIZE) for said in (head, *(f[i] for f in figures))) for i, head in enumerate(heads)]
    first = frame.left + PLOT + 2 * GAP + wide[0]
    dots = [dot for strip in kept for dot in strip.dots]
    last = first + GAP + wide[1]
    parts = [
        *_legend(dict.fromkeys(dot.how for dot in dots), above, any(dot.seed and dot.wrong for dot in dots)),
        *_in_columns((first, last), frame.top - 10, heads),
        *_axis(frame),
    ]
    for place, (strip, told) in enumerate(zip(kept, figures, strict=True)):
        y = frame.top + ROW * (place + 0.5)
        parts += [text(EDGE, y + 4, strip.label), *_strip(strip, frame, y), *_in_columns((first, last), y + 4, told)]
    return math.ceil(last + EDGE), math.ceil(frame.bottom + BOTTOM), parts


def _frame_of(strips: Sequence[Strip], above: float) -> _Frame:
    """The plot: right of the longest label, up to a power of ten that no dot is beyond."""
    most = max((dot.wrong for strip in strips for dot in strip.dots), default=0)
    left = EDGE + max((width(strip.label, SIZE) for strip in strips), default=0) + GAP + ROOM
    return _Frame(left, max(1, math.ceil(math.log10(max(1, most)))), len(strips), above + TOP)


def _in_columns(ends: Sequence[float], y: float, said: Sequence[str]) -> list[str]:
    """Texts that end at these places, where there is any."""
    return [text(x, y, each, "end") for x, each in zip(ends, said, strict=True) if each]


def _legend(kinds: Iterable[str], above: float, named: bool) -> Iterator[str]:
    x: float = EDGE
    for kind in LOOKS:
        if kind in set(kinds):
            yield _dot(x + RADIUS, above + 20, kind)
            yield text(x + 12, above + 24, LOOKS[kind][2])
            x += 12 + width(LOOKS[kind][2], SIZE) + 2 * GAP
    yield f'<path d="M{x:.1f} {above + 14:g}v12" stroke="black" stroke-width="1.5"/>'
    yield text(x + 8, above + 24, "median" + "; beside a dot: its seed, where an input is wrong" * named)


def _axis(frame: _Frame) -> Iterator[str]:
    for wrong in (0, *(10**power for power in range(frame.powers + 1))):
        x = frame.x(wrong)
        yield f'<path d="M{x:.1f} {frame.top:g}V{frame.bottom:g}" stroke="#dddddd"/>'
        yield text(x, frame.bottom + 18, f"{wrong:,}", "middle")
    yield text(frame.x(0) + PLOT / 2, frame.bottom + 38, "wrong inputs", "middle")


def _strip(strip: Strip, frame: _Frame, y: float) -> Iterator[str]:
    yield f'<path d="M{frame.left - ROOM:.1f} {y}H{frame.left + PLOT:.1f}" stroke="#eeeeee"/>'
    x = frame.x(median(dot.wrong for dot in strip.dots))
    yield f'<path d="M{x:.1f} {y - 12}v24" stroke="black" stroke-width="1.5"/>'
    taken: list[tuple[float, float]] = []
    dots = sorted(strip.dots, key=lambda dot: (dot.wrong, dot.seconds or 0.0, dot.how))
    for dot in dots:
        taken.append(_free(frame.x(dot.wrong), y, taken))
        yield _dot(*taken[-1], dot.how, dot.told)
    yield from _names(list(zip(dots, taken, strict=True)), y, frame.left + PLOT + 2 * GAP)


def _names(placed: Sequence[tuple[Dot, tuple[float, float]]], y: float, end: float) -> Iterator[str]:
    """The seeds that get an input wrong, those of dots that stand together in one text: beside them, or below them
    where it would cover the next ones, or go beyond the end."""
    groups: list[list[tuple[Dot, tuple[float, float]]]] = []
    for dot, place in sorted(((d, p) for d, p in placed if d.wrong and d.seed), key=lambda each: each[1][0]):
        if groups and place[0] - max(x for _, (x, _) in groups[-1]) < 3 * RADIUS:
            groups[-1].append((dot, place))
        else:
            groups.append([(dot, place)])
    starts = [min(x for _, (x, _) in group) for group in groups[1:]]
    for group, following in zip(groups, [*starts, end][: len(groups)], strict=True):
        said = ", ".join(dot.seed for dot, _ in group[:NAMED]) + ", ..." * (len(group) > NAMED)
        last = max(x for _, (x, _) in group) + 2 * RADIUS
        beside = last + width(said, SMALL) < following - 2 * RADIUS
        yield (
            text(last, y + 3, said, size=SMALL) if beside else text(group[0][1][0], y + 15, said, "middle", size=SMALL)
        )


def _free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The first place where a dot covers no other one: on its line, above it, below it; then further left."""
    while True:
        for level in LEVELS:
            place = x, y + STEP * level
            if all(math.dist(place, other) > 2 * RADIUS for other in taken):
                return place
        x -= STEP


def _dot(x: float, y: float, how: str, told: str = "") -> str:
    stroke, fill, _ = LOOKS.get(how, LOOKS[""])
    look = f'cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS - 0.5}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"'
    return f"<circle {look}><title>{html_text(told)}</title></circle>" if told else f"<circle {look}/>"
