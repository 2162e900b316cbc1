"""Python text -> its syntax tree, or a refusal: never a crash, whatever the text."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from tprog.errors import BadSource
from tprog.files import BYTE_ORDER_MARK, read_text

DEEPEST = 100
"""Levels of nesting. From about 190 on libcst exhausts the stack; emitted modules have a dozen."""

MOST_TOKENS = 1_000_000
"""Words and signs of a module. The parser takes up to 600 bytes for each; the largest modules have a tenth of it."""

MOST_BITS = 256
"""Of a whole number. Exact execution ends below 2**63, and a longer one only costs."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CODING = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII)  # PEP 263
_ASCII = ("ascii", "us-ascii")
_NO_NODES = {
    "ctx", "id", "attr", "arg", "module", "level", "type_comment", "kind", "simple", "conversion", "kwd_attrs",
}  # fmt: skip
"""The fields of syntax in which no node stands, or one that only says whether a name is read or bound."""
_BLOCKS = ("body", "orelse", "finalbody")
"""The fields of a statement in which others stand, in their order."""

LINE_END = re.compile(r"\r\n|\r|\n")


def read_python(path: Path | str, what: str = "a Python module") -> str:
    """The text of a Python file, the very text that Python would run.

    Args:
        what: what the file was expected to be, for the message.

    Raises:
        BadFile: it cannot be read as text.
        BadSource: it asks Python to decode it otherwise than as UTF-8.
    """
    text = read_text(path, what, keep_mark=True)
    plain = text.removeprefix(BYTE_ORDER_MARK)
    _check_coding(plain, str(path), marked=plain != text)
    return plain


def python_lines(text: str, most: int = 0) -> list[str]:
    """The lines of a source as Python counts them, without their ends.

    A line ends at a line feed, at a carriage return, or at one with the other behind it, and nowhere else: not, as for
    `str.splitlines`, at a form feed or a line separator, which may stand in a comment or a string.

    Args:
        most: the rest behind so many line ends is left in one piece; 0 is no limit.
    """
    lines = LINE_END.split(text, most)
    return lines if lines[-1] else lines[:-1]


def parse_python(text: str, path: str) -> ast.Module:
    """Parse a module without executing it.

    Raises:
        BadSource: it is not Python, is nested deeper than `DEEPEST`, has more than `MOST_TOKENS` or a number of more
            than `MOST_BITS`, or asks to be decoded, or cannot be written, otherwise than as UTF-8.
    """
    _check_coding(text, path, marked=False)
    if len(text) > MOST_TOKENS and next(islice(_TOKEN.finditer(text), MOST_TOKENS, None), None):
        raise BadSource(path, 1, 1, f"more than {MOST_TOKENS:,} words and signs", "a module of a readable size")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in somebody's docstring is not our user's concern
            tree = ast.parse(text)
    except SyntaxError as error:
        line, column = error.lineno or 1, error.offset or 1
        raise BadSource(path, line, column, f"a syntax error ({error.msg})", "valid Python") from None
    except (RecursionError, MemoryError):
        raise _too_deep(path, 1, 1) from None
    except ValueError as error:
        raise BadSource(path, 1, 1, f"text that Python cannot parse ({error})", "valid Python") from None
    level: list[ast.AST] = [tree]
    for _ in range(DEEPEST):
        below: list[ast.AST] = []
        for node in level:
            if type(node) is ast.Constant:
                _check_constant(node, path)
            elif type(node) is not ast.Name:
                below += children(node)
        if not below:
            return tree
        level = below
    at = next((node for node in level if hasattr(node, "lineno")), None)
    raise _too_deep(path, getattr(at, "lineno", 1), getattr(at, "col_offset", 0) + 1)


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes that stand directly below one, without those that only say whether a name is read or bound.

    Large modules are mostly literals, of which each then costs one look instead of several.
    """
    found: list[ast.AST] = []
    kind: Any = type(node)
    for field in _fields(kind):
        value = getattr(node, field, None)
        if type(value) is list:
            found += filter(None, value)  # `**` in a dict has no key
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """The fields of a kind of syntax, a class, in which nodes may stand."""
    none = {"names"} if issubclass(kind, ast.Global | ast.Nonlocal) else _NO_NODES
    return () if kind is ast.Constant else tuple(field for field in kind._fields if field not in none)


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all that stand below it, level by level, as `ast.walk` has them; but of those that `children` has."""
    waiting = [node]
    for reached in waiting:
        waiting += children(reached)
        yield reached


def statements(node: ast.AST) -> Iterator[ast.AST]:
    """A function or statement and the statements that stand within it, level by level."""
    waiting = [node]
    for reached in waiting:
        for block in _BLOCKS:
            waiting += getattr(reached, block, ())
        yield reached


def _check_coding(text: str, path: str, *, marked: bool) -> None:
    """Refuse a comment by which Python would read another text than this, or none.

    Python looks for one in the first line, and in the second if the first has no statement.

    Args:
        marked: whether a byte order mark stands before the text.
    """
    for number, line in enumerate(python_lines(text, 2)[:2], 1):
        if match := _CODING.match(line):
            if not _is_utf_8(match[1], marked) and not (match[1].lower() in _ASCII and text.isascii() and not marked):
                raise BadSource(path, number, 1, f"the coding {match[1][:40]!r}", "a module in UTF-8")
            return
        if line.strip(" \t\f") and not line.lstrip(" \t\f").startswith("#"):
            return


def _is_utf_8(name: str, marked: bool) -> bool:
    """Whether Python's tokenizer takes a name for UTF-8: behind a byte order mark, it knows but this spelling."""
    normal = name[:12].lower().replace("_", "-")
    return normal == "utf-8" or normal.startswith("utf-8-") or (normal == "utf8" and not marked)


def _check_constant(node: ast.Constant, path: str) -> None:
    value = node.value
    if type(value) is str and not value.isascii() and _SURROGATE.search(value):
        found = "half of a surrogate pair in a string"
        raise BadSource(path, node.lineno, node.col_offset + 1, found, "characters that can be written as UTF-8")
    if type(value) is int and value.bit_length() > MOST_BITS:
        found = f"a number of {value.bit_length():,} bits"
        raise BadSource(path, node.lineno, node.col_offset + 1, found, f"at most {MOST_BITS}")


def _too_deep(path: str, line: int, column: int) -> BadSource:
    return BadSource(path, line, column, "expressions nested too deep", f"at most {DEEPEST} levels")
