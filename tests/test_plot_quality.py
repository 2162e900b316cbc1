"""The picture of quality against CPU seconds is what its table says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from tests.bench.plot_quality import COLOURS, Axes, Point, drawn, read

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "bench" / "data" / "sort_quality.csv"


def test_the_picture_in_the_docs_is_drawn_from_the_table() -> None:
    assert (ROOT / "docs" / "sort_quality.svg").read_text(encoding="utf-8") == drawn(read(TABLE))


def test_every_code_of_the_table_is_in_the_legend() -> None:
    codes = {point.code for point in read(TABLE)}
    assert codes <= set(COLOURS)
    picture = "".join(ElementTree.fromstring(drawn(read(TABLE))).itertext())
    assert all(COLOURS[code][1] in picture for code in codes)


def test_no_wrong_input_is_below_one_wrong_input_and_more_seconds_are_further_right() -> None:
    axes = Axes.of([Point("ours", 0, 30, 500)])
    assert (axes.seconds, axes.wrong) == (100, 1000)
    assert axes.y(0) > axes.y(1) > axes.y(10) > axes.y(1000)
    assert axes.x(1) < axes.x(30) < axes.x(100)
