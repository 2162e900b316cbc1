"""Proposer in the space of programs: a node replaced by the best found for its place, alone or with the nodes it reads.

A move tries many wirings on a few inputs (the scout), learns the tables of the best of them on more (the sample), and
refits the readout. It proposes; whether its outcome is kept is `trainer.search.stagewise`'s decision.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from tprog.ir.program import Embedding, Head, Lookup, Node, Numbers, NumericHead, Program
from tprog.run.attention import preference, window
from tprog.run.batch import Array
from tprog.run.evaluate import evaluate
from tprog.run.execute import Execution, execute
from trainer.search.attention_values import Copies, cell_codes, key_ranks, key_sums
from trainer.search.coordinate_descent import Learned, learn_categorical, learn_lookup, learn_numeric
from trainer.search.program_class import ProgramClass, Wiring, layer
from trainer.search.regression import Fit, Floats, Graded, Readings, columns, fit_readout, logits
from trainer.search.relations import Deriver, Feature

SEARCH_RIDGE = 1e-6
"""Of the readout while searching: strong enough that a refit settles in few steps."""

REFINED = 2
"""Wirings of each family that are learned on the whole sample after scouting."""


class Fitted:
    """A Program without weights, its variables on some inputs, and the float readout that goes with it.

    Attributes:
        scores: [P, class] logits at the graded positions.
        loss: the mean logistic loss there.
        wrong: how many of the predictions there are wrong.
    """

    def __init__(
        self,
        program: Program,
        graded: Graded,
        weights: Readings,
        near: Fitted | None = None,
        iterations: int = 25,
        ridge: float = SEARCH_RIDGE,
    ) -> None:
        """`near`: a state on the same inputs, whose variables are taken over where they cannot differ."""
        self.program, self.graded = program, graded
        self.run: Execution = execute(program, graded.batch, base=near.run if near is not None else None)
        self.read = columns(program, self.run.values, graded)
        fit = fit_readout(program, self.read, graded.labels, weights, iterations, ridge)
        self.weights, self.loss = fit.weights, fit.loss
        self.scores = logits(program, self.read, self.weights)
        self.wrong_at = self.scores.argmax(axis=1) != graded.labels
        self.wrong = int(self.wrong_at.sum())

    def without(self, name: str) -> Fit:
        """The readout when it may not read a variable."""
        read = {other: codes for other, codes in self.read.items() if other != name}
        start = {other: table for other, table in self.weights.items() if other != name}
        return fit_readout(self.program, read, self.graded.labels, start, 10, SEARCH_RIDGE)


@dataclass(frozen=True, eq=False)
class Proposal:
    """The outcome of a move: the state, and the nodes that are new in it."""

    state: Fitted
    nodes: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(f"{node.name}({', '.join(node.reads)})" for node in self.nodes)


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A head or lookup whose table is to be learned, and the new nodes that it needs.

    Attributes:
        node: reads variables of the Program or of `needs`.
        rows: [B, n] the row of the predicate (or the cell) that acts at each position, below `count`.
        keys: [B, n] the codes of the key, below `key_count`; unused by lookups.
        finish: from what was learned to the nodes.
    """

    node: Wiring
    rows: Array
    count: int
    keys: Array | None
    key_count: int
    sets: bool
    finish: Callable[[Learned], tuple[Node, ...]] = field(repr=False)


class Proposer:
    """The moves from one state, on one sample of the training inputs."""

    def __init__(
        self, state: Fitted, program_class: ProgramClass, scout: int, wirings: int, rng: np.random.Generator
    ) -> None:
        """`scout`: how many of the sample's inputs, from the first, scouting looks at. `wirings`: how many to try."""
        self.state, self.places, self.wirings, self.rng = state, program_class, wirings, rng
        self.program = state.program
        self._few = state.graded.take(np.arange(min(scout, len(state.graded.batch))))

    # One node

    def replace(self, place: str, families: Sequence[str]) -> Proposal | None:
        """The best node found for a place, given all others; None if nothing can stand there yet.

        Args:
            families: ``broadcast``, heads whose rows are equal, so that all positions learn the same of an input; or
                ``full``, every row by itself. Broadcasts are few and simple, and found reliably where the full family
                drowns them.
        """
        fit = self.state.without(place)
        base = logits(self.program, {n: c for n, c in self.state.read.items() if n != place}, fit.weights)
        return self._best(base, fit.weights, lambda values: self._single(place, families, values))

    def _single(self, place: str, families: Sequence[str], values: Mapping[str, Array]) -> Iterator[list[_Candidate]]:
        if isinstance(self.places.nodes[place], Lookup) or "full" in families:
            yield [self._plain(node, values) for node in self._some(self.places.wirings(self.program, place))]
        if "broadcast" in families:
            yield [self._broadcast(node, values) for node in self._some(self.places.broadcasts(self.program, place))]

    def _some(self, wired: Sequence[Wiring]) -> list[Wiring]:
        return [wired[index] for index in self.rng.permutation(len(wired))[: self.wirings]]

    def _plain(self, node: Wiring, values: Mapping[str, Array]) -> _Candidate:
        program = self.program
        if isinstance(node, Lookup):
            cells, count = cell_codes(program, node, values)
            return _Candidate(node, cells, count, None, 0, False, lambda learned: (_filled(node, learned),))
        queries, keys = len(program.symbols(node.query)), len(program.symbols(node.key))
        return _Candidate(
            node,
            values[node.query],
            queries,
            values[node.key],
            keys,
            self.places.sets,
            lambda learned: (_with_rows(node, program, learned.table),),
        )

    def _broadcast(self, node: Wiring, values: Mapping[str, Array]) -> _Candidate:
        assert not isinstance(node, Lookup)
        plain, program = self._plain(node, values), self.program
        rows = len(program.symbols(node.query))
        return dataclasses.replace(
            plain,
            rows=np.zeros_like(plain.rows),
            count=1,
            finish=lambda learned: (_with_rows(node, program, learned.table.repeat(rows, axis=0)),),
        )

    # A head with the lookup that it reads

    def compound(self, place: str) -> Proposal | None:
        """The best head found for a free place together with a new lookup that it reads; None if there is no room.

        A lookup that only a head reads lowers no loss by itself, so one node at a time never finds the two. The
        lookup reads a pair, and is the head's query. One of the pair may be new as well: what a broadcast makes known
        of the whole input, such as its length.
        """
        return self._best(self.state.scores, self.state.weights, lambda values: self._compounds(place, values))

    def _compounds(self, place: str, values: Mapping[str, Array]) -> Iterator[list[_Candidate]]:
        free = [name for name in self.places.free(self.program) if self._precedes(name, place)]
        lookups = {name: node for name in free if isinstance(node := self.places.nodes[name], Lookup)}
        room = [node for node in lookups.values() if node.levels[0] is None]
        if room:
            yield list(self._through_pairs(place, room[0], values))

    def _precedes(self, name: str, place: str) -> bool:
        """Whether a node at `place` might read one at `name`."""
        probe = self.places.put(self.program, self.places.placeholder(self.program, name))
        return name in self.places.readable(probe, place)

    def _through_pairs(self, place: str, lookup: Lookup, values: Mapping[str, Array]) -> Iterator[_Candidate]:
        program, node = self.program, self.places.nodes[place]
        assert isinstance(node, Head | NumericHead)
        symbols = self.places.symbols(program, place)
        read = symbols if isinstance(node, Head) else self.places.numbers(program, place)
        for first, second, codes, new in self._pairs(lookup, values):
            table = dataclasses.replace(lookup, inputs=(first, second), levels=(None, None))
            width = len(program.symbols(second)) if new is None else len(program.symbols(new.value))
            rows, count = values[first].astype(np.int64) * width + codes, len(program.symbols(first)) * width
            for key in symbols:
                if len(program.symbols(key)) > len(lookup.symbols or ()):
                    continue
                for value in read:
                    if value == key:
                        continue
                    wired = dataclasses.replace(node, query=lookup.name, key=key, value=value, mask="all")
                    yield _Candidate(
                        wired,
                        rows,
                        count,
                        values[key],
                        len(program.symbols(key)),
                        False,
                        partial(self._routed, wired, table, new),
                    )

    def _pairs(self, lookup: Lookup, values: Mapping[str, Array]) -> Iterator[tuple[str, str, Array, Head | None]]:
        """What a lookup of two symbols might read: names, the codes of the second, and the head that makes it."""
        symbols = self.places.symbols(self.program, lookup.name)
        for index, first in enumerate(symbols):
            for second in symbols[index + 1 :]:
                yield first, second, values[second], None
        for head, codes in self._broadcast_symbols(lookup, values):
            for first in symbols:
                yield first, head.name, codes, head

    def _broadcast_symbols(self, lookup: Lookup, values: Mapping[str, Array]) -> Iterator[tuple[Head, Array]]:
        """New heads, for the first free place, that copy from the nearest position which holds one certain key."""
        program = self.program
        places = [
            name
            for name in self.places.free(program)
            if isinstance(self.places.nodes[name], Head) and self._precedes(name, lookup.name)
        ]
        for wired in self.places.broadcasts(program, places[0]) if places else ():
            # Where each position holds a certain key of its own, as ``positions`` do, nothing is told of the input.
            if wired.mask != "all" or wired.key in (wired.value, "positions"):
                continue
            for key in program.symbols(wired.key):
                rows = ((key,),) * len(program.symbols(wired.query))
                head = dataclasses.replace(wired, predicate=rows)
                assert isinstance(head, Head)
                yield head, evaluate(head, self.places.put(program, head), self._few.batch, values)[0]

    def _routed(self, wired: Wiring, table: Lookup, head: Head | None, learned: Learned) -> tuple[Node, ...]:
        """The lookup that says which key is wanted, and the head that attends it."""
        assert not isinstance(wired, Lookup)
        assert table.symbols is not None
        wanted = learned.table.argmax(axis=1).tolist()
        filled = dataclasses.replace(table, cells=tuple(table.symbols[code] for code in wanted))
        keys = self.program.symbols(wired.key).values
        rows = tuple((keys[min(code, len(keys) - 1)],) for code in range(len(table.symbols)))
        finished = (filled, dataclasses.replace(wired, predicate=rows))
        return finished if head is None else (head, *finished)

    # What relations derive

    def derive(self, wide: bool) -> Proposal | None:
        """The best variable found that heads with relations as predicates count or copy, over one or more layers.

        It is read by the readout, or with another one by a new lookup whose cells are then learned. That a chain of
        heads and lookups pays is seen only at its end, so chains are enumerated, and ranked by what they tell.

        Args:
            wide: whether differences of numbers belong to the chains.
        """
        deriver = self._deriver()
        if deriver is None:
            return None
        deriver.derive(1 + max(at[0] for name in self.places.learnable if (at := layer(name))), wide, self.rng)
        said = self.state.scores[: len(self._few.at)].argmax(axis=1)
        said = said if any(not isinstance(node, Embedding) for node in self.program.nodes) else np.zeros_like(said)
        found = []
        for feature in deriver.telling(self._few, said, len(self.program.classes)):
            nodes = self.places.placed(self.program, feature)
            if nodes is not None:
                found.append(self._proposed(nodes, feature.name == ""))
        # Of those that are right on the sample, the simplest; losses differ there only by how far a refit got.
        return min(
            found,
            key=lambda p: (p.state.wrong > 0, len(p.nodes) if not p.state.wrong else 0, p.state.loss),
            default=None,
        )

    def _deriver(self) -> Deriver | None:
        """None if the places are of no layers, or none is for a head."""
        places = [self.places.nodes[name] for name in self.places.learnable]
        head = next((node for node in places if isinstance(node, Head | NumericHead)), None)
        if head is None or not all(layer(name) for name in self.places.learnable):
            return None
        few, program = self._few.batch, self.program
        given = []
        for name in self.places.readable(program, self.places.learnable[-1]):
            domain, codes = program.variables[name].domain, self.state.run.values[name][: len(few)]
            numeric = isinstance(domain, Numbers)
            size = int(domain.high) + 1 if isinstance(domain, Numbers) else len(domain)
            if name != "ones" and not (isinstance(domain, Numbers) and (domain.low < 0 or domain.denominator > 1)):
                given.append(Feature(name, codes.astype(np.int64), size, numeric, layer(name) or (-1, 1)))
        n = few.tokens.shape[1]
        windows = {mask: window(dataclasses.replace(head, mask=mask), program, n) for mask in self.places.masks}
        answers = max((len(node.symbols or ()) for node in places if isinstance(node, Lookup)), default=0)
        return Deriver(given, windows, few.present, answers, self.places.sets)

    def _proposed(self, nodes: tuple[Node, ...], learn: bool) -> Proposal:
        """The state with new nodes; the last is a lookup whose cells are learned, if `learn`."""
        program, graded, start = (
            self.places.put(self.program, *nodes),
            self.state.graded,
            dict(self.state.weights),
        )
        last = nodes[-1]
        if learn:
            assert isinstance(last, Lookup)
            values = execute(program, graded.batch, base=self.state.run).values
            cells, count = cell_codes(program, last, values)
            answers, classes = len(last.symbols or ()), len(program.classes)
            at = cells.ravel()[graded.at]
            begin = None
            if answers >= classes:  # a symbol for each class, to begin with
                begin = Learned(np.zeros(0), 4.0 * np.eye(answers, classes), np.inf)
            learned = learn_lookup(self.state.scores, at, count, answers, graded.labels, self.rng, begin)
            nodes = (*nodes[:-1], _filled(last, learned))
            program = self.places.put(self.program, *nodes)
            start[last.name] = learned.weights
        return Proposal(Fitted(program, graded, start, near=self.state), nodes)

    # Scouting, refining

    def _best(
        self, base: Floats, weights: Readings, families: Callable[[Mapping[str, Array]], Iterator[list[_Candidate]]]
    ) -> Proposal | None:
        """Scout all candidates, refine the best of each family, and refit; the proposal of least loss.

        Args:
            base: [P, class] the logits to which the new node is added, `weights` their readout.
            families: from the variables' values on the scout's inputs to the candidates.
        """
        few = len(self._few.batch)
        values = {name: found[:few] for name, found in self.state.run.values.items()}
        ahead = base[self.state.graded.inputs < few]
        best: Proposal | None = None
        for family in families(values):
            scouted = [(self._learn(candidate, ahead, values, self._few), candidate) for candidate in family]
            scouted.sort(key=lambda pair: pair[0].loss)
            for learned, candidate in scouted[:REFINED]:
                proposal = self._refined(candidate, learned, base, weights)
                if best is None or proposal.state.loss < best.state.loss:
                    best = proposal
        return best

    def _refined(self, candidate: _Candidate, learned: Learned, base: Floats, weights: Readings) -> Proposal:
        nodes, graded = candidate.finish(learned), self.state.graded
        if len(nodes) == 1:  # what a compound's new nodes yield on the sample is not known yet
            families = {"broadcast": self._broadcast, "plain": self._plain}
            again = families["broadcast" if candidate.count == 1 else "plain"](candidate.node, self.state.run.values)
            learned = self._learn(again, base, self.state.run.values, graded, learned)
            nodes = again.finish(learned)
        program = self.places.put(self.program, *nodes)
        start = {**weights, nodes[-1].name: learned.weights}
        return Proposal(Fitted(program, graded, start, near=self.state), nodes)

    def _learn(
        self,
        candidate: _Candidate,
        base: Floats,
        values: Mapping[str, Array],
        graded: Graded,
        start: Learned | None = None,
    ) -> Learned:
        node, program = candidate.node, self.program
        rows = candidate.rows.ravel()[graded.at].astype(np.int64)
        if isinstance(node, Lookup):
            answers = len(node.symbols or ())
            return learn_lookup(base, rows, candidate.count, answers, graded.labels, self.rng, start)
        assert candidate.keys is not None
        shown = window(node, program, graded.batch.tokens.shape[1])
        if isinstance(node, NumericHead):
            number = None
            if node.value != "ones":
                number = values[node.value] / program.numbers(node.value).denominator
            sums = key_sums(candidate.keys, candidate.key_count, number, shown, graded)
            return learn_numeric(base, rows, candidate.count, sums, graded.labels, candidate.sets, start)
        order = preference(graded.batch.tokens.shape[1])
        ranks = key_ranks(candidate.keys, candidate.key_count, shown, order, graded)
        domain = program.symbols(node.value)
        default = None if node.default is None else domain.codes[node.default]
        copies = Copies(ranks, values[node.value], len(domain), order, default, graded)
        return learn_categorical(base, rows, candidate.count, copies, graded.labels, candidate.sets, start)


def _order(proposal: Proposal) -> tuple[bool, int, float]:
    """Which proposal to prefer, the least."""
    wrong = proposal.state.wrong > 0
    return wrong, 0 if wrong else len(proposal.nodes), proposal.state.loss


def _filled(node: Lookup, learned: Learned) -> Lookup:
    assert node.symbols is not None
    return dataclasses.replace(node, cells=tuple(node.symbols[code] for code in learned.table.tolist()))


def _with_rows(node: Wiring, program: Program, table: Array) -> Head | NumericHead:
    """A head with the predicate [Q, K]; rows that the learned table lacks are as its last."""
    assert not isinstance(node, Lookup)
    keys = program.symbols(node.key).values
    rows = [tuple(key for key, accepted in zip(keys, row, strict=False) if accepted) for row in table.tolist()]
    count = len(program.symbols(node.query))
    return dataclasses.replace(node, predicate=tuple((*rows, *[rows[-1]] * count)[:count]))
