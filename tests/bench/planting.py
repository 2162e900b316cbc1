"""Dead heads, planted in a program in all the ways in which a head can be dead."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tprog.ir.domains import masks
from tprog.ir.program import (
    BEGIN,
    AttentionHead,
    Head,
    Lookup,
    Node,
    NumericHead,
    Program,
    Symbol,
    Symbols,
    Weights,
)

KINDS = ("unread", "constant", "inert", "mergeable")


class Planter:
    """Puts dead heads into one program."""

    def __init__(self, program: Program, seed: int) -> None:
        self.program, self.random, self.count = program, random.Random(seed), 0
        self.planted: list[tuple[str, str]] = []

    def plant(self, kind: str) -> None:
        """Add one head of a kind of deadness, between any two nodes."""
        ways: Mapping[str, Sequence[Callable[[str], None]]] = {
            "unread": (self._without_weights, self._with_blind_weights, self._before_an_unread_one),
            "constant": (self._matching_nothing, self._counting_a_mark, self._copying_the_first),
            "inert": (self._outvoted, self._before_a_table_that_ignores_it),
            "mergeable": (self._copy, self._copy_with_other_dead_rows, self._passing_on),
        }
        name = f"planted_{self.count}"
        self.count += 1
        self.random.choice(ways[kind])(name)
        if name in self.program.by_name:
            self.planted.append((name, kind))

    def _known(self, place: int) -> list[str]:
        return ["tokens", "positions", "ones", *(node.name for node in self.program.nodes[:place])]

    def _variables(self, place: int, numeric: bool) -> list[str]:
        return [n for n in self._known(place) if isinstance(self.program.variables[n].domain, Symbols) != numeric]

    def _place(self) -> int:
        return self.random.randint(0, len(self.program.nodes))

    def _predicate(self, query: str, key: str) -> tuple[tuple[Symbol, ...], ...]:
        keys = self.program.symbols(key).values
        share = self.random.choice([0.2, 0.5])
        one = self.random.random() < 0.6
        return tuple(
            (self.random.choice(keys),) if one else tuple(k for k in keys if self.random.random() < share)
            for _ in self.program.symbols(query)
        )

    def _any_head(self, name: str, place: int) -> Head | NumericHead:
        names = self._variables(place, numeric=False)
        query, key, value = (self.random.choice(names) for _ in range(3))
        skip = self.random.random() < 0.3
        mask = self.random.choice(masks(self.program.causal))
        if self.random.random() < 0.5:
            return Head(name, query, key, value, self._predicate(query, key), mask, skip)
        number = self.random.choice(["ones", "ones", *self._variables(place, numeric=True)])
        return NumericHead(name, query, key, number, self._predicate(query, key), mask, skip)

    def _insert(self, place: int, *nodes: Node) -> None:
        before, after = self.program.nodes[:place], self.program.nodes[place:]
        readout = self.program.readout
        order = ["tokens", "positions", "ones", *(n.name for n in (*before, *nodes, *after))]
        terms = tuple(sorted(readout.terms, key=lambda term: order.index(term.variable)))
        self.program = replace(self.program, nodes=(*before, *nodes, *after), readout=replace(readout, terms=terms))

    def _weigh(self, name: str, row: Callable[[int], tuple[int, ...]]) -> None:
        """Give a variable weights: `row` of each value's code; a number has the row of 0."""
        domain = self.program.variables[name].domain
        count = len(domain) if isinstance(domain, Symbols) else 1
        order = list(self.program.variables)
        terms = (*self.program.readout.terms, Weights(name, tuple(map(row, range(count)))))
        terms = tuple(sorted(terms, key=lambda term: order.index(term.variable)))
        self.program = replace(self.program, readout=replace(self.program.readout, terms=terms))

    def _votes(self, name: str) -> None:
        self._weigh(name, lambda code: tuple(self.random.randint(-3, 3) for _ in self.program.classes))

    def _without_weights(self, name: str) -> None:
        place = self._place()
        self._insert(place, self._any_head(name, place))

    def _with_blind_weights(self, name: str) -> None:
        place = self._place()
        self._insert(place, self._any_head(name, place))
        if isinstance(self.program.variables[name].domain, Symbols):
            self._weigh(name, lambda code: (code,) * len(self.program.classes))
        else:
            self._weigh(name, lambda code: (7,) * len(self.program.classes))

    def _before_an_unread_one(self, name: str) -> None:
        place = self._place()
        first = self._any_head(name, place)
        if isinstance(first, NumericHead):
            reader: Node = Lookup(f"{name}_reader", (name,), ((0, 1, 2),), ("x", "y"), ("x", "y", "x"))
        else:
            tokens = self.program.vocabulary
            values = self.program.symbols(first.value).values
            reader = NumericHead(f"{name}_reader", name, "tokens", "ones", tuple((tokens[0],) for _ in values))
        self._insert(place, first, reader)
        self.planted.append((f"{name}_reader", "unread"))

    def _matching_nothing(self, name: str) -> None:
        place = self._place()
        head = self._any_head(name, place)
        nothing: tuple[tuple[Symbol, ...], ...] = ((),) * len(head.predicate)
        if isinstance(head, Head):
            default = self.random.choice(self.program.symbols(head.value).values)
            self._insert(place, replace(head, predicate=nothing, default=default))
        else:
            self._insert(place, replace(head, predicate=nothing))
        self._votes(name)

    def _counting_a_mark(self, name: str) -> None:
        words = self.program.vocabulary
        self._insert(self._place(), NumericHead(name, "tokens", "tokens", "ones", ((BEGIN,),) * len(words)))
        self._votes(name)

    def _copying_the_first(self, name: str) -> None:
        words = self.program.vocabulary
        value = self.random.choice(["tokens", "positions"])
        self._insert(self._place(), Head(name, "tokens", "tokens", value, ((BEGIN,),) * len(words)))
        self._votes(name)

    def _outvoted(self, name: str) -> None:
        """All other weights made so large that its own only fall between them; among equals they keep the order."""
        place = self._place()
        self._insert(place, self._any_head(name, place))
        readout = self.program.readout
        heavy = tuple(
            replace(t, rows=tuple(None if row is None else tuple(1000 * w for w in row) for row in t.rows))
            for t in readout.terms
        )
        self.program = replace(self.program, readout=replace(readout, terms=heavy))
        # So much less for each later class, never more: a number counts 0 and up where it adds up what is not negative.
        less = self.random.randint(1, 2)
        self._weigh(name, lambda code: tuple(-less * (code % 3 + 1) * c for c in range(len(self.program.classes))))

    def _before_a_table_that_ignores_it(self, name: str) -> None:
        place = self._place()
        head = self._any_head(name, place)
        other = self.random.choice(self._variables(place, numeric=False))
        values = self.program.symbols(other).values
        symbols = ("x", "y", "z")
        if isinstance(head, NumericHead):
            levels, size = (0, 1, 3), 3
        else:
            levels, size = None, len(self.program.symbols(head.value))
        answers = [self.random.choice(symbols) for _ in values]
        cells = tuple(answer for _ in range(size) for answer in answers)
        self._insert(place, head, Lookup(f"{name}_reader", (name, other), (levels, None), symbols, cells))
        self._votes(f"{name}_reader")

    def _copy(self, name: str) -> None:
        heads = [at for at, node in enumerate(self.program.nodes) if isinstance(node, AttentionHead)]
        if heads:
            at = self.random.choice(heads)
            self._insert(
                self.random.randint(at + 1, len(self.program.nodes)), replace(self.program.nodes[at], name=name)
            )
            self._votes(name)

    def _copy_with_other_dead_rows(self, name: str) -> None:
        """A head that differs from another only in the row of ``<s>``, from where the mask shows nothing."""
        words, place = self.program.vocabulary, self._place()
        key = self.random.choice(words)
        rows = tuple((key,) if word != BEGIN else (BEGIN,) for word in words)
        other = ((key,),) * len(words)
        first = NumericHead(f"{name}_first", "tokens", "tokens", "ones", rows, "before")
        self._insert(place, first, replace(first, name=name, predicate=other))
        self._votes(f"{name}_first")
        self._votes(name)

    def _passing_on(self, name: str) -> None:
        words = self.program.vocabulary
        self._insert(self._place(), Head(name, "tokens", "tokens", "tokens", tuple((word,) for word in words)))
        self._votes(name)
