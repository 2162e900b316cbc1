"""What few examples leave open: another program that is right on all of them, and an input that parts the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tprog.escape import visible
from tprog.ir.program import Program
from tprog.run.batch import Array, Batch
from tprog.run.execute import predict
from tprog.tasks.builtin import UNGRADED
from tprog.text.tokens import show_tokens, spacing
from trainer.search.terms import Examples

VARIED = 1000
"""Inputs on which two programs are compared that are right on all examples."""

REDRAWN = 0.5
"""The chance of a symbol to be drawn anew: some inputs stay close to an example, short ones become quite other ones."""


@dataclass(frozen=True)
class Parted:
    """An input to which two programs, both right on all examples, give different answers.

    Attributes:
        place: of the first answer that differs, 0-based, ``<s>`` being 0.
        answers: of the program that is kept, and of the other.
    """

    text: str
    place: int
    answers: tuple[str, str]

    def __str__(self) -> str:
        return (
            f"on the input {self.text} this program answers {self.answers[0]!r} at token {self.place}, and another "
            f"that is right on all of them {self.answers[1]!r}"
        )


def varied(examples: Examples, seed: int) -> tuple[Batch, Array]:
    """Inputs like the examples, some of their symbols drawn anew from those that occur; and their graded places.

    Returns:
        the inputs, and [B, n] an answer of the example where one is asked, `UNGRADED` elsewhere.
    """
    rng = np.random.default_rng(seed)
    rows = rng.integers(len(examples.batch), size=VARIED)
    batch, answers = examples.batch.take(rows), examples.answers[rows]
    bare = batch.present & ~np.isin(batch.tokens, examples.marks)
    symbols = np.unique(examples.batch.tokens[examples.batch.present])
    symbols = symbols[~np.isin(symbols, examples.marks)]
    if not len(symbols):
        return batch, answers
    redrawn = bare & (rng.random(batch.tokens.shape) < REDRAWN)
    tokens = np.where(redrawn, rng.choice(symbols, size=batch.tokens.shape), batch.tokens)
    return Batch(tokens, batch.lengths), answers


def parted(one: Program, other: Program, examples: Examples, seed: int) -> Parted | None:
    """The shortest input met to which two programs answer differently where examples of its length are graded."""
    batch, answers = varied(examples, seed)
    said, differing = predict(one, batch)[0], predict(other, batch)[0]
    apart = (said != differing) & (answers != UNGRADED)
    rows = np.flatnonzero(apart.any(axis=1))
    if not len(rows):
        return None
    row = int(rows[batch.lengths[rows].argmin()])
    place = int(apart[row].argmax())
    words = [word for word in batch.words(one, row) if word not in one.readout.forced]
    text = visible(show_tokens(words, spacing(one).inputs))
    return Parted(text, place, (_answer(one, said[row, place]), _answer(other, differing[row, place])))


def _answer(program: Program, code: int) -> str:
    return program.classes[code] if 0 <= code < len(program.classes) else "a hole"
