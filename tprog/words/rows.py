"""The rows of a CSV, TSV, JSON or JSONL file of examples: which column or key is the input, and which the output."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tprog.errors import BadFile
from tprog.files import read_text
from tprog.files.formats import parse_json
from tprog.listing import counted, listing, shortened

ENDINGS = (".csv", ".tsv", ".jsonl", ".json")
"""What tells a file of examples."""

INPUTS = (
    "input", "inputs", "text", "texts", "word", "words", "token", "tokens", "sentence", "sentences", "sequence",
    "source", "string", "question", "x",
)  # fmt: skip
OUTPUTS = (
    "output", "outputs", "label", "labels", "tag", "tags", "target", "targets", "answer", "answers", "class",
    "classes", "category", "pos", "ner", "ner_tags", "sentiment", "topic", "y",
)  # fmt: skip
"""Names of columns that say by themselves which they are."""

Pair: TypeAlias = tuple[str, object, object]
"""Where an example stands, its input and its output; of several outputs, a mapping from the name of each to it."""

_WITH_COLUMNS = re.compile(
    r"(.*\.(?:csv|tsv|jsonl|json|conll|iob2?|bio|bioes|txt)):([^:,]+(?:,[^:,]+)+)", re.IGNORECASE | re.DOTALL
)

_OUTPUT = "output."
"""What the names of columns begin with that are said to be outputs: ``output.share``, as pandas writes objects."""


@dataclass(frozen=True)
class Columns:
    """The names of two columns, or of several outputs beside the input.

    Attributes:
        guessed: nobody said that it is these.
        more: the further outputs.
    """

    input: str
    output: str
    guessed: bool = False
    more: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The input, and then all outputs."""
        return self.input, self.output, *self.more

    def pair(self, where: str, cells: Mapping[str, object]) -> Pair:
        """The example in a row, whose cells go by the names of their columns."""
        if not self.more:
            return where, cells[self.input], cells[self.output]
        return where, cells[self.input], {name.removeprefix(_OUTPUT): cells[name] for name in self.names[1:]}


def split_columns(name: str) -> tuple[str, Columns | None]:
    """``tags.csv:word,tags`` as a path and the names of columns behind it, if there are some."""
    found = _WITH_COLUMNS.fullmatch(name)
    if found is None:
        return name, None
    one, other, *more = (name.strip() for name in found[2].split(","))
    return found[1], Columns(one, other, more=tuple(more))


def read_pairs(path: Path, columns: Columns | None) -> tuple[Columns, list[Pair]]:
    """All examples of a file, and where they stand in it.

    Raises:
        BadFile: it cannot be read, has other columns, or a row is not as it should be; the message names it.
    """
    return pairs_of(path, read_text(path, "examples with an input and an output each"), columns)


def pairs_of(path: Path, text: str, columns: Columns | None) -> tuple[Columns, list[Pair]]:
    """All examples of the text of a file; as `read_pairs`."""
    match path.suffix.lower():
        case ".csv":
            return _table(path, text, ",", columns)
        case ".tsv":
            return _table(path, text, "\t", columns)
        case ".jsonl":
            return _of_objects(path, _lines(path, text), columns)
    return _of_objects(path, _items(path, text), columns)


def chosen(where: str, names: Sequence[str], columns: Columns | None) -> Columns:
    """Which of the columns are meant: those named, else ``input`` and ``output`` (or several as ``output.share``), else
    those whose names say it.

    Raises:
        BadFile: they are not there, or it is not plain which they are.
    """
    if columns is not None:
        _check_there(where, names, columns)
        return columns
    for name in ("input", "output"):
        if names.count(name) > 1:
            raise BadFile(f"{where}: the header has two columns {name!r}")
    found = _called_so(names) or _guessed(names)
    if found is None:
        raise _unclear(where, names)
    return found


def _called_so(names: Sequence[str]) -> Columns | None:
    """``input`` and ``output``, or several outputs, each under its name."""
    if "input" not in names:
        return None
    if "output" in names:
        return Columns("input", "output")
    apart = [name for name in names if name.startswith(_OUTPUT)]
    return Columns("input", apart[0], more=tuple(apart[1:])) if len(apart) > 1 else None


def _guessed(names: Sequence[str]) -> Columns | None:
    """The only columns whose names are such as an input and an output have."""
    inputs, outputs = ([name for name in names if name.lower() in known] for known in (INPUTS, OUTPUTS))
    return Columns(inputs[0], outputs[0], guessed=True) if len(inputs) == len(outputs) == 1 else None


def _check_there(where: str, names: Sequence[str], columns: Columns) -> None:
    for name in columns.names:
        if names.count(name) != 1:
            many = "no column" if name not in names else "two columns"
            raise BadFile(f"{where}: there is {many} {name!r}; found {listing(list(names))}")


def _unclear(where: str, names: Sequence[str]) -> BadFile:
    """The error where nobody said which columns are meant, and no name does: another separator, or a question."""
    if len(names) == 1 and (mark := next((mark for mark in ";\t|" if mark in names[0]), None)):
        told = "tabs" if mark == "\t" else repr(mark)
        return BadFile(
            f"{where}: the header {names[0]!r} has {told} between its names; expected commas, or tabs in a .tsv"
        )
    two = [name for name in names if name][:2]
    nameable = len(two) == 2 and not any("," in name for name in two)
    example = shlex.quote(",".join(two)) if nameable else "INPUT,OUTPUT"
    return BadFile(
        f"{where}: which is the input, and which the output? found {listing(list(names))}; say it with "
        f"--columns {example}, or name them input and output (in a table, in a line above the examples)"
    )


def _table(path: Path, text: str, delimiter: str, columns: Columns | None) -> tuple[Columns, list[Pair]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    header: list[str] | None = None
    found = Columns("input", "output")
    pairs: list[Pair] = []
    line = 1
    try:
        for row in rows:
            if row and header is None:
                header = [name.strip() for name in row]
                found = chosen(f"{path}:{line}", header, columns)
            elif row and header is not None:
                _check_columns(f"{path}:{line}", row, header, delimiter)
                cells = {name: row[header.index(name)] for name in found.names}
                pairs.append(found.pair(f"{path}:{line}", cells))
            line = rows.line_num + 1
    except csv.Error as error:
        kind = "CSV" if delimiter == "," else "TSV"
        raise BadFile(f"{path}:{line}: not {kind}: {error}") from None
    return found, pairs


def _check_columns(where: str, row: Sequence[str], header: Sequence[str], delimiter: str) -> None:
    if len(row) != len(header):
        quote = "comma" if delimiter == "," else "tab"
        raise BadFile(
            f"{where}: {counted(len(row), 'column')}; expected {len(header)}, as in the header "
            f"(quote a cell that holds a {quote})"
        )


def _lines(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """(where, value) of each line of JSON."""
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            yield f"{path}:{line}", json.loads(written)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadFile(f"{path}:{line}: not JSON: {reason}") from None


def _items(path: Path, text: str) -> Iterator[tuple[str, Any]]:
    """(where, value) of each item of a JSON list, or of columns as pandas writes them."""
    what = "a list of objects with an input and an output each"
    whole = parse_json(text, str(path), what)
    if isinstance(whole, Mapping):
        whole = _from_columns(path, whole, what)
    if not isinstance(whole, list):
        raise BadFile(f"{path} is {shortened(whole)}; expected {what}")
    for place, item in enumerate(whole):
        yield f"{path}, item {place}", item


def _from_columns(path: Path, whole: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    """Rows of ``{"input": [...], "output": [...]}``, or of ``{"input": {"0": ...}, ...}``."""
    columns = {name: list(cells.values()) if isinstance(cells, dict) else cells for name, cells in whole.items()}
    keys = {tuple(cells) for cells in whole.values() if isinstance(cells, dict)}
    lengths = {len(cells) if isinstance(cells, list) else -1 for cells in columns.values()}
    if len(lengths) != 1 or -1 in lengths or len(keys) > 1:
        raise BadFile(f"{path} is {shortened(dict(whole))}; expected {what}, or columns of equal length")
    (length,) = lengths
    return [{name: cells[row] for name, cells in columns.items()} for row in range(length)]


def _of_objects(path: Path, items: Iterator[tuple[str, Any]], columns: Columns | None) -> tuple[Columns, list[Pair]]:
    found, pairs = columns, []
    for where, item in items:
        if not isinstance(item, dict):
            raise BadFile(f"{where}: {shortened(item)}; expected an object with the keys 'input' and 'output'")
        found = chosen(where, list(item), columns) if found is None or found is columns else found
        if not item.keys() >= {*found.names}:
            *names, last = map(repr, found.names)
            raise BadFile(f"{where}: {shortened(item)}; expected an object with the keys {', '.join(names)} and {last}")
        pairs.append(found.pair(where, item))
    return found or Columns("input", "output"), pairs
