"""Python text -> its syntax tree, or a refusal: never a crash, whatever the text."""

from __future__ import annotations

import ast
import warnings

from tprog.errors import BadSource

DEEPEST = 100
"""Levels of nesting. From about 190 on libcst exhausts the stack; emitted modules have a dozen."""


def parse_python(text: str, path: str) -> ast.Module:
    """Parse a module without executing it.

    Raises:
        BadSource: it is not Python, or is nested deeper than `DEEPEST`.
    """
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
        if not (below := [child for node in level for child in ast.iter_child_nodes(node)]):
            return tree
        level = below
    at = next((node for node in level if hasattr(node, "lineno")), None)
    raise _too_deep(path, getattr(at, "lineno", 1), getattr(at, "col_offset", 0) + 1)


def _too_deep(path: str, line: int, column: int) -> BadSource:
    return BadSource(path, line, column, "expressions nested too deep", f"at most {DEEPEST} levels")
