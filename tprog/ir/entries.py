"""What a node answers of itself, whatever its kind: what it reads and as what, and the entries of its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

from tprog.ir.domains import Keys, Number, Symbols, Value, Variable
from tprog.ir.values import shown

ReadRole: TypeAlias = Literal["query", "key", "value", "by", "input", "term", "word"]
EntryPart: TypeAlias = Literal["row", "cell", "word", "coefficient"]

Listed: TypeAlias = tuple[tuple[int, ...], ...]
"""Some of the combinations of values, or levels, of several variables: their places, 0-based, one a variable."""

Answer: TypeAlias = Keys | Value
"""What an entry holds: the keys that a query accepts, or a value."""


@dataclass(frozen=True, slots=True)
class WeightsOf:
    """The table of weights that the readout has for a variable, as a key; a node's table goes by the node's name."""

    variable: str

    def __str__(self) -> str:
        return f"readout of {self.variable}"


@dataclass(frozen=True, slots=True)
class ClauseOf:
    """The predicate of one clause, as a key, of a head that has several; that of a single one goes by the head's name.

    Attributes:
        alternative, clause: its place in the selection, 0-based.
    """

    head: str
    alternative: int
    clause: int

    def __str__(self) -> str:
        return f"clause_{self.alternative}_{self.clause}_of_{self.head}"


TableKey: TypeAlias = str | ClauseOf | WeightsOf
"""Which of a Program's tables: that of a node, by its name, that of a clause, or that of a term of the readout."""


def owner(table: TableKey) -> str | None:
    """The node that has a table, None if the readout has."""
    match table:
        case str():
            return table
        case ClauseOf():
            return table.head
        case WeightsOf():
            return None


def picked(part: EntryPart, values: Iterable[Value]) -> str:
    """By what an entry is picked, in words: ``query 'b'``."""
    values = list(values)
    said = ", ".join(map(shown, values))
    match part:
        case "row":
            return f"query {', '.join(map(repr, values))}"  # word for word what a module says of a hole
        case "cell":
            return f"input {said}" if said else "otherwise"
        case "word":
            return f"word {said}"
        case "coefficient":
            return f"coefficient of {said[1:-1]}" if said else "constant"


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def ordinal(place: int) -> str:
    """A place, 0-based, as a word: ``first``; beyond the ninth as ``input10``, which is a name as well."""
    return _ORDINALS[place] if place < len(_ORDINALS) else f"input{place + 1}"


@dataclass(frozen=True, slots=True)
class Read:
    """One read of a node.

    Attributes:
        role: as what it is read; a ``word`` is the tokens that an embedding looks up, and cannot be another variable.
        place: which of the reads in that role, 0-based: a lookup has several inputs.
    """

    role: ReadRole
    variable: str
    place: int = 0


@dataclass(frozen=True, slots=True)
class Entries:
    """The table that a node carries, in the same form for all kinds.

    Attributes:
        part: what one entry is: a ``row`` of a predicate, a ``cell`` of a lookup, a ``word`` of an embedding, a
            ``coefficient`` of a sum.
        asked: the variables whose values pick an entry.
        levels: one item a variable: None where it is categorical, else as `Lookup.levels`.
        answers: one a combination of values or levels, the last variable varying fastest; None is a hole.
        listed: where not all combinations have an entry of their own, those that have; the last answer is then that
            of all others, and its key is empty.
        named: the keys of the entries where no value picks one, since every position consults all of them; else None.
    """

    part: EntryPart
    asked: tuple[str, ...]
    levels: tuple[tuple[Number, ...] | None, ...]
    answers: tuple[Answer | None, ...]
    named: tuple[tuple[Value, ...], ...] | None = None
    listed: Listed | None = None

    def __len__(self) -> int:
        return len(self.answers)

    def axes(self, variables: Mapping[str, Variable]) -> list[Sequence[Value]]:
        """The values (or levels) of each variable asked, in the order of the entries."""
        found: list[Sequence[Value]] = []
        for name, levels in zip(self.asked, self.levels, strict=True):
            domain = variables[name].domain
            if levels is None:
                assert isinstance(domain, Symbols), name
                found.append(domain.values)
            else:
                found.append(levels)
        return found

    def keys(self, variables: Mapping[str, Variable]) -> Iterator[tuple[Value, ...]]:
        """The values (or levels) that pick each entry, in the order of the entries."""
        if self.named is not None:
            return iter(self.named)
        axes = self.axes(variables)
        if self.listed is None:
            return product(*axes)
        return iter([*(tuple(axis[at] for axis, at in zip(axes, key, strict=True)) for key in self.listed), ()])
