"""What all results have in common as text: tables, counts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Column, Table
from rich.text import Text

from analyze.results.checked import Checked
from tprog.escape import spelled, visible
from tprog.ir.places import ByOutput, by_output
from tprog.listing import bounded
from tprog.text.tokens import show_tokens

LONG = 200
"""Characters after which a value in a table is cut."""

FOLDED = 16
"""Columns of the terminal below which a folded cell does not shrink: an entry and its edit can be read in it, and the
widest table of a usual size fits 80 columns with it."""

GAP = 3
"""Columns of the terminal between two columns of a table."""

GOOD, BAD = "bold green", "bold red"


class Listing(Table):
    """A plain table that loses nothing: where the terminal is narrower than what its columns need at least
    (`min_width`), the lines are longer than the terminal is wide, which then wraps them."""

    def __init__(self, *columns: Column) -> None:
        super().__init__(*columns, box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # Without this, rich would squeeze columns to no width at all.
        least = sum(column.min_width or 0 for column in self.columns) + GAP * (len(self.columns) - 1)
        yield from super().__rich_console__(console, options.update_width(max(options.max_width, least)))


def width(*texts: str) -> int:
    """Columns of the terminal that the widest line of the texts takes; an East Asian character takes two."""
    return max((cell_len(part) for text in texts for part in text.split("\n")), default=0)


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    numbers: Iterable[str] = (),
    optional: Iterable[str] = ("line",),
    whole: Iterable[str] = (),
) -> Table:
    """A plain table of folded cells.

    Args:
        numbers: the columns that are aligned right.
        optional: the columns that are left out where no row has anything in them.
        whole: the columns, beside those, that are never folded.
    """
    kept = [
        i for i, name in enumerate(columns) if name not in optional or any(row[i] not in (None, "") for row in rows)
    ]
    cells = [[_cell(row[i]) for i in kept] for row in rows]
    right = set(numbers)
    unfolded = right | set(whole)
    made = Listing()
    for place, name in enumerate(columns[i] for i in kept):
        heading = line(name)
        widest = width(heading.plain, *(row[place].plain for row in cells))
        made.add_column(
            heading,
            justify="right" if name in right else "left",
            overflow="fold",
            no_wrap=name in unfolded,
            min_width=widest if name in unfolded else min(widest, FOLDED),
        )
    for row in cells:
        made.add_row(*row)
    return made


def _cell(value: object) -> Text:
    return value if isinstance(value, Text) else Text("" if value is None else shorten(visible(str(value))))


def line(text: str, style: str = "") -> Text:
    """A text on one line, whatever it quotes, cut where nobody would read it."""
    return Text(bounded(visible(text)), style=style)


def shorten(text: str, limit: int = LONG) -> str:
    """The text, its end cut where it is too long."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 input``, ``2 inputs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def page(answer: str, style: str, *parts: RenderableType | str | None) -> Group:
    """The answer, then the parts that there are, with an empty line before each table.

    A text that begins with a line end has an empty line before it, too.
    """
    lines: list[RenderableType] = [line(answer, style)]
    for part in parts:
        if isinstance(part, Table):
            lines += [Text(""), part]
        elif isinstance(part, str) and part.startswith("\n"):
            lines += [Text(""), line(part[1:])]
        elif part:
            lines.append(line(part) if isinstance(part, str) else part)
    return Group(*lines)


def noted(notes: Sequence[str]) -> RenderableType | None:
    """What is known of a module, one line each; None where that is nothing."""
    return Group(Text("\nknown of this module:"), *(line(f"  {note}") for note in notes)) if notes else None


def evidence(checked: Checked) -> str:
    return f"checked on {checked.description}" + ("" if checked.exhaustive else ", so this is no proof")


def at_line(line: int | None) -> str:
    return "" if line is None else str(line)


def typed(tokens: Sequence[str], spaced: bool) -> str:
    """An input or output as a person types it; one without symbols as its marks."""
    return show_tokens(tokens, spaced) or spelled(" ".join(tokens))


def answered(
    answers: ByOutput[str | None], where: ByOutput[str | None], spaced: bool, differ: ByOutput[int] = ()
) -> str:
    """The answers at the positions where something stands in `where`, together as an output is read.

    Args:
        differ: positions; of several outputs those alone are shown that have some, if any has.
    """
    told = {name for name, at in by_output(differ) if at}
    found = []
    for (name, row), (_, counts) in zip(by_output(answers), by_output(where), strict=True):
        if told and name not in told:
            continue
        shown = (
            "-" if answer is None else answer for answer, there in zip(row, counts, strict=True) if there is not None
        )
        found.append(named(name, spelled((" " if spaced else "").join(shown))))
    return "; ".join(found)


def named(output: str, what: str) -> str:
    """What there is of an output, after its name where there are several."""
    return f"{output}: {what}" if output else what


def positions_said(positions: ByOutput[int]) -> str:
    """Positions, of several outputs after the name of each that has any."""
    return "; ".join(named(name, ", ".join(map(str, row))) for name, row in by_output(positions) if row)
