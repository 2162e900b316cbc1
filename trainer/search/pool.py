"""What heads count and copy, enumerated bottom-up: of terms that are the same on the sample, the first stays.

Source: bottom-up enumeration under observational equivalence, Albarghouthi, Gulwani, Kincaid, "Recursive program
synthesis" (CAV 2013) and Udupa et al., "TRANSIT" (PLDI 2013).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, permutations, product

import numpy as np

from tprog.ir.program import Mask
from tprog.run.batch import Bools
from trainer.search.terms import Copy, Term, Workshop, kind_of

OFFSETS = (-1, 1, -2, 2, -3, 3)
"""How far away a head looks that copies its neighbour."""

PAIRED_SYMBOLS = 14
"""Symbols of a variable of which every two are counted together; of more, only single ones: the pairs grow squared."""

DEEP = 2500
"""Symbols, the simplest, that heads of a later layer compare: each costs an array [B, n, n] a mask, about 1 ms."""

PAIRED_NUMBERS = 120
"""Numbers of a layer, the first, that are paired with each other."""

FEW = 3
"""Values of a symbol up to which heads of a later layer count each of them, and look for the nearest."""

SEVERAL = 100
"""Symbols, the simplest, through which heads of a later layer copy all of `Pool.values`, not tokens alone."""

ALIKE = 12
"""Variables of a kind, the simplest, of which heads of a later layer compare every two: one as query, one as key."""

COMPARED = 100
"""Fresh copies, the simplest, that lookups compare with what stands at the position itself."""


class Pool:
    """The terms of a class, a layer at a time.

    Attributes:
        numbers, symbols: the simplest first within a stage.
        layers: how many it has by now.
        before: how many numbers and symbols there were before the last layer.
    """

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.numbers, self.symbols = list[Term](), list[Term]()
        self._seen: set[tuple[bool, int]] = set()
        for term in (shop.tokens, shop.positions):
            self.add(term)
        self._neighbours = list[Term]()
        self.layers = 0
        self.before = 0, 0

    def add(self, term: Term) -> bool:
        """Keep a term, unless the class has no stage for it or one like it is kept; whether it is."""
        if not self.shop.fits(term) or (key := self.shop.digest(term)) in self._seen:
            return False
        self._seen.add(key)
        (self.numbers if term.numeric else self.symbols).append(term)
        return True

    def grow(self) -> bool:
        """Add what the next layer yields; whether there was one."""
        if self.layers == self.shop.language.layers:
            return False
        self.before = (len(self.numbers), len(self.symbols)) if self.layers else (0, 0)
        if self.layers:
            self._later_layer()
        else:
            self._first_layer()
        self.layers += 1
        return True

    def _first_layer(self) -> None:
        """What the heads of the first layer count and copy, and its lookups of one number or two."""
        shop, language = self.shop, self.shop.language
        if language.numbers:
            for accepts in self._relations():
                for mask in shop.visible_masks():
                    self.add(shop.count(shop.tokens, shop.tokens, accepts, mask))
            for accepts in self._key_sets(shop.tokens):
                for mask in shop.visible_masks():
                    self.add(shop.count(shop.tokens, shop.tokens, accepts, mask))
        if language.copies:
            self._first_copies()
        if language.tables[0]:
            self.compare(self.numbers)
        self._beside_oneself(self.symbols)

    def _later_layer(self) -> None:
        """What heads copy from where a symbol of the layer before is the same, and how often it is the same."""
        shop, language = self.shop, self.shop.language
        stage = 2 * self.layers - 1
        found = sorted((term for term in self.symbols if term.stage in (stage, stage - 1)), key=lambda term: term.cost)
        numbers, symbols = len(self.numbers), len(self.symbols)
        self._alike()
        for at, term in enumerate(found[:DEEP]):
            shop.on_time()
            codes = np.arange(term.size)
            equal = codes[:, None] == codes
            values = self.values if at < SEVERAL else self.values[:1]
            for mask in shop.visible_masks():
                if language.copies:
                    self._all(shop.copies(term, term, values, equal, mask))
                # Where rows accept sets, sums of such counts are reasoned from the answers; with one key, equal is all.
                if language.numbers and not language.sets and at < SEVERAL:
                    self.add(shop.count(term, term, equal, mask))
                if term.size <= FEW:
                    self._where_it_is(term, mask)
        for number in self.numbers[numbers:]:
            self.add(shop.symbol(number))
        self._beside_oneself(self.symbols[symbols:])

    def _where_it_is(self, term: Term, mask: Mask) -> None:
        """What heads copy from where a variable has one of its values, and how often it has that."""
        shop, language = self.shop, self.shop.language
        for code in range(term.size):
            accepts = np.broadcast_to(np.arange(term.size) == code, (shop.positions.size, term.size))
            if language.numbers:
                self.add(shop.count(shop.positions, term, accepts, mask))
            if language.copies:
                self._all(shop.copies(shop.positions, term, [shop.tokens, shop.positions], accepts, mask))

    def _all(self, terms: Iterable[Term]) -> None:
        for term in terms:
            self.add(term)

    @property
    def values(self) -> list[Term]:
        """What heads of later layers copy: what is given, and what the neighbours are."""
        return [self.shop.tokens, self.shop.positions, *self._neighbours[:2]]

    def _alike(self) -> None:
        """What is copied from where another variable has the value that one has here: pointers and look-ups by name."""
        shop = self.shop
        if not shop.language.copies:
            return
        for kind in ("word", "place"):
            some = [term for term in self.symbols if kind_of(term) == kind and term.size <= shop.positions.size + 1]
            some.sort(key=lambda term: term.cost)
            made = [term for term in some if not isinstance(term, Copy)][:ALIKE]
            made += [term for term in some if isinstance(term, Copy)][: ALIKE // 2]
            for query, key in permutations(made, 2):
                shop.on_time()
                self._where_equal(query, key)

    def _where_equal(self, query: Term, key: Term) -> None:
        """What is copied from where `key` has the value that `query` has here."""
        shop = self.shop
        equal = np.arange(query.size)[:, None] == np.arange(key.size)
        if shop.language.sets or equal.any(axis=1).all():
            for mask in shop.visible_masks():
                self._all(shop.copies(query, key, self.values, equal, mask))

    def _beside_oneself(self, fresh: list[Term]) -> None:
        """Whether a word that was copied is one's own, or smaller; how far away a place is."""
        shop, room = self.shop, self.shop.language.symbols
        if not shop.language.tables[1]:
            return
        some = sorted((term for term in fresh if isinstance(term, Copy)), key=lambda term: term.cost)
        for term in [term for term in some if kind_of(term) == "word"][:COMPARED]:
            apart = np.sign(np.arange(shop.tokens.size)[:, None] - np.arange(term.size))
            self.add(shop.table((shop.tokens, term), (apart == 0).astype(np.int64), 2))
            if room > 2:
                self.add(shop.table((shop.tokens, term), apart + 1, 3))
        for term in [term for term in some if kind_of(term) == "place"][:COMPARED]:
            apart = np.abs(np.arange(shop.positions.size)[:, None] - np.arange(term.size))
            self.add(shop.table((shop.positions, term), np.minimum(apart, room - 1)))

    def pairs(self) -> Iterator[tuple[Term, Term]]:
        """Two numbers, or what is given and a symbol; one of them of the last layer that was added."""
        numbers, symbols = self.before
        fresh = self.numbers[numbers:][:PAIRED_NUMBERS]
        yield from combinations(fresh, 2)
        yield from product(self.numbers[:numbers][:PAIRED_NUMBERS], fresh)
        for given in (self.shop.tokens, self.shop.positions):
            yield from ((given, term) for term in self.symbols[symbols:] if term is not given)

    # Predicates

    def _relations(self) -> Iterator[Bools]:
        """[token, token] tables: every token; equal, smaller, larger, with rows of marks that accept all or nothing."""
        size, marks = self.shop.tokens.size, list(self.shop.examples.marks)
        codes = np.arange(size)
        equal, smaller = codes[:, None] == codes, codes[:, None] > codes
        if not self.shop.language.sets:
            yield equal
            return
        everything = np.ones((size, size), dtype=np.bool_)
        yield everything
        for table in (equal, smaller, smaller.T):
            bare = table.copy()
            bare[marks], bare[:, marks] = False, False
            yield bare
            crowded = bare.copy()
            crowded[marks] = True
            yield crowded
            yield table

    def _key_sets(self, key: Term) -> Iterator[Bools]:
        """Tables whose rows are equal: one key, or two."""
        sizes = (1, 2) if self.shop.language.sets and key.size <= PAIRED_SYMBOLS else (1,)
        for size in sizes:
            for chosen in combinations(range(key.size), size):
                yield np.broadcast_to(np.isin(np.arange(key.size), chosen), (key.size, key.size))

    # Copies

    def _first_copies(self) -> None:
        shop = self.shop
        values: list[Term] = [shop.tokens, shop.positions]
        for offset in OFFSETS:
            (copy,) = shop.copies(shop.positions, shop.positions, values[:1], self._offset(offset), "all")
            if self.add(copy):
                self._neighbours.append(copy)
        for mask in shop.visible_masks():
            for accepts in self._relations():
                for copy in shop.copies(shop.tokens, shop.tokens, values, accepts, mask):
                    self.add(copy)
        size = shop.positions.size
        for place in range(1, size):
            chosen = np.broadcast_to(np.arange(size) == place, (size, size))
            self.add(shop.copy(shop.positions, shop.positions, shop.tokens, chosen, "all"))
        for accepts in self._nearest_of():
            for mask in shop.visible_masks():
                self._all(shop.copies(shop.tokens, shop.tokens, values, accepts, mask))

    def _nearest_of(self) -> Iterator[Bools]:
        """Tables whose rows are equal and accept a few tokens, or all but one."""
        yield from self._key_sets(self.shop.tokens)
        if not self.shop.language.sets:
            return
        size, marks = self.shop.tokens.size, list(self.shop.examples.marks)
        for left_out in range(size):
            if left_out not in marks:
                accepted = np.arange(size) != left_out
                accepted[marks] = False
                yield np.broadcast_to(accepted, (size, size))

    def _offset(self, offset: int) -> Bools:
        """[position, position] the key at an offset; a row without one accepts itself if it must accept one."""
        codes = np.arange(self.shop.positions.size)
        table: Bools = codes[:, None] + offset == codes
        if not self.shop.language.sets:
            table[~table.any(axis=1)] = np.eye(len(codes), dtype=np.bool_)[~table.any(axis=1)]
        return table

    # Lookups

    def compare(self, numbers: list[Term]) -> None:
        """Numbers as symbols, the order of two, and their difference."""
        shop, d = self.shop, self.shop.language.symbols
        for number in numbers:
            self.add(shop.symbol(number))
        for first, second in combinations(numbers, 2):
            apart = np.arange(first.size)[:, None] - np.arange(second.size)
            if d > 2:
                self.add(shop.table((first, second), np.sign(apart) + 1, 3))
            self.add(shop.table((first, second), np.clip(apart, 0, d - 1)))
            self.add(shop.table((first, second), np.clip(-apart, 0, d - 1)))
