"""What can come out different once one node does: a walk through its readers, for every input at once.

A reader does not come out different where its table says the same for all that it can be asked, with the change or
without; what a reader can be is what its table says then.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias, assert_never

import numpy as np

from analyze.abstract.ranges import Ranges
from tprog.ir.entries import Listed
from tprog.ir.program import (
    AttentionHead,
    Clause,
    Embedding,
    Head,
    Linear,
    Lookup,
    Node,
    Number,
    NumericHead,
    Program,
    Symbols,
    Value,
    Weights,
)
from tprog.run.attention import accepting
from tprog.run.batch import Array, Bools
from tprog.run.evaluate import level_codes

Values: TypeAlias = frozenset[int] | None
"""The codes (or numerators) that a variable can be anywhere; None, of numbers alone: any in its domain."""


def anywhere(found: Ranges, variable: str) -> Values:
    """What a variable can be in the intact program."""
    support = found.of[variable].anywhere
    return None if support is None else frozenset(support.tolist())


def accepted_among(program: Program, clause: Clause, queries: Values, keys: Values) -> Bools:
    """[query, key]: a predicate over all that query and key can be, both ascending."""
    assert queries is not None
    assert keys is not None
    table = accepting(clause.predicate, program.symbols(clause.key))
    found: Bools = table[np.ix_(sorted(queries), sorted(keys))]
    return found


class Changes:
    """The variables that can come out different when a node is fixed at a code (or numerator), as far as is known.

    Attributes:
        changed: variable -> what it can be, with the change or without.
    """

    def __init__(self, found: Ranges, name: str, code: int) -> None:
        self.found, self.program = found, found.program
        own = anywhere(found, name)
        self.changed: dict[str, Values] = {name: None if own is None else own | {code}}

    def reach(self, node: Node) -> bool:
        """Whether a node reads what can come out different."""
        return not self.changed.keys().isdisjoint(node.reads)

    def pass_through(self, node: Node) -> None:
        """Note what a node that they reach can be, if it can come out different; it must have no hole."""
        match node:
            case Lookup():
                self._pass_lookup(node)
            case Head() | NumericHead():
                if self._disturb(node):
                    self.changed[node.name] = self._copied(node) if node.kind == "head" else None
            case Linear():
                if self._add_to(node):
                    self.changed[node.name] = None
            case Embedding():
                raise AssertionError("an embedding reads no node")
            case _:
                assert_never(node)

    def come_out(self) -> bool:
        """Whether they can change any output, or reach a missing row of the readout."""
        for output in self.program.variables_out:
            values = self.changed.get(output, frozenset())
            if values is None or len(values) > 1:
                return True
        return any(self._tell(term) for term in self.program.weights)

    def _tell(self, term: Weights) -> bool:
        """Whether they can change which class wins by these weights, or reach a missing row."""
        if term.variable not in self.changed:
            return False
        values = self.changed[term.variable]
        rows = term.rows if values is None or len(term.rows) == 1 else [term.rows[code] for code in sorted(values)]
        return None in rows or self._tell_by(term, rows)

    def _tell_by(self, term: Weights, rows: Sequence[tuple[int, ...] | None]) -> bool:
        """Whether a variable can change which class wins by these rows of its weights."""
        weights = np.array([row for row in rows if row is not None], dtype=object)
        if not isinstance(self.program.variables[term.variable].domain, Symbols):
            return bool((weights != weights[:, :1]).any())
        apart = weights - weights[:, :1]
        return bool((apart != apart[:1]).any())

    def _values(self, variable: str) -> Values:
        """What a variable can be, with the change or without."""
        return self.changed[variable] if variable in self.changed else anywhere(self.found, variable)

    def _add_to(self, node: Linear) -> bool:
        """Whether a sum adds anything that can come out different."""
        return any(c and read in self.changed for read, c in zip(node.inputs, node.coefficients, strict=True))

    # Lookups ##########################################################################################################

    def _pass_lookup(self, node: Lookup) -> None:
        asked = [self._asked(read, levels) for read, levels in zip(node.inputs, node.levels, strict=True)]
        if node.listed is not None:
            cells = _listed_cells(node.listed, asked)
            if len(np.unique(_coded(node.cells)[cells])) > 1:
                self.changed[node.name] = self._answers(node, np.array(cells))
            return
        sizes = [
            len(levels or self.program.symbols(read)) for read, levels in zip(node.inputs, node.levels, strict=True)
        ]
        places: Array = np.arange(len(node.cells)).reshape(sizes)[np.ix_(*asked)]
        answers = _coded(node.cells)[places]
        alike = answers
        for axis, read in enumerate(node.inputs):
            if read in self.changed:
                alike = alike.take([0], axis)
        if (answers != alike).any():
            self.changed[node.name] = self._answers(node, places)

    def _asked(self, read: str, levels: tuple[Number, ...] | None) -> list[int]:
        """The places on the axis of a lookup that the variable can ask for, ascending."""
        values = self._values(read)
        if levels is None:
            assert values is not None
            return sorted(values)
        domain = self.program.numeric(read)
        if values is not None:
            found: list[int] = np.unique(level_codes(np.array(sorted(values)), levels, domain)).tolist()
            return found
        bounds = domain.ends if read in self.changed else self.found.of[read].bounds
        least, most = level_codes(np.array(bounds), levels, domain).tolist()
        return list(range(least, most + 1))

    @staticmethod
    def _answers(node: Lookup, places: Array) -> Values:
        """What the cells at these places answer."""
        if node.symbols is None:
            return None
        codes = Symbols(node.symbols).codes
        cells = [node.cells[place] for place in places.ravel().tolist()]
        return frozenset(codes[cell] for cell in cells if cell is not None)

    # Heads ############################################################################################################

    def _disturb(self, node: AttentionHead) -> bool:
        """Whether a head can yield something else."""
        live = self._live(node)
        if not live and (node.kind == "numeric head" or node.default is not None):
            return False  # it never matches, and yields what it then yields
        if node.value in self.changed:
            return True
        return not yields_one_value(self.found, node) and self._move(node, live)

    def _live(self, node: AttentionHead) -> list[tuple[Clause, Bools]]:
        """The clauses of the alternatives that can match, each with its pairs [query, key] that can occur."""
        found: list[tuple[Clause, Bools]] = []
        for clauses in node.alternatives:
            asked = [(self._values(clause.query), self._values(clause.key)) for clause in clauses]
            pairs = [accepted_among(self.program, clause, *of) for clause, of in zip(clauses, asked, strict=True)]
            if all(accepted.any() for accepted in pairs):
                found += zip(clauses, pairs, strict=True)
        return found

    def _move(self, node: AttentionHead, live: Sequence[tuple[Clause, Bools]]) -> bool:
        """Whether a head whose value stays can look elsewhere."""
        if node.kind == "head" and node.by in self.changed and live:
            return True
        return any(
            (clause.query in self.changed and bool((accepted != accepted[:1]).any()))
            or (clause.key in self.changed and bool((accepted != accepted[:, :1]).any()))
            for clause, accepted in live
        )

    def _copied(self, node: Head) -> Values:
        """What a head can copy, whatever it matches."""
        values, intact = self._values(node.value), anywhere(self.found, node.value)
        assert values is not None
        assert intact is not None
        default = () if node.default is None else (self.program.symbols(node.value).codes[node.default],)
        return values | intact | set(default)


def yields_one_value(found: Ranges, node: AttentionHead) -> bool:
    """Whether a head yields one value whatever it matches, because of the one that its variable has everywhere."""
    only = found.of[node.value].only
    if only is None:
        return False
    if node.kind == "head":
        return node.default is None or found.program.symbols(node.value).codes[node.default] == only
    if node.reduce == "sum":
        return only == 0
    return node.default is not None and node.default * found.program.numbers(node.value).denominator == only


def typed(value: Value | None) -> tuple[bool, Value | None]:
    """A value as what equals its like alone: ``"1"`` and 1 differ, 1 and Fraction(1) do not."""
    return isinstance(value, str), value


def _listed_cells(listed: Listed, asked: Sequence[Sequence[int]]) -> list[int]:
    """The cells of a lookup that lists combinations, for the places that its inputs can ask for."""
    places = [set(some) for some in asked]
    found = [cell for cell, key in enumerate(listed) if all(at in some for at, some in zip(key, places, strict=True))]
    return [*found, len(listed)] if math.prod(map(len, places)) > len(found) else found


def _coded(cells: tuple[Value | None, ...]) -> Array:
    """Equal answers as equal numbers."""
    codes: dict[tuple[bool, Value | None], int] = {}
    return np.array([codes.setdefault(typed(cell), len(codes)) for cell in cells])
