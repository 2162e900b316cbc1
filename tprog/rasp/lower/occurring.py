"""What s-ops hold on the inputs that there are, found by running the Program that is made first on all of them.

What an s-op may hold is otherwise found from what it reads: combinations count that no input has. The Program that is
made again has no cell for them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence

import numpy as np

from tprog.ir.program import Program
from tprog.ir.values import Symbol
from tprog.rasp.expressions import SOp
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.held import Held
from tprog.rasp.values import Value
from tprog.run.batch import BEHIND_END, Array, Batch
from tprog.run.execute import Execution, decode, execute

FEW_INPUTS = 20_000
"""Inputs up to which all are run."""


def every_input(words: int, longest: int) -> Batch | None:
    """All inputs of so many tokens, the shortest first; None if they are too many."""
    counts = [words**length for length in range(1, longest + 1)] if longest < 64 else []
    if not counts or sum(counts) > FEW_INPUTS:
        return None
    tokens = np.full((sum(counts), longest), BEHIND_END, dtype=np.int32)
    start = 0
    for length, count in enumerate(counts, start=1):
        rank = np.arange(count)
        for place in range(length):
            tokens[start : start + count, place] = rank // words ** (length - 1 - place) % words
        start += count
    return Batch(tokens, np.repeat(np.arange(1, longest + 1), counts))


class Occurring:
    """What s-ops hold on all inputs.

    Args:
        program: answers as they do.
        held: the variable of an s-op, if it has one.
    """

    def __init__(self, program: Program, batch: Batch, held: Callable[[SOp], Held | None]) -> None:
        self.run: Execution = execute(program, batch)
        self.inputs = len(batch)
        self.complete = not self.run.in_hole.any()
        self._held = held
        self._codes: dict[str, tuple[list[Symbol], Array]] = {}

    def narrowed(self, sop: SOp, held: Held) -> Held:
        """A variable of an s-op with the values alone that occur."""
        found = self._meanings(sop)
        if found is None:
            return held
        values = {
            symbol: tuple(value for value in meant if key_of(value) in found) for symbol, meant in held.values.items()
        }
        if held.numeric:
            values = {number: meant for number, meant in values.items() if meant}
        return held.holding(values)

    def constant(self, sop: SOp) -> Value | None:
        """The one value that an s-op has on all inputs, each of which has a value; None if there are more."""
        found = self._meanings(sop) if self.complete else None
        return next(iter(found.values())) if found is not None and len(found) == 1 else None

    def rows(self, sops: Sequence[SOp]) -> list[tuple[Value, ...]] | None:
        """What s-ops hold together, at any position of any input; None if that is not known."""
        helds = [self._known(sop) for sop in sops]
        coded = [self._coded(held) for held in helds if held is not None]
        if len(coded) < len(sops):
            return None
        rows = _first_of_each(coded)
        meant = [
            [held.values.get(symbols[code], ()) for code in codes[rows]]
            for held, (symbols, codes) in zip(helds, coded, strict=True)
            if held is not None
        ]
        # Behind a hole a variable may have what it has nowhere else, and what means nothing.
        return [tuple(values[0] for values in row) for row in zip(*meant, strict=True) if all(row)]

    def alike(self, one: SOp, other: SOp) -> bool:
        """Whether two s-ops hold the same at every position of all inputs, each of which has a value."""
        rows = self.rows([one, other]) if self.complete else None
        return rows is not None and all(key_of(left) == key_of(right) for left, right in rows)

    def _known(self, sop: SOp) -> Held | None:
        held = self._held(sop)
        return held if held is not None and held.variable in self.run.program.variables else None

    def _meanings(self, sop: SOp) -> Mapping[Hashable, Value] | None:
        held = self._known(sop)
        if held is None:
            return None
        symbols, codes = self._coded(held)
        return {key_of(value): value for code in np.unique(codes) for value in held.values.get(symbols[code], ())}

    def _coded(self, held: Held) -> tuple[list[Symbol], Array]:
        """The symbols or numbers that a variable has somewhere, and the places of these in all positions in a row."""
        if held.variable not in self._codes:
            values = self.run.values[held.variable][self.run.batch.present]
            codes, places = np.unique(values, return_inverse=True)
            program = self.run.program
            self._codes[held.variable] = [decode(program, held.variable, code) for code in codes], places
        return self._codes[held.variable]


def _first_of_each(coded: Sequence[tuple[list[Symbol], Array]]) -> Array:
    """Where each combination of what variables have stands first; each with its values and their places."""
    joint = np.zeros_like(coded[0][1], dtype=np.int64)
    for symbols, codes in coded:
        joint = joint * len(symbols) + codes
    return np.unique(joint, return_index=True)[1]


def answer_alike(one: Execution, other: Execution) -> bool:
    """Whether two Programs answer alike on the inputs that both were run on, and have holes on the same."""
    told = [np.array([*run.program.classes, ""], dtype=object)[run.predictions] for run in (one, other)]
    holes = bool((one.in_hole == other.in_hole).all())
    return holes and bool((told[0] == told[1])[~one.in_hole].all())
