"""Names for files and folders that are the same, and safe, on every system: POSIX, macOS and Windows."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

LONGEST_NAME = 200
"""Bytes of a plain name; every file system takes 255, and the copy that is being written has some more."""

_FORBIDDEN = frozenset('<>:"/\\|?*')

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?")
"""Devices, to Windows, whatever ending they have.
Source: "Naming Files, Paths, and Namespaces", Microsoft's documentation of Win32."""

_LONGEST_LABEL = 60  # letters of a label in a folder's name


def is_plain(name: str) -> bool:
    """Whether a name is that of a visible file in a folder, on every system."""
    return (
        0 < len(name) <= LONGEST_NAME
        and name.isprintable()
        and len(name.encode()) <= LONGEST_NAME
        and not _FORBIDDEN.intersection(name)
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and not _RESERVED.fullmatch(name)
    )


def folded(name: str) -> str:
    """A name as a file system sees it that minds neither case nor how a letter is composed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def folder_names(labels: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """A folder's name for each label, a tuple of texts: readable, plain, and no two the same on any system.

    Words are joined with ``-`` and odd signs become ``_``. Labels that would share a name, or are too long for one,
    carry eight digits of a digest.
    """
    every = list(dict.fromkeys(labels))
    names = {label: _readable(label) for label in every}
    for longer in (_marked, _digest):
        shared = Counter(folded(name) for name in names.values())
        for label, name in names.items():
            if shared[folded(name)] > 1:
                names[label] = longer(label)
    return names


def _readable(label: tuple[str, ...]) -> str:
    name, whole = _cut(label)
    if not whole:
        return _marked(label)
    return name if is_plain(name) else f"_{name}"


def _marked(label: tuple[str, ...]) -> str:
    """The readable name, and what tells it from others."""
    name = f"{_cut(label)[0]}-{_digest(label)[:8]}"
    return name if is_plain(name) else f"_{name}"


def _cut(label: tuple[str, ...]) -> tuple[str, bool]:
    """A label in signs that every system takes, and whether it is all there."""
    words = "-".join(unicodedata.normalize("NFC", " ".join(label)).split())
    name = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in words).strip(".") or "_"
    short = name[:_LONGEST_LABEL]
    while len(short.encode()) > 3 * _LONGEST_LABEL:
        short = short[:-1]
    return short.rstrip(".") or "_", short == name


def _digest(label: tuple[str, ...]) -> str:
    import hashlib  # late: see `tprog.files.beside`

    return hashlib.sha256(json.dumps(label).encode()).hexdigest()
