"""The tables of a document as CSV and as data frames."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from analyze.render.document import Cell, Document, Table
from tprog.errors import BadUsage, TpdebugError
from tprog.escape import spelled, visible
from tprog.listing import listing

if TYPE_CHECKING:
    import pandas


class NoPandas(TpdebugError):
    """A data frame was asked for, and pandas is not installed."""


def named_table(document: Document, name: str | None = None) -> Table:
    """A table of a document by its name; left out, the first.

    Raises:
        BadUsage: it has no such table.
    """
    names = [table.name for table in document.tables]
    if not names:
        raise BadUsage(f"{document.title} has no table")
    if name is None:
        return document.tables[0]
    if name not in names:
        raise BadUsage(f"there is no table {name!r}; expected one of {listing(names)}")
    return document.tables[names.index(name)]


def table_of_file(document: Document, file: Path) -> tuple[Table, str]:
    """The table that a file's name asks for, ``blame.edits.csv``, or else the first; and how to get the others."""
    asked = Path(file.stem).suffix.removeprefix(".")
    known = {table.name for table in document.tables}
    table = named_table(document, asked if asked in known else None)
    stem = file.stem.removesuffix(f".{table.name}")
    others = [f"{stem}.{other.name}.csv" for other in document.tables if other.name != table.name]
    return table, f"the table {table.name}" + (f"; others: -o {', '.join(others)}" if others else "")


def csv_text(table: Table) -> str:
    """A table as CSV (RFC 4180): a line of column names, then one a row. What is not there is an empty field."""
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(map(visible, table.fields))
    writer.writerows(map(_field, row) for row in table.rows)
    return page.getvalue()


def _field(cell: Cell) -> object:
    if not isinstance(cell.value, str):
        return cell.value
    unlike_others = spelled(cell.value)
    return unlike_others if cell.text == unlike_others else visible(cell.value)


def frame(document: Document, name: str | None = None) -> pandas.DataFrame:
    """A table as a data frame of pandas.

    Raises:
        BadUsage: there is no such table.
        NoPandas: pandas is not installed.
    """
    table = named_table(document, name)
    try:
        import pandas
    except ImportError:
        raise NoPandas("a data frame needs pandas; expected it installed: pip install 'tpdebug[frames]'") from None
    rows = [[cell.value for cell in row] for row in table.rows]
    made = pandas.DataFrame(rows, columns=list(table.fields))
    return made.convert_dtypes()
