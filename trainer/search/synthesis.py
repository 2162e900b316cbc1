"""Who is right on training and validation inputs; when to stop, and what is kept to go on from."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Program
from tprog.run.batch import BEHIND_END, Array, Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from trainer.search.fitting import fitted, shared, wrong_answers
from trainer.search.placing import NoRoom, language_of, placed
from trainer.search.program_class import ProgramClass
from trainer.search.reasoning import Reasoning, Way
from trainer.search.solution import Solution
from trainer.search.terms import Examples, Language, OutOfTime, Workshop
from trainer.search.undecided import Parted, parted

SAMPLE: Final = 300
"""Inputs that terms are known on: enough to refute what is wrong; all others judge what is found."""

GRADED: Final = 1000
"""Graded positions that the sample should have: where few are graded, it is up to twice as large."""

NEAR_MISS: Final = 0.05
"""Training inputs on which a candidate is wrong, in units of all, for them to be worth learning from."""

COUNTEREXAMPLES: Final = 100
"""Inputs on which the best candidate is wrong that join the sample at a time."""

REVISIONS: Final = 2
"""Times that counterexamples join the sample after the same layer."""

SOON: Final = 1000
"""Training inputs that a candidate is judged on before all others, which may already show that it is worse."""

RIVAL_SECONDS: Final = 2.0
"""CPU time in which, of fewer than `SAMPLE` inputs, another program is looked for that is right on all of them."""

Say: TypeAlias = Callable[[str], object]

Fresh: TypeAlias = Callable[[], tuple[Batch, Array]]


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


@dataclass(frozen=True, eq=False)
class Progress:
    """Where a search stands. From here it goes on as if it had never been stopped.

    Attributes:
        layer, number: the way of reasoning that is tried (`trainer.search.reasoning.Way`).
        rows: places of the training inputs that joined the sample as counterexamples.
        revised: the layers after which they did.
        doubted: places of the fresh inputs that joined the training inputs: a program right on these was wrong there.
        seconds: of CPU time, spent so far.
        best: the best so far.
    """

    layer: int = 1
    number: int = 0
    rows: tuple[int, ...] = ()
    revised: tuple[int, ...] = ()
    doubted: tuple[int, ...] = ()
    seconds: float = 0.0
    best: Found | None = None


def sampled(examples: Examples, count: int, seed: int) -> Examples:
    """Some of the examples: as many of each length and rarest answer, as far as there are that many."""
    return examples.take(_chosen(examples, count, seed))


def _chosen(examples: Examples, count: int, seed: int) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(examples.batch))
    kinds, turn = _kinds(examples)[order], np.zeros(len(order))
    for kind in np.unique(kinds):
        turn[kinds == kind] = np.arange((kinds == kind).sum())
    return order[np.argsort(turn, kind="stable")][:count]


def _kinds(examples: Examples) -> NDArray[np.int64]:
    """[B] one number for each length and rarest answer of an input."""
    answers, graded = examples.answers, examples.graded
    total = np.bincount(answers[graded], minlength=1)
    how_often = np.where(graded, total[np.where(graded, answers, 0)], total.sum() + 1)
    rarest = np.take_along_axis(answers, how_often.argmin(axis=1)[:, None], axis=1)[:, 0]
    kinds: NDArray[np.int64] = examples.batch.lengths * (len(examples.classes) + 1) + np.maximum(rarest, -1) + 1
    return kinds


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
    start: Progress | None = None,
    keep: Callable[[Progress], object] = lambda progress: None,
    fresh: Fresh | None = None,
) -> Found | None:
    """Search for a Program of a class that is right on all training and validation inputs.

    Args:
        seconds: of CPU time, what was spent before `start` included.
        say: told what is tried.
        note: told in one line how the search ended, if not well: nothing right was found, or the inputs are so few
            that more than one program is right on them.
        complete: the training inputs are all there are, and validation is a part of them.
        start: where an earlier search of the same inputs and seed stood.
        fresh: yields further inputs with their right answers, where there are some: what is right on all training and
            validation inputs is tried on them.
        keep: told where the search stands, whenever it begins another way of reasoning.
    """
    program_class = ProgramClass.of(program)
    language = language_of(program_class, program)
    if language is None or program.readout.pooled:
        return None
    judge = _Judge(program, program_class, train, validation, say, fresh)
    search = _Search(judge, language, seconds, seed, start or Progress(), keep)
    given = len(train[0]) + (0 if complete else len(validation[0]))
    search.run(undecided=not complete and given < SAMPLE)
    best = search.progress.best
    if best is None or not best.exact:
        why = f"CPU time of {seconds:g} s was not enough" if search.timed_out else "all it knows was tried"
        if not language.sets:
            why += ", which is little where a row accepts one key"
        note(_nothing(best, given, why))
    elif given < SAMPLE and not complete:
        note(_few(given, search.rival))
    return best


class _Search:
    """One search, from sample to sample, until it is done or its time is over."""

    def __init__(
        self,
        judge: _Judge,
        language: Language,
        seconds: float,
        seed: int,
        progress: Progress,
        keep: Callable[[Progress], object],
    ) -> None:
        self.judge, self.language, self.seed, self.progress, self.keep = judge, language, seed, progress, keep
        self._began = time.process_time() - progress.seconds
        self._until = self._began + seconds
        judge.learn(progress.doubted)
        if progress.best is not None:
            self.progress = dataclasses.replace(progress, best=judge.again(progress.best))
        every = judge.given
        asked = max(1.0, float(every.graded.sum()) / len(every.batch))
        self._sample = _chosen(every, int(np.clip(GRADED / asked, SAMPLE, 2 * SAMPLE)), seed)
        self.rival: Parted | None = None
        self.timed_out = False

    def run(self, undecided: bool) -> None:
        """Search.

        Args:
            undecided: where one is found, look for another that is right on all inputs.
        """
        try:
            if not self._done(undecided):
                while self._revised(undecided):
                    pass
        except OutOfTime:
            self.timed_out = self.progress.best is None or not self.progress.best.exact
            if self.timed_out:
                self.judge.say("no time left")

    def _done(self, undecided: bool) -> bool:
        best = self.progress.best
        return best is not None and best.exact and (self.rival is not None or not undecided)

    def _revised(self, undecided: bool) -> bool:
        """Try all ways on one sample; whether it has to be tried again with more."""
        rows = np.concatenate([self._sample, np.array(self.progress.rows, dtype=np.int64)])
        shop = Workshop(self.judge.every.take(rows), self.language, self._until)
        layer = self.progress.layer
        for way in Reasoning(shop).ways(self.progress.layer, self.progress.number):
            if way.layer > layer and self._learned(layer):
                return True
            layer = way.layer
            self._reached(way)
            for solution in way.solutions():
                found = self.judge.judged(solution, str(way), self.progress.best)
                doubted = len(self.progress.doubted)
                found = self._tried(found)
                self._weighed(found, shop)
                if len(self.progress.doubted) > doubted and self._learned(layer, 1.0):
                    return True
                if self._done(undecided):
                    return False
        return self._learned(layer)

    def _tried(self, found: Found | None) -> Found | None:
        """What was found, after it was tried on fresh inputs if it is right on all others."""
        if found is None or not found.exact:
            return found
        doubted = self.judge.doubts(found.program)
        if not doubted:
            return found
        self.judge.say(f"{len(doubted)} fresh inputs join the training inputs, on which {found.how} is wrong")
        self.judge.learn(doubted)
        self.progress = dataclasses.replace(self.progress, doubted=(*self.progress.doubted, *doubted))
        if self.progress.best is not None:
            self.progress = dataclasses.replace(self.progress, best=self.judge.again(self.progress.best))
        return self.judge.again(found)

    def _reached(self, way: Way) -> None:
        spent = time.process_time() - self._began
        self.judge.say(f"{way}; {self.progress.best or 'nothing found yet'}")
        self.progress = dataclasses.replace(self.progress, layer=way.layer, number=way.number, seconds=spent)
        self.keep(self.progress)

    def _weighed(self, found: Found | None, shop: Workshop) -> None:
        best = self.progress.best
        if found is None:
            return
        if best is None or found.wrong < best.wrong:
            self.progress = dataclasses.replace(self.progress, best=found)
            if found.exact:
                shop.until(min(self._until, time.process_time() + RIVAL_SECONDS))
        elif found.exact and best.exact:
            self.rival = parted(best.program, found.program, self.judge.every, self.seed)

    def _learned(self, layer: int, most: float = NEAR_MISS) -> bool:
        """Let counterexamples to the best candidate join the sample after a layer; whether there are any.

        Args:
            most: on how many inputs it may be wrong, in units of all.
        """
        best, revised = self.progress.best, self.progress.revised
        if best is None or best.exact or revised.count(layer) >= REVISIONS:
            return False
        wrong = self.judge.wrong_rows(best.program)
        known = {*self._sample.tolist(), *self.progress.rows}
        fresh = [row for row in wrong.tolist() if row not in known]
        if not fresh or len(wrong) > most * len(self.judge.every.batch):
            return False
        some = np.random.default_rng(self.seed).permutation(fresh)[:COUNTEREXAMPLES]
        self.judge.say(f"{len(some)} inputs join the sample, on which the best is wrong")
        self.progress = dataclasses.replace(
            self.progress,
            layer=1,
            number=0,
            rows=(*self.progress.rows, *sorted(some.tolist())),
            revised=(*revised, layer),
        )
        return True


class _Judge:
    """Makes Programs of solutions, and counts what they get wrong."""

    def __init__(
        self,
        program: Program,
        program_class: ProgramClass,
        train: tuple[Batch, Array],
        validation: tuple[Batch, Array],
        say: Say,
        fresh: Fresh | None,
    ) -> None:
        self.program, self.program_class, self.say, self.fresh = program, program_class, say, fresh
        self.train, self.validation = train, validation
        self.every = self.given = self._examples()
        self._began = time.process_time()

    def judged(self, solution: Solution, how: str, best: Found | None) -> Found | None:
        """The Program of a solution; None if the class has no room for it, or it soon turns out worse than the best."""
        if solution.weighed == "shared":
            solution = shared(solution, self.program, *self.train)
        grown = placed(solution, self.program_class, self.program)
        if isinstance(grown, NoRoom):
            self.say(f"{how}: {grown}")
            return None
        if solution.weighed == "apart":
            grown = fitted(grown, grown.readout.reads, *self.train)
        soon = self.train[0].take(np.arange(min(SOON, len(self.train[0])))), self.train[1][:SOON]
        if best is not None and wrong_answers(grown, *soon) > best.wrong[0]:
            return None
        wrong = (wrong_answers(grown, *self.train), wrong_answers(grown, *self.validation))
        self.say(f"{how}: {solution.how}: {wrong[0]} of training, {wrong[1]} of validation wrong")
        return Found(grown, solution.how, wrong, time.process_time() - self._began)

    def doubts(self, program: Program) -> tuple[int, ...]:
        """The places of fresh inputs, up to `COUNTEREXAMPLES`, on which a Program is wrong."""
        if self._fresh is None:
            return ()
        batch, answers = self._fresh
        predictions, _ = predict(program, batch)
        wrong = ((predictions != answers) & (answers != UNGRADED)).any(axis=1)
        return tuple(np.flatnonzero(wrong)[:COUNTEREXAMPLES].tolist())

    @cached_property
    def _fresh(self) -> tuple[Batch, Array] | None:
        return None if self.fresh is None else self.fresh()

    def learn(self, doubted: tuple[int, ...]) -> None:
        """Let fresh inputs join the training inputs, behind them."""
        if not doubted or self._fresh is None:
            return
        rows, (batch, answers) = list(doubted), self._fresh
        (inputs, expected), n = self.train, max(self.train[0].tokens.shape[1], batch.tokens.shape[1])
        tokens = [_widened(each, n, BEHIND_END) for each in (inputs.tokens, batch.tokens[rows])]
        said = [_widened(each, n, UNGRADED) for each in (expected, answers[rows])]
        lengths = np.concatenate([inputs.lengths, batch.lengths[rows]])
        self.train = Batch(np.concatenate(tokens), lengths), np.concatenate(said)
        self.every = self._examples()

    def again(self, found: Found) -> Found:
        """What was found, with what it gets wrong by now."""
        wrong = wrong_answers(found.program, *self.train), wrong_answers(found.program, *self.validation)
        return dataclasses.replace(found, wrong=wrong)

    def _examples(self) -> Examples:
        program = self.program
        return Examples(*self.train, program.vocabulary, program.classes, program.max_length, program.causal)

    def wrong_rows(self, program: Program) -> NDArray[np.int64]:
        """The places of the training inputs on which a Program is wrong."""
        predictions, _ = predict(program, self.train[0])
        return np.flatnonzero(((predictions != self.train[1]) & (self.train[1] != UNGRADED)).any(axis=1))


def _widened(values: Array, width: int, fill: int) -> Array:
    """[B, width] padded at the right."""
    return np.pad(values, ((0, 0), (0, width - values.shape[1])), constant_values=fill)


def _nothing(best: Found | None, given: int, why: str) -> str:
    nearest = "nothing comes near" if best is None else f"the nearest, {best} predictions"
    return f"the search found no program that is right on all its {given:,} inputs; {why}; {nearest}; training begins"


def _few(given: int, rival: Parted | None) -> str:
    opened = "what is right on so few may be wrong on others" if rival is None else f"they leave open: {rival}"
    return f"the search had only {given} inputs with answers, fewer than {SAMPLE}; {opened}"
