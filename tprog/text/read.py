"""Python source -> Program, without executing the file.

The syntax tree comes from the standard library's parser, which is thirty times faster here than a concrete syntax
tree and bounds nesting by itself; comments and formatting are kept by line spans (`Module.blocks`), which is all that
showing an Edit needs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from tprog.errors import BadFile, BadUsage
from tprog.files import read_text
from tprog.ir.entry import Entry
from tprog.ir.program import Program
from tprog.text.dialects.published import is_published
from tprog.text.dialects.published.defects import Defect
from tprog.text.dialects.subset import Source
from tprog.text.dialects.tpdebug import read_tpdebug
from tprog.text.emit import Block
from tprog.text.syntax import parse_python, read_python

if TYPE_CHECKING:
    from tprog.text.dialects.published.module import Published

NOT_A_PROGRAM = "tpdebug reads modules that it wrote, edited or not (`tpdebug help how-it-works` says how far)"
NOT_PUBLISHED = (
    "tpdebug reads modules as the original research code writes them (`tpdebug help method published` says how far)"
)

Dialect: TypeAlias = Literal["tpdebug", "published"]


@dataclass(frozen=True, eq=False)
class Module:
    """A Program and where it stands in its file.

    Attributes:
        path: as the user gave it.
        text: the whole source.
        dialect: ``tpdebug``, or ``published`` for a module of the original research code.
        lines: entry -> the line of the module that holds it (1-based). Entries in a side file have none.
        blocks: block (see `tprog.text.emit.Block`) -> its first and last line (1-based, both included).
        side_lines: entry -> the side file that holds it, by its plain name, and the line there (1-based).
        sides: plain name of each side file -> its text.
        defects: what a published module does otherwise than its network did, in the order of the file.
        published: where the parts of a published module stand; None for any other.
        weights: the file with its weights, if the user has named it.
    """

    path: str
    text: str
    dialect: Dialect
    program: Program
    lines: Mapping[Entry, int]
    blocks: Mapping[Block, tuple[int, int]]
    side_lines: Mapping[Entry, tuple[str, int]] = field(default_factory=dict)
    sides: Mapping[str, str] = field(default_factory=dict)
    defects: tuple[Defect, ...] = ()
    published: Published | None = None
    weights: Path | None = None

    def side_path(self, name: str) -> Path:
        """Where one of its side files is."""
        if self.weights is not None and name == self.weights.name:
            return self.weights
        return Path(self.path).with_name(name)

    def reread(self, text: str, sides: Mapping[str, str]) -> Module:
        """The same module with another text, or other side files (name -> text).

        Raises:
            BadSource, BadFile: as `read_module`.
        """

        def side(name: str) -> str:
            if (found := sides.get(name, self.sides.get(name))) is None:
                raise BadFile(f"{self.path}: its side file {name!r} is not at hand")
            return found

        return read_source(text, self.path, side, weights=self.weights)


def read_module(path: Path | str, weights: Path | str | None = None) -> Module:
    """Read a module from a file.

    Args:
        weights: the file with the weights of a published module, instead of the one that its path names.

    Raises:
        BadFile: the file, or a side file that it names, cannot be read as text.
        BadSource: it is not a module of a known dialect; the message has line and column.
        BadUsage: `weights` for a module that has none beside it.
    """
    path = Path(path)
    if path.suffix.lower() == ".rasp":
        raise BadFile(
            f"{path} is RASP source, not a program's module; `tpdebug emit` makes one of it, `tpdebug run` evaluates "
            "it, and --task takes it as what is right"
        )
    named = None if weights is None else Path(weights)

    def side(name: str) -> str:
        if named is not None and name == named.name:
            return read_text(named, "the weights of a published module")
        return _beside(path, name)

    return read_source(read_python(path, "a program's module"), str(path), side, lambda: _tables(path), named)


MOST_TABLES = 100
"""Tables beside a module that are looked at where its path has lost the name of one."""


def _tables(path: Path) -> list[str]:
    """The names of the CSV files beside a module."""
    try:
        found = sorted(entry.name for entry in path.parent.iterdir() if entry.suffix == ".csv" and entry.is_file())
    except OSError:
        return []
    return found if len(found) <= MOST_TABLES else []


def _beside(path: Path, name: str) -> str:
    """The text of a file that stands beside a module: never of one in another folder, whatever a link says."""
    if name in ("", ".", "..") or Path(name).name != name:
        raise BadFile(f"{path}: the side file {name!r} is not a plain file name; it must stand beside the module")
    side = path.with_name(name)
    folder = path.resolve().parent if path.parent.resolve() != path.resolve().parent else path.parent.resolve()
    if not side.exists() and (side := folder / name).exists() is False:
        looked = " or ".join(dict.fromkeys((str(path.parent), str(folder))))
        raise BadFile(f"{path} needs the side file {name}, which is not beside it; looked in {looked}")
    if side.resolve().parent not in (path.parent.resolve(), folder):
        raise BadFile(f"{path}: its side file {name} is a link that leaves the folder; put the file itself there")
    return read_python(side) if side.suffix == ".py" else read_text(side)


def read_source(
    text: str,
    path: str = "<text>",
    side: Callable[[str], str] | None = None,
    tables: Callable[[], Sequence[str]] = tuple,
    weights: Path | None = None,
) -> Module:
    """Read a module from its text.

    Args:
        side: gives the text of a file beside it, by its plain name.
        tables: gives the names of all CSV files beside it.
        weights: the file with the weights of a published module, which `side` knows by its plain name.

    Raises:
        BadSource, BadFile, BadUsage: as `read_module`.
    """
    sides: dict[str, str] = {}

    def remembered(name: str) -> str:
        if name not in sides:
            if side is None:
                raise BadFile(f"{path}: its side file {name!r} is not at hand")
            sides[name] = side(name)
        return sides[name]

    tree = parse_python(text, path)
    if is_published(tree):
        from tprog.text.dialects.published.module import read_published
        from tprog.text.dialects.published.paths import Beside

        beside = Beside(remembered, tables, None if weights is None else weights.name)
        found = read_published(Source(path, NOT_PUBLISHED), tree, text, beside)
        scope = found.scope
        return Module(
            path,
            text,
            "published",
            found.program,
            scope.lines,
            scope.blocks,
            scope.side_lines,
            sides,
            found.defects,
            found,
            weights,
        )
    if weights is not None:
        raise BadUsage(f"{path} has its weights in itself; --weights is about modules of the original research code")
    program, entry_lines, blocks = read_tpdebug(Source(path, NOT_A_PROGRAM), tree, text, remembered)
    return Module(path, text, "tpdebug", program, entry_lines, blocks, sides=sides)
