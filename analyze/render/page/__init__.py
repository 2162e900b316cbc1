"""What runs in the page of `report`: modules of JavaScript, as the browser reads them, and their style sheet.

Each is a plain module. A page that opens from disk cannot import files, so they stand in it one after the other, in one
scope, without the lines that import and the words that export.
"""

from __future__ import annotations

import re
from importlib.resources import files

EXECUTOR = ("executor.js", "inputs.js")
"""What executes a program, in the order in which they stand; they need nothing of a browser."""

SCRIPT = (*EXECUTOR, "dom.js", "words.js", "known.js", "node.js", "run.js", "whole.js", "read.js", "main.js")
"""All that runs in the page."""

_IMPORT = re.compile(r"^import .* from \".*\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def text_of(name: str) -> str:
    """A file of this folder."""
    return (files(__name__) / name).read_text(encoding="utf-8")


def script(*names: str) -> str:
    """Modules as one script."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text_of(name))) for name in names)
