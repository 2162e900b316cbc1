"""Variables from relations between codes, enumerated bottom-up, one of each value vector, and ranked by what they tell.

Sources: observational equivalence, Albarghouthi, Gulwani and Kincaid, CAV 2013; Udupa et al., TRANSIT, PLDI 2013;
minimum description length, Rissanen, Automatica 14, 1978.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import TypeAlias

import numpy as np

from tprog.ir.program import Mask
from tprog.run.attention import preference
from tprog.run.batch import Array, Bools
from trainer.search.regression import Floats, Graded

Level: TypeAlias = tuple[int, int]
"""A layer, and 1 if it stands behind the layer's heads; what is given is at (-1, 1)."""

_EXPANDED = 120
"""Symbols of a layer that heads read while features are derived; more are drawn from at random."""

TOLD = 4
"""Features, and pairs of features of each kind, that are reported."""

PARTNERS = 50
"""Features, the simplest, that others are paired with."""


@dataclass(frozen=True, eq=False)
class Feature:
    """A variable that a program has or could have, on some inputs.

    Attributes:
        codes: [B, n] codes of a symbol, or whole numbers; below `size`.
        level: the earliest at which its node may stand.
        kind: of its node's place, such as ``num_attn``; empty for a variable that the program has.
        reads: of a head its query, key and, unless that is ``ones``, its value; else the inputs.
        table: of a head [query, key] which keys are accepted; of a lookup, the code for each input or pair of them.
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


class Deriver:
    """Features from relations between codes: what heads count or copy whose predicate is a relation, layer by layer.

    Bottom-up enumeration: features that are the same on the inputs are kept once.
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
        self._expanded = _EXPANDED
        self._order = preference(present.shape[1])
        for feature in given:
            self._add(feature)

    def _add(self, feature: Feature) -> None:
        key = bytes([feature.numeric]) + np.where(self._present, feature.codes, -1).astype(np.int16).tobytes()
        if key not in self._seen:
            self._seen.add(key)
            self.features.append(feature)

    def derive(self, layers: int, wide: bool, rng: np.random.Generator) -> None:
        """Adds what heads and lookups of the layers yield.

        Args:
            wide: differences of numbers and pairs of symbols too.
        """
        self._expanded = _EXPANDED * (5 if wide else 1)
        for layer in range(layers):
            self._heads(layer, rng)
            if layer < layers - 1 and self._size:
                self._lookups(layer, wide, rng)

    def _of(self, numeric: bool, below: Level, rng: np.random.Generator, most: int = _EXPANDED) -> list[Feature]:
        """The features that a node at a level may read; not more than `most`, the simplest surely among them."""
        found = [f for f in self.features if f.numeric == numeric and f.level < below]
        if len(found) <= most:
            return found
        rest = found[most // 2 :]
        return [*found[: most // 2], *(rest[i] for i in sorted(rng.permutation(len(rest))[: most - most // 2]))]

    def _heads(self, layer: int, rng: np.random.Generator) -> None:
        symbols = self._of(False, (layer, 0), rng, self._expanded)
        relations = ("equal", "smaller", "larger")
        copied = [f for f in symbols if not f.kind]
        for own in symbols:
            codes = np.arange(own.size)
            tables = {
                "equal": codes[:, None] == codes,
                "smaller": codes[:, None] > codes,
                "larger": codes[:, None] < codes,
            }
            for relation in relations if self._sets else relations[:1]:
                for mask in self._windows:
                    matches = self._matches(own, own, tables[relation], mask)
                    self._count(own, tables[relation], mask, matches, layer)
                    if relation == "equal":
                        for value in copied:
                            self._copy(own, value, tables[relation], mask, matches, layer)
            if not own.kind and own.name != "positions":
                for accepted in self._key_sets(own.size):
                    table = np.broadcast_to(np.isin(codes, accepted), (own.size, own.size))
                    for mask in self._windows:
                        self._count(own, table, mask, self._matches(own, own, table, mask), layer)

    def _key_sets(self, size: int) -> Iterator[tuple[int, ...]]:
        yield from combinations(range(size), 1)
        if self._sets:
            yield from combinations(range(size), 2)

    def _matches(self, query: Feature, key: Feature, table: Bools, mask: Mask) -> Bools:
        found: Bools = table[query.codes[:, :, None], key.codes[:, None, :]]
        return found & self._windows[mask] & self._present[:, None, :]

    def _count(self, own: Feature, table: Bools, mask: Mask, matches: Bools, layer: int) -> None:
        counts = np.count_nonzero(matches, axis=2)
        size = matches.shape[2] + 1
        self._add(Feature(self._name(), counts, size, True, (layer, 0), "num_attn", (own, own), table, mask))

    def _copy(self, own: Feature, value: Feature, table: Bools, mask: Mask, matches: Bools, layer: int) -> None:
        codes = np.take_along_axis(value.codes, (matches * self._order).argmax(axis=2), axis=1)
        self._add(Feature(self._name(), codes, value.size, False, (layer, 0), "attn", (own, own, value), table, mask))

    def _lookups(self, layer: int, wide: bool, rng: np.random.Generator) -> None:
        numbers = self._of(True, (layer, 1), rng)
        for number in numbers:
            table = np.minimum(np.arange(number.size), self._size - 1)
            self._look(layer, "num_mlp", (number,), table)
        if not wide:
            return
        for first in numbers[: _EXPANDED // 2]:
            for second in numbers[: _EXPANDED // 2]:
                if first is not second:
                    apart = np.arange(first.size)[:, None] - np.arange(second.size)
                    table = np.clip(apart + self._size // 2, 0, self._size - 1)
                    self._look(layer, "num_mlp", (first, second), table)

    def _look(self, layer: int, kind: str, reads: tuple[Feature, ...], table: Array) -> None:
        codes = table[tuple(feature.codes for feature in reads)]
        self._add(Feature(self._name(), codes, self._size, False, (layer, 1), kind, reads, table))

    def telling(self, graded: Graded, said: Array, classes: int) -> list[Feature]:
        """The derived features, and lookups of two of all, that tell most about the right answers; the best first.

        Args:
            graded: of the inputs.
            said: [P] what is predicted already.

        Returns:
            features; a lookup's name is empty, and its table is still to be learned.
        """

        def cost(codes: Array, size: int) -> float:
            return description_length(codes * classes + said, size * classes, graded.labels, classes)

        shown = {feature.name: feature.codes.ravel()[graded.at] for feature in self.features}
        ranked = sorted(self.features, key=lambda feature: cost(shown[feature.name], feature.size))
        found = [feature for feature in ranked if feature.kind][:TOLD]
        for numeric, kind in ((True, "num_mlp"), (False, "mlp")):
            simple = [feature for feature in self.features if feature.numeric == numeric][:PARTNERS]
            pairs = [
                (cost(shown[first.name] * second.size + shown[second.name], first.size * second.size), first, second)
                for first in [feature for feature in ranked if feature.numeric == numeric][: 4 * PARTNERS]
                for second in simple
                if first is not second
            ]
            if numeric:
                for first in [feature for feature in ranked if feature.numeric][:TOLD]:
                    table = np.zeros(first.size, dtype=np.int64)
                    found.append(Feature("", first.codes, first.size, False, first.level, kind, (first,), table))
            for _, first, second in sorted(pairs, key=lambda pair: pair[0])[:TOLD]:
                table = np.zeros((first.size, second.size), dtype=np.int64)
                codes = first.codes * second.size + second.codes
                level = max(first.level, second.level)
                found.append(Feature("", codes, table.size, False, level, kind, (first, second), table))
        return found

    def _name(self) -> str:
        return f"derived {len(self.features)}"


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
