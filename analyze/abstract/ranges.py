"""Static ranges: which values each variable can take, over every input that a program accepts, without executing one.

An abstract interpretation: for each length of the input and each position, a set of symbols, a set of numbers or an
interval. Every value that any input gives is in it (soundness, which a property test checks); not every value in it
need occur. It knows that ``<s>`` stands at position 0 alone and ``</s>`` at the last alone, what each mask lets a head
see, that a key that surely matches hides all that are farther, that what a head copies from its own key variable is a
key it accepts, that a position seen by itself has its own query for a key, and that an input ends at a hole. It takes
the values of different variables, and of different positions, to be independent.

Where there are many lengths and long inputs, lengths are taken together in *groups* of neighbours, so that the cost of
a head stays bounded.

Source of the method: P. and R. Cousot, "Abstract interpretation", POPL 1977.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

import numpy as np

from analyze.abstract.lattice import Range, any_at, few_codes, interval, of_set, plus, times
from analyze.abstract.transfer import (
    add_fallback,
    added,
    answers,
    attended,
    composed,
    consulted,
    levels_between,
    summed,
)
from tprog.ir.entries import TableKey, WeightsOf
from tprog.ir.program import (
    BEGIN,
    END,
    AttentionHead,
    Embedding,
    Head,
    Linear,
    Lookup,
    Numbers,
    NumericHead,
    Program,
    Symbols,
    Value,
)
from tprog.run.attention import accepting, selected, window
from tprog.run.batch import Array, Bools
from tprog.run.evaluate import level_codes, numerator_share

_WORK = 4_000_000
"""Cells of the largest [group, row, query position, key position] array; four times as many of [group, position, word].
Beyond, more lengths are taken together."""


@dataclass(frozen=True, eq=False)
class Ranges:
    """The ranges of a whole program.

    Attributes:
        groups: the lengths in each group, ascending.
        of: variable -> its range.
        reachable: table (see `analyze.reached_entries`) -> [entry] whether any input can consult it; where it
            says no, none does.
    """

    program: Program
    groups: tuple[tuple[int, ...], ...]
    of: Mapping[str, Range]
    reachable: Mapping[TableKey, Bools]

    def holds(self, variable: str, codes: Array, lengths: Array) -> Bools:
        """[input, position]: whether the code (or numerator) of an input of that length is in the range.

        Args:
            codes: [input, position]; behind the end of an input the answer is meaningless.
            lengths: [input].
        """
        group_of = np.zeros(self.program.max_length + 1, dtype=np.int64)
        for index, members in enumerate(self.groups):
            group_of[list(members)] = index
        group = group_of[lengths][:, None]
        position = np.arange(codes.shape[1])[None, :]
        found = self.of[variable]
        wide = codes.astype(np.int64)
        inside: Bools = found.some[group, position] & (found.low[group, position] <= wide)
        inside = inside & (wide <= found.high[group, position])
        if found.support is not None and found.possible is not None and len(found.support):
            place = np.minimum(np.searchsorted(found.support, wide), len(found.support) - 1)
            inside = inside & (found.support[place] == wide) & found.possible[group, position, place]
        return inside


def ranges(program: Program) -> Ranges:
    """The range of every variable of a program."""
    return _Walk(program).run()


class _Walk:
    """Ranges found so far, in execution order.

    Attributes:
        there: [group, position] whether some input of the group has the position.
        sure: [group, position, other] whether an input of the group that has the position surely has the other one.
    """

    def __init__(self, program: Program) -> None:
        self.program, self.n = program, program.max_length
        self.groups = _groups(program)
        positions = np.arange(self.n)
        shortest = np.array([group[0] for group in self.groups])[:, None]
        longest = np.array([group[-1] for group in self.groups])[:, None]
        self.there: Bools = positions < longest
        self.sure: Bools = (positions[None, None, :] <= positions[None, :, None]) | (positions < shortest)[:, None, :]
        self.of: dict[str, Range] = {}
        self.reachable: dict[TableKey, Bools] = {}

    def run(self) -> Ranges:
        self._inputs()
        for node in self.program.nodes:
            match node:
                case Embedding():
                    words = self._set_of("tokens")
                    self.reachable[node.name] = any_at(words, (0, 1))
                    self.of[node.name] = self._answered(node.table, node.name, words)
                case Lookup():
                    self._lookup(node)
                case Linear():
                    self._linear(node)
                case Head():
                    self._head(node)
                case NumericHead():
                    self._numeric_head(node)
                case _:
                    assert_never(node)
        self._readout()
        return Ranges(self.program, self.groups, self.of, self.reachable)

    def _inputs(self) -> None:
        vocabulary, marks = self.program.vocabulary, self.program.marks
        free = np.array([word not in (BEGIN, END) for word in vocabulary])
        tokens = np.zeros((len(self.groups), self.n, len(vocabulary)), dtype=np.bool_)
        for group, lengths in enumerate(self.groups):
            for length in lengths:
                tokens[group, marks.first : length - int(marks.ends)] |= free
                if marks.ends:
                    tokens[group, length - 1, vocabulary.index(END)] = True
        if marks.begins:
            tokens[:, 0, vocabulary.index(BEGIN)] = True
        self.of["tokens"] = of_set(np.arange(len(vocabulary)), tokens)
        here = np.eye(self.n, dtype=np.bool_) & self.there[:, :, None]
        self.of["positions"] = of_set(np.arange(self.n), here)
        self.of["ones"] = of_set(np.array([1]), self.there[:, :, None])

    def _set_of(self, variable: str) -> Bools:
        """[group, position, code] of a categorical variable."""
        possible = self.of[variable].possible
        assert possible is not None
        return possible

    # Tables ###########################################################################################################

    def _answered(self, table: tuple[Value | None, ...], name: str, consulting: Bools) -> Range:
        """The range of the answers, from which entries of the table are consulted: [group, position, entry]."""
        support, said = answers(table, self.program.variables[name].domain)
        return of_set(support, composed(consulting, said))

    def _lookup(self, node: Lookup) -> None:
        cells = consulted(node, [self._levels(node, which) for which in range(len(node.inputs))])
        self.reachable[node.name] = any_at(cells, (0, 1))
        self.of[node.name] = self._answered(node.cells, node.name, cells)

    def _levels(self, node: Lookup, which: int) -> Bools:
        """[group, position, value or level] that an input of a lookup can be."""
        read, levels = node.inputs[which], node.levels[which]
        if levels is None:
            return self._set_of(read)
        found, domain = self.of[read], self.program.numeric(read)
        if found.support is None or found.possible is None:
            return found.some[:, :, None] & levels_between(found.low, found.high, levels, domain)
        reads = level_codes(found.support, levels, domain)
        return composed(found.possible, reads[:, None] == np.arange(len(levels)))

    def _linear(self, node: Linear) -> None:
        reads = [self.of[name] for name in node.inputs]
        some = np.logical_and.reduce([read.some for read in reads])
        self.reachable[node.name] = np.full(len(node.entries), bool(some.any()))
        domain, total = self.program.numeric(node.name), None
        if isinstance(domain, Numbers):
            for name, coefficient, read in zip(node.inputs, node.coefficients, reads, strict=True):
                term = times(read, numerator_share(coefficient, self.program.numbers(name), domain))
                total = term if total is None else plus(total, term)
        if total is not None and total.support is not None and total.possible is not None:
            self.of[node.name] = of_set(total.support + domain.code(node.constant), total.possible & some[:, :, None])
            return
        least, most = added(node, self.program, [read.low for read in reads], [read.high for read in reads])
        self.of[node.name] = interval(least[:, None], most[:, None], some[:, None])

    # Heads ############################################################################################################

    def _selection(self, node: AttentionHead) -> _Selection:
        clauses = {table: self._clause(node, table) for table in node.clauses}
        if node.alone:
            return clauses[node.name]
        # Of several clauses, what their rows say is taken together, in one row.
        matches = selected(node, {table: clause.may for table, clause in clauses.items()})
        certain = selected(node, {table: clause.must for table, clause in clauses.items()})
        here = np.logical_and.reduce([any_at(clause.here, 1) for clause in clauses.values()])
        return _Selection(self._copyable(node, clauses), here[:, None], matches[:, None], (certain & matches)[:, None])

    def _copyable(self, node: AttentionHead, clauses: Mapping[TableKey, _Selection]) -> Bools:
        """[1, code]: the values that a head of several clauses can copy: those accepted, where the value is a key."""
        domain = self.program.variables[node.value].domain
        every = np.ones(len(domain) if isinstance(domain, Symbols) else 1, dtype=np.bool_)
        found = {
            table: any_at(clause.accepts, 0) if node.clauses[table].key == node.value else every
            for table, clause in clauses.items()
        }
        return selected(node, found)[None]

    def _clause(self, node: AttentionHead, table: TableKey) -> _Selection:
        """What one clause of a head selects, row by row."""
        clause = node.clauses[table]
        queries, keys = self._set_of(clause.query), self._set_of(clause.key)
        within = window(node, self.program, self.n)
        seen = within & self.there[:, None, :] & self.there[:, :, None]
        sees = any_at(seen, 2)
        self.reachable[table] = any_at(queries & sees[:, :, None], (0, 1))
        rows = list(dict.fromkeys(clause.predicate))
        row_of = np.array([rows.index(row) for row in clause.predicate])
        here = np.stack([any_at(queries[:, :, row_of == row], 2) for row in range(len(rows))], axis=1)
        accepts = accepting(tuple(rows), self.program.symbols(clause.key))
        for at, row in enumerate(rows):
            if row is None:  # an input goes on behind a hole only where nothing is seen
                here[:, at] &= ~any_at(within & self.sure, 2)
        may, surely = (composed(keys, which.T).transpose(0, 2, 1) for which in (accepts, ~accepts))
        matches = may[:, :, None, :] & seen[:, None]
        certain = ~surely[:, :, None, :] & (seen & self.sure)[:, None]
        if clause.query == clause.key:
            own = np.arange(self.n)
            accepted = accepts[row_of, np.arange(len(row_of))]
            for at in range(len(rows)):
                mine = queries & (row_of == at)
                matches[:, at, own, own] &= any_at(mine & accepted, 2)
                certain[:, at, own, own] |= ~any_at(mine & ~accepted, 2) & seen[:, own, own]
        return _Selection(accepts, here, matches, certain & matches)

    def _head(self, node: Head) -> None:
        found, values = self._selection(node), self._set_of(node.value)
        by: tuple[Array, Array] | None = None
        if node.by is not None:
            compared = self.of[node.by]
            by = compared.low[:, None, None, :], compared.high[:, None, None, :]
        candidates = attended(node, found.matches, found.certain, self.program.self_rule, by)
        candidates &= found.here[:, :, :, None]
        possible = np.zeros(values.shape, dtype=np.bool_)
        for row, accepted in enumerate(found.accepts):
            copied = composed(candidates[:, row], values)
            possible |= copied & accepted if node.value == node.key or not node.alone else copied
        alone = any_at(found.here & ~any_at(found.certain, 3), 1)
        default = None if node.default is None else self.program.symbols(node.value).codes[node.default]
        add_fallback(possible, alone, values, default)
        self.of[node.name] = of_set(np.arange(values.shape[2]), possible & self.there[:, :, None])

    def _numeric_head(self, node: NumericHead) -> None:
        found, value = self._selection(node), self.of[node.value]
        domain, theirs = self.program.numeric(node.name), self.program.numbers(node.value)
        low, high = value.low[:, None, None, :], value.high[:, None, None, :]
        here = found.here
        default: Bools | None = None
        if node.reduce == "sum":
            step = 0 if value.anywhere is None else math.gcd(*value.anywhere.tolist())
            least, most = summed(low, high, found.matches, found.certain)
        else:
            step, up, extreme = 0, domain.code(Fraction(1, theirs.denominator)), np.iinfo(np.int64).max
            default = here & ~any_at(found.certain, 3)
            here = here & any_at(found.matches, 3)
            least = np.where(found.matches, low * up, extreme).min(axis=3)
            most = np.where(found.matches, high * up, -extreme).max(axis=3)
        support = few_codes(domain)
        if support is not None:
            possible = np.zeros((*self.there.shape, len(support)), dtype=np.bool_)
            for row in range(here.shape[1]):
                inside = (least[:, row, :, None] <= support) & (support <= most[:, row, :, None])
                possible |= inside & here[:, row, :, None]
            if step > 1:
                possible &= support % step == 0
            if default is not None and node.default is not None:
                possible[:, :, np.searchsorted(support, domain.code(node.default))] |= any_at(default, 1)
            self.of[node.name] = of_set(support, possible & self.there[:, :, None])
            return
        if default is not None and node.default is not None:
            fallback = np.full(default.shape, domain.code(node.default))
            least, most = (np.concatenate([bound, fallback], axis=1) for bound in (least, most))
            here = np.concatenate([here, default], axis=1)
        self.of[node.name] = interval(least, most, here & self.there[:, None])

    def _readout(self) -> None:
        readout = self.program.readout
        lengths = [length for group in self.groups for length in group]
        group_of = np.repeat(np.arange(len(self.groups)), [len(group) for group in self.groups])
        read = np.zeros(self.there.shape, dtype=np.bool_)
        for group, length in zip(group_of.tolist(), lengths, strict=True):
            read[group, int(BEGIN in readout.forced) : length - int(END in readout.forced)] = True
        if readout.rows_needed == "everywhere":
            read = self.there
        for term in self.program.weights:
            found = self.of[term.variable]
            if isinstance(self.program.variables[term.variable].domain, Symbols):
                reached = any_at(self._set_of(term.variable) & read[:, :, None], (0, 1))
            else:
                reached = np.array([bool((found.some & read).any())])
            self.reachable[WeightsOf(term.variable)] = reached


@dataclass(frozen=True, eq=False)
class _Selection:
    """What a head, or a clause, can select, by the different rows of its predicate.

    Attributes:
        accepts: [row, key code]; of several clauses together, [1, value code].
        here: [group, row, position] whether the query can be one of the row, and the input goes on.
        matches: [group, row, position, key position] whether that can be in M.
        certain: whether it surely is, for every input that has the position with such a query.
    """

    accepts: Bools
    here: Bools
    matches: Bools
    certain: Bools

    @property
    def may(self) -> Bools:
        """[group, position, key position]: whether that can be in M, by whatever row."""
        return any_at(self.matches & self.here[:, :, :, None], 1)

    @property
    def must(self) -> Bools:
        """[group, position, key position]: whether it surely is, by whatever row."""
        found: Bools = np.logical_and.reduce(self.certain | ~self.here[:, :, :, None], axis=1)
        return found


def _groups(program: Program) -> tuple[tuple[int, ...], ...]:
    """The lengths that inputs can have, neighbours taken together where heads would cost too much."""
    longest = program.max_length
    lengths = range(program.marks.count + 1, longest + 1)
    heads = [node.selection for node in program.nodes if node.selection is not None]
    rows = max((len(set(clause.predicate)) for head in heads for clause in head.clauses.values()), default=1)
    most = min(_WORK // (rows * longest**2), 4 * _WORK // (len(program.vocabulary) * longest))
    count = min(len(lengths), max(1, most))
    return tuple(tuple(part.tolist()) for part in np.array_split(np.array(lengths), count))
