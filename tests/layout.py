"""Where the texts of an SVG picture stand, if they are drawn in DejaVu Sans: what fits its box, and what overlaps."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from analyze.render.metrics import width

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
SLACK = 1.0
"""Points by which a text may touch its border: coordinates are rounded, and widths to whole points."""


@dataclass(frozen=True)
class Box:
    """A rectangle; a text's is from its baseline to the top of its small letters."""

    left: float
    top: float
    right: float
    bottom: float
    text: str = ""

    def holds(self, other: Box) -> bool:
        return (
            self.left - SLACK <= other.left
            and other.right <= self.right + SLACK
            and self.top - SLACK <= other.top
            and other.bottom <= self.bottom + SLACK
        )

    def meets(self, other: Box) -> bool:
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide > SLACK and high > SLACK


def faults(picture: str) -> list[str]:
    """What is wrong with a picture's texts, in words."""
    root = ET.fromstring(picture.encode())
    # A chart that no graph layout made has no such group: all of it is drawn where it stands.
    graph = next((group for group in root.iter(f"{SVG}g") if group.get("class") == "graph"), root)
    left, top, wide, high = map(float, (root.get("viewBox") or "").split())
    dx, dy = map(float, _NUMBER.findall((graph.get("transform") or "").partition("translate")[2]) or (0, 0))
    whole = Box(left - dx, top - dy, left + wide - dx, top + high - dy)
    found: list[str] = []
    texts: list[Box] = []
    for group in [graph, *(group for group in graph.iter(f"{SVG}g") if group is not graph)]:
        own = list(_texts(group))
        outline = whole if group is graph or not (boxes := list(_shapes(group))) else max(boxes, key=_area)
        found += [f"{text.text!r} leaves its box" for text in own if not outline.holds(text)]
        texts += own
    found += [
        f"{one.text!r} and {other.text!r} overlap"
        for place, one in enumerate(texts)
        for other in texts[place + 1 :]
        if one.meets(other)
    ]
    swatches = [box for box in _shapes(graph) if _area(box) < 22 * 40]
    return found + [f"{text.text!r} covers a colour" for text in texts for box in swatches if text.meets(box)]


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _texts(group: ET.Element) -> Iterator[Box]:
    for text in _within(group, "text"):
        size, at = float(text.get("font-size", "0")), float(text.get("x", "0"))
        wide = width(text.text or "", size, bold=text.get("font-weight") == "bold")
        left = {"start": at, "middle": at - wide / 2, "end": at - wide}[text.get("text-anchor", "start")]
        baseline = float(text.get("y", "0"))
        yield Box(left, baseline - size / 2, left + wide, baseline, text.text or "")


def _shapes(group: ET.Element) -> Iterator[Box]:
    for kind, attribute in (("polygon", "points"), ("path", "d")):
        for shape in _within(group, kind):
            numbers = [float(number) for number in _NUMBER.findall(shape.get(attribute) or "")]
            across, down = numbers[::2], numbers[1::2]
            yield Box(min(across), min(down), max(across), max(down))


def _within(group: ET.Element, kind: str) -> Iterator[ET.Element]:
    """The elements of a group that stand in no group within it."""
    for element in group:
        if element.tag == f"{SVG}{kind}":
            yield element
        elif element.tag != f"{SVG}g":
            yield from _within(element, kind)
