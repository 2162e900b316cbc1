"""The temporary file that becomes a file by one rename; and those that killed processes have left behind."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tprog.files.lock import take

PREFIX, SUFFIX = ".tpdebug-", ".part"

_NAME = re.compile(r"\.tpdebug-[a-z0-9_]{8}\.part")


@contextmanager
def half_written(folder: Path) -> Iterator[tuple[int, Path]]:
    """A new file in a folder, open for writing, until it is renamed: its descriptor and its path.

    It is locked while its writer lives, by which `remove_half_written` tells it from one that was left behind. If it
    still has its name when the block ends, it is removed.
    """
    while True:
        handle, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=folder)
        try:
            # Somebody who sweeps may have found it before it was locked.
            if take(handle) is not False and os.fstat(handle).st_nlink:
                yield handle, Path(name)
                return
        finally:
            with suppress(OSError):
                os.unlink(name)
            os.close(handle)


def remove_half_written(folder: Path) -> None:
    """Remove from a folder what processes of this user that were killed while they wrote have left there.

    Only a plain file of exactly such a name, that nobody has locked, goes; where the file system knows no locks, none.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for name in [entry.name for entry in entries if _NAME.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove(folder / name)


def _remove(path: Path) -> None:
    handle = os.open(path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        found = os.fstat(handle)
        ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and found.st_uid == _user(found)
        if ours and take(handle) and os.path.samestat(found, os.lstat(path)):
            path.unlink()
    finally:
        os.close(handle)


def _user(found: os.stat_result) -> int:
    return os.geteuid() if hasattr(os, "geteuid") else found.st_uid
