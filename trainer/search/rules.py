"""Predicates that can be said in words: how the key's components compare with the query's.

A rule is known on every cell, also on those that no example shows; a table is known where it was seen alone.

Letters: Q query cells, K key cells, m components, R rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tprog.run.batch import Bools
from tprog.text.relations import ANYTHING, EQUAL, GREATER, NOT_GREATER, NOT_SMALLER, SMALLER, Relation

RELATIONS = (ANYTHING, EQUAL, SMALLER, NOT_GREATER, GREATER, NOT_SMALLER)
"""How a key's component may compare with the query's."""

_STRICT = ((SMALLER, SMALLER), (SMALLER, GREATER), (GREATER, SMALLER), (GREATER, GREATER))


@dataclass(frozen=True)
class Only:
    """The cells of which a component is 0, or above 0; every cell if there is no component."""

    component: int | None = None
    zero: bool = True

    def holds(self, values: NDArray[np.int64]) -> Bools:
        """[cell] of values [cell, m]."""
        if self.component is None:
            return np.ones(len(values), dtype=np.bool_)
        found: Bools = (values[:, self.component] == 0) == self.zero
        return found


@dataclass(frozen=True)
class Rule:
    """Accepts a key whose components compare in these ways, and which is among some cells.

    Attributes:
        relations: one a component; None accepts nothing.
        first: components are compared in order, as words are: this one decides first. Then `relations` are strict.
    """

    relations: tuple[Relation, ...] | None
    only: Only = Only()
    first: int | None = None

    def accepts(self, queries: NDArray[np.int64], keys: NDArray[np.int64]) -> Bools:
        """[Q, K] for components [Q, m] and [K, m]."""
        if self.relations is None:
            return np.zeros((len(queries), len(keys)), dtype=np.bool_)
        each = [
            relation.holds(queries[:, which, None], keys[:, which]) for which, relation in enumerate(self.relations)
        ]
        if self.first is None:
            found: Bools = np.logical_and.reduce(each)
        else:
            first, second = self.first, 1 - self.first
            found = each[first] | ((queries[:, first, None] == keys[:, first]) & each[second])
        return found & self.only.holds(keys)

    @property
    def cost(self) -> int:
        """Simple rules first."""
        if self.relations is None:
            return 0
        said = sum(relation != ANYTHING for relation in self.relations)
        return 1 + said + 2 * (self.only.component is not None) + 2 * (self.first is not None)


@cache
def onlys(components: int) -> tuple[Only, ...]:
    """Every cell; then those of which a component is 0, or above it."""
    return (Only(), *(Only(which, zero) for which in range(components) for zero in (True, False)))


@cache
def rules(components: int) -> tuple[Rule, ...]:
    """All rules for cells of one or two components, simple ones first."""
    found = [Rule(None)]
    for only in onlys(components):
        found += [Rule(relations, only) for relations in product(RELATIONS, repeat=components)]
        if components > 1:
            found += [Rule(relations, only, first) for relations in _STRICT for first in range(components)]
    return tuple(sorted(found, key=lambda rule: rule.cost))


@cache
def _worded(components: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The rules as numbers: [R, m] places in `RELATIONS`, [R] what decides first and [R] the place in `onlys`."""
    said = rules(components)
    relations = [[RELATIONS.index(each) for each in rule.relations or (ANYTHING,) * components] for rule in said]
    first = [-1 if rule.first is None else rule.first for rule in said]
    return np.array(relations), np.array(first), np.array([onlys(components).index(rule.only) for rule in said])


def accepted(query: NDArray[np.int64], keys: NDArray[np.int64]) -> Bools:
    """[R, K] what each rule accepts for one query [m]: `Rule.accepts` of all rules at once."""
    components = len(query)
    relations, first, only = _worded(components)
    each = [
        np.array([relation.holds(query[which], keys[:, which]) for relation in RELATIONS])[relations[:, which]]
        for which in range(components)
    ]
    found: Bools = np.logical_and.reduce(each)
    for which in range(components if components > 1 else 0):
        at = first == which
        found[at] = each[which][at] | ((keys[:, which] == query[which]) & each[1 - which][at])
    found &= np.array([each.holds(keys) for each in onlys(components)])[only]
    found[[rule.relations is None for rule in rules(components)]] = False
    return found
