"""Weights written out as a dict, in a Python file beside the module or in the module: parsed, and never run."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from tprog.text.dialects.published.side import READ_AS_MISSING, Row, Table
from tprog.text.dialects.subset import Source
from tprog.text.syntax import parse_python

Constants = Mapping[str, ast.expr]


def read_constants(source: Source, text: str) -> Constants:
    """The constants of a Python file that holds nothing else: name -> value.

    Raises:
        BadSource: it holds anything else, or a name twice.
    """
    found: dict[str, ast.expr] = {}
    for statement in parse_python(text, str(source.path)).body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in found:
                found[name] = value
            case ast.AnnAssign(
                target=ast.Name(id=name), annotation=ast.Name(id="dict" | "list"), value=ast.expr() as value
            ) if name not in found:
                found[name] = value
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                source.unexpected(statement, "`NAME = {...}`, each name once, and nothing else")
    return found


def read_dict(source: Source, weights: ast.expr, columns: ast.expr | None) -> Table:
    """The table that ``pd.DataFrame.from_dict(weights, orient='index', columns=columns)`` makes.

    Args:
        source: the file in which `weights` stands.
        weights: a dict from ``(feature, value)`` to the weights: a list of numbers, or a dict from class to number.
        columns: the classes, a list of text; None where they are keys.

    Raises:
        BadSource: it is no such dict.
    """
    if not isinstance(weights, ast.Dict) or not weights.keys:
        source.unexpected(weights, "a dict of weights written out as {(feature, value): [...], ...}")
    classes = None if columns is None else [_text(source, item) for item in _items(source, columns)]
    rows: dict[tuple[str, str], Row] = {}
    for key, value in zip(weights.keys, weights.values, strict=True):
        feature, name = _key(source, key or value)
        if (feature, name) in rows:
            source.refuse(key or value, f"the weights of {feature}, {name} a second time", "each key once")
        keys, numbers = _row(source, value)
        classes = _classes_of(source, value, keys, len(numbers), classes, are_keys=columns is None)
        rows[feature, name] = Row((feature, name, *numbers), (key or value).lineno, value.end_lineno or value.lineno)
    assert classes is not None
    _check_distinct(source, classes, columns or weights)
    return Table(str(source.path), ("feature", "value", *classes), tuple(rows.values()))


def _check_distinct(source: Source, classes: list[str], at: ast.expr) -> None:
    if len(set(classes)) != len(classes) or not classes:
        source.refuse(at, "a class twice, or none", "a name of its own for each class")


def _key(source: Source, node: ast.expr) -> tuple[str, str]:
    """The feature and the value whose weights a row has."""
    match node:
        case ast.Tuple(elts=[feature, value]):
            return _text(source, feature), _text(source, value)
    source.unexpected(node, "a key (feature, value) in quotes")


def _classes_of(
    source: Source, row: ast.expr, keys: list[str] | None, weights: int, before: list[str] | None, *, are_keys: bool
) -> list[str]:
    """The classes of a row, which must be those that all rows before it have, with one weight each.

    Args:
        keys: those that the row names.
        before: those known so far.
        are_keys: whether each row must name them.
    """
    classes = keys if before is None else before
    if keys not in (None, classes) or classes is None or (keys is None) == are_keys:
        source.unexpected(row, "the same classes, in the same order, in each row")
    if weights != len(classes):
        source.refuse(row, f"a row of {weights} weights", f"{len(classes)}, one a class")
    return classes


def _row(source: Source, node: ast.expr) -> tuple[list[str] | None, list[str]]:
    """The classes of a row, if it names them, and its weights as decimals."""
    if isinstance(node, ast.Dict):
        keys = [
            _text(source, key) if key is not None else source.unexpected(node, "keys in quotes") for key in node.keys
        ]
        return keys, [_decimal(source, value) for value in node.values]
    return None, [_decimal(source, item) for item in _items(source, node)]


def _items(source: Source, node: ast.expr) -> list[ast.expr]:
    if not isinstance(node, ast.List | ast.Tuple):
        source.unexpected(node, "a list")
    return node.elts


def _text(source: Source, node: ast.expr) -> str:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        source.unexpected(node, "text in quotes")
    if node.value in READ_AS_MISSING:
        source.unexpected(node, "a name that no table reads as missing")
    return node.value


def _decimal(source: Source, node: ast.expr) -> str:
    """A number as Python writes it, which names the same number."""
    match node:
        case ast.Constant(value=int() | float() as number) if type(number) is not bool:
            return repr(number)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)) if (
            type(number) is not bool
        ):
            return f"-{number!r}"
    source.unexpected(node, "a decimal number")
