"""The readout of a program of words, fitted anew after the last epoch, with rare words read as unknown.

A step of training moves the choices and the readout at the same time. Here the choices stay, and the readout is fitted
to all training sentences at once, in which rare words are read as unknown by chance (`trainer.unknown`), drawn once. It
is pulled to the trained weights (`tprog.run.readings`), as programs of words soon know a training split by heart.
How hard, and how much is read as unknown, validation alone decides.

The member's own weights are replaced, before they are rounded, so network and program stay equal by construction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tprog.ir.program import Program
from tprog.run.batch import Array, Batch
from tprog.run.execute import execute
from tprog.run.readings import Readings, parted_weights, stacked_weights
from tprog.tasks.builtin import UNGRADED
from trainer.data import Accuracy, Data, Split
from trainer.extract import Member, model_to_program, put_readout
from trainer.unknown import Unknown

STRENGTHS = (300.0, 100.0, 30.0, 10.0, 3.0)
"""Of the pull, from the strongest on; each fit begins at the weights of the one before."""

RATES = (1.0, 4.0)
"""How often words are read as unknown: these times the a of training."""

ITERATIONS = 15
"""Of L-BFGS, for each strength."""


@dataclass(frozen=True)
class WordRefit:
    """What was chosen.

    Attributes:
        a: a word that stands c times in training was read as unknown with the chance a / (a + c).
        strength: of the pull; None if the trained weights are kept.
        before, after: accuracy on validation, with the trained weights and with those that are kept.
    """

    a: float
    strength: float | None
    before: Accuracy
    after: Accuracy

    def __str__(self) -> str:
        before, after = (f"{each.score[0]:.2%}" for each in (self.before, self.after))
        what = "per token" if self.before.spans is None else "F1"
        if self.strength is None:
            return f"readout fitted anew, but none was better on validation than the trained one, {before} {what}"
        return (
            f"readout fitted anew, pull {self.strength:g}, words unknown with a = {self.a:g}: "
            f"on validation {before} -> {after} {what}"
        )


def refitted_words(member: Member, data: Data, a: float, seed: int) -> tuple[Member, WordRefit]:
    """The member with the readout that is best on validation, and what was chosen; of equals, the first, which is as
    it was trained.

    Args:
        a: that of training; 0 for none, and then words are read as they stand.
        seed: of what is drawn.
    """
    program, _ = model_to_program(member, data.validation.tokens[:1])
    old = stacked_weights(program)
    judged = _read(program, data.validation, data.validation.tokens)
    before = _accuracy(data.validation, judged, old)
    best, chosen = old, WordRefit(a, None, before, before)
    for rate, weights, strength in _candidates(program, data, a, seed):
        after = _accuracy(data.validation, judged, weights)
        if after.score > chosen.after.score:
            best, chosen = weights, WordRefit(rate, strength, before, after)
    if chosen.strength is None:
        return member, chosen
    rows = zip(program.readout.reads, parted_weights(program, best), strict=True)
    return put_readout(member, dict(rows)), chosen


def _candidates(program: Program, data: Data, a: float, seed: int) -> Iterator[tuple[float, Array, float]]:
    """The a, the weights and the strength of each fit."""
    old = stacked_weights(program)
    for rate in dict.fromkeys(a * each for each in RATES):
        unknown = Unknown.of(data, rate)
        random = torch.Generator().manual_seed(seed)
        tokens = data.train.tokens if unknown is None else unknown.some(data.train.tokens, random)
        readings, weights = _read(program, data.train, tokens), old
        for strength in STRENGTHS:
            weights = readings.fitted(old, weights, strength, ITERATIONS)
            yield rate, weights, strength


def _read(program: Program, split: Split, tokens: Tensor) -> Readings:
    """What the readout reads of a split whose words are these tokens."""
    batch = Batch(tokens.numpy().astype(split.batch.tokens.dtype), split.batch.lengths)
    expected = split.expected.numpy()
    return Readings.of(program, batch, execute(program, batch).values, expected, expected != UNGRADED)


def _accuracy(split: Split, readings: Readings, weights: Array) -> Accuracy:
    """Of the predictions that weights make of a split."""
    expected = split.expected.numpy()
    predicted = np.full(expected.shape, UNGRADED)
    predicted[expected != UNGRADED] = readings.predicted(weights)
    return split.accuracy(torch.as_tensor(predicted))
