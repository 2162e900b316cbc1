"""On which inputs a repair chooses its edits, on which it is evaluated, and which guard it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from analyze.outcome import Ground, Rows
from analyze.results.repair import Figures
from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import Array, Batch, Bools
from tprog.run.execute import predict
from tprog.run.outcome import UNGRADED, graded_at, wrong_at
from tprog.run.pieces import held_at_once
from tprog.tasks.builtin import ENUMERATED, SAMPLE, Inputs, Task, fitted, inputs_for, task_of
from tprog.words.scores import are_span_tags, entity_scores

On: TypeAlias = Literal["sample", "domain"]


@dataclass(frozen=True, eq=False)
class Division:
    """The inputs of a repair.

    Attributes:
        chosen: what edits are chosen on.
        rest: what they are evaluated on: inputs that `chosen` does not hold; None if there are none.
        whole: the whole domain, which no step may make worse; None if it is not enumerated.
        accepted: other inputs on which a step must gain as well to be taken, so that what suits `chosen` alone is not
            believed; None if there are none.
        for_others: what is chosen on stands for others like it, so that steps have to hold up on parts of it that they
            were not made for: see `repair`.
    """

    chosen: Inputs
    rest: Inputs | None
    whole: Inputs | None
    accepted: Inputs | None = None
    for_others: bool = False


def divide(
    program: Program, task: Task | None = None, *, on: On = "sample", sample: int | None = None, seed: int = 0
) -> Division:
    """The inputs of a repair.

    A sample is drawn and split as a training run does it, with the same seeds: `sample` different inputs, of which 80 %
    are the training split. Edits are chosen on this split; the rest is the rest of the domain, or, where that is not
    enumerated, of the sample.

    Args:
        task: instead of the one that the program names.
        on: ``domain`` chooses on the whole domain, and then nothing is left to evaluate on.
        sample: the inputs to draw; left out: 20,000, as in training, or as many as can be held of a large program.

    Raises:
        BadUsage: no task says what is right; the domain is too large to choose on all of it; too few inputs.
        BadProgram: the program does not fit the task.
    """
    task = task_of(program) if task is None else fitted(task, program)
    if task is None:
        raise BadUsage("there is no task to repair the program for: it names none; give one with --task")
    whole = inputs_for(program, task=task) if task.size is not None and task.size <= ENUMERATED else None
    if on == "domain":
        if sample is not None:
            raise BadUsage(f"--on domain chooses edits on all {task.noun}s, so there is no sample to draw")
        if whole is None:
            raise BadUsage(f"{task.name} has too many {task.noun}s to choose edits on all of them; use --on sample")
        return Division(whole, None, whole, for_others=task.is_corpus)
    most = held_at_once(program, program.max_length)
    batch = task.draw(min(SAMPLE, most) if sample is None else sample, seed)
    batch = batch.take(np.random.default_rng(seed).permutation(len(batch)))
    first = len(batch) * 8 // 10
    if first == 0:
        raise BadUsage(f"a sample of one {task.noun} is too few: 80 % of it is chosen on; ask for more")
    drawn = Inputs(batch, task.expected(batch), False, f"{len(batch):,} sampled with seed {seed}", task.noun)
    chosen = drawn.take(slice(0, first), f"{first:,} {task.noun}s, the training split of {drawn.description}")
    if whole is None:
        left = f"{len(batch) - first:,} {task.noun}s, the others of {drawn.description}"
        return Division(chosen, drawn.take(slice(first, None), left), None, for_others=task.is_corpus)
    others = np.flatnonzero(~_among(whole.batch, chosen.batch))
    if not len(others):
        return Division(chosen, None, whole, for_others=task.is_corpus)
    return Division(
        chosen, whole.take(others, f"the other {len(others):,} {task.noun}s"), whole, for_others=task.is_corpus
    )


def _among(batch: Batch, some: Batch) -> Bools:
    """[input]: whether an input is one of some others."""
    width = max(batch.tokens.shape[1], some.tokens.shape[1])
    known = {row.tobytes() for row in _wide(some, width)}
    return np.array([row.tobytes() in known for row in _wide(batch, width)], dtype=np.bool_)


def _wide(batch: Batch, width: int) -> Array:
    return np.pad(batch.tokens.astype(np.int32), ((0, 0), (0, width - batch.tokens.shape[1])), constant_values=-1)


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Which predictions are wrong: [input, place]; a hole makes all graded ones of its input wrong."""

    wrong: Bools
    graded: Bools
    lost: Bools

    @property
    def failing(self) -> Bools:
        """[input]: whether any prediction is wrong."""
        failing: Bools = self.wrong.any(axis=1) | self.lost
        return failing

    @property
    def figures(self) -> Figures:
        return Figures(len(self.wrong), int(self.failing.sum()), int(self.graded.sum()), int(self.wrong.sum()))

    @classmethod
    def of(cls, on: Ground) -> Verdicts:
        """Those of a program that was executed."""
        assert on.expected is not None
        return cls((on.outcomes != on.expected) & on.graded, on.graded, on.intact.in_hole)

    def better_than(self, other: Verdicts) -> bool:
        """Whether fewer predictions are wrong, and no more inputs."""
        return int(self.wrong.sum()) < int(other.wrong.sum()) and self.no_worse_than(other)

    def better_on_halves(self, other: Verdicts) -> bool:
        """Whether fewer predictions are wrong of every other input, and of the others too."""
        halves = (slice(None, None, 2), slice(1, None, 2))
        return all(int(self.wrong[half].sum()) < int(other.wrong[half].sum()) for half in halves)

    def no_worse_than(self, other: Verdicts) -> bool:
        """Whether neither more predictions nor more inputs are wrong."""
        fewer = int(self.wrong.sum()) <= int(other.wrong.sum())
        return fewer and int(self.failing.sum()) <= int(other.failing.sum())


def judge(program: Program, inputs: Inputs) -> Verdicts:
    """A program on inputs with right answers."""
    assert inputs.expected is not None
    predictions, lost = predict(program, inputs.batch)
    graded = graded_at(program, inputs.batch, inputs.expected)
    return Verdicts(wrong_at(predictions, lost, inputs.expected), graded, lost)


def f1(program: Program, inputs: Inputs) -> float | None:
    """The F1 of entities, where a program predicts their tags."""
    if inputs.expected is None or program.places.several or program.readout.pooled:
        return None
    if not are_span_tags(program.classes):
        return None
    predictions, lost = predict(program, inputs.batch)
    return entity_scores(program.classes, inputs.expected, np.where(lost[:, None], UNGRADED, predictions)).all.f1


def some(which: Bools, most: int) -> Rows:
    """The first few inputs that are marked: of a domain, the shortest ones."""
    return np.flatnonzero(which)[:most]
