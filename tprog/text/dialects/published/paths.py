"""The paths of side files: which name an expression comes to, without evaluating it.

A path that is relative to wherever the author ran the file stands for its last part, beside the module. A path made of
`__file__` says itself where the file is, and must say: beside the module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal, NoReturn

from tprog.errors import BadFile
from tprog.text.dialects.published.harmless import Imports
from tprog.text.dialects.subset import Source

ADVICE = "--weights FILE names the file"

_SAME = ("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.fspath", "str")
"""Functions that give the path that they get, as far as it matters here."""

_HERE = ("os.getcwd", "pathlib.Path.cwd")
_MADE = ("pathlib.Path", "pathlib.PurePath")


@dataclass(frozen=True)
class Beside:
    """The files beside a module.

    Attributes:
        text: the text of one, by its plain name; raises BadFile if it is not there.
        names: the names of all tables (CSV files) there.
        weights: the plain name under which `text` knows the weights that the user has named; None if none were.
    """

    text: Callable[[str], str]
    names: Callable[[], Sequence[str]] = tuple
    weights: str | None = None


@dataclass(frozen=True)
class Found:
    """A side file: its plain name, and in words why it is this one, where the path in the module does not say so."""

    name: str
    because: str | None = None


@dataclass(frozen=True)
class _Path:
    """A path: that of the module itself, one from the module's folder on, or one from wherever Python runs."""

    start: Literal["module", "folder", "anywhere"]
    text: str = ""


@dataclass(frozen=True)
class Paths:
    """What the paths of a module are made of.

    Attributes:
        text: the module's source.
        constants: what else a name in a path may stand for.
    """

    source: Source
    text: str
    constants: Mapping[str, ast.expr]
    imports: Imports
    beside: Beside

    def side_file(self, node: ast.expr, ending: str, begins: str) -> Found:
        """The file beside the module that a path means.

        Args:
            ending: behind the module's own name, it makes the name that the original code gives to such a file.
            begins: how the first line of such a file begins.

        Raises:
            BadSource: the path cannot be told, or leaves the folder.
            BadFile: there is no such file.
        """
        path = self._path(node)
        name = path.text
        if path.start == "anywhere":
            name = self._last_part(node, path.text)
        elif path.start == "module" or PurePosixPath(name).name != name or "\\" in name or name in ("", ".", ".."):
            self.source.refuse(node, "a path to another folder than the module's", "a file beside it", ADVICE)
        if not re.search(r"[\x00-\x1f\x7f]", name):
            return Found(name)
        return self._instead(node, ending, begins)

    def _last_part(self, node: ast.expr, text: str) -> str:
        path = PurePosixPath(text.replace("\\", "/"))
        if ".." in path.parts or path.name in ("", ".", ".."):
            self.source.refuse(node, f"the path {text!r}", "a file beside the module, by a path without `..`", ADVICE)
        return path.name

    def _instead(self, node: ast.expr, ending: str, begins: str) -> Found:
        r"""The file for a path that Python reads with control characters: ``"out\best.csv"`` has no backslash left."""
        written = ast.get_source_segment(self.text, node) or ""
        literal = re.fullmatch(r"""[uU]?(["'])([^"'\n]*)\1""", written)
        meant = [] if literal is None else [self._last_part(node, literal[2])]
        stem = PurePosixPath(str(self.source.path).replace("\\", "/")).stem
        for name in (*meant, f"{stem}{ending}"):
            if self._text(name) is not None:
                return Found(name, f"the path in line {node.lineno} lost its backslashes to escapes; {name} was read")
        tables = [name for name in self.beside.names() if (self._text(name) or "").lstrip("\ufeff").startswith(begins)]
        if len(tables) == 1:
            because = (
                f"the path in line {node.lineno} lost its backslashes to escapes; {tables[0]}, the only such table"
            )
            return Found(tables[0], f"{because} beside the module, was read")
        several = (
            f"{len(tables)} tables that it could be, {', '.join(sorted(tables)[:4])}" if tables else "no such table"
        )
        found = f"a path that lost its backslashes to escapes, and {several} beside the module"
        self.source.refuse(node, found, f"a table that begins with {begins}", ADVICE)

    def _text(self, name: str) -> str | None:
        try:
            return self.beside.text(name)
        except BadFile:
            return None

    # Expressions ------------------------------------------------------------------------------------------------------

    def _path(self, node: ast.expr) -> _Path:
        match node:
            case ast.Constant(value=str() as text):
                return _Path("anywhere", text)
            case ast.Name(id="__file__"):
                return _Path("module")
            case ast.Name(id=name) if name in self.constants:
                return self._above(name)._path(self.constants[name])
            case ast.BinOp(left=left, op=ast.Div(), right=right) if self._is_path(left) or self._is_path(right):
                return self._joined(node, [self._path(left), self._path(right)])
            case ast.BinOp(op=ast.Add()):
                return self._added(node, [self._path(term) for term in self._terms(node)])
            case ast.JoinedStr(values=parts):
                return self._added(node, [self._path(_shown(part)) for part in parts])
            case ast.Attribute(value=inner, attr="parent") if self._is_path(inner):
                return self._parent(node, self._path(inner))
            case ast.Attribute(value=inner, attr="stem") if self._is_path(inner):
                return _Path("anywhere", self._stem(node, self._path(inner)))
            case ast.Attribute() if self._dotted(node) == "os.sep":
                return _Path("anywhere", "/")
            case ast.Call(keywords=[]):
                return self._call(node)
        self._refuse(node)

    def _terms(self, node: ast.expr) -> list[ast.expr]:
        """What a sum adds up, which is text."""
        if self._is_path(node):
            self._refuse(node)
        match node:
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return [*self._terms(left), *self._terms(right)]
        return [node]

    def _call(self, node: ast.Call) -> _Path:
        called = self._dotted(node.func)
        paths = [*node.args]
        if called in _HERE and not paths:
            return _Path("anywhere", ".")
        if (called in _MADE or called == "os.path.join") and paths:
            return self._joined(node, [self._path(path) for path in paths])
        if called in _SAME and len(paths) == 1:
            return self._path(paths[0])
        if called == "os.path.dirname" and len(paths) == 1:
            return self._parent(node, self._path(paths[0]))
        if isinstance(node.func, ast.Attribute) and self._is_path(node.func.value):
            return self._method(node, node.func, paths)
        self._refuse(node)

    def _method(self, node: ast.Call, called: ast.Attribute, paths: list[ast.expr]) -> _Path:
        """What a method of a `pathlib.Path` makes of it."""
        inner = called.value
        match called.attr, paths:
            case "resolve" | "absolute" | "as_posix", []:
                return self._path(inner)
            case "joinpath", [_, *_]:
                return self._joined(node, [self._path(inner), *map(self._path, paths)])
            # Python itself refuses a name that is a path, and an ending that is none.
            case "with_name", [written] if re.fullmatch(r"[^/\\]+", (name := self._path(written)).text):
                return self._joined(node, [self._parent(node, self._path(inner)), name])
            case "with_suffix", [written] if re.fullmatch(r"\.[^/\\]+", (suffix := self._path(written)).text):
                path = self._path(inner)
                if path.start == "module" and suffix.start == "anywhere":
                    return _Path("folder", self._stem(node, path) + suffix.text)
        self._refuse(node)

    def _is_path(self, node: ast.expr) -> bool:
        """Whether an expression is a `pathlib.Path`, as only these have `/`, `.parent` and the rest."""
        match node:
            case ast.Name(id=name):
                return name in self.constants and self._above(name)._is_path(self.constants[name])
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return self._is_path(left) or self._is_path(right)
            case ast.Attribute(value=inner, attr="parent"):
                return self._is_path(inner)
            case ast.Call(func=called) if self._dotted(called) in (*_MADE, "pathlib.Path.cwd"):
                return True
            case ast.Call(func=ast.Attribute(value=inner, attr=method)):
                return method in ("resolve", "absolute", "joinpath", "with_name", "with_suffix") and self._is_path(
                    inner
                )
        return False

    def _above(self, name: str) -> Paths:
        """What the value of a constant may be made of: those that stand above it."""
        names = list(self.constants)
        known = {key: self.constants[key] for key in names[: names.index(name)]}
        return replace(self, constants=known)

    def _dotted(self, node: ast.expr) -> str:
        """The full name of a function, by what the file imports."""
        chain: list[str] = []
        while isinstance(node, ast.Attribute):
            chain.insert(0, node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        own = "str" if node.id == "str" else ""
        name = self.imports.modules.get(node.id) or self.imports.names.get(node.id) or own
        return ".".join([name, *chain]) if name else ""

    def _parent(self, node: ast.expr, path: _Path) -> _Path:
        if path.start == "module":
            return _Path("folder")
        parts = re.split(r"[/\\]", path.text)
        if path.text in ("", ".") or ".." in parts:
            self.source.refuse(node, "a path to another folder than the module's", "a file beside it", ADVICE)
        return _Path(path.start, "/".join(parts[:-1]))

    def _stem(self, node: ast.expr, path: _Path) -> str:
        text = str(self.source.path).replace("\\", "/") if path.start == "module" else path.text
        return PurePosixPath(text).stem

    def _joined(self, node: ast.expr, paths: Sequence[_Path]) -> _Path:
        whole, *rest = paths
        for path in rest:
            if path.start != "anywhere" or whole.start == "module":
                self._refuse(node)
            if re.match(r"[/\\]|[A-Za-z]:", path.text):
                whole = path  # an absolute path starts anew
            elif path.text not in ("", "."):
                whole = _Path(whole.start, f"{whole.text.rstrip('/')}/{path.text}" if whole.text else path.text)
        return whole

    def _added(self, node: ast.expr, paths: Sequence[_Path]) -> _Path:
        """Text put together: a path, and what goes on behind it."""
        if any(path.start != "anywhere" for path in paths[1:]) or any(path.start == "module" for path in paths):
            self._refuse(node)
        text = "".join(path.text for path in paths)
        if not paths or paths[0].start == "anywhere":
            return _Path("anywhere", text)
        behind = "".join(path.text for path in paths[1:])
        if not paths[0].text and behind[:1] not in ("", "/"):
            self._refuse(node)  # it goes on with the name of the folder itself
        return _Path("folder", text.lstrip("/"))

    def _refuse(self, node: ast.expr) -> NoReturn:
        wanted = "a path in quotes, or one such as `Path(__file__).parent / 'x.csv'`"
        self.source.unexpected(node, wanted, ADVICE)


def _shown(part: ast.expr) -> ast.expr:
    """What stands in the braces of an f-string."""
    if isinstance(part, ast.FormattedValue) and part.conversion in (-1, ord("s")) and part.format_spec is None:
        return part.value
    return part
