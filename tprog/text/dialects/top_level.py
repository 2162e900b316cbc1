"""The top level of a tpdebug module: which statements it may have, its constants and its side file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, cast

from tprog.errors import BadFile
from tprog.files.formats import parse_json
from tprog.ir.answering import LOOKUP, PREDICATE
from tprog.ir.program import IMPLIED, Classify, Program, RowsNeeded, SelfRule, UnknownRule
from tprog.text.dialects.parts import built
from tprog.text.dialects.subset import Source, literal_items, literal_value, without_docstring, without_extras
from tprog.text.dialects.told import read_provenance
from tprog.text.needs import KEYED, WORDS, primitive_texts, symbols_text
from tprog.text.syntax import python_lines

CONSTANTS = ("TASK", "VOCABULARY", "CLASSES", "MAX_LENGTH", "CAUSAL", "POOLED", "FORCED", "SCALE", "READOUT")
OF_READOUT = frozenset({"CLASSES", "POOLED", "FORCED", "SCALE", "READOUT"})
"""The constants that a module has only with a readout: all of them, or none."""

OPTIONAL = (
    "PROVENANCE",
    "SOURCES",
    "SELF_RULE",
    "UNKNOWN_RULE",
    "ROWS_NEEDED",
    "DOMAINS",
    "EMBEDDINGS",
    "TABLES",
    WORDS,
)
IMPORTS = ("import sys", "import json", "from fractions import Fraction", "from pathlib import Path")
LONGEST = 2048
"""Tokens in an input: attention takes the square of it for each input."""

MOST_ROWS = 2_000_000
"""Rows of a side file: each takes about a hundred bytes."""

GUARD = "if __name__ == '__main__':\n    sys.exit({}, VOCABULARY, sys.argv[1:]))"
ENTRANCES = (
    *(f"{name}({run}" for name in ("main", "_main_without_begin") for run in ("run", "_spelled(run)")),
    "_main_of_several(run",
)
SIDE_EMBEDDINGS = ("TABLES['EMBEDDINGS']", "_words_of_json(TABLES['EMBEDDINGS'])")
"""How EMBEDDINGS names the tables of a side file; the second where these hold more than text and whole numbers."""

TABLES = "json.loads(Path(__file__).with_name({}).read_text(encoding='utf-8'))"


@dataclass(frozen=True, eq=False)
class TopLevel:
    """The statements of a module, by name.

    Attributes:
        entrance: how it calls a primitive where it is run from a command line, and the statement; None if it cannot.
    """

    source: Source
    docstring: str
    entrance: tuple[str, ast.stmt] | None
    imports: frozenset[str]
    constants: Mapping[str, ast.expr]
    functions: Mapping[str, ast.FunctionDef]


def read_top_level(source: Source, tree: ast.Module, text: str) -> TopLevel:
    """Sorts the top level into constants and functions, and refuses everything else.

    Args:
        text: what `tree` is the syntax of.

    Raises:
        BadSource: a statement outside the dialect, or a module that lacks a part.
    """
    imports: set[str] = set()
    constants: dict[str, ast.expr] = {}
    functions: dict[str, ast.FunctionDef] = {}
    lines = python_lines(text)
    body, entrance = _without_guard(source, tree.body)
    source, body = _without_symbols(source, body)
    for index, statement in enumerate(body):
        match statement:
            case ast.Expr(value=ast.Constant(value=str())) if index == 0:
                pass
            case ast.Import() | ast.ImportFrom() if ast.unparse(statement) in IMPORTS:
                imports.add(ast.unparse(statement))
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in CONSTANTS + OPTIONAL:
                _check_constant(source, statement, name, constants, functions)
                constants[name] = value
            case ast.FunctionDef(name=name):
                _check_function(source, statement, functions, lines)
                functions[name] = statement
            case _:
                source.unexpected(statement, "only the imports, constants and functions of a tpdebug module")
    _check_whole(source, tree, constants, functions)
    docstring = ast.get_docstring(tree, clean=False) or ""
    return TopLevel(source, docstring, entrance, frozenset(imports), constants, functions)


def _check_constant(
    source: Source,
    statement: ast.Assign,
    name: str,
    before: Mapping[str, ast.expr],
    functions: Mapping[str, ast.FunctionDef],
) -> None:
    """Refuse a constant that is there already, out of place, or that Python would have to compute.

    Args:
        before, functions: the constants and functions above it.
    """
    if name in before:
        source.refuse(statement, f"`{name}` a second time", "each constant once")
    if name in ("DOMAINS", "EMBEDDINGS"):
        _check_inert(source, statement.value)  # not all of it need be read by a node
        _check_decoded(source, statement.value, functions)
    if name == WORDS and not (ast.unparse(statement.value) == KEYED and "VOCABULARY" in before):
        source.unexpected(statement.value, f"`{KEYED}`, below VOCABULARY")
    if name == "TABLES" and before:
        source.refuse(statement, "`TABLES` after other constants", "TABLES first: the others read it")


def _check_whole(
    source: Source, tree: ast.Module, constants: Mapping[str, ast.expr], functions: Mapping[str, ast.FunctionDef]
) -> None:
    """Refuse a module that lacks a part."""
    optional = OF_READOUT if OF_READOUT.isdisjoint(constants) else frozenset()
    if optional and "ROWS_NEEDED" in constants:
        source.refuse(constants["ROWS_NEEDED"], "`ROWS_NEEDED` without READOUT", "none: there are no rows")
    needed = [name for name in CONSTANTS if name not in optional]
    missing = [name for name in needed if name not in constants] + ["run"] * ("run" not in functions)
    if not tree.body:
        source.refuse(None, "no statement at all", "a whole tpdebug module")
    if missing:
        advice = "is the file cut short?" if len(missing) < len(needed) else source.advice
        source.refuse(tree.body[-1], f"a module without {', '.join(missing)}", "a whole tpdebug module", advice)


def _without_guard(source: Source, body: list[ast.stmt]) -> tuple[list[ast.stmt], tuple[str, ast.stmt] | None]:
    """The statements above the one that runs the module from a command line, and that, if there is one; it is last."""
    guards = {GUARD.format(name): name for name in ENTRANCES}
    for index, statement in enumerate(body):
        if isinstance(statement, ast.If) and (name := guards.get(ast.unparse(statement))) is not None:
            for behind in body[index + 1 :]:
                source.unexpected(behind, "nothing behind `if __name__ == '__main__':`")
            return body[:index], (name, statement)
    return body, None


def _without_symbols(source: Source, body: list[ast.stmt]) -> tuple[Source, list[ast.stmt]]:
    """Without the class of symbols that are neither text nor numbers and their names, above the first constant.

    Returns:
        Where the module has these, a source in which they are literals.
    """
    for index, statement in enumerate(body):
        match statement:
            case ast.ClassDef(name="_Symbol"):
                if _dumped(body[index : index + 2]) != _dumped(ast.parse(symbols_text()).body):
                    source.refuse(
                        statement,
                        "a `_Symbol` other than the one that tpdebug writes",
                        "this class and its three names unchanged, because they are what a program means",
                    )
                return replace(source, symbols=True), body[:index] + body[index + 2 :]
            case ast.Assign():
                break
    return source, body


def _dumped(statements: Sequence[ast.stmt]) -> list[str]:
    """Syntax without positions, and a class without its docstring."""
    found = []
    for statement in statements:
        bodies = without_docstring(statement.body) if isinstance(statement, ast.ClassDef) else [statement]
        found.append(" ".join(map(ast.dump, bodies)))
    return found


def _check_decoded(source: Source, value: ast.expr, functions: Mapping[str, ast.FunctionDef]) -> None:
    """Refuse tables of a side file that are decoded before the module defines how."""
    if ast.unparse(value) == SIDE_EMBEDDINGS[1] and not (source.symbols and "_words_of_json" in functions):
        source.unexpected(value, "the class `_Symbol` and the function `_words_of_json` above it")


def _check_inert(source: Source, node: ast.expr) -> None:
    """Refuse a table in which Python would have to compute anything but ``range(n)`` or look up the side file."""
    match node:
        case ast.Constant():
            return
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if not isinstance(key, ast.Constant):
                    literal_value(source, key or value)
                _check_inert(source, value)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int())], keywords=[]):
            return
        case _ if ast.unparse(node) in SIDE_EMBEDDINGS:
            return
        case ast.Tuple() | ast.Set():
            literal_items(source, node)
        case _:
            literal_value(source, node)


def _check_function(
    source: Source, statement: ast.FunctionDef, before: Mapping[str, ast.FunctionDef], lines: Sequence[str]
) -> None:
    """Refuse a function that is there already, or that a module of this dialect does not have."""
    name = statement.name
    if name in before:
        source.refuse(statement, f"`{name}` a second time", "each function once")
    if name in primitive_texts():
        written = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        as_emitted = written == primitive_texts()[name] and not statement.decorator_list
        if not as_emitted and _meaning(statement) != _reference(name):
            source.refuse(
                statement,
                f"a `{name}` other than the one that tpdebug writes",
                "the primitives unchanged, because they are what a program means",
                "change predicates, lookups, weights or run instead",
            )
    elif name != "run" and not name.startswith((PREDICATE, LOOKUP)):
        source.refuse(statement, f"the function `{name}`", "run, a primitive, predicate_* or lookup_*")
    else:
        # Python evaluates these when it defines the function, whether or not a node of the program calls it.
        without_extras(source, statement)


def _meaning(function: ast.FunctionDef) -> str:
    """A function's syntax without its docstring and positions."""
    return ast.dump(
        ast.FunctionDef(
            name=function.name,
            args=function.args,
            body=list(without_docstring(function.body)),
            decorator_list=function.decorator_list,
            returns=function.returns,
        )
    )


@cache
def _reference(name: str) -> str:
    function = ast.parse(primitive_texts()[name]).body[0]
    assert isinstance(function, ast.FunctionDef)
    return _meaning(function)


def read_tables(top: TopLevel, side: Callable[[str], str]) -> Mapping[str, Any]:
    """The side file's tables, or nothing where the module has none.

    Raises:
        BadSource, BadFile: TABLES is not what tpdebug writes; the side file is not its JSON.
    """
    if (value := top.constants.get("TABLES")) is None:
        return {}
    if (name := _side_name(value)) is None:
        top.source.unexpected(value, "a side file beside the module, as tpdebug writes it")
    text = side(name)
    if text.count("[") + text.count("{") > MOST_ROWS:
        raise BadFile(f"{name}: more than {MOST_ROWS:,} rows; these are no tables of {top.source.path}")
    tables = parse_json(text, name, f"the tables of {top.source.path}; emit it again")
    parts = ("EMBEDDINGS", "READOUT")
    whole = isinstance(tables, dict) and all(isinstance(tables.get(part), dict) for part in parts)
    if not whole or not all(isinstance(table, dict) for part in parts for table in tables[part].values()):
        raise BadFile(f"{name}: these are not the tables of {top.source.path}; emit it again")
    return cast("Mapping[str, Any]", tables)


def _side_name(value: ast.expr) -> str | None:
    """The name in the expression that reads the side file; None where it is another expression."""
    written = ast.unparse(value)
    strings = [n for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    found = next((str(n.value) for n in strings if written == TABLES.format(ast.unparse(n))), None)
    return None if found is None or "/" in found else found


def read_frame(top: TopLevel, tables: Mapping[str, Any]) -> Program:
    """All of the Program but its nodes and weights, and, where it has none, the variable that comes out."""
    constants, source = top.constants, top.source
    task = constants["TASK"]
    unnamed = isinstance(task, ast.Constant) and task.value is None
    if ast.unparse(constants["VOCABULARY"]) == "tuple(TABLES['VOCABULARY'])":
        vocabulary = _side_vocabulary(source, tables.get("VOCABULARY"))
    else:
        vocabulary = _strings(top, "VOCABULARY")
    rule = literal_value(source, constants["SELF_RULE"]) if "SELF_RULE" in constants else "last"
    unknown = literal_value(source, constants["UNKNOWN_RULE"]) if "UNKNOWN_RULE" in constants else "unk"
    rows_needed = literal_value(source, constants["ROWS_NEEDED"]) if "ROWS_NEEDED" in constants else "free"
    readout = IMPLIED
    if whole := "READOUT" in constants:
        readout = Classify((), _integer(top, "SCALE"), _flag(top, "POOLED"), _strings(top, "FORCED"))
        readout = replace(readout, rows_needed=cast(RowsNeeded, rows_needed))
    return built(
        source,
        constants["VOCABULARY"],
        lambda: Program(
            vocabulary=vocabulary,
            classes=_strings(top, "CLASSES") if whole else (),
            max_length=_integer(top, "MAX_LENGTH"),
            nodes=(),
            readout=readout,
            task=None if unnamed else str(literal_value(source, task)),
            causal=_flag(top, "CAUSAL"),
            self_rule=cast(SelfRule, rule),
            unknown_rule=cast(UnknownRule, unknown),
            provenance=read_provenance(source, top.docstring, constants),
            outputs=("readout",) if whole else ("tokens",),
        ),
    )


def _side_vocabulary(source: Source, found: object) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise BadFile(f"the side file of {source.path} has no VOCABULARY of words; emit the module again")
    try:
        "".join(found).encode()
    except UnicodeEncodeError:
        raise BadFile(f"the side file of {source.path} has half of a surrogate pair in a word") from None
    return tuple(found)


def _strings(top: TopLevel, name: str) -> tuple[str, ...]:
    items = literal_items(top.source, top.constants[name])
    for value, at in items:
        if not isinstance(value, str):
            top.source.refuse(at, f"{value!r} in {name}", "strings")
    return tuple(str(value) for value, _ in items)


def _integer(top: TopLevel, name: str) -> int:
    value = literal_value(top.source, top.constants[name])
    if not isinstance(value, int):
        top.source.refuse(top.constants[name], f"{name} = {value!r}", "a whole number")
    if name == "MAX_LENGTH" and value > LONGEST:
        top.source.refuse(top.constants[name], f"{name} = {value}", f"at most {LONGEST}")
    return value


def _flag(top: TopLevel, name: str) -> bool:
    match top.constants[name]:
        case ast.Constant(value=bool() as value):
            return value
    top.source.refuse(top.constants[name], f"{name} = {ast.unparse(top.constants[name])}", "True or False")
