"""The ways of reasoning, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from tprog.run.batch import Array
from trainer.search.additive import by_places
from trainer.search.cells import Cells, deciding
from trainer.search.copies import MATCHINGS, Asked, Matching, by_sums, by_table, by_tables, classes_of
from trainer.search.counts import FREE, MOST_CELLS, Sums, Wanted
from trainer.search.events import by_event
from trainer.search.lists import by_lists
from trainer.search.pool import Pool
from trainer.search.predicates import by_predicate
from trainer.search.presence import Presence
from trainer.search.solution import Solution, numbered, numerals, spelled
from trainer.search.terms import Workshop

KEPT: Final = 3
"""Solutions of one kind over the same variables that are judged on all inputs: they are right on the sample alike."""

MOST_HEADS: Final = 12
"""Heads by one predicate that are judged, in each layer."""

MOST_KEYS: Final = 800
"""Symbols of a layer, the simplest, that heads look for."""

PAIRED_KEYS: Final = 200
"""Symbols of a layer, the simplest, that heads read through a lookup together with what is given."""

EQUAL_KEYS: Final = 400
"""Symbols of a layer, the simplest, in which one looks for what is equal to one's token or place."""

PRESENT_KEYS: Final = 600
"""Keys, the simplest, whose presence may decide."""


@dataclass(frozen=True, eq=False)
class Way:
    """A way of reasoning over what is known after a number of layers.

    Attributes:
        layer, number: where it stands in the order of all.
    """

    layer: int
    number: int
    what: str
    solutions: Callable[[], Iterator[Solution]]

    def __str__(self) -> str:
        return f"layer {self.layer}, {self.what}"


class Reasoning:
    """What can be concluded from a sample, the simplest ways first."""

    def __init__(self, shop: Workshop) -> None:
        self.shop, self.pool = shop, Pool(shop)

    def ways(self, layer: int = 1, number: int = 0) -> Iterator[Way]:
        """In the order in which their solutions are to be judged, from one of them on."""
        while self.pool.grow():
            for at, (what, solutions) in enumerate(self._ways()):
                if (self.pool.layers, at) >= (layer, number):
                    yield Way(self.pool.layers, at, what, solutions)
        yield Way(self.pool.layers + 1, 0, "sums over places", lambda: by_places(self.shop))

    def _ways(self) -> tuple[tuple[str, Callable[[], Iterator[Solution]]], ...]:
        return (
            ("one variable", self._single),
            ("attention to equal symbols", self._attending),
            ("predicates that are never wrong", self._accepting),
            ("numbers that are sums of counts", self._numbers),
            ("labels for those who ask", self._copying),
            ("classes that are never left", self._events),
            ("two variables", self._double),
            ("what stands there", self._presence),
            ("lists of variables", self._lists),
            ("tables of counts", self._tables),
        )

    # Tables

    def _single(self) -> Iterator[Solution]:
        shop = self.shop
        yield from self._nearest_number()
        answers = shop.examples.answers.astype(np.int64)
        singles = [*self.pool.symbols, *self.pool.numbers]
        for cells, table in islice(deciding(shop, singles, iter(()), shop.examples.graded, answers), 5):
            if solution := self._said(cells, table):
                yield solution

    def _double(self) -> Iterator[Solution]:
        shop = self.shop
        answers = shop.examples.answers.astype(np.int64)
        for cells, table in islice(deciding(shop, [], self.pool.pairs(), shop.examples.graded, answers), 5):
            if solution := self._said(cells, table):
                yield solution

    def _said(self, cells: Cells, table: Array) -> Solution | None:
        shop, classes = self.shop, len(self.shop.examples.classes)
        if len(cells.inputs) == 1 and not cells.inputs[0].numeric:
            return spelled("a table of one variable", cells.inputs[0], table, classes)
        if classes > shop.language.symbols:
            return None
        answer = shop.table(cells.inputs, table.reshape(cells.sizes), classes)
        return spelled("a table", answer, np.arange(classes), classes) if shop.fits(answer) else None

    def _nearest_number(self) -> Iterator[Solution]:
        numbers, examples = numerals(self.shop.examples.classes), self.shop.examples
        if numbers is None:
            return
        wanted = numbers[examples.answers[examples.graded]]
        for term in self.pool.numbers:
            off = wanted - term.codes[examples.graded]
            if (off == off[0]).all():
                yield numbered("a number", [(term, 1)], int(off[0]), numbers)

    # Heads

    def _attending(self) -> Iterator[Solution]:
        shop = self.shop
        found = classes_of(shop, shop.tokens)
        if found is None or not shop.language.copies:
            return
        said, _ = found
        examples = shop.examples
        rows = np.arange(len(examples.answers))[:, None]
        held = said[shop.tokens.codes]
        fresh = sorted(self.pool.symbols[self.pool.before[1] :], key=lambda term: term.cost)[:EQUAL_KEYS]
        for query in (shop.tokens, shop.positions):
            for key in fresh:
                shop.on_time()
                accepts = np.arange(query.size)[:, None] == np.arange(key.size)
                for mask in shop.visible_masks():
                    where, _ = shop.attended(query, key, accepts, mask)
                    if (held[rows, where] == examples.answers)[examples.graded].all():
                        copy = shop.copy(query, key, shop.tokens, accepts, mask)
                        if shop.fits(copy):
                            yield spelled("copies", copy, np.maximum(said, 0), len(examples.classes))

    def _accepting(self) -> Iterator[Solution]:
        shop = self.shop
        values = [(value, found[0]) for value in self.pool.values if (found := classes_of(shop, value))]
        queries = [shop.tokens, shop.positions, *self.pool.values[2:]]
        yield from islice(by_predicate(shop, values, queries, self._keys()), MOST_HEADS)

    def _keys(self) -> list[Cells]:
        """What a predicate may look for: a fresh symbol, then what is given beside one; simple ones first."""
        shop = self.shop
        fresh = sorted(self.pool.symbols[self.pool.before[1] :], key=lambda term: term.cost)
        singles = [Cells(shop, (term,)) for term in fresh[:MOST_KEYS]]
        pairs = []
        if shop.language.tables[1]:
            pairs = [
                cells
                for given in (shop.tokens, shop.positions)
                for term in fresh[:PAIRED_KEYS]
                if term is not given and shop.fits_after(given, term)
                if len((cells := Cells(shop, (given, term))).seen) <= MOST_CELLS
            ]
        return singles + sorted(pairs, key=lambda cells: cells.cost)

    def _presence(self) -> Iterator[Solution]:
        yield from Presence(self.shop, self._keys(), (None, self.shop.tokens)).solutions()

    def _lists(self) -> Iterator[Solution]:
        yield from by_lists(self.shop, self.pool.symbols)

    def _spaces(self) -> Iterator[Cells]:
        """What counts may compare: one variable, or two; few cells first."""
        shop, (numbers, symbols) = self.shop, self.pool.before
        found = [Cells(shop, (term,)) for term in (shop.tokens, shop.positions) if not symbols]
        pairs = [Cells(shop, (term,)) for term in self.pool.numbers[numbers:]]
        pairs += [Cells(shop, pair) for pair in self.pool.pairs() if pair[0].numeric]
        found += sorted(pairs, key=lambda cells: cells.cost)
        return (cells for cells in found if len(cells.seen) <= MOST_CELLS)

    def _numbers(self) -> Iterator[Solution]:
        shop, numbers = self.shop, numerals(self.shop.examples.classes)
        if numbers is None or not shop.language.numbers or not shop.language.sets:
            return
        graded = shop.examples.graded
        number = np.where(graded, numbers[shop.examples.answers], FREE)
        demand = np.full(number.shape, -1)
        demand[graded] = np.arange(int(graded.sum()))
        wanted = Wanted(number, demand, int(graded.sum()))
        for cells in self._spaces():
            if cells.stage >= 2 * shop.language.layers:
                continue
            for found in islice(Sums(cells, wanted).found(), KEPT):
                heads = found.heads(False)
                if heads is None or not all(map(shop.fits, heads)):
                    continue
                solution = numbered("a sum of counts", [(head, 1) for head in heads], found.constant, numbers)
                if not solution.wrong(shop.examples):
                    yield solution

    def _labels(self) -> tuple[Asked, dict[Matching, Wanted]] | None:
        """A head that copies tokens to positions, and the labels of its holders, if they can all be served."""
        shop = self.shop
        found = classes_of(shop, shop.tokens)
        if found is None or not shop.language.copies:
            return None
        asked = Asked(shop, shop.positions, shop.tokens, found[0])
        if not asked.feasible:
            return None
        return asked, {matching: wanted for matching in MATCHINGS if (wanted := asked.labelled(matching)) is not None}

    def _copying(self) -> Iterator[Solution]:
        if (labels := self._labels()) is None:
            return
        asked, tasks = labels
        yield from self._label_sums(asked, tasks, numeric=False)
        for wanted in tasks.values():
            yield from islice(by_table(asked, wanted, self.pool.symbols, self.pool.pairs()), KEPT)
        yield from self._label_sums(asked, tasks, numeric=True)

    def _label_sums(self, asked: Asked, tasks: dict[Matching, Wanted], numeric: bool) -> Iterator[Solution]:
        """Labels that are sums of counts by rules; what is open in ``certain`` would leave too much to them."""
        language = self.shop.language
        if not language.numbers or not language.sets:
            return
        for cells in self._spaces():
            for matching, wanted in tasks.items():
                if cells.inputs[0].numeric == numeric and matching != "certain":
                    yield from islice(by_sums(asked, wanted, cells), KEPT)

    def _tables(self) -> Iterator[Solution]:
        """Labels whose counts no rule says."""
        language, labels = self.shop.language, self._labels()
        if labels is None or not language.numbers or not language.sets:
            return
        asked, tasks = labels
        for cells in self._spaces():
            for matching, wanted in tasks.items():
                if matching != "certain":
                    yield from by_tables(asked, wanted, cells)

    def _events(self) -> Iterator[Solution]:
        yield from by_event(self.shop, self.pool.symbols, self.pool.pairs)
