"""The text of a condition as a syntax tree of Python, bounded, and the words for what is not in the language."""

from __future__ import annotations

import ast
import warnings

from tprog.errors import BadUsage

LONGEST = 1000
"""Characters of a condition."""

DEEPEST = 40
"""Operations within each other."""


def parsed(text: str, shown: str, allowed: str) -> ast.expr:
    """The syntax tree of a condition.

    Args:
        shown, allowed: the condition and the language as a message repeats them.

    Raises:
        BadUsage: it is no expression, or too long.
    """
    if len(text) > LONGEST:
        raise BadUsage(f"--where: the condition has {len(text):,} characters; expected at most {LONGEST:,}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on style, such as on an escape
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        column = f", column {error.offset}" if error.offset else ""
        raise BadUsage(f"--where {shown}{column}: {error.msg}; expected a condition on {allowed}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        said = str(error) or type(error).__name__
        raise BadUsage(f"--where {shown}: it cannot be read: {said}; expected one on {allowed}") from None


def too_deep(tree: ast.expr) -> ast.AST | None:
    """The first part that is nested too deeply."""
    deepest: list[tuple[ast.AST, int]] = [(tree, 1)]
    while deepest:
        node, depth = deepest.pop()
        if depth > DEEPEST:
            return node
        deepest += [(below, depth + 1) for below in ast.iter_child_nodes(node)]
    return None


def described_node(node: ast.AST) -> str:
    """The word for a part that is not in the language."""
    named = {
        ast.Attribute: "an attribute that is not called", ast.Lambda: "a lambda", ast.NamedExpr: "an assignment",
        ast.Starred: "a star", ast.JoinedStr: "an f-string", ast.Await: "await", ast.Yield: "yield",
        ast.Dict: "a dictionary", ast.DictComp: "a dictionary", ast.Pow: "**", ast.Div: "/", ast.MatMult: "@",
        ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^",
    }  # fmt: skip
    return named.get(type(node), type(node).__name__)
