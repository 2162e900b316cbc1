"""What Tracr's compiler gets wrong or refuses, as Programs: right answers are computed here, in plain Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from tests.test_rasp_lower import alike, answered, check
from tprog.ir.values import NOTHING
from tprog.rasp.expressions import SOp
from tprog.rasp.program import program_of
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import (
    aggregate,
    constant_sop,
    full,
    indices,
    linear_sequence_map,
    mapped,
    numerical,
    select,
    selector_width,
    tokens,
)
from tprog.rasp.values import Value
from tprog.run.batch import encode
from tprog.run.execute import execute

Oracle = Callable[[Sequence[Any]], Sequence[Value] | None]


def right_on(sop: SOp, vocabulary: Sequence[Any], oracle: Oracle, words: Sequence[Sequence[Any]], longest: int) -> None:
    """Assert that the Program, and on some inputs its module, answers as the oracle says."""
    check(program_of(sop).to_program(vocabulary, longest), [(word, oracle(word)) for word in words])


def drawn(vocabulary: Sequence[Any], longest: int, count: int = 60) -> list[list[Any]]:
    """Random inputs, half of them as long as may be."""
    draw = random.Random(longest)
    return [draw.choices(vocabulary, k=longest if at % 2 else draw.randint(1, longest)) for at in range(count)]


# Wrong there ##########################################################################################################


@pytest.mark.parametrize("longest", [10, 12, 20, 30])
def test_a_width_of_ten_and_more_is_right(longest: int) -> None:
    words = drawn("abcd", longest)
    right_on(t.make_reverse(tokens), "abcd", lambda word: word[::-1], words, longest)
    right_on(t.make_hist(), "abcd", lambda word: [list(word).count(each) for each in word], words, longest)
    numbers = drawn(range(1, 6), longest)
    ordered = t.make_sort(tokens, tokens, max_seq_len=longest, min_key=1)
    right_on(ordered, range(1, 6), lambda word: sorted(word), numbers, longest)


def test_a_histogram_is_right_on_every_binary_input_of_up_to_twelve() -> None:
    program = program_of(t.make_hist()).to_program("01", 12)
    words = [word for n in range(1, 13) for word in product("01", repeat=n)]
    run = execute(program, encode(program, words))
    wrong = [word for row, word in enumerate(words) if answered(run.outputs, row) != alike([*map(word.count, word)])]
    assert (len(words), wrong) == (8190, [])


def _share(word: Sequence[Any], of: Any) -> list[Fraction]:
    return [Fraction(list(word[: at + 1]).count(of), at + 1) for at in range(len(word))]


NUMBERS, LETTERS = [1, 2, 3], "abT"


@pytest.mark.parametrize(
    ("sop", "vocabulary", "oracle"),
    [
        (t.make_frac_prevs(tokens == "T") > 0.5, LETTERS, lambda w: [each > Fraction(1, 2) for each in _share(w, "T")]),
        (
            t.make_frac_prevs(tokens == "T") == Fraction(2, 3),
            LETTERS,
            lambda w: [each == Fraction(2, 3) for each in _share(w, "T")],
        ),
        (numerical(mapped(lambda x: 1 - 2 * x, tokens)), NUMBERS, lambda w: [1 - 2 * x for x in w]),
        (t.shift_by(1, tokens) + 1, NUMBERS, lambda w: [NOTHING, *(x + 1 for x in w[:-1])]),
        (
            selector_width(select(indices, indices, ">")),
            NUMBERS,
            lambda w: [len(w) - at - 1 for at in range(len(w))],
        ),
        (
            aggregate(select(tokens, tokens, "<="), tokens),
            NUMBERS,
            lambda w: [Fraction(sum(x for x in w if x <= own), sum(x <= own for x in w)) for own in w],
        ),
        (
            selector_width(select(t.make_hist(), selector_width(select(indices, indices, ">")), "==")),
            LETTERS,
            lambda w: [sum(list(w).count(x) == len(w) - at - 1 for x in w) for at in range(len(w))],
        ),
        (
            selector_width(select(mapped(lambda x: x > 0.5, t.make_frac_prevs(tokens == "a")), False, "==")),
            LETTERS,
            lambda w: [sum(each <= Fraction(1, 2) for each in _share(w, "a"))] * len(w),
        ),
        (
            t.make_count_less_freq(2),
            LETTERS,
            lambda w: [sum(list(w).count(x) <= 2 for x in w)] * len(w),
        ),
        (
            t.detect_pattern(tokens, "ab"),
            LETTERS,
            lambda w: [NOTHING, *("".join(w[at - 1 : at + 1]) == "ab" for at in range(1, len(w)))],
        ),
    ],
    ids=[
        "a fraction of more than one share", "an equal fraction", "negative numbers", "nothing and one",
        "positions behind the end", "a mean that may be a token", "two widths", "a mapped number as a key",
        "how often at most", "a pattern without a before",
    ],
)  # fmt: skip
def test_what_is_wrong_there_is_right(sop: SOp, vocabulary: Sequence[Any], oracle: Oracle) -> None:
    words = [word for n in range(1, 5) for word in product(vocabulary, repeat=n)]
    right_on(sop, vocabulary, oracle, words, 4)
    right_on(sop, vocabulary, oracle, drawn(vocabulary, 7), 7)


def test_balanced_brackets_stay_balanced_up_to_twenty() -> None:
    program = program_of(t.make_shuffle_dyck2()).to_program("(){}", 20)
    balanced = ["()", "{}", "({)}", "({})" * 5, "(" * 10 + ")" * 10, "({" * 5 + "})" * 5]
    check(program, [(word, [True] * len(word)) for word in balanced])
    check(program, [(word, [False] * len(word)) for word in (")(", "(", "({}" * 6, "()" * 9 + "}{")])


# Refused there ########################################################################################################

_every = select(tokens, tokens, "True")
_either = select(tokens, "a", "==") | select(indices, indices, "<")


def _mean(word: Sequence[Any]) -> list[Value]:
    return [Fraction(sum(word), len(word))] * len(word)


@pytest.mark.parametrize(
    ("sop", "vocabulary", "oracle"),
    [
        (tokens, LETTERS, lambda w: w),
        (indices, LETTERS, lambda w: range(len(w))),
        (full(7), LETTERS, lambda w: [7] * len(w)),
        (constant_sop([3, 1, 2]), LETTERS, lambda w: [3, 1, 2] if len(w) == 3 else None),
        (selector_width(select(indices, indices, "<")), LETTERS, lambda w: range(len(w))),
        (tokens < t.make_reverse(tokens), LETTERS, lambda w: [x < y for x, y in zip(w, w[::-1], strict=True)]),
        (
            selector_width(_either & ~select(indices, 1, "==")),
            LETTERS,
            lambda w: [sum((x == "a" or k < q) and k != 1 for k, x in enumerate(w)) for q in range(len(w))],
        ),
        (aggregate(_every, numerical(mapped(lambda x: x, tokens))), NUMBERS, _mean),
        (numerical(aggregate(_every, tokens)), NUMBERS, _mean),
        (numerical(aggregate(_every, numerical(tokens), default=0)), NUMBERS, _mean),
        (numerical(aggregate(select(indices, indices, "=="), tokens, default=1)), NUMBERS, lambda w: w),
        (
            selector_width(select(numerical(tokens), numerical(tokens), "<")),
            NUMBERS,
            lambda w: [sum(x < own for x in w) for own in w],
        ),
        (numerical(indices + numerical(tokens)), NUMBERS, lambda w: [at + x for at, x in enumerate(w)]),
        (linear_sequence_map(indices, tokens, 1, -2), NUMBERS, lambda w: [at - 2 * x for at, x in enumerate(w)]),
        (numerical(tokens), NUMBERS, lambda w: w),
        (numerical(indices), NUMBERS, lambda w: range(len(w))),
    ],
)  # fmt: skip
def test_what_is_refused_there_becomes_a_program(sop: SOp, vocabulary: Sequence[Any], oracle: Oracle) -> None:
    words = [word for n in range(1, 5) for word in product(vocabulary, repeat=n)]
    right_on(sop, vocabulary, oracle, words, 4)
