"""What expressions that are functions of the values at a position make of them, for all values that these may have.

A chain of such expressions ends in *roots*, the s-ops that something else computes. What a chain makes of one root
alone is asked first, and the values of a root that nothing in the chain tells apart are one *class*: so the
combinations of several roots stay few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, TypeAlias

from tprog.ir.values import Nothing, Symbol
from tprog.rasp.calls import Calls, Refused, applied
from tprog.rasp.expressions import Constant, Elementwise, Expression, SOp
from tprog.rasp.functions import Dialect
from tprog.rasp.lower.alike import key_of
from tprog.rasp.lower.held import NotLowered
from tprog.rasp.values import Value

MOST_COMBINATIONS = 200_000
"""Combinations of values for which one chain is computed."""

UNREACHED = -1
"""The class of a symbol that never occurs."""

Outcome: TypeAlias = "tuple[Value, ...] | Refused"
"""One value for each expression, or why there is none."""


class TooMany(Exception):
    """There are more combinations than are tried."""


@dataclass(frozen=True)
class Table:
    """What several expressions make of their roots.

    Attributes:
        roots: the s-ops that they are functions of.
        classes: root -> the class of each of its symbols or numbers, in order.
        outcomes: one class of each root -> all outcomes that are possible there.
    """

    roots: tuple[SOp, ...]
    classes: tuple[Mapping[Symbol, int], ...]
    outcomes: Mapping[tuple[int, ...], tuple[Outcome, ...]]


@dataclass(frozen=True)
class Classes:
    """What a chain makes of its constants, and of each root alone.

    Attributes:
        fixed: constants and what is made of them alone, by id; or why that is nothing.
        named: root -> the class of each of its symbols or numbers.
        behaviours: root -> class -> what the chain makes of the values in it.
    """

    fixed: Mapping[int, Value] | Refused
    named: tuple[Mapping[Symbol, int], ...]
    behaviours: tuple[Sequence[Sequence[Mapping[int, Value] | Refused]], ...]


class Chain:
    """The expressions between some s-ops and their roots.

    Args:
        roots: in the order in which they are met.
        inner: what is computed from them, what is read before what reads it; constants are among them.
        note: told each value that an expression within may have.
        known: of expressions within the one value that each has everywhere, by id; what they read is not asked.
    """

    def __init__(
        self,
        exprs: Sequence[SOp],
        inner: Sequence[SOp],
        roots: Sequence[SOp],
        calls: Calls,
        note: Callable[[SOp, Value], None],
        known: Mapping[int, Value],
    ) -> None:
        self.exprs, self.roots, self.calls, self._note, self._fixed = exprs, tuple(roots), calls, note, known
        self._of: dict[int, frozenset[int]] = {id(root): frozenset([place]) for place, root in enumerate(roots)}
        for node in inner:
            self._of[id(node)] = frozenset().union(*(self._of[id(read)] for read in self._reads(node)))
        self._inner, self.size = inner, len(inner)
        read_outside = {id(expr) for expr in exprs}
        for node in inner:
            read_outside |= {id(read) for read in self._reads(node) if self._of[id(read)] != self._of[id(node)]}
        self._told = read_outside

    def _reads(self, node: SOp) -> tuple[Expression, ...]:
        return () if id(node) in self._fixed else node.sources()

    def classes(self, values: Sequence[Mapping[Symbol, tuple[Value, ...]]]) -> Classes:
        """Try all values of each root alone.

        Args:
            values: root -> symbol -> the values that it may mean.
        """
        fixed = self._run([node for node in self._inner if not self._of[id(node)]], {})
        if isinstance(fixed, Refused):
            return Classes(fixed, tuple(dict.fromkeys(each, 0) for each in values), ())
        found = [self._classes(place, each, fixed) for place, each in enumerate(values)]
        return Classes(fixed, tuple(named for named, _ in found), tuple(known for _, known in found))

    def table(self, classes: Classes) -> Table:
        """Try all combinations of what is made of the roots, as `classes` has found it.

        Raises:
            TooMany: there are too many.
        """
        fixed, behaviours = classes.fixed, classes.behaviours
        if isinstance(fixed, Refused):
            return Table(self.roots, classes.named, {(0,) * len(self.roots): (fixed,)})
        if math.prod(sum(map(len, each)) for each in behaviours) > MOST_COMBINATIONS:
            raise TooMany
        rest = [node for node in self._inner if len(self._of[id(node)]) > 1]
        outcomes: dict[tuple[int, ...], tuple[Outcome, ...]] = {}
        for key in product(*map(range, map(len, behaviours))):
            chosen = (each[place] for each, place in zip(behaviours, key, strict=True))
            found = (self._outcome(each, rest, fixed) for each in product(*chosen))
            outcomes[key] = tuple({_told(outcome): outcome for outcome in found}.values())
        return Table(self.roots, classes.named, outcomes)

    def _classes(
        self, place: int, values: Mapping[Symbol, tuple[Value, ...]], fixed: Mapping[int, Value]
    ) -> tuple[dict[Symbol, int], list[list[dict[int, Value] | Refused]]]:
        """The class of each symbol of a root, and for each class what the chain makes of its values."""
        own = [node for node in self._inner if self._of[id(node)] == {place}]
        root = id(self.roots[place])
        names: dict[Symbol, int] = {}
        known: dict[Any, int] = {}
        behaviours: list[list[dict[int, Value] | Refused]] = []
        for symbol, meant in values.items():
            found = dict(self._behaviour(own, {**fixed, root: value}) for value in meant)
            if not found:
                names[symbol] = UNREACHED
                continue
            names[symbol] = known.setdefault(frozenset(found), len(known))
            if names[symbol] == len(behaviours):
                behaviours.append(list(found.values()))
        return names, behaviours

    def _behaviour(self, own: Sequence[SOp], env: Mapping[int, Value]) -> tuple[Any, dict[int, Value] | Refused]:
        """What the functions of one root alone come to, and what tells it from others."""
        run = self._run(own, env)
        if isinstance(run, Refused):
            return Refused, run
        told = {node: value for node, value in run.items() if node in self._told}
        return tuple((node, key_of(value)) for node, value in told.items()), told

    def _run(self, nodes: Sequence[SOp], env: Mapping[int, Value]) -> dict[int, Value] | Refused:
        values = dict(env)
        for node in nodes:
            if id(node) in self._fixed:
                found: Value | Refused = self._fixed[id(node)]
            elif isinstance(node, Constant):
                found = node.value
            else:
                assert isinstance(node, Elementwise)
                found = applied(self.calls, node, tuple(values[id(read)] for read in node.inputs))
            if isinstance(found, Refused):
                return found
            if node.dialect is Dialect.RASP and isinstance(found, (tuple, Nothing)):
                return Refused(f"{node} gives {found!r}; expected a word or a number")
            self._note(node, found)
            values[id(node)] = found
        return values

    def _outcome(
        self, chosen: Sequence[Mapping[int, Value] | Refused], rest: Sequence[SOp], fixed: Mapping[int, Value]
    ) -> Outcome:
        env = dict(fixed)
        for each in chosen:
            if isinstance(each, Refused):
                return each
            env.update(each)
        found = self._run(rest, env)
        return found if isinstance(found, Refused) else tuple(found[id(expr)] for expr in self.exprs)


def _told(outcome: Outcome) -> Any:
    return Refused if isinstance(outcome, Refused) else tuple(map(key_of, outcome))


def values_of(exprs: Sequence[SOp], outcomes: Sequence[Outcome]) -> tuple[Value, ...] | None:
    """The values that one cell may have to stand for; None if there is none."""
    given = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
    found: list[Value] = [outcome[0] if len(exprs) == 1 else outcome for outcome in given]
    if found and len(found) < len(outcomes):
        refused = next(outcome for outcome in outcomes if isinstance(outcome, Refused))
        raise NotLowered(exprs[0], f"of values that are equal, it takes some alone: {refused}")
    return tuple(found) or None
