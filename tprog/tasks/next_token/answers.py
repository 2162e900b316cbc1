"""Tasks of giving an answer: ``<bos> x <sep> y <eos>``, where y follows from x.

Source: Huang et al. (arXiv 2602.08857), section 4, for the tasks and how their inputs are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from string import ascii_lowercase
from typing import TypeAlias

import numpy as np

from tprog.errors import BadInput
from tprog.tasks.next_token.task import DRAWS, LONGEST, NextTokenTask
from tprog.tasks.rules import UNGRADED, Array

Random: TypeAlias = np.random.Generator
Rule: TypeAlias = Callable[[list[int]], list[int] | None]
"""The codes of x -> those of y; None: the task has no answer to x."""


@dataclass(frozen=True)
class Answer(NextTokenTask):
    """A task of giving an answer.

    Attributes:
        rule: x -> y.
        drawn: a length and a source of random numbers -> the codes of an x.
        most: tokens of the longest y, and of the x before it.
        ended: whether ``<eos>`` follows y, and is judged.
        lengths_of: whether there are inputs of a length.
    """

    rule: Rule = field(default=lambda x: None, repr=False)
    drawn: Callable[[int, Random], Sequence[int] | Array] = field(default=lambda length, random: (), repr=False)
    most: int = 2 * LONGEST
    ended: bool = True
    lengths_of: Callable[[int], bool] = field(default=lambda length: True, repr=False)

    @property
    def positions(self) -> int:
        return self.most + 2 + self.ended

    @property
    def classes(self) -> tuple[tuple[str, ...], ...]:
        return tuple((word,) for word in self.vocabulary)

    def fits(self, length: int) -> bool:
        return self.least <= length <= self.longest and self.lengths_of(length)

    def draw(self, length: int, random: Random) -> Array:
        return np.asarray(self.drawn(length, random), dtype=np.int64)

    def whole(self, x: Array) -> tuple[Array, Array]:
        y = self.rule(x.tolist())
        if y is None:
            words = " ".join(self.symbols[code] for code in x[:20].tolist()) + (" ..." if len(x) > 20 else "")
            raise BadInput(f"{self.name} has no answer to {words!r}: {self.about}")
        tokens = np.array([self.bos, *x, self.sep, *y, *([self.eos] if self.ended else [])], dtype=np.int64)
        expected = np.full(len(tokens), UNGRADED, dtype=np.int64)
        expected[len(x) + 1 : -1] = tokens[len(x) + 2 :]
        return tokens, expected

    def predicted(self, logits: Array) -> Array:
        found: Array = logits.argmax(axis=-1)
        return found


# Rules and samplers ###################################################################################################


def numbers(count: int) -> tuple[str, ...]:
    """The words 0, 1, 2, ..."""
    return tuple(str(number) for number in range(count))


def distinct(symbols: int) -> Callable[[int, Random], Array]:
    """Different symbols in any order."""
    return lambda length, random: random.permutation(symbols)[:length]


def different(x: list[int]) -> bool:
    """Whether no symbol stands twice."""
    return len(set(x)) == len(x)


def until(wanted: Callable[[list[int]], object], symbols: int) -> Callable[[int, Random], Array]:
    """Symbols drawn alike, again and again until the whole is wanted."""

    def draw(length: int, random: Random) -> Array:
        for _ in range(DRAWS):
            x: Array = random.integers(symbols, size=length)
            if wanted(x.tolist()):
                return x
        raise AssertionError("a sampler of the tasks that are built in found nothing")

    return draw


def most_frequent(x: list[int]) -> list[int] | None:
    """The symbol that stands most often, if it is one."""
    counts = np.bincount(x) if x else np.zeros(1, dtype=np.int64)
    best = int(counts.argmax())
    return [best] if int((counts == counts[best]).sum()) == 1 and x else None


def _binary(length: int, random: Random) -> Array:
    """Bits with a majority, each number of zeros as likely as the others."""
    possible = [zeros for zeros in range(length + 1) if 2 * zeros != length]
    return _bits(possible[random.integers(len(possible))], length, random)


def _bits(zeros: int, length: int, random: Random) -> Array:
    x = np.arange(length) >= zeros
    random.shuffle(x)
    return x.astype(np.int64)


def _interleaved(length: int, random: Random) -> Array:
    return np.stack([_binary(length // 3, random) for _ in range(3)], axis=1).reshape(-1)


def _majorities(x: list[int]) -> list[int] | None:
    found = [most_frequent(x[first::3]) for first in range(3)]
    if len(x) % 3 or any(each is None for each in found):
        return None
    return [bit for each in found if each is not None for bit in each]


def _parity(length: int, random: Random) -> Array:
    return _bits(int(random.integers(length + 1)), length, random)


_BIGRAMS = math.ceil(math.sqrt(LONGEST) * 1.25)
"""Symbols of the task in which no pair of neighbours comes twice: enough for the longest."""


def _pairs_differ(x: list[int]) -> bool:
    return len({*pairwise(x)}) == max(0, len(x) - 1)


def _bigrams(length: int, random: Random) -> list[int]:
    """Random symbols whose pairs differ, then on and on to one of those symbols from which most ways are left."""
    x: list[int] = until(_pairs_differ, _BIGRAMS)(min(length, _BIGRAMS), random).tolist()
    used = np.zeros((_BIGRAMS, _BIGRAMS), dtype=np.bool_)
    used[x[:-1], x[1:]] = True
    while len(x) < length:
        ways = np.where(used[x[-1]], -1, _BIGRAMS - used.sum(axis=1))
        best = np.flatnonzero(ways == ways.max())
        x.append(int(best[random.integers(len(best))]))
        used[x[-2], x[-1]] = True
    return x


def _count(x: list[int]) -> list[int] | None:
    return list(range(x[0], x[1] + 1)) if len(x) == 2 and x[0] < x[1] else None


def _range(length: int, random: Random) -> list[int]:
    first = int(random.integers(LONGEST - length + 1))
    return [first, first + length - 1]


_PLUS = 2


def _sum(x: list[int]) -> list[int] | None:
    if len(x) < 3 or x.count(_PLUS) != 1 or _PLUS in (x[0], x[-1]):
        return None
    at = x.index(_PLUS)
    one, other = (int("".join(str(bit) for bit in part), 2) for part in (x[:at], x[at + 1 :]))
    return [int(bit) for bit in f"{one + other:b}"]


def _addition(length: int, random: Random) -> list[int]:
    """Two numbers with no leading zero, but a lone one; all lengths of the first alike."""
    first = int(random.integers(1, length - 1))

    def number(bits: int) -> list[int]:
        found: list[int] = random.integers(2, size=bits).tolist()
        return found if bits == 1 else [1, *found[1:]]

    return [*number(first), _PLUS, *number(length - 1 - first)]


_BITS = ("0", "1")

ANSWERS: tuple[Answer, ...] = (
    Answer(
        "binary_majority",
        "the bit that stands more often",
        _BITS,
        rule=most_frequent,
        drawn=_binary,
        most=LONGEST + 1,
        ended=False,
    ),
    Answer(
        "most_frequent_letter",
        "the letter that stands most often, where it is one",
        tuple(ascii_lowercase),
        rule=most_frequent,
        drawn=until(most_frequent, 26),
        most=LONGEST + 1,
        ended=False,
    ),
    Answer(
        "interleaved_majority",
        "the more frequent bit of every third place, from the first, the second and the third on",
        _BITS,
        least=3,
        rule=_majorities,
        drawn=_interleaved,
        most=LONGEST + 3,
        lengths_of=lambda length: length % 3 == 0,
    ),
    Answer(
        "unique_copy",
        "different tokens once more",
        numbers(LONGEST),
        rule=lambda x: x if different(x) else None,
        drawn=distinct(LONGEST),
    ),
    Answer(
        "unique_reverse",
        "different tokens from last to first",
        numbers(LONGEST),
        rule=lambda x: x[::-1] if different(x) else None,
        drawn=distinct(LONGEST),
    ),
    Answer(
        "unique_sort",
        "different tokens in order",
        numbers(LONGEST),
        rule=lambda x: sorted(x) if different(x) else None,
        drawn=distinct(LONGEST),
    ),
    Answer(
        "unique_bigram_copy",
        "tokens, of which no two neighbours come twice, once more",
        numbers(_BIGRAMS),
        rule=lambda x: x if _pairs_differ(x) else None,
        drawn=_bigrams,
    ),
    Answer(
        "repeat_copy",
        "a and b once more",
        ("a", "b"),
        rule=lambda x: x,
        drawn=lambda length, random: random.integers(2, size=length),
    ),
    Answer(
        "count",
        "from the first number to the second, which is larger",
        numbers(LONGEST),
        least=2,
        rule=_count,
        drawn=_range,
        most=LONGEST + 2,
    ),
    Answer(
        "parity",
        "whether the number of 1 is odd",
        _BITS,
        least=0,
        rule=lambda x: [sum(x) % 2],
        drawn=_parity,
        most=LONGEST + 1,
        ended=False,
    ),
    Answer(
        "addition",
        "the sum of two binary numbers",
        (*_BITS, "+"),
        least=4,
        rule=_sum,
        drawn=_addition,
        most=2 * LONGEST - 1,
    ),
)
"""Those of the paper."""
