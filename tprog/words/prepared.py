"""Prepared corpora: a local copy of each, split and hashed, in the user's cache folder.

A copy is a folder ``tpdebug/corpora/NAME`` of ``$XDG_CACHE_HOME`` (``~/.cache`` where that is not set): a list
``corpus.json`` with the hash of each file, and a file of JSON lines a split, ``{"tokens": [...], "tags": [...]}`` or
``{"tokens": [...], "label": "..."}``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from sys import intern
from typing import Any

from tprog.errors import BadFile, BadUsage
from tprog.escape import json_text
from tprog.files import read_bytes, read_text
from tprog.files.folders import write_folder
from tprog.files.formats import parse_json
from tprog.version import VERSION
from tprog.words.corpus import Corpus, Sentence

LIST = "corpus.json"

_TOOL = "tpdebug data"

_NAME = re.compile(r"[A-Za-z0-9_][\w .-]{0,99}")

LARGEST_COPY = 256 * 2**20
"""Bytes of one split."""


def cache_folder() -> Path:
    """tpdebug's folder among the user's caches."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(told) if told and Path(told).is_absolute() else Path.home() / ".cache"  # as its specification says
    return base / "tpdebug"


def corpora_folder() -> Path:
    """The folder of all prepared corpora."""
    return cache_folder() / "corpora"


def folder_of(name: str) -> Path:
    """The folder of a prepared corpus.

    Raises:
        BadUsage: no corpus can have this name.
    """
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        raise BadUsage(f"the name of a corpus is {name!r}; expected letters, digits, '_', '-', '.' and blanks")
    return corpora_folder() / name


def is_prepared(name: str) -> bool:
    """Whether a corpus of this name has been prepared."""
    return _NAME.fullmatch(name) is not None and (corpora_folder() / name / LIST).is_file()


def prepared() -> tuple[str, ...]:
    """The names of all prepared corpora, in order."""
    return tuple(sorted(path.parent.name for path in corpora_folder().glob(f"*/{LIST}")))


def _ours(folder: Path) -> bool:
    return (folder / LIST).is_file()


def write_prepared(corpus: Corpus, made_by: str, *, force: bool = False) -> Path:
    """Write the copy of a corpus, or leave everything as it was.

    Args:
        made_by: the command that makes it, for whoever finds it changed.
        force: replace a copy that is there and holds something else.

    Returns:
        its folder.

    Raises:
        BadFile: it cannot be written, or another copy of this name is there.
    """
    target = folder_of(corpus.name)
    files = {f"{split}.jsonl": _lines(corpus, rows) for split, rows in corpus.splits.items()}
    listed = {
        "tool": _TOOL,
        "version": VERSION,
        "name": corpus.name,
        "tagged": corpus.tagged,
        "scheme": corpus.scheme,
        "source": Path(corpus.source).name,
        "source_sha256": corpus.sha256,
        "made_by": made_by,
        "notes": list(corpus.notes),
        "splits": {
            split: {"sentences": len(rows), "sha256": hashlib.sha256(files[f"{split}.jsonl"]).hexdigest()}
            for split, rows in corpus.splits.items()
        },
    }
    text = json_text(listed, indent=2) + "\n"
    if _ours(target) and not force and read_bytes(target / LIST) == text.encode():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    write_folder(target, {LIST: text, **files}, _ours, "a prepared corpus", force=force)
    return target


def _lines(corpus: Corpus, rows: Sequence[Sentence]) -> bytes:
    made = []
    for row in rows:
        answers: dict[str, object] = {"tags": row.answers} if corpus.tagged else {"label": row.answers[0]}
        made.append(json.dumps({"tokens": row.words, **answers}, ensure_ascii=False) + "\n")
    return "".join(made).encode()


def read_prepared(name: str) -> Corpus:
    """A prepared corpus, each split compared with its hash.

    Raises:
        BadFile: it is not there as it was written; the message says what to run.
    """
    folder = folder_of(name)
    listed = parse_json(read_text(folder / LIST, "the list of a prepared corpus"), str(folder / LIST), "an object")
    advice = "prepare it again with tpdebug data"
    try:
        if listed["tool"] != _TOOL:
            raise ValueError
        advice = f"prepare it again: {listed['made_by']} --force"
        splits = {
            str(split): _read_split(folder / f"{split}.jsonl", told["sha256"], bool(listed["tagged"]), advice)
            for split, told in listed["splits"].items()
            if re.fullmatch("train|valid|test|all", split)
        }
        source, digest, notes = str(listed["source"]), str(listed["source_sha256"]), map(str, listed["notes"])
        scheme = listed["scheme"]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise BadFile(f"{folder / LIST} is not as tpdebug data wrote it; {advice}") from None
    return Corpus(name, bool(listed["tagged"]), splits, source, digest, scheme, tuple(notes))


def _read_split(path: Path, sha256: str, tagged: bool, advice: str) -> tuple[Sentence, ...]:
    data = read_bytes(path, "a split of a prepared corpus", largest=LARGEST_COPY)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadFile(f"{path} is not as tpdebug data wrote it (its sha256 is another); {advice}")
    rows: list[Sentence] = []
    for line, written in enumerate(data.decode().split("\n"), start=1):
        if written:
            rows.append(_sentence(json.loads(written), tagged, line))
    return tuple(rows)


def _sentence(said: Mapping[str, Any], tagged: bool, line: int) -> Sentence:
    answers = said["tags"] if tagged else [said["label"]]
    return Sentence(tuple(map(intern, said["tokens"])), tuple(map(intern, answers)), line)
