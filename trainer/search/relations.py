"""Variables from relations between codes, enumerated bottom-up, one of each value vector, and ranked by what they tell.

Sources: observational equivalence, Albarghouthi, Gulwani and Kincaid, CAV 2013; Udupa et al., TRANSIT, PLDI 2013;
minimum description length, Rissanen, Automatica 14, 1978.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations, permutations, product
from typing import TypeAlias

import numpy as np

from tprog.ir.program import Mask
from tprog.minimise import Floats
from tprog.run.attention import preference
from tprog.run.batch import Array, Bools
from tprog.text.relations import EQUAL, GREATER, SMALLER
from trainer.search.regression import Graded

Level: TypeAlias = tuple[int, int]
"""A layer, and 1 if it stands behind the layer's heads; what is given is at (-1, 1)."""

EXPANDED = 600
"""Symbols that the heads of a layer compare; of more, half are the simplest, the others drawn at random. Each takes an
array [B, n, n] for each relation and mask."""

COMPARED = 120
"""Numbers that the lookups of a layer turn into symbols; chosen as the symbols are."""

SUBTRACTED = 60
"""Numbers among them, the first, of which every two are subtracted: the pairs grow squared."""

TOLD = 4
"""Features, and pairs of features of each kind, that are reported: for each, a readout is fitted to the sample."""

PARTNERS = 50
"""Features, the simplest, that others are paired with."""

BESIDE = 200
"""Features, those that tell most alone, that are paired."""


@dataclass(frozen=True, eq=False)
class Feature:
    """A variable that a program has or could have, on some inputs.

    Attributes:
        codes: [B, n] codes of a symbol, or whole numbers; below `size`.
        level: the earliest at which its node may stand.
        kind: of its node's place, such as ``num_attn``; empty for a variable that the program has.
        reads: of a head its query, key and, unless that is ``ones``, its value; else the inputs.
        table: of a head [query, key] which keys are accepted; of a lookup, the code for each input or pair of them.
        unlearned: a lookup whose table is still to be learned; `codes` are its cells.
    """

    name: str
    codes: Array
    size: int
    numeric: bool
    level: Level
    kind: str = ""
    reads: tuple[Feature, ...] = ()
    table: Array | None = None
    mask: Mask = "all"
    unlearned: bool = False


class Relations:
    """Features from relations between codes: what heads count or copy whose predicate is a relation, layer by layer.

    Of features that are the same on the inputs, the first is kept.
    """

    def __init__(
        self, given: Sequence[Feature], windows: Mapping[Mask, Bools], present: Bools, size: int, sets: bool
    ) -> None:
        """
        Args:
            given: the variables that there are.
            windows: mask -> [query, key].
            present: [B, n] within the inputs.
            size: symbols that a lookup may answer; 0: there are no lookups.
            sets: whether a row of a predicate may accept any number of keys.
        """
        self.features, self._seen = list[Feature](), set[bytes]()
        self._windows, self._present, self._size, self._sets = windows, present, size, sets
        self._order = preference(present.shape[1])
        for feature in given:
            self._add(feature)

    def _add(self, feature: Feature) -> None:
        key = bytes([feature.numeric]) + np.where(self._present, feature.codes, -1).astype(np.int16).tobytes()
        if key not in self._seen:
            self._seen.add(key)
            self.features.append(feature)

    def derive(self, layers: int, rng: np.random.Generator) -> None:
        """Adds what heads and lookups of the layers yield."""
        for layer in range(layers):
            self._heads(layer, rng)
            if layer < layers - 1 and self._size:
                self._lookups(layer, rng)

    def _of(self, numeric: bool, below: Level, rng: np.random.Generator, most: int) -> list[Feature]:
        """The features that a node at a level may read; not more than `most`, the simplest surely among them."""
        found = [feature for feature in _alike(self.features, numeric) if feature.level < below]
        if len(found) <= most:
            return found
        rest = found[most // 2 :]
        return [*found[: most // 2], *(rest[i] for i in sorted(rng.permutation(len(rest))[: most - most // 2]))]

    # Heads

    def _heads(self, layer: int, rng: np.random.Generator) -> None:
        symbols = self._of(False, (layer, 0), rng, EXPANDED)
        copied = [feature for feature in symbols if not feature.kind]
        for own in symbols:
            codes = np.arange(own.size)
            for mask in self._windows:
                self._equal(own, EQUAL.holds(codes[:, None], codes), mask, copied, layer)
            if self._sets:
                for relation in (SMALLER, GREATER):
                    self._counts(own, relation.holds(codes[:, None], codes), layer)
            if not own.kind and own.name != "positions":
                for accepted in self._key_sets(own.size):
                    table = np.broadcast_to(np.isin(codes, accepted), (own.size, own.size))
                    self._counts(own, table, layer)

    def _equal(self, own: Feature, table: Bools, mask: Mask, copied: Sequence[Feature], layer: int) -> None:
        """How often the symbol stands there, and what stands at the nearest such place."""
        matches = self._matches(own, table, mask)
        self._count(own, table, mask, matches, layer)
        for value in copied:
            self._copy(own, value, table, mask, matches, layer)

    def _counts(self, own: Feature, table: Bools, layer: int) -> None:
        for mask in self._windows:
            self._count(own, table, mask, self._matches(own, table, mask), layer)

    def _key_sets(self, size: int) -> Iterator[tuple[int, ...]]:
        yield from combinations(range(size), 1)
        if self._sets:
            yield from combinations(range(size), 2)

    def _matches(self, own: Feature, table: Bools, mask: Mask) -> Bools:
        """[B, query, key] where a head sees a key that it accepts."""
        found: Bools = table[own.codes[:, :, None], own.codes[:, None, :]]
        return found & self._windows[mask] & self._present[:, None, :]

    def _count(self, own: Feature, table: Bools, mask: Mask, matches: Bools, layer: int) -> None:
        counts = np.count_nonzero(matches, axis=2)
        size = matches.shape[2] + 1
        self._add(Feature(self._name(), counts, size, True, (layer, 0), "num_attn", (own, own), table, mask))

    def _copy(self, own: Feature, value: Feature, table: Bools, mask: Mask, matches: Bools, layer: int) -> None:
        codes = np.take_along_axis(value.codes, (matches * self._order).argmax(axis=2), axis=1)
        self._add(Feature(self._name(), codes, value.size, False, (layer, 0), "attn", (own, own, value), table, mask))

    # Lookups

    def _lookups(self, layer: int, rng: np.random.Generator) -> None:
        """Numbers as symbols, and the differences of two."""
        numbers = self._of(True, (layer, 1), rng, COMPARED)
        for number in numbers:
            self._look(layer, (number,), np.minimum(np.arange(number.size), self._size - 1))
        for first, second in permutations(numbers[:SUBTRACTED], 2):
            apart = np.arange(first.size)[:, None] - np.arange(second.size)
            self._look(layer, (first, second), np.clip(apart + self._size // 2, 0, self._size - 1))

    def _look(self, layer: int, reads: tuple[Feature, ...], table: Array) -> None:
        codes = table[tuple(feature.codes for feature in reads)]
        self._add(Feature(self._name(), codes, self._size, False, (layer, 1), "num_mlp", reads, table))

    def _name(self) -> str:
        return f"derived {len(self.features)}"

    # What they tell

    def telling(self, graded: Graded, said: Array, classes: int) -> list[Feature]:
        """The derived features, and lookups of two of all, that tell most about the right answers; the best first.

        Args:
            graded: of the inputs.
            said: [P] what is predicted already.
        """
        shown = {feature.name: feature.codes.ravel()[graded.at] for feature in self.features}

        def cost(*read: Feature) -> float:
            codes, size = said, classes
            for feature in read:
                codes, size = shown[feature.name] * size + codes, size * feature.size
            return description_length(codes, size, graded.labels, classes)

        ranked = sorted(self.features, key=cost)
        found = [feature for feature in ranked if feature.kind][:TOLD]
        found += [_lookup(feature) for feature in _alike(ranked, True)[:TOLD]]
        for numeric in (True, False):
            tell_most, simple = _alike(ranked, numeric)[:BESIDE], _alike(self.features, numeric)[:PARTNERS]
            pairs = [pair for pair in product(tell_most, simple) if pair[0] is not pair[1]]
            found += [_lookup(*pair) for pair in sorted(pairs, key=lambda pair: cost(*pair))[:TOLD]]
        return found


def _alike(features: Sequence[Feature], numeric: bool) -> list[Feature]:
    return [feature for feature in features if feature.numeric == numeric]


def _lookup(*reads: Feature) -> Feature:
    """A lookup of features of one kind, its table still to be learned."""
    cells, shape = np.zeros((), dtype=np.int64), tuple(feature.size for feature in reads)
    for feature in reads:
        cells = cells * feature.size + feature.codes
    kind, level = "num_mlp" if reads[0].numeric else "mlp", max(feature.level for feature in reads)
    table = np.zeros(shape, dtype=np.int64)
    return Feature("a lookup", cells, table.size, False, level, kind, reads, table, unlearned=True)


def description_length(cells: Array, count: int, labels: Array, classes: int) -> float:
    """What the labels [P] cost, in nats, told cell by cell, and the telling of the cells' answers with them."""
    seen = np.bincount(cells * classes + labels, minlength=count * classes).reshape(count, classes)
    total, logs = seen.sum(axis=1), _x_log_x(len(labels) + 1)
    cost = logs[total].sum() - logs[seen].sum() + 0.5 * np.log(max(len(labels), 2)) * np.count_nonzero(seen)
    return float(cost)


@cache
def _x_log_x(count: int) -> Floats:
    numbers = np.arange(count, dtype=float)
    found: Floats = numbers * np.log(np.maximum(numbers, 1))
    return found
