"""Which functions and classes an expression of a module can stand for, from its text alone.

A small points-to analysis over libcst's scopes: it follows names through assignments, unpacking, loops, imports with a
fallback, default values, annotations, containers, `return`, `self` and inheritance, without regard to the order of
statements and without running anything. What it cannot follow stands for nothing: it under-reports rather than guess.
Where a function is handed to another as an argument, the parameter is not followed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import libcst as cst
from libcst.metadata import (
    Assignment,
    BaseAssignment,
    ClassScope,
    CodeRange,
    ExpressionContext,
    ExpressionContextProvider,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
)

from analyze.definitions import Definition, Definitions
from tprog.text.syntax import parse_python


@dataclass(frozen=True)
class Defined:
    """A function or class itself."""

    name: str


@dataclass(frozen=True)
class Instance:
    """An object of a class of the module; `above` is what ``super()`` gives: the class itself is passed over."""

    of: str
    above: bool = False


@dataclass(frozen=True)
class Container:
    """A list, tuple, set or dictionary of things (a dictionary's values)."""

    items: frozenset[Meaning]


Meaning: TypeAlias = Defined | Instance | Container

NOTHING: frozenset[Meaning] = frozenset()

_PROPERTIES = frozenset({"property", "cached_property", "functools.cached_property"})


def dotted(node: cst.BaseExpression) -> str:
    """``a.b.c`` of a name or an attribute of names, else an empty text."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr.value}"
    return ""


class References:
    """What the expressions of one module can stand for.

    Args:
        source: the module's text.
        path: its name in error messages.

    Raises:
        BadSource: the text is not Python, or is nested too deep.
    """

    def __init__(self, source: str, path: str) -> None:
        parse_python(source, path)  # refuses what libcst would crash on
        module = cst.parse_module(source)
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        self.module = module
        self.scopes: Mapping[cst.CSTNode, Scope | None] = wrapper.resolve(ScopeProvider)
        self.parents: Mapping[cst.CSTNode, cst.CSTNode] = wrapper.resolve(ParentNodeProvider)
        self.contexts: Mapping[cst.CSTNode, ExpressionContext | None] = wrapper.resolve(ExpressionContextProvider)
        self._positions: Mapping[cst.CSTNode, CodeRange] = wrapper.resolve(PositionProvider)
        found = Definitions()
        module.visit(found)
        self.definitions: Mapping[str, Definition] = found.definitions
        self.names: Mapping[cst.CSTNode, str] = {
            node: definition.name for definition in found.definitions.values() for node in definition.nodes
        }
        self._returns, self._stores = found.returns, found.stores
        self._memo: dict[cst.CSTNode, frozenset[Meaning]] = {}

    def position(self, node: cst.CSTNode) -> tuple[int, int]:
        """The 1-based line and column at which a node begins."""
        start = self._positions[node].start
        return start.line, start.column + 1

    # Expressions ######################################################################################################

    def meanings(self, node: cst.CSTNode) -> frozenset[Meaning]:
        """All that an expression can stand for."""
        if node not in self._memo:
            self._memo[node] = NOTHING  # what a definition that runs in a circle adds to itself
            self._memo[node] = frozenset(self._evaluate(node))
        return self._memo[node]

    def _evaluate(self, node: cst.CSTNode) -> Iterator[Meaning]:
        match node:
            case cst.Name():
                yield from self._name(node)
            case cst.Attribute():
                yield from self.members(self.meanings(node.value), node.attr.value)
            case cst.Call():
                yield from self._called(node)
            case cst.Subscript():
                yield from elements(self.meanings(node.value))
            case cst.NamedExpr() | cst.StarredElement():
                yield from self.meanings(node.value)
            case cst.Await():
                yield from self.meanings(node.expression)
            case cst.IfExp():
                yield from self.meanings(node.body) | self.meanings(node.orelse)
            case cst.BooleanOperation():
                yield from self.meanings(node.left) | self.meanings(node.right)
            case _ if parts := _contents(node):
                yield Container(frozenset[Meaning]().union(*map(self.meanings, parts)))

    def _called(self, node: cst.Call) -> Iterator[Meaning]:
        """What a call gives: an object of a class, or what a function returns."""
        if isinstance(node.func, cst.Name) and node.func.value == "super":
            yield from self._super(node)
        for meaning in self.meanings(node.func):
            if isinstance(meaning, Defined):
                yield from self._result_of(self.definitions[meaning.name])
        if isinstance(node.func, cst.Attribute):
            holders = self.meanings(node.func.value)
            match node.func.attr.value:
                case "values" | "items" | "copy":
                    yield from (holder for holder in holders if isinstance(holder, Container))
                case "get" | "pop":
                    yield from elements(holders)

    def _result_of(self, definition: Definition) -> Iterator[Meaning]:
        if definition.kind == "class":
            yield Instance(definition.name)
        else:
            yield from self.returned(definition)

    def _super(self, node: cst.CSTNode) -> Iterator[Meaning]:
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, cst.ClassDef):
                yield Instance(self.names[node], above=True)
                return

    def returned(self, definition: Definition) -> Iterator[Meaning]:
        """What calling a function gives."""
        for node in definition.nodes:
            for value in self._returns.get(node, ()):
                yield from self.meanings(value)
            if isinstance(node, cst.FunctionDef) and node.returns is not None:
                yield from self._annotated(node.returns)

    def _annotated(self, annotation: cst.Annotation) -> Iterator[Meaning]:
        for meaning in self.meanings(annotation.annotation):
            if isinstance(meaning, Defined) and self.definitions[meaning.name].kind == "class":
                yield Instance(meaning.name)

    # Names ############################################################################################################

    def _name(self, node: cst.Name) -> Iterator[Meaning]:
        scope = self.scopes.get(node)
        if scope is not None:
            yield from self._assigned(scope[node.value])

    def _assigned(self, assignments: Iterable[BaseAssignment]) -> Iterator[Meaning]:
        """What a name stands for; imports and builtins stand for nothing here."""
        # Sorted, so that names that stand for each other give the same answer in every run.
        nodes = (assignment.node for assignment in assignments if isinstance(assignment, Assignment))
        for node in sorted(nodes, key=self.position):
            match node:
                case cst.FunctionDef() | cst.ClassDef():
                    yield Defined(self.names[node])
                case cst.Name():
                    yield from self._bound(node)
                case cst.Param():
                    yield from self._parameter(node)

    def _parameter(self, node: cst.Param) -> Iterator[Meaning]:
        if node.annotation is not None:
            yield from self._annotated(node.annotation)
        if node.default is not None:
            yield from self.meanings(node.default)
        function = self.parents[self.parents[node]]
        if isinstance(function, cst.FunctionDef) and function in self.names:
            definition = self.definitions[self.names[function]]
            first = [*function.params.posonly_params, *function.params.params][:1]
            decorators = {dotted(decorator.decorator) for decorator in function.decorators}
            if definition.within and first == [node] and "staticmethod" not in decorators:
                yield Defined(definition.within) if "classmethod" in decorators else Instance(definition.within)

    def _bound(self, target: cst.CSTNode) -> Iterator[Meaning]:
        """What a name stands for because of what binds it."""
        binding, path = self._binding(target)
        match binding:
            case cst.AssignTarget():
                assign = self.parents[binding]
                assert isinstance(assign, cst.Assign)
                yield from self._unpacked(assign.value, path)
            case cst.AnnAssign():
                yield from self._annotated(binding.annotation)
                if binding.value is not None:
                    yield from self.meanings(binding.value)
            case cst.NamedExpr():
                yield from self.meanings(binding.value)
            case cst.For() | cst.CompFor():
                yield from self._iterated(binding.iter, path)
            case cst.AsName():
                yield from self._named(binding)
            case _:
                pass

    def _binding(self, target: cst.CSTNode) -> tuple[cst.CSTNode, list[int]]:
        """What binds a name, and the path of indices (innermost first) through tuples and lists to it."""
        path: list[int] = []
        child, node = target, self.parents[target]
        while isinstance(node, cst.Element | cst.StarredElement | cst.Tuple | cst.List):
            if isinstance(node, cst.Tuple | cst.List):
                path.append(next(i for i, element in enumerate(node.elements) if element is child))
            child, node = node, self.parents[node]
        return node, path

    def _unpacked(self, value: cst.BaseExpression, path: list[int]) -> Iterator[Meaning]:
        """What stands at the end of a path of indices (innermost first) into the value of an assignment."""
        rest = list(path)
        while rest and isinstance(value, cst.Tuple | cst.List) and rest[-1] < len(value.elements):
            value = value.elements[rest.pop()].value
        meanings = self.meanings(value)
        for _ in rest:
            meanings = frozenset(elements(meanings))
        yield from meanings

    def _iterated(self, iterable: cst.BaseExpression, path: list[int]) -> Iterator[Meaning]:
        if path and isinstance(iterable, cst.List | cst.Tuple):
            for element in iterable.elements:
                yield from self._unpacked(element.value, path)
            return
        meanings = frozenset(elements(self.meanings(iterable)))
        # A loop over pairs, such as `items()`, gives a dictionary's values one level up.
        yield from meanings | frozenset(elements(meanings))

    def _named(self, node: cst.AsName) -> Iterator[Meaning]:
        match self.parents[node]:
            case cst.WithItem() as item:
                entered = self.members(self.meanings(item.item), "__enter__")
                yield from (
                    m for e in entered if isinstance(e, Defined) for m in self.returned(self.definitions[e.name])
                )
            case cst.ExceptHandler() as handler if handler.type is not None:
                caught = self.meanings(handler.type)
                for meaning in caught | frozenset(elements(caught)):
                    if isinstance(meaning, Defined):
                        yield Instance(meaning.name)

    # Attributes #######################################################################################################

    def members(self, holders: Iterable[Meaning], attribute: str) -> Iterator[Meaning]:
        """What `attribute` of any of the holders can stand for; a property stands for what it returns."""
        for meaning, reader in self.attributes(holders, attribute):
            if reader is None:
                yield meaning
            else:
                yield from self.returned(reader)

    def attributes(self, holders: Iterable[Meaning], attribute: str) -> Iterator[tuple[Meaning, Definition | None]]:
        """Like `members`, but properties as themselves, each beside the definition that is called to read it."""
        for holder in holders:
            match holder:
                case Defined(name):
                    yield from ((meaning, None) for meaning in self._in_class(name, attribute, False, frozenset()))
                case Instance(of, False) if attribute == "__class__":
                    yield Defined(of), None
                case Instance(of, above):
                    for meaning in self._in_class(of, attribute, above, frozenset()):
                        definition = self.definitions[meaning.name] if isinstance(meaning, Defined) else None
                        yield meaning, definition if definition and _is_property(definition) else None

    def _in_class(self, name: str, attribute: str, above: bool, seen: frozenset[str]) -> Iterator[Meaning]:
        definition = self.definitions[name]
        if name in seen:
            return
        classes = [node for node in definition.nodes if isinstance(node, cst.ClassDef)]
        if not above and (found := self._of_class(name, classes, attribute)):
            yield from sorted(found, key=repr)
            return
        parents = (meaning for node in classes for base in node.bases for meaning in self.meanings(base.value))
        for meaning in parents:
            if isinstance(meaning, Defined):
                yield from self._in_class(meaning.name, attribute, False, seen | {name})

    def _of_class(self, name: str, classes: Sequence[cst.ClassDef], attribute: str) -> set[Meaning]:
        """What an attribute means by the body of a class, and by what is stored in it and its instances."""
        found: set[Meaning] = set()
        for node in classes:
            scope = self.scopes.get(node.body.body[0]) if node.body.body else None
            if isinstance(scope, ClassScope):
                found.update(self._assigned(scope.assignments[attribute]))
        for base, value in self._stores.get(attribute, ()):
            if not {Defined(name), Instance(name)}.isdisjoint(self.meanings(base)):
                found.update(self.meanings(value))
        return found


def elements(meanings: Iterable[Meaning]) -> Iterator[Meaning]:
    """What the containers among the meanings hold."""
    for meaning in meanings:
        if isinstance(meaning, Container):
            yield from meaning.items


def _contents(node: cst.CSTNode) -> list[cst.BaseExpression]:
    """The expressions that a display or a comprehension puts into its container; none of any other expression."""
    match node:
        case cst.List() | cst.Tuple() | cst.Set() | cst.Dict():
            return [element.value for element in node.elements]
        case cst.ListComp() | cst.SetComp() | cst.GeneratorExp():
            return [node.elt]
        case cst.DictComp():
            return [node.value]
        case _:
            return []


def _is_property(definition: Definition) -> bool:
    return any(dotted(d.decorator) in _PROPERTIES for node in definition.nodes for d in node.decorators)
