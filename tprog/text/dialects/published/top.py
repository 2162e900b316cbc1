"""The top level of a published module: helpers, `run`, what is imported for it, and what is skipped."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tprog.ir.domains import BEGIN
from tprog.text.dialects.published.allowed import BUILT_IN
from tprog.text.dialects.published.harmless import (
    Imports,
    Needed,
    annotations_of,
    bound_by,
    check_annotation,
    check_harmless,
    imports_of,
    is_standard,
)
from tprog.text.dialects.published.helpers import HELPERS
from tprog.text.dialects.subset import Source
from tprog.text.syntax import walk

BUILTINS = frozenset({"list", "range", "len", "str", "zip", "enumerate", "any", "min", "abs", "sum", "float"})
"""Builtins that `run` and its helpers need."""


_CONTAINERS = (ast.Dict, ast.List, ast.Set, ast.DictComp, ast.ListComp, ast.SetComp, ast.Tuple, ast.Starred)
"""Constants that other code could change in place; all others that mean anything are text and paths."""


@dataclass(frozen=True, eq=False)
class Top:
    """The top level of a module.

    Attributes:
        helpers: the functions beside `run` that have a meaning, by name.
        run: without its annotations.
        beside: a name -> the import that takes it from a Python file beside the module.
        constants: names that `run` uses -> what they are; at most paths have a meaning.
        imports: what names stand for, in the whole file.
        longest_example: the most tokens of an example input; 0 without examples.
    """

    helpers: Mapping[str, ast.FunctionDef]
    run: ast.FunctionDef
    beside: Mapping[str, ast.ImportFrom]
    constants: Mapping[str, ast.expr]
    imports: Imports
    longest_example: int


def read_top(source: Source, tree: ast.Module) -> Top:
    """Divide the top level, and refuse what might change the meaning of `run`.

    Raises:
        BadSource: there is no `run`, or something that is not proven harmless.
    """
    imports = imports_of(tree.body)
    functions = _functions(source, tree)
    if "run" not in functions:
        source.refuse(None, "a module without `run`", "`def run(tokens):`", "is the file cut short?")
    _check_compiles(source, tree)
    _without_annotations(source, tree, functions.values(), imports)
    run = functions.pop("run")
    wanted = _with_constants(tree, _free_names([run, *functions.values()]))
    own = wanted - BUILTINS - imports.modules.keys() - imports.names.keys() - {"run", "pd", *HELPERS}
    rest = [statement for statement in tree.body if statement is not run and statement not in functions.values()]
    beside, constants, skipped = _divided(source, rest, own)
    imported = _imported(tree, imports) & wanted
    _check_not_shadowed(source, tree, imports, imported, beside)
    _check_order(source, [statement for statement in skipped if statement.lineno < run.lineno])
    tables = frozenset(name for name, value in constants.items() if isinstance(value, _CONTAINERS))
    needed = Needed(wanted | BUILTINS | {"run", "pd", *HELPERS}, imported - BUILTINS, tables)
    values = [ast.copy_location(ast.Expr(value), value) for value in constants.values()]
    check_harmless(source, [*values, *skipped], needed, imports)
    if imports.modules.get("pd") != "pandas" or "pd" not in _imported(tree, imports):
        source.refuse(run, "a `run` for which `pd` is not pandas", "`import pandas as pd` above it")
    return Top(functions, run, beside, constants, imports, _longest_example(skipped))


def _divided(
    source: Source, statements: Iterable[ast.stmt], own: frozenset[str]
) -> tuple[dict[str, ast.ImportFrom], dict[str, ast.expr], list[ast.stmt]]:
    """The names that come from a file beside the module, its constants among `own`, and all other statements."""
    beside: dict[str, ast.ImportFrom] = {}
    constants: dict[str, ast.expr] = {}
    skipped: list[ast.stmt] = []
    for statement in statements:
        match statement:
            case ast.ImportFrom(names=names, level=level, module=module) if level or not is_standard(module or ""):
                _check_beside(source, statement)
                beside |= {alias.name: statement for alias in names}
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in own:
                if name in constants:
                    source.refuse(statement, f"`{name}` a second time", "each name that `run` uses once")
                constants[name] = value
            case _:
                skipped.append(statement)
    return beside, constants, skipped


def _check_not_shadowed(
    source: Source,
    tree: ast.Module,
    imports: Imports,
    imported: frozenset[str],
    beside: Mapping[str, ast.ImportFrom],
) -> None:
    """Refuse an import that takes the name of a builtin, of `run` or of one of its helpers."""
    if shadowed := (BUILTINS | {"run", *HELPERS}) & (imported | beside.keys()):
        name = min(shadowed)
        at = beside.get(name) or next(s for s in tree.body if name in _imported(ast.Module([s], []), imports))
        source.refuse(at, f"an import of `{name}`", "another name: `run` uses this one")


def _functions(source: Source, tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """`run` and its helpers."""
    found: dict[str, ast.FunctionDef] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name in ("run", *HELPERS):
            if statement.name in found:
                source.refuse(statement, f"`{statement.name}` a second time", "each function once")
            found[statement.name] = statement
    return found


def _check_compiles(source: Source, tree: ast.Module) -> None:
    """Refuse what parses and yet is no module, such as a `return` outside a function."""
    try:
        compile(tree, str(source.path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line, column = getattr(error, "lineno", None) or 1, getattr(error, "offset", None) or 1
        at = ast.Pass(lineno=line, col_offset=column - 1)
        source.refuse(at, f"what Python refuses ({getattr(error, 'msg', error)})", "valid Python", "")


def _check_beside(source: Source, statement: ast.ImportFrom) -> None:
    if statement.level > 1 or not statement.module or any(alias.name == "*" for alias in statement.names):
        wanted = "names from a Python file beside the module: enums of words, or weights"
        source.unexpected(statement, wanted)
    if renamed := [alias for alias in statement.names if alias.asname is not None]:
        source.refuse(statement, f"`{renamed[0].name} as {renamed[0].asname}`", "the name as it is")


_ENDING = frozenset({"exit", "quit", "SystemExit", "KeyboardInterrupt"})
"""Names, of builtins and of what `sys` has, by which a file ends itself."""


def _check_order(source: Source, above: list[ast.stmt]) -> None:
    """Refuse, among the statements above `run`, what could end the file before that is defined."""
    for statement in above:
        match statement:
            case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef() | ast.Assign() | ast.AnnAssign():
                pass
            case ast.Expr(value=ast.Constant() | ast.Call()):
                pass
            case _:
                source.unexpected(statement, "imports, functions and constants above `run`")
    ending = _ENDING | _renamed_endings(above)
    for node in (node for statement in above for node in walk(statement)):
        # A function that only stands there is refused with the others: who calls it is not followed.
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in ending:
                source.refuse(node, f"`{name}` above `run`, by which the file could end", "it behind `run`")


def _renamed_endings(statements: Iterable[ast.stmt]) -> frozenset[str]:
    """The names that imports give to what ends a file."""
    aliases = (alias for s in statements if isinstance(s, ast.ImportFrom) for alias in s.names)
    return frozenset(alias.asname or alias.name for alias in aliases if alias.name in _ENDING)


def _free_names(functions: Iterable[ast.FunctionDef]) -> frozenset[str]:
    """The names that functions take from outside."""
    free: set[str] = set()
    for function in functions:
        loaded, bound = set[str](), set[str]()
        for node in walk(function):
            match node:
                case ast.Name(id=name, ctx=ast.Load()):
                    loaded.add(name)
                case ast.Name(id=name) | ast.arg(arg=name) | ast.FunctionDef(name=name):
                    bound.add(name)
        free |= loaded - bound
    return frozenset(free)


def _with_constants(tree: ast.Module, wanted: frozenset[str]) -> frozenset[str]:
    """The same, and what the constants among them are made of."""
    values: dict[str, set[str]] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            named = {node.id for node in walk(statement.value) if isinstance(node, ast.Name)}
            values.setdefault(statement.targets[0].id, set()).update(named)
    found: set[str] = set()
    waiting = set(wanted)
    while waiting:
        found.add(name := waiting.pop())
        waiting |= values.get(name, set()) - found
    return frozenset(found)


def _imported(tree: ast.Module, imports: Imports) -> frozenset[str]:
    """The names that the imports of the top level bind, each to one thing."""
    found = (alias for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom) for alias in s.names)
    known = imports.modules.keys() | imports.names.keys()
    return frozenset(name for name in map(bound_by, found) if name in known)


def _without_annotations(
    source: Source, tree: ast.Module, functions: Iterable[ast.FunctionDef], imports: Imports
) -> None:
    """Take the annotations out of `run` and its helpers, each of which names a type and does nothing."""
    evaluated = not any(map(_defers_annotations, tree.body))
    for function in functions:
        for node in walk(function):
            if isinstance(node, ast.FunctionDef):
                for annotation in annotations_of(node) if evaluated else ():
                    check_annotation(source, annotation, imports)
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
        function.body = [_plain_assignment(statement) for statement in function.body]


def _defers_annotations(statement: ast.stmt) -> bool:
    """Whether it is ``from __future__ import annotations``, by which none is evaluated."""
    match statement:
        case ast.ImportFrom(module="__future__", names=names):
            return any(alias.name == "annotations" for alias in names)
    return False


def _plain_assignment(statement: ast.stmt) -> ast.stmt:
    """``x: int = 1`` as ``x = 1``: an annotation of a local variable is never evaluated."""
    match statement:
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value, simple=1):
            return ast.copy_location(ast.Assign([target], value), statement)
    return statement


def _longest_example(statements: Iterable[ast.stmt]) -> int:
    """The most tokens of a list, written out, that begins with ``<s>``."""
    longest = 0
    for node in (inner for statement in statements for inner in walk(statement)):
        if isinstance(node, ast.List | ast.Tuple):
            words = [item.value for item in node.elts if isinstance(item, ast.Constant)]
            if words[:1] == [BEGIN] and len(words) == len(node.elts) and all(isinstance(w, str) for w in words):
                longest = max(longest, len(words))
    return longest


def is_defined(top: Top, name: str) -> bool:
    """Whether a global name or builtin of this name can be there when `run` runs."""
    known = {*top.imports.modules, *top.imports.names, *top.helpers, *top.constants, "run", "__file__", "__name__"}
    return name in known or name in BUILT_IN
