"""The files beside a published module: CSV as pandas would read it, without pandas.

The rules are those of ``pandas.read_csv`` from version 2.0 to 3.1 with its default engine, for the calls that the
dialect knows. What these would read in a way that nobody can mean (a word among weights makes a whole column vanish) is
refused with its line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NoReturn

from tprog.errors import BadFile, BadSource

READ_AS_MISSING = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA"}
    | {"NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""What pandas takes for a missing value, in quotes or not; ``None`` since version 2.0."""

LARGEST_EXPONENT = 30
"""Decimal places, before or behind the point, of a weight; beyond them no exact logit fits in 64 bits."""

_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,4}))?")


@dataclass(frozen=True)
class Row:
    """One row: its text as written, cell by cell, and its first and last line (1-based)."""

    cells: tuple[str, ...]
    line: int
    last: int


@dataclass(frozen=True, eq=False)
class Table:
    """A CSV file.

    Attributes:
        name: the file's plain name.
        header: the names of the columns.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]

    def refuse(self, row: Row | None, found: str, expected: str) -> NoReturn:
        """Raise BadSource at a row, None being the header."""
        raise BadSource(self.name, row.line if row else 1, 1, found, expected)

    def column(self, name: str) -> int:
        """The place of a column (0-based)."""
        if name not in self.header:
            self.refuse(None, f"the columns {', '.join(self.header[:12])}", f"a column {name!r}")
        return self.header.index(name)

    @cached_property
    def weights(self) -> Mapping[tuple[str, str], list[Row]]:
        """(feature, value) -> the rows that `.loc` finds, the first two columns being the index."""
        found: dict[tuple[str, str], list[Row]] = {}
        for row in self.rows:
            feature, value = row.cells[:2]
            if feature not in READ_AS_MISSING and value not in READ_AS_MISSING:
                found.setdefault((feature, value), []).append(row)
        return found


def _rows(name: str, text: str) -> Iterator[Row]:
    """The rows of a CSV file, each of as many cells as the first, which is the header."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: int | None = None
    line = 1
    try:
        for cells in reader:
            first, line = line, reader.line_num + 1
            if not cells:
                continue  # pandas skips empty lines
            if columns is None:
                columns = len(cells)
            elif len(cells) != columns:
                raise BadSource(name, first, 1, f"a row of {len(cells)} cells", f"{columns}, as in the header")
            elif cells[0][:1].isspace():
                raise BadSource(name, first, 1, "a row that begins with a space", "its first cell")
            yield Row(tuple(cells), first, line - 1)
    except csv.Error as error:
        raise BadSource(name, reader.line_num or 1, 1, f"no CSV ({error})", "comma-separated values") from None


def read_table(name: str, text: str, index: int) -> Table:
    """A CSV file as pandas divides it into rows and cells.

    Args:
        index: how many columns come before those with values.

    Raises:
        BadSource, BadFile: it is no such table, or one that pandas would read in pieces.
    """
    found = list(_rows(name, text))
    header, rows = found[0].cells if found else (), found[1:]
    if not rows or len(header) <= index:
        raise BadFile(f"{name}: no table with {index} columns of names and at least one of values")
    if "" in header or len(set(header)) != len(header):
        raise BadSource(name, 1, 1, "a column without a name, or one twice", "a name of its own for each column")
    if len(rows) >= (most := _rows_in_one_piece(len(header))):
        raise BadFile(f"{name} has {len(rows):,} rows; pandas reads {most:,} or more in pieces of different types")
    return Table(name, header, tuple(rows))


def _rows_in_one_piece(width: int) -> int:
    """The rows from which on pandas' reader guesses the types of each piece of a file on its own."""
    rows = 1
    while rows * 2 < 2**20 // width:
        rows *= 2
    return rows


def decimal(table: Table, row: Row, place: int) -> tuple[int, int] | None:
    """A weight as digits * 10**exponent, exactly; None where pandas reads it as missing."""
    text = row.cells[place]
    if text in READ_AS_MISSING:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        table.refuse(row, f"the weight {text!r}", "a decimal number")
    behind = match[3] or ""
    digits = (match[2] + behind).lstrip("0")
    if not digits:
        return 0, 0
    exponent = int(match[4] or 0) - len(behind)
    zeros = min(len(digits) - len(digits.rstrip("0")), max(0, -exponent))
    digits, exponent = digits[: len(digits) - zeros], exponent + zeros
    if abs(exponent) > LARGEST_EXPONENT or len(digits) > LARGEST_EXPONENT:
        shown = text if len(text) <= 60 else f"{text[:60]}..."
        table.refuse(row, f"the weight {shown!r}", f"at most {LARGEST_EXPONENT} places before and behind the point")
    return int(match[1] + digits), exponent


def whole(table: Table, row: Row, place: int) -> int:
    """A whole number in a column of whole numbers."""
    text = row.cells[place]
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        table.refuse(row, f"{text!r} in the column {table.header[place]!r}", "a whole number")
    return int(text)
