"""What a variable of a source holds, and where variables live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tprog.rasp.expressions import Expression, Indices, Selector, SOp, Tokens
from tprog.rasp.functions import Dialect, Where
from tprog.rasp.source import syntax
from tprog.rasp.values import Value

Thing: TypeAlias = Any
"""A value, a list or dict of things, an s-op, a selector, a function, or what an s-op or selector gave for an input."""

_DIALECT = Dialect.RASP
_HERE = Where("the language", 0)

READINGS = {
    reading: Tokens(dialect=_DIALECT, reading=reading, where=_HERE)
    for reading in ("asis", "str", "int", "bool", "float")
}
INDICES = Indices(dialect=_DIALECT, where=_HERE)

BUILT_IN: dict[str, Thing] = {f"tokens_{reading}": tokens for reading, tokens in READINGS.items()} | {
    "indices": INDICES,
    "True": True,
    "False": False,
}

RESERVED = frozenset(
    {"if", "else", "not", "and", "or", "out", "def", "return", "range", "for", "in", "zip", "len", "get"}
    | BUILT_IN.keys()
)
"""Names that no variable takes, though what stands under ``out`` may be read: the last expression."""


@dataclass(frozen=True)
class SourceFile:
    """A text that is run.

    Attributes:
        name: for messages.
        folder: of a file that another one loads, its folder below that of the first.
        quoted: whether messages may quote it.
        bundled: it belongs to tpdebug, so that messages and expressions point at whoever called it.
    """

    name: str
    quoted: bool = True
    bundled: bool = False
    folder: str = ""


@dataclass(frozen=True, eq=False)
class RaspFunction:
    """A function of a source."""

    definition: syntax.Define
    file: SourceFile
    scope: Scope = field(repr=False)

    @property
    def name(self) -> str:
        """What its definition calls it."""
        return self.definition.name

    def __str__(self) -> str:
        return f"{self.file.name} function: {self.name}({', '.join(self.definition.parameters)})"


class Evaluated(list[Value]):
    """What an s-op gave for an input."""

    def __init__(self, values: Sequence[Value], given: Sequence[Value]) -> None:
        super().__init__(values)
        self.given = given


class EvaluatedRows(list[int]):
    """What a selector gave for an input: a row of bits a query."""

    def __init__(self, rows: Sequence[int], given: Sequence[Value]) -> None:
        super().__init__(rows)
        self.given = given


class Reserved(Exception):
    """A name that cannot be set."""


@dataclass(eq=False)
class Scope:
    """Variables of a console, a file, a function or one turn of a comprehension.

    Attributes:
        parent: where a name is looked for that is not here.
        shared: the scope that loads this file, which gets its variables too, but for those that begin with ``_``.
        locked: names that may not be set here besides `RESERVED`: those of the library.
    """

    parent: Scope | None = None
    shared: Scope | None = None
    locked: frozenset[str] = frozenset()
    variables: dict[str, Thing] = field(default_factory=dict)

    def find(self, name: str) -> Thing:
        """What a name stands for.

        Raises:
            KeyError: for nothing.
        """
        if name in BUILT_IN:
            return BUILT_IN[name]
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope.variables[name]
            scope = scope.parent
        raise KeyError(name)

    def set(self, name: str, value: Thing) -> None:
        """Let a name stand for something.

        Raises:
            Reserved: this name does not change.
        """
        scope: Scope | None = self
        while scope is not None:
            if name in RESERVED or name in scope.locked:
                raise Reserved(name)
            scope.variables[name] = value
            scope = None if name.startswith("_") else scope.shared

    def names(self) -> list[str]:
        """All names that can be read here, for a message."""
        found = dict.fromkeys(BUILT_IN)
        scope: Scope | None = self
        while scope is not None:
            found |= dict.fromkeys(scope.variables)
            scope = scope.parent
        return list(found)


def word_for(thing: Thing) -> str:
    """What kind of thing this is, in a word."""
    match thing:
        case Evaluated() | EvaluatedRows():
            return "list"
        case bool():
            return "boolean"
        case str():
            return "word"
        case list():
            return "list"
        case dict():
            return "dict"
        case SOp():
            return "s-op"
        case Selector():
            return "selector"
        case RaspFunction():
            return "function"
    return "number"


def a_kind(thing: Thing) -> str:
    """What kind of thing this is, with its article."""
    word = word_for(thing)
    return f"an {word}" if word == "s-op" else f"a {word}"


def is_atom(thing: Thing) -> bool:
    """Whether it is a plain value."""
    return not isinstance(thing, (list, dict, Expression, RaspFunction))
