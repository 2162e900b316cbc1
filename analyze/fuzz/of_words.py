"""Metamorphic relations of sentences: names exchanged for names, plain words for words of the same cluster.

What a person believes of a tagger that understands: who somebody is does not depend on the name, and one plain word
does as well as another that is like it. A relation that breaks shows a word that the program depends on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from analyze.fuzz.relation import FollowUp, Relation
from analyze.input_space import InputSpace, lengths_of
from tprog.ir.program import UNKNOWN
from tprog.run.batch import Array
from tprog.tasks.listed import Sentences

OUTSIDE = "O"
"""The tag of a word that is no part of a name."""

TRIED = 3
"""Names, or words, that are tried in the place of one."""

Span: TypeAlias = tuple[int, int, str]
"""A name in a sentence: where it begins, the place behind its end, and its kind."""


def spans(tags: Sequence[str]) -> list[Span]:
    """The names in a sentence by its IOB2 tags."""
    found: list[Span] = []
    for place, tag in enumerate(tags):
        mark, _, kind = tag.partition("-")
        if mark == "B":
            found.append((place, place + 1, kind))
        elif mark == "I" and found and found[-1][1:] == (place, kind):
            found[-1] = (found[-1][0], place + 1, kind)
    return found


def of_words(space: InputSpace) -> tuple[Relation, ...]:
    """The relations of a corpus with tags; none of anything else."""
    if space.task is None or space.task.pooled or not isinstance(space.task.domain, Sentences):
        return ()
    found = []
    if any(tag.startswith("B-") for tag in space.task.classes):
        found.append(NAMES)
    if any(node.words is not None for node in space.program.nodes):
        found.append(CLUSTER)
    return tuple(found)


def _tags(space: InputSpace, x: Array) -> list[list[str]]:
    """The right tags of sentences of one length, as the corpus has them; of one that it does not know, none."""
    assert space.task is not None
    first, classes = space.program.marks.first, (*space.program.classes, OUTSIDE)
    expected = space.task.expected(space.batch(x))[:, first : first + x.shape[1]]
    return [[classes[code] if code >= 0 else OUTSIDE for code in row] for row in expected.tolist()]


@dataclass(frozen=True)
class _Known:
    """What a corpus shows.

    Attributes:
        names: kind and length -> its names, by their symbols. What is ``<unk>`` to the program stands in none: nobody
            could type it.
        neighbours: symbol that is never in a name -> what it was seen between; a name there is known by its kind.
    """

    names: Mapping[tuple[str, int], list[tuple[int, ...]]]
    neighbours: Mapping[int, set[tuple[object, object]]]


@lru_cache(maxsize=4)
def _known(space: InputSpace) -> _Known:
    names: defaultdict[tuple[str, int], dict[tuple[int, ...], None]] = defaultdict(dict)
    neighbours: defaultdict[int, set[tuple[object, object]]] = defaultdict(set)
    unknown = {code for code, word in enumerate(space.symbols) if word == UNKNOWN}
    named = set(unknown)
    lengths = lengths_of(space.every)
    for length in np.unique(lengths).tolist():
        x = space.every[lengths == length][:, :length]
        for row, tags in zip(x.tolist(), _tags(space, x), strict=True):
            for begin, end, kind in spans(tags):
                if unknown.isdisjoint(row[begin:end]):
                    names[kind, end - begin][tuple(row[begin:end])] = None
            named |= {code for code, tag in zip(row, tags, strict=True) if tag != OUTSIDE}
            for code, beside in _beside(row, tags):
                neighbours[code].add(beside)
    plain = {code: seen for code, seen in neighbours.items() if code not in named}
    return _Known({key: list(found) for key, found in names.items()}, plain)


def _beside(row: Sequence[int], tags: Sequence[str]) -> Iterator[tuple[int, tuple[object, object]]]:
    """Each symbol of a sentence and what it stands between: symbols, kinds of names, None at the ends."""
    seen: list[object] = [None, *(c if t == OUTSIDE else t[2:] for c, t in zip(row, tags, strict=True)), None]
    for place, code in enumerate(row):
        yield code, (seen[place], seen[place + 2])


def _names(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    known = _known(space).names
    every = [spans(tags) for tags in _tags(space, x)]
    for nth in range(max(map(len, every), default=0)):
        for turn in range(TRIED):
            rows, made = [], []
            for row, found in enumerate(every):
                if nth < len(found):
                    begin, end, kind = found[nth]
                    own = tuple(x[row, begin:end].tolist())
                    others = [name for name in known.get((kind, end - begin), ()) if name != own]
                    if turn < len(others):
                        changed = x[row].copy()
                        # Another start in each sentence, which follows from it alone: all names get their turn.
                        changed[begin:end] = others[(turn + int(x[row].sum())) % len(others)]
                        rows.append(row)
                        made.append(changed)
            if rows:
                yield FollowUp(np.array(rows), np.array(made), answers[rows])


def _cluster(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    for follows in _exchanges(space):
        for place in range(x.shape[1]):
            rows = np.flatnonzero(follows[x[:, place]] != x[:, place])
            changed = x[rows].copy()
            changed[:, place] = follows[changed[:, place]]
            if len(rows):
                yield FollowUp(rows, changed, answers[rows])


@lru_cache(maxsize=4)
def _exchanges(space: InputSpace) -> tuple[Array, ...]:
    """Of each embedding [symbol]: the next word of its cluster that was seen where it was; itself if there is none."""
    neighbours = _known(space).neighbours
    codes = {word: code for code, word in enumerate(space.program.vocabulary)}
    found = []
    for node in space.program.nodes:
        if node.words is None:
            continue
        clusters: defaultdict[object, list[int]] = defaultdict(list)
        for symbol in sorted(neighbours):
            clusters[node.words[codes[space.symbols[symbol]]]].append(symbol)
        follows = np.arange(len(space.symbols))
        for words in clusters.values():
            for at, word in enumerate(words):
                others = (other for other in (*words[at + 1 :], *words[:at]) if neighbours[word] & neighbours[other])
                follows[word] = next(others, word)
        found.append(follows)
    return tuple(found)


NAMES = Relation(
    "names", "another name of the same kind and length in the place of one changes no answer", _names, beyond=True
)
CLUSTER = Relation(
    "cluster",
    "another word of its cluster in the place of one, both seen between the same neighbours and in no name, changes "
    "no answer",
    _cluster,
    beyond=True,
)
