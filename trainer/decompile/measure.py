"""How far a Program and its network agree: on fresh inputs by length, off the training distribution, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import execute
from tprog.tasks.rules import UNGRADED
from trainer.decompile.assemble import Assembly, spelled
from trainer.decompile.network import Bools, Floats, Inputs, Ints, Network, in_pieces
from trainer.decompile.readout import Classes
from trainer.decompile.samples import Source

JUDGED = 200
"""Fresh inputs of each range of lengths."""

SHORT = 2000
"""Short strings that are all tried, for the smallest inputs on which the two part."""

SHOWN = 10

FREQUENT = 0.01
"""The share of positions of random strings from which on a set that is predicted there becomes a class."""


@dataclass(frozen=True)
class Agreement:
    """How often two predict the same.

    Attributes:
        on: the inputs, in words.
        inputs, positions: how many, and how many positions of them count.
        same_inputs, same_positions: those that are predicted alike.
        right: inputs that the network itself is right on; None where nobody knows.
    """

    on: str
    inputs: int
    same_inputs: int
    positions: int
    same_positions: int
    right: int | None = None

    @property
    def by_position(self) -> float:
        return self.same_positions / max(self.positions, 1)

    @property
    def by_input(self) -> float:
        return self.same_inputs / max(self.inputs, 1)


@dataclass(frozen=True)
class Parting:
    """An input on which they part.

    Attributes:
        position: the first such.
        network, program: what they say there.
    """

    tokens: tuple[str, ...]
    position: int
    network: str
    program: str


@dataclass(frozen=True)
class Measured:
    """All that is known of how a Program and its network agree.

    Attributes:
        fresh: at offset 0, by length, then at random offsets.
        elsewhere: off the training distribution.
        parting: the smallest inputs found on which they part.
    """

    fresh: tuple[Agreement, ...]
    elsewhere: tuple[Agreement, ...]
    parting: tuple[Parting, ...]

    @property
    def match(self) -> float:
        """The least share of fresh inputs of a row that are predicted alike at all positions."""
        return min((row.by_input for row in self.fresh), default=1.0)


def classes_of(logits: list[Floats], graded: list[Bools], sets: bool) -> Classes:
    """The classes that a network predicts at graded positions; in a large vocabulary all tokens."""
    if sets:
        rows = np.unique(np.concatenate([(some > 0)[at] for some, at in zip(logits, graded, strict=True)]), axis=0)
        return Classes(tuple(tuple(int(code) for code in np.flatnonzero(row)) for row in rows), sets)
    seen = np.unique(np.concatenate([some.argmax(axis=-1)[at] for some, at in zip(logits, graded, strict=True)]))
    vocabulary = logits[0].shape[-1]
    marks = {vocabulary - 4, vocabulary - 3, vocabulary - 1}
    kept = seen if vocabulary <= 44 else [code for code in range(vocabulary) if code not in marks or code in seen]
    return Classes(tuple((int(code),) for code in kept), sets)


def with_frequent(classes: Classes, logits: list[Floats], graded: list[Bools]) -> Classes:
    """Sets with those, too, that a network often predicts elsewhere."""
    rows = np.concatenate([(some > 0)[at] for some, at in zip(logits, graded, strict=True)])
    found, times = np.unique(rows, axis=0, return_counts=True)
    often = [tuple(int(code) for code in np.flatnonzero(row)) for row in found[times >= FREQUENT * len(rows)]]
    return Classes(tuple(dict.fromkeys((*classes.labels, *often))), classes.sets)


def answered(logits: Floats, classes: Classes) -> Ints:
    """[B, n] the class that logits predict, -1 where it is none of them."""
    if not classes.sets:
        return np.asarray(classes.of_token(logits.shape[-1])[logits.argmax(axis=-1)])
    on = logits > 0
    found = np.full(on.shape[:2], -1, dtype=np.int64)
    for at, label in enumerate(classes.labels):
        wanted = np.zeros(on.shape[-1], dtype=np.bool_)
        wanted[list(label)] = True
        found[(on == wanted).all(axis=-1)] = at
    return found


def said(program: Program, source: Source, inputs: Inputs) -> Ints:
    """[B, n] the classes that a Program predicts."""
    assembly = Assembly(source)
    places = np.zeros(len(source.task.vocabulary), dtype=np.int32)
    places[list(assembly.codes)] = np.arange(len(assembly.codes))
    tokens = np.where(inputs.present, places[inputs.tokens], -1)
    made = execute(program, Batch(tokens.astype(np.int32), inputs.lengths))
    return np.asarray(made.predictions, dtype=np.int64)


def _agree(
    on: str, program: Program, network: Network, classes: Classes, source: Source, inputs: Inputs
) -> tuple[Agreement, list[Parting]]:
    logits = in_pieces(network, inputs)
    own, other = answered(logits, classes), said(program, source, inputs)
    apart = (own != other) & inputs.graded
    words = source.task.vocabulary
    found = []
    for row in np.flatnonzero(apart.any(axis=1)):
        at = int(apart[row].argmax())
        label = np.flatnonzero(logits[row, at] > 0) if classes.sets else [logits[row, at].argmax()]
        if inputs.offsets[row]:
            continue
        found.append(
            Parting(
                tuple(words[code] for code in inputs.tokens[row, : inputs.lengths[row]]),
                at,
                spelled([int(code) for code in label], words),
                program.classes[int(other[row, at])],
            )
        )
    graded = int(inputs.graded.sum())
    same = int((~apart.any(axis=1)).sum())
    return Agreement(on, len(inputs), same, graded, graded - int(apart.sum())), found


def measured(
    program: Program, network: Network, classes: Classes, source: Source, seed: int, count: int = JUDGED
) -> Measured:
    """Compare the two on fresh inputs.

    Args:
        seed: of inputs that nothing was fitted to or judged by.
        count: inputs a range of lengths.
    """
    fresh, parting = [], []
    for at, (least, most) in enumerate(source.bins):
        inputs = source.draw(count, (least, most), seed + at)
        row, found = _agree(f"length {least} to {most}", program, network, classes, source, inputs)
        fresh.append(row)
        parting += found
    if source.places is not None:
        least, most = source.bins[0]
        inputs = source.draw(count, (least, most), seed + 10, shifted=True)
        row, found = _agree(f"length {least} to {most}, shifted", program, network, classes, source, inputs)
        fresh.append(row)
        parting += found
    elsewhere = []
    row, found = _agree(
        "random strings",
        program,
        network,
        classes,
        source,
        source.random_strings(count, source.bins[0], seed + 20),
    )
    elsewhere.append(row)
    parting += found
    if source.sets:
        walks = source.legal_walks(network, count, source.bins[0][1], seed + 30)
        row, found = _agree("walks over legal tokens", program, network, classes, source, walks)
        elsewhere.append(row)
        _, short = _agree("short", program, network, classes, source, _short(source))
        parting += found + short
    parting = list(dict.fromkeys(parting))
    parting.sort(key=lambda one: (len(one.tokens), one.tokens))
    return Measured(tuple(fresh), tuple(elsewhere), tuple(parting[:SHOWN]))


def _short(source: Source) -> Inputs:
    """All short strings of a language, the shortest first."""
    symbols = range(len(source.task.symbols))

    def strings() -> Iterator[tuple[int, ...]]:
        for length in range(source.longest):
            yield from product(symbols, repeat=length)

    rows = list(islice(strings(), SHORT))
    width = 1 + max(map(len, rows))
    tokens = np.zeros((len(rows), width), dtype=np.int64)
    tokens[:, 0] = source.task.bos
    for at, row in enumerate(rows):
        tokens[at, 1 : 1 + len(row)] = row
    lengths = np.array([1 + len(row) for row in rows], dtype=np.int64)
    graded = np.arange(width) < lengths[:, None]
    return Inputs(tokens, lengths, np.zeros(len(rows), dtype=np.int64), graded)


def model_accuracy(network: Network, source: Source, seed: int, count: int = JUDGED) -> tuple[float, ...]:
    """The share of inputs of each range of lengths that the network is right on."""
    found = []
    for at, lengths in enumerate(source.bins):
        sequences = source.task.sample(count, lengths, np.random.default_rng(seed + at))
        present = np.arange(sequences.tokens.shape[1]) < sequences.lengths[:, None]
        tokens = np.where(present, sequences.tokens, 0).astype(np.int64)
        offsets = np.zeros(count, dtype=np.int64)
        inputs = Inputs(tokens, sequences.lengths.astype(np.int64), offsets, sequences.expected != UNGRADED)
        found.append(float(source.task.right(in_pieces(network, inputs), sequences).all(axis=1).mean()))
    return tuple(found)
