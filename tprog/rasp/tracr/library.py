"""Tracr's library: 15 functions that make programs, under the names that they have there.

The examples are standard evaluations; causally, "all" means "all so far".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tprog.errors import BadUsage
from tprog.rasp.expressions import SOp, check_kinds
from tprog.rasp.functions import at, caller
from tprog.rasp.tracr.language import (
    aggregate,
    indices,
    length,
    linear_sequence_map,
    mapped,
    numerical,
    select,
    selector_width,
    tokens,
)


def make_length() -> SOp:
    """How many positions there are.

    >>> shown(make_length(), "abcd")
    '4 4 4 4'
    """
    return length


def make_reverse(sop: SOp) -> SOp:
    """The values in the opposite order.

    >>> shown(make_reverse(tokens), "hello")
    'o l l e h'
    """
    mirrored = (length - indices - 1).named("mirrored")
    return aggregate(select(indices, mirrored, "=="), sop).named("reverse")


def make_frac_prevs(bools: SOp) -> SOp:
    """The share of positions up to here at which a condition holds.

    >>> shown(make_frac_prevs(tokens == "l"), "hello")
    '0 0 1/3 1/2 2/5'
    """
    so_far = select(indices, indices, "<=")
    return numerical(aggregate(so_far, numerical(bools), default=0)).named("frac_prevs")


def make_pair_balance(sop: SOp, open_token: object, close_token: object) -> SOp:
    """The share of opening tokens up to here, less the share of closing ones: 0 where they are balanced.

    >>> shown(make_pair_balance(tokens, "(", ")"), "a()b(c))")
    '0 1/2 0 0 1/5 1/6 0 -1/8'
    """
    check_kinds(caller(), "a balance", SOp, sop)
    opened = make_frac_prevs(sop == open_token).named("opened")
    closed = make_frac_prevs(sop == close_token).named("closed")
    return numerical(linear_sequence_map(opened, closed, 1, -1)).named("pair_balance")


def make_shuffle_dyck(pairs: Sequence[Sequence[object]]) -> SOp:
    """Everywhere: whether each pair of brackets, looked at by itself, is balanced.

    Args:
        pairs: an opening and a closing token each.

    >>> shown(make_shuffle_dyck(["()", "{}"]), "({)}")
    'T T T T'
    >>> shown(make_shuffle_dyck(["()", "{}"]), "(){)}")
    'F F F F F'
    """
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise BadUsage(f"{at(caller())}the pairs are {pairs!r}; expected one or more of an opening and a closing token")
    balances = [make_pair_balance(tokens, opening, closing) for opening, closing in pairs]
    negative, zero = balances[0] < 0, balances[0] == 0
    for balance in balances[1:]:
        negative, zero = negative | (balance < 0), zero & (balance == 0)
    ever_negative = aggregate(select(indices, indices, "True"), numerical(negative), default=0) > 0
    zero_at_the_end = aggregate(select(indices, length - 1, "=="), zero)
    return (zero_at_the_end & ~ever_negative).named("shuffle_dyck")


def make_shuffle_dyck2() -> SOp:
    """The same for ``()`` and ``{}``.

    >>> shown(make_shuffle_dyck2(), "{}(")
    'F F F'
    """
    return make_shuffle_dyck(["()", "{}"]).named("shuffle_dyck2")


def make_hist() -> SOp:
    """How often the own token occurs.

    >>> shown(make_hist(), "abac")
    '2 1 2 1'
    """
    return selector_width(select(tokens, tokens, "==")).named("hist")


def make_sort_unique(vals: SOp, keys: SOp) -> SOp:
    """The values in rising order of keys that all differ.

    >>> shown(make_sort_unique(tokens, tokens), [2, 4, 3, 1])
    '1 2 3 4'
    """
    place = selector_width(select(keys, keys, "<")).named("place")
    return aggregate(select(place, indices, "=="), vals).named("sort")


def make_sort(vals: SOp, keys: SOp, *, max_seq_len: int, min_key: Any) -> SOp:
    """The values in rising order of numbers as keys; equal keys keep their order.

    Args:
        max_seq_len: the longest input.
        min_key: the least difference of two keys that differ; less than this is added to tell equal ones apart.

    >>> shown(make_sort(tokens, tokens, max_seq_len=5, min_key=1), [2, 4, 1, 2])
    '1 2 2 4'
    """
    told_apart = mapped(lambda key, index: key + min_key * index / max_seq_len, keys, indices).named("key")
    return make_sort_unique(vals, told_apart)


def make_sort_freq(max_seq_len: int) -> SOp:
    """The tokens by falling frequency; those of equal frequency keep their order.

    >>> shown(make_sort_freq(5), [2, 4, 2, 1])
    '2 2 4 1'
    """
    return make_sort(tokens, -make_hist(), max_seq_len=max_seq_len, min_key=1).named("sort_freq")


def shift_by(offset: int, /, sop: SOp) -> SOp:
    """The value so many positions before; *nothing* where there is none.

    >>> shown(shift_by(1, tokens), "abc")
    'nothing a b'
    """
    there = select(indices, indices, lambda key, query: query == key + offset)
    return aggregate(there, sop).named(f"shift_by({offset})")


def detect_pattern(sop: SOp, pattern: Sequence[object]) -> SOp:
    """Whether the values up to here end in a pattern; *nothing* where there are too few.

    >>> shown(detect_pattern(tokens, "abc"), "abcabc")
    'nothing nothing T F F T'
    """
    check_kinds(caller(), "a pattern", SOp, sop)
    if len(pattern) < 1:
        raise BadUsage(f"{at(caller())}the pattern is {pattern!r}; expected one value or more")
    first, *rest = [
        sop == value if not offset else shift_by(offset, sop == value) for offset, value in enumerate(pattern[::-1])
    ][::-1]
    for found in rest:
        first = first & found
    return first.named(f"detect_pattern({pattern})")


def make_count_less_freq(n: int) -> SOp:
    """How many positions hold a token that occurs at most n times.

    >>> shown(make_count_less_freq(2), "aaabbc")
    '3 3 3 3 3 3'
    """
    hist = make_hist()
    return selector_width(select(hist, hist, lambda key, query: key <= n)).named("count_less_freq")


def make_count(sop: SOp, token: object) -> SOp:
    """How often a value occurs.

    >>> shown(make_count(tokens, "a"), "cab")
    '1 1 1'
    """
    return selector_width(select(sop, token, "==")).named(f"count_{token}")


def make_nary_sequencemap(f: Callable[..., Any], *sops: SOp) -> SOp:
    """A function of the values that several s-ops have at a position.

    >>> shown(make_nary_sequencemap(lambda x, y, z: x * y / z, indices, indices, tokens), [1, 2, 3])
    '0 1/2 4/3'
    """
    return mapped(f, *sops)
