"""How a source file is named on a command line: ``sort.rasp``, or with its outputs ``paper.rasp:hist,reverse``."""

from __future__ import annotations

import re
from pathlib import Path

ENDING = ".rasp"

_NAMED = re.compile(r"(.*\.rasp):([A-Za-z_]\w*(?:,[A-Za-z_]\w*)*)", re.IGNORECASE | re.DOTALL)


def split_outputs(name: str) -> tuple[str, tuple[str, ...]]:
    """The path, and the names of outputs behind it, if there are some."""
    found = _NAMED.fullmatch(name)
    return (name, ()) if found is None else (found[1], tuple(found[2].split(",")))


def is_source(name: str | Path) -> bool:
    """Whether this is the name of a source file."""
    return Path(split_outputs(str(name))[0]).suffix.lower() == ENDING
