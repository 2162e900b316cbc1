"""What stands around `run` in a published module: skipped where it cannot change what `run` means, refused elsewhere.

Nothing is executed, so harmlessness is a matter of what code can get hold of. Code that runs when the file is imported
or executed, and every function that such code names, may use the names that this file binds, and the builtins, the
functions of other modules and the attributes that `allowed` lists. None of these gives access to a module as a value,
to a namespace, to the code of a function, or to a file for writing, so nothing that is reached from there can rebind,
patch or overwrite what `run` uses. A function that no such code names is never called, and may hold anything.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from tprog.text.dialects.published.allowed import (
    ATTRIBUTES,
    BUILT_IN,
    BUILTINS,
    DOTTED,
    FUTURE,
    OF_PATHS,
    PLAIN,
    READABLE,
    is_known,
)
from tprog.text.dialects.subset import Source
from tprog.text.syntax import walk

Defined: TypeAlias = ast.FunctionDef | ast.ClassDef

EXPECTED = "around `run` only what cannot change what it means: examples, prints, loops, functions of its own"

_SEVERAL = "more than one thing"


@dataclass(frozen=True)
class Imports:
    """What a file's imports bind: a name for a module -> the module, and a name out of a module -> both, with a dot.

    A name that is bound to more than one thing stands for `_SEVERAL`, of which nothing may be used.
    """

    modules: Mapping[str, str]
    names: Mapping[str, str]


def imports_of(nodes: Iterable[ast.AST]) -> Imports:
    """The imports anywhere in some code."""
    modules: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, found, is_module in _bindings(nodes):
        kind, other = (modules, names) if is_module else (names, modules)
        kind[name] = found if kind.get(name, found) == found else _SEVERAL
        if name in other:
            kind[name] = other[name] = _SEVERAL
    return Imports(modules, names)


def _bindings(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, str, bool]]:
    """Name, what it is bound to, and whether that is a module."""
    for node in (inner for outer in nodes for inner in walk(outer)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield bound_by(alias), alias.name if alias.asname else alias.name.split(".")[0], True
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                dotted = f"{'.' * node.level}{node.module or ''}.{alias.name}"
                yield bound_by(alias), dotted, dotted in DOTTED


def bound_by(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.split(".")[0]


def is_standard(module: str) -> bool:
    """Whether a module is one of Python's own, or one of the two that a published module imports anyway."""
    return module.split(".")[0] in sys.stdlib_module_names or module in ("numpy", "pandas")


@dataclass(frozen=True)
class Needed:
    """What `run` and its helpers need of the module.

    Attributes:
        names: the global names and builtins that they use, themselves among them.
        imported: those that imports bind, each to one thing.
        tables: those that stand for a dict or list, which must stay as it is written.
    """

    names: frozenset[str] = frozenset()
    imported: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()


def check_harmless(source: Source, statements: Sequence[ast.stmt], needed: Needed, imports: Imports) -> None:
    """Refuse what could change the meaning of `run`, whether the file is imported or executed.

    Args:
        statements: those of the top level that are skipped.
        imports: those of the whole file.

    Raises:
        BadSource: at the first that cannot be proven harmless.
    """
    check = _Check(source, needed, imports)
    for statement in statements:
        check.visit(statement)
    check.visit_called()


@dataclass
class _Check:
    """One walk over code that is executed.

    Attributes:
        globals_here: None at the top level; within a function, the names that it declares global.
        functions: name -> functions and classes of that name, whose bodies run only if somebody names them.
        named: every name that code which is executed reads.
    """

    source: Source
    needed: Needed
    imports: Imports
    globals_here: frozenset[str] | None = None
    functions: dict[str, list[Defined]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def refuse(self, node: ast.AST, why: str) -> NoReturn:
        self.source.refuse(node, f"{self.source.shown(node)}, {why}", EXPECTED)

    def visit_called(self) -> None:
        """The bodies of the functions that are named, until no more come. A body may define a name of them anew."""
        done: list[Defined] = []
        while waiting := [found for found in self._named_functions() if not any(found is seen for seen in done)]:
            for defined in waiting:
                done.append(defined)
                self._visit_body(defined)

    def _named_functions(self) -> Iterator[Defined]:
        for name in sorted(self.named & self.functions.keys()):
            yield from self.functions[name]

    def _visit_body(self, defined: Defined) -> None:
        if isinstance(defined, ast.ClassDef):
            for method in defined.body:
                if isinstance(method, ast.FunctionDef):
                    self._visit_body(method)
            return
        before = self.globals_here
        declared = (name for node in walk(defined) if isinstance(node, ast.Global) for name in node.names)
        self.globals_here = frozenset(declared)
        for statement in defined.body:
            self.visit(statement)
        self.globals_here = before

    def visit(self, node: ast.AST) -> None:
        """Refuse a piece of code that runs, unless it is harmless."""
        match node:
            case ast.Name():
                self._name(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.Call():
                self._call(node)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.FunctionDef() | ast.ClassDef():
                self._define(node)
            case ast.AnnAssign() | ast.ExceptHandler() | ast.arg() | ast.Global():
                self._bound_otherwise(node)
            case _ if isinstance(node, PLAIN):
                self._parts(ast.iter_child_nodes(node))
            case _:
                self.refuse(node, "of which it cannot be told")

    def _parts(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _bound_otherwise(self, node: ast.AnnAssign | ast.ExceptHandler | ast.arg | ast.Global) -> None:
        """What binds a name in its own way. An argument is local, and `global` is heeded where its name is bound."""
        if isinstance(node, ast.AnnAssign):
            check_annotation(self.source, node.annotation, self.imports)
            self._parts([node.target, node.value])
        elif isinstance(node, ast.ExceptHandler):
            if node.name is not None:
                self._bind(node, node.name)
            self._parts([node.type, *node.body])

    # Names ------------------------------------------------------------------------------------------------------------

    def _bind(self, node: ast.AST, name: str) -> None:
        if name.startswith("__") or (name in BUILT_IN and name not in BUILTINS):
            self.refuse(node, f"which binds `{name}`")
        elsewhere = self.globals_here is not None and name not in self.globals_here
        if not elsewhere and name in self.needed.names:
            self.refuse(node, f"which binds `{name}`, and `run` uses that name")

    def _name(self, node: ast.Name) -> None:
        name = node.id
        if not isinstance(node.ctx, ast.Load):
            self._bind(node, name)
            return
        self.named.add(name)
        if name in self.imports.modules:
            self.refuse(node, "a module as a value")
        if name in self.needed.tables:
            self.refuse(node, "a table that `run` uses, which it might change")
        if (dotted := self.imports.names.get(name)) is not None and not is_known(dotted):
            self.refuse(node, f"which is `{dotted.lstrip('.')}`, of which it cannot be told what it changes")
        if name.startswith("__"):
            if name not in READABLE:
                self.refuse(node, "which may give access to anything")
        elif name in BUILT_IN and name not in BUILTINS:
            self.refuse(node, "which may change anything")

    def _attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.refuse(node, "an attribute that is changed")
        chain: list[str] = []
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            chain.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name) and (module := self.imports.modules.get(base.id)) is not None:
            dotted = (f"{module}.{'.'.join(chain[:count])}" for count in range(1, len(chain) + 1))
            known = next((count for count, name in enumerate(dotted, start=1) if is_known(name)), None)
            if known is None:
                self.refuse(node, "of which it cannot be told what it changes")
            chain = chain[known:]
        else:
            self.visit(base)
        for name in chain:
            if name not in ATTRIBUTES or (name in OF_PATHS and self._has_paths):
                self.refuse(node, f"whose `.{name}` may change anything")

    @property
    def _has_paths(self) -> bool:
        """Whether a value may be a `pathlib.Path`."""
        return any(
            found.startswith("pathlib") for found in (*self.imports.modules.values(), *self.imports.names.values())
        )

    def _call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Name(id="open" as name) if name not in self.imports.names and _only_reads(node):
                pass  # no file binds this name: see `_bind`
            case ast.Attribute(value=ast.Name(id=module), attr="filterwarnings" | "simplefilter") if (
                self.imports.modules.get(module) == "warnings" and _ignores(node)
            ):
                return
            case _:
                self.visit(node.func)
        self._parts([*node.args, *node.keywords])

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        match node:
            case ast.ImportFrom(module="__future__", level=0):
                if strange := [alias.name for alias in node.names if alias.name not in FUTURE]:
                    self.refuse(node, f"whose `{strange[0]}` changes how the file is read")
                return
            case ast.ImportFrom(module=module, level=level):
                standard = level == 0 and is_standard(module or "")
            case ast.Import():
                standard = all(is_standard(alias.name) for alias in node.names)
        if not standard:
            self.refuse(node, "which runs code that is not Python's own")
        for alias in node.names:
            if alias.name == "*":
                self.refuse(node, "which may bind any name")
            if (name := bound_by(alias)) not in self.needed.imported:
                self._bind(node, name)

    def _define(self, node: Defined) -> None:
        """A definition runs its decorators, defaults and annotations; its body only if somebody names it."""
        self._bind(node, node.name)
        self.functions.setdefault(node.name, []).append(node)
        if node.decorator_list:
            self.refuse(node.decorator_list[0], "a decorator")
        if getattr(node, "type_params", []):
            self.refuse(node, "with parameters of types")
        if isinstance(node, ast.ClassDef):
            self._define_class(node)
            return
        self._signature(node)

    def _signature(self, node: ast.FunctionDef) -> None:
        self._parts([*node.args.defaults, *node.args.kw_defaults])
        for annotation in annotations_of(node):
            check_annotation(self.source, annotation, self.imports)

    def _define_class(self, node: ast.ClassDef) -> None:
        if node.bases or node.keywords:
            self.refuse((*node.bases, *node.keywords)[0], "a base of a class")
        for statement in node.body:
            match statement:
                case ast.FunctionDef(name=name, decorator_list=[]) if name not in (
                    "__class_getitem__",
                    "__init_subclass__",
                ):
                    self._signature(statement)
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case _:
                    self.refuse(statement, "in the body of a class")


def _only_reads(call: ast.Call) -> bool:
    """Whether ``open(...)`` surely opens a file for reading."""
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    reads = all(isinstance(mode, ast.Constant) and mode.value in ("r", "rt", "rb") for mode in modes)
    plain = all(keyword.arg in ("mode", "encoding", "errors", "newline") for keyword in call.keywords)
    return reads and plain and len(call.args) <= 2 and not any(isinstance(part, ast.Starred) for part in call.args)


def _ignores(call: ast.Call) -> bool:
    """Whether ``warnings.filterwarnings(...)`` only says that warnings are not shown."""
    return (
        all(isinstance(part, ast.Constant) for part in call.args)
        and [part.value for part in call.args[:1] if isinstance(part, ast.Constant)] == ["ignore"]
        and not call.keywords
    )


# Annotations ##########################################################################################################

_TYPES = frozenset({"list", "tuple", "dict", "set", "frozenset", "str", "int", "float", "bool", "object", "bytes"})
_TYPE_MODULES = ("typing", "collections.abc", "typing_extensions")


def annotations_of(function: ast.FunctionDef) -> list[ast.expr]:
    """The annotations of a function, which Python may evaluate where it is defined."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    found = [argument.annotation for argument in every]
    return [annotation for annotation in (*found, function.returns) if annotation is not None]


def check_annotation(source: Source, node: ast.expr, imports: Imports) -> None:
    """Refuse an annotation that is more than the name of a type.

    Raises:
        BadSource: the annotation could do something, or fail.
    """
    match node:
        case ast.Constant(value=str() | None) | ast.Constant(value=builtins.Ellipsis):
            return
        case ast.Name(id=name) if name in _TYPES and name not in imports.names:
            return
        case ast.Name(id=name) if _is_type(imports.names.get(name, "")):
            return
        case ast.Attribute(value=ast.Name(id=module)) if _is_type(f"{imports.modules.get(module, '')}.{node.attr}"):
            return
        case ast.Subscript(value=value, slice=inner):
            check_annotation(source, value, imports)
            for part in inner.elts if isinstance(inner, ast.Tuple) else [inner]:
                check_annotation(source, part, imports)
            return
        case ast.List(elts=parts):
            for part in parts:
                check_annotation(source, part, imports)
            return
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            check_annotation(source, left, imports)
            check_annotation(source, right, imports)
            return
    source.unexpected(node, "an annotation that names a type of Python's own, such as `list[str]`")


def _is_type(dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    return (module in _TYPE_MODULES and name[:1].isupper()) or dotted in (
        "numpy.ndarray",
        "pandas.DataFrame",
        "pathlib.Path",
    )
