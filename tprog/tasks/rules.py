"""The rules of the tasks: what comes out, at each place, for inputs of one length.

Source: Friedman, Wettig, Chen (arXiv 2306.01128), section 4, and the data of their code. A rule knows symbols by their
place in the task's order, and answers by theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tprog.run.outcome import UNGRADED as UNGRADED

Array: TypeAlias = NDArray[Any]

Rule: TypeAlias = Callable[[Array, int], Array]
"""[input, place] symbol codes of inputs of one length, and the number of symbols -> [input, place] answer codes."""


def reverse(x: Array, symbols: int) -> Array:
    return x[:, ::-1]


def sort(x: Array, symbols: int) -> Array:
    return np.sort(x, axis=1)


def _counts(x: Array) -> Array:
    """How often each place's symbol occurs in its input."""
    counts: Array = (x[:, :, None] == x[:, None, :]).sum(axis=2)
    return counts


def _is_first(x: Array) -> Array:
    """Whether a place's symbol occurs there for the first time."""
    earliest = (x[:, :, None] == x[:, None, :]).argmax(axis=2)
    first: Array = earliest == np.arange(x.shape[1])
    return first


def hist(x: Array, symbols: int) -> Array:
    return _counts(x) - 1  # the first class is "1"


def double_hist(x: Array, symbols: int) -> Array:
    """How many different symbols occur as often as this one."""
    counts = _counts(x)
    once = np.where(_is_first(x), counts, 0)
    alike: Array = (counts[:, :, None] == once[:, None, :]).sum(axis=2)
    return alike - 1


def most_freq(x: Array, symbols: int) -> Array:
    """The different symbols by falling count, ties by first place; the rest is the class behind the symbols."""
    first = _is_first(x)
    order = np.argsort(np.where(first, -_counts(x), 0), axis=1, kind="stable")
    ranked = np.take_along_axis(x, order, axis=1)
    return np.where(np.arange(x.shape[1]) < first.sum(axis=1, keepdims=True), ranked, symbols)


_P, _T, _F = range(3)


def dyck(x: Array, symbols: int) -> Array:
    """P: the prefix can still become balanced; T: it is balanced; F: it can become so no more."""
    answers, every = np.empty_like(x), np.arange(len(x))
    stack, depth = np.zeros((len(x), x.shape[1] + 1), dtype=x.dtype), np.zeros(len(x), dtype=np.int64)
    broken = np.zeros(len(x), dtype=np.bool_)
    for place in range(x.shape[1]):
        opens, kind = x[:, place] % 2 == 0, x[:, place] // 2
        # stack[:, d] is the bracket type that is open at depth d; nothing is open at depth 0
        broken |= ~opens & ((depth == 0) | (stack[every, depth] != kind))
        depth = np.maximum(depth + np.where(opens, 1, -1), 0)
        stack[every[opens], depth[opens]] = kind[opens]
        answers[:, place] = np.where(broken, _F, np.where(depth == 0, _T, _P))
    return answers


def induction(x: Array, symbols: int) -> Array:
    """At a letter: the digit that stood behind its last occurrence before which had one; the class behind the digits
    if there is none. Digits are not graded."""
    letters, every = symbols // 2, np.arange(len(x))
    answers, last = np.full_like(x, UNGRADED), np.full((len(x), letters), letters)
    for place in range(x.shape[1]):
        at_letter = x[:, place] < letters
        rows = every[at_letter]
        answers[rows, place] = last[rows, x[rows, place]]
        if place:
            rows = every[~at_letter & (x[:, place - 1] < letters)]
            last[rows, x[rows, place - 1]] = x[rows, place] - letters
    return answers


RULES: frozenset[Rule] = frozenset({reverse, sort, hist, double_hist, most_freq, dyck, induction})
"""Those of the tasks that are built in."""
