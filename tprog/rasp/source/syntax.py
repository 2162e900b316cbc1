"""The syntax of a source: what a statement says, and where.

Lines and columns count from 1 on. Chains hold their parts in one record, so that no expression nests deeper than its
brackets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tprog.rasp.values import Value


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Atom:
    """A number, a word in quotes, written out."""

    at: Place
    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    at: Place
    name: str


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``."""

    at: Place
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DictOf:
    """``{a: b}``."""

    at: Place
    items: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class ListFor:
    """``[value for names in iterable]``."""

    at: Place
    value: Expr
    names: tuple[str, ...]
    iterable: Expr


@dataclass(frozen=True, slots=True)
class DictFor:
    """``{key: value for names in iterable}``."""

    at: Place
    key: Expr
    value: Expr
    names: tuple[str, ...]
    iterable: Expr


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one level, from left to right: ``a + b - c``."""

    at: Place
    first: Expr
    rest: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Signs:
    """``not``, ``-`` and ``+`` before an expression, the outermost first."""

    at: Place
    signs: tuple[str, ...]
    operand: Expr


@dataclass(frozen=True, slots=True)
class Choice:
    """``chosen if condition else other``."""

    at: Place
    chosen: Expr
    condition: Expr
    other: Expr


@dataclass(frozen=True, slots=True)
class Index:
    """``[index]`` behind an expression."""

    at: Place
    index: Expr


@dataclass(frozen=True, slots=True)
class Call:
    """``(arguments)`` behind an expression."""

    at: Place
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Postfix:
    """Indices and calls behind an expression, from left to right."""

    at: Place
    base: Expr
    rest: tuple[Index | Call, ...]


@dataclass(frozen=True, slots=True)
class SelectOf:
    """``select(key, query, comparison)``."""

    at: Place
    key: Expr
    query: Expr
    comparison: str


@dataclass(frozen=True, slots=True)
class AggregateOf:
    """``aggregate(selector, sop, default)``; the default may be left out."""

    at: Place
    selector: Expr
    sop: Expr
    default: Expr | None


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """``range``, ``zip``, ``len``, ``round`` or ``indicator`` of some arguments."""

    at: Place
    name: str
    arguments: tuple[Expr, ...]


Expr: TypeAlias = (
    Atom
    | Name
    | ListOf
    | DictOf
    | ListFor
    | DictFor
    | Chain
    | Signs
    | Choice
    | Postfix
    | SelectOf
    | AggregateOf
    | BuiltIn
)


# Statements ###########################################################################################################


@dataclass(frozen=True, slots=True)
class Show:
    """An expression as a statement: what it is, is shown."""

    at: Place
    value: Expr


@dataclass(frozen=True, slots=True)
class Assign:
    """``names = values``."""

    at: Place
    names: tuple[str, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """``draw(sop, input)``; the input may be left out."""

    at: Place
    sop: Expr
    given: Expr | None


@dataclass(frozen=True, slots=True)
class Load:
    """``load "name"``."""

    at: Place
    name: str


@dataclass(frozen=True, slots=True)
class Define:
    """``def name(parameters) { body return values; }``."""

    at: Place
    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ForEach:
    """``for names in iterable { body }``."""

    at: Place
    names: tuple[str, ...]
    iterable: Expr
    body: tuple[Statement, ...]


Statement: TypeAlias = Show | Assign | Draw | Load | Define | ForEach

Subset: TypeAlias = Literal["both", "s-op", "selector"]
"""Which examples a command is about."""


@dataclass(frozen=True, slots=True)
class SetExample:
    """``set example value``: the input on which definitions are tried and shown."""

    at: Place
    subset: Subset
    value: Expr


@dataclass(frozen=True, slots=True)
class ShowExample:
    """``show example``."""

    at: Place
    subset: Subset


@dataclass(frozen=True, slots=True)
class Examples:
    """``examples on``, ``examples off``: whether a definition is shown with its values on the example."""

    at: Place
    subset: Subset
    on: bool


@dataclass(frozen=True, slots=True)
class FullDisplay:
    """``full seq display on``, ``full seq display off``."""

    at: Place
    on: bool


@dataclass(frozen=True, slots=True)
class Leave:
    """``exit`` or ``quit``."""

    at: Place


Command: TypeAlias = SetExample | ShowExample | Examples | FullDisplay | Leave
"""What is typed into the console, without a semicolon; it may stand in a file."""
