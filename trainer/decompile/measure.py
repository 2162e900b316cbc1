"""How far a Program and its network agree: on fresh inputs by length, off the training distribution, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np

from tprog.errors import BadUsage
from tprog.ir.program import Program
from tprog.run.batch import Batch
from tprog.run.execute import execute
from trainer.decompile.assemble import spelled
from trainer.decompile.attend import LARGE
from trainer.decompile.network import Bools, Floats, Inputs, Ints, Network, in_pieces
from trainer.decompile.samples import Source
from trainer.decompile.terms import Classes

JUDGED = 200
"""Fresh inputs of each range of lengths."""

SHOWN = 10

FREQUENT = 0.01
"""The share of positions of random strings from which on a set that is predicted there becomes a class."""


@dataclass(frozen=True)
class Errors:
    """Whether a program predicts on which inputs its network errs.

    Attributes:
        network, program: inputs on which each is wrong at some graded position.
        both: those on which both are.
        alike: those of them on which both predict the same everywhere: the program is wrong as the network is.
    """

    network: int
    program: int
    both: int
    alike: int

    @property
    def precision(self) -> float | None:
        """Of the inputs on which the program is wrong, the share on which the network is; None without any."""
        return self.both / self.program if self.program else None

    @property
    def recall(self) -> float | None:
        """Of the inputs on which the network is wrong, the share on which the program is; None without any."""
        return self.both / self.network if self.network else None

    def __add__(self, other: Errors) -> Errors:
        return Errors(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Agreement:
    """How often two predict the same.

    Attributes:
        on: the inputs, in words.
        inputs, positions: how many, and how many positions of them count.
        same_inputs, same_positions: those that are predicted alike.
        errors: how often the network is wrong, and whether the program tells; None where nobody knows what is right.
    """

    on: str
    inputs: int
    same_inputs: int
    positions: int
    same_positions: int
    errors: Errors | None = None

    @property
    def by_position(self) -> float:
        return self.same_positions / max(self.positions, 1)

    @property
    def by_input(self) -> float:
        return self.same_inputs / max(self.inputs, 1)

    @property
    def where_right(self) -> float | None:
        """The share predicted alike of the inputs on which the network is right; None without any."""
        if self.errors is None or self.inputs == self.errors.network:
            return None
        return (self.same_inputs - self.errors.alike) / (self.inputs - self.errors.network)


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

    @property
    def errors(self) -> Errors | None:
        """Those on all fresh inputs; None where nobody knows what is right."""
        known = [row.errors for row in self.fresh if row.errors is not None]
        return sum(known[1:], known[0]) if known else None


def classes_of(logits: list[Floats], graded: list[Bools], source: Source) -> Classes:
    """The classes that a network predicts at graded positions; in a large vocabulary all tokens."""
    if source.sets:
        rows = np.unique(np.concatenate([(some > 0)[at] for some, at in zip(logits, graded, strict=True)]), axis=0)
        return Classes(tuple(tuple(int(code) for code in np.flatnonzero(row)) for row in rows), source.sets)
    seen = np.unique(np.concatenate([some.argmax(axis=-1)[at] for some, at in zip(logits, graded, strict=True)]))
    tokens = source.labels == source.words
    every = range(source.symbols) if tokens and source.symbols > LARGE else ()
    kept = sorted({*every, *(int(code) for code in seen)})
    return Classes(tuple((code,) for code in kept), source.sets, tokens)


def with_frequent(classes: Classes, logits: list[Floats], graded: list[Bools]) -> Classes:
    """Sets with those, too, that a network often predicts elsewhere."""
    rows = np.concatenate([(some > 0)[at] for some, at in zip(logits, graded, strict=True)])
    found, times = np.unique(rows, axis=0, return_counts=True)
    often = [tuple(int(code) for code in np.flatnonzero(row)) for row in found[times >= FREQUENT * len(rows)]]
    return replace(classes, labels=tuple(dict.fromkeys((*classes.labels, *often))))


def answered(logits: Floats, classes: Classes) -> Ints:
    """[B, n] the class that logits predict, -1 where it is none of them."""
    if not classes.sets:
        return np.asarray(classes.of_label(logits.shape[-1])[logits.argmax(axis=-1)])
    on = logits > 0
    found = np.full(on.shape[:2], -1, dtype=np.int64)
    for at, label in enumerate(classes.labels):
        wanted = np.zeros(on.shape[-1], dtype=np.bool_)
        wanted[list(label)] = True
        found[(on == wanted).all(axis=-1)] = at
    return found


def said(program: Program, source: Source, inputs: Inputs) -> Ints:
    """[B, n] the classes that a Program predicts."""
    places = np.zeros(len(source.words), dtype=np.int32)
    places[list(source.codes)] = np.arange(len(source.codes))
    tokens = np.where(inputs.present, places[inputs.tokens], -1)
    made = execute(program, Batch(tokens.astype(np.int32), inputs.lengths))
    return np.asarray(made.predictions, dtype=np.int64)


def _errors(source: Source, inputs: Inputs, logits: Floats, other: Ints, classes: Classes) -> Errors | None:
    """How often a network is wrong, and its program.

    Args:
        other: [B, n] the classes that the program predicts.
    """
    right, expected = source.right(logits, inputs), source.expected(inputs, classes.labels)
    if right is None or expected is None:
        return None
    network = (~right & inputs.graded).any(axis=1)
    program = ((other != expected) & inputs.graded).any(axis=1)
    alike = ((answered(logits, classes) == other) | ~inputs.graded).all(axis=1)
    counted = (network, program, network & program, network & program & alike)
    return Errors(*(int(each.sum()) for each in counted))


def _agree(
    on: str, program: Program, network: Network, classes: Classes, source: Source, inputs: Inputs
) -> tuple[Agreement, list[Parting]]:
    logits = in_pieces(network, inputs)
    own, other = answered(logits, classes), said(program, source, inputs)
    apart = (own != other) & inputs.graded
    found = []
    for row in np.flatnonzero(apart.any(axis=1) & (inputs.offsets == 0)):
        at = int(apart[row].argmax())
        label = np.flatnonzero(logits[row, at] > 0) if classes.sets else [logits[row, at].argmax()]
        found.append(
            Parting(
                tuple(source.words[code] for code in inputs.tokens[row, : inputs.lengths[row]]),
                at,
                spelled([int(code) for code in label], source.labels),
                program.classes[int(other[row, at])],
            )
        )
    graded = int(inputs.graded.sum())
    same = int((~apart.any(axis=1)).sum())
    errors = _errors(source, inputs, logits, other, classes)
    return Agreement(on, len(inputs), same, graded, graded - int(apart.sum()), errors), found


def measured(
    program: Program, network: Network, classes: Classes, source: Source, seed: int, count: int = JUDGED
) -> Measured:
    """Compare the two on fresh inputs, or on all that there are where they are few.

    Args:
        seed: of inputs that nothing was fitted to or judged by.
        count: inputs a range of lengths.
    """
    parting: list[Parting] = []

    def compared(on: str, inputs: Inputs) -> Agreement:
        row, found = _agree(on, program, network, classes, source, inputs)
        parting.extend(found)
        return row

    fresh = [compared(*each) for each in _fresh(source, seed, count)]
    elsewhere = [compared(*each) for each in source.elsewhere(network, count, seed)]
    if (short := source.smallest()) is not None:
        compared("short", short)
    smallest = sorted(dict.fromkeys(parting), key=lambda one: (len(one.tokens), one.tokens))
    return Measured(tuple(fresh), tuple(elsewhere), tuple(smallest[:SHOWN]))


def _fresh(source: Source, seed: int, count: int) -> Iterator[tuple[str, Inputs]]:
    """Inputs like those that a network was trained on, and what they are called."""
    if (domain := source.domain()) is not None:
        yield "all inputs", domain
        return
    for at, (least, most) in enumerate(source.bins):
        yield f"length {least} to {most}", source.draw(count, (least, most), seed + at)
    if source.shifts:
        least, most = source.bins[0]
        yield f"length {least} to {most}, shifted", source.draw(count, (least, most), seed + 10, shifted=True)


def model_accuracy(network: Network, source: Source, seed: int, count: int = JUDGED) -> tuple[float, ...]:
    """The share of inputs of each range of lengths that a network is right on; nothing where nobody knows."""
    found = []
    for at, lengths in enumerate(source.bins):
        inputs = source.draw(count, lengths, seed + at)
        right = source.right(in_pieces(network, inputs), inputs)
        if right is not None:
            found.append(float((right | ~inputs.graded).all(axis=1).mean()))
    return tuple(found)


def expect_learned(network: Network, source: Source, seed: int, name: str, count: int = JUDGED) -> None:
    """Refuse a network that is no better than one and the same answer everywhere, or that cannot be computed.

    Args:
        name: of the task.

    Raises:
        BadUsage: it is none; of the first nothing is said where nobody knows what is right.
    """
    inputs = source.draw(count, source.bins[0], seed)
    with np.errstate(over="ignore", invalid="ignore"):
        logits = in_pieces(network, inputs)
    if not np.isfinite(logits[inputs.present]).all():
        raise BadUsage(f"the model's logits are not finite on inputs of {name}; expected weights that stay in float32")
    right = source.right(logits, inputs)
    if right is None or inputs.expected is None:
        return
    share = float(right[inputs.graded].mean())
    constant = float(np.bincount(inputs.expected[inputs.graded]).max() / max(int(inputs.graded.sum()), 1))
    if share <= constant and share < 1:
        raise BadUsage(
            f"the model is right on {100 * share:.1f} % of predictions of {name}, and one answer everywhere on "
            f"{100 * constant:.1f} %; expected one that has learned the task: name the right one with --task"
        )
