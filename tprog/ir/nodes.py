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
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.ir.answering import LOOKUP, Answering
from tprog.ir.domains import BEGIN, Attend, Keys, Mask, Number, RowsNeeded, Symbol, Value
from tprog.ir.entries import Answer, Entries, Listed, Read, TableKey
from tprog.ir.learned_names import learned_layer
from tprog.ir.selections import Clause, Selecting
from tprog.ir.values import HOLE

READOUT = "readout"
"""The output of a learned or published program."""

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


# Classify #############################################################################################################


@dataclass(frozen=True)
class Weights:
    """The readout weights of one variable.

    Attributes:
        rows: a categorical variable has one row a value, in the order of its domain, None being a hole; a numeric
            variable has exactly one row, which multiplies its number. A row has one whole number a class; a weight w
            stands for w / `Classify.scale`.
    """

    variable: str
    rows: tuple[tuple[int, ...] | None, ...]

    @cached_property
    def partial(self) -> bool:
        """Whether it has a hole."""
        return HOLE in self.rows

    @cached_property
    def width(self) -> int | None:
        """How many whole numbers each row has; None where rows differ, or hold something else."""
        widths = {len(row) if all(type(w) is int for w in row) else None for row in self.rows if row is not None}
        return widths.pop() if len(widths) == 1 else None

    @cached_property
    def largest(self) -> int:
        """The largest absolute weight."""
        return max((abs(weight) for row in self.rows if row is not None for weight in row), default=0)

    @cached_property
    def array(self) -> NDArray[np.int64]:
        """[row, class], 0 in a hole, or [row, 1] if all are holes; read-only. Of a term whose weights fit in int64."""
        nothing = (0,) * (self.width or 1)
        found = np.array([nothing if row is None else row for row in self.rows], dtype=np.int64)
        found.setflags(write=False)
        return found


@dataclass(frozen=True)
class Classify:
    """The linear classifier: logit_c = sum w[variable, value, c] + sum w[variable, c] * number; ties: first class.

    It comes last, for nothing reads it; a Program holds it apart from the nodes that passes take one by one, since it
    is never ablated, merged or counted. Its classes are those of the Program, or, if variables come out too, the first.

    Attributes:
        terms: the weights, at most one entry a variable, in the order of the variables.
        scale: what weights are divided by to give logits.
        pooled: average the logits over all positions and predict one class for the whole input.
        forced: which of ``<s>`` and ``</s>`` predict themselves, whatever the logits say. Their positions are read out
            only if `pooled`, which forces nothing.
        rows_needed: where a value without a row of weights is a hole: ``free``, at the positions that are read out, or
            ``everywhere``, at those with a forced output too, as modules of the original research code have it.
        name: the output that it is; learned and published programs have it as ``readout``.
        implied: whether it stands for outputs that are variables, and says no more than that they are read: its terms
            have no rows, and no module prints it.
        among: where variables come out beside it, how many of the Program's classes are its own, the first of all; the
            Program fills it in. None: all of them.
    """

    terms: tuple[Weights, ...]
    scale: int = 1
    pooled: bool = False
    forced: tuple[str, ...] = (BEGIN,)
    rows_needed: RowsNeeded = "free"
    name: str = READOUT
    implied: bool = False
    among: int | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The variables that it reads, in the order of its terms, which is that in which it reaches holes."""
        return tuple(term.variable for term in self.terms)


IMPLIED = Classify((), forced=(), name="", implied=True)
"""The readout of a program whose outputs are variables: the Program fills in which."""

Readout: TypeAlias = Classify
"""The name that learned and published programs give it, as a constructor."""
