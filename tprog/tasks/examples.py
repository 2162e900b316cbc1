"""Examples of a task, an input and an output each, from a CSV, TSV, JSON or JSONL file.

Each is text with blanks between its tokens, a list, or a word to be read letter by letter; there is one answer a token
(None in a list where none is graded), or one label an input, which stands at its last token. How a file is read is
decided for all of its rows at once, and told where it is not the plain way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from tprog.errors import BadFile
from tprog.ir.program import BEGIN, END, PAD
from tprog.listing import listing, shortened
from tprog.tasks.cells import Answers, Cell, read_cell, word_of
from tprog.words.rows import Columns, Pair, read_pairs

__all__ = ["MOST_TOKENS", "Examples", "check_words", "in_order", "read_examples", "word_of"]

MOST_TOKENS = 1000
"""The longest input of a user's own task: attention takes memory as the square of it."""

Outputs: TypeAlias = Literal["each", "letters", "label"]
"""An output holds an answer a token, or one a letter, or is one label."""


@dataclass(frozen=True)
class Examples:
    """The examples of a file.

    Attributes:
        known: the tokens of each input, a leading ``<s>`` left out -> where it stands first, and its answers; of
            several outputs, those of each token side by side.
        notes: how the file was read, where there was a choice.
        outputs: the names of several outputs.
        labels: whether each input has one label, and no answer a token.
    """

    known: dict[tuple[str, ...], tuple[str, Answers]]
    notes: tuple[str, ...]
    outputs: tuple[str, ...] = ()
    labels: bool = False


@dataclass(frozen=True)
class _Row:
    where: str
    input: Cell
    output: Cell


@dataclass(frozen=True)
class _Reading:
    """How all rows of a file are read."""

    by_letter: bool
    outputs: Outputs

    def tokens(self, row: _Row) -> Answers:
        return row.input.letters if self.by_letter and row.input.is_word else row.input.items

    def answers(self, row: _Row, tokens: Answers) -> Answers:
        match self.outputs:
            case "letters":
                return row.output.letters
            case "label":
                last = len(tokens) - 1 - int(tokens[-1:] == (END,))
                return tuple(row.output.items[0] if place == last else None for place in range(len(tokens)))
        return row.output.items

    def fits(self, rows: Sequence[_Row]) -> bool:
        """Whether each row has as many answers as tokens."""
        return all(len(self.answers(row, tokens := self.tokens(row))) == len(tokens) for row in rows)


def read_examples(path: Path, columns: Columns | None = None) -> Examples:
    """The examples of a file.

    Args:
        columns: the names of its columns, or keys; left out: those that their names tell.

    Raises:
        BadFile: the file cannot be read, or a row is not as it should be; the message names it.
    """
    found, pairs = read_pairs(path, columns)
    if not pairs:
        raise BadFile(f"{path} holds no example; expected some")
    if not any(isinstance(answered, dict) for *_, answered in pairs):
        return _read_one(path, found, pairs)
    outputs = _outputs(pairs)
    named = _named(pairs, outputs)
    each = [
        _read_one(path, found, [(f"{where}, {name}", asked, answers[name]) for where, asked, answers in named])
        for name in outputs
    ]
    known = {}
    for words, (where, _) in each[0].known.items():
        rows = zip(*(one.known[words][1] for one in each), strict=True)
        known[words] = where, tuple(answer for beside in rows for answer in beside)
    return Examples(known, tuple(dict.fromkeys(note for one in each for note in one.notes)), outputs)


def _outputs(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """The names of several outputs, as the first example has them."""
    where, _, first = pairs[0]
    names = tuple(first) if isinstance(first, dict) else ()
    if len(names) < 2 or not all(name.isidentifier() for name in names):
        raise BadFile(
            f"{where}: the output is {shortened(first)}; expected answers, or in every example an object with the "
            "names of two outputs or more, each of letters, digits and '_'"
        )
    return names


def _named(pairs: Sequence[Pair], outputs: tuple[str, ...]) -> list[tuple[str, object, Mapping[str, object]]]:
    """The examples, each with all outputs."""
    for where, _, answers in pairs:
        if not isinstance(answers, dict) or answers.keys() != set(outputs):
            raise BadFile(
                f"{where}: the output is {shortened(answers)}; expected an object with the keys {listing(outputs)}"
            )
    return [(where, asked, answers) for where, asked, answers in pairs if isinstance(answers, dict)]


def _read_one(path: Path, found: Columns, pairs: Sequence[Pair]) -> Examples:
    """The examples of one output."""
    rows = [
        _Row(where, read_cell(where, "input", asked), read_cell(where, "output", answered))
        for where, asked, answered in pairs
    ]
    reading = _reading(rows)
    known: dict[tuple[str, ...], tuple[str, Answers]] = {}
    for row in rows:
        words, answers = _example(row, reading)
        earlier, same = known.setdefault(words, (row.where, answers))
        if same != answers:
            at = f"line {earlier.rpartition(':')[2]}" if ":" in earlier.removeprefix(str(path)) else earlier
            raise BadFile(
                f"{row.where}: the input of {at} again, with another output: "
                f"{shortened(list(answers))}, not {shortened(list(same))}"
            )
    return Examples(known, tuple(_told(path, found, reading, rows)), labels=reading.outputs == "label")


def _reading(rows: Sequence[_Row]) -> _Reading:
    """The first way to read the rows that fits all of them; if none does, the plainest, whose misfit is then told."""
    look = _look(rows)
    for way in _ways(look):
        if way.fits(rows):
            return way
    if look.words_out and (look.several or look.by_letter) and not _mostly_letters(rows, look.by_letter):
        return _Reading(look.by_letter, "label")
    return _Reading(True, "letters") if look.by_letter and look.words_out else _Reading(False, "each")


@dataclass(frozen=True)
class _Look:
    """How the rows of a file look.

    Attributes:
        several: whether an input has several tokens as it stands.
        by_letter: whether each is one word, and not all of one letter.
        words_out: whether each output is one word.
    """

    several: bool
    by_letter: bool
    words_out: bool


def _look(rows: Sequence[_Row]) -> _Look:
    words = all(row.input.is_word for row in rows)
    return _Look(
        several=any(len(row.input.items) > 1 for row in rows),
        by_letter=words and any(len(row.input.letters) > 1 for row in rows),
        words_out=all(row.output.is_word for row in rows),
    )


def _ways(look: _Look) -> Iterator[_Reading]:
    """The ways to read rows with an answer a token or a letter, the plainest first."""
    if look.several or not look.by_letter:
        yield _Reading(False, "each")
    if look.by_letter:
        yield _Reading(True, "each")
    if look.words_out and (look.several or look.by_letter):
        yield _Reading(look.by_letter, "letters")


def _mostly_letters(rows: Sequence[_Row], by_letter: bool) -> bool:
    """Whether most inputs have an output of as many letters, so that the others have a slip and are no labels."""
    if not by_letter:
        return False
    longer = [row for row in rows if len(row.input.letters) > 1]
    return 2 * sum(len(row.input.letters) == len(row.output.letters) for row in longer) > len(longer)


def _example(row: _Row, reading: _Reading) -> tuple[tuple[str, ...], Answers]:
    """The tokens of an input without a leading ``<s>``, and their answers."""
    where, tokens = row.where, reading.tokens(row)
    answers = reading.answers(row, tokens)
    if None in tokens:
        raise BadFile(f"{where}: token {tokens.index(None)} of the input is null; expected a string")
    if len(tokens) != len(answers):
        unit = "letters" if reading.by_letter else "tokens"
        raise BadFile(
            f"{where}: {len(tokens)} {unit} of input, but {len(answers)} of output; expected one answer a token, or in "
            "all rows one label an input"
        )
    words = tuple(token for token in tokens if token is not None)
    if words[:1] == (BEGIN,):
        words, answers = words[1:], answers[1:]
    _check_input(where, words)
    return words, answers


def _check_input(where: str, words: tuple[str, ...]) -> None:
    """Refuses what no program can be asked, of an input without its leading ``<s>``."""
    if not words or words == (END,):
        raise BadFile(f"{where}: the input is empty; expected at least one token")
    if len(words) > MOST_TOKENS:
        raise BadFile(f"{where}: the input has {len(words):,} tokens; expected at most {MOST_TOKENS:,}")
    if (mark := next((m for m in (BEGIN, END) if m in words[:-1] or words[-1] == BEGIN), None)) is not None:
        raise BadFile(f"{where}: {mark} stands inside the input; expected {BEGIN} first and {END} last, if at all")


def _told(path: Path, columns: Columns, reading: _Reading, rows: Sequence[_Row]) -> Iterable[str]:
    """How the file was read, unless it was the plain way: blanks or JSON lists, and one answer a token."""
    told = []
    if columns.guessed:
        told.append(f"{columns.input!r} is the input and {columns.output!r} the output (--columns says otherwise)")
    if forms := _unusual_forms(rows):
        told.append(f"cells are {' and '.join(forms)}")
    if reading.by_letter:
        told.append(f"inputs are read letter by letter, as {_letters_shown(rows)}")
    if reading.outputs == "letters":
        told.append("outputs have an answer a letter")
    elif reading.outputs == "label":
        told.append(f"outputs are one label an input, as {rows[0].output.items[0]!r}")
    if told:
        yield f"{path}: {'; '.join(told)}"


def _letters_shown(rows: Sequence[_Row]) -> str:
    """An input of several letters, as an example."""
    example = next(row for row in rows if len(row.input.letters) > 1)
    return " ".join(word or "" for word in example.input.letters[:12])


def _unusual_forms(rows: Sequence[_Row]) -> list[str]:
    """What cells are beside text and lists of JSON, in the plural."""
    return sorted({f"{cell.form}s" for row in rows for cell in (row.input, row.output)} - {"texts", "lists"})


# Words ################################################################################################################


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
