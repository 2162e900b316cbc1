"""Python source -> Program, without executing the file.

The syntax tree comes from the standard library's parser, which is thirty times faster here than a concrete syntax
tree and bounds nesting by itself; comments and formatting are kept by line spans (`Module.blocks`), which is all that
showing an Edit needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tprog.dialects.subset import Source
from tprog.dialects.tpdebug import read_tpdebug
from tprog.emit import Block
from tprog.entry import Entry
from tprog.errors import BadFile
from tprog.files import read_text
from tprog.program import Program
from tprog.syntax import parse_python

NOT_A_PROGRAM = "tpdebug reads modules that it wrote, edited or not (docs/how-it-works.md says how far)"


@dataclass(frozen=True, eq=False)
class Module:
    """A Program and where it stands in its file.

    Attributes:
        path: as the user gave it.
        text: the whole source.
        dialect: ``tpdebug``.
        lines: entry -> the line that holds it (1-based). Entries in a side file have none.
        blocks: block (see `tprog.emit.Block`) -> its first and last line (1-based, both included).
    """

    path: str
    text: str
    dialect: str
    program: Program
    lines: Mapping[Entry, int]
    blocks: Mapping[Block, tuple[int, int]]


def read_module(path: Path | str) -> Module:
    """Read a module from a file.

    Raises:
        BadFile: the file, or a side file that it names, cannot be read as text.
        BadSource: it is not a module of a known dialect; the message has line and column.
    """
    path = Path(path)

    def side(name: str) -> str:
        if name in ("", ".", "..") or Path(name).name != name:
            raise BadFile(f"{path}: the side file {name!r} is not a plain file name; it must stand beside the module")
        return read_text(path.with_name(name))

    return read_source(read_text(path), str(path), side)


def read_source(text: str, path: str = "<text>", side: Callable[[str], str] | None = None) -> Module:
    """Read a module from its text; `side` gives the text of a file beside it.

    Raises:
        BadSource, BadFile: as `read_module`.
    """

    def no_side(name: str) -> str:
        raise BadFile(f"{path}: its side file {name!r} is not at hand")

    tree = parse_python(text, path)
    program, lines, blocks = read_tpdebug(Source(path, NOT_A_PROGRAM), tree, side or no_side)
    return Module(path, text, "tpdebug", program, lines, blocks)
