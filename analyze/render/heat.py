"""Heat maps of what is left of a network's heads: a square of scores a head, and its attention by distance under it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from analyze.render.metrics import FAMILY, width
from tprog.escape import html_text, spelled
from tprog.version import VERSION

CELL, SMALL_CELL, MANY = 22, 12, 20
"""The side of a cell; that of tables of more than `MANY` tokens a side."""

EDGE, GAP, LINE, SIZE, SMALL = 16, 28, 16, 12, 9

BARS = "attention so many positions back"

BAR = 60
"""The height of a bar that is all of the attention."""

WIDEST_LINE = 90
"""Characters of a line of words."""

LEGEND = "a score above its row's mean is orange, one below it blue; crossed: no input has it"

LOW, HIGH = (0, 114, 178), (213, 94, 0)
"""The colours of scores below the mean of their row and above it, which the colour-blind can tell apart."""


class Heat(NamedTuple):
    """One head.

    Attributes:
        head: its name, and what it became, in words.
        edges: what its scores are left of.
        queries, keys: the tokens of the rows and columns.
        scores: a row a query: in nats above the row's mean; None for pairs that no input has.
        distances: the mean attention so far back, fractions of 1.
    """

    head: str
    edges: tuple[str, ...]
    queries: tuple[str, ...]
    keys: tuple[str, ...]
    scores: tuple[tuple[float | None, ...], ...]
    distances: tuple[float, ...]


def heat_svg(heats: Sequence[Heat], title: str) -> str:
    """The heat maps as SVG text, one below the other."""
    parts: list[str] = []
    y, wide = float(EDGE + LINE), EDGE + max(width(title, SIZE + 2), width(LEGEND, SIZE))
    parts.append(_text(EDGE, y, title, size=SIZE + 2))
    y += LINE
    parts.append(_text(EDGE, y, LEGEND))
    for heat in heats:
        made, right, y = _head(heat, y + GAP)
        parts += made
        wide = max(wide, right)
    wide = max(
        wide, EDGE + width("a score above its row's mean is orange, one below it blue; crossed: no input has it", SIZE)
    )
    return _page(math.ceil(wide + EDGE), math.ceil(y + EDGE), title, parts)


def _head(heat: Heat, y: float) -> tuple[list[str], float, float]:
    """The marks of one head, how far right they reach, and where they end."""
    words = [*_folded(heat.head), *(f"left of its scores: {edge}" for edge in heat.edges)]
    parts = [_text(EDGE, y + LINE * at, line) for at, line in enumerate(words)]
    squares, right, y, most = _squares(heat, y + LINE * len(words))
    words += [f"rows: queries, columns: keys; the strongest colour is {most:.1f} nats", BARS]
    parts += [*squares, _text(EDGE, y + LINE, words[-2]), *_bars(heat.distances, y + 2 * LINE)]
    right = max(right, EDGE + CELL * len(heat.distances), *(EDGE + width(line, SIZE) for line in words))
    return parts, right, y + BAR + 4 * LINE + 6


def _squares(heat: Heat, y: float) -> tuple[list[str], float, float, float]:
    """The square of scores, how far right it reaches, where it ends, and its strongest score."""
    cell = CELL if len(heat.queries) <= MANY else SMALL_CELL
    left = EDGE + max((width(spelled(word), SMALL) for word in heat.queries), default=0) + 6
    y += max((width(spelled(word), SMALL) for word in heat.keys), default=0)
    most = max((abs(s) for row in heat.scores for s in row if s is not None), default=0) or 1.0
    parts = []
    for at, word in enumerate(heat.keys):
        x = left + cell * (at + 0.5) + SMALL / 3
        parts.append(_text(x, y - 4, spelled(word), size=SMALL, turned=True))
    for row, (word, scores) in enumerate(zip(heat.queries, heat.scores, strict=True)):
        top = y + cell * row
        parts.append(_text(left - 4, top + cell / 2 + 3, spelled(word), "end", SMALL))
        for at, (key, score) in enumerate(zip(heat.keys, scores, strict=True)):
            parts.append(_square(left + cell * at, top, cell, score, most, f"{spelled(word)} to {spelled(key)}"))
    return parts, left + cell * len(heat.keys), y + cell * len(heat.queries), most


def _bars(distances: Sequence[float], y: float) -> Iterator[str]:
    for back, share in enumerate(distances):
        x, high = EDGE + CELL * back, BAR * share
        yield (
            f'<rect x="{x + 3:.1f}" y="{y + BAR - high:.1f}" width="{CELL - 6}" height="{high:.1f}" fill="#555555">'
            f"<title>{back} back: {share:.3f}</title></rect>"
        )
        yield _text(x + CELL / 2, y + BAR + 11, str(back), "middle", SMALL)
    yield f'<path d="M{EDGE} {y + BAR:.1f}h{CELL * len(distances)}" stroke="#888888"/>'
    yield _text(EDGE, y + BAR + LINE + 10, BARS)


def _square(x: float, y: float, cell: int, score: float | None, most: float, about: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{cell}" height="{cell}" stroke="#ffffff" stroke-width="0.5"'
    if score is None:
        cross = f'<path d="M{x + 3:.1f} {y + 3:.1f}l{cell - 6} {cell - 6}" stroke="#bbbbbb"/>'
        return f'<rect {place} fill="#f4f4f4"/>{cross}'
    told = html_text(f"{about}: {score:+.2f}")
    return f'<rect {place} fill="{_colour(score / most)}"><title>{told}</title></rect>'


def _colour(share: float) -> str:
    """White at 0, the full colours at -1 and 1."""
    full = HIGH if share > 0 else LOW
    mixed = (round(255 + (each - 255) * abs(share)) for each in full)
    return "#" + "".join(f"{each:02x}" for each in mixed)


def _folded(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > WIDEST_LINE:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = SIZE, turned: bool = False) -> str:
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{FAMILY}" font-size="{size}" text-anchor="{anchor}"{turn}>'
        f"{html_text(text)}</text>"
    )


def _page(wide: int, high: int, title: str, parts: Sequence[str]) -> str:
    about = "For each head that a pruned network needs, the score of each pair of tokens, and attention by distance."
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8" standalone="no"?>',
            f"<!-- written by tpdebug {VERSION} -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
            'role="img" aria-labelledby="tp-title tp-desc">',
            f'<title id="tp-title">{html_text(title)}</title>\n<desc id="tp-desc">{about}</desc>',
            f'<rect width="{wide}" height="{high}" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )
