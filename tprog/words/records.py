"""Sentences of JSONL (or JSON) with tokens and tags, or text and a label; of CSV and TSV with text and a label."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from sys import intern

from tprog.errors import BadFile
from tprog.listing import shortened
from tprog.words.corpus import Sentence
from tprog.words.rows import ENDINGS as ENDINGS
from tprog.words.rows import Columns, Pair, pairs_of
from tprog.words.tokenizer import words_of


def read_records(path: Path, text: str, columns: Columns | None = None) -> tuple[bool, bool, tuple[Sentence, ...]]:
    """The sentences of a file of records.

    Args:
        path: where it stands, for messages; its ending says the format.
        columns: the names of the two columns or keys; left out, those whose names tell it.

    Returns:
        whether there is a tag a word (else one label a sentence), whether texts were divided into words here, and
        the sentences, those without a word among them.

    Raises:
        BadFile: a record is not as it should be; the message names it.
    """
    _, pairs = pairs_of(path, text, columns)
    if not pairs:
        raise BadFile(f"{path} holds no sentence; expected some")
    tagged = isinstance(pairs[0][2], list)
    rows = [_sentence(pair, tagged) for pair in pairs]
    return tagged, any(isinstance(asked, str) for _, asked, _ in pairs), tuple(rows)


def _sentence(pair: Pair, tagged: bool) -> Sentence:
    where, asked, answered = pair
    if tagged != isinstance(answered, list):
        one, other = ("a list of tags", "one label") if tagged else ("one label", "a list of tags")
        raise BadFile(f"{where}: {other} ({shortened(answered)}); expected {one}, as in the first sentence")
    words = _words(where, asked, tagged)
    answers = _strings(where, "tags", answered) if isinstance(answered, list) else (_label(where, answered),)
    if tagged and len(words) != len(answers):
        raise BadFile(f"{where}: {len(words):,} tokens, but {len(answers):,} tags; expected one tag a token")
    line = where.rpartition(":")[2]
    return Sentence(words, answers, int(line) if line.isdecimal() else 0)


def _words(where: str, asked: object, tagged: bool) -> tuple[str, ...]:
    if isinstance(asked, list):
        return _strings(where, "tokens", asked)
    if not isinstance(asked, str):
        raise BadFile(f"{where}: the text is {shortened(asked)}; expected text, or a list of tokens")
    # Tags are counted by the blanks of whoever wrote them, and text that has a label is divided by the tokenizer.
    return tuple(map(intern, asked.split() if tagged else words_of(asked)))


def _label(where: str, answered: object) -> str:
    if isinstance(answered, bool) or not isinstance(answered, str | int) or not (label := str(answered).strip()):
        raise BadFile(f"{where}: the label is {shortened(answered)}; expected a word")
    return intern(label)


def _strings(where: str, what: str, items: Sequence[object]) -> tuple[str, ...]:
    for place, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, str | int) or item == "":
            raise BadFile(f"{where}: item {place} of the {what} is {shortened(item)}; expected a string")
    return tuple(intern(str(item)) for item in items)
