"""Formal languages: the tokens that may come next, by an automaton, and words drawn at random.

Each language is a deterministic automaton over its letters; a state from which no word can end is dead, and a letter
that leads there may not come. Words are not drawn uniformly, since nearly all would look alike: each language says how.

Source: Tomita (1982) for the seven; Huang et al. (arXiv 2602.08857) for the choice of languages and of words.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np

from tprog.errors import BadInput
from tprog.tasks.next_token.task import EOS, NextTokenTask
from tprog.tasks.rules import UNGRADED, Array

State: TypeAlias = Hashable
Random: TypeAlias = np.random.Generator
Draw: TypeAlias = Callable[[int, Random], Sequence[int]]
"""A length and a source of random numbers -> the letters of a word."""


_DEAD = -1
"""The state behind what no word begins with."""


@dataclass(frozen=True)
class Language(NextTokenTask):
    """A language as a task.

    Attributes:
        start: the automaton's state before the first letter.
        step: state, code of a letter -> the next state; None: no word begins so.
        ends: whether a word may end in a state.
        drawn: how words are drawn.
        lengths_of: whether there are words of a length.
    """

    start: State = 0
    step: Callable[..., State | None] = field(default=lambda state, letter: None, repr=False)
    ends: Callable[..., bool] = field(default=lambda state: True, repr=False)
    drawn: Draw = field(default=lambda length, random: (), repr=False)
    lengths_of: Callable[[int], bool] = field(default=lambda length: True, repr=False)

    @property
    def positions(self) -> int:
        return self.longest + 2

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        return self._tables[2]

    def fits(self, length: int) -> bool:
        return self.least <= length <= self.longest and self.lengths_of(length)

    def draw(self, length: int, random: Random) -> Array:
        return np.array(self.drawn(length, random), dtype=np.int64)

    def whole(self, x: Array) -> tuple[Array, Array]:
        """As `NextTokenTask.whole`; x need be no word, only the beginning of one."""
        following, class_of, _ = self._tables
        state, states = 0, [0]
        for index, letter in enumerate(x.tolist()):
            state = following[state][letter]
            if state == _DEAD:
                raise BadInput(f"no word of {self.name} begins with {self._shown(x[: index + 1])}")
            states.append(state)
        return np.array([self.bos, *x, self.eos]), np.array([*(class_of[each] for each in states), UNGRADED])

    def accepts(self, x: Array) -> bool:
        """Whether the letters are a word."""
        following, class_of, classes = self._tables
        state = 0
        for letter in x.tolist():
            state = following[state][letter]
            if state == _DEAD:
                return False
        return EOS in classes[class_of[state]]

    def walk(self, length: int, random: Random) -> Array:
        """The beginning of a word: letters that may come, each as likely as the others, until so many or none may."""
        following = self._tables[0]
        state = 0
        letters: list[int] = []
        while len(letters) < length and (legal := [c for c, after in enumerate(following[state]) if after != _DEAD]):
            letters.append(legal[random.integers(len(legal))])
            state = following[state][letters[-1]]
        return np.array(letters, dtype=np.int64)

    def predicted(self, logits: Array) -> Array:
        positive = logits > 0
        found = np.full(positive.shape[:-1], -1, dtype=np.int64)  # a set that is no class
        for index, row in enumerate(self.legal):
            found[(positive == row).all(axis=-1)] = index
        return found

    @cached_property
    def legal(self) -> Array:
        """[C, V] whether a class holds a token."""
        return np.array([[word in each for word in self.vocabulary] for each in self.classes])

    def _shown(self, x: Array) -> str:
        return "".join(self.symbols[letter] for letter in x.tolist())

    @cached_property
    def _tables(self) -> tuple[list[list[int]], list[int], tuple[tuple[str, ...], ...]]:
        """[state][letter] the next state, or `_DEAD`; the class of each state; the classes. State 0 is the start."""
        edges = self._edges()
        alive = self._alive(edges)
        order = {state: index for index, state in enumerate(each for each in edges if each in alive)}
        following = [[order.get(after, _DEAD) for after in edges[state]] for state in order]
        sets = [self._legal_after(state, row) for state, row in zip(order, following, strict=True)]
        classes = tuple(dict.fromkeys(sets))
        return following, [classes.index(each) for each in sets], classes

    def _alive(self, edges: Mapping[State, list[State | None]]) -> set[State]:
        """The states from which a word can still be ended."""
        alive = {state for state in edges if self.ends(state)}
        while more := {state for state in edges.keys() - alive if alive.intersection(edges[state])}:
            alive |= more
        return alive

    def _legal_after(self, state: State, following: Sequence[int]) -> tuple[str, ...]:
        """The tokens that may come in a state, from what follows on each letter."""
        letters = [word for word, after in zip(self.symbols, following, strict=True) if after != _DEAD]
        return (*letters, EOS) if self.ends(state) else tuple(letters)

    def _edges(self) -> dict[State, list[State | None]]:
        """Each state that can be reached -> the next one for each letter, None if there is none."""
        edges: dict[State, list[State | None]] = {}
        waiting = [self.start]
        while waiting:
            state = waiting.pop()
            if state not in edges:
                edges[state] = [self.step(state, letter) for letter in range(len(self.symbols))]
                waiting += [after for after in edges[state] if after is not None]
        return edges


# How words are drawn ##################################################################################################


def shuffled(counts: Sequence[int], random: Random) -> list[int]:
    """So many of each letter, in any order."""
    letters = np.repeat(np.arange(len(counts)), counts)
    random.shuffle(letters)
    return letters.tolist()


def parts(total: int, count: int, random: Random) -> list[int]:
    """Numbers that add up to a total: each anything up to what is left, the last the rest, then shuffled."""
    found: list[int] = []
    for _ in range(count - 1):
        found.append(int(random.integers(total - sum(found) + 1)))
    found.append(total - sum(found))
    random.shuffle(found)
    return found


def _blocks(letters: Sequence[int], least: int) -> Draw:
    """A run of each letter in turn, each at least so long."""

    def draw(length: int, random: Random) -> list[int]:
        runs = parts(length - least * len(letters), len(letters), random)
        return [letter for letter, run in zip(letters, runs, strict=True) for _ in range(run + least)]

    return draw


def _repeated(word: Sequence[int]) -> Draw:
    return lambda length, random: [*word] * (length // len(word))


def _tomita3(length: int, random: Random) -> list[int]:
    """Runs of random letters, short ones likelier; after an odd run of 1, zeros come in pairs."""
    word: list[int] = []
    ones = 0  # in the last run of 1
    while len(word) < length:
        left, letter = length - len(word), int(random.integers(2))
        pairs = letter == 0 and ones % 2 == 1
        if pairs and left == 1:
            letter, pairs = 1, False
        counts = np.arange(1 + pairs, left + 1, 1 + pairs)
        weights = left + 1 - counts
        run = int(random.choice(counts, p=weights / weights.sum()))
        if letter:
            ones = run + (ones if word and word[-1] == 1 else 0)
        word += [letter] * run
    return word


def _tomita4(length: int, random: Random) -> list[int]:
    word: list[int] = []
    for _ in range(length):
        word.append(1 if word[-2:] == [0, 0] else int(random.integers(2)))
    return word


def _tomita5(length: int, random: Random) -> list[int]:
    zeros = 2 * int(random.integers(length // 2 + 1))
    return shuffled((zeros, length - zeros), random)


def _tomita6(length: int, random: Random) -> list[int]:
    possible = [zeros for zeros in range(length + 1) if (2 * zeros - length) % 3 == 0]
    zeros = possible[random.integers(len(possible))]
    return shuffled((zeros, length - zeros), random)


def _dyck(deepest: int) -> Draw:
    """Up a random number of steps, as far as the depth and the length allow, then down a random number, and so on."""

    def draw(length: int, random: Random) -> list[int]:
        word: list[int] = []
        depth = 0
        while len(word) + depth < length:
            if word and word[-1] == 0:
                steps = int(random.integers(depth)) + 1
                word, depth = word + [1] * steps, depth - steps
            else:
                most = min(deepest - depth, (length - len(word) - depth) // 2)
                steps = int(random.integers(most)) + 1
                word, depth = word + [0] * steps, depth + steps
        return word + [1] * depth

    return draw


def _ab_d_bc(length: int, random: Random) -> list[int]:
    before = int(random.integers(length))
    a, c = (int(random.integers(part + 1)) for part in (before, length - 1 - before))
    return [*shuffled((a, before - a), random), 3, *shuffled((0, length - 1 - before - c, c), random)]


def _012_0_2(length: int, random: Random) -> list[int]:
    before = int(random.integers(length))
    return [*random.integers(3, size=before).tolist(), 0, *[2] * (length - 1 - before)]


# The languages ########################################################################################################


def _of_table(table: Sequence[Sequence[int | None]]) -> Callable[[int, int], int | None]:
    return lambda state, letter: table[state][letter]


def _even(length: int) -> bool:
    return length % 2 == 0


def _by_four(length: int) -> bool:
    return length % 4 == 0


def _dyck1(deepest: int) -> Language:
    def step(depth: int, letter: int) -> int | None:
        after = depth + 1 - 2 * letter
        return after if 0 <= after <= deepest else None

    return Language(
        f"dyck1_depth{deepest}",
        f"balanced brackets a and b, at most {deepest} deep",
        ("a", "b"),
        step=step,
        ends=lambda depth: depth == 0,
        drawn=_dyck(deepest),
        lengths_of=_even,
    )


_BITS = ("0", "1")

LANGUAGES: tuple[Language, ...] = (
    Language(
        "tomita1",
        "1*",
        _BITS,
        step=_of_table([[None, 0]]),
        drawn=_repeated([1]),
    ),
    Language(
        "tomita2",
        "(10)*",
        _BITS,
        step=_of_table([[None, 1], [0, None]]),
        ends=lambda state: state == 0,
        drawn=_repeated([1, 0]),
        lengths_of=_even,
    ),
    Language(
        "tomita3",
        "after an odd run of 1 no odd run of 0",
        _BITS,
        step=_of_table([[0, 1], [2, 0], [3, None], [2, 1]]),
        ends=lambda state: state != 2,
        drawn=_tomita3,
    ),
    Language(
        "tomita4",
        "no three 0 in a row",
        _BITS,
        step=_of_table([[1, 0], [2, 0], [None, 0]]),
        drawn=_tomita4,
    ),
    Language(
        "tomita5",
        "an even number of 0 and an even number of 1",
        _BITS,
        step=lambda state, letter: state ^ (1 << letter),
        ends=lambda state: state == 0,
        drawn=_tomita5,
        lengths_of=_even,
    ),
    Language(
        "tomita6",
        "as many 0 as 1, modulo 3",
        _BITS,
        step=lambda state, letter: (state + 1 - 2 * letter) % 3,
        ends=lambda state: state == 0,
        drawn=_tomita6,
        lengths_of=lambda length: length >= 3 and length % 2 == 1,
    ),
    Language(
        "tomita7",
        "0*1*0*1*",
        _BITS,
        step=_of_table([[0, 1], [2, 1], [2, 3], [None, 3]]),
        drawn=_blocks([0, 1, 0, 1], 0),
    ),
    *(_dyck1(deepest) for deepest in (2, 3, 4, 12)),
    Language(
        "aa_star",
        "(aa)*",
        ("a",),
        step=lambda state, letter: (state + 1) % 2,
        ends=lambda state: state == 0,
        drawn=_repeated([0]),
        lengths_of=_even,
    ),
    Language(
        "aaaa_star",
        "(aaaa)*",
        ("a",),
        step=lambda state, letter: (state + 1) % 4,
        ends=lambda state: state == 0,
        drawn=_repeated([0]),
        lengths_of=_by_four,
    ),
    Language(
        "abab_star",
        "(abab)*",
        ("a", "b"),
        step=lambda state, letter: (state + 1) % 4 if letter == state % 2 else None,
        ends=lambda state: state == 0,
        drawn=_repeated([0, 1]),
        lengths_of=_by_four,
    ),
    Language(
        "abcde",
        "a+b+c+d+e+",
        ("a", "b", "c", "d", "e"),
        least=5,
        start=-1,
        step=lambda state, letter: letter if letter in (state, state + 1) and letter >= 0 else None,
        ends=lambda state: state == 4,
        drawn=_blocks([0, 1, 2, 3, 4], 1),
    ),
    Language(
        "ab_d_bc",
        "{a,b}*d{b,c}*",
        ("a", "b", "c", "d"),
        step=_of_table([[0, 0, None, 1], [None, 1, 1, None]]),
        ends=lambda state: state == 1,
        drawn=_ab_d_bc,
    ),
    Language(
        "012_0_2",
        "{0,1,2}*02*",
        ("0", "1", "2"),
        step=_of_table([[1, 0, 0], [1, 0, 1]]),
        ends=lambda state: state == 1,
        drawn=_012_0_2,
    ),
)
"""Those of the paper."""
