"""Cells that no reader tells apart become one symbol, so that tables of many cells fit the symbols of a lookup.

That is how new variables come about: pairs of (how many are equal, how many equal ones stood before), of which heads
accept those with no equal one before, and compare the first component alone, become "the count, if it is the first of
its kind, else nothing".

Letters: K all cells.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tprog.ir.program import Mask
from tprog.run.batch import Array, Bools
from trainer.search.cells import Cells, apart
from trainer.search.terms import Count, Term, Workshop


def counted(cells: Cells, heads: Sequence[tuple[Bools, Mask]]) -> list[Count] | None:
    """Numeric heads whose queries and keys are cells, over as few symbols as can be.

    Args:
        heads: which keys each accepts, [K, K], and its mask.

    Returns:
        None if the class has no lookups for it.
    """
    shop = cells.shop
    if len(cells.inputs) == 1 and not cells.inputs[0].numeric:
        term = cells.inputs[0]
        return [shop.count(term, term, accepts, mask) for accepts, mask in heads]
    if not shop.language.tables[0 if cells.inputs[0].numeric else 1]:
        return None
    rows = np.concatenate([accepts for accepts, _ in heads], axis=1)
    columns = np.concatenate([accepts.T for accepts, _ in heads], axis=1)
    query, key = _symbols(cells, rows, columns)
    made = []
    for accepts, mask in heads:
        table = accepts[np.ix_(_first(query), _first(key))]
        made.append(shop.count(_table(cells, query), _table(cells, key), table, mask))
    if query is key:
        one = made[0].query
        made = [shop.count(one, one, count.accepts, count.mask) for count in made]
    return made


def _symbols(cells: Cells, rows: Bools, columns: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """[K] the symbols of each cell as query and as key; the same array if one table of them has room for both."""
    both, fit = grouped(cells, np.concatenate([rows, columns], axis=1))
    if fit:
        return both, both
    return grouped(cells, rows)[0], grouped(cells, columns)[0]


def as_one(shop: Workshop, key: Cells, accepts: Bools) -> tuple[Term, Bools] | None:
    """A key of one variable and what is accepted of it. Two variables, or a number, are a lookup whose symbols stand
    for keys that are accepted alike; None if it has too few symbols.

    Args:
        accepts: [query, K].
    """
    term = key.inputs[0]
    if len(key.inputs) == 1 and not term.numeric:
        return term, accepts
    codes, fit = grouped(key, accepts.T)
    if not fit:
        return None
    accepts = accepts[:, np.unique(codes, return_index=True)[1]]
    return shop.table(key.inputs, codes.reshape(key.sizes), int(codes.max()) + 1), accepts


def grouped(cells: Cells, traits: Array) -> tuple[NDArray[np.int64], bool]:
    """[K] one code for cells of equal traits, and whether all cells that occur got the code of their own traits.

    There are as many codes as a lookup has symbols. The groups that occur in the sample come first, then those that
    are nearest to them; a cell of a group without a code has that of the nearest cell that has one.

    Args:
        traits: [K, trait].
    """
    _, group = np.unique(traits, axis=0, return_inverse=True)
    group, count = group.ravel(), int(group.max()) + 1
    near = apart(cells, np.arange(len(group)), cells.seen).min(axis=1)
    rank = np.full(count, np.iinfo(np.int64).max)
    # Within a distance the groups stand in the order of their first cells.
    np.minimum.at(rank, group, near * len(group) + np.arange(len(group)))
    order = np.argsort(rank, kind="stable")
    code = np.full(count, -1)
    room = cells.shop.language.symbols
    code[order[:room]] = np.arange(min(room, count))
    codes = code[group]
    fit = bool((codes[cells.seen] >= 0).all())
    known = np.flatnonzero(codes >= 0)
    lost = np.flatnonzero(codes < 0)
    if len(lost):
        codes[lost] = codes[known[apart(cells, lost, known).argmin(axis=1)]]
    return codes, fit


def _first(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """[symbol] the first cell of each code."""
    return np.unique(codes, return_index=True)[1]


def _table(cells: Cells, codes: NDArray[np.int64]) -> Term:
    """The lookup that answers a code for each cell."""
    return cells.shop.table(cells.inputs, codes.reshape(cells.sizes), int(codes.max()) + 1)
