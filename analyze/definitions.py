"""The functions, methods and classes that a module defines, what they return, and what is stored in attributes."""

# libcst finds the methods of a visitor by their names, such as visit_FunctionDef.
# ruff: noqa: N802

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import libcst as cst

Kind: TypeAlias = Literal["function", "method", "class"]


@dataclass(frozen=True)
class Definition:
    """A function, method or class.

    Attributes:
        name: its dotted name within the module; ``run.nested`` is defined in ``run``.
        kind: a function in a class is a method.
        within: the name of the class that a method belongs to, else None.
        nodes: its ``def`` or ``class`` statements: several, where the name is defined again.
    """

    name: str
    kind: Kind
    within: str | None
    nodes: tuple[cst.FunctionDef | cst.ClassDef, ...]


class Definitions(cst.CSTVisitor):
    """Collects definitions, what functions return, and what is stored in attributes."""

    def __init__(self) -> None:
        self.definitions: dict[str, Definition] = {}
        self.returns: dict[cst.CSTNode, list[cst.BaseExpression]] = {}
        self.stores: dict[str, list[tuple[cst.BaseExpression, cst.BaseExpression]]] = {}
        self._stack: list[Definition] = []
        self._nodes: list[cst.FunctionDef | cst.ClassDef] = []

    def _enter(self, node: cst.FunctionDef | cst.ClassDef, kind: Kind) -> None:
        outer = self._stack[-1] if self._stack else None
        name = f"{outer.name}.{node.name.value}" if outer else node.name.value
        within = outer.name if outer and outer.kind == "class" and kind == "method" else None
        earlier = self.definitions[name].nodes if name in self.definitions else ()
        self.definitions[name] = Definition(name, kind, within, (*earlier, node))
        self._stack.append(self.definitions[name])
        self._nodes.append(node)

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        in_class = bool(self._stack) and self._stack[-1].kind == "class"
        self._enter(node, "method" if in_class else "function")

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._stack.pop()
        self._nodes.pop()

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self._enter(node, "class")

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self._stack.pop()
        self._nodes.pop()

    def visit_Return(self, node: cst.Return) -> None:
        if node.value is not None and self._nodes:
            self.returns.setdefault(self._nodes[-1], []).append(node.value)

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._store(target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._store(node.target, node.value)

    def _store(self, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if isinstance(target, cst.Attribute):
            self.stores.setdefault(target.attr.value, []).append((target.value, value))
