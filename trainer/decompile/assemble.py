"""A hard network as a Program: each discrete variable as the nodes that say it.

Letters in shapes: see `trainer.decompile.network`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from tprog.ir.domains import Attend
from tprog.ir.program import (
    BEGIN,
    Classify,
    Clause,
    Head,
    Keys,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
    Weights,
)
from trainer.decompile.attend import LARGE
from trainer.decompile.harden import HardNetwork
from trainer.decompile.samples import Source
from trainer.decompile.symbols import (
    FIRST,
    Copied,
    Counted,
    Counts,
    Number,
    Ones,
    Ordinal,
    Pair,
    Place,
    Selection,
    Symbolic,
    Tokens,
    key_order,
)
from trainer.decompile.terms import Classes

NO_TOKEN = "none"
"""The class of the empty set."""


def spelled(label: Sequence[int], words: Sequence[str]) -> str:
    """A class in words: its label, or the labels of its set."""
    return "|".join(words[code] for code in label) or NO_TOKEN


def class_names(classes: Classes, source: Source) -> tuple[str, ...]:
    """The classes in words."""
    return tuple(spelled(label, source.labels) for label in classes.labels)


class Assembly:
    """The nodes of a program, made as they are asked for.

    Attributes:
        vocabulary: of the program: ``<s>`` for the first mark, then the symbols, then the mark before answers.
        codes: the network's code of each of its words.
        length: the longest input.
    """

    def __init__(self, source: Source) -> None:
        self.vocabulary, self.codes = source.vocabulary, source.codes
        self.length = source.longest
        self.nodes: list[Node] = []
        self._names: dict[object, str] = {}
        self._tokens = len(source.words)

    # Variables

    def domain(self, what: Symbolic) -> tuple[tuple[int, Symbol], ...]:
        """The codes of a variable's values, each with its symbol, in the order of its domain."""
        match what:
            case Tokens():
                return tuple(zip(self.codes, self.vocabulary, strict=True))
            case Ones():
                return ((0, 1),)
            case Place():
                return tuple((code, code) for code in range(self.length))
            case Ordinal(modulus):
                return tuple((code, code) for code in range(modulus))
            case Number():
                return tuple((code, code) for code in range(what.most + 1))
            case Copied(_, inner):
                return self.domain(inner)
            case Pair(one, other):
                size = self._size(other)
                return tuple((a * size + b, f"{x} {y}") for a, x in self.domain(one) for b, y in self.domain(other))

    def _size(self, what: Symbolic) -> int:
        match what:
            case Tokens():
                return self._tokens
            case Ones():
                return 1
            case Place():
                return self.length
            case Ordinal(modulus):
                return modulus
            case Number():
                return what.most + 1
            case Copied(_, inner):
                return self._size(inner)
            case Pair(one, other):
                return self._size(one) * self._size(other)

    def variable(self, what: Symbolic | Counted) -> str:
        """The name of a variable, whose nodes are made if they are not there."""
        match what:
            case Tokens():
                return "tokens"
            case Place():
                return "positions"
            case Ones():
                return "ones"
            case _:
                pass
        if what not in self._names:
            node = self._node(what)
            self.nodes.append(node)
            self._names[what] = node.name
        return self._names[what]

    def _named(self, stem: str) -> str:
        taken = {node.name for node in self.nodes}
        if stem not in taken:
            return stem
        return next(name for at in range(2, 10_000) if (name := f"{stem}_{at}") not in taken)

    def _node(self, what: Symbolic | Counted) -> Node:
        match what:
            case Ordinal(modulus):
                return self._ordinal(modulus)
            case Pair(one, other):
                symbols = tuple(symbol for _, symbol in self.domain(what))
                inputs = (self.variable(one), self.variable(other))
                if inputs[0] == inputs[1]:
                    raise AssertionError("a pair of a variable with itself says nothing new")
                return Lookup(self._named("both"), inputs, (None, None), symbols, symbols)
            case Number(where, inner, code, most):
                counted = self.variable(Counted(where, inner, code))
                levels = tuple(range(most + 1))
                return Lookup(self._named(f"{counted}_to_{most}"), (counted,), (levels,), levels, levels)
            case Copied(where, inner):
                return self._copying(where, inner)
            case Counted(where, inner, code):
                return self._counting(where, inner, code)
            case Tokens() | Place() | Ones():
                raise AssertionError(f"{what} are given")

    def _ordinal(self, modulus: int) -> Lookup:
        """The position modulo a number: of many positions, the first that lies a multiple of it before."""
        first = Copied(Selection(step=0, modulus=modulus, first=True), Place())
        short = self.length <= LARGE
        cells = tuple(at % modulus if short or at < modulus else 0 for at in range(self.length))
        read = "positions" if short else self.variable(first)
        return Lookup(self._named(f"place_modulo_{modulus}"), (read,), (None,), tuple(range(modulus)), cells)

    # What a readout reads

    def weighed(self, what: Symbolic, rows: tuple[tuple[int, ...], ...]) -> Weights:
        """A variable with its weights; values of a pair that weigh alike are one value."""
        alike: dict[tuple[int, ...], list[Symbol]] = {}
        for (_, symbol), row in zip(self.domain(what), rows, strict=True):
            alike.setdefault(row, []).append(symbol)
        if not isinstance(what, Pair) or not 1 < len(alike) < len(rows):
            return Weights(self.variable(what), rows)
        said = {row: f"like {symbols[0]}" if len(symbols) > 1 else symbols[0] for row, symbols in alike.items()}
        inputs = (self.variable(what.one), self.variable(what.other))
        node = Lookup(self._named("both"), inputs, (None, None), tuple(said.values()), tuple(said[row] for row in rows))
        self.nodes.append(node)
        return Weights(node.name, tuple(said))

    # Heads

    def _clauses(self, where: Selection, rank: int | None = None) -> list[Clause]:
        """What a selection asks for; keys of a positive rank, or of one."""
        found: list[Clause] = []
        if where == FIRST:
            found.append(self._of_places(lambda query, key: key == 0))
        elif where.modulus:
            found.append(self._of_places(lambda query, key: (query - key) % where.modulus == where.step))
        elif where.step is not None:
            found.append(self._of_places(lambda query, key: query - key == where.step))
        if where.key is not None:
            keys = self.domain(where.key)
            key = self.variable(where.key)
            if where.query is None:
                query, queries = key, tuple((0, symbol) for _, symbol in keys)
            else:
                query, queries = self.variable(where.query), self.domain(where.query)
            rows = tuple(tuple(symbol for code, symbol in keys if where.ranks[asked][code] > 0) for asked, _ in queries)
            found.append(Clause(query, key, rows))
        if not found:
            found.append(Clause("tokens", "tokens", tuple((self.vocabulary,) * len(self.vocabulary))))
        return found

    def _of_places(self, holds: Callable[[int, int], bool]) -> Clause:
        at = range(self.length)
        rows: tuple[Keys, ...] = tuple(tuple(key for key in at if holds(query, key)) for query in at)
        return Clause("positions", "positions", rows)

    def _copying(self, where: Selection, inner: Symbolic) -> Head:
        value = self.variable(inner)
        own, *also = self._clauses(where)
        attend, by = self._order(where)
        stem = "first" if where == FIRST else "previous" if where.step == 1 and not where.modulus else "copy"
        return Head(
            self._named(stem),
            own.query,
            own.key,
            value,
            own.predicate,
            attend=attend,
            by=by,
            mask="before" if where.before else "all",
            also=tuple(also),
        )

    def _order(self, where: Selection) -> tuple[Attend, str | None]:
        """Which of the positions that a selection accepts comes first, and by what variable."""
        if where.tiers <= 1:
            return "first" if where.first else "nearest" if where.others else "last", None
        assert where.key is not None
        order = key_order(where)
        assert order is not None
        used = [code for code, _ in self.domain(where.key) if any(row[code] for row in where.ranks)]
        ranks = [order[code] for code in used]
        if all(one < other for one, other in pairwise(ranks)):
            return "largest", self.variable(where.key)
        if all(one > other for one, other in pairwise(ranks)):
            return "smallest", self.variable(where.key)
        return "largest", self._rank(where, order)

    def _rank(self, where: Selection, order: Sequence[int]) -> str:
        """The variable that says how a selection ranks keys."""
        assert where.key is not None
        key = self.variable(where.key)
        ranks = tuple(order[code] for code, _ in self.domain(where.key))
        levels = tuple(range(max(ranks) + 1))
        name = ("rank", where.key, ranks)
        if name not in self._names:
            node = Lookup(self._named("rank"), (key,), (None,), levels, ranks)
            self.nodes.append(node)
            self._names[name] = node.name
        return self._names[name]

    def _counting(self, where: Selection, inner: Symbolic | None, code: int) -> NumericHead:
        clauses, counted = self._clauses(where), "selected"
        if inner is not None:
            symbol = next(symbol for own, symbol in self.domain(inner) if own == code)
            clauses = self._narrowed([] if where.plain else clauses, inner, symbol)
            counted = "begin" if symbol == BEGIN else re.sub(r"\W", "", str(symbol)) or "symbol"
        own, *also = clauses
        return NumericHead(
            self._named(f"count_{counted}"),
            own.query,
            own.key,
            "ones",
            own.predicate,
            mask="before" if where.before else "all",
            also=tuple(also),
        )

    def _narrowed(self, clauses: list[Clause], inner: Symbolic, symbol: Symbol) -> list[Clause]:
        """Clauses that accept keys with one value of a variable only."""
        key = self.variable(inner)
        for at, clause in enumerate(clauses):
            if clause.key == key:
                rows = tuple(None if row is None else tuple(k for k in row if k == symbol) for row in clause.predicate)
                return [*clauses[:at], Clause(clause.query, clause.key, rows), *clauses[at + 1 :]]
        return [*clauses, Clause(key, key, tuple((symbol,) for _ in self.domain(inner)))]


def assembled(hard: HardNetwork, source: Source, provenance: Sequence[tuple[str, str]] = ()) -> Program:
    """The Program that a hard network is."""
    assembly = Assembly(source)
    terms: list[Weights] = []
    for column, weights in zip(hard.readout.columns, hard.readout.weights, strict=True):
        if isinstance(column, Counts):
            for counted, row in zip(column.columns, weights, strict=True):
                terms.append(Weights(assembly.variable(counted), (tuple(int(w) for w in row),)))
            continue
        rows = tuple(tuple(int(w) for w in weights[code]) for code, _ in assembly.domain(column))
        terms.append(assembly.weighed(column, rows))
    order = {
        name: at for at, name in enumerate(["tokens", "positions", "ones", *(node.name for node in assembly.nodes)])
    }
    terms.sort(key=lambda term: order[term.variable])
    return Program(
        vocabulary=assembly.vocabulary,
        classes=class_names(hard.classes, source),
        max_length=assembly.length,
        nodes=tuple(assembly.nodes),
        readout=Classify(tuple(terms), forced=source.forced),
        causal=True,
        provenance=tuple(provenance),
    )
