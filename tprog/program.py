"""The Program: a Transformer as a finite, readable function, in static single assignment.

A Program maps a sequence of n <= `max_length` tokens to one class a position (or, pooled, to one class). Position 0
holds ``<s>``; if the vocabulary has ``</s>``, every input ends in it. Each *variable* is a list of n values with a
known domain. Three variables are given, ``tokens``, ``positions`` (0..n-1) and ``ones``; each node adds one, named
after the node, and reads only what stands before it.

The records are plain data and check themselves: a Program that exists is well-formed. What is *done* with nodes
(execute, emit, read, extract ...) lives in modules of its own, each matching over the kinds in `Node`.

Source: Friedman, Wettig, Chen, "Learning Transformer Programs", NeurIPS 2023 (arXiv 2306.01128), section 3. Set
predicates, the masks ``before`` and ``after``, ``skip_first``, defaults, ``mean`` and lookups that yield numbers are
extensions.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Literal, TypeAlias

from tprog.errors import BadProgram, NotExact

BEGIN, END, UNKNOWN, PAD = "<s>", "</s>", "<unk>", "<pad>"

Symbol: TypeAlias = str | int
"""A categorical value. A symbol has no arithmetic, even where it is written as a whole number."""

Number: TypeAlias = int | Fraction
"""A numeric value, always exact."""

Value: TypeAlias = str | int | Fraction

Keys: TypeAlias = tuple[Symbol, ...]
"""The key values that one query value accepts, in the order of the key's domain."""

Mask: TypeAlias = Literal["all", "before", "after"]
SelfRule: TypeAlias = Literal["last", "match-count"]

INT64_LIMIT = 2**63
"""Numbers and logits at or beyond this bound are refused, because `tprog.execute` computes in int64."""


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
        if len(set(self.values)) != len(self.values):
            twice = next(v for v in self.values if self.values.count(v) > 1)
            raise BadProgram(f"the value {twice!r} stands twice in a categorical domain")

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Symbol]:
        return iter(self.values)

    @cached_property
    def codes(self) -> Mapping[Symbol, int]:
        """value -> index in `values`."""
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
    """

    terms: tuple[Weights, ...]
    scale: int = 1
    pooled: bool = False
    forced: tuple[str, ...] = (BEGIN,)


# Program ##############################################################################################################


@dataclass(frozen=True)
class Program:
    """A whole Transformer Program.

    Attributes:
        vocabulary: the tokens, ``<s>`` among them. With ``</s>`` in it every input ends in ``</s>``; with ``<unk>`` in
            it words outside it read as ``<unk>``.
        classes: what can be predicted, in the order that breaks ties.
        max_length: N, the longest input, ``<s>`` and ``</s>`` included.
        nodes: in execution order.
        task: the name of the task that the program is for, if it is known.
        causal: position i sees only j <= i.
        self_rule: ``last``, or ``match-count`` for modules of the original research code, where a self-match counts as
            a distance of len(matches).
        provenance: (key, text) pairs about where the program comes from; they carry no meaning.

    Raises:
        BadProgram: a record that contradicts itself; the message names the node.
        NotExact: a number or logit could reach 2**63.
    """

    vocabulary: tuple[str, ...]
    classes: tuple[str, ...]
    max_length: int
    nodes: tuple[Node, ...]
    readout: Readout
    task: str | None = None
    causal: bool = False
    self_rule: SelfRule = "last"
    provenance: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _check_frame(self)
        variables = self.variables  # proves the domains, and so every reference, on the way
        _check_readout(self, variables)
        if self.logit_bound >= INT64_LIMIT:
            raise NotExact(
                f"the readout's logits can reach {self.logit_bound} in units of 1/{self.logit_scale}; "
                "exact execution needs less than 2**63: use a smaller scale"
            )

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """name -> variable, the three inputs first, then one a node, in execution order."""
        known: dict[str, Variable] = {
            "tokens": Variable("tokens", Symbols(self.vocabulary)),
            "positions": Variable("positions", Symbols(tuple(range(self.max_length)))),
            "ones": Variable("ones", Numbers(Fraction(1), Fraction(1))),
        }
        for node in self.nodes:
            _check_name(node, known)
            known[node.name] = Variable(node.name, _domain(node, known, self))
        return known

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """name -> node."""
        return {node.name: node for node in self.nodes}

    @property
    def ends(self) -> bool:
        """Whether every input ends in ``</s>``."""
        return END in self.vocabulary

    def symbols(self, variable: str) -> Symbols:
        """The domain of a categorical variable."""
        domain = self.variables[variable].domain
        assert isinstance(domain, Symbols), variable
        return domain

    def numbers(self, variable: str) -> Numbers:
        """The domain of a numeric variable."""
        domain = self.variables[variable].domain
        assert isinstance(domain, Numbers), variable
        return domain

    @cached_property
    def logit_scale(self) -> int:
        """Logits are whole multiples of 1 / this: `readout.scale` times the denominators of the numbers read."""
        domains = (self.variables[term.variable].domain for term in self.readout.terms)
        return self.readout.scale * math.lcm(*(d.denominator for d in domains if isinstance(d, Numbers)))

    @cached_property
    def logit_bound(self) -> int:
        """A proven bound on every absolute logit, in units of 1 / `logit_scale` (pooled: of their sum over positions)."""
        unit = self.logit_scale // self.readout.scale
        bound = 0
        for term in self.readout.terms:
            domain = self.variables[term.variable].domain
            largest = max((abs(w) for row in term.rows if row is not None for w in row), default=0)
            if isinstance(domain, Symbols):
                bound += largest * unit
            else:
                bound += largest * domain.bound * (unit // domain.denominator)
        return bound * self.max_length if self.readout.pooled else bound


def axis(program_variables: Mapping[str, Variable], node: Lookup, which: int) -> Sequence[Value]:
    """The values (or levels) along one input of a lookup, in the order of its cells."""
    levels = node.levels[which]
    if levels is not None:
        return levels
    domain = program_variables[node.inputs[which]].domain
    assert isinstance(domain, Symbols), node.name
    return domain.values


def cell_keys(program: Program, node: Lookup) -> Iterator[tuple[Value, ...]]:
    """The input values of each cell of a lookup, in the order of its cells."""
    return product(*(axis(program.variables, node, which) for which in range(len(node.inputs))))


# Checks ###############################################################################################################

_RESERVED = frozenset({"tokens", "positions", "ones", "readout"})


def _check_frame(program: Program) -> None:
    """What a Program says about its inputs and outputs, before any node."""
    if BEGIN not in program.vocabulary:
        raise BadProgram(f"the vocabulary {program.vocabulary!r} lacks {BEGIN!r}, which every input begins with")
    for what, words in (("vocabulary", program.vocabulary), ("classes", program.classes)):
        if any(type(word) is not str or not word for word in words):
            raise BadProgram(f"the {what} {words!r} must hold non-empty strings only")
        if len(set(words)) != len(words):
            twice = next(w for w in words if words.count(w) > 1)
            raise BadProgram(f"{twice!r} stands twice in the {what}")
    if PAD in program.classes or PAD in program.vocabulary:
        raise BadProgram(f"{PAD!r} is never read nor predicted: leave it out of vocabulary and classes")
    if not program.classes:
        raise BadProgram("there are no classes; expected at least one")
    least = 3 if program.ends else 2  # one symbol between the marks
    if program.max_length < least:
        raise BadProgram(f"max_length is {program.max_length}; expected at least {least}")
    if program.self_rule not in ("last", "match-count"):
        raise BadProgram(f"self_rule is {program.self_rule!r}; expected 'last' or 'match-count'")


def _check_name(node: Node, known: Mapping[str, Variable]) -> None:
    name = node.name
    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name) or name.startswith("_"):
        raise BadProgram(f"node {name!r}: a name must be a plain Python identifier without a leading underscore")
    if name in known or name in _RESERVED:
        raise BadProgram(f"node {name!r}: the name is already taken; each variable is assigned once")
    for read in node.reads:
        if read not in known:
            raise BadProgram(f"node {name!r} reads {read!r}, which no earlier node and no input provides")


def _domain(node: Node, known: Mapping[str, Variable], program: Program) -> Domain:
    """Checks a node against the variables before it, and proves the domain of its own."""
    match node:
        case Embedding():
            return _embedding_domain(node, program)
        case Head():
            _check_selection(node, known, program)
            value = _categorical(node, "value", node.value, known)
            if node.default is not None and node.default not in value.codes:
                raise BadProgram(f"node {node.name!r}: the default {node.default!r} is not a value of {node.value!r}")
            return value
        case NumericHead():
            _check_selection(node, known, program)
            return _numeric_head_domain(node, known, program)
        case Lookup():
            return _lookup_domain(node, known)


def _categorical(node: Node, role: str, name: str, known: Mapping[str, Variable]) -> Symbols:
    domain = known[name].domain
    if not isinstance(domain, Symbols):
        raise BadProgram(f"node {node.name!r}: its {role} {name!r} is numeric; expected a categorical variable")
    return domain


def _embedding_domain(node: Embedding, program: Program) -> Domain:
    symbols = Symbols(node.symbols)
    if len(node.table) != len(program.vocabulary):
        raise BadProgram(
            f"node {node.name!r}: its table has {len(node.table)} entries; the vocabulary has {len(program.vocabulary)}"
        )
    for word, value in zip(program.vocabulary, node.table, strict=True):
        if value is not None and value not in symbols.codes:
            raise BadProgram(f"node {node.name!r}: the word {word!r} maps to {value!r}, which is not in its symbols")
    return symbols


def _check_selection(node: AttentionHead, known: Mapping[str, Variable], program: Program) -> None:
    """Query, key, predicate and mask of a head."""
    query = _categorical(node, "query", node.query, known)
    key = _categorical(node, "key", node.key, known)
    if node.mask not in ("all", "before", "after"):
        raise BadProgram(f"node {node.name!r}: the mask is {node.mask!r}; expected 'all', 'before' or 'after'")
    if node.mask == "after" and program.causal:
        raise BadProgram(f"node {node.name!r}: the mask 'after' looks ahead, which a causal program cannot")
    if len(node.predicate) != len(query):
        raise BadProgram(
            f"node {node.name!r}: its predicate has {len(node.predicate)} rows; {node.query!r} has {len(query)} values"
        )
    for value, keys in zip(query, node.predicate, strict=True):
        if keys is None:
            continue
        for accepted in keys:
            if accepted not in key.codes:
                raise BadProgram(
                    f"node {node.name!r}: query {value!r} accepts {accepted!r}, which is not a value of {node.key!r}"
                )
        codes = [key.codes[accepted] for accepted in keys]
        if any(left >= right for left, right in zip(codes, codes[1:], strict=False)):
            raise BadProgram(
                f"node {node.name!r}: query {value!r} accepts {keys!r}; expected each key once, in the key's order"
            )


def _exact(node: Node, domain: Numbers) -> Numbers:
    if domain.bound >= INT64_LIMIT:
        raise NotExact(
            f"node {node.name!r} can reach {domain.bound} in units of 1/{domain.denominator}; "
            "exact execution needs less than 2**63"
        )
    return domain


def _numeric_head_domain(node: NumericHead, known: Mapping[str, Variable], program: Program) -> Domain:
    value = known[node.value].domain
    if not isinstance(value, Numbers):
        raise BadProgram(f"node {node.name!r}: its value {node.value!r} is categorical; expected a numeric variable")
    most = program.max_length - max(int(node.mask != "all"), int(node.skip_first))
    match node.reduce:
        case "sum":
            if node.default is not None:
                raise BadProgram(f"node {node.name!r}: an empty sum is 0; a default belongs to a mean")
            low, high = min(Fraction(0), value.low * most), max(Fraction(0), value.high * most)
            return _exact(node, Numbers(low, high, value.denominator))
        case "mean":
            if node.default is None:
                raise BadProgram(f"node {node.name!r}: a mean needs a default for positions that select nothing")
            default = Fraction(node.default)
            every = value.denominator * math.lcm(*range(1, most + 1))
            domain = Numbers(min(value.low, default), max(value.high, default), math.lcm(every, default.denominator))
            # `execute` holds a sum over the common denominator before it divides, so that must be exact as well.
            _exact(node, Numbers(domain.low * most, domain.high * most, domain.denominator))
            return domain
        case other:
            raise BadProgram(f"node {node.name!r}: reduce is {other!r}; expected 'sum' or 'mean'")


def _lookup_domain(node: Lookup, known: Mapping[str, Variable]) -> Domain:
    if len(node.inputs) not in (1, 2) or len(node.levels) != len(node.inputs):
        raise BadProgram(f"node {node.name!r}: a lookup reads 1 or 2 variables, with one entry of levels each")
    size = 1
    for name, levels in zip(node.inputs, node.levels, strict=True):
        domain = known[name].domain
        if isinstance(domain, Symbols) == (levels is not None):
            kind = "categorical, so it has no levels" if levels is not None else "numeric, so it needs levels"
            raise BadProgram(f"node {node.name!r}: its input {name!r} is {kind}")
        if levels is not None:
            if not levels or any(a >= b for a, b in zip(levels, levels[1:], strict=False)):
                raise BadProgram(f"node {node.name!r}: the levels of {name!r} must be ascending numbers, at least one")
            size *= len(levels)
        elif isinstance(domain, Symbols):
            size *= len(domain)
    if len(node.cells) != size:
        raise BadProgram(f"node {node.name!r}: it has {len(node.cells)} cells; its inputs make {size}")
    if node.symbols is None:
        return _number_cells(node)
    symbols = Symbols(node.symbols)
    for cell in node.cells:
        if cell is not None and (isinstance(cell, Fraction) or cell not in symbols.codes):
            raise BadProgram(f"node {node.name!r}: a cell answers {cell!r}, which is not in its symbols")
    return symbols


def _number_cells(node: Lookup) -> Numbers:
    numbers: list[Fraction] = []
    for cell in node.cells:
        if isinstance(cell, str):
            raise BadProgram(f"node {node.name!r}: a cell answers {cell!r}; a lookup without symbols answers numbers")
        if cell is not None:
            numbers.append(Fraction(cell))
    numbers = numbers or [Fraction(0)]
    return _exact(node, Numbers(min(numbers), max(numbers), math.lcm(*(n.denominator for n in numbers))))


def _check_readout(program: Program, variables: Mapping[str, Variable]) -> None:
    readout = program.readout
    if readout.scale < 1:
        raise BadProgram(f"the readout's scale is {readout.scale}; expected a whole number of at least 1")
    if unforceable := [word for word in readout.forced if word not in (BEGIN, END) or word not in program.vocabulary]:
        raise BadProgram(f"the readout forces {unforceable!r}; only {BEGIN!r} and {END!r}, if present, can be forced")
    if readout.pooled and readout.forced:
        raise BadProgram("a pooled readout predicts one class for the whole input, so it forces no position")
    order = {name: index for index, name in enumerate(variables)}
    previous = -1
    for term in readout.terms:
        if term.variable not in variables:
            raise BadProgram(f"the readout reads {term.variable!r}, which is not a variable")
        if order[term.variable] <= previous:
            raise BadProgram(f"the readout's term {term.variable!r} is out of order: the order is that of the variables")
        previous = order[term.variable]
        domain = variables[term.variable].domain
        expected = len(domain) if isinstance(domain, Symbols) else 1
        if len(term.rows) != expected:
            raise BadProgram(f"the readout has {len(term.rows)} rows for {term.variable!r}; expected {expected}")
        if isinstance(domain, Numbers) and term.rows[0] is None:
            raise BadProgram(f"the readout of the number {term.variable!r} has no row; leave the term out instead")
        for row in term.rows:
            if row is not None and (len(row) != len(program.classes) or any(type(w) is not int for w in row)):
                raise BadProgram(
                    f"the readout of {term.variable!r} has the row {row!r}; "
                    f"expected {len(program.classes)} whole numbers, one a class"
                )
