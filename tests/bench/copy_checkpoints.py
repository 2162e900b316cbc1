"""What models of unique_copy do while they learn it: a table of measurements, and its picture.

    python -m tests.bench.copy_checkpoints FOLDER tests/bench/data/copy_checkpoints.csv
    python -m tests.bench.copy_checkpoints --draw tests/bench/data/copy_checkpoints.csv docs/copy_checkpoints.svg

FOLDER holds models of two layers of one head, as they lie in ``share/saved_models`` of the repository
lacoco-lab/decompiling_transformers: ``unique_copy-^…-1100`` after 1,100 steps, ``unique_copy-@…`` at the end. The table
has a row a model and range of lengths. An input is *right*, or its first wrong prediction is a wrong symbol (`symbol`),
an end too early (`early`), or a symbol where the answer has ended (`late`). Three columns are means of attention: in
layer 0 to the position before, for all of the input (`before`); in layer 1 to the symbol that comes next, within the
answer (`copied`), and at its end to the mark behind the input (`end`).
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np

from tprog.tasks.next_token import get_next_token_task
from trainer.decompile.network import Inputs, Network, OwnRun, network_of, run
from trainer.decompile.samples import TaskSource
from trainer.gpt import load

COUNT, PIECE, SEED = 300, 20, 0

KINDS = {
    "right": ("#009e73", "right"),
    "symbol": ("#d55e00", "first a wrong symbol"),
    "early": ("#e69f00", "first an end too early"),
    "late": ("#0072b2", "first no end"),
}
"""By column: colours that the colour-blind can tell apart, as in the other pictures, and what the legend says."""

ATTENTION = {
    "before": "layer 0: the position before",
    "copied": "layer 1: the symbol to copy",
    "end": "layer 1: the mark, at the end",
}


class Row(NamedTuple):
    """A model on a range of lengths; inputs are numbers of them, attention is a fraction of 1."""

    steps: str
    lengths: str
    right: int
    symbol: int
    early: int
    late: int
    before: float
    copied: float
    end: float


# Measuring ############################################################################################################


def steps_of(folder: Path) -> str:
    """After how many steps of training it was kept, by its name; ``end``, where the name does not tell."""
    found = re.search(r"-(\d+)$", folder.name)
    return found[1] if found else "end"


def measured(network: Network, source: TaskSource, lengths: tuple[int, int], count: int = COUNT) -> Row:
    """The row of a model, without its steps."""
    kinds = dict.fromkeys(KINDS, 0)
    attention: dict[str, list[float]] = {name: [] for name in ATTENTION}
    inputs = source.draw(count, lengths, SEED)
    for start in range(0, count, PIECE):
        some = inputs.rows(slice(start, start + PIECE))
        made = run(network, some)
        for at in range(len(some)):
            kinds[_kind(source, some, made, at)] += 1
            for name, values in _looked(source, some, made, at).items():
                attention[name] += values
    means = (round(float(np.mean(values)), 4) for values in attention.values())
    return Row("", f"{lengths[0]} to {lengths[1]}", *kinds.values(), *means)


def _kind(source: TaskSource, inputs: Inputs, made: OwnRun, at: int) -> str:
    """Whether an input is right, or what is wrong first."""
    said = source.task.predicted(made.logits[at : at + 1])[0]
    expected = inputs.expected
    assert expected is not None
    wrong = np.flatnonzero(inputs.graded[at] & (said != expected[at]))
    if not len(wrong):
        return "right"
    end = source.words.index("<eos>")
    return "early" if said[wrong[0]] == end else "late" if expected[at, wrong[0]] == end else "symbol"


def _looked(source: TaskSource, inputs: Inputs, made: OwnRun, at: int) -> dict[str, list[float]]:
    """Attention of the two heads where it tells something."""
    first, second = made.patterns[0, 0][at], made.patterns[1, 0][at]
    mark = int(np.flatnonzero(inputs.tokens[at] == source.words.index("<sep>"))[0])
    end = mark + mark - 1
    return {
        "before": [float(first[place, place - 1]) for place in range(1, mark + 1)],
        "copied": [float(second[place, place - mark + 1]) for place in range(mark + 1, end)],
        "end": [float(second[end, mark])],
    }


def table(folder: Path) -> list[Row]:
    """All rows of a folder, in the order of training."""
    task = get_next_token_task("unique_copy")
    models = sorted(folder.glob("unique_copy-*"), key=lambda each: (steps_of(each) == "end", steps_of(each)))
    rows = []
    for model in models:
        network = network_of(load(model))
        source = TaskSource(task, network.longest)
        for lengths in source.bins:
            print(model.name, lengths, file=sys.stderr, flush=True)
            rows.append(measured(network, source, lengths)._replace(steps=steps_of(model)))
    return rows


# Drawing ##############################################################################################################

FONT = "font-family=\"'DejaVu Sans', Verdana, sans-serif\""

WIDTH, LEFT, BAR, TOP, LINE = 720, 168, 300, 76, 22

COLUMN = 72
"""The width of a column of attention."""


def read(path: Path) -> list[Row]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [
        Row(row["steps"], row["lengths"], *(int(row[k]) for k in KINDS), *(float(row[k]) for k in ATTENTION))
        for row in rows
    ]


def write(path: Path, rows: Iterable[Row]) -> None:
    """The rows as a table."""
    with path.open("w", encoding="utf-8", newline="") as lines:
        written = csv.writer(lines, lineterminator="\n")
        written.writerow(Row._fields)
        written.writerows(rows)


def drawn(rows: Sequence[Row]) -> str:
    """The picture as SVG: a bar a row, and beside it what the two heads attend to."""
    parts = [*_legend()]
    y = TOP
    for at, row in enumerate(rows):
        if at and row.steps != rows[at - 1].steps:
            y += LINE // 2
        if not at or row.steps != rows[at - 1].steps:
            name = "to the end" if row.steps == "end" else f"{int(row.steps):,} steps"
            parts.append(_text(16, y + 13, name, "start"))
        parts += _bar(row, y)
        y += LINE
    height = y + 16
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
            'role="img" aria-labelledby="title">',
            '<title id="title">What models of unique_copy do while they learn it</title>',
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _bar(row: Row, y: int) -> Iterator[str]:
    yield _text(LEFT - 8, y + 13, row.lengths, "end")
    total, x = sum(getattr(row, kind) for kind in KINDS), float(LEFT)
    for kind, (colour, name) in KINDS.items():
        wide = BAR * getattr(row, kind) / total
        if wide:
            told = f"<title>{getattr(row, kind)} of {total}: {name}</title>"
            yield f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{LINE - 6}" fill="{colour}">{told}</rect>'
        x += wide
    for at, name in enumerate(ATTENTION):
        yield _text(LEFT + BAR + COLUMN * (at + 1), y + 13, f"{getattr(row, name):.2f}", "end")


def _legend() -> Iterator[str]:
    yield _text(LEFT - 8, 24, "length", "end")
    yield _text(16, 24, "trained for", "start")
    for at, (colour, name) in enumerate(KINDS.values()):
        x, y = LEFT + 152 * (at % 2), 24 + 18 * (at // 2)
        yield f'<rect x="{x}" y="{y - 10}" width="10" height="10" fill="{colour}"/>'
        yield _text(x + 15, y, name, "start")
    for at, words in enumerate(ATTENTION.values()):
        x = LEFT + BAR + COLUMN * (at + 1)
        layer, to = words.split(": ")
        for line, text in enumerate([layer, *_folded(to)]):
            yield _text(x, 24 + 15 * line, text, "end", 10)


def _folded(text: str) -> list[str]:
    """Words on lines of at most 12 letters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > 11:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {FONT} font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def main(arguments: Sequence[str]) -> None:
    """The table of a folder, or the picture of a table."""
    if arguments[0] == "--draw":
        Path(arguments[2]).write_text(drawn(read(Path(arguments[1]))), encoding="utf-8")
        return
    write(Path(arguments[1]), table(Path(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
