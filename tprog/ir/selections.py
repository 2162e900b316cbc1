"""Selections: which positions a head looks at, as alternatives, each of which is some clauses that must all hold.

A clause is a predicate over one query and one key variable. A learned head has one. `all_of`, `any_of` and `none_of`
build the selections that are made of others, by De Morgan's laws: the complement of a predicate is a predicate.

Source: the selectors of RASP (Weiss et al. 2021, arXiv 2106.06981) and their ``and``, ``or`` and ``not``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import chain, product
from typing import TYPE_CHECKING, TypeAlias

from tprog.ir.answering import PREDICATE, Answering
from tprog.ir.domains import Keys, Symbol
from tprog.ir.entries import Answer, ClauseOf, Entries, Read, TableKey
from tprog.ir.learned_names import learned_layer
from tprog.ir.values import HOLE

if TYPE_CHECKING:
    from tprog.ir.nodes import AttentionHead


@dataclass(frozen=True)
class Clause:
    """A predicate over one query and one key variable.

    Attributes:
        predicate: for each query value, in the order of its domain, the key values it accepts, in the order of
            theirs; None is a hole.
    """

    query: str
    key: str
    predicate: tuple[Keys | None, ...]

    @property
    def partial(self) -> bool:
        """Whether it has a hole."""
        return HOLE in self.predicate

    @property
    def entries(self) -> Entries:
        """Its rows."""
        return Entries("row", (self.query,), (None,), self.predicate)


Selection: TypeAlias = tuple[tuple[Clause, ...], ...]
"""Alternatives, one at least, each of one clause at least: a position is selected if all clauses of one accept it."""


# Building #############################################################################################################


def all_of(*selections: Selection) -> Selection:
    """What all of the selections select. Clauses over the same two variables become one."""
    return any_of(tuple(_together(chain(*chosen)) for chosen in product(*selections)))


def any_of(*selections: Selection) -> Selection:
    """What any of the selections selects."""
    return tuple(dict.fromkeys(chain(*selections)))


def none_of(selection: Selection, values: Mapping[str, Sequence[Symbol]]) -> Selection:
    """What a selection does not select, within the mask of its head.

    Args:
        values: the domain of each of its key variables.
    """
    return all_of(*(tuple((_complement(clause, values),) for clause in clauses) for clauses in selection))


def _complement(clause: Clause, values: Mapping[str, Sequence[Symbol]]) -> Clause:
    rows = [None if row is None else frozenset(row) for row in clause.predicate]
    others = (None if row is None else tuple(key for key in values[clause.key] if key not in row) for row in rows)
    return replace(clause, predicate=tuple(others))


def _together(clauses: Iterable[Clause]) -> tuple[Clause, ...]:
    by_reads: dict[tuple[str, str], list[Clause]] = {}
    for clause in clauses:
        by_reads.setdefault((clause.query, clause.key), []).append(clause)
    return tuple(reduce(_both, some) for some in by_reads.values())


def _both(one: Clause, other: Clause) -> Clause:
    """Two clauses over the same variables as one; a row that either lacks is missing."""
    rows = zip(one.predicate, other.predicate, strict=True)
    return replace(
        one,
        predicate=tuple(
            None if mine is None or theirs is None else tuple(key for key in mine if key in theirs)
            for mine, theirs in rows
        ),
    )


# Heads ################################################################################################################


class Selecting(Answering):
    """What all attention heads answer alike: all about the positions that they select.

    Their predicate alone is the selection, unless there is more:

    Attributes:
        also: further clauses, which must hold as well.
        instead: further alternatives.
    """

    query: str
    key: str
    value: str
    predicate: tuple[Keys | None, ...]
    also: tuple[Clause, ...]
    instead: tuple[tuple[Clause, ...], ...]

    @cached_property
    def alternatives(self) -> Selection:
        """The whole selection, its own clause first."""
        return ((Clause(self.query, self.key, self.predicate), *self.also), *self.instead)

    @property
    def alone(self) -> bool:
        """Whether its own clause is its whole selection."""
        return not self.also and not self.instead

    @cached_property
    def clauses(self) -> Mapping[TableKey, Clause]:
        """All clauses, by the keys of their tables, in the order in which they are consulted."""
        if self.alone:
            return {self.name: self.alternatives[0][0]}
        return {
            ClauseOf(self.name, at, place): clause
            for at, clauses in enumerate(self.alternatives)
            for place, clause in enumerate(clauses)
        }

    @cached_property
    def by_alternative(self) -> tuple[tuple[TableKey, ...], ...]:
        """The keys of the clauses of each alternative."""
        keys = iter(self.clauses)
        return tuple(tuple(next(keys) for _ in clauses) for clauses in self.alternatives)

    @property
    @abstractmethod
    def selection(self) -> AttentionHead: ...

    def selecting(self, alternatives: Selection) -> AttentionHead:
        """A copy that selects by other clauses."""
        (own, *also), *instead = alternatives
        return replace(
            self.selection,
            query=own.query,
            key=own.key,
            predicate=own.predicate,
            also=tuple(also),
            instead=tuple(instead),
        )

    def with_clause(self, table: TableKey, clause: Clause) -> AttentionHead:
        """A copy with another clause in the place of one."""
        clauses = {**self.clauses, table: clause}
        assert len(clauses) == len(self.clauses), table
        return self.selecting(tuple(tuple(clauses[key] for key in keys) for keys in self.by_alternative))

    def with_read(self, read: Read) -> AttentionHead:
        tables = list(self.clauses)
        match read.role:
            case "query" if read.place < len(tables):
                table = tables[read.place]
                return self.with_clause(table, replace(self.clauses[table], query=read.variable))
            case "key" if read.place < len(tables):
                table = tables[read.place]
                return self.with_clause(table, replace(self.clauses[table], key=read.variable))
            case "value" if read.place == 0:
                return replace(self.selection, value=read.variable)
            case _:
                raise self.no_read(read)

    @property
    def roles(self) -> tuple[Read, ...]:
        """The query and the key of each clause, in order, then the value."""
        asked = (
            read
            for place, clause in enumerate(self.clauses.values())
            for read in (Read("query", clause.query, place), Read("key", clause.key, place))
        )
        return (*asked, Read("value", self.value))

    @cached_property
    def tables(self) -> Mapping[TableKey, Entries]:
        return {table: clause.entries for table, clause in self.clauses.items()}

    def with_answers(self, answers: tuple[Answer | None, ...], table: TableKey | None = None) -> AttentionHead:
        table = self.name if table is None else table
        return self.with_clause(table, replace(self.clauses[table], predicate=tuple(map(_keys, answers))))

    @property
    def declares(self) -> None:
        return None

    def renamed(self, names: Mapping[Symbol, Symbol]) -> AttentionHead:
        raise self.no_symbols()

    @property
    def words(self) -> None:
        return None

    @property
    def layer(self) -> int | None:
        return learned_layer(self.name, behind_heads=False)

    @property
    def answers_numbers(self) -> bool:
        return False

    @property
    def functions(self) -> Mapping[TableKey, str]:
        return {table: f"{PREDICATE}{table}" for table in self.clauses}

    @property
    def ablatable(self) -> bool:
        return True


def _keys(answer: Answer | None) -> Keys | None:
    assert answer is None or isinstance(answer, tuple)
    return answer
