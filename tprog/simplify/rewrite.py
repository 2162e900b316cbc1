"""A Program without some of its nodes: their readers are told what to read instead.

What stands in for a node is a constant, or what a table makes of one other variable. Nothing here asks whether the
program still predicts the same: see `tprog.simplify.search`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from typing import TypeAlias, TypeVar, assert_never, cast

from tprog.ir.program import (
    Clause,
    Embedding,
    Head,
    Keys,
    Linear,
    Lookup,
    Node,
    Number,
    NumericHead,
    Program,
    Symbol,
    Symbols,
    Value,
    Weights,
)
from tprog.ir.values import as_number
from tprog.simplify.parts import pruned
from tprog.simplify.read_through import Inexpressible, read_through
from tprog.text.clusters import LISTED_WORDS

T = TypeVar("T")
H = TypeVar("H", Head, NumericHead)

Levels: TypeAlias = tuple[Number, ...]


@dataclass(frozen=True)
class Fixed:
    """The variable is this constant."""

    value: Value


@dataclass(frozen=True)
class Via:
    """The categorical variable is a function of another one.

    Attributes:
        symbols: for each value of `variable` as it will be, or for each of `levels`, the symbol that it stands for.
        levels: of a numeric `variable`; only a lookup can read through them.
    """

    variable: str
    symbols: tuple[Symbol, ...]
    levels: tuple[Number, ...] | None = None


@dataclass(frozen=True)
class Same:
    """The numeric variable equals another one."""

    variable: str


StandIn: TypeAlias = Fixed | Via | Same


@dataclass
class _Rewriter:
    """Goes through a program in execution order.

    Attributes:
        stand_ins: variable of the old program -> what its readers read instead; grows on the way.
        domains: categorical variable of the new program -> its symbols.
    """

    program: Program
    stand_ins: dict[str, StandIn]
    renewed: Mapping[str, Node]
    domains: dict[str, tuple[Symbol, ...]] = field(default_factory=dict)

    def run(self) -> Program:
        program = self.program
        self.domains = {name: program.symbols(name).values for name in ("tokens", "positions")}
        kept: list[Node] = []
        for old in program.nodes:
            if old.name in self.stand_ins and old.name not in self.renewed:
                continue
            node = self._node(self.renewed.get(old.name, old))
            if node is None:
                continue
            kept.append(node)
            if (symbols := self._symbols_of(node)) is not None:
                self.domains[node.name] = symbols
        sources = program.sources_of(kept)
        outputs = tuple(self._returned(name) if name in program.variables_out else name for name in program.outputs)
        readout = program.readout
        if not readout.implied:
            readout = replace(readout, terms=self._terms(kept))
        return replace(program, nodes=tuple(kept), readout=readout, outputs=outputs, sources=sources)

    def _symbols_of(self, node: Node) -> tuple[Symbol, ...] | None:
        """What a node may be; None of a numeric one."""
        match node:
            case Head():
                return self.domains[node.value]
            case Embedding() | NumericHead() | Lookup() | Linear():
                return node.declares
            case _:
                assert_never(node)

    def _returned(self, output: str) -> str:
        """The variable that comes out, or the one that has the same values; one of several is known by its name."""
        if output in self.stand_ins and self.program.places.several:
            raise Inexpressible
        match self.stand_ins.get(output):
            case None:
                return output
            case Same(variable):
                return variable
            case Via(variable, symbols, None) if symbols == self.domains[variable]:
                return variable
            case _:
                raise Inexpressible

    def _node(self, node: Node) -> Node | None:
        if not any(read in self.stand_ins for read in node.reads):
            return node
        match node:
            case Embedding():
                return node
            case Head():
                return self._value(self._by(self._selection(node)))
            case NumericHead():
                return self._number(self._selection(node))
            case Lookup():
                return self._lookup(node)
            case Linear():
                return self._linear(node)
            case _:
                assert_never(node)

    def _selection(self, node: H) -> H:
        """The head with the query and the key of each clause rewritten."""
        clauses = {table: self._key(self._query(clause)) for table, clause in node.clauses.items()}
        return cast(H, node.selecting(tuple(tuple(clauses[table] for table in some) for some in node.by_alternative)))

    @property
    def _any(self) -> str:
        """What a clause reads where nothing hangs on it: the tokens, or the positions where words are very many."""
        return "positions" if len(self.program.vocabulary) > LISTED_WORDS else "tokens"

    def _query(self, node: Clause) -> Clause:
        queries = self.program.symbols(node.query)
        match self.stand_ins.get(node.query):
            case Fixed(value):
                rows: tuple[Keys | None, ...] = (node.predicate[queries.codes[value]],) * len(self.domains[self._any])
                return replace(node, query=self._any, predicate=rows)
            case Via(variable, symbols, None):
                rows = tuple(node.predicate[queries.codes[symbol]] for symbol in symbols)
                return replace(node, query=variable, predicate=rows)
            case None:
                return node
            case _:
                raise Inexpressible

    def _key(self, node: Clause) -> Clause:
        rows: tuple[Keys | None, ...]
        match self.stand_ins.get(node.key):
            case Fixed(value):
                every = self.domains[self._any]
                rows = tuple(None if row is None else every if value in row else () for row in node.predicate)
                return replace(node, key=self._any, predicate=rows)
            case Via(variable, symbols, None):
                stands_for = dict(zip(self.domains[variable], symbols, strict=True))
                rows = tuple(None if row is None else _keys_for(stands_for, row) for row in node.predicate)
                return replace(node, key=variable, predicate=rows)
            case None:
                return node
            case _:
                raise Inexpressible

    def _by(self, node: Head) -> Head:
        """The head with the variable that it compares rewritten."""
        if node.by is None:
            return node
        match self.stand_ins.get(node.by):
            case None:
                return node
            case Same(variable):
                return replace(node, by=variable)
            case Fixed() if node.mask != "all":  # all are equal, and one's own position is none of them
                return replace(node, attend="nearest", by=None)
            case Fixed():
                return replace(node, by="ones")
            case Via(variable, symbols, None):
                return _compared(node, variable, [self.program.symbols(node.by).codes[symbol] for symbol in symbols])
            case _:
                raise Inexpressible

    def _value(self, node: Head) -> Head | None:
        match self.stand_ins.get(node.value):
            case Fixed(value):
                if node.default not in (None, value):
                    raise Inexpressible
                self.stand_ins[node.name] = Fixed(value)
                return None
            case Via(variable, symbols, None):
                default = node.default
                if default is not None:
                    if default not in symbols:
                        raise Inexpressible
                    default = self.domains[variable][symbols.index(default)]
                self.stand_ins[node.name] = Via(node.name, symbols)
                return replace(node, value=variable, default=default)
            case None:
                return node
            case _:
                raise Inexpressible

    def _number(self, node: NumericHead) -> NumericHead | None:
        match self.stand_ins.get(node.value):
            case Same(variable):
                return replace(node, value=variable)
            case Fixed(value) if value == 1 and node.reduce == "sum":
                return replace(node, value="ones")
            case Fixed(value) if (value == 0 and node.reduce == "sum") or value == node.default:
                self.stand_ins[node.name] = Fixed(value)
                return None
            case None:
                return node
            case _:
                raise Inexpressible

    def _lookup(self, node: Lookup) -> Lookup | None:
        axes = [self._axis(name, levels) for name, levels in zip(node.inputs, node.levels, strict=True)]
        fixed = [isinstance(self.stand_ins.get(name), Fixed) for name in node.inputs]
        listed, cells = read_through(self.program, node, [places for _, _, places in axes], fixed)
        read = [(name, levels) for name, levels, _ in axes if name is not None]
        if read and listed != ():
            inputs, levels = zip(*read, strict=True)
            return replace(node, inputs=inputs, levels=levels, cells=cells, listed=listed)
        if cells[-1] is None:
            raise Inexpressible
        self.stand_ins[node.name] = Fixed(cells[-1])
        return None

    def _axis(self, name: str, own: Levels | None) -> tuple[str | None, Levels | None, list[int]]:
        """What a lookup reads instead of one input (None: nothing), its levels, and the old place of each new one."""
        domain = self.program.variables[name].domain
        match self.stand_ins.get(name):
            case Fixed(value):
                return None, None, [level_of(value, own) if own else _code(domain, value)]
            case Via(variable, symbols, levels):
                return variable, levels, [_code(domain, symbol) for symbol in symbols]
            case other:
                count = len(own) if own else len(_symbols(domain))
                return other.variable if other else name, own, list(range(count))

    def _linear(self, node: Linear) -> Linear | None:
        constant, terms = Fraction(node.constant), dict[str, Fraction]()
        for name, coefficient in zip(node.inputs, node.coefficients, strict=True):
            match self.stand_ins.get(name):
                case Fixed(value):
                    constant += as_number(value) * coefficient
                case Same(variable):
                    terms[variable] = terms.get(variable, Fraction(0)) + coefficient
                case None:
                    terms[name] = terms.get(name, Fraction(0)) + coefficient
                case _:
                    raise Inexpressible
        if terms:
            return replace(
                node, inputs=(*terms,), coefficients=(*map(plain, terms.values()),), constant=plain(constant)
            )
        self.stand_ins[node.name] = Fixed(plain(constant))
        return None

    def _terms(self, kept: Sequence[Node]) -> tuple[Weights, ...]:
        rows: dict[str, tuple[tuple[int, ...] | None, ...]] = {}

        def add(variable: str, more: Sequence[tuple[int, ...] | None]) -> None:
            old = rows.get(variable)
            rows[variable] = tuple(more) if old is None else tuple(map(_sum, old, more))

        for term in self.program.readout.terms:
            match self.stand_ins.get(term.variable):
                case Fixed(value):
                    add("ones", (self._bias(term, value),))
                case Via(variable, symbols, None):
                    codes = self.program.symbols(term.variable).codes
                    add(variable, [term.rows[codes[symbol]] for symbol in symbols])
                case Same(variable):
                    add(variable, term.rows)
                case None:
                    add(term.variable, term.rows)
                case _:
                    raise Inexpressible
        order = ["tokens", "positions", "ones", *(node.name for node in kept)]
        return tuple(Weights(name, rows[name]) for name in order if name in rows)

    def _bias(self, term: Weights, value: Value) -> tuple[int, ...]:
        """What a term adds to the logits if its variable is a constant."""
        domain = self.program.variables[term.variable].domain
        if isinstance(domain, Symbols):
            row = term.rows[domain.codes[value]]
            if row is None:
                raise Inexpressible
            return row
        weighed = [Fraction(as_number(value)) * weight for weight in term.rows[0] or ()]
        if any(weight.denominator != 1 for weight in weighed):
            raise Inexpressible
        return tuple(map(int, weighed))


def _compared(node: Head, variable: str, places: Sequence[int]) -> Head:
    """The head with what it compares read by another variable.

    Args:
        places: for each value of that variable, the place of what it stands for among the values that were compared.
    """
    if all(later > earlier for earlier, later in pairwise(places)):
        return replace(node, by=variable)
    if all(later < earlier for earlier, later in pairwise(places)):
        return replace(node, by=variable, attend="smallest" if node.attend == "largest" else "largest")
    raise Inexpressible  # symbols that were equal, or in another order, are compared otherwise


def _sum(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if one is None or other is None else tuple(a + b for a, b in zip(one, other, strict=True))


def _symbols(domain: object) -> Symbols:
    assert isinstance(domain, Symbols)
    return domain


def _code(domain: object, value: Value) -> int:
    return _symbols(domain).codes[value]


def _keys_for(stands_for: Mapping[Symbol, Symbol], row: Keys) -> Keys:
    """The keys of a new variable that stand for those that a row accepts."""
    return tuple(key for key, old in stands_for.items() if old in row)


def plain(number: Fraction) -> Number:
    """A number, as a whole one where it is."""
    return number.numerator if number.denominator == 1 else number


def level_of(value: Value, levels: Sequence[Number]) -> int:
    """The index of the level that a number reads as."""
    number = as_number(value)
    return max((index for index, level in enumerate(levels) if level <= number), default=0)


def rewritten(program: Program, stand_ins: Mapping[str, StandIn], *renewed: Node) -> Program | None:
    """The program with stand-ins in place of variables, and without the nodes that nothing reads any more.

    Args:
        stand_ins: node -> what its readers read instead of it. The node goes, unless it is one of `renewed`.
        renewed: nodes that stay under their name, with another domain, which their stand-in reads.

    Returns:
        None if a reader cannot read its stand-in.
    """
    try:
        return pruned(_Rewriter(program, dict(stand_ins), {node.name: node for node in renewed}).run())
    except Inexpressible:
        return None
