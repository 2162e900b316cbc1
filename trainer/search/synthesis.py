"""What is tried, in which order, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tprog.ir.program import Program
from tprog.run.batch import Array, Batch
from trainer.search.additive import by_places
from trainer.search.cells import Cells, deciding
from trainer.search.copies import MATCHINGS, Asked, Matching, by_sums, by_table, by_tables, classes_of
from trainer.search.counts import FREE, MOST_CELLS, Sums, Wanted
from trainer.search.events import by_event
from trainer.search.fitting import fitted, shared, wrong_answers
from trainer.search.placing import NoRoom, language_of, placed
from trainer.search.pool import Pool
from trainer.search.predicates import by_predicate
from trainer.search.program_class import ProgramClass
from trainer.search.solution import Solution, numbered, numerals, spelled
from trainer.search.terms import Examples, OutOfTime, Workshop
from trainer.search.undecided import Parted, parted

SAMPLE = 300
"""Inputs that terms are known on: enough to refute what is wrong; all others judge what is found."""

KEPT = 3
"""Solutions of one kind over the same variables that are judged on all inputs: they are right on the sample alike."""

RIVAL_SECONDS = 2.0
"""CPU time in which, of fewer than `SAMPLE` inputs, another program is looked for that is right on all of them."""

Say = Callable[[str], object]


class Reasoning:
    """All solutions for a sample, the simplest ways of reasoning first."""

    def __init__(self, shop: Workshop, say: Say = lambda text: None) -> None:
        self.shop, self.pool, self.say = shop, Pool(shop), say

    def solutions(self) -> Iterator[Solution]:
        """In the order in which they are to be judged."""
        while self.pool.grow():
            for what, ways in (
                ("one variable", self._single),
                ("attention to equal symbols", self._attending),
                ("predicates that are never wrong", self._accepting),
                ("numbers that are sums of counts", self._numbers),
                ("labels for those who ask", self._copying),
                ("classes that are never left", self._events),
                ("two variables", self._double),
                ("tables of counts", self._tables),
                ("sums over places", self._additive),
            ):
                self.say(what)
                yield from ways()

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
        for query in (shop.tokens, shop.positions):
            for key in self.pool.symbols[:400]:
                shop.on_time()
                accepts = np.arange(query.size)[:, None] == np.arange(key.size)
                for mask in shop.visible_masks():
                    where, _ = shop.attended(query, key, accepts, mask)
                    if (held[rows, where] == examples.answers)[examples.graded].all():
                        copy = shop.copy(query, key, shop.tokens, accepts, mask)
                        if shop.fits(copy):
                            yield spelled("copies", copy, np.maximum(said, 0), len(examples.classes))

    def _accepting(self) -> Iterator[Solution]:
        found = classes_of(self.shop, self.shop.tokens)
        if found is not None:
            yield from islice(by_predicate(self.shop, found[0], self.pool.symbols[self.pool.before[1] :]), KEPT)

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

    def _additive(self) -> Iterator[Solution]:
        if self.pool.before == (0, 0):
            yield from by_places(self.shop)

    def _events(self) -> Iterator[Solution]:
        yield from by_event(self.shop, self.pool.symbols, self.pool.pairs)


@dataclass(frozen=True, eq=False)
class Found:
    """The best Program that the search came to.

    Attributes:
        wrong: predictions on training and validation inputs.
    """

    program: Program
    how: str
    wrong: tuple[int, int]
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether it is right on all training and validation inputs."""
        return self.wrong == (0, 0)

    def __str__(self) -> str:
        return f"{self.how}: train {self.wrong[0]}, validation {self.wrong[1]} wrong"


def sampled(examples: Examples, count: int, seed: int) -> Examples:
    """Some of the examples: as many of each length, as far as there are that many; long ones fill up."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(examples.batch))
    lengths, turn = examples.batch.lengths[order], np.zeros(len(order))
    for length in np.unique(lengths):
        turn[lengths == length] = np.arange((lengths == length).sum())
    return examples.take(order[np.argsort(turn, kind="stable")][:count])


def synthesize(
    program: Program,
    train: tuple[Batch, Array],
    validation: tuple[Batch, Array],
    *,
    seconds: float = 60.0,
    seed: int = 0,
    say: Say = lambda text: None,
    note: Say = lambda text: None,
    complete: bool = False,
) -> Found | None:
    """Search for a Program of a class that is right on all training and validation inputs.

    Args:
        seconds: of CPU time.
        say: told what is tried.
        note: told in one line how the search ended, if not well: nothing right was found, or the inputs are so few
            that more than one program is right on them.
        complete: the training inputs are all there are, and validation is a part of them.
    """
    program_class = ProgramClass.of(program)
    language = language_of(program_class, program)
    if language is None or program.readout.pooled:
        return None
    began = time.process_time()
    every = Examples(*train, program.vocabulary, program.classes, program.max_length, program.causal)
    shop = Workshop(sampled(every, SAMPLE, seed), language, began + seconds)
    given = len(train[0]) + (0 if complete else len(validation[0]))
    best, rival, timed_out = None, None, False
    try:
        for found in _candidates(program, program_class, shop, train, validation, say):
            if best is None or found.wrong < best.wrong:
                best = found
                shop.until(min(began + seconds, time.process_time() + RIVAL_SECONDS) if best.exact else began + seconds)
            elif found.exact:
                rival = parted(best.program, found.program, every, seed)
            if best.exact and (rival is not None or complete or given >= SAMPLE):
                break
    except OutOfTime:
        timed_out = best is None or not best.exact
        if timed_out:
            say("no time left")
    if best is None or not best.exact:
        note(
            _nothing(
                best, given, f"CPU time of {seconds:g} s was not enough" if timed_out else "all it knows was tried"
            )
        )
    elif given < SAMPLE and not complete:
        note(_few(given, rival))
    return best


def _candidates(
    program: Program,
    program_class: ProgramClass,
    shop: Workshop,
    train: tuple[Batch, Array],
    validation: tuple[Batch, Array],
    say: Say,
) -> Iterator[Found]:
    """All programs that the reasoning comes to, judged on all training and validation inputs."""
    began = time.process_time()
    for solution in Reasoning(shop, say).solutions():
        if solution.weighed == "shared":
            solution = shared(solution, program, *train)
        grown = placed(solution, program_class, program)
        if isinstance(grown, NoRoom):
            say(f"{solution.how}: {grown}")
            continue
        if solution.weighed == "apart":
            grown = fitted(grown, tuple(term.variable for term in grown.readout.terms), *train)
        wrong = (wrong_answers(grown, *train), wrong_answers(grown, *validation))
        say(f"{solution.how}: {wrong[0]} of training, {wrong[1]} of validation wrong")
        yield Found(grown, solution.how, wrong, time.process_time() - began)


def _nothing(best: Found | None, given: int, why: str) -> str:
    nearest = "nothing comes near" if best is None else f"the nearest, {best} predictions"
    return f"the search found no program that is right on all its {given:,} inputs; {why}; {nearest}; training begins"


def _few(given: int, rival: Parted | None) -> str:
    opened = "what is right on so few may be wrong on others" if rival is None else f"they leave open: {rival}"
    return f"the search had only {given} inputs with answers, fewer than {SAMPLE}; {opened}"
