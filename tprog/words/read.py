"""A corpus by its name: prepared, a folder of splits, or a file in one of the formats that people have."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tprog.errors import BadFile, BadUsage
from tprog.escape import half_a_pair
from tprog.files import BYTE_ORDER_MARK, read_text
from tprog.ir.domains import BEGIN, END, PAD
from tprog.listing import counted, listing
from tprog.words import tokenizer
from tprog.words.columns import ENDINGS as OF_COLUMNS
from tprog.words.columns import read_columns
from tprog.words.corpus import ALL, TEST, TRAIN, VALID, Corpus, Sentence
from tprog.words.names import CorpusName
from tprog.words.prepared import folder_of, is_prepared, prepared, read_prepared
from tprog.words.records import ENDINGS as OF_RECORDS
from tprog.words.records import read_records
from tprog.words.rows import Columns, split_columns
from tprog.words.sources import SOURCES
from tprog.words.synthetic import MADE, made
from tprog.words.tag_schemes import is_span_tag, read_tags

ENDINGS = (*OF_COLUMNS, ".txt", *OF_RECORDS)
"""What tells the format of a file; ``.txt`` holds columns."""

STEMS = {TRAIN: ("train",), VALID: ("valid", "dev", "validation", "val"), TEST: ("test",)}
"""Split -> the names, without their ending, of its file in a folder."""


def read_corpus(name: str) -> Corpus:
    """A corpus by the name of a prepared one, or by the path of a file or of a folder of splits.

    Raises:
        BadUsage: there is none of this name; the message says what there is, and what to run.
        BadFile: it cannot be read; the message names the file and the line.
    """
    source = CorpusName.of(name).source
    if source in MADE:
        return made(source)
    if is_prepared(source):
        return read_prepared(source)
    written, columns = split_columns(source)
    path = Path(written)
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() in ENDINGS:
        return read_file(path, columns)
    if source in SOURCES:
        raise BadUsage(f"the corpus {source} has not been prepared here; run {SOURCES[source].advice}")
    known = listing((*MADE, *SOURCES, *(name for name in prepared() if name not in SOURCES)))
    raise BadUsage(
        f"there is no corpus {source!r}; expected {known}, a folder with the files train, valid and test, or a file "
        f"that ends in {', '.join(ENDINGS)}"
    )


def read_own(name: str, path: Path, columns: str | None = None, seed: int = 0) -> Corpus:
    """A corpus of somebody's own, in splits.

    Args:
        name: what it is to be called.
        path: a file, or a folder of splits.
        columns: the two columns, with a comma between.
        seed: of the split of a file.

    Raises:
        BadUsage: the name is taken, or no name; or the columns are not two.
        BadFile: it cannot be read; the message names the file and the line.
    """
    folder_of(name)
    if name in MADE:
        raise BadUsage(f"the name {name!r} is that of tpdebug's own; give another")
    chosen: Columns | None = None
    if columns is not None:
        parts = [part.strip() for part in columns.split(",")]
        if len(parts) != 2 or not all(parts):
            raise BadUsage(f"--columns {columns!r}: expected two, with a comma between, such as 1,4 or text,label")
        chosen = Columns(parts[0], parts[1])
    if not path.is_dir() and path.suffix.lower() not in ENDINGS:
        raise BadFile(f"{path} is of no known format; expected a folder, or a file that ends in {', '.join(ENDINGS)}")
    read = read_folder(path, chosen) if path.is_dir() else read_file(path, chosen)
    return replace(read, name=name).divided(seed)


def read_folder(path: Path, columns: Columns | None = None) -> Corpus:
    """A corpus of the files ``train``, ``valid`` (or ``dev``) and ``test`` of a folder, each with an ending of
    `ENDINGS`.

    Raises:
        BadFile: there is no file for training, two for one split, or one cannot be read.
    """
    parts = {split: read_file(file, columns) for split, file in _files(path).items()}
    first = parts[TRAIN]
    for part in parts.values():
        if part.tagged != first.tagged:
            one, other = ("a tag a word", "one label") if first.tagged else ("one label", "a tag a word")
            raise BadFile(f"{part.source} has {other}, and {first.source} {one}; expected the same in all splits")
    return Corpus(
        path.resolve().name,
        first.tagged,
        {split: part.splits[ALL] for split, part in parts.items()},
        str(path),
        hashlib.sha256("".join(part.sha256 for part in parts.values()).encode()).hexdigest(),
        first.scheme,
        tuple(note for part in parts.values() for note in part.notes),
    )


def _files(folder: Path) -> dict[str, Path]:
    """The file of each split; that of training is there."""
    files: dict[str, Path] = {}
    for split, stems in STEMS.items():
        there = [file for stem in stems for end in ENDINGS if (file := folder / (stem + end)).is_file()]
        if len(there) > 1:
            raise BadFile(f"{folder} has {there[0].name} and {there[1].name}, both for the split {split}; leave one")
        if there:
            files[split] = there[0]
    if TRAIN not in files:
        endings = ", ".join(ENDINGS[1:])
        raise BadFile(f"{folder} has no file train.conll (or train with {endings}); expected it, and valid and test")
    return files


def read_file(path: Path, columns: Columns | None = None) -> Corpus:
    """A corpus of one file, which has no splits.

    Raises:
        BadFile: it cannot be read; the message names the line.
    """
    text = read_text(path, "sentences with their tags or labels", keep_mark=True)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    text = text.removeprefix(BYTE_ORDER_MARK)
    notes = []
    if path.suffix.lower() in OF_RECORDS:
        tagged, divided, rows = read_records(path, text, columns)
        if divided and not tagged:
            notes.append(f"{path}: texts are divided into words: {tokenizer.NAME}")
    else:
        rows, left_out = read_columns(path, text, columns)
        tagged, notes = True, [*left_out]
    if empty := sum(not row.words for row in rows):
        notes.append(f"{path}: {counted(empty, 'sentence' if tagged else 'text')} without a word left out")
        rows = tuple(row for row in rows if row.words)
    if not rows:
        raise BadFile(f"{path} holds no sentence; expected some")
    check_sentences(path, rows)
    corpus = Corpus(path.stem, tagged, {ALL: rows}, str(path), sha256, None, tuple(notes))
    return as_iob2(corpus, path) if tagged else corpus


def check_sentences(path: Path, rows: Sequence[Sentence]) -> None:
    """Refuse words and answers that no program reads or predicts.

    Raises:
        BadFile: a mark among them, or half of a surrogate pair; the message names the line.
    """
    for row in rows:
        for what, words in (("word", row.words), ("answer", row.answers)):
            for word in words:
                if word in (BEGIN, END, PAD):
                    raise BadFile(
                        f"{path}:{row.line}: the {what} {word!r} is a mark of tpdebug, which puts {BEGIN} and {END} "
                        "around every sentence; leave it out, or write it otherwise"
                    )
                if half_a_pair(word):
                    raise BadFile(f"{path}:{row.line}: the {what} {word!r} holds half of a surrogate pair")


def as_iob2(corpus: Corpus, path: Path) -> Corpus:
    """A corpus of tags with those that tell spans in IOB2; other tags, such as parts of speech, stay.

    Raises:
        BadFile: some tags are of a scheme for spans, and some are not.
    """
    rows = corpus.splits[ALL]
    lines = path.suffix.lower() not in OF_RECORDS  # each tag has one of its own
    plain = [(row.line + at * lines, tag) for row in rows for at, tag in enumerate(row.answers) if not is_span_tag(tag)]
    spans = any(is_span_tag(tag) and tag != "O" for row in rows for tag in row.answers)
    if not spans:
        return corpus
    if plain:
        line, tag = plain[0]
        raise BadFile(
            f"{path}:{line}: the tag {tag!r} is of none of the schemes IOB, IOB2 and BIOES, as others of this file "
            "are; expected O, or B-, I-, E- or S- and a type"
        )
    read = read_tags([row.answers for row in rows])
    told = f"{path}: the tags are {read.scheme}" + (", read as IOB2" if read.scheme != "IOB2" else "")
    if read.broken:
        told += f"; {counted(read.broken, 'broken transition')}, where a span begins or ends otherwise"
    again = tuple(replace(row, answers=tags) for row, tags in zip(rows, read.rows, strict=True))
    return replace(corpus, splits={ALL: again}, scheme=read.scheme, notes=(*corpus.notes, told))
