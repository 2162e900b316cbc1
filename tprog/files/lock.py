"""A lock that one process holds at a time, and that ends with it: a process that was killed leaves nothing to clear.

The lock is the operating system's (flock, or msvcrt on Windows) on a file of its own. The file is removed by whoever
held it; one that is left behind by a killed process is free, and is taken over. Where a file system knows no locks, as
some network file systems do not, nothing is locked, and two writers must be kept apart by their users.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tprog.errors import BadFile

_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What the system says of a lock that somebody has."""

_TOLD = 32  # bytes: the number of the process that holds the lock


@contextmanager
def locked(path: Path, what: str, advice: str) -> Iterator[None]:
    """Hold the lock of a file while the block runs.

    Args:
        path: the lock's file, in a folder that is there.
        what: is locked, for the message.
        advice: what to do if somebody else has it.

    Raises:
        BadFile: somebody else holds it; or its file cannot be made.
    """
    while True:
        handle = _open(path)
        try:
            if take(handle) is False:
                raise BadFile(f"{what} is in use by another tpdebug{_holder(handle)}; {advice}")
            if _is(handle, path):  # its last holder may have removed the file before it let go
                _tell(handle)
                try:
                    yield
                finally:
                    with suppress(OSError):
                        path.unlink()
                return
        finally:
            os.close(handle)


def _open(path: Path) -> int:
    """The lock's file."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(path, flags, 0o666)
    except OSError as error:
        raise BadFile(f"cannot write {path}: {(error.strerror or str(error)).lower()}; nothing was changed") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BadFile(f"cannot write {path}: it is no plain file; nothing was changed")
    return handle


if sys.platform == "win32":
    import msvcrt

    def take(handle: int) -> bool | None:
        """Whether the lock of an open file is ours now; None where the file system knows no locks."""
        os.lseek(handle, 2**30, os.SEEK_SET)  # a byte far behind what is told
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return False if error.errno in _HELD else None
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

    def _is(handle: int, path: Path) -> bool:
        """Always: a file that is open cannot be removed there."""
        return True

else:
    import fcntl

    def take(handle: int) -> bool | None:
        """Whether the lock of an open file is ours now; None where the file system knows no locks."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return False if error.errno in _HELD else None
        return True

    def _is(handle: int, path: Path) -> bool:
        """Whether the file that is locked is still the one of that name."""
        try:
            return os.path.samestat(os.fstat(handle), os.lstat(path))
        except OSError:
            return False


def _tell(handle: int) -> None:
    """Note who holds the lock; that it cannot be noted is no reason not to work."""
    with suppress(OSError):
        os.lseek(handle, 0, os.SEEK_SET)
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())


def _holder(handle: int) -> str:
    """Who holds the lock, as far as its file says."""
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        told = os.read(handle, _TOLD)
    except OSError:
        return ""
    return f" (process {told.decode()})" if told.isdigit() else ""
