"""The names of a changed module's side files: new ones where files of the old names are there and must stay."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tprog.errors import BadFile, BadSource
from tprog.files.beside import content_name, holds, plain_name
from tprog.ir.program import Program
from tprog.text.read import Module, read_source
from tprog.text.splice import Places, spliced


def with_free_names(
    module: Module, text: str, sides: Mapping[str, str], after: Program, target: Path
) -> tuple[str, dict[str, str]] | None:
    """A changed module that is to stand at `target`, and its side files, under names that overwrite nothing.

    A side file keeps its name where a file of that name and text is there, or where neither a module nor such a file
    is. Otherwise its name tells its contents, and the module says that name.

    Args:
        module: as it was read.
        text, sides: the changed module, and by their old names the side files that it needs.
        after: what it means.

    Returns:
        None if the new names cannot be said in the module's own form.
    """
    known = dict(sides)
    for name, side in sides.items():
        new = _free_name(module, name, side, target)
        if new == name and (module.weights is None or module.weights.name != name):
            continue
        del known[name]
        known[new] = side
        told = (one for one in _renamed(text, name, new) if _means(one, target, module, known, after))
        if (found := next(told, None)) is None:
            return None
        text = found
    return (text, known) if _means(text, target, module, known, after) else None


def _free_name(module: Module, name: str, side: str, target: Path) -> str:
    beside = target.with_name(name)
    if holds(beside, side) or not (os.path.lexists(beside) or os.path.lexists(target)):
        return name
    return content_name(plain_name(name, module.sides[name]), side)


def _means(text: str, target: Path, module: Module, sides: Mapping[str, str], after: Program) -> bool:
    """Whether a module with these side files, and no others, reads as a Program."""

    def side(name: str) -> str:
        if name not in sides:
            raise BadFile(f"{target}: its side file {name!r} is not at hand")
        return sides[name]

    try:
        found = read_source(text, str(target), side)
    except (BadSource, BadFile):
        return False
    return found.dialect == module.dialect and replace(found.program, provenance=()) == replace(after, provenance=())


def _renamed(text: str, old: str, new: str) -> Iterator[str]:
    """The texts that name `new` instead of `old`: first in the paths that end so, then in place of a whole path."""
    places, tree = Places(text), ast.parse(text)
    changes = []
    for node in _strings(tree):
        folder, last = re.fullmatch(r"(.*[/\\])?(.*)", str(node.value), re.DOTALL).groups()  # type: ignore[union-attr]
        if last == old:
            said = places.of(node)
            quoted = said.count(old) == 1 and said.isprintable()
            changes.append((node, said.replace(old, new) if quoted else repr(f"{folder or ''}{new}")))
    if changes:
        yield spliced(text, [(places.begin(node), places.end(node), said) for node, said in changes])
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Attribute(attr="read_csv" | "with_name"), args=[path, *_]):
                yield spliced(text, [(places.begin(path), places.end(path), repr(new))])


def _strings(node: ast.AST) -> Iterator[ast.Constant]:
    """The strings of a tree whose places are known: those within an f-string have none of their own."""
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _strings(child)
