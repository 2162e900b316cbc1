"""The library of RASP-L, under the names that it has in np_rasp; everything looks at positions up to the own alone."""

from __future__ import annotations

from tprog.rasp import expressions as records
from tprog.rasp.expressions import SOp, check_kinds
from tprog.rasp.functions import caller
from tprog.rasp.rasp_l.core import equals, full, gt, indices, kqv, sel_width, select, seq_map, tokens, true

__all__ = ["tokens"]


def shift_right(x: SOp, n: int, default: int = 0) -> SOp:
    """The value n positions before.

    >>> shown(shift_right(tokens, 1), [4, 5, 6])
    '0 4 5'
    """
    return kqv(indices(x) + n, indices(x), x, equals, default=default)


def cumsum(bool_array: SOp) -> SOp:
    """How many positions so far hold a truth.

    >>> shown(cumsum(tokens == 1), [1, 0, 1, 1])
    '1 1 2 3'
    """
    return sel_width(select(bool_array, bool_array, lambda k, q: k))


def where(condition: SOp, x_if: SOp, y_else: SOp) -> SOp:
    """One of two values, as a condition at the position says.

    >>> shown(where(tokens > 2, tokens, indices(tokens)), [5, 1, 3])
    '5 1 3'
    """
    check_kinds(caller(), "where", SOp, condition, x_if, y_else)
    return records.elementwise("where", condition, x_if, y_else)


def mask(x: SOp, bool_mask: SOp, mask_val: int = 0) -> SOp:
    """The value where a condition holds, else a number.

    >>> shown(mask(tokens, tokens > 2, 9), [5, 1, 3])
    '5 9 3'
    """
    return where(bool_mask, x, full(x, mask_val))


def maximum(x: SOp) -> SOp:
    """The largest value so far.

    >>> shown(maximum(tokens), [-2, 3, 1])
    '-2 3 3'
    """
    return kqv(x, x, x, true, reduction="max")


def minimum(x: SOp) -> SOp:
    """The smallest value so far.

    >>> shown(minimum(tokens), [2, -3, 1])
    '2 -3 -3'
    """
    return kqv(x, x, x, true, reduction="min")


def argmax(x: SOp) -> SOp:
    """The last position so far at which the own value was the largest so far; 0 if it was at none.

    >>> shown(argmax(tokens), [3, 1, 3, 2])
    '0 0 2 0'
    """
    return kqv(maximum(x), x, indices(x), equals, reduction="max")


def argmin(x: SOp) -> SOp:
    """The last position so far at which the own value was the smallest so far; 0 if it was at none.

    >>> shown(argmin(tokens), [1, 3, 1, 2])
    '0 0 2 0'
    """
    check_kinds(caller(), "argmin", SOp, x)
    return argmax(-x)


def num_prev(x: SOp, queries: SOp) -> SOp:
    """How many values so far equal the query.

    >>> shown(num_prev(tokens, full(tokens, 2)), [2, 1, 2])
    '1 1 2'
    """
    return sel_width(select(x, queries, equals))


def has_seen(x: SOp, queries: SOp) -> SOp:
    """1 if a value so far equals the query, else 0.

    >>> shown(has_seen(tokens, full(tokens, 2)), [1, 2, 1])
    '0 1 1'
    """
    return kqv(x, queries, full(x, 1), equals, default=0)


def firsts(x: SOp, queries: SOp, default: int = -1) -> SOp:
    """The first position so far whose value equals the query.

    >>> shown(firsts(tokens, full(tokens, 2)), [1, 2, 2])
    '-1 1 1'
    """
    return kqv(x, queries, indices(x), equals, default=default, reduction="min")


def lasts(x: SOp, queries: SOp, default: int = -1) -> SOp:
    """The last position so far whose value equals the query.

    >>> shown(lasts(tokens, full(tokens, 2)), [1, 2, 2])
    '-1 1 2'
    """
    return kqv(x, queries, indices(x), equals, default=default, reduction="max")


def index_select(x: SOp, idx: SOp, default: int = 0) -> SOp:
    """The value at a position that an s-op names, if that is not behind the own.

    >>> shown(index_select(tokens, full(tokens, 1), default=-1), [7, 8, 9])
    '-1 8 8'
    """
    return kqv(indices(x), idx, x, equals, default=default)


def first_true(x: SOp, default: int = -1) -> SOp:
    """The first position that holds a truth, from there on.

    >>> shown(first_true(tokens == 3), [1, 3, 3])
    '-1 1 1'
    """
    seen = has_seen(x, full(x, 1))
    begins = seq_map(seen, shift_right(seen, 1), lambda now, before: now and not before)
    return kqv(begins, full(x, 1), indices(x), equals, default=default)


def mode(x: SOp) -> SOp:
    """The value at `argmax` of how often each has occurred: at the end of an input, its most frequent value if the last
    value is one.

    >>> shown(mode(tokens), [4, 5, 5])
    '4 5 5'
    """
    return index_select(x, argmax(num_prev(x, x)))


def binary_mode(x: SOp) -> SOp:
    """1 if there are more 1 than 0 so far, else 0.

    >>> shown(binary_mode(tokens), [1, 0, 0, 1, 1])
    '1 0 0 0 1'
    """
    return seq_map(num_prev(x, full(x, 1)), num_prev(x, full(x, 0)), gt) * 1


def induct_kqv(k: SOp, q: SOp, v: SOp, offset: int, default: int = 0, null_val: int = -999) -> SOp:
    """The value `offset` positions behind the first key that equals the query.

    Args:
        null_val: a number that is neither a key nor a query.

    >>> shown(induct_kqv(tokens, full(tokens, 4), indices(tokens), offset=1), [4, 5, 6])
    '0 1 1'
    """
    there = firsts(shift_right(k, offset, default=null_val), q, default=null_val)
    return index_select(v, there, default=default)


def induct(k: SOp, q: SOp, offset: int, default: int = 0, null_val: int = -999) -> SOp:
    """The key `offset` positions behind the first one that equals the query: induction.

    >>> shown(induct(tokens, tokens, offset=1), [4, 5, 6, 4])
    '0 0 0 5'
    """
    return induct_kqv(k, q, k, offset, default, null_val)


def induct_prev(k: SOp, q: SOp, offset: int, default: int = 0, null_val: int = -999) -> SOp:
    """The same for an offset below 0: the key before the first one that equals the query.

    >>> shown(induct_prev(tokens, full(tokens, 6), offset=-1), [4, 5, 6, 4])
    '0 0 5 5'
    """
    return index_select(k, firsts(k, q, default=null_val) + offset, default=default)
