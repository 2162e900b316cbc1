"""Verdicts on nodes that hold for every input that a program accepts, proven from its structure and its static ranges.

*Unread*: every path of reads from the node ends in weights that do not tell classes apart. *Constant*: its range is one
value. *Inert* at a constant: with it, no reader of the node, nor anything that they flow into, can come out different
(a reader does not where its table says the same for all that the node can be). *Mergeable*: an earlier variable is
computed alike from the same variables, as far as any input consults the tables; or a table answers what it is asked.

A node that can reach a missing entry is none of these: taking it out would take the hole away.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from functools import cached_property
from typing import TypeAlias, assert_never

import numpy as np

from analyze.abstract.ranges import Ranges, ranges
from analyze.dataflow import reached_from, swing
from analyze.reached_entries import holes_of
from tprog.ir.program import (
    AttentionHead,
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
    cell_keys,
)
from tprog.run.attention import accepting
from tprog.run.batch import Array, Bools
from tprog.run.evaluate import level_codes
from tprog.run.execute import decode

_Values: TypeAlias = frozenset[int] | None
"""The codes (or numerators) that a variable can be anywhere; None: any in its domain."""


class Proofs:
    """What holds of a program for every input."""

    def __init__(self, program: Program, found: Ranges | None = None) -> None:
        self.program = program
        self.ranges = ranges(program) if found is None else found
        self._holes = holes_of(program)

    @cached_property
    def unread(self) -> set[str]:
        """The nodes from which every path ends in weights that do not tell classes apart, and in no hole."""
        return unread(self.program)

    def constant(self, name: str) -> int | None:
        """The one code (or numerator) of a node, or None if that is not proven."""
        return None if self.may_hole(name) else self.ranges.of[name].only

    def may_hole(self, table: str) -> bool:
        """Whether an input may reach a missing entry of a table."""
        return bool((self._holes[table] & self.ranges.reachable[table]).any())

    # Inert ############################################################################################################

    def inert_at(self, name: str, code: int) -> bool:
        """Whether a node fixed at a code (or numerator) is proven to change no prediction and no hole."""
        program = self.program
        if self.may_hole(name):
            return False
        changed: dict[str, _Values] = {}
        own = self._values(name, {})
        changed[name] = None if own is None else own | {code}
        for node in program.nodes:
            if node.name == name or changed.keys().isdisjoint(node.reads):
                continue
            if self._holes[node.name].any():
                return False
            match node:
                case Lookup():
                    answers = self._disturbed_answers(node, changed)
                    if answers is not None:
                        changed[node.name] = answers if isinstance(answers, frozenset) else None
                case Head() | NumericHead():
                    if self._disturbs_head(node, changed):
                        changed[node.name] = self._copied(node, changed) if node.kind == "head" else None
                case Linear():
                    if any(c and read in changed for read, c in zip(node.inputs, node.coefficients, strict=True)):
                        changed[node.name] = None
                case Embedding():
                    raise AssertionError("an embedding reads no node")
                case _:
                    assert_never(node)
        return not any(
            term.variable in changed and self._tells(term, changed[term.variable]) for term in program.readout.terms
        )

    def _values(self, variable: str, changed: Mapping[str, _Values]) -> _Values:
        if variable in changed:
            found = changed[variable]
            domain = self.program.variables[variable].domain
            return frozenset(range(len(domain))) if found is None and isinstance(domain, Symbols) else found
        anywhere = self.ranges.of[variable].anywhere
        return None if anywhere is None else frozenset(anywhere.tolist())

    def _disturbed_answers(self, node: Lookup, changed: Mapping[str, _Values]) -> _Values | bool | None:
        """None if the changes cannot change what a lookup answers; else what it can answer then, True for anything."""
        axes: list[list[int]] = []
        for read, levels in zip(node.inputs, node.levels, strict=True):
            values = self._values(read, changed)
            if levels is None:
                assert values is not None
                axes.append(sorted(values))
                continue
            domain = self.program.numbers(read)
            if values is None and read in changed:
                low, high = int(domain.low * domain.denominator), int(domain.high * domain.denominator)
            elif values is None:
                low, high = self.ranges.of[read].bounds
            if values is None:
                least, most = level_codes(np.array([low, high]), levels, domain).tolist()
                axes.append(list(range(least, most + 1)))
            else:
                axes.append(np.unique(level_codes(np.array(sorted(values)), levels, domain)).tolist())
        sizes = [
            len(levels or self.program.symbols(read)) for read, levels in zip(node.inputs, node.levels, strict=True)
        ]
        answers = _coded(node.cells).reshape(sizes)[np.ix_(*axes)]
        alike = answers
        for which, read in enumerate(node.inputs):
            if read in changed:
                alike = alike[(slice(None),) * which + (slice(0, 1),)]
        if (answers == alike).all():
            return None
        if node.symbols is None:
            return True
        codes = Symbols(node.symbols).codes
        found = []
        for at in self._cell_indices(sizes, axes):
            cell = node.cells[at]
            assert cell is not None, node.name  # a lookup that can reach a hole is not judged
            found.append(codes[cell])
        return frozenset(found)

    @staticmethod
    def _cell_indices(sizes: list[int], axes: list[list[int]]) -> list[int]:
        found: list[int] = np.arange(int(np.prod(sizes))).reshape(sizes)[np.ix_(*axes)].ravel().tolist()
        return found

    def _accepted(self, node: AttentionHead, changed: Mapping[str, _Values]) -> Bools:
        """[query, key]: the predicate over all that query and key can be."""
        queries, keys = self._values(node.query, changed), self._values(node.key, changed)
        assert queries is not None
        assert keys is not None
        table = accepting(node.predicate, self.program.symbols(node.key))
        found: Bools = table[np.ix_(sorted(queries), sorted(keys))]
        return found

    def _disturbs_head(self, node: AttentionHead, changed: Mapping[str, _Values]) -> bool:
        """Whether the changes may change what a head yields."""
        accepted = self._accepted(node, changed)
        if not accepted.any() and (node.kind == "numeric head" or node.default is not None):
            return False  # it never matches, and yields what it then yields
        if node.value in changed:
            return True
        only = self.ranges.of[node.value].only
        if node.kind == "head":
            default = None if node.default is None else self.program.symbols(node.value).codes[node.default]
            if only is not None and default in (None, only):
                return False
        elif only is not None:
            domain = self.program.numbers(node.value)
            at_default = node.default is not None and node.default * domain.denominator == only
            if at_default if node.reduce == "mean" else only == 0:
                return False
        query = node.query in changed and bool((accepted != accepted[:1]).any())
        key = node.key in changed and bool((accepted != accepted[:, :1]).any())
        by = node.kind == "head" and node.by in changed and bool(accepted.any())
        return query or key or by

    def _copied(self, node: Head, changed: Mapping[str, _Values]) -> _Values:
        """What a head can copy, whatever it matches."""
        values = self._values(node.value, changed)
        assert values is not None
        anywhere = self._values(node.value, {})
        assert anywhere is not None
        default = () if node.default is None else (self.program.symbols(node.value).codes[node.default],)
        return values | anywhere | set(default)

    def _tells(self, term: Weights, values: _Values) -> bool:
        """Whether a variable with these values can change which class wins, or reach a missing row."""
        rows = term.rows if values is None or len(term.rows) == 1 else [term.rows[code] for code in sorted(values)]
        if any(row is None for row in rows):
            return True
        weights = np.array([row for row in rows if row is not None], dtype=object)
        if not isinstance(self.program.variables[term.variable].domain, Symbols):
            return bool((weights != weights[:, :1]).any())
        apart = weights - weights[:, :1]
        return bool((apart != apart[:1]).any())

    # Mergeable ########################################################################################################

    @cached_property
    def mates(self) -> dict[str, str]:
        """node -> the first variable that is proven equal to it; nodes without one are left out."""
        found: dict[str, str] = {}
        first: dict[Hashable, str] = {self._only("ones"): "ones"}
        for node in self.program.nodes:
            if self.may_hole(node.name) or not self.ranges.of[node.name].some.any():
                continue
            reads = tuple(found.get(read, read) for read in node.reads)
            meanings = [self._only(node.name), self._meaning(node, reads)]
            alike = (first[meaning] for meaning in meanings if meaning is not None and meaning in first)
            mate = self._passes_on(node) or next(alike, None)
            if mate is None:
                first |= {meaning: node.name for meaning in meanings if meaning is not None}
            else:
                found[node.name] = found.get(mate, mate)
        return found

    def _only(self, name: str) -> Hashable | None:
        """The one value that a variable is proven to have, with its kind, or None."""
        only, domain = self.ranges.of[name].only, self.program.variables[name].domain
        if only is None:
            return None
        return "only", isinstance(domain, Symbols), _typed(decode(self.program, name, only))

    def _passes_on(self, node: Node) -> str | None:
        """The variable whose value a node always yields, or None."""
        match node:
            case Embedding():
                asked: list[tuple[Value, ...]] = [(word,) for word in self.program.vocabulary]
                return self._answers_asked(node.name, asked, node.table, ("tokens",))
            case Lookup():
                if all(levels is None for levels in node.levels) and node.symbols is not None:
                    asked = list(cell_keys(self.program, node))
                    return self._answers_asked(node.name, asked, node.cells, node.inputs)
                if len(node.inputs) == 1 and node.levels[0] is not None and node.symbols is None:
                    return node.inputs[0] if self._rounds_nothing(node) else None
                return None
            case Head():
                accepted = self._accepted(node, {})
                queries, keys = (self.ranges.of[read].anywhere for read in (node.query, node.key))
                sees_itself = node.mask == "all" and not node.skip_first
                if sees_itself and node.query == node.key == node.value and queries is not None and keys is not None:
                    return node.query if (accepted == (queries[:, None] == keys)).all() else None
                return None
            case Linear():
                added = [(read, c) for read, c in zip(node.inputs, node.coefficients, strict=True) if c]
                return added[0][0] if [c for _, c in added] == [1] and not node.constant else None
            case NumericHead():
                return None
            case _:
                assert_never(node)

    def _answers_asked(
        self, name: str, asked: list[tuple[Value, ...]], table: tuple[Value | None, ...], reads: tuple[str, ...]
    ) -> str | None:
        """The read whose value a table answers, wherever it is consulted."""
        consulted = np.flatnonzero(self.ranges.reachable[name]).tolist()
        for which, read in enumerate(reads):
            if all(_same(table[at], asked[at][which]) for at in consulted):
                return read
        return None

    def _rounds_nothing(self, node: Lookup) -> bool:
        """Whether a table from numbers to numbers answers each number that it can be asked with that number."""
        (read,), (levels,) = node.inputs, node.levels
        anywhere, domain = self.ranges.of[read].anywhere, self.program.numbers(read)
        if anywhere is None or levels is None:
            return False
        answers = [node.cells[at] for at in level_codes(anywhere, levels, domain).tolist()]
        return all(
            answer is not None and not isinstance(answer, str) and answer * domain.denominator == asked
            for answer, asked in zip(answers, anywhere.tolist(), strict=True)
        )

    def _meaning(self, node: Node, reads: tuple[str, ...]) -> Hashable:
        """What a node computes, as far as any input consults it; equal for nodes that are equal everywhere."""
        consulted = np.flatnonzero(self.ranges.reachable[node.name]).tolist()
        match node:
            case Embedding():
                words = frozenset(((self.program.vocabulary[at],), node.table[at]) for at in consulted)
                return "table", reads, (None,), "symbols", words
            case Lookup():
                asked = list(cell_keys(self.program, node))
                cells = frozenset((asked[at], node.cells[at]) for at in consulted)
                kind = "numbers" if node.symbols is None else "symbols"
                return "table", reads, node.levels, kind, cells
            case Linear():
                total: dict[str, Number] = {}
                for read, coefficient in zip(reads, node.coefficients, strict=True):
                    total[read] = total.get(read, 0) + coefficient
                return "sum", frozenset((read, c) for read, c in total.items() if c), node.constant
            case Head() | NumericHead():
                queries = self.program.symbols(node.query).values
                keys = {self.program.symbols(node.key).values[code] for code in self._values(node.key, {}) or ()}
                accepted = frozenset((queries[at], frozenset(node.predicate[at] or ()) & keys) for at in consulted)
                reduce = _attended(node) if node.kind == "head" else node.reduce
                if node.kind == "head" and reduce != node.attend:
                    reads = reads[:3]  # what it compares makes no difference
                return "head", reads, node.mask, node.skip_first, reduce, _typed(node.default), accepted
            case _:
                assert_never(node)


def _attended(head: Head) -> Hashable:
    """Which position a head attends to, said alike where it is the same whatever the input."""
    if head.by == "positions":
        return "last" if head.attend == "largest" else "first"
    itself = head.mask == "all"
    if not itself and head.by == "ones":
        return "last" if head.mask == "before" else "first"  # all are equal, and the nearest is next to oneself
    if not itself and head.attend == "nearest":
        return "last" if head.mask == "before" else "first"
    return "equal" if head.by == "ones" else head.attend


def unread(program: Program) -> set[str]:
    """The nodes from which every path ends in weights that do not tell classes apart, and in no hole."""
    telling = telling_variables(program)
    return {node.name for node in program.nodes if telling.isdisjoint(reached_from(program, [node.name]))}


def telling_variables(program: Program) -> set[str]:
    """The variables whose own weights, or missing entries, can decide about an outcome."""
    telling = {term.variable for term in program.readout.terms if None in term.rows or swing(program, term) > 0}
    holes = holes_of(program)
    return telling | {node.name for node in program.nodes if holes[node.name].any()}


def needed_without(program: Program, gone: Collection[str], mates: Collection[str]) -> set[str]:
    """The variables that still matter once the nodes `gone` are taken out; `mates` stand for some of them."""
    needed = telling_variables(program) - set(gone) | set(mates)
    for node in reversed(program.nodes):
        if node.name in needed and node.name not in gone:
            needed |= set(node.reads)
    return needed


def _coded(cells: tuple[Value | None, ...]) -> Array:
    """Equal answers as equal numbers."""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(_typed(cell), len(codes)) for cell in cells])


def _typed(value: Value | None) -> Hashable:
    # "1" and 1 differ, 1 and Fraction(1) do not
    return isinstance(value, str), value


def _same(one: Value | None, other: Value) -> bool:
    return _typed(one) == _typed(other)
