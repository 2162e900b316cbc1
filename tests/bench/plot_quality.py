"""A picture of quality against CPU seconds, from a table of runs that were judged on the way.

    python -m tests.bench.plot_quality tests/bench/data/sort_quality.csv docs/sort_quality.svg

The table has the columns code, seed, cpu_seconds and wrong; a run is a code and a seed. Both axes are logarithmic; no
wrong input is the lowest line.
"""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 72, 24, 84, 56

COLOURS: Mapping[str, tuple[str, str]] = {
    "ours": ("#0072b2", "ours, while it trains: a line a seed"),
    "refitted": ("#009e73", "ours, its readout refitted at the end"),
    "published": ("#d55e00", "the published code, seed 0, all of its 250 epochs: argmax model"),
}
"""By code: colours that the colour-blind can tell apart, as in the other pictures, and what the legend says."""

FONT = "font-family=\"'DejaVu Sans', Verdana, sans-serif\""


class Point(NamedTuple):
    """A model of a run, judged on all inputs."""

    code: str
    seed: int
    seconds: float
    wrong: int


def read(path: Path) -> list[Point]:
    """The rows of the table."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [Point(row["code"], int(row["seed"]), float(row["cpu_seconds"]), int(row["wrong"])) for row in rows]


class Axes(NamedTuple):
    """Where a point lies, by the largest number of seconds and of wrong inputs."""

    seconds: float
    wrong: float

    @classmethod
    def of(cls, points: Iterable[Point]) -> Axes:
        """Axes that end at the next power of ten."""
        kept = list(points)
        longest, most = max(p.seconds for p in kept), max(p.wrong for p in kept)
        return cls(*(10.0 ** math.ceil(math.log10(value)) for value in (longest, most)))

    def x(self, seconds: float) -> float:
        """From 1 second on."""
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log10(max(seconds, 1.0)) / math.log10(self.seconds)

    def y(self, wrong: float) -> float:
        """One step of a power of ten between 0 and 1."""
        up = 0.0 if wrong == 0 else 1 + math.log10(wrong)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * up / (1 + math.log10(self.wrong))


def drawn(points: Sequence[Point]) -> str:
    """The picture as SVG."""
    axes = Axes.of(points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'role="img" aria-labelledby="title">',
        '<title id="title">Wrong inputs of sort against CPU-seconds of training</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *_grid(axes),
        *_legend(code for code in COLOURS if any(point.code == code for point in points)),
    ]
    for (code, _), run in groupby(sorted(points), key=lambda point: (point.code, point.seed)):
        colour, places = COLOURS[code][0], [(axes.x(p.seconds), axes.y(p.wrong)) for p in run]
        if len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        size = 2 if len(places) > 1 else 4
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"/>' for x, y in places]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _grid(axes: Axes) -> Iterable[str]:
    for power in range(round(math.log10(axes.seconds)) + 1):
        x = axes.x(10.0**power)
        yield f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#dddddd"/>'
        yield _text(x, HEIGHT - BOTTOM + 18, f"{10**power:,}", "middle")
    for wrong in (0, *(10**power for power in range(round(math.log10(axes.wrong)) + 1))):
        y = axes.y(wrong)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>'
        yield _text(LEFT - 8, y + 4, f"{wrong:,}", "end")
    yield _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "CPU-seconds of training", "middle")
    yield _text(8, TOP - 10, "wrong inputs of 19,530", "start")


def _legend(codes: Iterable[str]) -> Iterable[str]:
    for row, code in enumerate(codes):
        colour, text = COLOURS[code]
        y = 10 + 15 * row
        yield f'<circle cx="216" cy="{y}" r="4" fill="{colour}"/>'
        yield _text(226, y + 4, text, "start")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="12" text-anchor="{anchor}">{escape(text)}</text>'


def main() -> None:
    """The table's picture."""
    table, picture = map(Path, sys.argv[1:3])
    picture.write_text(drawn(read(table)), encoding="utf-8")


if __name__ == "__main__":
    main()
