"""What all results have in common as text: tables, counts, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from analyze.results import Checked
from tprog.text import show_tokens

LONG = 200
"""Characters after which a value in a table is cut."""

GOOD, BAD = "bold green", "bold red"


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
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
    cells = [["" if cell is None else cell for cell in row] for row in rows]
    kept = [i for i, name in enumerate(columns) if name not in optional or any(row[i] != "" for row in cells)]
    right = set(numbers)
    unfolded = right | set(whole)
    made = Table(
        *(
            Column(
                Text(name),
                justify="right" if name in right else "left",
                overflow="fold",
                no_wrap=name in unfolded,
            )
            for name in (columns[i] for i in kept)
        ),
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
    )
    for row in cells:
        shown = (row[i] for i in kept)
        made.add_row(*(cell if isinstance(cell, Text) else Text(shorten(str(cell))) for cell in shown))
    return made


def shorten(text: str, limit: int = LONG) -> str:
    """The text, its end cut where it is too long."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 input``, ``2 inputs``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def page(answer: str, style: str, *parts: RenderableType | str | None) -> Group:
    """The answer, then the parts that there are, with an empty line before each table."""
    lines: list[RenderableType] = [Text(answer, style=style)]
    for part in parts:
        if isinstance(part, Table):
            lines += [Text(""), part]
        elif part:
            lines.append(Text(part) if isinstance(part, str) else part)
    return Group(*lines)


def evidence(checked: Checked) -> str:
    return f"checked on {checked.description}" + ("" if checked.exhaustive else ", so this is no proof")


def at_line(line: int | None) -> str:
    return "" if line is None else str(line)


def typed(tokens: Sequence[str]) -> str:
    """An input as a person types it; one without symbols as its marks."""
    return show_tokens(tokens) or " ".join(tokens)
