"""What one node yields on a batch: the vectorised meaning of each kind of node.

Categorical values are codes (indices in the variable's domain), numbers whole multiples of 1 / denominator, in the
smallest integer type that the proven domain allows, so that no step rounds. Shapes: [input, position],
[input, query, key].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, TypeAlias, assert_never

import numpy as np

from tprog.ir.domains import INT64_LIMIT, Domain, Numeric, Quotients, quotient
from tprog.ir.entries import Entries, Listed, TableKey
from tprog.ir.numeric import unit_of
from tprog.ir.program import (
    AttentionHead,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    Number,
    Numbers,
    NumericHead,
    Program,
    Symbols,
    Value,
)
from tprog.ir.values import as_number
from tprog.run.attention import sees
from tprog.run.batch import Array, Batch, Bools, any_position
from tprog.run.matches import Pairs, Sets, matches_of, pairs_of


@cache
def dtype_of(domain: Domain) -> np.dtype[Any]:
    """The smallest signed integer type that holds every code, or every numerator, of a domain."""
    largest = len(domain) - 1 if isinstance(domain, Symbols) else domain.bound
    return np.min_scalar_type(-largest - 1)  # int8 holds -128 but not 128


Missing: TypeAlias = Mapping[TableKey, Bools]
"""Table -> [input, position] where a missing row of it is consulted; meaningless behind the end of an input."""


def evaluate(node: Node, program: Program, batch: Batch, values: Mapping[str, Array]) -> tuple[Array, Missing]:
    """A node's values [input, position], and where it reaches missing rows."""
    match node:
        case Embedding():
            table, missing = _codes(node.table, Symbols(node.symbols))
            return table[values["tokens"]], {} if missing is None else {node.name: missing[values["tokens"]]}
        case Head():
            return _head(node, program, batch, values), _unlisted(node, program, batch, values)
        case NumericHead():
            return _numeric_head(node, program, batch, values), _unlisted(node, program, batch, values)
        case Lookup():
            return _lookup(node, program, values)
        case Linear():
            return _linear(node, program, values), {}
        case _:
            assert_never(node)


def any_missing(missing: Missing, batch: Batch) -> Bools:
    """[input]: whether an input reaches any of a node's missing rows."""
    found = np.zeros(len(batch), dtype=np.bool_)
    for at in missing.values():
        found |= any_position(at & batch.present)
    return found


@lru_cache(maxsize=1024)  # as predicates are: a large batch is executed in pieces, each by the same tables
def _codes(column: tuple[Value | None, ...], domain: Domain) -> tuple[Array, Bools | None]:
    """A column of a table as codes or numerators, holes as 0; and where the holes are, None if nowhere. Read-only."""
    if isinstance(domain, Symbols):
        found = [0 if value is None else domain.codes[value] for value in column]
    else:
        found = [0 if value is None else _numerator(value, domain) for value in column]
    codes, holes = np.array(found, dtype=dtype_of(domain)), np.array([value is None for value in column])
    for made in (codes, holes):
        made.setflags(write=False)
    return codes, holes if holes.any() else None


def _numerator(value: Value, domain: Numeric) -> int:
    return domain.code(as_number(value))


def _unlisted(node: AttentionHead, program: Program, batch: Batch, values: Mapping[str, Array]) -> Missing:
    """Where missing rows of a head's clauses are consulted."""
    missing: dict[TableKey, Bools] = {}
    for table, clause in node.clauses.items():
        if clause.partial:
            absent = np.array([row is None for row in clause.predicate])
            missing[table] = absent[values[clause.query]] & sees(node, program, batch)
    return missing


def _head(node: Head, program: Program, batch: Batch, values: Mapping[str, Array]) -> Array:
    value = values[node.value]
    if value.shape[1] == 0:
        return value
    found: Pairs | Sets
    if node.by is None:
        found = matches_of(node, program, batch, values)
    else:
        pairs = pairs_of(node, program, batch, values)
        found = pairs.best_by(values[node.by], largest=node.attend == "largest")
    copied = found.copied(value, node.attend, program.self_rule)
    if node.default is not None:
        copied = np.where(found.none(), program.symbols(node.value).codes[node.default], copied)
    return copied.astype(dtype_of(program.variables[node.name].domain), copy=False)


def attended(node: AttentionHead, program: Program, batch: Batch, values: Mapping[str, Array]) -> Bools:
    """[input, query, key]: where a head looks: at all that it selects, or the one position that it copies from."""
    pairs = pairs_of(node, program, batch, values)
    match node:
        case NumericHead():
            return pairs.matches
        case Head():
            best = pairs if node.by is None else pairs.best_by(values[node.by], largest=node.attend == "largest")
            own = np.arange(pairs.matches.shape[2]) == best.preferred(node.attend, program.self_rule)[:, :, None]
            found: Bools = own & ~pairs.none()[:, :, None]
            return found
        case _:
            assert_never(node)


def _numeric_head(node: NumericHead, program: Program, batch: Batch, values: Mapping[str, Array]) -> Array:
    found, domain = matches_of(node, program, batch, values), program.numeric(node.name)
    sums = found.counts() if node.value == "ones" else found.sums(values[node.value])
    if node.reduce == "mean":
        assert node.default is not None
        sums = _divided(sums, np.maximum(found.counts(), 1), program.numbers(node.value), domain)
        sums = np.where(found.none(), _numerator(node.default, domain), sums)
    return sums.astype(dtype_of(domain), copy=False)


def _divided(sums: Array, counts: Array, added: Numbers, domain: Numeric) -> Array:
    """The codes of means, from the numerators of sums and by how many they are divided."""
    if isinstance(domain, Numbers):
        # The domain's denominator is a multiple of every count that can occur, so this division is exact.
        found: Array = sums * (domain.denominator // added.denominator // counts)
        return found
    return quotient_codes(sums * (domain.unit // added.denominator), counts, domain)


def quotient_codes(wholes: Array, counts: Array, domain: Quotients) -> Array:
    """The codes of wholes / (`domain.unit` counts), where no step leaves int64."""
    over, rest = np.divmod(wholes, counts)
    found: Array = over * domain.most**2 + rest * domain.most**2 // counts
    return found


def _linear(node: Linear, program: Program, values: Mapping[str, Array]) -> Array:
    domain = program.numeric(node.name)
    if isinstance(domain, Quotients):
        return _linear_quotients(node, program, values, domain)
    total: Array = np.full(values[node.inputs[0]].shape, _numerator(node.constant, domain), dtype=np.int64)
    for name, coefficient in zip(node.inputs, node.coefficients, strict=True):
        share = numerator_share(coefficient, program.numbers(name), domain)
        total += values[name].astype(np.int64) * share
    return total.astype(dtype_of(domain), copy=False)


def _linear_quotients(node: Linear, program: Program, values: Mapping[str, Array], domain: Quotients) -> Array:
    wholes: Array = np.full(values[node.inputs[0]].shape, int(node.constant * domain.unit), dtype=np.int64)
    counts = np.ones_like(wholes)
    for name, coefficient in zip(node.inputs, node.coefficients, strict=True):
        read = program.numeric(name)
        whole, count = _fractions(values[name], read)
        share = int(Fraction(coefficient) * domain.unit / unit_of(read))
        wholes, counts = wholes * count + whole * share * counts, counts * count
    return quotient_codes(wholes, counts, domain).astype(dtype_of(domain), copy=False)


def _fractions(codes: Array, domain: Numeric) -> tuple[Array, Array]:
    """Numbers as wholes and counts: each is whole / (`unit_of(domain)` count).

    Codes that are of no number, behind the end of an input and downstream of a hole, give anything.
    """
    if isinstance(domain, Numbers):
        return codes.astype(np.int64), np.ones(codes.shape, dtype=np.int64)
    over, rest = np.divmod(codes.astype(np.int64), domain.most**2)
    if domain.most <= MOST_TABLED:
        wholes, counts = (table[rest] for table in _proper_fractions(domain.most))
    else:
        known, inverse = np.unique(rest, return_inverse=True)
        found = np.array([_proper_fraction(domain.most, code) for code in known.tolist()], dtype=np.int64)
        wholes, counts = found[inverse].reshape(*codes.shape, 2).transpose(-1, *range(codes.ndim))
    return over * counts + wholes, counts


MOST_TABLED = 1024
"""The largest count up to which all proper fractions are held in a table."""


@cache
def _proper_fractions(most: int) -> tuple[Array, Array]:
    """[code]: whole and count of the fractions below 1 with counts up to `most`, in lowest terms; else 0 / 1."""
    wholes, counts = np.zeros(most**2, dtype=np.int64), np.ones(most**2, dtype=np.int64)
    for count in range(most, 0, -1):
        whole = np.arange(count)
        at = whole * most**2 // count
        wholes[at], counts[at] = whole, count
    return wholes, counts


@lru_cache(maxsize=65_536)
def _proper_fraction(most: int, code: int) -> tuple[int, int]:
    """As `_proper_fractions`, of one code."""
    return quotient(code, most) or (0, 1)


def numerator_share(coefficient: Number, read: Numbers, total: Numbers) -> int:
    """By how much the numerator of a sum rises with that of a variable that it adds times a coefficient."""
    share = Fraction(coefficient) * total.denominator / read.denominator
    assert share.denominator == 1
    return share.numerator


def _lookup(node: Lookup, program: Program, values: Mapping[str, Array]) -> tuple[Array, Missing]:
    cells, missing = _codes(node.cells, program.variables[node.name].domain)
    at = entry_codes(node.entries, program, values)
    return cells[at], {} if missing is None else {node.name: missing[at]}


def entry_codes(entries: Entries, program: Program, values: Mapping[str, Array]) -> Array:
    """[...]: the index of the entry that is picked by these values of what a node reads."""
    places = _places(entries, program, values)
    if entries.listed is not None:
        return _listed_codes(entries.listed, places)
    flat: Array | None = None
    for place, size in places:
        flat = place if flat is None else flat.astype(np.int32) * size + place
    assert flat is not None
    return flat


def _places(entries: Entries, program: Program, values: Mapping[str, Array]) -> Iterator[tuple[Array, int]]:
    """The place of the value, or level, of each variable asked, and how many places there are."""
    for name, levels in zip(entries.asked, entries.levels, strict=True):
        domain = program.variables[name].domain
        if isinstance(domain, Symbols):
            yield values[name], len(domain)
        else:
            assert levels is not None
            yield level_codes(values[name], levels, domain), len(levels)


def _listed_codes(listed: Listed, places: Iterable[tuple[Array, int]]) -> Array:
    """[...]: the index of the combination that is listed; that of the one behind the last where it is not.

    Combinations become numbers, place by place. Where these would leave int64 they are numbered anew: what begins no
    combination that is listed need not be told apart.
    """
    size, columns = 1, np.array(listed, dtype=np.int64).T
    flat: Array = np.zeros((), dtype=np.int64)
    known: Array = np.zeros(len(listed), dtype=np.int64)
    for which, (place, count) in enumerate(places):
        if size * count >= INT64_LIMIT:
            begun, known = np.unique(known, return_inverse=True)
            flat, size = _index_in(begun, flat), len(begun) + 1
        flat, known = flat * count + place, known * count + columns[which]
        size *= count
    return _index_in(known, flat)


def _index_in(known: Array, numbers: Array) -> Array:
    """The index of each number among the known ones, which ascend; their count where it is none of them."""
    at = np.searchsorted(known, numbers)
    return np.where(np.append(known, -1)[at] == numbers, at, len(known))


def level_codes(numerators: Array, levels: tuple[Number, ...], domain: Numeric) -> Array:
    """The index of the level that each number reads as (see `Lookup.levels`)."""
    if numerators.dtype == np.int8 and numerators.size > 256:
        return _levels_of_bytes(levels, domain).take(numerators.view(np.uint8))
    return np.maximum(np.searchsorted(level_starts(levels, domain), numerators, side="right") - 1, 0)


@lru_cache(maxsize=1024)
def _levels_of_bytes(levels: tuple[Number, ...], domain: Numeric) -> Array:
    """[byte]: the index of the level that it reads as; there are so few bytes that each is looked up."""
    return level_codes(np.arange(256, dtype=np.uint8).view(np.int8), levels, domain)


@cache
def level_starts(levels: tuple[Number, ...], domain: Numeric) -> Array:
    """The least code (or numerator) that reads as each level."""
    most = np.iinfo(np.int64).max  # a level may lie beyond every number that there is, on either side
    starts = [domain.first_from(level) for level in levels]
    return np.array([max(-most, min(start, most)) for start in starts], dtype=np.int64)
