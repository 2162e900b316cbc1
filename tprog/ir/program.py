"""The Program: a Transformer as a finite, readable function, in static single assignment.

A Program maps a sequence of n <= `max_length` tokens to one class a position (or, pooled, to one class); with several
outputs, to one a position for each of them. If the
vocabulary has ``<s>``, as that of a learned program has, position 0 holds it; if it has ``</s>``, every input ends in
it. Each *variable* is a list of n values with a known domain. Three variables are given, ``tokens``, ``positions``
(0..n-1) and ``ones``; each node adds one, named after the node, and reads only what stands before it.

The records are plain data and check themselves: a Program that exists is well-formed. What is *done* with nodes
(execute, emit, read, extract ...) lives in modules of its own, each matching over the kinds in `Node`.

Source: Friedman, Wettig, Chen, "Learning Transformer Programs", NeurIPS 2023 (arXiv 2306.01128), section 3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from tprog.errors import NotExact
from tprog.ir.check import check_frame, check_functions, domain_of
from tprog.ir.check_outputs import check_outputs, check_readout
from tprog.ir.domains import (
    BEGIN,
    END,
    INT64_LIMIT,
    PAD,
    UNKNOWN,
    Domain,
    Keys,
    Mask,
    Number,
    Numbers,
    Numeric,
    Quotients,
    RowsNeeded,
    SelfRule,
    Symbol,
    Symbols,
    UnknownRule,
    Value,
    Variable,
)
from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.marks import Marks
from tprog.ir.nodes import AttentionHead, Embedding, Head, Linear, Lookup, Node, NumericHead
from tprog.ir.outcomes import Outcomes, joined, outcomes_of
from tprog.ir.places import Places
from tprog.ir.provenance import SourceLine, check_sources
from tprog.ir.readout import IMPLIED, READOUT, Classify, Readout, Weights
from tprog.ir.selections import Clause, Selection
from tprog.shown import Shown

__all__ = [
    "BEGIN",
    "END",
    "IMPLIED",
    "PAD",
    "UNKNOWN",
    "AttentionHead",
    "Classify",
    "Clause",
    "Domain",
    "Embedding",
    "Head",
    "Keys",
    "Linear",
    "Lookup",
    "Mask",
    "Node",
    "Number",
    "Numbers",
    "Numeric",
    "NumericHead",
    "Program",
    "Quotients",
    "Readout",
    "RowsNeeded",
    "Selection",
    "SelfRule",
    "Symbol",
    "Symbols",
    "UnknownRule",
    "Value",
    "Variable",
    "Weights",
    "axis",
    "cell_keys",
    "domain_of",
]


@dataclass(frozen=True)
class Program(Shown):
    """A whole Transformer Program. It shows itself in a notebook, to `print` and as a data frame of its nodes.

    Attributes:
        vocabulary: the tokens. With ``<s>`` in it every input begins with ``<s>``, with ``</s>`` it ends in ``</s>``;
            with ``<unk>`` words outside it read as ``<unk>``. Without ``<s>`` position 0 holds the first symbol, and
            each `Head` needs a default.
        classes: what can be predicted, in the order that breaks ties; an outcome is a place in it. Where a variable
            comes out, the spellings of its values too, behind those of the readout and those given: so the codes of
            outcomes stay where an edit changes what may come out. Several outputs have them in common.
        max_length: N, the longest input, its marks included.
        nodes: all but the readout, in execution order.
        readout: the node that classifies; `IMPLIED` where the output is a variable.
        task: the name of the task that the program is for, if it is known.
        causal: position i sees only j <= i.
        self_rule: ``last``, or ``match-count`` for modules of the original research code, where a self-match counts as
            a distance of len(matches).
        provenance: (key, text) pairs about where the program comes from; they carry no meaning.
        unknown_rule: what a word outside the vocabulary reads as, if that has ``<unk>``: ``unk``, or ``refuse`` for
            modules of the original research code, which fail at it.
        outputs: the names of what `run` returns, in its order: the readout, variables, or both.
        written_classes: the classes of the readout, the first of all; none without one.
        sources: where the nodes of a written program, its readout among them, were written, each at most once, in
            execution order; they carry no meaning.

    Raises:
        BadProgram: a record that contradicts itself; the message names the node.
        NotExact: a number or logit could reach 2**63.
    """

    vocabulary: tuple[str, ...]
    classes: tuple[str, ...] = field(compare=False)
    max_length: int
    nodes: tuple[Node, ...]
    readout: Classify = IMPLIED
    task: str | None = None
    causal: bool = False
    self_rule: SelfRule = "last"
    provenance: tuple[tuple[str, str], ...] = ()
    unknown_rule: UnknownRule = "unk"
    outputs: tuple[str, ...] = (READOUT,)
    sources: tuple[SourceLine, ...] = ()
    written_classes: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        check_frame(self)
        variables = self.variables  # proves the domains, and so every reference, on the way
        check_functions(self.nodes)
        check_outputs(self, variables)
        check_sources(self.sources, [*self.by_name, *([] if self.readout.implied else [self.readout.name])])
        object.__setattr__(self, "written_classes", () if self.readout.implied else self.classes[: self.readout.among])
        if self.variables_out:
            spellings = [self.returned[name].spellings for name in self.variables_out]
            object.__setattr__(self, "classes", joined(self.classes, *spellings))
        else:
            object.__setattr__(self, "classes", self.written_classes)
        if self.readout.implied:
            terms = tuple(Weights(name, ()) for name in variables if name in self.variables_out)
            object.__setattr__(self, "readout", replace(IMPLIED, terms=terms))
            return
        if (among := len(self.written_classes) if self.variables_out else None) != self.readout.among:
            object.__setattr__(self, "readout", replace(self.readout, among=among))
        check_readout(self, variables)
        if self.logit_bound >= INT64_LIMIT:
            raise NotExact(
                f"the readout's logits can reach {self.logit_bound} in units of 1/{self.logit_scale}; "
                "exact execution needs less than 2**63: use a smaller scale"
            )

    @cached_property
    def variables(self) -> Mapping[str, Variable]:
        """name -> variable, the three inputs first, then one a node, in execution order."""
        known = dict(_inputs(self.vocabulary, self.max_length))
        for node in self.nodes:
            known[node.name] = Variable(node.name, domain_of(node, known, self))
        return known

    @cached_property
    def by_name(self) -> Mapping[str, Node]:
        """name -> node."""
        return {node.name: node for node in self.nodes}

    @cached_property
    def tables(self) -> tuple[TableKey, ...]:
        """All tables, in execution order: those of the nodes, then one a term of the readout."""
        of_nodes = (table for node in self.nodes for table in node.tables)
        return (*of_nodes, *(WeightsOf(term.variable) for term in self.weights))

    @cached_property
    def value_bytes(self) -> int:
        """Bytes that an executor takes for the values of all variables at one position."""
        largest = (
            len(v.domain) - 1 if isinstance(v.domain, Symbols) else v.domain.bound for v in self.variables.values()
        )
        return sum(1 if bound < 2**7 else 2 if bound < 2**15 else 4 if bound < 2**31 else 8 for bound in largest)

    def sources_of(self, nodes: Iterable[Node]) -> tuple[SourceLine, ...]:
        """Where some of its nodes, and its readout, were written."""
        names = {self.readout.name, *(node.name for node in nodes)}
        return tuple(source for source in self.sources if source.node in names)

    @cached_property
    def marks(self) -> Marks:
        """Which marks stand around every input."""
        return Marks.of(self.vocabulary)

    @property
    def weights(self) -> tuple[Weights, ...]:
        """The terms of the readout, if the program has one: an implied one has nothing to print, edit or count."""
        return () if self.readout.implied else self.readout.terms

    @cached_property
    def places(self) -> Places:
        """Where the outcomes of an input lie."""
        return Places(self.outputs, self.readout.pooled)

    @cached_property
    def of_readout(self) -> slice:
        """The places of the readout among those of an input; none without one."""
        if self.readout.implied:
            return slice(0, 0)
        return slice(self.outputs.index(self.readout.name), None, self.places.each)

    @cached_property
    def variables_out(self) -> tuple[str, ...]:
        """The outputs that are variables, in their order: all but the readout."""
        return tuple(name for name in self.outputs if self.readout.implied or name != self.readout.name)

    @cached_property
    def read_out(self) -> tuple[str, ...]:
        """The variables on which outputs depend directly, in their order: those that the readout reads, and those that
        come out."""
        read = {*self.readout.reads, *self.variables_out}
        return tuple(name for name in self.variables if name in read)

    @cached_property
    def returned(self) -> Mapping[str, Outcomes]:
        """Variable that comes out -> all of its values."""
        return {name: outcomes_of(name, self.variables[name].domain) for name in self.variables_out}

    @cached_property
    def outcome_codes(self) -> Mapping[str, tuple[int, ...]]:
        """Variable that comes out -> for each of its values, in the order of its domain, its place in `classes`."""
        places = {word: place for place, word in enumerate(self.classes)}
        return {name: tuple(places[word] for word in found.spellings) for name, found in self.returned.items()}

    def read_tokens(self, tokens: Sequence[str]) -> list[str]:
        """A whole input as the program reads it.

        Raises:
            ValueError: it cannot take it; the message names the token and its index.
        """
        return self.marks.read(tokens, self.vocabulary, self.max_length, self.unknown_rule)

    def symbols(self, variable: str) -> Symbols:
        """The domain of a categorical variable."""
        domain = self.variables[variable].domain
        assert isinstance(domain, Symbols), variable
        return domain

    def numeric(self, variable: str) -> Numeric:
        """The domain of a numeric variable."""
        domain = self.variables[variable].domain
        assert not isinstance(domain, Symbols), variable
        return domain

    def numbers(self, variable: str) -> Numbers:
        """The domain of a numeric variable whose numbers are known to have a common denominator."""
        domain = self.variables[variable].domain
        assert isinstance(domain, Numbers), variable
        return domain

    @cached_property
    def logit_scale(self) -> int:
        """Logits are whole multiples of 1 / this: `readout.scale` times the denominators of the numbers read."""
        domains = (self.variables[term.variable].domain for term in self.weights)
        return self.readout.scale * math.lcm(*(d.denominator for d in domains if isinstance(d, Numbers)))

    @cached_property
    def logit_bound(self) -> int:
        """A proven bound on every absolute logit, over `logit_scale` (pooled: on their sum over positions)."""
        unit = self.logit_scale // self.readout.scale
        bound = 0
        for term in self.weights:
            domain = self.variables[term.variable].domain
            if isinstance(domain, Symbols):
                bound += term.largest * unit
            elif isinstance(domain, Numbers):  # `check_readout` refuses quotients
                bound += term.largest * domain.bound * (unit // domain.denominator)
        return bound * self.max_length if self.readout.pooled else bound


@lru_cache(maxsize=256)
def _inputs(vocabulary: tuple[str, ...], max_length: int) -> Mapping[str, Variable]:
    """The three variables that hold an input: the same objects for each program that a search makes of another."""
    return {
        "tokens": Variable("tokens", Symbols(vocabulary)),
        "positions": Variable("positions", Symbols(tuple(range(max_length)))),
        "ones": Variable("ones", Numbers(Fraction(1), Fraction(1))),
    }


def axis(program_variables: Mapping[str, Variable], node: Lookup, which: int) -> Sequence[Value]:
    """The values (or levels) along one input of a lookup, in the order of its cells."""
    return node.entries.axes(program_variables)[which]


def cell_keys(program: Program, node: Lookup) -> Iterator[tuple[Value, ...]]:
    """The input values of each cell of a lookup, in the order of its cells."""
    return node.entries.keys(program.variables)
