"""The nodes that a Program is made of: plain, frozen records.

A node answers for itself what passes ask of all kinds: what it reads, its entries, all of
`tprog.ir.answering`. Where a pass must know the kind it matches over `Node` and ends in `assert_never`, so that the
type checker names it when a kind is added.

Source: Friedman, Wettig, Chen, "Learning Transformer Programs", NeurIPS 2023 (arXiv 2306.01128), section 3. Set
predicates, the masks ``before`` and ``after``, ``skip_first``, defaults, ``mean``, lookups that yield numbers, and
heads that attend to another than the nearest are extensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeAlias

from tprog.ir.answering import LOOKUP, Answering
from tprog.ir.domains import Attend, Keys, Mask, Number, Symbol, Value
from tprog.ir.entries import Answer, Entries, Listed, Read, TableKey
from tprog.ir.learned_names import learned_layer
from tprog.ir.selections import Clause, Selecting

# Nodes ################################################################################################################


@dataclass(frozen=True)
class Embedding(Answering):
    """A table word -> symbol.

    Attributes:
        symbols: the domain of the values.
        table: one value a word of the vocabulary, in its order; None is a hole.
    """

    name: str
    symbols: tuple[Symbol, ...]
    table: tuple[Symbol | None, ...]

    @property
    def kind(self) -> Literal["embedding"]:
        return "embedding"

    @property
    def roles(self) -> tuple[Read, ...]:
        return (Read("word", "tokens"),)

    def with_read(self, read: Read) -> Embedding:
        raise self.no_read(read)

    @property
    def tables(self) -> Mapping[TableKey, Entries]:
        return {self.name: Entries("word", ("tokens",), (None,), self.table)}

    def with_answers(self, answers: tuple[Answer | None, ...], table: TableKey | None = None) -> Embedding:
        return replace(self, table=tuple(map(_symbol, answers)))

    @property
    def declares(self) -> tuple[Symbol, ...]:
        return self.symbols

    def renamed(self, names: Mapping[Symbol, Symbol]) -> Embedding:
        table = tuple(None if symbol is None else names[symbol] for symbol in self.table)
        return replace(self, symbols=tuple(names.values()), table=table)

    @property
    def selection(self) -> None:
        return None

    @property
    def words(self) -> tuple[Symbol | None, ...]:
        return self.table

    @property
    def layer(self) -> None:
        return None

    @property
    def answers_numbers(self) -> bool:
        return False

    @property
    def functions(self) -> Mapping[TableKey, str]:
        return {}

    @property
    def ablatable(self) -> bool:
        return False


@dataclass(frozen=True)
class Head(Selecting):
    """A categorical attention head: copy `value` from one position whose key the query accepts, mostly the nearest.

    M_i = {j in mask(i) : key_j in predicate[query_i]}. Position i attends the j in M_i with the least abs(i - j); ties
    go left; j = i only if M_i = {i}. If M_i is empty the output is `default`, or the value at position 0 where
    `default` is None.

    With more than the one predicate, j is in M_i if all clauses of one of the alternatives accept key_j for query_i.
    *Every* clause is consulted at each position i that sees any, whatever the others say there: so a missing row is a
    hole in whatever order clauses stand.

    So it is where `attend` is ``nearest``. The others take i itself for a position like any: the ``first`` in M_i, the
    ``last``, or the one where `by` is ``largest`` or ``smallest``; of several, the nearest, i before all others.

    Attributes:
        predicate: for each query value, in the order of its domain, the key values it accepts, in the order of
            theirs; None is a hole. As published, each accepts exactly one.
        mask: ``all`` positions (in a causal program: j <= i), ``before`` (j < i) or ``after`` (j > i).
        skip_first: position 0 is never in M_i.
        attend: which position of M_i.
        by: the variable that ``largest`` and ``smallest`` compare, a number or, by its place in its domain, a symbol;
            None with the others.
        also: further clauses, which must hold as well as the predicate.
        instead: further alternatives.
    """

    name: str
    query: str
    key: str
    value: str
    predicate: tuple[Keys | None, ...]
    mask: Mask = "all"
    skip_first: bool = False
    default: Symbol | None = None
    attend: Attend = "nearest"
    by: str | None = None
    also: tuple[Clause, ...] = ()
    instead: tuple[tuple[Clause, ...], ...] = ()

    @property
    def kind(self) -> Literal["head"]:
        return "head"

    @property
    def copies_first(self) -> bool:
        """Whether it copies the value at position 0 where it selects nothing: it has no default, not even NOTHING."""
        return self.default is None

    @property
    def roles(self) -> tuple[Read, ...]:
        return super().roles if self.by is None else (*super().roles, Read("by", self.by))

    def with_read(self, read: Read) -> AttentionHead:
        if (read.role, read.place) == ("by", 0) and self.by is not None:
            return replace(self, by=read.variable)
        return super().with_read(read)

    @property
    def selection(self) -> Head:
        return self


@dataclass(frozen=True)
class NumericHead(Selecting):
    """A numeric attention head: the sum, or the mean, of `value` over M_i (see `Head`).

    Attributes:
        reduce: ``sum`` (0 where M_i is empty; over ``ones`` it counts) or ``mean``, an exact rational.
        default: the mean where M_i is empty. Needed by ``mean``, refused by ``sum``.
        also, instead: as of `Head`.
    """

    name: str
    query: str
    key: str
    value: str
    predicate: tuple[Keys | None, ...]
    mask: Mask = "all"
    skip_first: bool = False
    reduce: Literal["sum", "mean"] = "sum"
    default: Number | None = None
    also: tuple[Clause, ...] = ()
    instead: tuple[tuple[Clause, ...], ...] = ()

    @property
    def kind(self) -> Literal["numeric head"]:
        return "numeric head"

    @property
    def selection(self) -> NumericHead:
        return self


@dataclass(frozen=True)
class Lookup(Answering):
    """A table over one or more variables: what an MLP becomes.

    Attributes:
        inputs: the names of the variables read.
        levels: one entry an input. None where it is categorical. Where it is numeric, ascending numbers: a value reads
            as the largest level that does not exceed it, and as the lowest level if it is below all of them. So
            (0, 1, 2) makes 2 the cap: larger counts read as 2.
        symbols: the domain of the answers, or None if the answers are numbers.
        cells: one answer for each combination of input values or levels, the last input varying fastest; None is a
            hole.
        listed: where not all combinations have a cell of their own, those that have, ascending: the places of their
            values or levels. `cells` has their answers, and last what it answers otherwise.
    """

    name: str
    inputs: tuple[str, ...]
    levels: tuple[tuple[Number, ...] | None, ...]
    symbols: tuple[Symbol, ...] | None
    cells: tuple[Value | None, ...]
    listed: Listed | None = None

    @property
    def kind(self) -> Literal["lookup"]:
        return "lookup"

    @property
    def roles(self) -> tuple[Read, ...]:
        return tuple(Read("input", name, place) for place, name in enumerate(self.inputs))

    def with_read(self, read: Read) -> Lookup:
        if read.role != "input" or not 0 <= read.place < len(self.inputs):
            raise self.no_read(read)
        return replace(self, inputs=(*self.inputs[: read.place], read.variable, *self.inputs[read.place + 1 :]))

    @property
    def tables(self) -> Mapping[TableKey, Entries]:
        return {self.name: Entries("cell", self.inputs, self.levels, self.cells, listed=self.listed)}

    def with_answers(self, answers: tuple[Answer | None, ...], table: TableKey | None = None) -> Lookup:
        return replace(self, cells=tuple(map(_value, answers)))

    @property
    def declares(self) -> tuple[Symbol, ...] | None:
        return self.symbols

    def renamed(self, names: Mapping[Symbol, Symbol]) -> Lookup:
        if self.symbols is None:
            raise self.no_symbols()
        cells = tuple(None if cell is None else names[cell] for cell in self.cells)
        return replace(self, symbols=tuple(names.values()), cells=cells)

    @property
    def selection(self) -> None:
        return None

    @property
    def words(self) -> None:
        return None

    @property
    def layer(self) -> int | None:
        return learned_layer(self.name, behind_heads=True)

    @property
    def answers_numbers(self) -> bool:
        return self.symbols is None

    @property
    def functions(self) -> Mapping[TableKey, str]:
        return {self.name: LOOKUP + self.name}

    @property
    def ablatable(self) -> bool:
        return True


@dataclass(frozen=True)
class Linear(Answering):
    """An exact sum: the constant, and each of some numeric variables times its coefficient.

    Attributes:
        inputs: the names of the variables, each once.
        coefficients: one a variable.
    """

    name: str
    inputs: tuple[str, ...]
    coefficients: tuple[Number, ...]
    constant: Number = 0

    @property
    def kind(self) -> Literal["linear"]:
        return "linear"

    @property
    def roles(self) -> tuple[Read, ...]:
        return tuple(Read("term", name, place) for place, name in enumerate(self.inputs))

    def with_read(self, read: Read) -> Linear:
        if read.role != "term" or not 0 <= read.place < len(self.inputs):
            raise self.no_read(read)
        return replace(self, inputs=(*self.inputs[: read.place], read.variable, *self.inputs[read.place + 1 :]))

    @property
    def tables(self) -> Mapping[TableKey, Entries]:
        named: tuple[tuple[Value, ...], ...] = (*((name,) for name in self.inputs), ())
        return {self.name: Entries("coefficient", (), (), (*self.coefficients, self.constant), named)}

    def with_answers(self, answers: tuple[Answer | None, ...], table: TableKey | None = None) -> Linear:
        *coefficients, constant = map(_number, answers)
        return replace(self, coefficients=tuple(coefficients), constant=constant)

    @property
    def declares(self) -> None:
        return None

    def renamed(self, names: Mapping[Symbol, Symbol]) -> Linear:
        raise self.no_symbols()

    @property
    def selection(self) -> None:
        return None

    @property
    def words(self) -> None:
        return None

    @property
    def layer(self) -> None:
        return None

    @property
    def answers_numbers(self) -> bool:
        return False

    @property
    def functions(self) -> Mapping[TableKey, str]:
        return {}

    @property
    def ablatable(self) -> bool:
        return True


Node: TypeAlias = Embedding | Head | NumericHead | Lookup | Linear
AttentionHead: TypeAlias = Head | NumericHead


def _value(answer: Answer | None) -> Value | None:
    assert not isinstance(answer, tuple)
    return answer


def _number(answer: Answer | None) -> Number:
    assert isinstance(answer, int | Fraction)
    return answer


def _symbol(answer: Answer | None) -> Symbol | None:
    assert not isinstance(answer, tuple)
    return answer
