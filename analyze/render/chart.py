"""What charts have in common as SVG: a page, text as wide as it was laid out for, axes, bands and lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from analyze.render.metrics import FAMILY, is_measured, width
from tprog.escape import html_text
from tprog.version import VERSION

SIZE = 12
"""Points of a text."""

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#aa4499", "#7a5c00", "#56b4e9", "#555555")
"""Of series (Okabe and Ito 2008); one behind another is told by its dashes too."""

DASHES = ("", "7 3", "2 2", "9 3 2 3")


def page(wide: int, high: int, title: str, about: str, parts: Sequence[str]) -> str:
    """A picture in SVG."""
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            f"<!-- written by tpdebug {VERSION} -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
            'role="img" aria-labelledby="tp-title tp-desc">',
            f'<title id="tp-title">{html_text(title)}</title>\n<desc id="tp-desc">{html_text(about)}</desc>',
            f'<rect width="{wide}" height="{high}" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )


def text(x: float, y: float, shown: str, anchor: str = "start", bold: bool = False, size: int = SIZE) -> str:
    """A text as wide as the chart was laid out for, in whichever font."""
    look = f'x="{x:.1f}" y="{y:.1f}" font-family="{FAMILY}" font-size="{size}" text-anchor="{anchor}"'
    look += ' font-weight="bold"' * bold
    if is_measured(shown) and shown.strip():
        look += f' textLength="{width(shown, size, bold=bold):.2f}" lengthAdjust="spacingAndGlyphs"'
    return f"<text {look}>{html_text(shown)}</text>"


def look_of(place: int) -> str:
    """The stroke of a series by its place: no two of the first 28 look alike."""
    colour, dashes = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % len(DASHES)]
    return f'stroke="{colour}" stroke-width="1.8"' + (f' stroke-dasharray="{dashes}"' if dashes else "")


def line(points: Sequence[tuple[float, float]], look: str) -> str:
    """A line through points, which marks each where they are few."""
    drawn = f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}" fill="none" {look}/>'
    if len(points) > MARKED:
        return drawn
    colour = look.split('"')[1]
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>' for x, y in points)
    return "\n".join([drawn, *dots])


MARKED = 30
"""Points of a line that are marked each; of one with more, none."""


def band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], place: int) -> str:
    """What lies between two lines, tinted."""
    around = [*upper, *reversed(lower)]
    shape = "L".join(f"{x:.1f} {y:.1f}" for x, y in around)
    return f'<path d="M{shape}Z" fill="{COLOURS[place % len(COLOURS)]}" fill-opacity="0.15" stroke="none"/>'


def ticks(low: float, high: float, most: int = 6) -> Iterator[float]:
    """Round values from the first below `low` to the last above `high`: steps of 1, 2 or 5 times a power of ten."""
    span = high - low or 1.0
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(power * factor for factor in (1, 2, 5, 10, 20) if span / (power * factor) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    for count in range(first, max(last, first + 1) + 1):
        yield round(count * step, 12)
