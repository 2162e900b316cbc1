"""Running a Python file of the user's own, because the user named it."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tprog.errors import BadFile
from tprog.text.syntax import read_python


def executed(path: Path, what: str = "task", said: str = "a task of your own") -> ModuleType:
    """The module of a Python file, executed. Nothing is written beside it.

    Args:
        what: what it defines; its module is named so.
        said: the same in words, for the message if it cannot be read.

    Raises:
        BadFile: it cannot be read, or fails; the message names its line where it is known.
    """
    source = read_python(path, f"{said}, in Python")
    module = ModuleType(f"__tpdebug_{what}__")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    with their_turn(path):
        try:
            exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
        except (Exception, SystemExit) as error:
            raise told(path, "the file", error) from None
    return module


@contextlib.contextmanager
def their_turn(path: Path) -> Iterator[None]:
    """While their code runs, it may import what lies beside it, and what it prints does not mix with our answer."""
    folder = str(path.absolute().parent)
    sys.path.append(folder)  # at the end: a file beside it must not hide the standard library
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path.remove(folder)


def told(path: Path, what: str, error: BaseException) -> BadFile:
    """Their error as ours: the line of their file where it happened, and what it says."""
    if isinstance(error, SyntaxError) and error.filename is not None:
        return BadFile(f"{error.filename}:{error.lineno}: not Python: {error.msg}")
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    where = f"{path}:{lines[-1]}" if lines else str(path)
    if isinstance(error, SystemExit):
        return BadFile(f"{where}: {what} calls sys.exit; expected it to return")
    text = " ".join(str(error).split())[:200]
    return BadFile(f"{where}: {what} raises {type(error).__name__}" + (f": {text}" if text else ""))
