"""The standard streams of a process whatever they lead to: closed, full, or a pipe whose reader has left.

An exit code of 1 means "no", so a stream that fails must not end in one. A reader that has left, such as ``head``, has
enough: the verb goes on, and its exit code is that of its answer. An answer that cannot be written for another reason
is an error, told in one line, with exit code 2. What cannot be told on stderr is not told.
"""

from __future__ import annotations

import errno
import io
import os
import re
import sys
from typing import TYPE_CHECKING, TextIO

from tprog.errors import BadFile

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_ANSWER, _REMARKS = 1, 2

_SIZE = re.compile("[1-9][0-9]{0,8}")


class _Stream(io.FileIO):
    """Standard output or error, as bytes. When it has failed once, whatever else is written goes nowhere."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            if self.fileno() == _ANSWER and error.errno != errno.EPIPE:
                reason = "it is closed" if error.errno == errno.EBADF else (error.strerror or str(error)).lower()
                raise BadFile(f"cannot write the answer to standard output: {reason}") from None
            return memoryview(data).nbytes


def checked_sizes() -> None:
    """Leave out sizes of the terminal that are none: in 0 columns nothing is shown, and not every digit is a number."""
    for name in ("COLUMNS", "LINES"):
        if not _SIZE.fullmatch(os.environ.get(name, "")):
            os.environ.pop(name, None)


def checked_streams() -> None:
    """Put streams in place of those of the process that tell a failure rightly, and of those that are not there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Closed: the next file to be opened would take its place. Nothing can be written to this one.
            os.open(os.devnull, os.O_RDONLY)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
    sys.stdout = _opened(_ANSWER, sys.stdout)
    sys.stderr = _opened(_REMARKS, sys.stderr)


def _opened(number: int, old: TextIO | None) -> TextIO:
    """A text stream like the old one, if there was one."""
    raw = _Stream(number, "w", closefd=False)
    whole_lines = number == _REMARKS or raw.isatty()
    encoding = "utf-8" if old is None else old.encoding
    # A symbol that the terminal cannot show is no reason to fail.
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=encoding, errors="backslashreplace", line_buffering=whole_lines
    )


def written(code: int) -> int:
    """The exit code of the process, once all that it had to say is written: 2 if the answer could not be."""
    try:
        sys.stdout.flush()
    except BadFile as error:
        print(f"tpdebug: {error}", file=sys.stderr)
        return 2
    return code
