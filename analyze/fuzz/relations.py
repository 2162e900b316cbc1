"""Metamorphic relations: how the answers to two inputs must belong together, whoever computes them.

A relation turns an input into *follow-ups* and says what a right program answers there, given what it answers to the
input itself; so it finds faults where no right answers are known (Chen, Cheung, Yiu, "Metamorphic Testing",
HKUST-CS98-01). Those here are steps that generate all cases: exchanging two neighbours, for one, generates every
permutation, so a program that keeps its answers under all such steps on the whole domain keeps them under each
permutation. Sequences hold symbol codes, [input, place], all of one length; answers hold class codes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from analyze.fuzz.of_words import of_words
from analyze.fuzz.relation import UNSAID, FollowUp, Relation, Steps
from analyze.input_space import InputSpace
from tprog.errors import BadUsage
from tprog.run.batch import Array


def _swapped(x: Array, place: int) -> Array:
    """The sequences with the symbols at `place` and behind it exchanged."""
    y = x.copy()
    y[:, [place, place + 1]] = x[:, [place + 1, place]]
    return y


def _differing(x: Array, place: int) -> Array:
    return np.flatnonzero(x[:, place] != x[:, place + 1])


def _swap_keeps(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    for place in range(x.shape[1] - 1):
        rows = _differing(x, place)
        yield FollowUp(rows, _swapped(x[rows], place), answers[rows])


def _swap_moves(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    for place in range(x.shape[1] - 1):
        rows = _differing(x, place)
        yield FollowUp(rows, _swapped(x[rows], place), _swapped(answers[rows], place))


def _swap_repeats(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    earliest = (x[:, :, None] == x[:, None, :]).argmax(axis=2)
    first = earliest == np.arange(x.shape[1])
    for place in range(x.shape[1] - 1):
        rows = np.flatnonzero((x[:, place] != x[:, place + 1]) & ~(first[:, place] & first[:, place + 1]))
        yield FollowUp(rows, _swapped(x[rows], place), answers[rows])


def _backwards(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    yield FollowUp(np.arange(len(x)), x[:, ::-1], answers[:, ::-1])


def _mirror(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    codes = np.arange(len(space.symbols))[::-1]
    yield FollowUp(np.arange(len(x)), codes[x].astype(x.dtype), _renamed_classes(space, codes)[answers[:, ::-1]])


def _exchanges(space: InputSpace, first: int, last: int, step: int = 1, width: int = 1) -> Iterator[Array]:
    """Symbol code -> symbol code: two neighbouring groups of `width` symbols exchanged."""
    for low in range(first, last - 2 * width + 1, step):
        codes = np.arange(len(space.symbols))
        codes[low : low + 2 * width] = np.roll(codes[low : low + 2 * width], width)
        yield codes


def _renamed_classes(space: InputSpace, codes: Array) -> Array:
    """Class code -> class code, where the classes named as symbols are renamed with them; `UNSAID` stays."""
    classes = {word: code for code, word in enumerate(space.program.classes)}
    renamed = np.arange(len(classes) + 1)
    for code, word in enumerate(space.symbols):
        target = space.symbols[codes[code]]
        if word in classes and target in classes:
            renamed[classes[word]] = classes[target]
    renamed[-1] = UNSAID
    return renamed


def _renaming(exchanges: Callable[[InputSpace], Iterator[Array]]) -> Steps:
    def steps(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
        for codes in exchanges(space):
            y = codes[x].astype(x.dtype)
            rows = np.flatnonzero((y != x).any(axis=1))
            yield FollowUp(rows, y[rows], _renamed_classes(space, codes)[answers[rows]])

    return steps


def _prefix(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    n, every = x.shape[1], np.arange(len(x))
    for place in range(1, n):
        y = x.copy()
        y[:, place] = (x[:, place] + 1) % len(space.symbols)
        yield FollowUp(every, y, np.where(np.arange(n) < place, answers, UNSAID))
    if n > 1:
        yield FollowUp(every, x[:, :-1], answers[:, :-1])


def _move_pair(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    for place in range(x.shape[1] - 2):
        rows = np.flatnonzero((x[:, place] % 2 == 0) & (x[:, place + 1] == x[:, place] + 1))
        y = x[rows]
        y[:, place : place + 3] = y[:, [place + 2, place, place + 1]]
        unsaid = np.isin(np.arange(x.shape[1]), (place, place + 1))
        rows, y = rows[(y != x[rows]).any(axis=1)], y[(y != x[rows]).any(axis=1)]
        yield FollowUp(rows, y, np.where(unsaid, UNSAID, answers[rows]))


def _mismatch(space: InputSpace, x: Array, answers: Array) -> Iterator[FollowUp]:
    broken = space.program.classes.index("F")
    for place in range(x.shape[1]):
        rows = np.flatnonzero((x[:, place] % 2 == 1) & (answers[:, place] != broken))
        y = x[rows]
        y[:, place] = (y[:, place] + 2) % len(space.symbols)
        yield FollowUp(rows, y, np.where(np.arange(x.shape[1]) < place, answers[rows], broken))


_RENAME = _renaming(lambda space: _exchanges(space, 0, len(space.symbols)))
_LETTERS = _renaming(lambda space: _exchanges(space, 0, len(space.symbols) // 2))
_DIGITS = _renaming(lambda space: _exchanges(space, len(space.symbols) // 2, len(space.symbols)))
_TYPES = _renaming(lambda space: _exchanges(space, 0, len(space.symbols), step=2, width=2))

PREFIX = Relation("prefix", "an answer does not depend on what stands behind it", _prefix)

_SWAP_MOVES = Relation("swap", "exchanging two neighbours exchanges their answers", _swap_moves)
_RENAMED = Relation("rename", "renaming the symbols renames the answers that are symbols", _RENAME)
_MOVE_PAIR = Relation("move-pair", "moving a pair () behind the next bracket changes no later answer", _move_pair)

RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "sort": (
        Relation("swap", "exchanging two neighbours changes no answer", _swap_keeps),
        Relation("mirror", "turning the order of the symbols round turns the answers round", _mirror),
    ),
    "reverse": (Relation("backwards", "the input backwards gives the answers backwards", _backwards), _RENAMED),
    "hist": (_SWAP_MOVES, _RENAMED),
    "double_hist": (_SWAP_MOVES, _RENAMED),
    "most_freq": (
        Relation("swap", "exchanging two neighbours that do not both stand there first changes nothing", _swap_repeats),
        _RENAMED,
    ),
    "dyck1": (PREFIX, _MOVE_PAIR),
    "dyck2": (
        PREFIX,
        _MOVE_PAIR,
        Relation("types", "exchanging the types of bracket changes no answer", _TYPES),
        Relation("mismatch", "after a closing bracket of the wrong type, all answers are F", _mismatch),
    ),
    "induction": (
        PREFIX,
        Relation("rename-letters", "renaming the letters changes no answer", _LETTERS),
        Relation("rename-digits", "renaming the digits renames the answers", _DIGITS),
    ),
}
"""Task -> what holds of every right program for it, at any size."""


def relations_of(space: InputSpace) -> tuple[Relation, ...]:
    """The built-in relations of a program's task, and, where it declares that it is causal, `PREFIX`."""
    name = space.program.task if space.task is None else space.task.name
    found = (*RELATIONS.get(name or "", ()), *of_words(space))
    causal = space.program.causal or (space.task is not None and space.task.causal)
    return (PREFIX, *found) if causal and PREFIX not in found else found


def find_relation(space: InputSpace, name: str) -> Relation:
    """A built-in relation by name: `PREFIX`, or one of the program's task.

    Raises:
        BadUsage: there is none of that name.
    """
    known = {one.name: one for one in (PREFIX, *relations_of(space))}
    if name not in known:
        raise BadUsage(
            f"there is no relation {name!r} for this program; expected the path of a Python file, or one of "
            f"{', '.join(known)}"
        )
    return known[name]


def worth_trying(space: InputSpace, relations: Sequence[Relation]) -> tuple[tuple[Relation, ...], tuple[str, ...]]:
    """The relations that a program can break, each once, and what is to be said about the others."""
    kept, notes = [], []
    for one in dict.fromkeys(relations):
        if one == PREFIX and space.program.readout.pooled:
            notes.append(f"{one.name}: a pooled program has one answer, which depends on everything; left out")
        elif one == PREFIX and space.program.causal:
            notes.append(
                f"{one.name}: holds by construction, as each position of the program sees only what precedes it"
            )
        else:
            kept.append(one)
    if not kept:
        notes.append(f"no other relation is known for it: all that can be found are {space.noun}s that reach a hole")
    return tuple(kept), tuple(notes)
