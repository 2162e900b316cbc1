"""Word embeddings of a published module: a CSV, enums in a Python file beside it, or dicts written out in `run`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from tprog.ir.domains import PAD, Symbol
from tprog.text.dialects.published.functions import Members
from tprog.text.dialects.published.side import READ_AS_MISSING, Row, Table, whole
from tprog.text.dialects.subset import Source
from tprog.text.syntax import parse_python


@dataclass(frozen=True, eq=False)
class Words:
    """A table of words: word -> its row, in the order of the file; rows without one are read as missing.

    Attributes:
        missing: words that pandas reads as missing, so that no row is found for them; word -> line.
    """

    table: Table
    rows: Mapping[str, Row]
    missing: Mapping[str, int]


def read_words(table: Table, index: str) -> Words:
    """The rows of an embedding's CSV by word.

    Raises:
        BadSource: a word stands twice: pandas would give both rows, and all that follows would shift.
    """
    place = table.column(index)
    rows: dict[str, Row] = {}
    missing: dict[str, int] = {}
    for row in table.rows:
        word = row.cells[place]
        if word in READ_AS_MISSING:
            missing.setdefault(word, row.line)
        elif word in rows:
            table.refuse(row, f"the word {word!r} a second time", "each word once")
        else:
            rows[word] = row
    if all(_numeric(word) for word in rows):
        table.refuse(None, f"nothing but numbers in the column {index!r}", "words: pandas reads these as numbers")
    return Words(table, rows, missing)


def _numeric(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def column(words: Words, name: str) -> Mapping[str, int]:
    """word -> its whole number in one column."""
    place = words.table.column(name)
    for row in words.table.rows:
        whole(words.table, row, place)  # one that is none would change how pandas reads all of them
    return {word: whole(words.table, row, place) for word, row in words.rows.items() if word != PAD}


def read_enums(source: Source, text: str, wanted: Mapping[str, ast.AST]) -> Members:
    """The enums of an embedding's Python file, which is parsed and never run.

    Two members with the same words are one in Python: the first gives the name.

    Args:
        source: the file.
        wanted: the classes that the module imports, with the import.

    Raises:
        BadSource: the file holds anything but enums of lists of words, or lacks one that is wanted.
    """
    enums: dict[str, Mapping[str, str]] = {}
    for statement in parse_python(text, str(source.path)).body:
        match statement:
            case ast.ImportFrom(module="enum", names=[ast.alias(name="Enum", asname=None)], level=0):
                pass
            case ast.ClassDef(name=name, bases=[ast.Name(id="Enum")], keywords=[], decorator_list=[], body=body):
                if name in enums:
                    source.refuse(statement, f"`{name}` a second time", "each enum once")
                enums[name] = _members(source, body)
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                source.unexpected(statement, "`from enum import Enum` and enums of lists of words")
    for name in wanted:
        if name not in enums:
            source.refuse(None, f"a file without the enum `{name}`", "each enum that the module imports")
    return Members({name: enums[name] for name in wanted})


def _members(source: Source, body: list[ast.stmt]) -> Mapping[str, str]:
    canonical: dict[tuple[Symbol, ...], str] = {}
    members: dict[str, str] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=items)) if name.isidentifier():
                words = tuple(_word(source, item) for item in items)
            case _:
                source.unexpected(statement, "a member such as `V00 = ['a', 'b']`")
        if name in members or name.startswith("_"):
            source.refuse(statement, f"the member `{name}`", "each member once, by a plain name")
        members[name] = canonical.setdefault(words, name)
    return members


def _word(source: Source, node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    source.unexpected(node, "a word in quotes")


def inline_table(source: Source, node: ast.expr, members: Members) -> Mapping[str, tuple[Symbol, int]]:
    """A dict of words written out in `run`: word -> value and line."""
    if not isinstance(node, ast.Dict):
        source.unexpected(node, "a table of words")
    found: dict[str, tuple[Symbol, int]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        match key, value:
            case ast.Constant(value=str() as word), ast.Constant(value=str() | int() as answer) if (
                type(answer) is not bool
            ):
                found[word] = answer, key.lineno  # of two entries Python keeps the last
            case ast.Constant(value=str() as word), ast.Attribute():
                found[word] = members.symbol(source, value), key.lineno
            case _:
                source.unexpected(key or value, "a word in quotes and its symbol")
    return found
