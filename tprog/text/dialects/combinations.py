"""Reads the functions of lookups that list some combinations of their inputs: see `tprog.text.combinations`."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from tprog.ir.program import Value
from tprog.text.dialects.subset import Parameter, Source, comparisons, literal_value

Cells: TypeAlias = dict[tuple[int, ...], tuple[Value | None, int]]
"""The places of each combination that is listed, ascending -> its answer, and its line; last, at (), of all others."""


def lists_combinations(body: Sequence[ast.stmt]) -> bool:
    """Whether a function compares a tuple of its arguments anywhere."""
    return any(isinstance(one.left, ast.Tuple) for statement in body for one in comparisons(statement))


def read_combinations(
    source: Source, function: ast.FunctionDef, body: Sequence[ast.stmt], parameters: Sequence[Parameter]
) -> Cells:
    """What a function answers to each combination that it lists, and to all others.

    Args:
        body: its statements behind those that bring numbers to their levels.
        parameters: what its arguments can be, in the order of the codes.
    """
    found: Cells = {}
    places = [{value: place for place, value in enumerate(one.values)} for one in parameters]
    whole = "(" + ", ".join(one.name for one in parameters) + ")"
    otherwise: tuple[Value | None, int] = None, function.lineno
    for statement in body:
        match statement:
            case ast.If(test=test, body=[ast.Return() as answered], orelse=[]):
                answer = _answer(source, answered)
                for item in _combinations(source, test, parameters):
                    # The first branch that fits answers.
                    found.setdefault(_key(source, item, parameters, places), (answer, item.lineno))
            case ast.Return() if statement is body[-1]:
                otherwise = _answer(source, statement), statement.lineno
            case _:
                wanted = f"`if {whole} in {{...}}:` with a `return` alone, and last what is answered otherwise"
                source.unexpected(statement, wanted)
    return {**{key: found[key] for key in sorted(found)}, (): otherwise}


def _answer(source: Source, statement: ast.Return) -> Value | None:
    match statement.value:
        case None | ast.Constant(value=None):
            return None
        case value:
            return literal_value(source, value)


def _combinations(source: Source, test: ast.expr, parameters: Sequence[Parameter]) -> Iterator[ast.expr]:
    """The tuples that the tuple of all arguments is compared with."""
    names = [one.name for one in parameters]
    match test:
        case ast.Compare(left=ast.Tuple(elts=elements), ops=[op], comparators=[others]) if [
            ast.unparse(element) for element in elements
        ] == names:
            match op, others:
                case ast.Eq(), ast.Tuple():
                    yield others
                    return
                case ast.In(), ast.Set(elts=items) | ast.Tuple(elts=items):
                    yield from items
                    return
    source.unexpected(test, f"a test of ({', '.join(names)}) with `==` or `in`")


def _key(
    source: Source, item: ast.expr, parameters: Sequence[Parameter], places: Sequence[dict[Value, int]]
) -> tuple[int, ...]:
    if not isinstance(item, ast.Tuple) or len(item.elts) != len(parameters):
        source.unexpected(item, f"a tuple of {len(parameters)}, a value for each argument")
    key = []
    for element, one, known in zip(item.elts, parameters, places, strict=True):
        value = literal_value(source, element)
        if value not in known:
            one.refuse(source, element, value)
        key.append(known[value])
    return tuple(key)
