"""The call graph: who calls whom, and who passes whom on as a value, from the syntax tree alone.

`select_closest(tokens, positions, predicate_attn_0_0)` in `run` is two edges: run calls select_closest, and run passes
predicate_attn_0_0. Nothing is executed. What a name stands for comes from `analyze.references`; names that the file
does not define (builtins, imports) are left out.
"""

# libcst finds the methods of a visitor by their names, such as visit_FunctionDef.
# ruff: noqa: N802

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

import libcst as cst
from libcst.metadata import ExpressionContext

from analyze.references import Container, Defined, Instance, Meaning, References
from analyze.results.calls import MODULE, CallEdge, CallGraphResult, CallNode

ENGINE = "libcst"

EdgeKind: TypeAlias = Literal["calls", "passes"]

_BY_BUILTIN = {"iter": "__iter__", "len": "__len__", "next": "__next__", "repr": "__repr__", "str": "__str__"}
"""Builtins that call a method of their argument, and which."""


def call_graph(source: str, path: str) -> CallGraphResult:
    """The call graph of a module.

    An edge goes from the function (or class body, or `<module>`) whose text holds the reference. The text of a lambda
    or comprehension belongs to the function around it. Decorators and default values are evaluated by the scope around
    a function and belong to its definition, so they make edges from both. A class that is instantiated is called, and
    so is its ``__init__``. Base classes and annotations are neither called nor passed.

    Args:
        source: the module's text.
        path: its name in the result and in error messages.

    Raises:
        BadSource: the text is not Python.
    """
    references = References(source, path)
    walk = _Edges(references)
    references.module.visit(walk)
    defined = sorted(references.definitions.values(), key=lambda d: references.position(d.nodes[0]))
    lines = {d.name: references.position(d.nodes[0])[0] for d in defined}
    order = {name: place for place, name in enumerate((MODULE, *lines))}
    # Who calls also passes, or only names what it calls: the call says more.
    found = {
        edge: at for edge, at in walk.edges.items() if edge[2] == "calls" or (*edge[:2], "calls") not in walk.edges
    }
    edges = [CallEdge(source_, target, kind, tuple(sorted(at))) for (source_, target, kind), at in found.items()]
    return CallGraphResult(
        program=path,
        engine=ENGINE,
        nodes=(CallNode(MODULE, None, True), *(CallNode(name, line, True) for name, line in lines.items())),
        edges=tuple(sorted(edges, key=lambda e: (order[e.source], order[e.target], e.kind))),
        differences=None,
    )


class _Edges(cst.CSTVisitor):
    """Collects (source, target, kind) -> lines."""

    def __init__(self, references: References) -> None:
        self.references = references
        self.edges: dict[tuple[str, str, EdgeKind], set[int]] = {}
        self.owner = MODULE

    @contextmanager
    def _owned_by(self, name: str) -> Iterator[None]:
        outer, self.owner = self.owner, name
        yield
        self.owner = outer

    def _add(self, meanings: frozenset[Meaning], kind: EdgeKind, at: cst.CSTNode) -> None:
        line = self.references.position(at)[0]
        for meaning in meanings:
            match meaning:
                case Defined(name):
                    self.edges.setdefault((self.owner, name, kind), set()).add(line)
                case Container(items) if kind == "passes":
                    self._add(items, kind, at)

    def _call_methods(self, holders: frozenset[Meaning], names: tuple[str, ...], at: cst.CSTNode) -> None:
        """Calls of special methods of the instances among `holders`."""
        instances = [holder for holder in holders if isinstance(holder, Instance)]
        for name in names:
            self._add(frozenset(self.references.members(instances, name)), "calls", at)

    # Definitions ######################################################################################################

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        name = self.references.names[node]
        for owner in (self.owner, name):
            with self._owned_by(owner):
                for decorator in node.decorators:
                    self._add(self.references.meanings(decorator.decorator), "calls", decorator)
                    decorator.visit(self)
                node.params.visit(self)
        with self._owned_by(name):
            node.body.visit(self)
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        for decorator in node.decorators:
            self._add(self.references.meanings(decorator.decorator), "calls", decorator)
            decorator.visit(self)
        with self._owned_by(self.references.names[node]):
            for keyword in node.keywords:
                keyword.visit(self)
            node.body.visit(self)
        return False

    def visit_Annotation(self, node: cst.Annotation) -> bool:
        return False

    # Uses #############################################################################################################

    def visit_Call(self, node: cst.Call) -> bool:
        functions = self.references.meanings(node.func)
        self._add(functions, "calls", node)
        for function in functions:
            if isinstance(function, Defined) and self.references.definitions[function.name].kind == "class":
                self._add(frozenset(self.references.members([function], "__init__")), "calls", node)
        self._call_methods(functions, ("__call__",), node)
        if isinstance(node.func, cst.Attribute):
            self._read_attribute(node.func, called=True)
            node.func.value.visit(self)
        elif not isinstance(node.func, cst.Name):
            node.func.visit(self)
        special = _BY_BUILTIN.get(node.func.value, "") if isinstance(node.func, cst.Name) and not functions else ""
        for argument in node.args:
            meanings = self.references.meanings(argument.value)
            self._add(meanings, "passes", argument)
            if special:
                self._call_methods(meanings, (special,), node)
            argument.value.visit(self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        if self.references.contexts.get(node) is ExpressionContext.LOAD:
            # A variable that holds a container was an edge where the container was written.
            named = (m for m in self.references.meanings(node) if isinstance(m, Defined))
            self._add(frozenset(named), "passes", node)

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if self.references.contexts.get(node) is ExpressionContext.LOAD:
            self._read_attribute(node, called=False)

    def _read_attribute(self, node: cst.Attribute, called: bool) -> None:
        holders = self.references.meanings(node.value)
        for meaning, reader in self.references.attributes(holders, node.attr.value):
            if reader is not None:
                self._add(frozenset({Defined(reader.name)}), "calls", node)
            elif not called and isinstance(meaning, Defined):
                self._add(frozenset({meaning}), "passes", node)

    # Statements that call special methods #############################################################################

    def visit_With(self, node: cst.With) -> None:
        names = ("__aenter__", "__aexit__") if node.asynchronous else ("__enter__", "__exit__")
        for item in node.items:
            self._call_methods(self.references.meanings(item.item), names, item)

    def visit_For(self, node: cst.For) -> None:
        self._iterate(node.iter, node.asynchronous is not None)

    def visit_CompFor(self, node: cst.CompFor) -> None:
        self._iterate(node.iter, node.asynchronous is not None)

    def _iterate(self, iterable: cst.BaseExpression, asynchronous: bool) -> None:
        first, following = ("__aiter__", "__anext__") if asynchronous else ("__iter__", "__next__")
        holders = self.references.meanings(iterable)
        self._call_methods(holders, (first,), iterable)
        iterators = {m for d in self.references.members(holders, first) for m in self._result(d)}
        self._call_methods(frozenset(iterators), (following,), iterable)

    def _result(self, meaning: Meaning) -> Iterator[Meaning]:
        if isinstance(meaning, Defined):
            yield from self.references.returned(self.references.definitions[meaning.name])

    def visit_Subscript(self, node: cst.Subscript) -> None:
        self._call_methods(self.references.meanings(node.value), ("__getitem__",), node)
