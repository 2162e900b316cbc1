"""The nodes that a Program is made of, the domains of their variables, and the readout: plain, frozen records.

Source: Friedman, Wettig, Chen, "Learning Transformer Programs", NeurIPS 2023 (arXiv 2306.01128), section 3. Set
predicates, the masks ``before`` and ``after``, ``skip_first``, defaults, ``mean`` and lookups that yield numbers are
extensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Literal, TypeAlias

from tprog.errors import BadProgram
from tprog.escape import half_a_pair

BEGIN, END, UNKNOWN, PAD = "<s>", "</s>", "<unk>", "<pad>"

Symbol: TypeAlias = str | int
"""A categorical value. A symbol has no arithmetic, even where it is written as a whole number."""

Number: TypeAlias = int | Fraction
"""A numeric value, always exact."""

Value: TypeAlias = str | int | Fraction

Keys: TypeAlias = tuple[Symbol, ...]
"""The key values that one query value accepts, in the order of the key's domain."""

Mask: TypeAlias = Literal["all", "before", "after"]


def masks(causal: bool) -> tuple[Mask, ...]:
    """The masks that a head can have: in a causal program no position sees a later one, so ``after`` is none."""
    return ("all", "before") if causal else ("all", "before", "after")


SelfRule: TypeAlias = Literal["last", "match-count"]
UnknownRule: TypeAlias = Literal["unk", "refuse"]
RowsNeeded: TypeAlias = Literal["free", "everywhere"]

INT64_LIMIT = 2**63
"""Numbers and logits at or beyond this bound are refused, because `tprog.run.execute` computes in int64."""


# Domains ##############################################################################################################


@dataclass(frozen=True)
class Symbols:
    """The ordered, finite domain of a categorical variable. A value's index in it is its *code* (0-based)."""

    values: tuple[Symbol, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise BadProgram("a categorical domain is empty; expected at least one value")
        for value in self.values:
            if type(value) not in (str, int):
                raise BadProgram(f"{value!r} is a {type(value).__name__}; a symbol is a str or an int")
            if isinstance(value, str) and half_a_pair(value):
                raise BadProgram(f"{value!r} has half of a surrogate pair, which no file in UTF-8 can hold")
        if len(set(self.values)) != len(self.values):
            twice = next(v for v in self.values if self.values.count(v) > 1)
            raise BadProgram(f"the value {twice!r} stands twice in a categorical domain")

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.values)

    @cached_property
    def codes(self) -> Mapping[Value, int]:
        """value -> index in `values`; a fraction is in no domain of symbols."""
        return {value: code for code, value in enumerate(self.values)}


@dataclass(frozen=True)
class Numbers:
    """The domain of a numeric variable: all multiples of 1/`denominator` from `low` to `high`, both included."""

    low: Fraction
    high: Fraction
    denominator: int = 1

    @property
    def bound(self) -> int:
        """The largest absolute numerator over `denominator`."""
        return int(max(abs(self.low), abs(self.high)) * self.denominator)


Domain: TypeAlias = Symbols | Numbers


@dataclass(frozen=True)
class Variable:
    """A named list of n values.

    `domain` is proven from the nodes, not declared: no input makes the variable leave it.
    """

    name: str
    domain: Domain


# Nodes ################################################################################################################


@dataclass(frozen=True)
class Embedding:
    """A table word -> symbol.

    Attributes:
        symbols: the domain of the values.
        table: one value a word of the vocabulary, in its order; None is a hole.
    """

    name: str
    symbols: tuple[Symbol, ...]
    table: tuple[Symbol | None, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return ("tokens",)


@dataclass(frozen=True)
class Head:
    """A categorical attention head: copy `value` from the nearest position whose key the query accepts.

    M_i = {j in mask(i) : key_j in predicate[query_i]}. Position i attends the j in M_i with the least abs(i - j); ties
    go left; j = i only if M_i = {i}. If M_i is empty the output is `default`, or the value at position 0 where
    `default` is None.

    Attributes:
        predicate: for each query value, in the order of its domain, the key values it accepts, in the order of
            theirs; None is a hole. As published, each accepts exactly one.
        mask: ``all`` positions (in a causal program: j <= i), ``before`` (j < i) or ``after`` (j > i).
        skip_first: position 0 is never in M_i.
    """

    name: str
    query: str
    key: str
    value: str
    predicate: tuple[Keys | None, ...]
    mask: Mask = "all"
    skip_first: bool = False
    default: Symbol | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.query, self.key, self.value)


@dataclass(frozen=True)
class NumericHead:
    """A numeric attention head: the sum, or the mean, of `value` over M_i (see `Head`).

    Attributes:
        reduce: ``sum`` (0 where M_i is empty; over ``ones`` it counts) or ``mean``, an exact rational.
        default: the mean where M_i is empty. Needed by ``mean``, refused by ``sum``.
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

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.query, self.key, self.value)


@dataclass(frozen=True)
class Lookup:
    """A table over 1 or 2 variables: what an MLP becomes.

    Attributes:
        inputs: the names of the variables read.
        levels: one entry an input. None where it is categorical. Where it is numeric, ascending numbers: a value reads
            as the largest level that does not exceed it, and as the lowest level if it is below all of them. So
            (0, 1, 2) makes 2 the cap: larger counts read as 2.
        symbols: the domain of the answers, or None if the answers are numbers.
        cells: one answer for each combination of input values or levels, the last input varying fastest; None is a
            hole.
    """

    name: str
    inputs: tuple[str, ...]
    levels: tuple[tuple[Number, ...] | None, ...]
    symbols: tuple[Symbol, ...] | None
    cells: tuple[Value | None, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return self.inputs


Node: TypeAlias = Embedding | Head | NumericHead | Lookup
AttentionHead: TypeAlias = Head | NumericHead


# Readout ##############################################################################################################


@dataclass(frozen=True)
class Weights:
    """The readout weights of one variable.

    Attributes:
        rows: a categorical variable has one row a value, in the order of its domain, None being a hole; a numeric
            variable has exactly one row, which multiplies its number. A row has one whole number a class; a weight w
            stands for w / `Readout.scale`.
    """

    variable: str
    rows: tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True)
class Readout:
    """The linear classifier: logit_c = sum w[variable, value, c] + sum w[variable, c] * number; ties: first class.

    Attributes:
        terms: the weights, at most one entry a variable, in the order of the variables.
        scale: what weights are divided by to give logits.
        pooled: average the logits over all positions and predict one class for the whole input.
        forced: which of ``<s>`` and ``</s>`` predict themselves, whatever the logits say. Their positions are read out
            only if `pooled`, which forces nothing.
        rows_needed: where a value without a row of weights is a hole: ``free``, at the positions that are read out, or
            ``everywhere``, at those with a forced output too, as modules of the original research code have it.
    """

    terms: tuple[Weights, ...]
    scale: int = 1
    pooled: bool = False
    forced: tuple[str, ...] = (BEGIN,)
    rows_needed: RowsNeeded = "free"
