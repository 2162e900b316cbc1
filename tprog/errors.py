"""Every error that tpdebug raises on purpose.

A message says what was found, where, what was expected and what to do. The command line prints it as one
line and exits with 2; anything else that escapes is a bug in tpdebug.
"""

from __future__ import annotations

from pathlib import Path


class TpdebugError(Exception):
    """Base of all errors meant for the user."""


class BadProgram(TpdebugError):
    """A Program record contradicts itself: the message names the node."""


class BadInput(TpdebugError, ValueError):
    """An input sequence that a program or task cannot take: the message names the token and its index (0-based)."""


class NotExact(TpdebugError):
    """A computation would leave the range in which its arithmetic is exact."""


class BadSource(TpdebugError):
    """A module outside the accepted subset of Python.

    Args:
        path: the module's file.
        line, column: 1-based line and column of what was found.
        found, expected: both in words.
        advice: how to proceed, or empty.
    """

    def __init__(self, path: Path | str, line: int, column: int, found: str, expected: str, advice: str = "") -> None:
        self.path, self.line, self.column = str(path), line, column
        self.found, self.expected, self.advice = found, expected, advice
        tail = f"; {advice}" if advice else ""
        super().__init__(f"{path}:{line}:{column}: found {found}; expected {expected}{tail}")


class BadFile(TpdebugError):
    """A file that cannot be read, written or trusted."""


class BadUsage(TpdebugError):
    """An option, a setting or a combination of them that has no meaning."""
