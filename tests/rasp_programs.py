"""The programs of `rasp_cases.json` in our language: name -> what they compute, by dialect."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from tprog.ir.values import NOTHING
from tprog.rasp.expressions import SOp
from tprog.rasp.program import Loop, RaspProgram
from tprog.rasp.rasp_l import core as c
from tprog.rasp.rasp_l import library as lib
from tprog.rasp.tracr import library as t
from tprog.rasp.tracr.language import (
    aggregate,
    best,
    fill,
    full,
    indices,
    length,
    mapped,
    maximum,
    numerical,
    select,
    selector_width,
    sequence_map,
    tokens,
    where,
)
from tprog.rasp.values import Value

CASES = Path(__file__).with_name("rasp_cases.json")


@cache
def cases() -> dict[str, Any]:
    """The file: programs and loops, each with inputs and right outputs that were computed independently."""
    read: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))
    return read


def value_of(item: Any) -> Value:
    """A value as the file writes it."""
    if item is None:
        return NOTHING
    return Fraction(*item["fraction"]) if isinstance(item, dict) else item


# Tracr ################################################################################################################

_before = aggregate(select(indices, indices - 1, "=="), tokens)
_after = aggregate(select(indices, indices + 1, "=="), tokens)
_first = aggregate(select(indices, 0, "=="), tokens)
_last = aggregate(select(indices, length - 1, "=="), tokens)
_every = select(indices, indices, "True")
_share = t.make_hist() / length
_largest = maximum(_every, tokens)

TRACR: dict[str, SOp] = {
    "length": t.make_length(),
    "reverse": t.make_reverse(tokens),
    "frac_prevs": t.make_frac_prevs(tokens == "a"),
    "pair_balance": t.make_pair_balance(tokens, "(", ")"),
    "shuffle_dyck2": t.make_shuffle_dyck2(),
    "shuffle_dyck1": t.make_shuffle_dyck(["()"]),
    "hist": t.make_hist(),
    "sort_unique": t.make_sort_unique(tokens, tokens),
    "sort_unique_repeats": t.make_sort_unique(tokens, tokens),
    "sort": t.make_sort(tokens, tokens, max_seq_len=32, min_key=1),
    "sort_by_index": t.make_sort(tokens, 1 - indices, max_seq_len=32, min_key=1),
    "sort_freq": t.make_sort_freq(max_seq_len=32),
    "shift_by_1": t.shift_by(1, tokens),
    "shift_by_2": t.shift_by(2, tokens),
    "shift_by_0": t.shift_by(0, tokens),
    "detect_pattern_a": t.detect_pattern(tokens, "a"),
    "detect_pattern_ab": t.detect_pattern(tokens, "ab"),
    "detect_pattern_abc": t.detect_pattern(tokens, "abc"),
    "count_less_freq_1": t.make_count_less_freq(1),
    "count_less_freq_2": t.make_count_less_freq(2),
    "count_less_freq_3": t.make_count_less_freq(3),
    "count_a": t.make_count(tokens, "a"),
    "nary_sum": t.make_nary_sequencemap(lambda x, y, z: x + y - z, tokens, tokens, indices),
    "nary_ratio": t.make_nary_sequencemap(lambda x, y, z: x * y / z, indices, indices, tokens),
    "shift_plus_one": mapped(lambda x: x + 1, t.shift_by(1, tokens)),
    "frac_above_half": t.make_frac_prevs(tokens == "T") > 0.5,
    "negative": numerical(mapped(lambda x: 1 - 2 * x, tokens)),
    "earlier_equal": selector_width(select(tokens, tokens, "==") & select(indices, indices, "<")),
    "equal_or_first": selector_width(select(tokens, tokens, "==") | select(indices, 0, "==")),
    "mean_tokens": aggregate(select(tokens, tokens, "True"), tokens),
    "mean_with_default": aggregate(select(tokens, tokens, "<"), tokens, default=9),
    "hist_times_index": sequence_map(lambda x, y: x * y, t.make_hist(), indices),
    "hist_share_sum": t.make_frac_prevs(tokens == "a") + 2 * t.make_frac_prevs(tokens == "b"),
    "constant": full(7),
    "identity": tokens,
    "indices": indices,
    "palindrome_positions": t.make_reverse(tokens) == tokens,
    "repeat_removed": mapped(lambda here, before: None if here == before else here, tokens, _before),
    "alternates": (tokens != _before) & (tokens != _after),
    "frequency_class": mapped(lambda x: "frequent" if x > 0.5 else "common" if x > 0.25 else "rare", _share),
    "frequency_share": _share,
    "mirror_first_half": where(2 * indices < length, tokens, t.make_reverse(tokens)),
    "average_first_last": (_first + _last) / 2,
    "zero_if_less_than_previous": where(fill(tokens < _before, False), 0, tokens),
    "pairwise_sum": tokens + _before,
    "swap_first_last": where(indices == 0, _last, where(indices == length - 1, _first, tokens)),
    "max_element": best(_every, tokens, by=tokens),
    "scale_by_max": mapped(lambda x, most: x / most if most else 0, tokens, _largest),
    "sum_with_next": tokens + fill(_after, tokens),
    "remove_duplicates_program": where(t.make_hist() == 1, tokens, 0),
}
# RASP-L ###############################################################################################################

x = c.tokens

RASP_L: dict[str, SOp] = {
    "raspl_shift_right": lib.shift_right(x, 2, default=7),
    "raspl_cumsum": lib.cumsum(x == 1),
    "raspl_where": lib.where(x > 2, x, c.indices(x)),
    "raspl_mask": lib.mask(x, x > 2, 9),
    "raspl_maximum": lib.maximum(x),
    "raspl_minimum": lib.minimum(x),
    "raspl_argmax": lib.argmax(x),
    "raspl_mean": c.kqv(x, x, x, c.true),
    "raspl_num_prev": lib.num_prev(x, c.full(x, 2)),
    "raspl_has_seen": lib.has_seen(x, c.full(x, 2)),
    "raspl_firsts": lib.firsts(x, c.full(x, 3), default=-1),
    "raspl_first_true": lib.first_true(x == 3, default=-1),
    "raspl_binary_mode": lib.binary_mode(x),
    "raspl_induct": lib.induct(x, x, offset=1),
}

# Loops ################################################################################################################


def _seen(mark: int) -> SOp:
    return lib.has_seen(x, c.full(x, mark)) == 1


def _at(mark: int) -> SOp:
    """Where a mark that occurs once stands."""
    return lib.firsts(x, c.full(x, mark))


def count() -> SOp:
    """-1, first, last; then first, ..., last, -2."""
    begin = _at(-1)
    bounds_end = c.indices(x) == begin + 2
    low, high = lib.index_select(x, begin + 1), lib.index_select(x, begin + 2)
    return lib.where(bounds_end, low, lib.where(x == high, c.full(x, -2), x + 1))


def addition(reverse: bool) -> SOp:
    """The digits of two numbers with a hint before each; then the digits of their sum, with hints."""
    shift, equal_at = lib.shift_right, _at(-3)
    second = _seen(-2) & ~_seen(-3)
    is_digit = x >= 0
    # A digit of the second number meets the digit behind the first occurrence of its hint.
    pair = lib.induct(x, shift(x, 1), offset=1) + x
    sums = lib.mask(pair, second & is_digit, -88)
    hints = lib.mask(shift(x, 1), second & is_digit, -88)
    last_hint = lib.index_select(x, equal_at - 2)

    def sum_of(hint: SOp) -> SOp:
        """The sum of the digits that stand behind a hint."""
        return c.kqv(hints, hint, sums, c.equals)

    # What comes behind a hint in the input now: the digit, with what it is carried.
    own = sum_of(x)
    if reverse:
        earlier, answered = sum_of(shift(x, 2)), shift(x, 1)
        carried = (earlier > 9) | ((earlier == 9) & (answered == 0))
        carry = lib.where(shift(x, 1) == -3, c.full(x, 0), lib.where(carried, c.full(x, 1), c.full(x, 0)))
        first_hint, following, ends = last_hint, shift(x, 1) + 1, shift(x, 1) == -100
    else:
        # A carry comes from the nearest digit to the right whose sum is not 9. Digits with other sums are numbered
        # from the left: behind one is the next of a higher number.
        other = second & is_digit & (sums != 9)
        number = lib.cumsum(other)
        upto = c.kqv(hints, x, number, c.equals)
        carry = c.kqv(lib.mask(number, other, -88), upto + 1, sums > 9, c.equals)
        first_hint, following, ends = c.full(x, -100), shift(x, 1) - 1, shift(x, 1) == last_hint
    digit = (own + carry) % 10
    hint = lib.where(ends, c.full(x, -5), following)
    return lib.where(x == -3, first_hint, lib.where(is_digit, hint, digit))


def copy_unique() -> SOp:
    """-1, values that all differ, -3; then the values, then -5."""
    following = lib.induct(x, x, offset=1)
    at_end = lib.where(following == -3, c.full(x, -5), following)
    return lib.where(x == -3, lib.index_select(x, _at(-1) + 1), at_end)


def sort_unique() -> SOp:
    """-1, values that all differ, -3; then the values in rising order, then -5."""
    value = lib.mask(x, ~_seen(-3) & (x >= 0), -88)
    following = c.kqv(value, x, x, c.gt, default=-5, reduction="min")
    least = c.kqv(value, c.full(x, 0), x, c.geq, reduction="min")
    return lib.where(x == -3, least, following)


def mode() -> SOp:
    """-1, values of which one is the most frequent, -3; then this one, then -5."""
    value = lib.mask(x, ~_seen(-3) & (x >= 0), -88)
    often = lib.where(value == -88, c.full(x, 0), lib.num_prev(value, value))
    most = lib.maximum(often)
    answer = c.kqv(often, most, x, c.equals, reduction="max")
    return lib.where(x == -3, answer, c.full(x, -5))


def parity() -> SOp:
    """-1, bits, -3; then -100-i and the parity of the bits up to i, for each i; then -4, the parity of all, -5."""
    last_hint = -98 - _at(-3)
    bit_at = lib.where(x <= -100, -100 - x, c.full(x, 0)) + 1
    bit = lib.index_select(x, bit_at)
    before = lib.where(x == -100, c.full(x, 0), lib.shift_right(x, 1))
    hint = lib.where(lib.shift_right(x, 1) == last_hint, c.full(x, -4), lib.shift_right(x, 1) - 1)
    behind_digit = lib.where(lib.shift_right(x, 1) == -4, c.full(x, -5), hint)
    behind = lib.where(x <= -100, (bit + before) % 2, lib.where(x == -4, before, behind_digit))
    return lib.where(x == -3, c.full(x, -100), behind)


LOOPS: dict[str, RaspProgram] = {
    "raspl_count_loop": RaspProgram((("next", count()),), loop=Loop(-2)),
    "raspl_addition_forward": RaspProgram((("next", addition(reverse=False)),), loop=Loop(-5)),
    "raspl_addition_reverse": RaspProgram((("next", addition(reverse=True)),), loop=Loop(-5)),
    "raspl_copy_unique": RaspProgram((("next", copy_unique()),), loop=Loop(-5)),
    "raspl_sort_loop": RaspProgram((("next", sort_unique()),), loop=Loop(-5)),
    "raspl_mode_loop": RaspProgram((("next", mode()),), loop=Loop(-5)),
    "raspl_parity_scratchpad": RaspProgram((("next", parity()),), loop=Loop(-5)),
}
