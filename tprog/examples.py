"""Examples of a task, an input and its output each, from a CSV or JSONL file.

A CSV file's header names the columns ``input`` and ``output``; a JSONL file has an object with these two keys a line.
Each is text with spaces between its tokens, or a JSON list; there is one answer a token, and null in a list where none
is graded. A whole number in a list is read as its digits.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from tprog.errors import BadFile
from tprog.files import read_text
from tprog.program import BEGIN, END, PAD

MOST_TOKENS = 1000
"""The longest input of a user's own task: attention takes memory as the square of it."""

Answers: TypeAlias = tuple[str | None, ...]
"""One a token, None where none is graded."""


def read_examples(path: Path) -> dict[tuple[str, ...], tuple[int, Answers]]:
    """The examples: the tokens of each input, a leading ``<s>`` left out -> its first line, and its answers.

    Raises:
        BadFile: the file cannot be read, or a line is not as it should be; the message names it.
    """
    text = read_text(path, "examples with an input and an output each")
    pairs = _csv_pairs(path, text) if path.suffix.lower() == ".csv" else _json_pairs(path, text)
    found: dict[tuple[str, ...], tuple[int, Answers]] = {}
    for line, asked, answered in pairs:
        where = f"{path}:{line}"
        tokens, answers = _tokens(where, "input", asked), _tokens(where, "output", answered)
        if None in tokens:
            raise BadFile(f"{where}: token {tokens.index(None)} of the input is null; expected a string")
        if len(tokens) != len(answers):
            raise BadFile(
                f"{where}: {len(tokens)} tokens of input, but {len(answers)} of output; expected one answer a token"
            )
        words = tuple(token for token in tokens if token is not None)
        if words[:1] == (BEGIN,):
            words, answers = words[1:], answers[1:]
        if not words or words == (END,):
            raise BadFile(f"{where}: the input is empty; expected at least one token")
        if len(words) > MOST_TOKENS:
            raise BadFile(f"{where}: the input has {len(words):,} tokens; expected at most {MOST_TOKENS:,}")
        if (mark := next((m for m in (BEGIN, END) if m in words[:-1] or words[-1] == BEGIN), None)) is not None:
            raise BadFile(f"{where}: {mark} stands inside the input; expected {BEGIN} first and {END} last, if at all")
        earlier, same = found.setdefault(words, (line, answers))
        if same != answers:
            raise BadFile(
                f"{where}: the input of line {earlier} again, with another output: "
                f"{shortened(list(answers))}, not {shortened(list(same))}"
            )
    if not found:
        raise BadFile(f"{path} holds no example; expected some")
    return found


def _csv_pairs(path: Path, text: str) -> Iterator[tuple[int, object, object]]:
    """(line, input, output) of each example."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    places: list[int] = []
    line = 1
    try:
        for row in rows:
            if row and header is None:
                header = [name.strip() for name in row]
                for column in ("input", "output"):
                    if header.count(column) != 1:
                        count = "no column" if column not in header else "two columns"
                        raise BadFile(
                            f"{path}:{line}: the header has {count} {column!r}; found {listing(header)}, "
                            "with commas between"
                        )
                places = [header.index("input"), header.index("output")]
            elif row and header is not None:
                if len(row) != len(header):
                    raise BadFile(
                        f"{path}:{line}: {len(row)} columns; expected {len(header)}, as in the header "
                        "(quote a cell that holds a comma)"
                    )
                yield line, row[places[0]], row[places[1]]
            line = rows.line_num + 1
    except csv.Error as error:
        raise BadFile(f"{path}:{line}: not CSV: {error}") from None


def _json_pairs(path: Path, text: str) -> Iterator[tuple[int, object, object]]:
    """(line, input, output) of each example."""
    for line, written in enumerate(text.split("\n"), start=1):
        if not written.strip():
            continue
        try:
            found = json.loads(written)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            raise BadFile(f"{path}:{line}: not JSON: {reason}") from None
        if not isinstance(found, dict) or "input" not in found or "output" not in found:
            raise BadFile(f"{path}:{line}: {shortened(found)}; expected an object with the keys 'input' and 'output'")
        yield line, found["input"], found["output"]


def _tokens(where: str, what: str, cell: object) -> Answers:
    """The tokens of a cell."""
    listed = cell
    if isinstance(cell, str):
        if not (cell.strip().startswith("[") and cell.strip().endswith("]")):
            return tuple(cell.split())
        try:
            listed = json.loads(cell)
        except (ValueError, RecursionError):
            raise BadFile(f"{where}: the {what} {shortened(cell)} begins like a JSON list, but is none") from None
    if not isinstance(listed, list):
        raise BadFile(f"{where}: the {what} is {shortened(listed)}; expected text, or a JSON list of strings")
    words = tuple(None if item is None else word_of(item) for item in listed)
    if "" in words:
        raise BadFile(f"{where}: the {what} holds {shortened(listed[words.index('')])}; expected strings")
    return words


# Parts ################################################################################################################


def in_order(words: Iterable[str]) -> tuple[str, ...]:
    """Whole numbers by size, then the rest by letters: an order that does not depend on that of the examples."""
    return tuple(
        sorted(words, key=lambda word: (0, int(word), word) if re.fullmatch(r"[0-9]{1,9}", word) else (1, 0, word))
    )


def check_words(where: str, what: str, words: Sequence[str]) -> None:
    """Refuses words that no program can read or tell apart.

    Raises:
        BadFile: ``<pad>``, or a word that stands there twice.
    """
    if PAD in words:
        raise BadFile(f"{where}: {what} has {PAD}, which no program reads or predicts; leave it out")
    if len(set(words)) != len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise BadFile(f"{where}: {what} has {twice!r} twice")


def word_of(item: object) -> str:
    """A token or class as text: a whole number is its digits, and what is neither is the empty word."""
    return item if isinstance(item, str) else str(item) if type(item) is int else ""


def listing(words: Sequence[str]) -> str:
    """The first words of many, for a message."""
    return ", ".join(map(repr, words[:20])) + (", ..." if len(words) > 20 else "")


def shortened(value: object) -> str:
    """A value as Python writes it, for a message."""
    text = repr(value)
    return text if len(text) <= 70 else text[:60] + " ..."
