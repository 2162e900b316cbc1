"""A document in a terminal, by rich."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment, Segments
from rich.table import Column
from rich.table import Table as RichTable
from rich.text import Text

from analyze.render.document import (
    SIGNS,
    Cell,
    Change,
    Document,
    Grid,
    GridRow,
    Heading,
    Note,
    Part,
    Picture,
    Source,
    Table,
    Tone,
)
from analyze.render.phrases import counted, shorten
from analyze.results.source import AnnotatedSource, Mark
from tprog.escape import visible, visible_lines
from tprog.listing import bounded

FOLDED = 16
"""Columns of the terminal below which a folded cell does not shrink: an entry and its edit can be read in it, and the
widest table of a usual size fits 80 columns with it."""

NARROW = 8
"""The same where a table would else be wider than a terminal of `USUAL` columns or more, and then is not."""

USUAL = 80
"""In a narrower terminal, lines that the terminal wraps are easier to read than cells folded so often."""

GAP = 3
"""Columns of the terminal between two columns of a table."""

PIPE_WIDTH = 160
"""Columns of a table that goes into a pipe or a file: wide, because it can be scrolled there."""

EDGE = " | "

_TONES: dict[Tone, str] = {"": "", "strong": "bold", "good": "bold green", "bad": "bold red"}
_STYLES: dict[Mark, str] = {"": "", "lit": "green", "part": "yellow", "dim": "dim", "bad": "bold red"}


# Printing #############################################################################################################


def put(console: Console, shown: Document | RenderableType) -> None:
    """Print whole lines: without blanks at their ends, and never cut, so that a narrow terminal wraps what is wider.

    Colour is rich's own; text that still holds a terminal code, though all that is given is quoted, has none.
    """
    renderable = rendered(shown) if isinstance(shown, Document) else shown
    lines: list[Segment] = []
    for found in Segment.split_lines(console.render(renderable)):
        while found and not found[-1].text.strip(" "):
            found.pop()
        if found:
            found[-1] = Segment(found[-1].text.rstrip(" "), found[-1].style)
        lines += [*(Segment(visible_lines(part.text), part.style) for part in found), Segment.line()]
    console.print(Segments(lines), crop=False)


def as_text(shown: Document | RenderableType, width: int = PIPE_WIDTH) -> str:
    """What a console without colour would print."""
    page = io.StringIO()
    # Within Jupyter rich would show it there, instead of writing it.
    put(Console(width=width, no_color=True, highlight=False, file=page, force_jupyter=False), shown)
    return page.getvalue()


# A document ###########################################################################################################


def rendered(shown: Document) -> Group:
    """The answer, then the parts, with an empty line before each but notes."""
    lines: list[RenderableType] = [line(shown.answer, _TONES[shown.tone])] if shown.answer else []
    for part in shown.parts:
        lines += _part(part)
    return Group(*lines)


def _part(part: Part) -> list[RenderableType]:
    match part:
        case Note(text):
            return [line(text)]
        case Heading(text):
            return [Text(""), line(text)]
        case Table():
            above = [] if part.dense else [Text("")]
            return [*above, _table(part)] if part.seen and part.on_screen else []
        case Grid(headers, rows):
            return [Text(""), _Blocks(tuple("\n".join(map(visible, header)) for header in headers), rows)]
        case Source(source, around):
            return [Text(""), source_text(source, around)]
        case Change(diff, most, more):
            return _change(diff, most, more)
        case Picture():
            return []


def line(text: str, style: str = "") -> Text:
    """A text on one line, whatever it quotes, cut where nobody would read it."""
    return Text(bounded(visible(text)), style=style)


def width(*texts: str) -> int:
    """Columns of the terminal that the widest line of the texts takes; an East Asian character takes two."""
    return max((cell_len(part) for text in texts for part in text.split("\n")), default=0)


# Tables ###############################################################################################################


class Listing(RichTable):
    """A plain table that loses nothing: where the terminal is narrower than what its columns need at least
    (`min_width`), the lines are longer than the terminal is wide, which then wraps them."""

    def __init__(self, *columns: Column, dense: bool = False) -> None:
        super().__init__(*columns, box=None if dense else box.SIMPLE_HEAD, pad_edge=False, show_edge=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self._narrow(options.max_width)
        # Without this, rich would squeeze columns to no width at all.
        yield from super().__rich_console__(console, options.update_width(max(options.max_width, self._least)))

    @property
    def _least(self) -> int:
        return sum(column.min_width or 0 for column in self.columns) + GAP * (len(self.columns) - 1)

    def _narrow(self, room: int) -> None:
        """Make columns that are folded narrower, the widest first, where the table then fits the terminal."""
        if room < USUAL or self._least <= room:
            return
        for column in self.columns:
            _fold_heading(column)
        folded = [column for column in self.columns if not column.no_wrap]
        spare = sum(max(0, (column.min_width or 0) - NARROW) for column in folded)
        if self._least - spare > room:
            return
        while self._least > room:
            widest = max(folded, key=lambda column: column.min_width or 0)
            widest.min_width = (widest.min_width or 0) - 1
        if self._least == room:  # nothing is left to share out, and rich, which tries, comes out too wide
            for column in folded:
                column.width = column.min_width


def _fold_heading(column: Column) -> None:
    """Let the words of a heading stand below each other, where the cells below it are not folded and narrower."""
    if not column.no_wrap or not isinstance(column.header, Text):
        return
    cells = width(*(cell.plain for cell in column.cells if isinstance(cell, Text)))
    words = column.header.plain.split()
    least = max(cells, *map(width, words)) if words else cells
    lines = fill(column.header.plain, least, break_long_words=False, break_on_hyphens=False)
    column.header = Text(lines)
    column.min_width = max(cells, width(lines))


def _table(made: Table) -> Listing:
    """A table of folded cells."""
    rows = made.on_screen
    kept = made.kept(rows)
    cells = [[_cell(row[at]) for at in kept] for row in rows]
    unfolded = made.numbers | made.whole
    shown = Listing(dense=made.dense)
    for place, (name, said) in enumerate((made.columns[at], made.headings[at]) for at in kept):
        heading = line(said)
        widest = width(heading.plain, *(row[place].plain for row in cells))
        shown.add_column(
            heading,
            justify="right" if name in made.numbers else "left",
            overflow="fold",
            no_wrap=name in unfolded,
            min_width=widest if name in unfolded else min(widest, FOLDED),
        )
    for row in cells:
        shown.add_row(*row)
    return shown


def _cell(cell: Cell) -> Text:
    text = visible(cell.text)
    return Text(text if cell.whole else shorten(text))


# Grids ################################################################################################################


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many columns fit beside each other: one at least."""
    count, taken = 1, widths[0]
    while count < len(widths) and taken + GAP + widths[count] <= room:
        taken += GAP + widths[count]
        count += 1
    return count


@dataclass(frozen=True)
class _Blocks:
    """A grid in blocks of positions, one below the other, as many positions in each as fit the width.

    Each block has the names and its own header. A position that does not fit by itself makes lines that are longer
    than the terminal is wide; none is left out.
    """

    headers: tuple[str, ...]
    rows: tuple[GridRow, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        names = [("position\ntoken", [visible(row.name) for row in self.rows])]
        if any(row.which for row in self.rows):
            names.append(("input", [visible(row.which) for row in self.rows]))
        left = sum(width(header, *cells) + GAP for header, cells in names)
        widths = [width(header, *self._cells(at)) for at, header in enumerate(self.headers)]
        start = 0
        while start < len(widths):
            stop = start + _fitting(widths[start:], options.max_width - left)
            if start:
                yield Text("")
            yield self._block([*names, *((self.headers[at], self._cells(at)) for at in range(start, stop))])
            start = stop

    def _cells(self, position: int) -> list[str]:
        """What the rows hold at a position; an input that is too short to have it holds nothing."""
        return [
            "".join(map(visible, row.cells[position : position + 1])) + "*" * (position in row.marked)
            for row in self.rows
        ]

    def _block(self, columns: Sequence[tuple[str, Sequence[str]]]) -> Listing:
        block = Listing(
            *(Column(Text(header), no_wrap=True, min_width=width(header, *cells)) for header, cells in columns)
        )
        for index, row in enumerate(self.rows):
            if row.rule:
                block.add_section()
            block.add_row(*(Text(cells[index]) for _, cells in columns), style="bold" if row.strong else "")
        return block


# Source ###############################################################################################################


def source_text(source: AnnotatedSource, around: int | None = None) -> Text:
    """The lines, each behind its sign, margin and number; long ones are left for the terminal to wrap.

    Args:
        around: show only marked lines and so many lines around each; what is left out is said. None shows all.
    """
    margin = width(*map(visible, (source.heading, *(line.margin for line in source.lines))))
    numbers = len(str(len(source.lines)))
    page = Text(no_wrap=True, overflow="ignore")
    for mark, meaning in source.legend:
        page.append(f"{SIGNS[mark]} {visible(meaning)}\n", _STYLES[mark])
    page.append(f"\n  {visible(source.heading):>{margin}} {'line':>{numbers}}{EDGE}{visible(source.path)}\n", "bold")
    shown = _shown(source, around)
    previous = 0
    for line in source.lines:
        if line.number not in shown:
            continue
        if line.number > previous + 1 and around is not None:
            page.append(f"  {'':>{margin}} {'...':>{numbers}}\n", "dim")
        previous = line.number
        beside = visible(line.margin)
        behind = " " * (margin - width(beside))
        page.append(f"{SIGNS[line.mark]} {behind}{beside} {line.number:>{numbers}}{EDGE}", "dim")
        page.append(f"{bounded(visible(line.text.expandtabs()))}\n", _STYLES[line.mark])
    page.rstrip()
    return page


def _shown(source: AnnotatedSource, around: int | None) -> set[int]:
    if around is None:
        return {line.number for line in source.lines}
    marked = [line.number for line in source.lines if line.mark or line.margin]
    return {number + step for number in marked for step in range(-around, around + 1)}


def _change(diff: str, most: int | None, more: str) -> list[RenderableType]:
    lines: list[RenderableType] = [*diff_lines(diff)]
    if most is not None and len(lines) > most:
        return [*lines[:most], line(f"... and {counted(len(lines) - most, 'more line')}; {more}")]
    return lines


def diff_lines(diff: str) -> list[Text]:
    """A unified diff, as long as its lines are; `+` and `-` say what colour says too."""
    lines = []
    for line in diff.rstrip("\n").split("\n"):
        style = "" if line.startswith(("+++", "---")) else {"+": "green", "-": "red"}.get(line[:1], "")
        shown = bounded(visible_lines(line.removesuffix("\r")))
        lines.append(Text(shown, style, no_wrap=True, overflow="ignore"))  # a change that is wrapped cannot be applied
    return lines
