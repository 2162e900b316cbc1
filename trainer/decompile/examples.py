"""Examples that readouts are fitted to and judged by, and what columns could decide of them at best.

Letters in shapes: see `trainer.decompile.network`; R graded positions, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainer.decompile.network import Bools, Ints
from trainer.decompile.readout import Linear, fit
from trainer.decompile.symbols import Counts, Facts, Ones
from trainer.decompile.terms import Classes, Column, holds_tokens, relations


@dataclass(frozen=True, eq=False)
class Examples:
    """Graded inputs and what the network predicts of them.

    Attributes:
        facts: of some batches.
        answers: [B, n] the classes, for each of them.
    """

    facts: tuple[Facts, ...]
    answers: tuple[Ints, ...]

    def __add__(self, other: Examples) -> Examples:
        return Examples((*self.facts, *other.facts), (*self.answers, *other.answers))

    def match(self, linear: Linear) -> float:
        """The share of graded positions that a readout predicts alike."""
        right = total = 0
        for some, classes in zip(self.facts, self.answers, strict=True):
            graded = some.inputs.graded
            right += int((linear.predict(some) == classes[graded]).sum())
            total += int(graded.sum())
        return right / max(total, 1)


class Cells:
    """The columns as one number a graded position, to see quickly what a function of them could decide."""

    def __init__(self, examples: Examples) -> None:
        self.examples = examples
        self.answers = np.concatenate(
            [a[f.inputs.graded] for f, a in zip(examples.facts, examples.answers, strict=True)]
        )
        self._of: dict[Column, tuple[Ints, int]] = {}

    def of(self, column: Column) -> tuple[Ints, int]:
        """[graded positions] which of its values each has, and how many there are."""
        if column not in self._of:
            values = np.concatenate([facts.graded(column) for facts in self.examples.facts])
            values = values if values.ndim == 2 else values[:, None]
            values = np.ascontiguousarray(values.astype(np.int16)).view(f"V{2 * values.shape[1]}")
            _, at = np.unique(values, return_inverse=True)
            at = at.reshape(-1)
            self._of[column] = at, int(at.max(initial=0)) + 1
        return self._of[column]

    def undecided(self, columns: Sequence[Column]) -> float:
        """The share that the best function of the columns gets wrong."""
        at = np.zeros(len(self.answers), dtype=np.int64)
        for column in columns:
            codes, size = self.of(column)
            at = at * size + codes
            if len(at) and at.max() > 2**40:
                _, at = np.unique(at, return_inverse=True)
        _, at = np.unique(at, return_inverse=True)
        pairs, times = np.unique(at.reshape(-1) * (self.answers.max(initial=0) + 1) + self.answers, return_counts=True)
        best: Ints = np.zeros(int(at.max(initial=0)) + 1, dtype=np.int64)
        np.maximum.at(best, pairs // (self.answers.max(initial=0) + 1), times)
        return 1 - float(best.sum()) / max(len(self.answers), 1)


@dataclass(frozen=True, eq=False)
class Trials:
    """What readouts are fitted to and judged by.

    Attributes:
        fitted, judged: inputs like those that the network was trained on.
        elsewhere: random strings.
    """

    fitted: Examples
    judged: Examples
    elsewhere: Examples
    classes: Classes

    def with_more(self, fitted: Examples, judged: Examples) -> Trials:
        """With further inputs of the kind that the network was trained on."""
        return replace(self, fitted=self.fitted + fitted, judged=self.judged + judged)

    def fit(self, columns: Sequence[Column]) -> Linear:
        """A readout over some columns; beside numbers alone, with what classes have of their own."""
        if all(isinstance(column, Counts) for column in columns):
            columns = [*columns, Ones()]
        return fit(self.fitted.facts, columns, self.fitted.answers, self.classes)


class Relations:
    """What columns could decide in a large vocabulary: which of their relations to the answer holds.

    A table over such columns would hold every example apart. What generalises is a *rule*: the answer is a certain
    mark, or the token of a column, or the one after or before; and where which rule holds follows from what marks and
    numbers the columns show.
    """

    def __init__(self, examples: Examples, classes: Classes) -> None:
        self._examples = examples
        first = np.array([label[0] if label else -1 for label in classes.labels], dtype=np.int64)
        given = [a[f.inputs.graded] for f, a in zip(examples.facts, examples.answers, strict=True)]
        at = np.concatenate(given)
        self._answers = np.where(at >= 0, first[np.maximum(at, 0)], -1)
        symbols = examples.facts[0].symbols
        self._marks = [self._answers == mark for mark in np.unique(self._answers[self._answers >= symbols])]
        self._of: dict[Column, tuple[Ints, list[Bools]]] = {}

    def _seen(self, column: Column) -> tuple[Ints, list[Bools]]:
        """[R] the mark or number that a column shows, and for each of its rules [R] whether it holds."""
        if column not in self._of:
            self._of[column] = self._looked(column)
        return self._of[column]

    def _looked(self, column: Column) -> tuple[Ints, list[Bools]]:
        facts = self._examples.facts
        values = np.concatenate([some.graded(column) for some in facts])
        if isinstance(column, Counts):
            if len(column.codes) > 1:
                best = np.array(column.codes, dtype=np.int64)[values.argmax(axis=1)]
                return np.zeros(len(values), dtype=np.int64), [best == self._answers]
            return values[:, 0], []
        if not holds_tokens(column):
            return values, []
        rules = [(to[values] == self._answers) & (to[values] >= 0) for to in relations(facts[0].vocabulary, facts[0])]
        return np.maximum(values - facts[0].symbols + 1, 0), rules

    def undecided(self, columns: Sequence[Column]) -> float:
        """The share that no choice of rules gets right."""
        at = np.zeros(len(self._answers), dtype=np.int64)
        rules = list(self._marks)
        for column in columns:
            shown, held = self._seen(column)
            at = at * (int(shown.max(initial=0)) + 1) + shown
            rules += held
            _, at = np.unique(at, return_inverse=True)
            at = at.reshape(-1)
        if not rules:
            return 1.0
        right = np.array([np.bincount(at[rule], minlength=int(at.max(initial=0)) + 1) for rule in rules])
        return 1 - float(right.max(axis=0).sum()) / max(len(self._answers), 1)
