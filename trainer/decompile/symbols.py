"""Discrete variables: what a program-to-be knows at each position, as plain data, and their values on inputs.

They say what the nodes of the Program will say: `trainer.decompile.assemble` writes each as nodes, and a test holds the
two to be equal. A code is a place in a variable's domain.

Letters in shapes: B inputs, n positions.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import TypeAlias

import numpy as np

from trainer.decompile.network import Bools, Inputs, Ints

MOST_SELECTIONS = 16
"""Selections that are remembered: each takes a truth value a pair of positions."""


@dataclass(frozen=True)
class Tokens:
    """The token; its code is that of the network."""

    def __str__(self) -> str:
        return "tokens"


@dataclass(frozen=True)
class Ones:
    """The same everywhere."""

    def __str__(self) -> str:
        return "constants"


@dataclass(frozen=True)
class Place:
    """The position, counted from the first."""

    def __str__(self) -> str:
        return "position"


@dataclass(frozen=True)
class Ordinal:
    """The position, counted from the first, modulo a number."""

    modulus: int

    def __str__(self) -> str:
        return f"position modulo {self.modulus}"


@dataclass(frozen=True)
class Pair:
    """Two variables at once; the second varies fastest."""

    one: Symbolic
    other: Symbolic

    def __str__(self) -> str:
        return f"({self.one}, {self.other})"


@dataclass(frozen=True)
class Selection:
    """Which positions a hard head selects of those up to its own.

    Attributes:
        query, key: what a table is over; None without one. Without a query all queries select alike.
        ranks: the table, a row a query and a column a key: the keys present of the highest rank are selected, those of
            rank 0 never.
        step: how far back the one position lies; None: any distance.
        modulus: with it, positions whose distance leaves the remainder `step`.
        others: a head that copies takes its own position only where no other is selected.
        before: a position never selects itself.
        first: a head that copies takes the first selected position, not the last.
    """

    query: Symbolic | None = None
    key: Symbolic | None = None
    ranks: tuple[tuple[int, ...], ...] = ()
    step: int | None = None
    modulus: int = 0
    others: bool = False
    before: bool = False
    first: bool = False

    @cached_property
    def _hash(self) -> int:
        return hash(tuple(getattr(self, field.name) for field in fields(self)))

    def __hash__(self) -> int:
        """Taken once: a table may be large, and a search asks for it again and again."""
        return self._hash

    @property
    def plain(self) -> bool:
        """Whether it says nothing of tokens or distances but ``before``."""
        return self.key is None and self.step is None and not self.modulus

    @property
    def tiers(self) -> int:
        return max((rank for row in self.ranks for rank in row), default=0)

    def __str__(self) -> str:
        if self.modulus < 0:
            return "the first position"
        distance = "" if self.step is None else f"{self.step} before"
        if self.modulus:
            distance = f"at a distance of {self.step} modulo {self.modulus}"
        if self.before:
            distance = f"{distance} before it".strip()
        if self.key is None:
            return f"positions {distance}" if distance else "all positions"
        asked = str(self.key) if self.query is None else f"{self.query} and {self.key}"
        tiers = f", in {self.tiers} tiers" if self.tiers > 1 else ""
        return f"positions {distance}{' ' * bool(distance)}by a table of {asked}{tiers}{', its own last' * self.others}"


FIRST = Selection(step=None, key=None, modulus=-1)
"""The first position alone."""


@dataclass(frozen=True)
class Copied:
    """What stands at the last selected position, or the first; at position 0 where none is selected."""

    where: Selection
    what: Symbolic

    def __str__(self) -> str:
        if self.where == FIRST:
            return f"{self.what} of the first position"
        if self.where.step is not None and not self.where.modulus and self.where.key is None:
            return f"{self.what} {self.where.step} before"
        return f"{self.what} of the {'first' if self.where.first else 'last'} of {self.where}"


@dataclass(frozen=True)
class Number:
    """How many positions are selected, as a symbol.

    Attributes:
        what, code: only those with this value of a variable; None: all.
        most: larger numbers are this one.
    """

    where: Selection
    what: Symbolic | None
    code: int
    most: int

    def __str__(self) -> str:
        counted = Counted(self.where, self.what, self.code)
        return f"{counted}, to {self.most}"


Symbolic: TypeAlias = Tokens | Ones | Place | Ordinal | Pair | Copied | Number


@dataclass(frozen=True)
class Counted:
    """How many selected positions have a symbol; without one, how many there are."""

    where: Selection
    what: Symbolic | None
    code: int

    def __str__(self) -> str:
        if self.what is None:
            return f"count of {self.where}"
        return f"count of {self.what} = {self.code} at {self.where}"


@dataclass(frozen=True)
class Counts:
    """The numbers of selected positions with each of some symbols; without a variable, of all selected positions."""

    where: Selection
    what: Symbolic | None
    codes: tuple[int, ...]

    @property
    def columns(self) -> tuple[Counted, ...]:
        """Them one by one."""
        return tuple(Counted(self.where, self.what, code) for code in self.codes)

    def __str__(self) -> str:
        return f"count of {self.where}" if self.what is None else f"counts of {self.what} at {self.where}"


def key_order(where: Selection) -> tuple[int, ...] | None:
    """Ranks of keys that say the same for all queries as a selection's own, among the keys that each accepts.

    None if there are none: then no head can say it, for what a head ranks by depends on the key alone.
    """
    table = np.array(where.ranks, dtype=np.int64)
    accepted = table > 0
    order = np.where(accepted.any(axis=0), (table * accepted).sum(axis=0) / np.maximum(accepted.sum(axis=0), 1), 0.0)
    if not accepted.any():
        return None
    levels = np.unique(order)
    ranks = np.searchsorted(levels, order)
    for row, has in zip(table, accepted, strict=True):
        own, common = row[has], ranks[has]
        if ((own[:, None] < own[None, :]) != (common[:, None] < common[None, :])).any():
            return None
    return tuple(int(rank) for rank in ranks)


class Facts:
    """The values of variables on some inputs.

    Args:
        vocabulary: V, how many tokens there are.
        symbols: how many of them, the first, are no marks.
        places: how many positions there are, if the network can tell them apart, whatever the input; else 0.
    """

    def __init__(self, inputs: Inputs, vocabulary: int, symbols: int, places: int = 0) -> None:
        self.inputs, self.vocabulary, self.symbols, self.places = inputs, vocabulary, symbols, places
        self._codes: dict[Symbolic, Ints] = {}
        self._selected: dict[Selection, Bools] = {}
        self._at: dict[Selection, Ints] = {}
        self._graded: dict[Symbolic | Counts, Ints] = {}

    @cached_property
    def _causal(self) -> Bools:
        width = self.inputs.tokens.shape[1]
        made: Bools = np.tril(np.ones((width, width), dtype=np.bool_))
        return made

    @cached_property
    def _distance(self) -> Ints:
        at = np.arange(self.inputs.tokens.shape[1])
        return at[:, None] - at[None, :]

    def size(self, what: Symbolic) -> int:
        """How many values a variable has."""
        match what:
            case Tokens():
                return self.vocabulary
            case Ones():
                return 1
            case Place():
                return self.places
            case Ordinal(modulus):
                return modulus
            case Pair(one, other):
                return self.size(one) * self.size(other)
            case Copied(_, inner):
                return self.size(inner)
            case Number():
                return what.most + 1

    def codes(self, what: Symbolic) -> Ints:
        """[B, n]."""
        if what not in self._codes:
            match what:
                case Tokens():
                    made = self.inputs.tokens
                case Ones():
                    made = np.zeros_like(self.inputs.tokens)
                case Place():
                    at = np.arange(self.inputs.tokens.shape[1], dtype=np.int64)
                    made = np.broadcast_to(at, self.inputs.tokens.shape)
                case Ordinal(modulus):
                    at = np.arange(self.inputs.tokens.shape[1], dtype=np.int64) % modulus
                    made = np.broadcast_to(at, self.inputs.tokens.shape)
                case Pair(one, other):
                    made = self.codes(one) * self.size(other) + self.codes(other)
                case Number(where, inner, code, most):
                    made = np.minimum(self.counts(where, inner, (code,))[..., 0], most)
                case Copied(where, inner):
                    made = np.take_along_axis(self.codes(inner), self.at(where), axis=1)
            self._codes[what] = made
        return self._codes[what]

    def selected(self, where: Selection) -> Bools:
        """[B, n, n]: which positions each position selects."""
        if where not in self._selected:
            batch, width = self.inputs.tokens.shape
            allowed = np.broadcast_to(self._distance > 0 if where.before else self._causal, (batch, width, width))
            if where == FIRST:
                allowed = allowed & (np.arange(width) == 0)
            elif where.modulus:
                allowed = allowed & (self._distance % where.modulus == where.step)
            elif where.step is not None:
                allowed = allowed & (self._distance == where.step)
            if where.key is not None:
                table = np.array(where.ranks, dtype=np.int16)
                keys = self.codes(where.key)
                if where.query is None:
                    ranks = np.broadcast_to(table[0][keys][:, None, :], (batch, width, width))
                else:
                    ranks = table[self.codes(where.query)[:, :, None], keys[:, None, :]]
                ranks = np.where(allowed, ranks, np.int16(0))
                allowed = (ranks > 0) & (ranks == ranks.max(axis=2, keepdims=True))
            if len(self._selected) == MOST_SELECTIONS:
                del self._selected[next(iter(self._selected))]
            self._selected[where] = allowed
        return self._selected[where]

    def at(self, where: Selection) -> Ints:
        """[B, n] the last selected position, 0 where none is."""
        if where not in self._at:
            chosen = self.selected(where)
            if where.others:
                without = chosen & ~np.eye(chosen.shape[2], dtype=np.bool_)
                chosen = np.where(without.any(axis=2, keepdims=True), without, chosen)
            last = chosen.shape[2] - 1 - chosen[:, :, ::-1].argmax(axis=2)
            one = chosen.argmax(axis=2) if where.first else last
            self._at[where] = np.where(chosen.any(axis=2), one, 0)
        return self._at[where]

    def counts(self, where: Selection, what: Symbolic | None, codes: tuple[int, ...]) -> Ints:
        """[B, n, codes] how many selected positions have each of some values."""
        if what is None:
            return np.asarray(self.selected(where).sum(axis=2, dtype=np.int64)[..., None])
        held = self.codes(what)[:, :, None] == np.array(codes, dtype=np.int64)
        if where == Selection():
            return np.asarray(np.cumsum(held, axis=1))
        # Whole numbers below 2**24 are exact in float32.
        found = self.selected(where).astype(np.float32) @ held.astype(np.float32)
        return np.asarray(found.astype(np.int64))

    def graded(self, what: Symbolic | Counts) -> Ints:
        """[R] the values at graded positions, or [R, codes] the numbers."""
        if what not in self._graded:
            at = self.inputs.graded
            found = self.counts(what.where, what.what, what.codes) if isinstance(what, Counts) else self.codes(what)
            self._graded[what] = found[at]
        return self._graded[what]
