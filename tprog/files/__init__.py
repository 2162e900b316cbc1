"""Reading and writing files without losing any: atomic, and never over a file that tpdebug did not write.

A file counts as written by tpdebug if `MARK` matches in its first 4,096 bytes. Every text that tpdebug writes carries
such a mark near its top: a module in its docstring, a picture or page in a comment, JSON as its ``"tool"`` or
``"schema"``. A file that cannot carry one (a checkpoint) is written with ``force=True`` into a folder that belongs to
tpdebug.
"""

from __future__ import annotations

import codecs
import errno
import os
import re
import selectors
import stat
from contextlib import suppress
from pathlib import Path

from tprog.errors import BadFile
from tprog.files.half_written import half_written, remove_half_written

MARK = re.compile(rb'written by tpdebug|the form that tpdebug writes|"(tool|schema)":\s*"tpdebug')
"""What tells a file that tpdebug wrote."""

HEAD_BYTES = 4096
"""Where the mark must stand."""

LARGEST_TEXT = 64 * 2**20
"""Bytes; a text file beyond this is refused, because it is not a module."""

BYTE_ORDER_MARK = "\ufeff"

LONGEST_WAIT = 60
"""Seconds for which a pipe may be silent."""

_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the file system is read-only",
    errno.ENOSPC: "no space is left on the device",
    errno.EDQUOT: "the disk quota is used up",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EFBIG: "it is larger than a file may be here",
}


def is_ours(data: bytes) -> bool:
    """Whether the beginning of a file says that tpdebug wrote it."""
    return MARK.search(data[:HEAD_BYTES]) is not None


def write_atomic(path: Path | str, data: str | bytes, *, force: bool = False) -> None:
    """Write a whole file or leave everything as it was. Text is written as UTF-8, its line ends untouched.

    A symbolic link stays one: its target is written. An existing file keeps its permissions. What a process that was
    killed while it wrote has left in the folder is removed.

    Args:
        force: overwrite the file whoever wrote it.

    Raises:
        BadFile: the file cannot be written, or exists and is not ours; the old file is whole and no temporary file
            is left behind.
    """
    target = Path(os.path.realpath(path))
    check_target(path, force=force)
    # A file name that is no UTF-8 comes as surrogates, which no text file can hold as they are.
    content = data.encode("utf-8", "backslashreplace") if isinstance(data, str) else data
    remove_half_written(target.parent)
    try:
        with half_written(target.parent) as (handle, temporary):
            with os.fdopen(handle, "wb", closefd=False) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary, _mode(target))
            os.replace(temporary, target)
    except OSError as error:
        raise BadFile(f"cannot write {path}: {reason(error)}; nothing was changed") from None
    _sync(target.parent)


def read_text(
    path: Path | str, what: str = "a text file", *, largest: int = LARGEST_TEXT, keep_mark: bool = False
) -> str:
    """The text of a UTF-8 file, its line ends untouched.

    Args:
        what: what the file was expected to be, for the message.
        largest: bytes beyond which it is refused.
        keep_mark: leave a byte order mark at the beginning, which is no part of the text.

    Raises:
        BadFile: as `read_bytes`; or it is empty, binary or not UTF-8.
    """
    return decoded(read_bytes(path, what, largest=largest), path, what, keep_mark=keep_mark)


def decoded(data: bytes, path: Path | str, what: str = "a text file", *, keep_mark: bool = False) -> str:
    """The text of bytes that were read from `path`, or from an archive; arguments and errors as of `read_text`."""
    if not data.strip():
        raise BadFile(f"{path} is empty; expected {what}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadFile(f"{path} is UTF-16 text; expected {what} in UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise BadFile(f"{path} is a binary file (it has a zero at byte {at}); expected {what}")
    try:
        return data.decode("utf-8" if keep_mark else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(
            f"{path} is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}); expected {what}"
        ) from None


def read_bytes(path: Path | str, what: str = "a file", *, largest: int = LARGEST_TEXT) -> bytes:
    """The bytes of a plain file, whoever made it and whatever a link of that name leads to.

    Everything that tpdebug opens goes through here: a device, a socket or a named pipe is refused before it is opened,
    and no file takes more memory than `largest`, or makes anybody wait. A pipe that the shell made (``/dev/stdin``,
    ``<(command)``) is read, as long as something comes within `LONGEST_WAIT`.

    Args:
        what: what the file was expected to be, for the message.
        largest: bytes beyond which it is refused.

    Raises:
        BadFile: there is no such file, it is none that holds bytes, cannot be read, or is too large.
    """
    try:
        _check_kind(path, os.stat(path), what)
        descriptor = os.open(path, _OPEN)
        try:
            found = os.fstat(descriptor)
            _check_kind(path, found, what)  # it may be another file by now
            if found.st_size > largest:
                data = None
            elif (plain := stat.S_ISREG(found.st_mode)) and not found.st_size:
                data = b""  # not even a look: the files of /proc have no size, and some of them never end
            else:
                data = _read(descriptor, plain, path, what, largest)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise BadFile(f"there is no file {path}; expected {what}") from None
    except OSError as error:
        raise BadFile(f"cannot read {path}: {reason(error)}") from None
    except ValueError:  # a zero in the name
        raise BadFile(f"there is no file {str(path)!r}, and no name holds a zero; expected {what}") from None
    if data is None or len(data) > largest:
        raise BadFile(f"{path} is larger than {_size(largest)}; expected {what}")
    return data


def check_plain(path: Path | str, what: str) -> None:
    """Refuse, in the words of `read_bytes`, a file that another library is to open, if it is none that holds bytes.

    Raises:
        BadFile: as `read_bytes`.
    """
    try:
        _check_kind(path, os.stat(path), what)
    except FileNotFoundError:
        raise BadFile(f"there is no file {path}; expected {what}") from None
    except OSError as error:
        raise BadFile(f"cannot read {path}: {reason(error)}") from None


def _check_kind(path: Path | str, found: os.stat_result, what: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise BadFile(f"{path} is a folder; expected {what}")
    if stat.S_ISFIFO(found.st_mode):
        if not str(path).startswith(("/dev/", "/proc/")):
            raise BadFile(f"{path} is a pipe, which may never end; expected {what}")
    elif not stat.S_ISREG(found.st_mode):
        raise BadFile(f"{path} is a device or a socket; expected {what}")


def _read(descriptor: int, plain: bool, path: Path | str, what: str, largest: int) -> bytes:
    """Up to one byte more than `largest`."""
    pieces, left = [], largest + 1
    while left:
        if not (plain or _comes(descriptor)):
            raise BadFile(f"{path}: nothing came for {LONGEST_WAIT} s; expected {what}")
        piece = os.read(descriptor, min(left, 2**20))
        if not piece:
            break
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def check_target(path: Path | str, *, force: bool = False) -> None:
    """Refuse, before a long piece of work, a path that `write_atomic` would refuse after it.

    Raises:
        BadFile: it is no plain file, or not ours to overwrite.
    """
    target = Path(os.path.realpath(path))
    try:
        found = os.stat(target)
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise BadFile(f"cannot write {path}: there is no folder {target.parent}; make it first") from None
        return
    except OSError as error:
        raise BadFile(f"cannot write {path}: {reason(error)}") from None
    if stat.S_ISDIR(found.st_mode):
        raise BadFile(f"cannot write {path}: it is a folder; name a file in it")
    if not stat.S_ISREG(found.st_mode):
        raise BadFile(f"cannot write {path}: it is a device or a pipe; name a plain file")
    if not os.access(target, os.W_OK):
        # The rename would succeed, but a file is made read-only to keep it.
        raise BadFile(f"cannot write {path}: {_REASONS[errno.EACCES]}; nothing was changed")
    if force:
        return
    try:
        begins = _begin(target)
    except OSError as error:
        raise BadFile(
            f"cannot see whether tpdebug wrote {path}: {reason(error)}; use --force to overwrite it"
        ) from None
    if begins and not is_ours(begins):
        raise BadFile(f"{path} exists and was not written by tpdebug; use --force to overwrite it, or another name")


def _comes(descriptor: int) -> bool:
    """Whether a pipe has something to read, or has ended, before long."""
    with selectors.DefaultSelector() as waiting:
        waiting.register(descriptor, selectors.EVENT_READ)
        return bool(waiting.select(LONGEST_WAIT))


def _begin(target: Path) -> bytes:
    """The bytes in which a plain file says who wrote it."""
    descriptor = os.open(target, _OPEN)
    try:
        return os.read(descriptor, HEAD_BYTES) if os.fstat(descriptor).st_size else b""
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """See that a rename is not lost, or overtaken by a later one, should the power fail, where that can be asked."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _size(count: int) -> str:
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count:,} bytes"


def _mode(target: Path) -> int:
    """The permissions of the file that is replaced, or those that a new file gets here."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def reason(error: OSError) -> str:
    return _REASONS.get(error.errno or 0, (error.strerror or str(error)).lower())
