"""A strip chart of a sweep: one line a row, on it a dot a seed, at its wrong inputs; CPU-seconds beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import count
from statistics import median
from typing import NamedTuple

from analyze.render.chart import SIZE, page, text
from analyze.render.metrics import width
from tprog.escape import html_text
from tprog.listing import counted

PLOT = 420
"""Width of the axis, from no wrong input to the last power of ten."""

ROW, TOP, BOTTOM, EDGE, GAP = 30, 70, 52, 16, 14
"""`ROW` is how high a row is at least: more where dots stand above each other."""

RADIUS, STEP, BAR = 3.0, 6.5, 8.0
"""Of a dot; the distance of two dots that would cover each other; how far a median's bar reaches beyond the dots."""

ROOM, LEVELS = 40, 3
"""Left of the axis, for sixteen seeds without a wrong input, on so many levels: there, left and right mean nothing."""

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
        wrong = counted(self.wrong, "wrong input")
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


class _Placed(NamedTuple):
    """A dot and where it stands, from the line of its row."""

    dot: Dot
    x: float
    y: float

    @property
    def box(self) -> _Box:
        return _Box(self.x - RADIUS, self.y - RADIUS, self.x + RADIUS, self.y + RADIUS)


class _Box(NamedTuple):
    """What is drawn on, from the line of a row."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        across = min(self.right, other.right) > max(self.left, other.left)
        return across and min(self.bottom, other.bottom) > max(self.top, other.top)


class _Frame(NamedTuple):
    """Where things stand: the axis begins at `left`, `powers` powers of ten fit on it, and rows have these heights."""

    left: float
    powers: int
    rows: tuple[float, ...]
    top: float

    def x(self, wrong: float) -> float:
        """Of a number of wrong inputs."""
        return self.left + PLOT * math.log10(1 + wrong) / math.log10(1 + 10**self.powers)

    @property
    def end(self) -> float:
        """Up to where a row may be drawn on: its figures are further right."""
        return self.left + PLOT + GAP

    @property
    def bottom(self) -> float:
        return self.top + sum(self.rows)


def strip_chart(strips: Iterable[Strip]) -> str:
    """The chart as SVG text. The axis is log(1 + wrong inputs); a bar on a line is its median."""
    title = "Wrong inputs of the programs of a sweep, seed by seed"
    about = "One line a row of the sweep; a dot is a seed, further right the more inputs its program gets wrong."
    wide, high, parts = strips_drawn(strips)
    return page(wide, high, title, about, parts)


def strips_drawn(strips: Iterable[Strip], above: float = 0) -> tuple[int, int, list[str]]:
    """The right and the lower end of the chart, and its parts, to stand by itself or below something else."""
    kept = tuple(strips)
    frame, placed = _frame_of(kept, above)
    figures = [strip.figures for strip in kept]
    heads = ("no wrong input", "CPU s (worst)" if any(told[1] for told in figures) else "")
    wide = [max(width(said, SIZE) for said in (head, *(f[i] for f in figures))) for i, head in enumerate(heads)]
    first = frame.left + PLOT + 2 * GAP + wide[0]
    dots = [dot for strip in kept for dot in strip.dots]
    last = first + GAP + wide[1]
    wide_legend, legend = _legend({dot.how for dot in dots}, above, any(dot.seed and dot.wrong for dot in dots))
    parts = [
        *legend,
        *_in_columns((first, last), frame.top - 10, heads),
        *_axis(frame),
    ]
    y = frame.top
    for strip, stand, high, told in zip(kept, placed, frame.rows, figures, strict=True):
        y += high / 2
        parts += [text(EDGE, y + 4, strip.label), *_strip(stand, frame, y), *_in_columns((first, last), y + 4, told)]
        y += high / 2
    return math.ceil(max(last, wide_legend) + EDGE), math.ceil(frame.bottom + BOTTOM), parts


def _frame_of(strips: Sequence[Strip], above: float) -> tuple[_Frame, list[list[_Placed]]]:
    """The plot, right of the longest label, up to a power of ten that no dot is beyond; and each row's dots in it."""
    most = max((dot.wrong for strip in strips for dot in strip.dots), default=0)
    left = EDGE + max((width(strip.label, SIZE) for strip in strips), default=0) + GAP + ROOM
    frame = _Frame(left, max(1, math.ceil(math.log10(max(1, most)))), (), above + TOP)
    placed = [_placed(strip.dots, frame) for strip in strips]
    reach = (max((abs(dot.y) for dot in dots), default=0.0) for dots in placed)
    # Twice the reach of the dots, and as much as is left of a low row beside its three levels.
    return frame._replace(rows=tuple(max(float(ROW), 2 * far + ROW - 2 * STEP) for far in reach)), placed


def _in_columns(ends: Sequence[float], y: float, said: Sequence[str]) -> list[str]:
    """Texts that end at these places, where there is any."""
    return [text(x, y, each, "end") for x, each in zip(ends, said, strict=True) if each]


def _legend(kinds: AbstractSet[str], above: float, named: bool) -> tuple[float, list[str]]:
    """The right end of the legend, and its parts."""
    x, parts = float(EDGE), []
    for kind in LOOKS:
        if kind in kinds:
            parts += [_dot(x + RADIUS, above + 20, kind), text(x + 12, above + 24, LOOKS[kind][2])]
            x += 12 + width(LOOKS[kind][2], SIZE) + 2 * GAP
    parts.append(f'<path d="M{x:.1f} {above + 14:g}v12" stroke="black" stroke-width="1.5"/>')
    said = "median" + "; beside dots: the seeds with wrong inputs, if there is room" * named
    return x + 8 + width(said, SIZE), [*parts, text(x + 8, above + 24, said)]


def _axis(frame: _Frame) -> Iterator[str]:
    for wrong in (0, *(10**power for power in range(frame.powers + 1))):
        x = frame.x(wrong)
        yield f'<path d="M{x:.1f} {frame.top:g}V{frame.bottom:g}" stroke="#dddddd"/>'
        yield text(x, frame.bottom + 18, f"{wrong:,}", "middle")
    yield text(frame.x(0) + PLOT / 2, frame.bottom + 38, "wrong inputs", "middle")


def _strip(placed: Sequence[_Placed], frame: _Frame, y: float) -> Iterator[str]:
    yield f'<path d="M{frame.left - ROOM:.1f} {y}H{frame.left + PLOT:.1f}" stroke="#eeeeee"/>'
    x, far = frame.x(median(each.dot.wrong for each in placed)), BAR + max(abs(each.y) for each in placed)
    yield f'<path d="M{x:.1f} {y - far}v{2 * far}" stroke="black" stroke-width="1.5"/>'
    for dot, across, down in placed:
        yield _dot(across, y + down, dot.how, dot.told)
    for left, down, said in _names(placed, _Box(x - 1, -far, x + 1, far), frame):
        yield text(left, y + down, said, size=SMALL)


def _names(placed: Sequence[_Placed], bar: _Box, frame: _Frame) -> Iterator[tuple[float, float, str]]:
    """The seeds that get an input wrong, those of dots that stand together in one text: the left end of its baseline.

    It stands beside its dots, below or above them, where it covers nothing; where there is no such place it is left
    out, and pointing at a dot tells its seed.
    """
    taken = [bar, *(each.box for each in placed)]
    for group in _standing_together(placed):
        said = ", ".join(each.dot.seed for each in group[:NAMED]) + ", ..." * (len(group) > NAMED)
        for left, down in _beside(group, width(said, SMALL)):
            box = _Box(left - 1, down - SMALL + 1, left + width(said, SMALL) + 1, down + 1)
            if frame.left <= box.left and box.right <= frame.end and not any(box.meets(other) for other in taken):
                taken.append(box)
                yield left, down, said
                break


def _standing_together(placed: Sequence[_Placed]) -> list[list[_Placed]]:
    """The named dots with a wrong input from left to right, those that nearly touch in one group."""
    groups: list[list[_Placed]] = []
    for each in sorted((each for each in placed if each.dot.wrong and each.dot.seed), key=lambda each: each.x):
        if groups and each.x - groups[-1][-1].x < 3 * RADIUS:
            groups[-1].append(each)
        else:
            groups.append([each])
    return groups


def _beside(group: Sequence[_Placed], wide: float) -> Iterator[tuple[float, float]]:
    """Where the name of dots may begin, the best place first: right of them, left, below and above."""
    first, last = group[0].x - 2 * RADIUS, group[-1].x + 2 * RADIUS
    yield from ((last, 3), (first - wide, 3))
    under, over = max(each.y for each in group) + RADIUS, min(each.y for each in group) - RADIUS
    yield from (((first + last - wide) / 2, down) for down in (under + SMALL, over - 2))


def _placed(dots: Iterable[Dot], frame: _Frame) -> list[_Placed]:
    """Each dot at the first place where it covers no other one: on the line, above it, below it, and so on.

    One that is right on every input may go left, too: those are many, and left of the axis there is nothing to read.
    """
    placed: list[_Placed] = []
    for dot in sorted(dots, key=lambda dot: (dot.wrong, dot.seconds or 0.0, dot.how)):
        places = ((frame.x(dot.wrong) - STEP * back, down) for back in count() for down in _levels(dot))
        placed.append(
            next(
                _Placed(dot, x, y)
                for x, y in places
                if all(math.dist((x, y), (other.x, other.y)) > 2 * RADIUS for other in placed)
            )
        )
    return placed


def _levels(dot: Dot) -> Iterator[float]:
    """The places of a dot on, above and below its line, the nearest first."""
    for level in count() if dot.wrong else range(LEVELS):
        yield STEP * ((level + 1) // 2) * (-1 if level % 2 else 1)


def _dot(x: float, y: float, how: str, told: str = "") -> str:
    stroke, fill, _ = LOOKS.get(how, LOOKS[""])
    look = f'cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS - 0.5}" fill="{fill}" stroke="{stroke}" stroke-width="1.5"'
    return f"<circle {look}><title>{html_text(told)}</title></circle>" if told else f"<circle {look}/>"
