"""The splits of a corpus as files that others read: CoNLL columns, or JSON lines of tokens and a label."""

from __future__ import annotations

import json
from pathlib import Path

from tprog.errors import BadUsage
from tprog.files.folders import write_folder
from tprog.words.corpus import Corpus, Sentence


def write_splits(corpus: Corpus, folder: Path) -> None:
    """Write each split as a file of a new folder: ``train.conll``; where there is one label, ``train.jsonl``.

    Raises:
        BadUsage: a word holds a blank, which no column can.
        BadFile: the folder is there, or cannot be written.
    """
    ending, write = ("conll", _columns) if corpus.tagged else ("jsonl", _records)
    files = {f"{split}.{ending}": write(rows) for split, rows in corpus.splits.items()}
    write_folder(folder, files, lambda _: False, "a corpus")


def _columns(rows: tuple[Sentence, ...]) -> str:
    blank = next((word for row in rows for word in (*row.words, *row.answers) if word.split() != [word]), None)
    if blank is not None:
        raise BadUsage(f"the word {blank!r} holds a blank, and so cannot stand in a column")
    return "\n".join(
        "".join(f"{word} {tag}\n" for word, tag in zip(row.words, row.answers, strict=True)) for row in rows
    )


def _records(rows: tuple[Sentence, ...]) -> str:
    return "".join(
        json.dumps({"tokens": row.words, "label": row.answers[0]}, ensure_ascii=False) + "\n" for row in rows
    )
