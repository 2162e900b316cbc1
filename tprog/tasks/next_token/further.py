"""Twelve tasks of our own, of the same two kinds: what a method that grew on the others is judged by.

They were written down before any model of them was decompiled, and are not to be changed for a method's sake. The first
eight have been looked at since, when the method was mended; the four of `LATER` came then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from string import ascii_lowercase
from typing import TypeAlias

import numpy as np

from tprog.tasks.next_token.answers import Answer, different, distinct, numbers, until
from tprog.tasks.next_token.languages import Language
from tprog.tasks.next_token.task import LONGEST, NextTokenTask
from tprog.tasks.rules import Array

Random: TypeAlias = np.random.Generator

_AROUND = 60  # numbers of the modulo counter: the longest answer goes around once
_SMALL = 30  # numbers of the small sort


def _counted(x: list[int]) -> list[int] | None:
    """From the first number to the second, past the largest number to 0 where need be."""
    return [(x[0] + step) % _AROUND for step in range((x[1] - x[0]) % _AROUND + 1)] if len(x) == 2 else None


def _around(length: int, random: Random) -> list[int]:
    first = int(random.integers(_AROUND))
    return [first, (first + length - 1) % _AROUND]


def _second(x: list[int]) -> list[int] | None:
    """The symbol that only one other beats, no ties among the first three."""
    counts = Counter(x).most_common(3)
    clear = all(one[1] > other[1] for one, other in pairwise(counts))
    return [counts[1][0]] if len(counts) > 1 and clear else None


def _last_repeated(x: list[int]) -> list[int] | None:
    again = [code for index, code in enumerate(x) if code in x[:index]]
    return again[-1:] or None


def _repeating(length: int, random: Random) -> Array:
    """Different tokens, one to three of which are then replaced by one that stands before it."""
    x: Array = random.permutation(LONGEST)[:length]
    for _ in range(int(random.integers(1, 4))):
        at = int(random.integers(1, length))
        x[at] = x[random.integers(at)]
    return x


def _b_only_after_a(length: int, random: Random) -> list[int]:
    """The first a anywhere, or, as often as one place, nowhere."""
    first = int(random.integers(length + 1))
    rest = random.integers(3, size=max(0, length - first - 1)).tolist()
    return [*[2] * first, *([0] if first < length else []), *rest]


_OPEN, _DEEPEST = (0, 2), 2  # codes of ( and [, each before the code of what closes it


def _closing(stack: tuple[int, ...], letter: int) -> tuple[int, ...] | None:
    if letter in _OPEN:
        return (*stack, letter) if len(stack) < _DEEPEST else None
    return stack[:-1] if stack and stack[-1] == letter - 1 else None


def _two_kinds(length: int, random: Random) -> list[int]:
    """At each place up or down alike, where both are possible."""
    word: list[int] = []
    stack: list[int] = []
    while len(word) < length:
        down = bool(stack) and (len(stack) in (_DEEPEST, length - len(word)) or bool(random.integers(2)))
        if down:
            word.append(stack.pop() + 1)
        else:
            stack.append(_OPEN[random.integers(2)])
            word.append(stack[-1])
    return word


FURTHER: tuple[NextTokenTask, ...] = (
    Answer(
        "modulo_count",
        "from the first number to the second, 0 after 59",
        numbers(_AROUND),
        longest=_AROUND,
        rule=_counted,
        drawn=_around,
        most=_AROUND + 2,
    ),
    Answer(
        "third_token",
        "the third letter",
        tuple(ascii_lowercase),
        least=3,
        rule=lambda x: [x[2]] if len(x) > 2 else None,
        drawn=lambda length, random: random.integers(26, size=length),
        most=LONGEST + 1,
        ended=False,
    ),
    Answer(
        "shifted_copy",
        "different tokens once more, without the first",
        numbers(LONGEST),
        rule=lambda x: x[1:] if different(x) and x else None,
        drawn=distinct(LONGEST),
        most=2 * LONGEST - 1,
    ),
    Language(
        "two_brackets",
        "balanced brackets of two kinds, at most 2 deep",
        ("(", ")", "[", "]"),
        start=(),
        step=_closing,
        ends=lambda stack: not stack,
        drawn=_two_kinds,
        lengths_of=lambda length: length % 2 == 0,
    ),
    Language(
        "a_before_b",
        "a, b and c, but no b before the first a",
        ("a", "b", "c"),
        step=lambda seen, letter: None if letter == 1 and not seen else int(seen or letter == 0),
        drawn=_b_only_after_a,
    ),
    Answer(
        "second_most_frequent",
        "the letter that stands second most often, where the first two are clear",
        tuple(ascii_lowercase[:8]),
        least=3,
        rule=_second,
        drawn=until(_second, 8),
        most=LONGEST + 1,
        ended=False,
    ),
    Answer(
        "small_sort",
        "different numbers below 30 in order",
        numbers(_SMALL),
        longest=_SMALL,
        rule=lambda x: sorted(x) if different(x) else None,
        drawn=distinct(_SMALL),
        most=2 * _SMALL,
    ),
    Answer(
        "last_repeated",
        "the last token that stands before it too",
        numbers(LONGEST),
        least=2,
        rule=_last_repeated,
        drawn=_repeating,
        most=LONGEST + 1,
        ended=False,
    ),
)
"""In the order in which they were thought of."""


_LATER = 60  # the longest input of these tasks: trained on a third of it, which goes fast on a processor


def _same_ends(length: int, random: Random) -> list[int]:
    """Any letters, the first of which stands at the end once more."""
    word = random.integers(3, size=length).tolist()
    return [*word[:-1], word[0]]


def _without_aba(state: int, letter: int) -> int | None:
    """States: behind nothing of it, behind a, behind ab."""
    if letter == 0:
        return None if state == 2 else 1
    return 2 if state == 1 else 0


def _never_more_b(length: int, random: Random) -> list[int]:
    """At each place a or b alike, where b is possible."""
    word: list[int] = []
    ahead = 0
    for _ in range(length):
        letter = int(random.integers(2)) if ahead else 0
        word, ahead = [*word, letter], ahead + 1 - 2 * letter
    return word


def _walked(step: Callable[[int, int], int | None]) -> Callable[[int, Random], list[int]]:
    """At each place one of the two letters that may come, both alike."""

    def draw(length: int, random: Random) -> list[int]:
        word: list[int] = []
        state: int | None = 0
        for _ in range(length):
            assert state is not None
            possible = [letter for letter in range(2) if step(state, letter) is not None]
            word.append(possible[random.integers(len(possible))])
            state = step(state, word[-1])
        return word

    return draw


def _behind_last_c(x: list[int]) -> list[int] | None:
    at = [index for index, code in enumerate(x[:-1]) if code == 2]
    return [x[at[-1] + 1]] if at else None


LATER: tuple[NextTokenTask, ...] = (
    Language(
        "same_ends",
        "a, b and c, the last as the first",
        ("a", "b", "c"),
        longest=_LATER,
        start=(),
        step=lambda state, letter: (letter, letter) if not state else (state[0], letter),
        ends=lambda state: bool(state) and state[0] == state[1],
        drawn=_same_ends,
    ),
    Language(
        "no_aba",
        "a and b, without a b between two a",
        ("a", "b"),
        longest=_LATER,
        step=_without_aba,
        drawn=_walked(_without_aba),
    ),
    Language(
        "never_more_b",
        "a and b, at no place more b than a before it, at most 60 ahead",
        ("a", "b"),
        longest=_LATER,
        step=lambda ahead, letter: ahead + 1 - 2 * letter if 0 <= ahead + 1 - 2 * letter <= _LATER else None,
        drawn=_never_more_b,
    ),
    Answer(
        "behind_last_c",
        "the letter behind the last c that one stands behind",
        tuple(ascii_lowercase[:8]),
        least=2,
        longest=_LATER,
        rule=_behind_last_c,
        drawn=until(_behind_last_c, 8),
        most=_LATER + 1,
        ended=False,
    ),
)
"""Written down, and models of them trained, before the method was mended for those of `FURTHER`."""
