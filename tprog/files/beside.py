"""A module and its side files, written so that one rename decides between the old and the new.

A side file is named after its contents. So a new version never takes the place of an old one, which the module that
stands there still names: the side files are written first, under names that nothing names yet, and then the module. A
process that is killed, or a disk that is full, between any two steps leaves a whole program, the old one or the new.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tprog.errors import BadFile
from tprog.files import check_target, read_bytes, write_atomic

_DIGITS = 8

_NAMED = re.compile(rf"(.+)-([0-9a-f]{{{_DIGITS}}})(\.\w+)?", re.DOTALL)
_MENTIONED = re.compile(rf"-([0-9a-f]{{{_DIGITS}}})(?![0-9a-f])")


@dataclass(frozen=True)
class Written:
    """The files that a write has made, the module first, and the side files of the old module that it has removed."""

    made: tuple[Path, ...]
    removed: tuple[Path, ...]

    def __str__(self) -> str:
        told = f"wrote {', '.join(map(str, self.made))}"
        if self.removed:
            told += f"; removed {', '.join(map(str, self.removed))}, which nothing names any more"
        return told


def content_name(name: str, text: str) -> str:
    """A side file's name for this text: ``words_tables.json`` gives ``words_tables-3f2a9c1b.json``."""
    stem, suffix = os.path.splitext(name)
    return f"{stem}-{_digest(text.encode('utf-8'))}{suffix}"


def plain_name(name: str, text: str) -> str:
    """The name without the digest of this text, where it has one."""
    match = _NAMED.fullmatch(name)
    return f"{match[1]}{match[3] or ''}" if match and match[2] == _digest(text.encode("utf-8")) else name


def _digest(data: bytes) -> str:
    import hashlib  # late: it starts a library of ciphers, and most commands need no digest

    return hashlib.sha256(data).hexdigest()[:_DIGITS]


def write_together(path: Path, text: str, sides: Mapping[str, str], *, force: bool = False) -> Written:
    """Write a module and its side files, all or none.

    The side files that only the replaced module named, and that tpdebug named after their contents, which are still
    the same, are removed.

    Args:
        sides: plain name -> text. One that is there with another text is never overwritten.
        force: overwrite the module whoever wrote it.

    Raises:
        BadFile: something cannot be written; the message says what has changed, which is nothing unless it says more.
    """
    check_target(path, force=force)
    # A module that is read through a link finds its side files beside the link, one that is run beside itself.
    real = Path(os.path.realpath(path)).parent
    folders = [path.parent] if Path(os.path.realpath(path.parent)) == real else [path.parent, real]
    wanted = [(folder / name, side) for folder in folders for name, side in sides.items()]
    new = [(beside, side) for beside, side in wanted if not holds(beside, side)]
    for beside, _ in new:
        if os.path.lexists(beside):
            raise BadFile(f"{beside} is there, and is not what {path} needs under that name; move it away")
    before = _begin(path)
    _write_all(path, text, new)
    old = [beside for folder in folders for beside in _unnamed(folder, before, text)]
    return Written((path, *(beside for beside, _ in new)), tuple(beside for beside in old if _gone(beside)))


def _write_all(path: Path, text: str, new: Sequence[tuple[Path, str]]) -> None:
    """Write side files, then the module that names them; where that fails, take the side files away again."""
    try:
        for beside, side in new:
            write_atomic(beside, side, force=True)
        write_atomic(path, text, force=True)
    except BaseException as error:
        # Ctrl-C may come when the module has been renamed already: then the side files are those that it names.
        if holds(path, text):
            raise
        left = [str(beside) for beside, _ in new if not _gone(beside)]
        if left and isinstance(error, BadFile):
            raise BadFile(f"{error}, but {', '.join(left)} may be new, which nothing names; remove it") from None
        raise


def holds(path: Path, text: str) -> bool:
    """Whether a file is there and holds this text."""
    data = text.encode("utf-8")
    try:
        return read_bytes(path, largest=len(data)) == data
    except BadFile:
        return False


def _begin(path: Path) -> str:
    """What the module to be replaced says, as far as it matters which side files it names."""
    try:
        return read_bytes(path).decode("utf-8", "replace")
    except BadFile:
        return ""


def _gone(path: Path) -> bool:
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return not os.path.lexists(path)


def _unnamed(folder: Path, before: str, after: str) -> Iterator[Path]:
    """The files named after their contents that the old module names, and neither the new one nor any beside it."""
    digests = {*_MENTIONED.findall(before)} - {*_MENTIONED.findall(after)}
    if not digests:
        return
    with suppress(OSError):
        names = sorted(os.listdir(folder))
        modules = [folder / name for name in names if name.endswith(".py")]
        for name in names:
            digest = match[2] if (match := _NAMED.fullmatch(name)) else ""
            if digest not in digests or not _names_itself(folder / name, digest):
                continue
            if not any(_names(module, digest) for module in modules):
                yield folder / name


def _names_itself(path: Path, digest: str) -> bool:
    try:
        return not path.is_symlink() and _digest(read_bytes(path)) == digest
    except BadFile:
        return False


def _names(path: Path, digest: str) -> bool:
    """Whether a module names a file of this digest, for all one can tell."""
    try:
        return f"-{digest}".encode() in read_bytes(path)
    except BadFile:
        return True
