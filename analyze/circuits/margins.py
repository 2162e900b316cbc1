"""What is left of a prediction when only some nodes are kept: fast, for many sets of nodes on a few inputs.

The *margin* of a prediction over a class is the logit of the class that the intact program predicts less that of the
other. A set of nodes keeps the prediction if, with all others ablated, every margin is at least 0, over the classes
that come first at least 1 (ties go to the first class). The value of a node depends on the kept among its ancestors
alone, and so does its share of a margin; both are remembered.

A set is an int: bit k stands for node k of `FewInputs.nodes`. Shapes: [pair, class] or, of values, [input, position].

Where a variable comes out, there are margins all the same: of a symbol one, 0 if it is the intact program's, else -1;
of a number two, how far it lies above that, and below. So a pair has a margin for each class of the readout, or one or
two for the variable that comes out; of several outputs it has those of all, and those that are not its own are 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from analyze.abstract.possible_values import Interval, Possible
from analyze.outcome import Rows, Survey
from tprog.errors import NotExact
from tprog.ir.program import Program, Symbols, Weights
from tprog.run.batch import Array, Batch, Bools
from tprog.run.evaluate import any_missing, evaluate
from tprog.run.execute import execute
from tprog.run.logits import read_out_at

LARGEST_BOUND = 2**60
"""Logits that may reach it are refused: differences of sums of them must stay within int64."""

REMEMBERED = 150_000_000
"""Bytes of values and shares that are remembered."""


@dataclass(frozen=True, eq=False)
class _Known:
    """A node under some kept ancestors.

    Attributes:
        values: [input, position] codes or numerators.
        share: [pair, class] what keeping it adds to the margins, against its constant; None if that is nothing, or
            if shares are not remembered.
        holed: [input] whether it reaches a hole at the node, or at the readout of it; None if no input does.
    """

    values: Array
    share: Array | None
    holed: Bools | None


class FewInputs:
    """Some inputs of a sub-problem, and the margins of its predictions on them.

    Attributes:
        nodes: the names of all heads and lookups, in execution order.
        ancestors: [node] the set of the nodes that its values depend on, itself left out.
        margins: [pair, class] with every node ablated.
        least: [class-pair] what they must be at least.
    """

    def __init__(
        self,
        on: Survey,
        pairs: Bools,
        constants: Mapping[str, int],
        rows: Rows,
        remember: int = REMEMBERED,
        remember_shares: bool = True,
    ) -> None:
        """`rows` are the inputs, in the order of `pairs` and `on`.

        Args:
            remember: so many bytes, before all is forgotten.
            remember_shares: not only values. Shares take more space, and less time to compute anew.

        Raises:
            NotExact: the program's logits are too large for exact margins.
        """
        program = on.program
        _check_bound(program)
        self.program, self.constants = program, constants
        self.nodes = list(constants)
        self.index = {name: index for index, name in enumerate(self.nodes)}
        self.batch = _narrowed(on.batch.take(rows))
        places = program.places.count(self.batch.tokens.shape[1])
        self.input, place = np.nonzero(pairs[rows][:, :places])
        self.position, self.output = np.divmod(place, program.places.each)
        self.right = on.outcomes[rows][self.input, place]
        # A row of `_weights` for each class of each output: which classes are compared depends on both.
        self._asked = self.output * len(program.classes) + self.right
        self._margins = _margins_of(program)
        self.least = self._least()
        self.ancestors = self._ancestors()
        self.terms = {term.variable: term for term in program.weights}
        everywhere = program.readout.rows_needed == "everywhere"
        self._read_at = self.batch.present if everywhere else read_out_at(program, self.batch)
        intact = execute(program, self.batch, overrides=dict(constants))
        self.given = {name: values for name, values in intact.values.items() if name not in self.index}
        self.fixed = {name: self._everywhere(code, intact.values[name].dtype) for name, code in constants.items()}
        self._weights = {name: self._differences(name) for name in program.read_out}
        self._against = self._weights_against_constants()
        self._lost = self._lost_with_constants()
        self.forced = sum(1 << node for node in self._lost)  # the only way around a constant without a row of weights
        self.margins = self._all_ablated()
        self._known: dict[tuple[int, int], _Known] = {}
        self._bytes, self._most_bytes, self._with_shares = 0, remember, remember_shares

    def _everywhere(self, code: int, dtype: DTypeLike) -> Array:
        return np.broadcast_to(np.array(code, dtype=dtype), self.batch.tokens.shape)

    def _least(self) -> Array:
        least = np.zeros((len(self.right), max(own.stop for own in self._margins)), dtype=np.int64)
        for which, own in enumerate(self._margins):
            if self.program.outputs[which] not in self.program.returned:
                at = self.output == which
                least[at, own] = np.arange(own.stop - own.start) < self.right[at, None]
        return least

    def _ancestors(self) -> list[int]:
        found: dict[str, int] = {}
        for node in self.program.nodes:
            below = 0
            for read in node.reads:
                below |= found.get(read, 0) | (1 << self.index[read] if read in self.index else 0)
            found[node.name] = below
        return [found[name] for name in self.nodes]

    def _all_ablated(self) -> Array:
        total = self._against_right()
        for name in self._weights:
            total += self._share(name, self.fixed[name] if name in self.fixed else self.given[name])
        return total

    def _weights_against_constants(self) -> dict[str, Array]:
        """Weights less those of a node's constant: what keeping it adds needs no [pair, class] array of the latter."""
        return {
            name: self._weights[name] - self._weights[name][code]
            for name, code in self.constants.items()
            if name in self._weights and isinstance(self.program.variables[name].domain, Symbols)
        }

    def _lost_with_constants(self) -> dict[int, Bools]:
        """node -> [input] whether its constant has no row of weights where it is read; only those that lose any."""
        lost = {self.index[name]: self._unweighted(name, self.fixed[name]) for name in self.nodes}
        return {node: rows for node, rows in lost.items() if rows is not None}

    # Shares of the margins ############################################################################################

    def _differences(self, name: str) -> Array:
        """[value, class, class]: weights of the class in the middle less that of the last; a number has one value.

        The middle has the classes of each output, one after the other.
        """
        program, count = self.program, len(self.program.classes)
        domain = program.variables[name].domain
        values = len(domain) if isinstance(domain, Symbols) else 1
        found = np.zeros((values, len(program.outputs) * count, self.least.shape[1]), dtype=np.int64)
        for which, (output, own) in enumerate(zip(program.outputs, self._margins, strict=True)):
            mine = slice(which * count, which * count + count)
            if output == name:
                found[:, mine, own] = self._of_output(name)
            elif output not in program.returned and name in self.terms:
                written = slice(which * count, which * count + len(program.written_classes))
                found[:, written, own] = self._of_readout(self.terms[name])
        return found

    def _of_readout(self, term: Weights) -> Array:
        """[value, class, class]: what a term of the readout adds to the margins."""
        rows = np.array([row or (0,) * len(self.program.written_classes) for row in term.rows], dtype=np.int64)
        domain = self.program.variables[term.variable].domain
        unit = self.program.logit_scale // self.program.readout.scale
        rows *= unit if isinstance(domain, Symbols) else unit // self.program.numbers(term.variable).denominator
        return np.asarray(rows[:, :, None] - rows[:, None, :])

    def _against_right(self) -> Array:
        """[pair, class]: what the margins are if nothing is added: a number that comes out is compared with the right
        one."""
        total = np.zeros_like(self.least)
        for which, (output, own) in enumerate(zip(self.program.outputs, self._margins, strict=True)):
            if output in self.program.returned and not isinstance(self.program.variables[output].domain, Symbols):
                numerators = np.zeros(len(self.program.classes), dtype=np.int64)
                numerators[list(self.program.outcome_codes[output])] = self.program.returned[output].codes
                at = self.output == which
                total[at, own] += numerators[self.right[at]][:, None] * np.array([-1, 1])
        return total

    def _of_output(self, name: str) -> Array:
        """[value, class, 1], or [1, class, 2] of a number: what an output that is a variable adds to the margins."""
        count = len(self.program.classes)
        if not isinstance(self.program.variables[name].domain, Symbols):
            return np.broadcast_to(np.array([1, -1]), (1, count, 2)).astype(np.int64)
        alike = np.array(self.program.outcome_codes[name])[:, None] == np.arange(count)
        return np.asarray(alike.astype(np.int64)[:, :, None] - 1)

    def _share(self, name: str, values: Array, weights: Array | None = None) -> Array:
        """[pair, class]: the part of the margins that a variable adds with these [input, position] values."""
        weights = self._weights[name] if weights is None else weights
        symbolic = isinstance(self.program.variables[name].domain, Symbols)
        if not self.program.readout.pooled:
            at = values[self.input, self.position].astype(np.int64)
            return np.asarray(weights[at, self._asked] if symbolic else at[:, None] * weights[0, self._asked])
        if not symbolic:
            total = np.where(self.batch.present, values, 0).astype(np.int64).sum(axis=1)[self.input]
            return np.asarray(total[:, None] * weights[0, self._asked])
        every = weights[values[self.input].astype(np.int64), self._asked[:, None]]  # [pair, position, class]
        return np.asarray(np.where(self.batch.present[self.input][:, :, None], every, 0).sum(axis=1))

    def _unweighted(self, name: str, values: Array) -> Bools | None:
        """[input]: whether the readout reads a value that has no row of weights; None: of no input."""
        if name not in self.terms or not self.terms[name].partial:
            return None
        if not isinstance(self.program.variables[name].domain, Symbols):
            return None
        absent = np.array([row is None for row in self.terms[name].rows])
        return _any(absent[values.astype(np.int64)] & self._read_at)

    def of_node(self, node: int, kept: int) -> _Known:
        """A node that is kept, under the kept among its ancestors."""
        key = (node, kept & self.ancestors[node])
        if key not in self._known:
            if self._bytes > self._most_bytes:
                self._known.clear()
                self._bytes = 0
            known = self._computed(node, kept)
            self._known[key] = known
            self._bytes += known.values.nbytes + (0 if known.share is None else known.share.nbytes)
        return self._known[key]

    def _computed(self, node: int, kept: int) -> _Known:
        name = self.nodes[node]
        record = self.program.by_name[name]
        reads = {read: self._value(read, kept) for read in record.reads}
        values, missing = evaluate(record, self.program, self.batch, reads)
        lost = any_missing(missing, self.batch)
        holed = lost if lost.any() else None
        unweighted = self._unweighted(name, values)
        if holed is not None and unweighted is not None:
            holed = holed | unweighted
        share = self._added(name, values) if self._with_shares and name in self._weights else None
        return _Known(values, share, unweighted if holed is None else holed)

    def share_of(self, node: int, kept: int) -> Array | None:
        """[pair, class]: what keeping a node adds to the margins, against its constant; None: nothing."""
        known = self.of_node(node, kept)
        name = self.nodes[node]
        return known.share if self._with_shares or name not in self._weights else self._added(name, known.values)

    def _added(self, name: str, values: Array) -> Array | None:
        if name in self._against:
            share = self._share(name, values, self._against[name])
        else:
            share = self._share(name, values.astype(np.int64) - self.constants[name])
        return share if share.any() else None

    def _value(self, name: str, kept: int) -> Array:
        if name in self.given:
            return self.given[name]
        node = self.index[name]
        return self.of_node(node, kept).values if kept >> node & 1 else self.fixed[name]

    def most(self, node: int, could: Possible) -> Array:
        """[pair, class]: the most that keeping a node can add to the margins, by what it could yield.

        Args:
            could: see `analyze.abstract.possible_values`.
        """
        name = self.nodes[node]
        if name not in self._weights:
            return np.zeros_like(self.margins)
        weights, positions = self._weights[name], self.batch.tokens.shape[1]
        pooled = self.program.readout.pooled
        rows = np.repeat(self.input, positions) if pooled else self.input
        places = np.tile(np.arange(positions), len(self.input)) if pooled else self.position
        right = np.repeat(self._asked, positions) if pooled else self._asked
        if isinstance(could, Interval):
            slope = weights[0, right]
            low, high = could.low[rows, places, None], could.high[rows, places, None]
            best = np.maximum(low * slope, high * slope)
        else:
            best = np.full((len(rows), self.least.shape[1]), -LARGEST_BOUND, dtype=np.int64)
            for code in range(could.shape[2]):
                at = could[rows, places, code]
                best[at] = np.maximum(best[at], weights[code, right[at]])
        if pooled:
            best = np.where(self.batch.present[rows, places, None], best, 0)
            best = best.reshape(len(self.input), positions, -1).sum(axis=1)
        return np.asarray(best - self._share(name, self.fixed[name]))

    # Questions ########################################################################################################

    def keeps(self, kept: int) -> bool:
        """Whether every prediction stays with only the nodes of a set kept."""
        total = self.margins_of(kept)
        return total is not None and bool((total >= self.least).all())

    def failing(self, kept: int) -> Rows:
        """Inputs, by their place among these, of which a prediction does not stay; if some reach a hole, only these."""
        holes = [known.holed for known in (self.of_node(node, kept) for node in members(kept))]
        holes += [rows for node, rows in self._lost.items() if not kept >> node & 1]
        lost = [rows for rows in holes if rows is not None]
        if lost:
            return np.flatnonzero(np.logical_or.reduce(lost))
        total = self.margins_of(kept)
        assert total is not None
        return np.unique(self.input[(total < self.least).any(axis=1)])

    def margins_of(self, kept: int) -> Array | None:
        """[pair, class], or None if an input reaches a hole."""
        if self.forced & ~kept:
            return None
        total = self.margins.copy()
        for node in members(kept):
            if self.of_node(node, kept).holed is not None:
                return None
            share = self.share_of(node, kept)
            if share is not None:
                total += share
        return total


def _margins_of(program: Program) -> tuple[slice, ...]:
    """Which margins are those of each output."""
    found, start = [], 0
    for output in program.outputs:
        if output in program.returned:
            count = 1 if isinstance(program.variables[output].domain, Symbols) else 2
        else:
            count = len(program.written_classes)
        found.append(slice(start, start + count))
        start += count
    return tuple(found)


def _check_bound(program: Program) -> None:
    if program.logit_bound >= LARGEST_BOUND:
        raise NotExact(f"logits can reach {program.logit_bound}; circuits need them below 2**60: use a smaller scale")


def _narrowed(batch: Batch) -> Batch:
    """The batch without the positions that none of its inputs has."""
    return Batch(batch.tokens[:, : int(batch.lengths.max(initial=1))], batch.lengths)


def _any(at: Bools) -> Bools | None:
    """[input]: whether any position of it is marked; None if none of any is."""
    marked: Bools = np.logical_or.reduce(at, axis=1)
    return marked if marked.any() else None


def members(kept: int) -> list[int]:
    """The nodes of a set, ascending."""
    found = []
    while kept:
        lowest = kept & -kept
        found.append(lowest.bit_length() - 1)
        kept ^= lowest
    return found


def ablatable(program: Program) -> list[str]:
    """The heads and lookups, in execution order."""
    return [node.name for node in program.nodes if node.ablatable]
