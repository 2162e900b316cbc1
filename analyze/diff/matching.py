"""Which nodes of two programs belong together: by what they compute, not by name or place.

In this order: equal values on all inputs looked at; equal up to a one-to-one renaming of the values; then the
assignment with the most agreeing values, solved exactly, among pairs that agree clearly more than chance.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analyze.comparison import Pair
from tprog.ir.program import Symbols
from tprog.run.batch import Array, Batch

KAPPA = 0.5
"""The least agreement of similar nodes, as Cohen's kappa ("A Coefficient of Agreement for Nominal Scales", 1960): 0 is
chance, 1 is equality. Raw agreement would match any two nodes that mostly have one value."""

MATCHED_AT_ONCE = 2048
"""Inputs executed at once: the values of all nodes of both programs are held together."""

Kind: TypeAlias = Literal["equal", "renamed", "similar"]

Chunk: TypeAlias = tuple[Mapping[str, Array], Mapping[str, Array]]
"""For each program: node -> its values, in common codes, at all places that are compared."""


@dataclass(frozen=True)
class Match:
    """Two nodes.

    Attributes:
        agreeing, places: of how many (input, position) pairs the values agree, and of how many in all.
        renaming: for ``renamed``, the code of `a` -> the code of `b`.
    """

    kind: Kind
    a: str
    b: str
    agreeing: int
    places: int
    renaming: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Matching:
    """The matches, and for nodes left over a node of the other program with the same values, if there is one."""

    matches: tuple[Match, ...]
    twins: Mapping[tuple[str, str], str]
    left_out: int


class _Stream:
    """The values of one node, chunk by chunk: a digest of them, and one that renaming does not change."""

    def __init__(self, categorical: bool) -> None:
        self.categorical = categorical
        self.exact, self.shape = blake2b(digest_size=32), blake2b(digest_size=32)
        self.labels: dict[int, int] = {}  # code -> how many other codes occurred before it

    def add(self, codes: Array) -> None:
        codes = codes.astype(np.int64)
        self.exact.update(codes.tobytes())
        found, first, at = np.unique(codes, return_index=True, return_inverse=True)
        for code in found[np.argsort(first)].tolist():
            self.labels.setdefault(code, len(self.labels))
        labels = np.array([self.labels[code] for code in found.tolist()], dtype=np.int64)
        self.shape.update(labels[at].tobytes())

    @property
    def values(self) -> tuple[bool, bytes]:
        return self.categorical, self.exact.digest()

    @property
    def renamed(self) -> tuple[bool, bytes]:
        return self.categorical, self.shape.digest()


def match_nodes(pair: Pair, batch_a: Batch, batch_b: Batch) -> Matching:
    """Match the nodes of two programs on the same inputs, each in the program's codes."""
    streams = {
        (side, node.name): _Stream(isinstance(program.variables[node.name].domain, Symbols))
        for side, program in (("a", pair.a), ("b", pair.b))
        for node in program.nodes
    }
    places = left_out = 0
    for chunk, lost in _chunks(pair, batch_a, batch_b):
        left_out += lost
        for side, values in zip("ab", chunk, strict=True):
            for name, codes in values.items():
                streams[side, name].add(codes)
        places += len(next((codes for values in chunk for codes in values.values()), ()))
    if not places:
        return Matching((), {}, left_out)
    matches = _same_digest(pair, streams, "equal", (), places)
    twins = _twins(pair, streams, matches)
    matches += _same_digest(pair, streams, "renamed", matches, places)
    matches += _similar(pair, streams, matches, places, batch_a, batch_b)
    return Matching(tuple(matches), twins, left_out)


def _chunks(pair: Pair, batch_a: Batch, batch_b: Batch) -> Iterator[tuple[Chunk, int]]:
    """The values of all nodes where neither program reaches a hole, and how many inputs reach one."""
    for _, run_a, run_b in pair.runs(batch_a, batch_b, MATCHED_AT_ONCE):
        at = pair.computed(run_a, run_b)
        values_a = {node.name: pair.values_of(run_a, run_b, "a", node.name)[at] for node in pair.a.nodes}
        values_b = {node.name: pair.values_of(run_a, run_b, "b", node.name)[at] for node in pair.b.nodes}
        yield (values_a, values_b), int((run_a.in_hole | run_b.in_hole).sum())


_Streams: TypeAlias = Mapping[tuple[str, str], _Stream]


def _left(pair: Pair, matches: list[Match] | tuple[Match, ...]) -> tuple[list[str], list[str]]:
    done_a, done_b = {match.a for match in matches}, {match.b for match in matches}
    return (
        [node.name for node in pair.a.nodes if node.name not in done_a],
        [node.name for node in pair.b.nodes if node.name not in done_b],
    )


def _same_digest(
    pair: Pair, streams: _Streams, kind: Literal["equal", "renamed"], done: list[Match] | tuple[Match, ...], places: int
) -> list[Match]:
    """Pairs with the same digest; of several, those of the same name, then of the same kind of node, then in order."""
    left_a, left_b = _left(pair, done)
    found = []
    for same_name, same_kind in ((True, True), (True, False), (False, True), (False, False)):
        for a in list(left_a):
            one = streams["a", a]
            if kind == "renamed" and (not one.categorical or len(one.labels) == 1):
                continue  # any two constants are renamings of each other, which says nothing
            partner = next((b for b in left_b if _may_match(pair, streams, kind, (a, b), same_name, same_kind)), None)
            if partner is not None:
                found.append(_match(streams, kind, (a, partner), places))
                left_a.remove(a)
                left_b.remove(partner)
    return found


def _match(streams: _Streams, kind: Literal["equal", "renamed"], nodes: tuple[str, str], places: int) -> Match:
    """Two nodes that are equal, or so once the values of the first have other names."""
    a, b = nodes
    if kind == "equal":
        return Match(kind, a, b, places, places)
    return Match(kind, a, b, 0, places, dict(zip(streams["a", a].labels, streams["b", b].labels, strict=True)))


def _may_match(
    pair: Pair, streams: _Streams, kind: str, nodes: tuple[str, str], same_name: bool, same_kind: bool
) -> bool:
    """Whether two nodes have the same digest and, where that is asked, name and kind."""
    a, b = nodes
    if (same_name and a != b) or (same_kind and type(pair.a.by_name[a]) is not type(pair.b.by_name[b])):
        return False
    one, other = streams["a", a], streams["b", b]
    return one.values == other.values if kind == "equal" else one.renamed == other.renamed


def _twins(pair: Pair, streams: _Streams, matches: list[Match]) -> dict[tuple[str, str], str]:
    left_a, left_b = _left(pair, matches)
    found: dict[tuple[str, str], str] = {}
    for side, names, other in (("a", left_a, "b"), ("b", left_b, "a")):
        for name in names:
            for match in matches:
                twin = match.b if other == "b" else match.a
                if streams[other, twin].values == streams[side, name].values:
                    found.setdefault((side, name), twin)
    return found


def _similar(
    pair: Pair, streams: _Streams, done: list[Match], places: int, batch_a: Batch, batch_b: Batch
) -> list[Match]:
    left_a, left_b = _left(pair, done)
    if not (left_a and left_b):
        return []
    agreeing = np.zeros((len(left_a), len(left_b)), dtype=np.int64)
    cells = [((row, column), a, b) for row, a in enumerate(left_a) for column, b in enumerate(left_b)]
    counts: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for chunk, _ in _chunks(pair, batch_a, batch_b):
        for side, names, values in zip("ab", (left_a, left_b), chunk, strict=True):
            for name in names:
                counts[side, name].update(_counted(values[name]))
        for at, a, b in cells:
            if streams["a", a].categorical == streams["b", b].categorical:
                agreeing[at] += np.count_nonzero(chunk[0][a] == chunk[1][b])
    weights = agreeing.copy()
    for at, a, b in cells:
        if _kappa(int(agreeing[at]), places, counts["a", a], counts["b", b]) < KAPPA:
            weights[at] = 0
    return [
        Match("similar", left_a[row], left_b[column], int(agreeing[row, column]), places)
        for row, column in heaviest(weights)
    ]


def _counted(values: Array) -> dict[int, int]:
    """value -> how often it is there."""
    codes, often = np.unique(values, return_counts=True)
    return dict(zip(codes.tolist(), often.tolist(), strict=True))


def _kappa(agreeing: int, places: int, a: Counter[int], b: Counter[int]) -> float:
    by_chance = sum(often * b[code] for code, often in a.items()) / places**2
    return (agreeing / places - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0


def heaviest(weights: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The one-to-one assignment of rows to columns with the greatest sum of weights; pairs of weight 0 are left out.

    By shortest augmenting paths (Kuhn 1955, Munkres 1957; in the form of Jonker, Volgenant 1987), in whole numbers.
    """
    flipped = weights.shape[0] > weights.shape[1]
    cost = -(weights.T if flipped else weights).astype(np.int64)
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows, dtype=np.int64), np.zeros(columns, dtype=np.int64)
    owner = np.full(columns, -1)
    far = np.iinfo(np.int64).max // 4
    for start in range(rows):
        distance, came_from = np.full(columns, far), np.full(columns, -1)
        open_columns = np.ones(columns, dtype=np.bool_)
        row, reached, base, paid = start, -1, 0, {start: 0}
        while True:
            reduced = base + cost[row] - row_price[row] - column_price
            better = open_columns & (reduced < distance)
            distance[better], came_from[better] = reduced[better], reached
            reached = int(np.where(open_columns, distance, far).argmin())
            base = int(distance[reached])
            open_columns[reached] = False
            if owner[reached] < 0:
                break
            row = int(owner[reached])
            paid[row] = base
        for row, at in paid.items():
            row_price[row] += base - at
        closed = ~open_columns
        column_price[closed] -= base - distance[closed]
        while reached >= 0:
            before = int(came_from[reached])
            owner[reached] = owner[before] if before >= 0 else start
            reached = before
    found = [(int(row), column) for column, row in enumerate(owner) if row >= 0 and cost[row, column] < 0]
    return sorted((column, row) if flipped else (row, column) for row, column in found)
