"""Word vectors: a word and a row of numbers each, from a file of GloVe or word2vec, or prepared by `tpdebug data`."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.errors import BadFile, BadUsage
from tprog.escape import json_text
from tprog.files import decoded, read_bytes, read_text
from tprog.files.folders import write_folder
from tprog.files.formats import parse_json
from tprog.words.prepared import cache_folder
from tprog.words.sources import VECTORS

Floats: TypeAlias = NDArray[np.float32]

_LIST, _WORDS, _ROWS = "vectors.json", "words.txt", "vectors.npy"

_TOOL = "tpdebug data"

LARGEST_FILE = 2**31
"""Bytes of a file of vectors: GloVe's largest text has 5.6 GB, and is refused rather than read for minutes."""

WIDEST = 1024
"""Numbers of a vector."""

_NPY = re.compile(rb"\{'descr': '<f4', 'fortran_order': (True|False), 'shape': \(([0-9]{1,9}), ([0-9]{1,9})\), \}\s*")
"""How NumPy says what a .npy holds; nothing else of such a file is understood, pickled objects least of all."""

_LONGEST_HEADER = 4096


@dataclass(frozen=True, eq=False)
class Vectors:
    """Words with their vectors.

    Attributes:
        words: each once.
        rows: [word, number].
        source: where they come from.
    """

    words: tuple[str, ...]
    rows: Floats
    source: str

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return int(self.rows.shape[1])

    @cached_property
    def _codes(self) -> dict[str, int]:
        return {word: code for code, word in enumerate(self.words)}

    def of(self, words: Sequence[str]) -> tuple[Floats, NDArray[np.bool_]]:
        """The vectors of some words: of each as it stands, else in lower case.

        Returns:
            [word, number] the vectors, zeros for a word that has none; [word] whether it has one.
        """
        codes = np.array([self._codes.get(word, self._codes.get(word.lower(), -1)) for word in words], dtype=np.int64)
        known = codes >= 0
        return np.where(known[:, None], self.rows[codes], np.float32(0)), known


def rows_of_npy(where: str, data: bytes) -> Floats:
    """The matrix of 32-bit numbers in a ``.npy``, of which nothing but numbers is read.

    Raises:
        BadFile: it holds anything else.
    """
    expected = "expected a matrix of 32-bit numbers as .npy"
    begin = 10 if data[6:7] == b"\x01" else 12
    end = begin + int.from_bytes(data[8:begin], "little")
    told = _NPY.fullmatch(data[begin : min(end, begin + _LONGEST_HEADER)])
    if data[:6] != b"\x93NUMPY" or told is None:
        raise BadFile(f"{where} holds something else; {expected}")
    by_column, count, width = told[1] == b"True", int(told[2]), int(told[3])
    if not 0 < width <= WIDEST or not count or len(data) != end + 4 * count * width:
        raise BadFile(f"{where} has {len(data) - end:,} bytes of numbers for the shape ({count}, {width}); {expected}")
    numbers: Any = np.frombuffer(data, dtype="<f4", offset=end)
    rows = numbers.reshape((width, count)).T if by_column else numbers.reshape((count, width))
    return _finite(where, np.ascontiguousarray(rows, dtype=np.float32))


def read_vectors(path: Path) -> Vectors:
    """The vectors of a text file: a line a word, the word and its numbers with blanks between, as GloVe writes them;
    the first line may say how many there are, as word2vec does.

    Raises:
        BadFile: a line has another width than the first, or no numbers; the message names it.
    """
    text = decoded(read_bytes(path, "word vectors", largest=LARGEST_FILE), path, "word vectors")
    lines = text.split("\n")
    first = 1 if len(lines[0].split()) == 2 else 0
    words: list[str] = []
    rows: list[Floats] = []
    for at, line in enumerate(lines[first:], first + 1):
        if not line.strip():
            continue
        word, _, numbers = line.rstrip("\r ").partition(" ")
        try:
            row = np.array(numbers.split(" "), dtype=np.float32)
        except ValueError:
            raise BadFile(f"{path}:{at}: expected a word and numbers with blanks between them") from None
        if rows and len(row) != len(rows[0]):
            raise BadFile(f"{path}:{at}: {len(row)} numbers; expected {len(rows[0])}, as in line {first + 1}")
        words.append(word)
        rows.append(row)
    if not rows or len(rows[0]) > WIDEST:
        raise BadFile(f"{path} holds no vectors of 1 to {WIDEST} numbers; expected a word and its numbers a line")
    return made_vectors(tuple(words), _finite(str(path), np.stack(rows)), str(path))


def vectors_folder() -> Path:
    """The folder of the prepared copy."""
    return cache_folder() / "vectors"


def _ours(folder: Path) -> bool:
    return (folder / _LIST).is_file()


def write_prepared_vectors(vectors: Vectors, made_by: str, *, force: bool = False) -> Path:
    """Write the copy of word vectors, hashed, or leave everything as it was; arguments as of `write_prepared`."""
    numbers = io.BytesIO()
    np.lib.format.write_array(numbers, vectors.rows, allow_pickle=False)
    files = {_WORDS: "\n".join(vectors.words).encode(), _ROWS: numbers.getvalue()}
    listed = {
        "tool": _TOOL,
        "source": vectors.source,
        "made_by": made_by,
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    text, target = json_text(listed, indent=2) + "\n", vectors_folder()
    if _ours(target) and not force and read_bytes(target / _LIST) == text.encode():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    write_folder(target, {_LIST: text, **files}, _ours, "a prepared copy", force=force)
    return target


def prepared_vectors() -> Vectors:
    """The prepared word vectors, each file compared with its hash.

    Raises:
        BadUsage: there are none; the message says what to run.
        BadFile: they are not as they were written.
    """
    folder = vectors_folder()
    if not _ours(folder):
        raise BadUsage(f"word vectors have not been prepared here; run {VECTORS.advice}")
    advice = f"prepare them again: {VECTORS.advice} --force"
    listed = parse_json(read_text(folder / _LIST, "the list of word vectors"), str(folder / _LIST), "an object")
    files = {name: read_bytes(folder / name, "word vectors", largest=LARGEST_FILE) for name in (_WORDS, _ROWS)}
    for name, data in files.items():
        told = listed.get("sha256") if isinstance(listed, dict) else None
        if not isinstance(told, dict) or told.get(name) != hashlib.sha256(data).hexdigest():
            raise BadFile(f"{folder / name} is not as tpdebug data wrote it (its sha256 is another); {advice}")
    words = tuple(files[_WORDS].decode().split("\n"))
    return Vectors(words, rows_of_npy(str(folder / _ROWS), files[_ROWS]), str(listed.get("source")))


def made_vectors(words: tuple[str, ...], rows: Floats, source: str) -> Vectors:
    """Words with their vectors, each word once: the first time it stands there."""
    if len(words) != len(rows):
        raise BadFile(f"{source} has {len(words):,} words and {len(rows):,} vectors; expected as many")
    if len(set(words)) == len(words):
        return Vectors(words, rows, source)
    first = {word: at for at, word in reversed([*enumerate(words)])}
    kept = sorted(first.values())
    return Vectors(tuple(words[at] for at in kept), rows[kept], source)


def _finite(where: str, rows: Floats) -> Floats:
    if not np.isfinite(rows).all():
        at = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise BadFile(f"{where}: row {at} holds a number that is none; expected finite ones")
    return rows
