"""Variables that a program could have, each with its values on a sample of the examples.

Letters: B inputs of width n, Q query codes, K key codes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.ir.domains import BEGIN, END
from tprog.ir.program import Mask
from tprog.run.attention import preference, windows
from tprog.run.batch import Array, Batch, Bools
from tprog.tasks.builtin import UNGRADED

Codes: TypeAlias = NDArray[np.int16]

GIVEN = -1
"""The stage of the variables that are there from the start."""


@dataclass(frozen=True, eq=False)
class Term:
    """A variable.

    Attributes:
        codes: [B, n] codes of symbols, or whole numbers; 0 behind the end of an input.
        size: codes and numbers are below it, on any input.
        numeric: a count, which only lookups and the readout read.
        stage: the earliest at which its node can stand: heads of layer l at 2l, lookups at 2l + 1.
        cost: how long it takes to say; simple ones are tried first.
    """

    codes: Codes
    size: int
    numeric: bool
    stage: int
    cost: int

    @property
    def reads(self) -> tuple[Term, ...]:
        return ()


@dataclass(frozen=True, eq=False)
class Given(Term):
    """``tokens`` or ``positions``."""

    name: str = ""


@dataclass(frozen=True, eq=False)
class Count(Term):
    """A numeric head over ``ones``: how many keys are accepted, which is [Q, K]."""

    query: Term
    key: Term
    accepts: Bools
    mask: Mask

    @property
    def reads(self) -> tuple[Term, ...]:
        return (self.query, self.key)


@dataclass(frozen=True, eq=False)
class Copy(Term):
    """A categorical head: the value at the nearest accepted key; the value at position 0 where there is none."""

    query: Term
    key: Term
    value: Term
    accepts: Bools
    mask: Mask

    @property
    def reads(self) -> tuple[Term, ...]:
        return (self.query, self.key, self.value)


@dataclass(frozen=True, eq=False)
class Table(Term):
    """A lookup of one or two variables of one kind; `cells` has one axis for each."""

    inputs: tuple[Term, ...]
    cells: Codes

    @property
    def reads(self) -> tuple[Term, ...]:
        return self.inputs


def needed(*terms: Term) -> list[Term]:
    """The terms and all that they read, each once, what is read first."""
    found: dict[int, Term] = {}

    def visit(term: Term) -> None:
        for read in term.reads:
            if id(read) not in found:
                visit(read)
        found.setdefault(id(term), term)

    for term in terms:
        visit(term)
    return list(found.values())


@dataclass(frozen=True)
class Language:
    """What a class of programs can say.

    Attributes:
        layers: how many.
        sets: a row of a predicate may accept any number of keys, or exactly one.
        masks: what heads may use.
        symbols: d, how many symbols a lookup may answer.
        numbers, copies: whether there are numeric and categorical heads.
        tables: the same of lookups of numbers and of symbols, in that order.
    """

    layers: int
    sets: bool
    masks: tuple[Mask, ...]
    symbols: int
    numbers: bool = True
    copies: bool = True
    tables: tuple[bool, bool] = (True, True)


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs with their right answers.

    Attributes:
        batch: B inputs in codes of the vocabulary; n is their width.
        answers: [B, n] class codes, `UNGRADED` where nothing is asked.
        longest: N of the program, marks included.
    """

    batch: Batch
    answers: Array
    vocabulary: tuple[str, ...]
    classes: tuple[str, ...]
    longest: int
    causal: bool

    @cached_property
    def graded(self) -> Bools:
        """[B, n]"""
        found: Bools = self.answers != UNGRADED
        return found

    @cached_property
    def marks(self) -> tuple[int, ...]:
        """The codes of ``<s>`` and ``</s>``."""
        return tuple(self.vocabulary.index(word) for word in (BEGIN, END) if word in self.vocabulary)

    def take(self, rows: Array) -> Examples:
        """The chosen inputs alone, cut to the width of the longest."""
        lengths = self.batch.lengths[rows]
        width = int(lengths.max(initial=1))
        batch = Batch(self.batch.tokens[rows, :width], lengths)
        return Examples(batch, self.answers[rows, :width], self.vocabulary, self.classes, self.longest, self.causal)


class OutOfTime(Exception):
    """The time for the search is spent."""


class Workshop:
    """Makes terms and knows what they are on a sample."""

    def __init__(self, examples: Examples, language: Language, until: float = float("inf")) -> None:
        """
        Args:
            until: the CPU time of the process at which the search ends.
        """
        self.examples, self.language, self._until = examples, language, until
        self.present = examples.batch.present
        count, n = self.present.shape
        every = np.broadcast_to(np.arange(n), (count, n))
        self.tokens = self._given("tokens", examples.batch.tokens, len(examples.vocabulary))
        self.positions = self._given("positions", every, examples.longest)
        whole = "causal" if examples.causal else "all"
        self.windows: Mapping[Mask, Bools] = {
            "all": windows(n, whole),
            "before": windows(n, "before"),
            "after": windows(n, "after"),
        }
        self.nearness = preference(n)
        self._hash = np.random.default_rng(0).integers(1, 2**62, size=(count, n), dtype=np.int64) * self.present

    def _given(self, name: str, codes: Array, size: int) -> Given:
        return Given(self._clean(codes), size, False, GIVEN, 1, name)

    def _clean(self, codes: Array) -> Codes:
        found: Codes = np.where(self.present, codes, 0).astype(np.int16)
        return found

    def digest(self, term: Term) -> tuple[bool, int]:
        """Equal for terms of a kind that are the same on the sample."""
        return term.numeric, int((self._hash * term.codes).sum())

    def count(self, query: Term, key: Term, accepts: Bools, mask: Mask) -> Count:
        """A numeric head over ``ones``."""
        codes = np.count_nonzero(self._matches(query, key, accepts, mask), axis=2)
        stage, cost = head_stage(query, key), 1 + query.cost + key.cost
        return Count(self._clean(codes), self.examples.longest + 1, True, stage, cost, query, key, accepts, mask)

    def copy(self, query: Term, key: Term, value: Term, accepts: Bools, mask: Mask) -> Copy:
        """A categorical head."""
        return self.copies(query, key, [value], accepts, mask)[0]

    def copies(self, query: Term, key: Term, values: list[Term], accepts: Bools, mask: Mask) -> list[Copy]:
        """Categorical heads that attend alike and copy different values."""
        attended = (self._matches(query, key, accepts, mask) * self.nearness).argmax(axis=2)
        return [
            Copy(
                self._clean(np.take_along_axis(value.codes, attended, axis=1)),
                value.size,
                False,
                head_stage(query, key, value),
                1 + query.cost + key.cost + value.cost,
                query,
                key,
                value,
                accepts,
                mask,
            )
            for value in values
        ]

    def attended(self, query: Term, key: Term, accepts: Bools, mask: Mask) -> tuple[Array, Bools]:
        """[B, n] the position that a categorical head attends, and whether any key matches."""
        ranks = self._matches(query, key, accepts, mask) * self.nearness
        return ranks.argmax(axis=2), ranks.max(axis=2) > 0

    def _matches(self, query: Term, key: Term, accepts: Bools, mask: Mask) -> Bools:
        flat = query.codes[:, :, None].astype(np.int64) * accepts.shape[1] + key.codes[:, None, :]
        found: Bools = accepts.ravel()[flat]
        return found & self.windows[mask] & self.present[:, None, :]

    def table(self, inputs: tuple[Term, ...], cells: Array, size: int | None = None) -> Table:
        """A lookup; it answers codes below `size`, the class's d where that is left out."""
        codes = cells[tuple(term.codes for term in inputs)]
        stage = lookup_stage(*inputs)
        cost = 1 + sum(term.cost for term in inputs)
        answers = self.language.symbols if size is None else size
        return Table(self._clean(codes), answers, False, stage, cost, inputs, cells.astype(np.int16))

    def symbol(self, term: Term) -> Term:
        """The term as a symbol: a number larger than there are symbols reads as the largest."""
        if not term.numeric:
            return term
        return self.table((term,), np.minimum(np.arange(term.size), self.language.symbols - 1))

    def until(self, until: float) -> None:
        """Set the CPU time of the process at which the search ends."""
        self._until = until

    def on_time(self) -> None:
        """To be called in every long loop.

        Raises:
            OutOfTime: there is no time left.
        """
        if time.process_time() > self._until:
            raise OutOfTime

    def fits(self, term: Term) -> bool:
        """Whether the class has a stage for it."""
        return term.stage < 2 * self.language.layers

    def fits_after(self, *reads: Term) -> bool:
        """Whether the class has a stage for a head that reads a lookup of these."""
        return lookup_stage(*reads) + 1 < 2 * self.language.layers

    def visible_masks(self) -> Iterator[Mask]:
        """The masks that the class and the task allow."""
        for mask in self.language.masks:
            if not (mask == "after" and self.examples.causal):
                yield mask


def kind_of(term: Term) -> Literal["word", "place", "other"]:
    """Whether its codes are those of the vocabulary, or numbers as positions are: what is alike can be compared."""
    match term:
        case Given():
            return "word" if term.name == "tokens" else "place"
        case Copy():
            return kind_of(term.value)
        case Table() if len(term.inputs) == 1 and term.inputs[0].numeric and term.size > 2:
            return "place"
    return "other"


def lookup_stage(*reads: Term) -> int:
    return 2 * ((max(term.stage for term in reads) + 1) // 2) + 1


def head_stage(*reads: Term) -> int:
    return 2 * (max(term.stage for term in reads) // 2 + 1)
