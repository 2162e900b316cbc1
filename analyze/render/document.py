"""A result as a document: an answer, and below it notes, headings, tables, pictures and source.

Every renderer of a result makes one. From it come the text of a terminal (`analyze.render.terminal`), a page and what a
notebook shows (`analyze.render.pages`), CSV files and data frames (`analyze.render.data`). So what a table holds is
said once, and no form says more than another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from analyze.render.columns import OF_INPUTS
from analyze.render.phrases import as_called
from analyze.results.source import AnnotatedSource, Mark
from tprog.escape import spelled

Tone: TypeAlias = Literal["", "strong", "good", "bad"]
"""How an answer stands out: as any text, as an answer, as one that pleases, as one that does not."""

SIGNS: dict[Mark, str] = {"": " ", "lit": "+", "part": "~", "dim": "-", "bad": "!"}
"""What says without colour what a line of source is."""

STRONG: Tone = "strong"
GOOD: Tone = "good"
BAD: Tone = "bad"


@dataclass(frozen=True)
class Cell:
    """What stands in a table: a value, and how a reader sees it.

    Attributes:
        value: as files and frames hold it; None is nothing.
        text: as a terminal or a page shows it: ``1,234``, ``99.5 %``, or nothing below an equal cell.
        whole: a terminal does not cut it, however long it is.
    """

    value: object
    text: str
    whole: bool = False


Row: TypeAlias = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A plain table. One without rows is not shown, but files and frames hold its columns.

    Attributes:
        columns: their names, as `analyze.render.columns` explains them; `headings` are what a reader sees.
        rows: of one cell a column.
        numbers: the columns that are aligned right and never folded.
        optional: the columns that are left out where no row has anything in them.
        whole: the columns, beside those of numbers, that are never folded.
        name: what files and frames call it; a table without one is only looked at.
        title: what a page says above it.
        brief: the rows that a terminal shows instead, where all of them would be too many.
        seen: whether terminals and pages show it; where not, it holds as data what another table shows to a reader.
        dense: without a rule and an empty line above.
        main: whether files and frames mean it where they name none; else the first.
        noun: what an input is called: see `document`.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    numbers: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset({"line"})
    whole: frozenset[str] = frozenset()
    name: str = ""
    title: str = ""
    brief: tuple[Row, ...] | None = None
    seen: bool = True
    dense: bool = False
    main: bool = False
    noun: str = "input"

    @property
    def headings(self) -> tuple[str, ...]:
        """What stands above the columns: their names, in which an input is called what it is."""
        return tuple(as_called(column, self.noun) if column in OF_INPUTS else column for column in self.columns)

    @property
    def on_screen(self) -> tuple[Row, ...]:
        """The rows that a terminal shows."""
        return self.rows if self.brief is None else self.brief

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the columns in files and frames, no two alike."""
        names: list[str] = []
        for column in self.columns:
            name = column.strip() or "which"
            names.append(f"{name} (second)" if name in names else name)
        return tuple(names)

    def kept(self, rows: Sequence[Row]) -> list[int]:
        """The places of the columns that are not left out where these rows are shown."""
        return [
            at
            for at, column in enumerate(self.columns)
            if column not in self.optional or any(row[at].value not in (None, "") for row in rows)
        ]


@dataclass(frozen=True)
class GridRow:
    """One line of a grid.

    Attributes:
        name, which: what it is of, and which of two it is; nothing where the line above has said so.
        cells: one a column; fewer where there is nothing more.
        marked: the columns whose cells stand out.
        rule: whether a rule stands above.
        strong: whether the whole line stands out.
    """

    name: str
    which: str
    cells: tuple[str, ...]
    marked: frozenset[int] = frozenset()
    rule: bool = False
    strong: bool = False


@dataclass(frozen=True)
class Grid:
    """Variables down, positions across. A narrow terminal shows it in blocks of positions.

    Attributes:
        headers: of each position its number and its token.
        data: the same as a table of files and frames.
    """

    headers: tuple[tuple[str, str], ...]
    rows: tuple[GridRow, ...]
    data: Table


@dataclass(frozen=True)
class Note:
    """A line of text."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A line of text that says what follows, with an empty line before it."""

    text: str


@dataclass(frozen=True)
class Source:
    """Annotated source.

    Attributes:
        around: a terminal shows only marked lines and so many around each; None shows all, as pages do.
        title: what a page says above it.
    """

    source: AnnotatedSource
    around: int | None = None
    title: str = "Source"


@dataclass(frozen=True)
class Change:
    """A change of the source as a unified diff.

    Attributes:
        most: so many lines of it are shown; None shows all.
        more: how to get the others.
    """

    diff: str
    most: int | None = None
    more: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture, which terminals do not show.

    Attributes:
        svg: makes it.
        told: what it shows, for those who do not see it.
    """

    svg: Callable[[], str]
    told: str


Part: TypeAlias = Note | Heading | Table | Grid | Source | Change | Picture


@dataclass(frozen=True)
class Document:
    """A result for readers.

    Attributes:
        answer: the whole in one line.
        title: the heading of a page.
    """

    answer: str
    tone: Tone
    parts: tuple[Part, ...]
    title: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that files and frames may hold, the most important first."""
        found = (part.data if isinstance(part, Grid) else part for part in self.parts)
        named = [part for part in found if isinstance(part, Table) and part.name]
        return tuple(sorted(named, key=lambda table: not table.main))


def document(answer: str, tone: Tone, *parts: Part | str | None, title: str = "", noun: str = "input") -> Document:
    """A document of the parts that there are; a text is a note.

    Args:
        noun: what an input is called in the headings of its tables: a sentence, where the task is a corpus of them.
            Files and frames keep the names of columns, whatever they are about.
    """
    made = tuple(Note(part) if isinstance(part, str) else part for part in parts if part)
    called = tuple(
        replace(part, noun=noun, title=as_called(part.title, noun)) if isinstance(part, Table) else part
        for part in made
    )
    return Document(answer, tone, called, title or answer)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Iterable[str] = (),
    optional: Iterable[str] = ("line",),
    whole: Iterable[str] = (),
    *,
    name: str = "",
    title: str = "",
    brief: Iterable[Sequence[object]] | None = None,
    seen: bool = True,
    dense: bool = False,
    main: bool = False,
) -> Table:
    """A table of cells, or of plain values, which are shown as they are; see `Table`."""
    return Table(
        tuple(columns),
        _rows(rows),
        frozenset(numbers),
        frozenset(optional),
        frozenset(whole),
        name,
        title,
        None if brief is None else _rows(brief),
        seen,
        dense,
        main,
    )


def _rows(rows: Iterable[Sequence[object]]) -> tuple[Row, ...]:
    return tuple(tuple(map(_cell, row)) for row in rows)


def _cell(value: object) -> Cell:
    if isinstance(value, Cell):
        return value
    return Cell(value, "" if value is None else str(value))


def number(value: int) -> Cell:
    """A count, as ``1,234``."""
    return Cell(value, f"{value:,}")


def word(value: str) -> Cell:
    """A word of a program: as it is in frames, and as no other is written elsewhere."""
    return Cell(value, spelled(value))


def again(value: object) -> Cell:
    """What the row above says already: a reader sees nothing."""
    return Cell(value, "")


def noted(notes: Sequence[str], read: Sequence[str] = (), noun: str = "sentence") -> list[Part]:
    """How the sentences of a corpus were read, and what is known of a module, one line each."""
    found: list[Part] = []
    for heading, lines in ((f"how the {noun}s were read:", read), ("known of this module:", notes)):
        if lines:
            found += [Heading(heading), *(Note(f"  {each}") for each in lines)]
    return found
