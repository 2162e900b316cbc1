"""What a tpdebug module says of its program: where it comes from, and where its nodes were written."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from tprog.ir.provenance import SourceLine
from tprog.text.dialects.subset import Source, dict_items, literal_items
from tprog.text.told import PAIR


def read_provenance(source: Source, docstring: str, constants: Mapping[str, ast.expr]) -> tuple[tuple[str, str], ...]:
    """What PROVENANCE holds; without it, the `key: text` lines behind the docstring's first.

    Raises:
        BadSource: PROVENANCE holds anything but pairs of strings.
    """
    if (value := constants.get("PROVENANCE")) is not None:
        if not isinstance(value, ast.Tuple):
            source.unexpected(value, "a tuple of pairs, a key and what it says")
        return tuple(_pair(source, item) for item in value.elts)
    matches = [PAIR.fullmatch(line.rstrip()) for line in docstring.split("\n")[1:]]
    return tuple((match[1], match[2]) for match in matches if match and match[2].isprintable())


def _pair(source: Source, item: ast.expr) -> tuple[str, str]:
    match literal_items(source, item):
        case [(str() as key, _), (str() as text, _)]:
            return key, text
    source.unexpected(item, "two strings, a key and what it says")


def read_sources(source: Source, constants: Mapping[str, ast.expr], nodes: Sequence[str]) -> tuple[SourceLine, ...]:
    """What SOURCES holds, in the order of the nodes.

    Raises:
        BadSource: it names what is no node, or holds anything but a file, a line and a text for each.
    """
    if (value := constants.get("SOURCES")) is None:
        return ()
    found: dict[str, SourceLine] = {}
    for name, (name_at, written) in dict_items(source, value).items():
        if not isinstance(name, str) or name not in nodes:
            source.refuse(name_at, f"{name!r} in SOURCES", "the name of a node")
        match literal_items(source, written):
            case [(str() as file, _), (int() as line, _), (str() as text, _)] if file and line > 0:
                found[name] = SourceLine(name, file, line, text)
            case _:
                source.unexpected(written, "the name of a file, a line from 1 on, and what stands there")
    return tuple(found[name] for name in nodes if name in found)
